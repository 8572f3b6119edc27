"""Users' .npy files: what is read, and what is refused in one line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from edgeq.artefacts.npy import load_npy, npy_bytes, parse_npy
from edgeq.errors import InputError


def with_header(text: str, body: bytes = b"") -> bytes:
    """Return a version 1.0 file with a header of one's own."""
    head = text.encode("latin1") + b"\n"
    return b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body


def header(shape: str, descr: str = "'|i1'", order: str = "False") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


@pytest.mark.parametrize("array", [
    np.arange(6, dtype=np.int16).reshape(2, 3), np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.zeros((0, 3), np.int8), np.float32(1.5), np.arange(4, dtype=">i4"),
])  # fmt: skip
def test_reads_what_numpy_writes(array: np.ndarray, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    np.save(path, array)
    for got in (load_npy(path), parse_npy(path.read_bytes(), "a")):
        assert got.shape == np.shape(array)
        assert (np.asarray(got) == array).all()


@pytest.mark.parametrize(("data", "said"), [
    (b"", "not a .npy file"),
    (b"PK\x03\x04" + b"\0" * 40, "not a .npy file"),
    (with_header(header("(-1, 4)"), b"1234"), "which no array has"),
    (with_header(header("(True, 4)"), b"1234"), "which no array has"),
    (with_header(header("(10**30,)")), "not a .npy file"),
    (with_header(header("(1000000000000000000000000000000,)")), "does not match 0 bytes"),
    (with_header(header("(0, 99999999999999999999999)")), "which no array has"),
    (with_header(header("(0, 4294967295, 4294967295)")), "which no array has"),
    (with_header(header("(0, 2147483648, 4294967296)")), "which no array has"),
    (with_header(header("(" + "1, " * 40 + ")"), b"1"), "which no array has"),
    (with_header(header("(4,)", "'|O'"), b"1234"), "holds pickled objects"),
    (with_header("(" * 3000), "not a .npy file"),
    (with_header("{'descr': '"), "not a .npy file"),
    (with_header(header("(5,)"), b"1234"), r"header says \[5\] of int8, which does not match 4 bytes"),
])  # fmt: skip
def test_refuses_what_is_none(data: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "a.npy"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said):
        load_npy(path)
    with pytest.raises(InputError, match=said):
        parse_npy(data, "a")


def test_a_file_says_its_bytes() -> None:
    assert npy_bytes(np.array([1, -1], np.int8))[:8] == b"\x93NUMPY\x01\x00"
    assert npy_bytes(np.array([1, -1], np.int8))[-2:] == b"\x01\xff"
