"""The JSON-LD of an HTML page: what its scripts of that type hold, and the language and address of the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from lxml import etree

from knowledge.feeds import json_ld, json_values
from knowledge.feeds.errors import FeedError
from knowledge.feeds.json_values import Value
from knowledge.feeds.table import Row
from knowledge.records import Refused

MOST_PAGE_BYTES = 16_000_000

_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_:.-]{2,40})", re.IGNORECASE)
_CHARSET_BYTES = 4096  # HTML's own limit is 1024
_OPEN = re.compile(r"<html[\s>]", re.IGNORECASE)
_CLOSED = re.compile(r"</html\s*>", re.IGNORECASE)


def rows(file: BinaryIO, name: str) -> Iterator[Row | Refused]:
    """Each product of the page as a row with Google's columns; a script that is no JSON is refused, with its line.

    Raises:
        FeedError: it is too long, not text, cut off, or has no product.
    """
    content = file.read(MOST_PAGE_BYTES + 1)
    if len(content) > MOST_PAGE_BYTES:
        raise FeedError(name, 0, f"is longer than {MOST_PAGE_BYTES} bytes, the most that a page may have")
    file.read(1)  # its end is seen
    text = _decoded(content, name).replace("\0", "\ufffd")
    last = text[text.lower().rfind("<script") :] if "<script" in text.lower() else ""
    if (_OPEN.search(text) and not _CLOSED.search(text)) or (last and "</script" not in last.lower()):
        raise FeedError(name, 0, "is cut off: the page is not closed")
    root: etree._Element | None = etree.fromstring(
        text.encode(), etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False)
    )
    if root is None:
        raise FeedError(name, 0, "has no Product of schema.org")
    values: list[Value] = []
    refused: list[Refused] = []
    for script in root.iter("script"):
        if script.get("type", "").partition(";")[0].strip().lower() != "application/ld+json":
            continue
        try:
            values.append(Value(script.sourceline or 0, "", json_values.decode((script.text or "").strip())))
        except (ValueError, RecursionError) as wrong:
            refused.append(Refused(name, script.sourceline or 0, "", f"the script's JSON can't be read: {wrong}"))
    if refused and not values:
        raise FeedError(name, refused[0].line, refused[0].reason)
    yield from refused
    yield from json_ld.rows(values, name, root.get("lang", "").strip(), _address(root))


def _decoded(content: bytes, name: str) -> str:
    """UTF-8, else what the page names as its charset."""
    declared = _CHARSET.search(content[:_CHARSET_BYTES])
    for charset in ("utf-8-sig", declared[1].decode("ascii") if declared else ""):
        try:
            if charset:
                return content.decode(charset)
        except (UnicodeError, LookupError):
            continue
    raise FeedError(name, 0, "is not text in UTF-8 or the charset that it names")


def _address(root: etree._Element) -> str:
    """The page's own address, which relative ones are to be read from."""
    for link in root.iter("link"):
        if "canonical" in link.get("rel", "").lower().split() and link.get("href", "").startswith("http"):
            return str(link.get("href"))
    return ""
