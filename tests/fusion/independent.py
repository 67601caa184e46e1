"""Single files of other people's packages, whose own __init__ asks for more than the tests need."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest


@contextmanager
def packages_unopened(*names: str) -> Iterator[list[ModuleType]]:
    """Packages, outermost first, as if their __init__ were empty; afterwards nothing of them is left imported."""
    found = importlib.util.find_spec(names[0])
    if found is None or found.origin is None:
        pytest.skip(f"{names[0]} is not installed (requirements-test.lock)")
    root = Path(found.origin).parents[1]
    stubs = [_empty(root, name) for name in names]
    sys.modules |= {stub.__name__: stub for stub in stubs}
    try:
        yield stubs
    finally:
        for name in [name for name in sys.modules if name.split(".")[0] == names[0]]:
            del sys.modules[name]


def _empty(root: Path, name: str) -> ModuleType:
    module = ModuleType(name)
    path: Sequence[str] = [str(root / name.replace(".", "/"))]
    module.__path__ = path  # type: ignore[assignment]
    return module
