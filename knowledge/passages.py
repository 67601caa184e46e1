"""Records cut into passages: pieces of text that are searched and can be quoted. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from markdown_it import MarkdownIt
from markdown_it.token import Token

from knowledge.records import Article, Passage, Product

LONGEST = 600  # characters of a passage's text
_PARTS = 40  # of a passage; as many as it can have, if it is no table of single words
UNKNOWN_LANGUAGE = "und"  # BCP 47 for a text whose language nobody told: a feed's own titles

_markdown = MarkdownIt("commonmark", {"html": True}).enable("table")

# Marks that end a sentence wherever they stand, and those that do so only before a space or the end.
_ALWAYS = "。！？｡؟۔।॥።፧၊။។៕…"
_BEFORE_SPACE = ".!?"
_CLOSERS = "\"'”’»)]）」』】》›"
_END = re.compile(rf"[{_ALWAYS}]+[{re.escape(_CLOSERS)}]*\s*|[.!?]+[{re.escape(_CLOSERS)}]*(?:\s+|$)|\s*\n\s*")

_SOFT = "\x1f"
_WIDE = "[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]"


def sentences(text: str) -> list[str]:
    """The sentences of `text` in any script, without the space around them, in order.

    A line's end ends a sentence. A full stop ends one only where a space follows, and not after a single letter or a
    one- or two-digit number ("z. B.", "14. März"), nor before a small letter or a digit ("ca. 3 days").
    """
    found, start = [], 0
    for end in _END.finditer(text):
        if end[0].startswith(".") and not _full_stop(text, end.start(), end.end()):
            continue
        found.append(text[start : end.end()].strip())
        start = end.end()
    found.append(text[start:].strip())
    return [sentence for sentence in found if sentence]


def _full_stop(text: str, at: int, after: int) -> bool:
    if "\n" in text[at:after] or after >= len(text):
        return True
    word = re.search(r"\w*$", text[max(0, at - 20) : at])
    before = word[0] if word else ""
    if text[at : at + 2] != ".." and ((len(before) == 1 and before.isalpha()) or re.fullmatch(r"\d{1,2}", before)):
        return False
    following = text[after]
    return not (following.islower() or following.isdigit())


def pieces(text: str, longest: int = LONGEST) -> list[str]:
    """`text` in runs of whole sentences of at most `longest` characters.

    A sentence that is longer is cut at a space, and where it has none (Thai, Chinese without marks) at the length.
    """
    return _packed((part for sentence in sentences(text) for part in _cut(sentence, longest)), longest)


def _cut(sentence: str, longest: int) -> Iterator[str]:
    while len(sentence) > longest:
        space = sentence.rfind(" ", longest // 2, longest + 1)
        end = space if space > 0 else longest
        while space <= 0 and end > longest // 2 and unicodedata.combining(sentence[end]):
            end -= 1  # a mark stays with its letter
        yield sentence[:end].strip()
        sentence = sentence[end:].strip()
    if sentence:
        yield sentence


def _packed(parts: Iterable[str], longest: int, between: str = " ") -> list[str]:
    """Neighbours joined as long as they fit."""
    packed: list[str] = []
    for part in parts:
        if packed and len(packed[-1]) + len(between) + len(part) <= longest:
            packed[-1] += between + part
        else:
            packed.append(part)
    return packed


def of_product(product: Product) -> list[Passage]:
    """A passage for each language that the product has; further ones where the description is long.

    The text is the title, then brand, colour, size, material and the last part of the category, then the description.
    A language without a description of its own has none: a text in two languages is found in neither. The feed's own
    texts go under "und" where the feed does not tell their language. Ids are "sku#es", "sku#es/2".
    """
    leaf = product.category.split(">")[-1].strip() if product.category else None
    attributes = (product.brand, product.color, product.size, product.material, leaf)
    about = ", ".join(a for a in attributes if a)
    found = [*_of_texts(product.sku, product.language or UNKNOWN_LANGUAGE, product.title, about, product.description)]
    for language in sorted(product.titles.keys() | product.descriptions.keys()):
        title = product.title_in(language)
        found += _of_texts(product.sku, language, title, about, product.descriptions.get(language, ""))
    return found


def _of_texts(sku: str, language: str, title: str, about: str, description: str) -> Iterator[Passage]:
    parts = pieces(description, LONGEST) or [""]
    for number, part in enumerate(parts, 1):
        text = "\n".join(t for t in (title, about if number == 1 else "", part) if t)
        name = f"{sku}#{language}" + (f"/{number}" if number > 1 else "")
        yield Passage(name, "product", sku, language, title, text)


def of_article(article: Article) -> list[Passage]:
    """The passages of a help page: cut at headings, then between paragraphs, then at sentence ends.

    A passage stands under the article's title and the headings above it, and holds text without Markdown's marks.
    Ids are "id#es/1", "id#es/2" in reading order.
    """
    found: list[Passage] = []
    for headings, paragraphs in _sections(article):
        fitting = (part for p in paragraphs for part in ([p] if len(p) <= LONGEST else pieces(p)))
        for text in _packed(fitting, LONGEST, between="\n"):
            name = f"{article.id}#{article.language}/{len(found) + 1}"
            heading = " › ".join([article.title, *headings])
            found.append(Passage(name, "article", article.id, article.language, heading, text))
    return found or [
        Passage(f"{article.id}#{article.language}/1", "article", article.id, article.language, *(article.title,) * 2)
    ]


def _sections(article: Article) -> Iterator[tuple[list[str], list[str]]]:
    """The headings above, without the article's own title, and the paragraphs under them."""
    above: dict[int, str] = {}
    paragraphs: list[str] = []
    level = 0
    for kind, text in _blocks(_markdown.parse(article.body)):
        if kind.startswith("h"):
            if paragraphs:
                yield list(above.values()), paragraphs
            level, paragraphs = int(kind[1:]), []
            above = {depth: heading for depth, heading in above.items() if depth < level}
            if text and text.casefold() != article.title.casefold():
                above[level] = text
        elif text:
            paragraphs.append(text)
    if paragraphs:
        yield list(above.values()), paragraphs


def _blocks(tokens: list[Token]) -> Iterator[tuple[str, str]]:
    """Each heading ("h2", text) and each paragraph, list item, table row or code block ("p", text)."""
    kind = "p"
    row: list[str] | None = None
    for token in tokens:
        if token.type == "heading_open":
            kind = token.tag
        elif token.type == "tr_open":
            row = []
        elif token.type == "tr_close":
            yield "p", " | ".join(row or [])
            row = None
        elif token.type == "inline":
            text = _plain(token.children or [])
            if row is None:
                yield kind, text
            else:
                row.append(text)
            kind = "p"
        elif token.type in ("fence", "code_block"):
            yield "p", token.content.strip()


def _plain(children: list[Token]) -> str:
    """The words of a paragraph: links and emphasis by their text, pictures by what stands for them.

    A line's end in the source is a space, except between letters of a script that writes none (Chinese, Japanese).
    """
    said = {"softbreak": _SOFT, "hardbreak": "\n"}
    words = "".join(said.get(c.type, "" if c.type == "html_inline" else c.content) for c in children)
    joined = re.sub(f"(?<={_WIDE}){_SOFT}(?={_WIDE})", "", words)
    return joined.replace(_SOFT, " ").strip()


def searched(passage: Passage) -> str:
    """What of a passage is searched and encoded: with the heading, which a product's text begins with already."""
    return passage.text if passage.kind == "product" else f"{passage.heading}\n{passage.text}"


def parts(passage: Passage) -> list[str]:
    """The texts whose tokens a question is held against, each once: the heading and the sentences, at most `_PARTS`."""
    texts = sentences(searched(passage)) or [searched(passage)]
    return list(dict.fromkeys(texts))[:_PARTS]
