"""A help page in HTML: what it says of itself, its title, and its text as Markdown.

Headings, paragraphs, lists, tables, quotations and blocks of code stay; of links and pictures the words stay. What is
around the text of a page (nav, header, footer, scripts, what is filled in) is left out; what only opens at a click is
not. Where there is one main element, or else one article, that is the text, else it is the whole body.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec
from lxml import etree

from knowledge.feeds.errors import BadCell

MOST_DEPTH = 100  # of elements in each other, so that reading stays within Python's own stack
MOST_ELEMENTS = 50_000
MOST_COLUMNS = 100  # of a table
MOST_MARKS = 8  # lists and quotations in each other; what is deeper stands without further marks

_LEFT_OUT = frozenset({
    "audio", "button", "canvas", "dialog", "footer", "frameset", "head", "header", "iframe", "input", "map", "nav",
    "noscript", "object", "script", "select", "style", "svg", "template", "textarea", "title", "video",
})  # fmt: skip
_ROLES_LEFT_OUT = frozenset({"banner", "contentinfo", "navigation", "search"})
_METAS = frozenset({"id", "topic", "valid_from", "valid_to", "return_days"})
_BLOCKS = frozenset({
    "address", "article", "blockquote", "body", "caption", "center", "dd", "details", "div", "dl", "dt", "fieldset",
    "figcaption", "figure", "h1", "h2", "h3", "h4", "h5", "h6", "hgroup", "hr", "html", "li", "main", "ol", "p", "pre",
    "search", "section", "summary", "table", "tbody", "td", "tfoot", "th", "thead", "tr", "ul",
})  # fmt: skip
_NO_CELLS = ("table", "h1", "h2", "h3", "h4", "h5", "h6")  # a table with one of these in it is a layout
_SPANS = frozenset(map(str, range(1, MOST_COLUMNS + 1)))
_HEADINGS = {f"h{level}": "#" * level for level in range(1, 7)}
# What would be read as Markdown's own: anywhere, and at the begin of a line.
_MARKS = re.compile(r"[\\`*_<\[\]~|]|&(?=#?\w{1,32};)")
_AT_BEGIN = re.compile(r"(?m)^(?:(\d{1,9})(?=[.)](?:\s|$))|(?=(?:[+-](?:\s|$)|#{1,6}(?:\s|$)|>|-{2,}|={1,}|\+{2,})))")
_WIDE = "[\u2e80-\u9fff\uff00-\uffef\U00020000-\U0003ffff]"  # of scripts without spaces, where a line end is none
_WIDE_END = re.compile(rf"(?<={_WIDE})\s*\n\s*(?={_WIDE})")
_BREAK = "\u2028"  # Unicode's line separator: stands for <br> while the source's own line ends go


class Page(msgspec.Struct, frozen=True):
    """`told` has the language of <html>, and the meta elements by name; `lines` the line of each in the file."""

    told: dict[str, str]
    lines: dict[str, int]
    title: str
    body: str


def parsed(text: str) -> Page:
    """The page. `title` and `body` are "" where it has none.

    Raises:
        BadCell: it is nested too deep, or has too many elements.
    """
    root = _tree(text)
    told, lines = _told(root)
    main = _main(root)
    title = next((found for one in root.iter("title") if (found := _said(one))), "")
    heading = _heading(main, root)
    if heading is not None:
        title = _said(heading)
        heading.tag = "template"  # so that it is left out of the text
    return Page(told, lines, title, "\n\n".join(_blocks(main)))


def _tree(text: str) -> etree._Element:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True, remove_pis=True)
    root: etree._Element | None = etree.fromstring(text.encode("utf-8", "replace"), parser) if text.strip() else None
    if root is None:
        raise BadCell("", "has no text")
    if parser.error_log.filter_from_fatals():
        raise BadCell("", "is HTML that is nested too deep")
    depth = count = 0
    for event, element in etree.iterwalk(root, events=("start", "end")):
        depth += 1 if event == "start" else -1
        count += event == "start"
        if depth > MOST_DEPTH or count > MOST_ELEMENTS:
            many = f"more than {MOST_DEPTH} elements in each other, or {MOST_ELEMENTS} in all"
            raise BadCell("", f"is HTML with {many} (line {element.sourceline})")
    return root


def _told(root: etree._Element) -> tuple[dict[str, str], dict[str, int]]:
    told: dict[str, str] = {}
    lines: dict[str, int] = {}
    language = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or ""
    found = [("language", language, root)]
    for meta in root.iter("meta"):
        name = (meta.get("name") or "").strip().lower().removeprefix("babeldesk:")
        if name in _METAS:
            found.append((name, meta.get("content") or "", meta))
    for name, value, element in found:
        if value.strip() and name not in told:
            told[name], lines[name] = " ".join(value.split()), element.sourceline or 1
    return told, lines


def _heading(main: etree._Element, root: etree._Element) -> etree._Element | None:
    """The first h1 of the text, else of what stands around it: that of a page's header may be the shop's name."""
    around = {one for out in root.iter("header", "nav", "footer") for one in out.iter("h1")}
    headings = [one for one in main.iter("h1") if _said(one)]
    headings.sort(key=lambda one: one in around)
    return next(iter(headings or [one for one in root.iter("h1") if _said(one)]), None)


def _is_out(element: etree._Element) -> bool:
    return element.tag in _LEFT_OUT or element.get("role", "").lower() in _ROLES_LEFT_OUT


def _main(root: etree._Element) -> etree._Element:
    for tag in ("main", "article"):
        found = list(root.iter(tag))
        if len(found) == 1:
            return found[0]
    bodies = list(root.iter("body"))
    return bodies[0] if bodies else root


def _blocks(element: etree._Element, within: int = 0) -> Iterator[str]:
    """The blocks within an element, in order; what stands between blocks is a paragraph."""
    loose = [element.text or ""]
    for child in element:
        if _is_out(child):
            loose.append(" ")
        elif child.tag in _BLOCKS or next(child.iter(*_BLOCKS), None) is not None:
            if text := _plain("".join(loose)):
                yield text
            loose = []
            yield from _block(child, within)
        else:
            loose.append(_inline(child))
        loose.append(child.tail or "")
    if text := _plain("".join(loose)):
        yield text


def _block(element: etree._Element, within: int) -> Iterator[str]:
    """`within`: how many lists and quotations it stands in; each puts its mark before every line."""
    tag = str(element.tag) if within < MOST_MARKS else ""
    if tag in _HEADINGS:
        if text := _line(_inline(element)):
            yield f"{_HEADINGS[tag]} {text}"
    elif tag in ("ul", "ol"):
        if items := list(_items(element, within + 1)):
            yield "\n".join(items)
    elif tag == "table" and _has_cells(element):
        yield from _table(element)
    elif tag == "pre":
        yield from _code(element)
    elif tag == "blockquote":
        if inside := "\n\n".join(_blocks(element, within + 1)):
            yield "\n".join(f"> {line}".rstrip() for line in inside.split("\n"))
    else:
        yield from _blocks(element, within)


def _items(element: etree._Element, within: int) -> Iterator[str]:
    """The items of a list, each with what it holds indented under its mark."""
    count = 0
    for child in element:
        inside = [] if _is_out(child) else list((_blocks if child.tag == "li" else _block)(child, within))
        if not inside:
            continue
        count += 1
        mark = f"{count}. " if element.tag == "ol" else "- "
        lines = _tight(inside).split("\n")
        yield "\n".join(
            (" " * len(mark) + line if number else mark + line).rstrip() for number, line in enumerate(lines)
        )


def _tight(blocks: list[str]) -> str:
    """The blocks of an item; a list within it stands directly under its words."""
    text = blocks[0]
    for block in blocks[1:]:
        text += ("\n" if re.match(r"(?:- |\d+\. )", block) else "\n\n") + block
    return text


def _has_cells(table: etree._Element) -> bool:
    """Whether it is a table of cells, and not the layout of a page."""
    return next(table.iter("tr"), None) is not None and all(one is table for one in table.iter(*_NO_CELLS))


def _table(element: etree._Element) -> Iterator[str]:
    """A table with its first row as the header; cells that span columns are followed by empty ones."""
    yield from (text for caption in element.iter("caption") if (text := _line(_inline(caption))))
    rows: list[list[str]] = []
    for row in element.iter("tr"):
        cells: list[str] = []
        for cell in row.iter("td", "th"):
            span = cell.get("colspan", "1")
            wide = int(span) if span in _SPANS else 1
            cells += [_line(_inline(cell)), *[""] * (wide - 1)]
        if any(cells):
            rows.append(cells[:MOST_COLUMNS])
    if not rows:
        return
    width = max(map(len, rows))
    lines = ["| " + " | ".join([*cells, *[""] * (width - len(cells))]) + " |" for cells in rows]
    yield "\n".join([lines[0], "|" + " --- |" * width, *lines[1:]])


def _code(element: etree._Element) -> Iterator[str]:
    text = "".join(element.itertext()).strip("\n")
    if text.strip():
        fence = "`" * max(3, 1 + max((len(run) for run in re.findall(r"`+", text)), default=0))
        yield f"{fence}\n{text}\n{fence}"


def _inline(element: etree._Element) -> str:
    """The words of an element and all within it, with _BREAK for line breaks and spaces between its blocks."""
    if element.tag == "br":
        return _BREAK
    if element.tag in ("img", "area"):
        return element.get("alt") or ""
    parts = [element.text or ""]
    for child in element:
        gap = " " if child.tag in _BLOCKS or _is_out(child) else ""
        parts += [gap, "" if _is_out(child) else _inline(child), gap, child.tail or ""]
    return "".join(parts)


def _said(element: etree._Element) -> str:
    """The words of an element as one line, as they stand."""
    return " ".join(_WIDE_END.sub("", _inline(element)).replace(_BREAK, " ").split())


def _line(text: str) -> str:
    """Words as one line of Markdown that means nothing but them."""
    return _plain(text.replace(_BREAK, " "))


def _plain(text: str) -> str:
    """Words as Markdown that means nothing but them, line breaks as hard ones."""
    lines = (" ".join(line.split()) for line in _WIDE_END.sub("", text).split(_BREAK))
    escaped = (_AT_BEGIN.sub(r"\1\\", _MARKS.sub(r"\\\g<0>", line)) for line in lines if line)
    return "\\\n".join(escaped)
