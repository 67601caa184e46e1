"""Plain text of texts that may be HTML: feeds hold descriptions as a shop system shows them."""

from __future__ import annotations

import html
import re

from lxml import etree

# A tag of an element that texts have. Other things between angle brackets are the text's own: "width < 3 m".
_TAG = re.compile(
    r"<(?:/?(?:a|abbr|address|article|aside|b|big|blockquote|body|br|caption|center|cite|code|col|colgroup|dd|del|div|dl"
    r"|dt|em|figcaption|figure|font|footer|h[1-6]|head|header|hr|html|i|iframe|img|ins|li|main|mark|meta|nav|ol|p|pre|q|s"
    r"|script|section|small|span|strike|strong|style|sub|sup|table|tbody|td|tfoot|th|thead|title|tr|tt|u|ul|var|video)"
    r"(?=[\s/>])|!--)[^<>]*>",
    re.IGNORECASE,
)
_ENTITY = re.compile(r"&(?:#[0-9]{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_BLOCKS = frozenset({
    "address", "article", "aside", "blockquote", "caption", "dd", "div", "dl", "dt", "figcaption", "figure", "footer",
    "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "li", "main", "nav", "ol", "p", "pre", "section", "table", "tr",
    "ul",
})  # fmt: skip
_NO_TEXT = ("script", "style", "head", "iframe", "template", "noscript")
_END = "\u2028"  # Unicode's line separator: stands for the line ends of blocks while those of the source go
_GAPS = {"br": _END, "td": " ", "th": " "}
_SPACES = re.compile(r"[\s\u200b\ufeff]+")
_CONTROLS = re.compile(r"[\x00-\x08\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")  # a reference can make them: &#1;


def plain_text(text: str) -> str:
    """`text` without markup where it is HTML, one block a line; as it stands where it is not.

    HTML whose own marks are escaped (&lt;p&gt;) is read as well, as XML and spreadsheets carry it.

    Raises:
        ValueError: it is HTML that is nested too deep to be read.
    """
    if "<" in text and _TAG.search(text):
        return _rendered(text)
    if "&" in text and _ENTITY.search(text):
        text = html.unescape(text)
        if "<" in text and _TAG.search(text):
            return _rendered(text)
        return text.replace("\u00a0", " ").strip()
    return text


def _rendered(text: str) -> str:
    # huge_tree lifts the limit on depth, below which all would be lost; the length of a cell is limited before.
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    # NUL and lone surrogates are in no XML text; what an import checks beforehand can't hold them.
    root: etree._Element | None = etree.fromstring(text.replace("\0", "").encode("utf-8", "replace"), parser)
    if parser.error_log.filter_from_fatals():
        raise ValueError("is HTML that is nested too deep")
    if root is None:  # there is nothing but comments
        return ""
    etree.strip_elements(root, *_NO_TEXT, with_tail=False)
    parts = []
    for event, element in etree.iterwalk(root, events=("start", "end")):
        if element.tag in _BLOCKS:
            parts.append(_END)
        if event == "start":
            parts.append(element.text or "")
        else:
            parts.append(_GAPS.get(str(element.tag), ""))
            parts.append(element.tail or "")
    lines = (_SPACES.sub(" ", line).strip() for line in _CONTROLS.sub("", "".join(parts)).split(_END))
    return "\n".join(line for line in lines if line)
