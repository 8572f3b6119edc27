"""size: bytes of every codec beside entropy, zlib, xz and zstd."""

from __future__ import annotations

import json
import lzma
import subprocess
import zlib
from pathlib import Path

import pytest

import edgeq
from edgeq import compression
from edgeq.codecs.choice import choices
from tests.cli.conftest import small_graph
from tests.tools import need_tool


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    edgeq.save(small_graph(), tmp_path / "small.edgeq")
    return tmp_path / "small.edgeq"


def test_size(run, bundle: Path) -> None:
    """The numbers follow from the weights: [1, -2] and -12..11, in 8 bits."""
    done = run("size", bundle)
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[0].split() == (
        "layer type weights non-zero float32 B entropy B best B best codec ratio zlib -9 B xz -9e B zstd -19 B").split()
    sizes = json.loads(run("size", bundle, "--json").out)
    conv, fc = sizes["layers"]
    assert (conv["layer"], conv["type"], conv["weights"], conv["non_zero"]) == ("conv", "s8", 2, 2)
    assert (fc["weights"], fc["non_zero"], fc["float32_bytes"]) == (24, 23, 96)
    assert fc["entropy_bytes"] == 14  # 24 * log2 24 bits are 13.8 bytes
    assert fc["codec_bytes"]["packed"] == 13 + 24 + 4
    assert set(fc["codec_bytes"]) == set(choices())
    smallest = min(v for n, v in fc["codec_bytes"].items() if n != "best")
    assert fc["codec_bytes"]["best"] == smallest == fc["codec_bytes"][fc["best_codec"]]
    assert fc["ratio"] == 96 / smallest
    dense = bytes(v & 255 for v in range(-12, 12))
    assert fc["zlib_bytes"] == len(zlib.compress(dense, 9))
    assert fc["xz_bytes"] == len(lzma.compress(dense, preset=9 | lzma.PRESET_EXTREME))
    total = sizes["total"]
    assert total["codec_bytes"]["packed"] == conv["codec_bytes"]["packed"] + fc["codec_bytes"]["packed"]
    assert (total["weights"], total["zlib_bytes"]) == (26, conv["zlib_bytes"] + fc["zlib_bytes"])
    assert sizes["one_stream"]["zlib_bytes"] == len(zlib.compress(b"\x01\xfe" + dense, 9))


def test_zstd_by_package_by_program_or_not_at_all(run, bundle: Path, monkeypatch) -> None:
    zstandard = pytest.importorskip("zstandard")
    dense = bytes(v & 255 for v in range(-12, 12))
    fc = json.loads(run("size", bundle, "--json").out)["layers"][1]
    assert fc["zstd_bytes"] == len(zstandard.ZstdCompressor(level=19).compress(dense))
    monkeypatch.setattr(compression, "find_spec", lambda name: None)
    monkeypatch.setattr(compression.shutil, "which", lambda name: None)
    sizes = json.loads(run("size", bundle, "--json").out)
    assert (sizes["layers"][1]["zstd_bytes"], sizes["total"]["zstd_bytes"], sizes["one_stream"]["zstd_bytes"]) == (
        None, None, None)
    assert "zstd -19: not run: neither the package zstandard nor the program zstd is installed" in run(
        "size", bundle).out


@pytest.mark.hardware
def test_zstd_by_program(run, bundle: Path, monkeypatch) -> None:
    program = need_tool("zstd")
    monkeypatch.setattr(compression, "find_spec", lambda name: None)
    size = json.loads(run("size", bundle, "--json").out)["one_stream"]["zstd_bytes"]
    dense = b"\x01\xfe" + bytes(v & 255 for v in range(-12, 12))
    assert size == len(subprocess.run(["zstd", "-19", "-q", "-c"], input=dense, capture_output=True, check=True).stdout)
    assert program


def test_a_graph_without_weights(run, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("bare")
    b.output(b.clamp(b.input("x", (2,), edgeq.IntType(8)), 0, 5))
    edgeq.save(b.build(), tmp_path / "bare.edgeq")
    assert run("size", tmp_path / "bare.edgeq").out == "bare: no layer has weights\n"
    sizes = json.loads(run("size", tmp_path / "bare.edgeq", "--json").out)
    assert (sizes["layers"], sizes["total"]["weights"], sizes["total"]["ratio"]) == ([], 0, None)


def test_zero_points_per_channel_count_for_their_channel(run, tmp_path: Path) -> None:
    b = edgeq.GraphBuilder("points")
    x = b.input("x", (2,), edgeq.IntType(8))
    b.output(b.linear(x, [[4, 9], [9, 9]], weight_zero_point=[4, 9], name="fc"))
    edgeq.save(b.build(), tmp_path / "p.edgeq")
    assert json.loads(run("size", tmp_path / "p.edgeq", "--json").out)["layers"][0]["non_zero"] == 1
