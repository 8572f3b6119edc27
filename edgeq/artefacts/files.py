"""Write files and folders so that nobody ever sees half of one."""

from __future__ import annotations

import errno
import hashlib
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edgeq.artefacts.inside import refuse_inside
from edgeq.errors import ArtefactError


def sha256(data: bytes) -> str:
    """Return the hexadecimal digest of ``data``."""
    return hashlib.sha256(data).hexdigest()


def sha256_file(path: Path) -> str:
    """Return the hexadecimal digest of a file, read in pieces."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def write_file(path: Path, data: bytes) -> None:
    """Write a file under a temporary name beside it, then rename; a failure leaves what was there."""
    refuse_inside(path)
    if not path.name or (path.exists() and not path.is_file()):
        raise ArtefactError(f"{path}: is a folder or a device, not a file; it is left as it is. Choose another name")
    _make_parents(path)
    temporary = _beside(path)
    try:
        with temporary.open("xb") as stream:
            stream.write(data)
        temporary.chmod(0o644)
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _make_parents(path: Path) -> None:
    for folder in reversed(path.parents):  # pathlib's own way recurses, once a folder
        if not folder.is_dir():
            folder.mkdir(exist_ok=True)


def _beside(target: Path) -> Path:
    """Return a hidden name that nothing has, known before it is made: a signal at any moment leaves nothing behind."""
    return target.with_name(f".{target.name}.{secrets.token_hex(8)}")


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """Give a sibling temporary folder that becomes ``target`` when the block ends well, and vanishes when not.

    A folder already at ``target`` is replaced as a whole; whether it may be is the caller's question.
    """
    target = target.absolute()
    refuse_inside(target)
    _make_parents(target)
    temporary = _beside(target)
    try:
        temporary.mkdir(mode=0o700)
        yield temporary
        temporary.chmod(0o755)
        _swap(temporary, target)
    except BaseException:
        shutil.rmtree(temporary, ignore_errors=True)
        raise


def _swap(temporary: Path, target: Path) -> None:
    """Put ``temporary`` at ``target``; what was there is removed last, and put back when this fails."""
    try:
        if target.exists():
            _exchange(temporary, target)
        else:
            temporary.rename(target)
    except OSError as error:
        if error.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise
        raise ArtefactError(f"{target}: was changed while it was being written; run the command again") from None


def _exchange(temporary: Path, target: Path) -> None:
    aside = _beside(target)
    kept = aside / target.name
    try:
        aside.mkdir(mode=0o700)
        target.rename(kept)
        temporary.rename(target)
    except BaseException:
        if temporary.exists() and kept.exists():
            _put_back(kept, target)
        shutil.rmtree(aside, ignore_errors=True)
        raise
    shutil.rmtree(aside, ignore_errors=True)


def _put_back(kept: Path, target: Path) -> None:
    try:
        kept.rename(target)
    except OSError as error:
        raise ArtefactError(f"{target}: could not be replaced ({error.strerror}); what it held is in {kept}") from None
