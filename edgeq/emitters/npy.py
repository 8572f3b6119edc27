"""Every constant as NumPy's own files: one ``.npy`` each (``npy``), or one ``.npz`` of all (``npz``).

Source: design page "Artefacts"; numpy.lib.format.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator, Mapping
from typing import Any

from edgeq.artefacts.npy import npy_bytes, parse_npy
from edgeq.emitters.ordered import ordered, restored, stored_shape
from edgeq.emitters.registry import EmittedFile, Vectors, emitter
from edgeq.errors import CodecError
from edgeq.ir.graph import Graph
from edgeq.ir.stems import short_name
from edgeq.ir.tensor import Array

_FOLDER = "npy"
_DATE = (1980, 1, 1, 0, 0, 0)
_UNIX, _MODE = 3, 0o100644 << 16


def read(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return the tensor of one file; raises CodecError naming the file and its fault."""
    return _tensor(files[holds["path"]], holds, holds["path"])


def _tensor(data: bytes, holds: Mapping[str, Any], where: str) -> dict[str, Array]:
    array = parse_npy(data, where, CodecError)
    if array.shape != stored_shape(holds):
        raise CodecError(f"{where}: shape {list(array.shape)}, the manifest says {list(stored_shape(holds))}")
    return restored(array, holds, where)


@emitter("npy", "every constant as a .npy file", read=read)
def write(graph: Graph, vectors: Vectors, *, layout: str = "oihw", flatten: str = "chw") -> Iterator[EmittedFile]:
    """Yield one file per constant; ``layout`` is the order of weights, ``flatten`` of columns that follow a flatten.

    Raises InputError for a layout that does not exist.
    """
    del vectors
    for item in ordered(graph, layout, flatten):
        yield EmittedFile(f"{_FOLDER}/{item.parameter.stem}.npy", npy_bytes(item.array), item.holds)


def read_archive(files: Mapping[str, bytes], holds: Mapping[str, Any]) -> Mapping[str, Array]:
    """Return every tensor of the archive; raises CodecError naming the file, its member and the fault."""
    path = holds["path"]
    members = {f"{line['member']}.npy": line for line in holds["tensors"]}
    found = _members(files[path], path, list(members))
    tensors: dict[str, Array] = {}
    for name, line in members.items():
        tensors |= _tensor(found[name], line, f"{path}, {name}")
    return tensors


def _members(data: bytes, path: str, expected: list[str]) -> dict[str, bytes]:
    """Return the members of a zip file by name: stored ones, as many and under the names expected."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            listed = archive.infolist()
            if [i.filename for i in listed] != expected:
                raise CodecError(f"{path}: its members are not those of the manifest, sorted")
            for item in listed:
                if item.compress_type != zipfile.ZIP_STORED or item.flag_bits & 1:
                    raise CodecError(f"{path}, {item.filename}: is compressed or encrypted; members are stored")
            return {i.filename: archive.read(i) for i in listed}
    except (zipfile.BadZipFile, EOFError, ValueError, NotImplementedError, OSError) as cause:
        raise CodecError(f"{path}: not a whole .npz file ({str(cause)[:120] or 'it ends early'})") from None


@emitter("npz", "every constant in one .npz file", read=read_archive)
def write_archive(
    graph: Graph, vectors: Vectors, *, layout: str = "oihw", flatten: str = "chw"
) -> Iterator[EmittedFile]:
    """Yield the one file: members sorted, stored, of one date; ``numpy.load`` gives them by ``<NN>_<layer>.<tensor>``.

    Raises InputError for a layout that does not exist.
    """
    del vectors
    items = sorted(ordered(graph, layout, flatten), key=lambda item: f"{item.parameter.stem}.npy")
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for item in items:
            about = zipfile.ZipInfo(f"{item.parameter.stem}.npy", _DATE)
            about.create_system, about.external_attr = _UNIX, _MODE
            archive.writestr(about, npy_bytes(item.array))
    lines = [{"member": item.parameter.stem, **item.holds} for item in items]
    yield EmittedFile(f"{short_name(graph.name)}.npz", stream.getvalue(), {"tensors": lines})
