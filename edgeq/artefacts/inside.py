"""Keep what is written out of the folders that edgeq wrote: one file too many, and they are damaged."""

from __future__ import annotations

from pathlib import Path

from edgeq.errors import ArtefactError

_NAME, _START = "manifest.yaml", b"edgeq_manifest:"


def refuse_inside(target: Path) -> None:
    """Raise ArtefactError when ``target`` lies below a bundle, an emitted folder or a vector folder."""
    parent = target.absolute().parent.resolve()
    for folder in (parent, *parent.parents):
        if _is_ours(folder / _NAME):
            raise ArtefactError(f"{target}: lies inside {folder}, which edgeq wrote; choose a place outside it")


def _is_ours(path: Path) -> bool:
    try:
        if not path.is_file():
            return False
        with path.open("rb") as stream:
            return stream.read(len(_START)) == _START
    except OSError:
        return False  # not for us to read
