"""The files of commands that train: the model they read, and what they may overwrite."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.errors import EdgeqError, InputError, ModelError
from edgeq.report.marks import LOG_MARK, REPORT_MARK

if TYPE_CHECKING:
    from edgeq.compress.quantization.stored import Stored


def load_model(path: Path, arch: str | None, allow_code: bool) -> tuple[Any, Any]:
    """Return the module, and what the user's file calls ``example_inputs``."""
    from edgeq.compress.files import as_module
    from edgeq.frontend.state_dict import load_state_dict_model, load_with_code

    if arch is not None:
        found = load_state_dict_model(path, arch)
        if found.unexpected:
            names = ", ".join(found.unexpected[:5])
            shown = f"{len(found.unexpected)} names are not in {arch} and left out, as {names}"
            click.echo(f"note: {path}: {shown}", err=True)
        return found.model, found.example_inputs
    if allow_code:
        return as_module(load_with_code(path), path), None
    if is_archive(path, "export"):
        raise ModelError(f"{path}: holds a captured program, which cannot be trained as modules; "
                         "give the state dict of the module with --arch FILE.py:NAME")
    raise ModelError(f"{path}: pass --arch FILE.py:NAME for the module that the state dict belongs to, "
                     "or --allow-code for a pickled module")


def load_state(path: Path) -> Stored:
    """Return what ``edgeq quantize --state`` wrote; raises InputError for any other file."""
    from edgeq.compress.quantization.stored import as_state

    if not path.is_file():
        raise InputError(f"--resume {path}: no such file")
    try:
        loaded = _saved(path)
    except EdgeqError as error:
        raise InputError(f"--resume {path}: cannot be read: {error}") from None
    return as_state(loaded, f"--resume {path}")


def _saved(path: Path) -> Any:
    from edgeq.frontend.saved import ForeignNameError, read_saved

    try:
        return read_saved(path)
    except ForeignNameError as error:
        raise ModelError(f"is a pickle that names {error}") from None


@dataclass(frozen=True)
class Output:
    """A file that an option names, None where it is not given, and the kind of file that it may replace."""

    option: str
    path: Path | None
    kind: str


def check_outputs(outputs: Sequence[Output], inputs: Sequence[Path | None]) -> None:
    """Refuse, before the work is done, what must not be overwritten: inputs, other outputs, files of another kind."""
    taken = {path.resolve(): "is an input of this command" for path in inputs if path is not None and path.exists()}
    for output in outputs:
        if output.path is None:
            continue
        where, place = f"{output.option} {output.path}", output.path.resolve()
        if place in taken:
            raise InputError(f"{where}: {taken[place]}; choose another name")
        taken[place] = f"is what {output.option} writes"
        if output.path.is_symlink() or (output.path.exists() and not _KINDS[output.kind](output.path)):
            raise InputError(f"{where}: exists and is no {output.kind}; it is left as it is. Choose another name")


def is_archive(path: Path, kind: str) -> bool:
    """Tell whether a file is an archive of a kind: ``weights``, ``export``."""
    from edgeq.frontend.container import kind_of

    try:
        return path.is_file() and zipfile.is_zipfile(path) and kind_of(path) == kind
    except EdgeqError:
        return False


def _is_state(path: Path) -> bool:
    from edgeq.compress.quantization.stored import is_state

    try:
        return is_archive(path, "weights") and is_state(_saved(path))
    except EdgeqError:
        return False


def _starts(path: Path, mark: bytes) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return stream.read(len(mark)) == mark


_KINDS: dict[str, Callable[[Path], bool]] = {
    "state dict": lambda path: is_archive(path, "weights"),
    "torch.export archive": lambda path: is_archive(path, "export"),
    "state of edgeq quantize": _is_state,
    "log of a run": lambda path: _starts(path, LOG_MARK),
    "report of edgeq": lambda path: _starts(path, REPORT_MARK),
}
