"""Articles as HTML: what the page says of itself, what is its text, and that Markdown says the same words."""

import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from knowledge.feeds import articles
from knowledge.feeds.article_html import parsed
from knowledge.passages import of_article
from knowledge.records import Article, Refused

PAGE = """<!doctype html>
<html lang="{language}">
<head><title>{title} | متجر</title>
<meta name="babeldesk:id" content="returns">
<meta name="topic" content="returns">
<meta name="valid_from" content="2026-01-01">
<meta name="return_days" content="21">
<style>p {{ color: red }}</style><script>var words = "script"</script></head>
<body>
<header><h1>Babel Shop</h1><nav><a href="/">Home</a></nav></header>
<main>{main}</main>
<footer>© Babel Shop</footer>
</body></html>"""


def page(main: str, language: str = "en", title: str = "Returns") -> str:
    return PAGE.format(main=main, language=language, title=title)


def one(tmp_path: Path, content: str | bytes, name: str = "a.html") -> Article | Refused:
    (tmp_path / name).write_bytes(content.encode() if isinstance(content, str) else content)
    (found,) = articles.read(tmp_path)
    return found


def article(tmp_path: Path, content: str | bytes, name: str = "a.html") -> Article:
    found = one(tmp_path, content, name)
    assert isinstance(found, Article), found
    return found


@pytest.mark.parametrize(
    ("language", "title", "text"),
    [("zh-hant", "退貨", "收到後21天內。"), ("ar", "الإرجاع", "خلال ٢١ يوما."), ("es", "Devoluciones", "En 21 días.")],
)
def test_a_page(tmp_path: Path, language: str, title: str, text: str) -> None:
    found = article(tmp_path, page(f"<h1>{title}</h1><p>{text}</p>", language))
    assert found == Article(
        id="returns", language={"zh-hant": "zh-Hant"}.get(language, language), title=title, body=text, topic="returns",
        valid_from=date(2026, 1, 1), return_days=21,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "id", "language"),
    [("returns.es.html", "returns", "es"), ("returns.zh-Hant.HTM", "returns", "zh-Hant"),
     ("v1.returns.pt-BR.html", "v1.returns", "pt-BR")],
)  # fmt: skip
def test_a_page_without_a_word_of_itself_is_named_by_its_file(
    tmp_path: Path, name: str, id: str, language: str
) -> None:
    found = article(tmp_path, "<h1>T</h1><p>x", name)
    assert (found.id, found.language, found.return_days) == (id, language, None)


def test_the_page_is_believed_before_the_name(tmp_path: Path) -> None:
    found = article(tmp_path, '<html lang="fr"><meta name="id" content="retours"><h1>T</h1>x', "returns.es.html")
    assert (found.id, found.language) == ("retours", "fr")


def test_one_article_in_html_and_markdown(tmp_path: Path) -> None:
    (tmp_path / "returns.md").write_text("---\nid: returns\nlanguage: en\n---\n# Returns\n\nx")
    (tmp_path / "returns.es.html").write_text("<h1>Devoluciones</h1>x")
    (tmp_path / "returns.en.html").write_text("<h1>Returns</h1>x")
    found = list(articles.read(tmp_path))
    assert [(item.id, item.language) for item in found if isinstance(item, Article)] == [
        ("returns", "en"), ("returns", "es"),
    ]  # fmt: skip
    (twice,) = [item for item in found if isinstance(item, Refused)]
    assert (twice.file, twice.column) == ("returns.md", "id")


@pytest.mark.parametrize(
    ("body", "title"),
    [
        ("<h1>Shop</h1><main><h1>Returns</h1>x</main>", "Returns"),
        ("<header><h1>Shop</h1></header><h1>Returns</h1>x", "Returns"),
        ("<article><header><h1>Returns</h1></header>x</article>", "Returns"),
        ("<header><h1>Returns</h1></header><p>x</p>", "Returns"),
        ("<p>x</p>", "In the head"),
        ("<h1><img src=a></h1><h1>返品<br>について</h1>x", "返品 について"),
    ],
)
def test_the_title(tmp_path: Path, body: str, title: str) -> None:
    found = article(tmp_path, f"<html lang=ja><title>In the head</title><body>{body}")
    assert found.title == title
    assert title not in found.body
    assert "x" in found.body


def test_what_is_around_the_text_is_left_out() -> None:
    left_out = "".join(
        f"<{tag}>out {tag}</{tag}>" for tag in ("nav", "header", "footer", "script", "style", "template", "noscript")
    )
    body = parsed(
        f"<h1>T</h1>{left_out}<div role=navigation>out</div><p>in<script>out</script>side <b>words</b></p>"
    ).body
    assert "out" not in body
    assert body == "in side **words**".replace("**", "")


def test_what_opens_at_a_click_is_text() -> None:
    body = parsed("<h1>T</h1><details><summary>¿Cuándo?</summary><div hidden>En 3 días.</div></details>").body
    assert body == "¿Cuándo?\n\nEn 3 días."


def test_headings_lists_tables_and_code_stay() -> None:
    body = parsed(
        "<h1>T</h1>Intro<h2>运费</h2><p>看<a href='/x'>这里</a><ul><li>one<ol><li>a<li>b</ol><li><p>two<p>more</ul>"
        "<table><tr><th>Country<th>Fee<tr><td>DE<td>5 | 6<tr><td colspan=2>all</table>"
        "<pre>x = 1\n  y</pre><blockquote><p>q<p>r</blockquote><img alt='a picture'>"
    ).body
    assert body == (
        "Intro\n\n## 运费\n\n看这里\n\n- one\n  1. a\n  2. b\n- two\n\n  more\n\n"
        "| Country | Fee |\n| --- | --- |\n| DE | 5 \\| 6 |\n| all |  |\n\n"
        "```\nx = 1\n  y\n```\n\n> q\n>\n> r\n\na picture"
    )


def test_a_table_that_lays_out_a_page_is_no_table() -> None:
    body = parsed("<table><tr><td><h1>T</h1><td><h2>A</h2><table><tr><td>1<td>2</table></table>").body
    assert body == "## A\n\n| 1 | 2 |\n| --- | --- |"


def test_a_table_without_rows_keeps_its_words() -> None:
    assert parsed("<h1>T</h1><table><td>one<td>two</table>").body == "one\n\ntwo"


def test_marks_in_each_other_do_not_make_a_page_longer_and_longer() -> None:
    for begin in ("<blockquote>", "<ul><li>"):
        body = parsed("<h1>T</h1>" + begin * 40 + "<pre>" + "\nx" * 100_000).body
        assert body.count("x") == 100_000
        assert len(body) < 3_000_000


def test_the_words_reach_the_passages(tmp_path: Path) -> None:
    found = article(
        tmp_path, page("<h1>Returns</h1><h2>By post</h2><p>Within 21 days.<br>* not on sale</p><p>中文\n文字")
    )
    (passage,) = of_article(found)
    assert (passage.heading, passage.text) == ("Returns › By post", "Within 21 days.\n* not on sale\n中文文字")


@pytest.mark.parametrize(
    ("content", "line", "column", "word"),
    [
        ("<h1>T</h1>x", 1, "language", "missing"),
        ('<html lang="english"><h1>T</h1>x', 1, "language", "BCP 47"),
        ("<html lang=en><p>x", 1, "title", "missing"),
        ("<html lang=en><h1>T</h1><nav>x</nav>", 1, "", "no text"),
        ("", 1, "", "no text"),
        ("<!-- nothing -->", 1, "", "no text"),
        ('<html lang=en>\n<meta name=return_days content="many">\n<h1>T</h1>x', 2, "return_days", "whole number"),
        ('<html lang=en>\n\n<meta name=return_days content="3651">\n<h1>T</h1>x', 3, "return_days", "3650"),
        ('<html lang=en>\n<meta name=valid_from content="1 May">\n<h1>T</h1>x', 2, "valid_from", "ISO 8601"),
        ("<html lang=en><h1>T</h1>" + "<div>" * 150 + "x", 1, "", "elements in each other"),
        ("<html lang=en><h1>T</h1>" + "<b>" * 5_000 + "x", 1, "", "deep|elements in each other"),
        ("<html lang=en><h1>T</h1>" + "<i>x</i>" * 60_000, 1, "", "in all"),
        ("<html lang=en><h1>T</h1>\0x", 1, "", "NUL"),
        (b"<html lang=en><meta charset=latin1><h1>caf\xe9</h1>x", 1, "", "UTF-8"),
        ("<html lang=en><h1>T</h1>" + "x" * articles.MOST_BYTES, 1, "", "longer"),
    ],
)
def test_refused(tmp_path: Path, content: str | bytes, line: int, column: str, word: str) -> None:
    found = one(tmp_path, content)
    assert isinstance(found, Refused), found
    assert (found.file, found.line, found.column) == ("a.html", line, column)
    assert re.search(word, found.reason)


MARKS = [
    "*a*", "_b_", "**", "# ", "1. ", "2) ", "- ", "+ ", "> ", "`c`", "[a](b)", "[a]: b", "<b>", "</b>", "&amp;",
    "&#65;", "---", "===", "|", "\\", "~~~", "```", "!", "http://a.b", " ", "\n", "    ", "中", "文", "شا", "x",
]  # fmt: skip
WORDS = st.lists(st.sampled_from(MARKS) | st.text(max_size=3), max_size=6).map(
    lambda parts: re.sub(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028]", "\n", "".join(parts))
)


def squeezed(text: str) -> str:
    return re.sub(r"\s+", "", text)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.tuples(st.sampled_from(["p", "h2", "li", "td", "blockquote", "div", "br"]), WORDS), max_size=6))
def test_any_words_come_through_as_they_are(parts: list[tuple[str, str]]) -> None:
    """Whatever marks a text has, Markdown's reading of it gives the same characters, but for space."""
    shells = {"li": "<ul><li>{}</li></ul>", "td": "<table><tr><td>{}</td></tr></table>", "br": "<p>a<br>{}</p>"}
    words = [(tag, text) for tag, text in parts if text.strip()]
    escaped = [(tag, text.replace("&", "&amp;").replace("<", "&lt;")) for tag, text in words]
    html = "".join(shells.get(tag, f"<{tag}>{{}}</{tag}>").replace("{}", text) for tag, text in escaped)
    passages = of_article(Article(id="a", language="en", title="Title", body=parsed(f"<body>{html}").body or "-"))
    said = squeezed("".join(("a" if tag == "br" else "") + text for tag, text in words if tag != "h2"))
    found = squeezed("".join(passage.text for passage in passages))
    if said and not any(tag == "h2" for tag, _ in words):
        assert found == said


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.one_of(
        st.binary(max_size=200),
        st.lists(
            st.sampled_from(["<h1>", "</h1>", "<table>", "<td colspan=99>", "<li>", "<pre>", "<html lang=en>", "x"])
            | st.text(max_size=4),
            max_size=30,
        ).map("".join),
    )
)  # fmt: skip
def test_any_file_is_an_article_or_refused(tmp_path: Path, content: str | bytes) -> None:
    assert isinstance(
        one(tmp_path, content if isinstance(content, bytes) else content.encode("utf-8", "replace")), Article | Refused
    )
