"""Comparing vectors: the first difference in order of execution, and what it looks like."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from edgeq.arith.types import IntType
from edgeq.errors import ArtefactError
from edgeq.vectors.compare import compare, compare_with_simulator, diagnose
from edgeq.vectors.write import write_vectors
from tests.emitters.graphs import small

GRAPH, INPUTS = small()


@pytest.fixture
def reference(tmp_path: Path) -> Path:
    return write_vectors(GRAPH, INPUTS, tmp_path / "reference")


def dump(folder: Path, reference: Path, names: list[str]) -> Path:
    """Write what a device gives: some files, no manifest."""
    folder.mkdir()
    for name in names:
        (folder / name).write_bytes((reference / name).read_bytes())
    return folder


def test_equal_folders(reference: Path, tmp_path: Path) -> None:
    again = write_vectors(GRAPH, INPUTS, tmp_path / "again", layout="chw")
    result = compare(reference, again)
    assert result.ok
    assert result.first is None
    assert len(result.compared) == 11
    assert result.absent == ()
    assert compare_with_simulator(GRAPH, INPUTS, again).ok


def test_the_first_difference_in_order_of_execution(reference: Path, tmp_path: Path) -> None:
    other = write_vectors(GRAPH, INPUTS, tmp_path / "other")
    changed = {"04_fc.out.npy": (2, 1), "01_conv.acc.npy": (1, 2, 0, 3), "02_max_pool2d_0.out.npy": (0, 0, 0, 0)}
    for name, place in changed.items():
        array = np.load(other / name)
        array[place] += 1 if array[place] < 0 else -1
        np.save(other / name, array)
    result = compare(reference, other)
    assert not result.ok
    assert [d.path for d in result.differences] == ["01_conv.acc.npy", "02_max_pool2d_0.out.npy", "04_fc.out.npy"]
    assert result.first is not None
    assert (result.first.layer, result.first.role, result.first.different) == ("conv", "acc", 1)
    assert result.first.index == (1, 2, 0, 3)
    assert result.first.expected == np.load(reference / "01_conv.acc.npy")[1, 2, 0, 3]
    assert abs(result.first.got - result.first.expected) == 1
    assert "layer 'conv' acc: 1 of 180 values differ; the first at [1, 2, 0, 3] is" in str(result.first)
    assert result.as_dict()["differences"][0]["index"] == [1, 2, 0, 3]


def test_a_device_s_hex_with_comments_and_capitals(reference: Path, tmp_path: Path) -> None:
    folder = dump(tmp_path / "device", reference, ["01_conv.out.hex", "04_fc.acc.hex"])
    path = folder / "04_fc.acc.hex"
    path.write_text("// from the board\r\n" + path.read_text().upper().replace("\n", "\r\n"))
    result = compare(reference, folder)
    assert result.ok
    assert result.compared == ("01_conv.out.hex", "04_fc.acc.hex")
    assert len(result.absent) == 18  # a file and its other form count once
    words = (folder / "01_conv.out.hex").read_text().split("\n")
    words[7] = "7e" if words[7] != "7e" else "7d"
    (folder / "01_conv.out.hex").write_text("\n".join(words))
    first = compare(reference, folder).first
    assert first is not None
    assert first.index == (0, 1, 0, 2)  # word 7 of (row, column, channel) is row 0, column 2, channel 1
    assert first.got == int(words[7], 16)


def test_short_and_unreadable_dumps(reference: Path, tmp_path: Path) -> None:
    folder = dump(tmp_path / "device", reference, ["01_conv.out.hex", "04_fc.out.npy", "04_fc.acc.npy"])
    (folder / "01_conv.out.hex").write_text("xx\n")
    np.save(folder / "04_fc.out.npy", np.load(folder / "04_fc.out.npy")[:1])
    np.save(folder / "04_fc.acc.npy", np.load(folder / "04_fc.acc.npy").astype(np.float32))
    said = [str(d) for d in compare(reference, folder).differences]
    assert said[0].startswith("01_conv.out.hex: cannot be read: line 1: the word is unknown (x)")
    assert said[1].endswith("holds float32, expected integers")
    assert said[2] == "04_fc.out.npy: shape is [1, 4], expected [3, 4]; --count says how many images to compare"


def test_a_file_of_an_unknown_name_is_an_error(reference: Path, tmp_path: Path) -> None:
    folder = dump(tmp_path / "device", reference, ["01_conv.out.hex"])
    (folder / "04_fc.out.HEX").write_text("00\n")
    with pytest.raises(ArtefactError, match=r"04_fc\.out\.HEX: is no file of the vectors; .* as 00_x\.in\.hex"):
        compare(reference, folder)


def test_nothing_to_compare_is_an_error(reference: Path, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(ArtefactError, match="empty: holds none of the 22 files of"):
        compare(reference, tmp_path / "empty")
    with pytest.raises(ArtefactError, match="absent: no such folder"):
        compare(reference, tmp_path / "absent")
    (reference / "00_x.in.npy").write_bytes(b"")
    with pytest.raises(ArtefactError, match=r"00_x.in.npy: changed since"):
        compare(reference, tmp_path / "empty")


WANT = np.random.default_rng(5).integers(-100, 100, (2, 3, 4, 5))


@pytest.mark.parametrize(("change", "said"), [
    (lambda v: v * 0, "all values are the same"),
    (lambda v: v.transpose(0, 2, 3, 1).reshape(v.shape), "another axis order"),
    (lambda v: v[::-1], "images match in another order"),
    (lambda v: v + (np.arange(v.size).reshape(v.shape) % 7 == 0), "every difference is one unit"),
    (lambda v: np.where(v < 0, v + 256, v), "multiples of 2^8: signed read as unsigned"),
    (lambda v: -v, "signs are exchanged"),
    (lambda v: v + 12, "off by the same amount"),
    (lambda v: np.random.default_rng(9).permutation(v.reshape(-1)).reshape(v.shape), "no simple pattern"),
])
def test_diagnosis(change: Callable[[np.ndarray], np.ndarray], said: str) -> None:
    assert said in diagnose(change(WANT), WANT, IntType(8))


def test_diagnosis_of_a_limit() -> None:
    want = np.array([[1, 127, 5, -128, 127]])
    assert "saturation, wrap or a clamp" in diagnose(np.array([[1, -120, 5, 100, 31]]), want, IntType(8))
