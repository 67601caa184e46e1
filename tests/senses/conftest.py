"""The real weights, in the folder that other runs share."""

import os
from pathlib import Path

import pytest

import bot.senses  # noqa: F401  before any test imports torch, as its docstring says
from bot import models


@pytest.fixture(scope="session")
def weights() -> Path:
    return Path(os.environ.get("BABELDESK_WEIGHTS", "~/.cache/babeldesk")).expanduser()


@pytest.fixture(scope="session")
def speech_checkpoint(weights: Path) -> Path:
    return models.speech_checkpoint(weights)
