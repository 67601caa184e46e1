"""Arrays out of files, by one thread at a time.

numpy reads the head of an .npy file by `ast`, and CPython 3.11's fails now and then where several threads do so at once
("AST constructor recursion depth mismatch"): a server that opens a new index while an import runs beside would meet it.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, Literal

import numpy as np

LOADING = threading.RLock()


def load(file: Path, mmap_mode: Literal["r"] | None = None) -> Any:
    """The array in `file`, mapped where `mmap_mode` says so.

    Raises:
        OSError: it is not there.
    """
    with LOADING:
        return np.load(file, mmap_mode=mmap_mode)
