"""Where the shared test data lie, for the tests that need them."""

import os
from pathlib import Path

import pytest

_beside = Path(os.environ.get("BABELDESK_SHARED", Path(__file__).resolve().parents[2] / "shared")) / "data"
DATA: Path | None = _beside if _beside.is_dir() else None

needs_data = pytest.mark.skipif(DATA is None, reason="the shared test data are not here (BABELDESK_SHARED)")
