"""Articles: front matter, titles, links, and files that are none."""

import os
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.feeds import articles
from knowledge.feeds.errors import FeedError
from knowledge.records import Article, Refused

GOOD = "---\nid: returns\nlanguage: en\ntopic: returns\nvalid_from: 2026-01-01\n---\n# Returns\n\nWithin 21 days.\n"


def one(tmp_path: Path, content: str | bytes) -> Article | Refused:
    (tmp_path / "a.md").write_bytes(content.encode() if isinstance(content, str) else content)
    (found,) = articles.read(tmp_path)
    return found


def article(tmp_path: Path, content: str | bytes) -> Article:
    found = one(tmp_path, content)
    assert isinstance(found, Article), found
    return found


def refused(tmp_path: Path, content: str | bytes) -> Refused:
    found = one(tmp_path, content)
    assert isinstance(found, Refused), found
    assert found.file == "a.md"
    return found


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_an_article(tmp_path: Path, mark: bytes, end: str) -> None:
    assert article(tmp_path, mark + GOOD.replace("\n", end).encode()) == Article(
        id="returns", language="en", title="Returns", body="Within 21 days.", topic="returns",
        valid_from=date(2026, 1, 1),
    )  # fmt: skip


def test_one_article_in_three_languages_in_the_order_of_their_paths(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    for name, language, title in [("b", "es", "Devoluciones"), ("sub/a", "zh-hant", "退貨"), ("a", "ar", "الإرجاع")]:
        text = f"---\nid: returns\nlanguage: {language}\n---\n\n# {title} #\n\n21"
        (tmp_path / f"{name}.md").write_text(text, encoding="utf-8")
    (tmp_path / "notes.txt").write_text("not an article")
    found = [(item.language, item.title) for item in articles.read(tmp_path) if isinstance(item, Article)]
    assert found == [("ar", "الإرجاع"), ("es", "Devoluciones"), ("zh-Hant", "退貨")]


def test_values_stay_as_they_are_written(tmp_path: Path) -> None:
    found = article(tmp_path, "---\nid: 007\nlanguage: no\ntopic: ~\nvalid_to: '2026-12-31'\n---\n# Retur\n\nTekst")
    assert (found.id, found.language, found.topic, found.valid_to) == ("007", "no", None, date(2026, 12, 31))


def test_the_title_is_the_first_heading_outside_code(tmp_path: Path) -> None:
    body = "Intro.\n\n```sh\n# a comment\n```\n\n## Second level\n\n# The title\n\nText\n\n# Another"
    found = article(tmp_path, f"---\nid: a\nlanguage: en\ntitle: not this\n---\n{body}")
    assert found.title == "The title"
    assert found.body.startswith("Intro.")
    assert "# a comment" in found.body
    assert "The title" not in found.body
    assert found.body.endswith("# Another")


def test_a_title_in_the_front_matter(tmp_path: Path) -> None:
    found = article(tmp_path, "---\nid: a\nlanguage: ja\ntitle: 返品について\n---\n21日以内。\n\n---\n\nより")
    assert (found.title, found.body) == ("返品について", "21日以内。\n\n---\n\nより")


@pytest.mark.parametrize(("text", "days"), [("21", 21), ("'３０'", 30), ("3650", 3650), ("~", None)])
def test_return_days(tmp_path: Path, text: str, days: int | None) -> None:
    assert article(tmp_path, GOOD.replace("topic:", f"return_days: {text}\ntopic:")).return_days == days


@pytest.mark.parametrize("text", ["0", "-1", "3651", "1.5", "two weeks", "99999999999999999999"])
def test_return_days_that_are_none(tmp_path: Path, text: str) -> None:
    found = refused(tmp_path, GOOD.replace("topic:", f"return_days: {text}\ntopic:"))
    assert (found.line, found.column) == (4, "return_days")


@pytest.mark.parametrize(
    ("content", "line", "column", "word"),
    [
        ("# Returns\n\nText", 1, "", "front matter"),
        ("---\nid: a\nlanguage: en\n# Title\n\nText", 1, "", "front matter"),
        ("---\nid: [a\n---\n# T\n\nx", 1, "", "not YAML"),
        ("---\n- a\n---\n# T\n\nx", 1, "", "no keys"),
        ("---\n---\n# T\n\nx", 1, "", "no keys"),
        ("---\n" + "[" * 9_000 + "\n---\n# T\n\nx", 1, "", "not YAML"),
        ("---\na: " + "x" * 11_000 + "\n---\n# T\n\nx", 1, "", "at most"),
        ("---\nlanguage: en\n---\n# T\n\nx", 1, "id", "missing"),
        ("---\nid: a\n---\n# T\n\nx", 1, "language", "missing"),
        ("---\nid: a\nlanguage: english\n---\n# T\n\nx", 3, "language", "BCP 47"),
        ("---\nid: [a]\nlanguage: en\n---\n# T\n\nx", 2, "id", "missing"),
        ("---\nid: a\nlanguage: en\n---\nx", 1, "title", "missing"),
        ("---\nid: a\nlanguage: en\n---\n# T\n", 1, "", "no text"),
        ("---\nid: a\nlanguage: en\nvalid_from: 2026-02-30\n---\n# T\n\nx", 4, "valid_from", "ISO 8601"),
        (
            "---\nid: a\nlanguage: en\nvalid_from: 2026-02-02\nvalid_to: 2026-02-01\n---\n# T\n\nx",
            5,
            "valid_to",
            "before",
        ),
        (b"---\nid: a\nlanguage: en\n---\n# caf\xe9\n\nx", 1, "", "UTF-8"),
        (GOOD + "\0", 1, "", "NUL"),
        (GOOD + "x" * articles.MOST_BYTES, 1, "", "longer"),
        ("---\nid: !!python/object/apply:os.system [ls]\nlanguage: en\n---\n# T\n\nx", 2, "id", "missing"),
    ],
)
def test_refused(tmp_path: Path, content: str | bytes, line: int, column: str, word: str) -> None:
    found = refused(tmp_path, content)
    assert (found.line, found.column) == (line, column)
    assert word in found.reason


def test_the_same_article_twice_in_a_language(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GOOD)
    (tmp_path / "b.md").write_text(GOOD)
    first, second = articles.read(tmp_path)
    assert isinstance(first, Article)
    assert isinstance(second, Refused)
    assert (second.file, second.line, second.column) == ("b.md", 2, "id")
    assert "a.md" in second.reason


def test_links_out_of_the_folder_are_not_followed(tmp_path: Path) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "articles"
    for made in (outside, folder / "real"):
        made.mkdir(parents=True)
    (outside / "secret.md").write_text(GOOD)
    (folder / "real" / "a.md").write_text(GOOD)
    (folder / "b.md").symlink_to(outside / "secret.md")
    (folder / "c").symlink_to(outside)
    (folder / "d").symlink_to(folder / "real")
    (folder / "e.md").symlink_to(folder / "real" / "a.md")
    (folder / "f.md").symlink_to(folder / "f.md")
    os.mkfifo(folder / "g.md")
    found = list(articles.read(folder))
    assert sum(isinstance(item, Article) for item in found) == 1
    assert [item.file for item in found if isinstance(item, Refused)] == ["b.md", "c", "f.md", "g.md"]


def test_no_folder(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text(GOOD)
    for path in (tmp_path / "none", tmp_path / "a.md"):
        with pytest.raises(FeedError, match="not a folder"):
            list(articles.read(path))


PIECES = st.sampled_from(
    [
        "---\n",
        "---",
        "id: a\n",
        "language: en\n",
        "# T\n",
        "\n",
        "x",
        ": ",
        "- ",
        "[",
        "{",
        "&a ",
        "*a",
        "!!int ",
        "`" * 3,
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(max_size=200), st.lists(PIECES | st.text(max_size=5), max_size=20).map("".join)))
def test_any_file_is_an_article_or_refused(tmp_path: Path, content: str | bytes) -> None:
    for text in (content, f"---\n{content}\n---\n# T\n\nx") if isinstance(content, str) else (content,):
        assert isinstance(one(tmp_path, text), Article | Refused)
