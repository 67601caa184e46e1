"""The rules of the house: who may import whom, and that packages re-export nothing."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

# Of our own modules, what each part may import. A part is the longest prefix that stands here.
MAY: dict[str, tuple[str, ...]] = {
    "knowledge": ("knowledge",),
    "bot.messages": (),
    "bot.errors": (),
    "bot.secret": (),
    "bot.platform_settings": ("bot.secret",),
    "bot.settings": ("bot.platform_settings", "bot.secret"),
    "bot.phrasebook": (),
    "bot.conversations": ("bot.messages",),
    "bot.price_limits": (),
    "bot.named_words": ("bot.phrasebook",),
    "bot.word_matching": ("bot.named_words",),
    "bot.entities": ("bot.phrasebook", "bot.price_limits", "bot.named_words", "bot.word_matching"),
    "bot.clauses": (),
    "bot.intent_grams": (),
    "bot.intents": ("bot.intent_grams", "bot.messages", "bot.errors"),
    "bot.wishes": ("bot.clauses", "bot.intent_grams", "bot.intents", "bot.messages"),
    "bot.perceptron": ("bot.errors",),
    "bot.alarms": ("bot.intents", "bot.perceptron"),
    "bot.verdicts": ("bot.intents", "bot.perceptron"),
    "bot.ordinals": (),
    "bot.goods": ("bot.named_words",),
    "bot.dates": ("bot.named_words", "bot.phrasebook", "knowledge"),
    "bot.telling_sentences": ("bot.errors", "bot.goods"),
    "bot.whisper_checkpoint": ("bot.errors",),
    "bot.models": ("bot.errors", "bot.whisper_checkpoint"),
    "bot.fusion": ("bot.fusion",),
    "bot.spoiling": ("bot.fusion",),
    "bot.senses": ("bot.senses", "bot.messages", "bot.errors", "bot.settings"),
    "bot.seams": ("bot.fusion.query", "bot.alarms", "bot.intents", "bot.messages"),
    "bot.understand": (
        "bot.seams",
        "bot.senses", "bot.fusion.query", "knowledge", "bot.entities", "bot.intents", "bot.alarms",
        "bot.conversations", "bot.phrasebook", "bot.messages", "bot.errors", "bot.settings", "bot.wishes",
    ),
    "bot.answer": (
        "bot.seams",
        "bot.answer", "knowledge", "bot.understand", "bot.entities", "bot.conversations", "bot.phrasebook",
        "bot.intents", "bot.senses.language", "bot.messages", "bot.settings", "bot.ordinals", "bot.price_limits",
        "bot.dates", "bot.goods", "bot.named_words", "bot.telling_sentences", "bot.verdicts",
    ),
    "bot.writing": ("bot.writing", "bot.answer", "bot.phrasebook", "bot.messages", "bot.settings", "bot.errors"),
    "bot.engine": (
        "bot.seams", "bot.writing",
        "bot.answer", "bot.understand", "bot.conversations", "bot.phrasebook", "knowledge", "bot.messages",
        "bot.settings",
    ),
    "bot.channels": (
        "bot.channels", "bot.engine", "bot.conversations", "bot.phrasebook", "bot.messages", "bot.errors",
        "bot.settings", "bot.platform_settings",
    ),
    # Pure functions over payloads: they know no web framework, no store and no engine.
    "bot.channels.platforms": ("bot.channels.platforms", "bot.messages", "bot.errors", "bot.platform_settings"),
    "bot.demo": (),
}  # fmt: skip
# These put the parts together and may import anything.
FREE = {
    "bot.__main__", "bot.verbs", "bot.parts", "bot.importing", "bot.product_pictures", "bot.background",
    "bot.fleet_report", "bot.measures", "bot.picture_vectors", "bot.training", "bot.training_fusion",
    "bot.training_photos", "bot.training_alarms", "bot.training_perceptron", "bot.training_verdicts",
    "bot.training_catalogue", "bot.training_encoders",
    "bot.training_methods", "bot.training_plots", "bot.training_intents", "bot.training_sentences",
}  # fmt: skip


def modules() -> list[tuple[str, Path]]:
    found = []
    for package in ("bot", "knowledge"):
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found.append((".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in {"bot", "knowledge"}}


def within(name: str, part: str) -> bool:
    return name == part or name.startswith(part + ".")


@pytest.mark.parametrize(("name", "path"), modules(), ids=[name for name, _ in modules()])
def test_imports_keep_the_rules(name: str, path: Path) -> None:
    if any(within(name, free) for free in FREE):
        return
    part = max((part for part in MAY if within(name, part)), key=len, default=None)
    if part is None:
        assert not imported(path), f"{name} stands in no part of the house"
        return
    for target in imported(path):
        # A module may always import what lies in its own file's part.
        assert any(within(target, allowed) for allowed in MAY[part]), f"{name} imports {target}"


def test_channels_alone_know_the_web_and_knowledge_knows_no_torch() -> None:
    for name, path in modules():
        tops = {
            (alias.name if isinstance(node, ast.Import) else str(node.module)).split(".")[0]
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Import | ast.ImportFrom)
            for alias in node.names
        }
        if not within(name, "bot.channels"):
            assert not tops & {"litestar", "uvicorn", "wsproto", "ag_ui"}, name
        if within(name, "knowledge"):
            assert not tops & {"torch", "whisper", "litestar"}, name


def test_packages_re_export_nothing() -> None:
    for path in [*ROOT.glob("bot/**/__init__.py"), *ROOT.glob("knowledge/**/__init__.py")]:
        assert not imported(path), path
        assert path == ROOT / "bot" / "__init__.py" or not path.read_text(encoding="utf-8").strip(), path
