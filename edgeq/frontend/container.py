"""Open a model file as a zip of raw members, and say what kind of file it is. Nothing is unpickled."""

from __future__ import annotations

import io
import pickletools
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from edgeq.errors import ModelError, UnsafeModelError

Kind = Literal["export", "weights", "pickle", "torchscript", "compiled", "legacy-export", "other"]

_PICKLE_STARTS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
_PICKLES_OF_AN_OLD_FILE = 4  # magic number, protocol, system, object
_PLAIN_GLOBALS = (
    "collections OrderedDict",
    "torch._utils _rebuild_",
    "torch.serialization _get_layout",
    "torch _utils",
    "torch Size",
    "torch device",
    "torch per_tensor_affine",
    "torch per_channel_affine",
    "torch qint8",
    "torch quint8",
)


@dataclass(frozen=True)
class Archive:
    """Read the members of a zip file whose entries share one root folder.

    ``members``: name below the root folder to zip entry. Members must be stored without compression, as torch
    writes them, so no member can be larger than the file.
    """

    path: Path
    zip: zipfile.ZipFile = field(repr=False)
    members: dict[str, zipfile.ZipInfo] = field(repr=False)

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *exception: object) -> None:
        self.zip.close()

    def has(self, name: str) -> bool:
        """Say whether the archive has the member."""
        return name in self.members

    def size(self, name: str) -> int:
        """Give the size of a member in bytes without reading it; errors as :meth:`read`."""
        info = self._find(name)
        if info.compress_type != zipfile.ZIP_STORED or info.file_size != info.compress_size:
            raise ModelError(
                f"{self.path}: member {name} is compressed ({info.compress_size} bytes declare "
                f"{info.file_size}); "
                "torch.export.save stores members as they are, save the model again"
            )
        if info.file_size > self.path.stat().st_size:
            raise ModelError(f"{self.path}: member {name} declares more bytes than the file has; it is damaged")
        if info.flag_bits & 1:
            raise ModelError(f"{self.path}: member {name} is encrypted")
        return info.file_size

    def read(self, name: str) -> bytes:
        """Read a member. Raises :class:`ModelError` if it is missing, compressed, truncated or damaged."""
        size = self.size(name)
        try:
            with self.zip.open(self._find(name)) as file:
                data = file.read(size)
        except (zipfile.BadZipFile, EOFError, OSError, struct.error, NotImplementedError) as error:
            raise ModelError(f"{self.path}: member {name} cannot be read: {error}") from error
        if len(data) != size:
            raise ModelError(f"{self.path}: member {name} is truncated")
        return data

    def _find(self, name: str) -> zipfile.ZipInfo:
        if name not in self.members:
            raise ModelError(f"{self.path}: member {name} is missing; the archive is damaged or of another kind")
        return self.members[name]


def open_archive(path: Path) -> Archive:
    """Open a zip file and list its members; close it by using it in a ``with`` statement.

    Raises :class:`ModelError` if the file is missing, not a zip, truncated, or names a member twice (two readers
    might then disagree about it), and :class:`UnsafeModelError` if it is a bare pickle.
    """
    if not path.is_file():
        raise ModelError(f"{path}: no such model file")
    try:
        archive = zipfile.ZipFile(path)  # the Archive closes it
    except (zipfile.BadZipFile, OSError, struct.error, ValueError, NotImplementedError) as error:
        raise _not_a_zip(path) from error
    try:
        return Archive(path, archive, _members(path, archive))
    except ModelError:
        archive.close()
        raise


def _members(path: Path, archive: zipfile.ZipFile) -> dict[str, zipfile.ZipInfo]:
    """Name every member below the archive's one root folder, if it has one."""
    infos = [info for info in archive.infolist() if not info.is_dir()]
    if min((info.header_offset for info in infos), default=0) != 0:
        raise _not_a_zip(path)  # a zip that was found inside a truncated one, or behind other bytes
    roots = {info.filename.partition("/")[0] for info in infos}
    prefix = f"{roots.pop()}/" if len(roots) == 1 else ""
    members: dict[str, zipfile.ZipInfo] = {}
    for info in infos:
        name = info.filename.removeprefix(prefix)
        if name in members:
            raise ModelError(f"{path}: member {name} appears twice in the zip; the archive is damaged")
        members[name] = info
    return members


def _not_a_zip(path: Path) -> ModelError:
    with path.open("rb") as file:
        start = file.read(4)
    if start.startswith(_PICKLE_STARTS):
        return UnsafeModelError(
            f"{path}: is a bare pickle (an old torch.save file), which runs code when loaded; "
            "save the model with torch.export.save, or load it with --allow-code"
        )
    if start == b"PK\x03\x04":
        return ModelError(f"{path}: is a truncated or damaged zip archive; save or copy it again")
    return ModelError(f"{path}: is not a model file (not a zip archive); save the model with torch.export.save")


def kind_of(path: Path) -> Kind:
    """Say what a model file is, from member names and, for ``torch.save`` files, the opcodes of its pickle.

    ``export``: a torch.export archive. ``weights``: a ``torch.save`` file of tensors alone (a state dict).
    ``pickle``: any other ``torch.save`` file. ``torchscript``, ``compiled`` (AOTInductor alone),
    ``legacy-export`` (torch <= 2.7, pickled weights), ``other``. Raises as :func:`open_archive`.
    """
    with open_archive(path) as archive:
        return kind_of_archive(archive)


def kind_of_archive(archive: Archive) -> Kind:
    """Say what an opened archive is; see :func:`kind_of`."""
    names = archive.members
    if "constants.pkl" in names or any(name.startswith("code/") for name in names):
        return "torchscript"
    if any(name.startswith("models/") and name.endswith(".json") for name in names):
        return "export"
    if any(name.startswith("data/aotinductor/") for name in names):
        return "compiled"
    if any(name.endswith("serialized_exported_program.json") for name in names):
        return "legacy-export"
    if "data.pkl" in names:
        return "weights" if first_foreign_global(archive.read("data.pkl")) is None else "pickle"
    return "other"


def first_foreign_global(data: bytes) -> str | None:
    """Give the first class or function that a pickle names beyond tensors and plain containers, or ``None``.

    The pickle is disassembled, never executed. This sorts files for a good message; it is no safety check:
    tensors are loaded with ``weights_only=True`` whatever it says.
    """
    stream = io.BytesIO(data)
    for _ in range(_PICKLES_OF_AN_OLD_FILE):
        try:
            found = next((name for name in _globals(stream) if not _is_plain(name)), None)
        except ValueError:
            break
        if found is not None:
            return found.replace(" ", ".")
    return None


def names_global(data: bytes, module: str, name: str) -> bool:
    """Say whether one of the pickles of an old ``torch.save`` file names a class or function."""
    stream = io.BytesIO(data)
    for _ in range(_PICKLES_OF_AN_OLD_FILE):
        try:
            if f"{module} {name}" in set(_globals(stream)):
                return True
        except ValueError:
            break
    return False


def _globals(stream: io.BytesIO) -> Iterator[str]:
    """Yield ``module name`` of every class or function that the next pickle of a stream names."""
    strings: list[str] = []
    for opcode, arg, _ in pickletools.genops(stream):
        if opcode.name == "GLOBAL":
            yield str(arg)
        elif opcode.name == "STACK_GLOBAL":
            yield " ".join(strings[-2:])
        elif isinstance(arg, str):
            strings.append(arg)


def _is_plain(name: str) -> bool:
    if name.startswith("torch ") and name.endswith("Storage"):
        return True
    return name.startswith(_PLAIN_GLOBALS)
