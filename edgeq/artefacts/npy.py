"""Read and write `.npy` without pickles and without believing a header before it is checked."""

from __future__ import annotations

import io
import math
import sys
import tokenize
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Literal

import numpy as np
import numpy.typing as npt

from edgeq.errors import EdgeqError, InputError

Array = npt.NDArray[Any]


def npy_bytes(array: Array) -> bytes:
    """Return ``array`` as a version 1.0 `.npy` file: little endian, C order."""
    stream = io.BytesIO()
    kept = np.asarray(array, dtype=array.dtype.newbyteorder("<"), order="C")
    np.lib.format.write_array(stream, kept, version=(1, 0), allow_pickle=False)
    return stream.getvalue()


def npy_head(shape: tuple[int, ...], dtype: np.dtype[Any]) -> bytes:
    """Return what a version 1.0 `.npy` file of this shape starts with."""
    stream = io.BytesIO()
    described = {"descr": np.lib.format.dtype_to_descr(dtype.newbyteorder("<")), "fortran_order": False, "shape": shape}
    np.lib.format.write_array_header_1_0(stream, described)
    return stream.getvalue()


def parse_npy(data: bytes, where: str, error: type[EdgeqError] = InputError) -> Array:
    """Return the array of a `.npy` file; raises ``error`` naming ``where`` when it is not one."""
    stream = io.BytesIO(data)
    head = _read_head(stream, len(data), where, error)
    body = memoryview(data)[stream.tell() :]
    return np.frombuffer(body, head.dtype).reshape(head.shape, order=head.order)


def load_npy(path: Path) -> Array:
    """Return the array of a user's file, mapped rather than read; raises InputError when it is not a `.npy`."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    with path.open("rb") as stream:
        head = _read_head(stream, path.stat().st_size, str(path), InputError)
        start = stream.tell()
    if not math.prod(head.shape):
        return np.zeros(head.shape, head.dtype)
    return np.memmap(path, head.dtype, "r", start, head.shape, head.order)


@dataclass(frozen=True)
class _Head:
    """What a `.npy` file says of itself, once its body has that size."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    order: Literal["C", "F"]


def _read_head(stream: BinaryIO, size: int, where: str, error: type[EdgeqError]) -> _Head:
    """Read the header, leaving the stream at the body; ``size`` is that of the whole file."""
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (ValueError, SyntaxError, EOFError, TypeError, MemoryError, RecursionError, tokenize.TokenError) as cause:
        said = str(cause).splitlines()[0] if str(cause) else "header"
        raise error(f"{where}: not a .npy file ({said}); save one with numpy.save(file, array)") from None
    plain = all(isinstance(d, int) and not isinstance(d, bool) and d >= 0 for d in shape)
    if not plain or not dtype.itemsize or len(shape) > 32:
        raise error(f"{where}: header says {list(shape)[:33]} of {dtype}, which no array has")
    if dtype.hasobject:
        raise error(f"{where}: holds pickled objects, which are never read; save plain numbers")
    body = size - stream.tell()
    if math.prod(shape) * dtype.itemsize != body:
        raise error(f"{where}: header says {list(shape)} of {dtype}, which does not match {body} bytes of data")
    if math.prod(d for d in shape if d) * dtype.itemsize > sys.maxsize:  # one of no elements
        raise error(f"{where}: header says {list(shape)} of {dtype}, which no array has")
    return _Head(tuple(shape), dtype, "F" if fortran else "C")
