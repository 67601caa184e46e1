"""The demo shop, imported once for all tests that hold a conversation with it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import bot  # noqa: F401  before any test imports torch, as its docstring says

ROOT = Path(__file__).resolve().parents[1]
WEIGHTS = Path(os.environ.get("BABELDESK_WEIGHTS", "~/.cache/babeldesk")).expanduser()
SHOP = ("index", "media", "shop.db")  # of a data folder; the rest is of conversations that were held with it


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A data folder with the demo shop. Tests may talk to it; one that changes what the shop knows takes a copy.

    What `evaluate` keeps beside the weights is taken along: then the import encodes only what has changed since, and
    takes seconds instead of a minute.
    """
    data = tmp_path_factory.mktemp("demo") / "data"
    if (WEIGHTS / "demo-shop" / "index" / "current").exists():
        copied(WEIGHTS / "demo-shop", data)
    command = [sys.executable, "-m", "bot", "import", "--demo", "--data", str(data)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return data


def copied(data: Path, to: Path) -> Path:
    """The shop of a data folder, without its conversations, in a folder of its own."""
    to.mkdir(parents=True)
    for name in SHOP:
        if (data / name).is_dir():
            shutil.copytree(data / name, to / name, symlinks=True)
        else:
            shutil.copyfile(data / name, to / name)
    return to
