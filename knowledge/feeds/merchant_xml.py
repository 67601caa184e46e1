"""Rows of a Google Merchant feed in XML: the items of RSS, or the entries of Atom, read one at a time."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from knowledge.feeds import cells
from knowledge.feeds.errors import FeedError
from knowledge.feeds.merchant import COLUMNS
from knowledge.feeds.table import Row
from knowledge.feeds.watched import CHUNK_BYTES
from knowledge.records import Refused

MOST_ITEM_BYTES = 2_000_000  # from the end of one item to the end of the next
ROOTS = ("rss", "feed", "RDF")
_PARENTS = ("channel", "feed", "RDF")

_GOOGLE = "http://base.google.com/ns/1.0"
_ATOM = "http://www.w3.org/2005/Atom"
_RSS_1 = "http://purl.org/rss/1.0/"
_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
# How the parser calls what it finds at the end of a file that was cut off.
_CUT = frozenset(
    code
    for name, code in vars(etree.ErrorTypes).items()
    if name.endswith("_NOT_FINISHED") or name in ("ERR_DOCUMENT_END", "ERR_GT_REQUIRED", "ERR_DOCUMENT_EMPTY")
)
# What RSS and Atom call these themselves. Google's own elements come before them.
_OTHER_NAMES = {"summary": "description", "content": "description"}


def rows(file: BinaryIO, name: str) -> Iterator[Row | Refused]:
    """Each item as a row with Google's columns; an item whose language tags are wrong is refused.

    Raises:
        FeedError: it is no well-formed XML, is cut off, has a DTD, or an item over MOST_ITEM_BYTES.
    """
    source = _Source(file, name)
    parsing = etree.iterparse(
        source, events=("end",), tag=("{*}item", "{*}entry", "{*}language"), resolve_entities=False, no_network=True,
        load_dtd=False, huge_tree=False, recover=False, remove_comments=True, remove_pis=True,
    )  # fmt: skip
    language = ""
    try:
        for _, element in parsing:
            parent, kind = element.getparent(), etree.QName(element).localname
            if kind == "language":
                if parent is not None and etree.QName(parent).localname == "channel":
                    language = (element.text or "").strip()
                continue
            if parent is None or etree.QName(parent).localname not in _PARENTS:
                continue  # an element of an item that is called item as well
            _no_dtd(element, name)
            yield _row(element, name, _above(parent) or language)
            element.clear()
            while element.getprevious() is not None:
                del parent[0]
            source.item_ends()
    except etree.XMLSyntaxError as wrong:
        cut = source.ended and wrong.code in _CUT
        reason = "is cut off: the XML is not closed" if cut else f"is not well-formed XML: {_reason(wrong)}"
        raise FeedError(name, wrong.lineno or 0, reason) from None


class _Source:
    """Gives the parser the file in pieces, and stops it before an item that never ends fills the memory."""

    def __init__(self, file: BinaryIO, name: str) -> None:
        self.ended = False
        self._file = file
        self._name = name
        self._bytes = 0

    def read(self, size: int = CHUNK_BYTES, /) -> bytes:
        if self._bytes > MOST_ITEM_BYTES:
            raise FeedError(self._name, 0, f"has no end of an item within {MOST_ITEM_BYTES} bytes")
        piece = self._file.read(size)
        self._bytes += len(piece)
        self.ended = not piece
        return piece

    def item_ends(self) -> None:
        self._bytes = 0


def _no_dtd(element: etree._Element, name: str) -> None:
    """Only what hides behind an encoding comes here with one: the start of the file was looked at before."""
    if element.getroottree().docinfo.internalDTD is not None:
        raise FeedError(name, 1, "has a document type, which a feed has no use for")


def _above(parent: etree._Element | None) -> str:
    """The nearest xml:lang from `parent` upwards."""
    while parent is not None:
        if language := parent.get(_LANGUAGE):
            return language
        parent = parent.getparent()
    return ""


def _reason(wrong: etree.XMLSyntaxError) -> str:
    return cells.shown(re.sub(r", line \d+, column \d+.*", "", str(wrong.msg)))


def _columns() -> dict[str, tuple[str, str]]:
    """By the tag of an element, the column that it fills and how it is written."""
    plain = {**{column: column for column in (*COLUMNS.required, *COLUMNS.optional)}, **_OTHER_NAMES}
    spaces = {"": "", f"{{{_ATOM}}}": "", f"{{{_RSS_1}}}": "", f"{{{_GOOGLE}}}": "g:"}
    return {start + name: (column, shown + name) for start, shown in spaces.items() for name, column in plain.items()}


_COLUMNS = _columns()
_MISSING = {column: shown for tag, (column, shown) in _COLUMNS.items() if tag.startswith(f"{{{_GOOGLE}}}")} | {
    "title": "title",
    "description": "description",
}


def _row(item: etree._Element, name: str, language: str) -> Row | Refused:
    """The item as a row. Of an element that stands several times the first counts, and Google's before the others."""
    row = Row(name, item.sourceline or 0, {}, {**_MISSING, "language": "xml:lang"})
    try:
        if own := item.get(_LANGUAGE) or language:
            _fill(row, "language", cells.language(own), "xml:lang")
        for element in item:
            _take(row, element)
    except ValueError as wrong:
        row.cells["id"] = next((_text(element) for element in item if _column(element)[0] == "id"), "")
        return row.refused("language", str(wrong))
    return row


def _column(element: etree._Element) -> tuple[str, str]:
    return _COLUMNS.get(str(element.tag), ("", ""))


def _take(row: Row, element: etree._Element) -> None:
    """One element of the item. Raises ValueError for a wrong language."""
    column, shown = _column(element)
    if column == "link" and element.get("rel", "alternate") != "alternate":
        return  # Atom's links to itself, to a picture and so on
    text = _shipping(element) if column == "shipping" else _text(element) if column else ""
    if not text:
        return
    if column == "shipping" and column in row.cells:
        row.cells[column] += f",{text}"
        return
    if column in COLUMNS.languages and (written := element.get(_LANGUAGE)):
        tag = cells.language(written)
        if tag != row.cells.setdefault("language", tag):  # in another language than the item's, it is a further one
            column = f"{column}[{tag}]"
    _fill(row, column, text, shown)


def _fill(row: Row, column: str, text: str, shown: str) -> None:
    """Google's own element before RSS's and Atom's of the same name, else the first."""
    if column not in row.cells or (shown.startswith("g:") and not row.written[column].startswith("g:")):
        row.cells[column] = text
        row.written[column] = shown


def _text(element: etree._Element) -> str:
    if len(element):  # Atom's content may be XHTML, not a text that holds HTML
        return etree.tostring(element, encoding="unicode", with_tail=False).strip()
    return (element.text or element.get("href") or "").strip()


def _shipping(element: etree._Element) -> str:
    """g:country within g:shipping, or what is written in one line as in a table."""
    countries = [(child.text or "").strip() for child in element if child.tag == f"{{{_GOOGLE}}}country"]
    return ",".join(filter(None, countries)) if len(element) else (element.text or "").strip()
