"""Articles from a folder: Markdown files with YAML front matter, and HTML pages.

A page is named by <meta name="id"> (or babeldesk:id), else by its file; further metas are those of the front matter.
Its language is that of <html lang>, else what the file's name ends with: returns.es.html.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

import msgspec
import yaml

from knowledge.feeds import article_html, cells
from knowledge.feeds.errors import BadCell, FeedError
from knowledge.records import Article, Refused

MOST_BYTES = 1_000_000
MOST_FRONT_CHARACTERS = 10_000
MOST_RETURN_DAYS = 3_650

_FRONT = re.compile(r"---[ \t]*\n(.*?)^---[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_FENCE = re.compile(r" {0,3}(`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#[ \t]+(.*?)(?:[ \t]+#+)?[ \t]*")

_PAGES = (".html", ".htm")

T = TypeVar("T")


class _Front(msgspec.Struct, frozen=True):
    """What a file says of its article: the text of each key, and the line of the file on which it stands."""

    texts: dict[str, str]
    lines: dict[str, int]

    def take(self, key: str, parse: Callable[[str], T]) -> T:
        value = self.maybe(key, parse)
        if value is None:
            raise BadCell(key, "is missing")
        return value

    def maybe(self, key: str, parse: Callable[[str], T]) -> T | None:
        text = self.texts.get(key, "").strip()
        try:
            return parse(text) if text else None
        except ValueError as wrong:
            raise BadCell(key, str(wrong)) from None


def read(folder: Path) -> Iterator[Article | Refused]:
    """Each article below `folder`, or why its file was refused, in the order of their paths.

    Raises:
        FeedError: `folder` is not a folder that can be read.
    """
    first: dict[tuple[str, str], str] = {}
    for found in _files(folder):
        if isinstance(found, Refused):
            yield found
            continue
        name, path = found
        front = _Front({}, {})
        try:
            text = _text(path)
            if _is_page(path):
                page = article_html.parsed(text)
                front, title, body = _front_of(page, path.name), page.title, page.body
            else:
                front, rest = _split(text)
                heading, body = _title(rest)
                title = heading or front.maybe("title", cells.words) or ""
            article = _article(front, title, body)
            key = (article.id, article.language)
            if key in first:
                raise BadCell("id", f"{cells.shown(article.id)} in {article.language} is in {first[key]} already")
        except BadCell as bad:
            yield Refused(name, front.lines.get(bad.column, 1), bad.column, bad.reason)
            continue
        first[key] = name
        yield article


def _files(folder: Path) -> Iterator[tuple[str, Path] | Refused]:
    """The files below `folder`, each once: its path in the folder and its real path.

    A link is followed only to a file that lies in the folder itself.
    """
    if not folder.is_dir():
        raise FeedError(folder.name, 0, "is not a folder")
    root = folder.resolve()
    seen: set[Path] = set()
    for path in sorted(_walk(root)):
        name = os.fsencode(path.relative_to(root)).decode("utf-8", "replace")
        real = Path(os.path.realpath(path))  # Path.resolve fails on a link to itself
        if not real.is_relative_to(root):
            yield Refused(name, 0, "", "is a link that leads out of the folder")
        elif real.is_dir() or real in seen:
            continue  # what such a link leads to is found where it really lies
        elif not real.is_file():
            yield Refused(name, 0, "", "is not a file")
        else:
            seen.add(real)
            yield name, real


def _walk(root: Path) -> Iterator[Path]:
    """Every *.md, *.html and *.htm below `root`, and every link to a folder; links are not entered."""

    def fail(wrong: OSError) -> None:
        raise FeedError(root.name, 0, f"can't be read: {wrong.strerror or wrong}") from None

    for place, folders, files in os.walk(root, onerror=fail):
        for name in files:
            if name.lower().endswith((".md", *_PAGES)):
                yield Path(place, name)
        yield from (path for path in (Path(place, name) for name in folders) if path.is_symlink())


def _text(path: Path) -> str:
    """The file as text with plain line ends. Raises BadCell."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES + 1)
    except OSError as wrong:
        raise BadCell("", f"can't be read: {wrong.strerror or wrong}") from None
    if len(content) > MOST_BYTES:
        raise BadCell("", f"is longer than {MOST_BYTES} bytes")
    if b"\0" in content:
        raise BadCell("", "has a NUL byte, so it is not text in UTF-8")
    try:
        return content.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise BadCell("", "is not text in UTF-8") from None


def _split(text: str) -> tuple[_Front, str]:
    """The front matter and the Markdown below it. Raises BadCell.

    Values are taken as they are written: YAML would make `language: no` false, and `id: 007` seven.
    """
    match = _FRONT.match(text)
    if match is None or len(match[1]) > MOST_FRONT_CHARACTERS:
        raise BadCell(
            "", f"does not begin with front matter between two lines of --- ({MOST_FRONT_CHARACTERS} at most)"
        )
    try:
        root = yaml.compose(match[1], Loader=yaml.SafeLoader)
    except (yaml.YAMLError, RecursionError) as wrong:
        mark = getattr(wrong, "problem_mark", None)
        where = f" (line {mark.line + 2})" if mark else ""
        raise BadCell("", f"the front matter is not YAML{where}") from None
    if not isinstance(root, yaml.MappingNode):
        raise BadCell("", "the front matter has no keys")
    texts, lines = {}, {}
    for key, value in root.value:
        lines[str(key.value)] = key.start_mark.line + 2  # marks count from 0, and the first line is ---
        if isinstance(value, yaml.ScalarNode) and value.tag != "tag:yaml.org,2002:null":
            texts[str(key.value)] = value.value
    return _Front(texts, lines), text[match.end() :]


def _is_page(path: Path) -> bool:
    return path.name.lower().endswith(_PAGES)


def _front_of(page: article_html.Page, name: str) -> _Front:
    """What a page says of itself, and where it says nothing, its file's name."""
    stem = name.rpartition(".")[0]
    start, _, suffix = stem.rpartition(".")
    try:
        named = {"id": start, "language": cells.language(suffix)} if start else {"id": stem}
    except ValueError:
        named = {"id": stem}
    return _Front(named | page.told, page.lines)


def _article(front: _Front, title: str, body: str) -> Article:
    if not title:
        raise BadCell("title", "is missing: there is neither a heading of the first level nor a title beside it")
    if not body:
        raise BadCell("", "has no text below its title")
    article = Article(
        id=front.take("id", cells.code),
        language=front.take("language", cells.language),
        title=title,
        body=body,
        topic=front.maybe("topic", cells.words),
        valid_from=front.maybe("valid_from", cells.day),
        valid_to=front.maybe("valid_to", cells.day),
        return_days=front.maybe("return_days", _return_days),
    )
    if article.valid_from and article.valid_to and article.valid_to < article.valid_from:
        raise BadCell("valid_to", f"{article.valid_to} is before valid_from, {article.valid_from}")
    return article


def _return_days(text: str) -> int:
    days = cells.positive(text)
    if days > MOST_RETURN_DAYS:
        raise ValueError(f"{cells.shown(text)} is more than {MOST_RETURN_DAYS} days")
    return days


def _title(markdown: str) -> tuple[str | None, str]:
    """The first heading of the first level, and the Markdown without it. A # in a block of code is no heading."""
    lines = markdown.split("\n")
    fence = ""
    for number, line in enumerate(lines):
        mark = _FENCE.match(line)
        if fence:
            if mark and mark[1].startswith(fence) and not line.strip().strip(fence[0]):
                fence = ""
        elif mark:
            fence = mark[1]
        elif (heading := _HEADING.fullmatch(line)) and heading[1]:
            return heading[1], "\n".join(lines[:number] + lines[number + 1 :]).strip()
    return None, markdown.strip()
