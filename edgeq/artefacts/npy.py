"""Read and write `.npy` without pickles and without believing a header before it is checked."""

from __future__ import annotations

import io
import math
import tokenize
from pathlib import Path
from typing import Any

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
    try:
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, fortran, dtype = read(stream)
    except (ValueError, SyntaxError, EOFError, TypeError, MemoryError, RecursionError, tokenize.TokenError) as cause:
        raise error(f"{where}: not a .npy file ({str(cause).splitlines()[0] if str(cause) else 'header'})") from None
    if min(shape, default=0) < 0 or not dtype.itemsize:
        raise error(f"{where}: header says {list(shape)} of {dtype}, which no array has")
    if dtype.hasobject:
        raise error(f"{where}: holds pickled objects, which are never read; save plain numbers")
    body = memoryview(data)[stream.tell() :]
    if math.prod(shape) * dtype.itemsize != len(body):
        raise error(f"{where}: header says {list(shape)} of {dtype}, which does not match {len(body)} bytes of data")
    return np.frombuffer(body, dtype).reshape(shape, order="F" if fortran else "C")


def load_npy(path: Path) -> Array:
    """Return the array of a user's file, mapped rather than read; raises InputError when it is not a `.npy`."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    try:
        array: Array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (ValueError, EOFError, OSError) as cause:
        hint = " Save it with numpy.save(file, array)."
        raise InputError(f"{path}: not a .npy array ({str(cause).splitlines()[0]}).{hint}") from None
    if not isinstance(array, np.ndarray):
        raise InputError(f"{path}: is an archive of several arrays; give a single .npy array")
    return array
