"""The files themselves: the phrases they ask for, the languages they offer, and their size."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from bot.settings import LANGUAGES
from tests.web import phrases
from tests.web.desk import WEB

CATALOGUES = sorted((WEB.parent / "phrases").glob("*.po"))
SCRIPTS = sorted(WEB.glob("*.js"))
PLACE = re.compile(r"\{(\w+)\}")


def asked_for(script: Path) -> set[str]:
    """The keys that a file names in t("…"), and the beginnings of those that it puts together, as "step_"."""
    source = script.read_text("utf-8")
    return {*re.findall(r'\bt\("(\w+)"', source), *re.findall(r"\bt\(`(\w+)\$", source)} - {"shop"}


def test_every_phrase_that_is_asked_for_is_known_here() -> None:
    keys = set().union(*(asked_for(script) for script in SCRIPTS))
    unknown = {
        key
        for key in keys
        if not any(known.startswith(key) if key.endswith("_") else known == key for known in phrases.EN)
    }
    assert unknown == set()
    assert len(keys) > 40


@pytest.mark.parametrize("path", CATALOGUES, ids=lambda path: path.stem)
def test_every_catalogue_has_the_widgets_phrases_with_their_places(path: Path) -> None:
    with path.open("rb") as file:
        said = {
            str(entry.id): str(entry.string) for entry in read_po(file, locale=path.stem.replace("-", "_")) if entry.id
        }
    for key, text in phrases.EN.items():
        assert said.get(f"widget.{key}"), key
        assert set(PLACE.findall(said[f"widget.{key}"])) == set(PLACE.findall(text)), key


def test_the_page_offers_the_languages_that_there_are() -> None:
    source = (WEB / "page.js").read_text("utf-8")
    listed = re.search(r"const LANGUAGES = \[(.*?)\]", source, re.DOTALL)
    assert listed
    assert tuple(re.findall(r'"([\w-]+)"', listed[1])) == LANGUAGES


def test_nothing_is_inline_and_nothing_is_parsed_as_markup() -> None:
    page = (WEB / "index.html").read_text("utf-8")
    assert not re.search(r"<style|<script(?![^>]*\bsrc=)|\bstyle=|\bon\w+=", page)
    for script in SCRIPTS:
        assert not re.search(
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(", script.read_text("utf-8")
        ), script


def test_files_stay_short() -> None:
    for file in WEB.iterdir():
        assert len(file.read_text("utf-8").splitlines()) <= 300, file.name
