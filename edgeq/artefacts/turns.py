"""Let the programs that write one folder take turns."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import Any

_fcntl: Any = import_module("fcntl") if os.name == "posix" else None  # elsewhere the swap alone has to do
_NO_LOCKS = (errno.ENOLCK, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP)


@contextmanager
def turn(target: Path) -> Iterator[Callable[[], None]]:
    """Give a function that waits until no other program is putting ``target`` in place; the block's end passes on.

    Take the turn just before the last look at what is at ``target``, inside the block that replaces it. The lock is
    a file beside ``target``, whose folder must exist by then; one left by a killed program does no harm.
    """
    held: list[tuple[int, Path]] = []

    def take() -> None:
        beside = target.absolute()
        path = beside.with_name(f".{beside.name}.lock")
        handle = _locked(path)
        if handle is not None:
            held.append((handle, path))

    try:
        yield take
    finally:
        for handle, path in held:
            path.unlink(missing_ok=True)
            os.close(handle)


def _locked(path: Path) -> int | None:
    """Return the open lock, None where the file system has none."""
    while _fcntl is not None:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o644)
        try:
            _fcntl.flock(handle, _fcntl.LOCK_EX)
            with suppress(FileNotFoundError):
                if os.path.samestat(os.fstat(handle), path.stat()):
                    return handle
        except OSError as error:
            os.close(handle)
            path.unlink(missing_ok=True)
            if error.errno in _NO_LOCKS:
                return None
            raise
        except BaseException:
            os.close(handle)
            raise
        os.close(handle)  # the one before us removed the file: look again
    return None
