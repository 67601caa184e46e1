"""What stands in a value of JSON-LD: a text, a list, an object with a @value or a name, or a reference to another."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

import msgspec

from knowledge.feeds import cells

Node = dict[str, Any]

_SCHEMA_ORG = re.compile(r"^(?:https?://schema\.org/|schema:)")
_MOST_STEPS = 4  # from a value to its text: an object in a list with a name that is an object


class Place(msgspec.Struct, frozen=True):
    """Where nodes are read: the file and line, the language and address of what is around them, and nodes by @id."""

    file: str
    line: int
    language: str = ""
    base: str = ""
    graph: dict[str, Node] = {}

    def whole(self, value: Any) -> Node:
        """The node, that which a reference names, or an empty one where it is neither."""
        if not isinstance(value, dict):
            return {}
        if "@id" in value and not value.keys() - {"@id", "@type"}:
            return self.graph.get(str(value["@id"]), value)
        return value


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def types_of(node: Node) -> set[str]:
    """The types without schema.org's address."""
    return {_SCHEMA_ORG.sub("", kind) for kind in listed(node.get("@type")) if isinstance(kind, str)}


def text_of(value: Any, steps: int = _MOST_STEPS) -> str:
    """The text of a value, of a list the first; "" where there is none."""
    if isinstance(value, str):
        return value.strip()
    if steps == 0 or not isinstance(value, list | dict):
        return ""
    inside = value if isinstance(value, list) else [value.get("@value"), value.get("name")]
    return next((text for one in inside if (text := text_of(one, steps - 1))), "")


def texts_of(value: Any) -> str:
    """All texts of a list, as Google writes several colours: red/white."""
    return "/".join(dict.fromkeys(text for one in listed(value) if (text := text_of(one))))


def address_of(value: Any, base: str) -> str:
    """The address of a picture or page, absolute where `base` is."""
    for one in listed(value):
        if isinstance(one, dict):
            one = next(
                (found for key in ("url", "contentUrl", "@id", "@value") if (found := text_of(one.get(key)))), ""
            )
        if isinstance(one, str) and (text := one.strip()):
            try:
                if base and not text.startswith("http"):
                    return urljoin(base, text)
            except ValueError:  # it is no address at all, and is refused where it has to be one
                pass
            return f"https:{text}" if text.startswith("//") else text
    return ""


def measure_of(value: Any) -> str:
    """A QuantitativeValue as 350 g, or the text that stands in its place."""
    for one in listed(value):
        if isinstance(one, dict) and (number := text_of(one.get("value"))):
            code = text_of(one.get("unitCode"))
            return f"{number} {text_of(one.get('unitText')) or _UNITS.get(code.upper(), code)}".strip()
    return text_of(value)


# UN/CEFACT's common codes for weights, as schema.org asks for.
_UNITS = {"GRM": "g", "KGM": "kg", "MGM": "mg", "TNE": "t", "LBR": "lb", "ONZ": "oz"}


def languages(node: Node, key: str) -> dict[str, str]:
    """By BCP 47 tag the texts of `key`, and by "" that without a language.

    They stand in a list of {"@language", "@value"}, in an object by language, or under keys like name[es].

    Raises:
        ValueError: a tag is none.
    """
    found: dict[str, str] = {}
    for value in listed(node.get(key)):
        if isinstance(value, dict) and "@value" in value:
            pairs = [(value.get("@language") or "", value["@value"])]
        elif isinstance(value, dict):
            pairs = [(tag, text) for tag, text in value.items() if not tag.startswith("@")]
        else:
            pairs = [("", value)]
        for tag, text in pairs:
            if words := text_of(text):
                found.setdefault(cells.language(str(tag)) if tag else "", words)
    for name, value in node.items():
        if name.endswith("]") and name.startswith(f"{key}[") and (words := text_of(value)):
            found.setdefault(cells.language(name[len(key) + 1 : -1].strip()), words)
    return found
