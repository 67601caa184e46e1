"""Where the shared data lies that quality is measured on; it is no part of the project, and may be absent."""

import os
from pathlib import Path

_FOLDER = Path(os.environ.get("BABELDESK_SHARED", Path(__file__).resolve().parents[3] / "shared")) / "data"
DATA: Path | None = _FOLDER if _FOLDER.is_dir() else None
