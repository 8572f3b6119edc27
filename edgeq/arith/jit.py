"""Compile with Numba, and keep what was compiled only as long as its sources stand.

Numba's disk cache looks at the file of the jitted function alone; a kernel inlines the scalar rules
of other files, so a changed rule would go on running in its old form. The cache folder is therefore
named by a hash of every source that a kernel can inline, those of `arith` and of the kernel's own room,
and of the versions that compile it.
"""

from __future__ import annotations

import hashlib
import os
import platform
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast

import llvmlite
import numba
from numba.extending import register_jitable

F = TypeVar("F", bound=Callable[..., Any])


@cache
def cache_folder(room: str) -> Path:
    """Return the folder of a room's compiled kernels that fits the present sources and compiler."""
    package = Path(__file__).parent.parent
    digest = hashlib.sha256(f"{numba.__version__} {llvmlite.__version__} {platform.machine()}".encode())
    for part in ("arith", room):
        for source in sorted((package / part).glob("*.py")):
            digest.update(source.read_bytes())
    base = os.environ.get("EDGEQ_CACHE_DIR") or os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "edgeq" / digest.hexdigest()[:16]


def primitive(function: F) -> F:
    """Mark a scalar rule: plain Python for callers and for the tracer, inlined by Numba in kernels."""
    return register_jitable(function)


def kernel(function: F) -> F:
    """Compile a loop nest with Numba, releasing the interpreter lock, cached on disk where that can be."""
    config: Any = numba.config
    saved = config.CACHE_DIR
    config.CACHE_DIR = str(cache_folder(function.__module__.split(".")[1]))
    try:
        return cast(F, numba.njit(function, cache=True, nogil=True))
    except (RuntimeError, OSError):  # no folder for a cache can be written
        return cast(F, numba.njit(function, nogil=True))
    finally:
        config.CACHE_DIR = saved
