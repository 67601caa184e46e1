"""Lines and rows: numbers, quotes, encodings, and what is no feed."""

from pathlib import Path

import pytest

from knowledge.feeds import table
from knowledge.feeds.errors import FeedError
from knowledge.feeds.table import Columns, Row
from knowledge.records import Refused

COLUMNS = Columns(required=("id", "title"), optional=("price",), languages=("title",))


def rows(tmp_path: Path, content: bytes | str) -> list[Row | Refused]:
    path = tmp_path / "feed.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return list(table.rows(path, COLUMNS))


def taken(tmp_path: Path, content: bytes | str) -> list[tuple[int, dict[str, str]]]:
    found = rows(tmp_path, content)
    assert all(isinstance(row, Row) for row in found), found
    return [(row.line, row.cells) for row in found if isinstance(row, Row)]


def error(tmp_path: Path, content: bytes | str) -> FeedError:
    with pytest.raises(FeedError) as caught:
        rows(tmp_path, content)
    assert caught.value.file == "feed.csv"
    return caught.value


def test_line_numbers_survive_quoted_newlines_and_blank_lines(tmp_path: Path) -> None:
    found = taken(tmp_path, 'id,title\n\n1,"a\nb\n\nc"\n\n2,杯子\n,\n3,"""x"", y"\n')
    assert [(line, cells["title"]) for line, cells in found] == [(3, "a\nb\n\nc"), (8, "杯子"), (10, '"x", y')]


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_marks_and_line_ends(tmp_path: Path, mark: bytes, end: str) -> None:
    text = end.join(["id\ttitle", "1\tكوب أزرق", '2\t"a\tb, c' + end + 'd"', "3\tTaza"])
    found = taken(tmp_path, mark + text.encode())
    assert [cells["title"] for _, cells in found] == ["كوب أزرق", "a\tb, c\nd", "Taza"]
    assert [line for line, _ in found] == [2, 3, 5]


def test_the_header_is_google_s_in_any_spelling_and_other_columns_are_passed_over(tmp_path: Path) -> None:
    found = taken(tmp_path, " ID ,Title,shipping,shipping,Title[ZH-hant]\n1,a,x,y,杯\n")
    assert found == [(2, {"id": "1", "title": "a", "title[zh-Hant]": "杯"})]


@pytest.mark.parametrize(
    ("content", "line", "word"),
    [
        ("", 0, "empty"),
        ("\n\n", 0, "empty"),
        ("id,price\n1,2\n", 1, "title"),
        ("\nid,title,title\n", 2, "twice"),
        ("id,title,title[es],title[ES]\n", 1, "twice"),
        ("id,title,title[english]\n", 1, "english"),
        ("id,title,title[xq]\n", 1, "xq"),
        ('id,"title\n1,2\n', 1, "header"),
        ("id,title", 1, "cut off"),
        ("id,title\n1,a\n2", 3, "cut off"),
        ("id\ttitle\tprice\n1\ta\t2\n2\tكوب", 3, "cut off"),
        ('id,title\n1,a\n2,"蓝色\n杯', 3, "cut off"),
        ('id,title\n1,"a\nb\n', 2, "cut off"),
        ("id,title\n1,a\n2,\0b\n", 3, "NUL"),
        (b"id,title\n1,a\n2,caf\xe9\n", 3, "UTF-8"),
        ("id,title\n1,杯\n".encode("utf-16"), 1, "UTF-8"),
        ("id,title\n1,a\n2," + "x" * table.MOST_LINE_BYTES + "\n", 3, "longer"),
    ],
)
def test_what_is_no_feed(tmp_path: Path, content: bytes | str, line: int, word: str) -> None:
    found = error(tmp_path, content)
    assert found.line == line
    assert word in found.reason


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for path in (tmp_path / "none.csv", tmp_path):
        with pytest.raises(FeedError, match="can't be read"):
            list(table.rows(path, COLUMNS))


def test_an_unclosed_quote_costs_its_own_row_alone(tmp_path: Path) -> None:
    many = "".join(f"{n},ok\n" for n in range(table.MOST_ROW_LINES * 2))
    found = rows(tmp_path, f'id,title\na,"24 inch\n{many}')
    assert isinstance(found[0], Refused)
    assert (found[0].line, found[0].file) == (2, "feed.csv")
    assert "quotation mark" in found[0].reason
    assert [row.line for row in found[1:]] == list(range(3, 3 + table.MOST_ROW_LINES * 2))


def test_quotes_that_are_not_doubled_are_not_read_as_something_else(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,title\n1,"Blue" mug\n2,24" wide\n')
    assert isinstance(found[0], Refused)
    assert isinstance(found[1], Row)
    assert found[1].cells["title"] == '24" wide'


def test_too_many_and_too_few_cells(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,title,price\n1,a,b,c\n2,"a\nb"\n3,a,b\n')
    assert [(row.line, type(row)) for row in found] == [(2, Refused), (3, Refused), (5, Row)]
    assert isinstance(found[1], Refused)
    assert "to line 4" in found[1].reason
    assert "2 cells" in found[1].reason


def test_a_huge_cell_is_refused(tmp_path: Path) -> None:
    found = rows(tmp_path, f"id,title\n1,{'x' * 200_000}\n2,b\n")
    assert isinstance(found[0], Refused)
    assert "characters" in found[0].reason
    assert found[1].line == 3


def test_rows_are_read_one_at_a_time(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(b"id,title\n1,a\n" + b"2,b\n" * 100_000 + b"3,\xff\n")
    found = table.rows(tmp_path / "feed.csv", COLUMNS)
    assert next(found).line == 2  # before the bad end has been read
    with pytest.raises(FeedError, match="line 100003"):
        list(found)


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
def test_a_last_row_needs_no_line_end(tmp_path: Path, end: str) -> None:
    assert [cells["title"] for _, cells in taken(tmp_path, f"id,title\n1,a\n2,杯{end}")] == ["a", "杯"]


def test_a_quote_that_is_left_open_before_the_end_is_no_cut(tmp_path: Path) -> None:
    found = rows(tmp_path, 'id,title\n1,"24 inch\n2,b\n3,c\n')
    assert isinstance(found[0], Refused)
    assert [row.line for row in found] == [2, 3, 4]


def test_a_column_in_a_language_alone_is_there(tmp_path: Path) -> None:
    assert taken(tmp_path, "id,title[ES]\n1,Taza\n") == [(2, {"id": "1", "title[es]": "Taza"})]


def test_other_names_of_columns(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_text("URL Handle,title\n1,a\n")
    columns = Columns(required=("id", "title"), names={"url_handle": "id"})
    (row,) = table.rows(tmp_path / "feed.csv", columns)
    assert isinstance(row, Row)
    assert (row.cells["id"], row.written["id"]) == ("1", "URL Handle")


def test_how_far_it_was_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "feed.csv").write_bytes(b"id,title\n" + b"2,b\n" * 300_000)
    seen: list[float] = []
    for count, _ in enumerate(table.rows(tmp_path / "feed.csv", COLUMNS, seen.append)):
        if count == 150_000:
            assert 0.4 < seen[-1] < 0.8
    assert len(seen) >= 4
    assert seen == sorted(seen)
    assert seen[-1] == 1
