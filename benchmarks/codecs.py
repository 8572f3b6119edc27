"""Bytes and speed of the codecs: files of real weights beside zlib, xz and zstd, and 100 MB of int8 beside zlib.

``python benchmarks/codecs.py`` measures speed, and with EDGEQ_DATA set the weights of LeNet-5 and ResNet-8 too. Sizes
are those of files on disk, one per layer; ratios are to float32. zlib, xz and zstd are given the values back to back in
as many bits as they have.
"""

from __future__ import annotations

import lzma
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edgeq import IntType  # noqa: E402
from edgeq.codecs import get, names  # noqa: E402
from edgeq.codecs.best import Best  # noqa: E402
from edgeq.table import table  # noqa: E402
from tests.codecs.networks import Layer, networks  # noqa: E402

ROUNDS = 5
ELEMENTS = 100_000_000
PEER_ELEMENTS = 10_000_000


def written(folder: Path, layers: list[Layer], encode: Callable[[Layer], bytes]) -> int:
    """Write one file a layer; return the bytes on disk."""
    folder.mkdir()
    for k, layer in enumerate(layers):
        (folder / str(k)).write_bytes(encode(layer))
    return sum(file.stat().st_size for file in folder.iterdir())


def zstd(data: bytes) -> bytes:
    """Compress by the program."""
    return subprocess.run(["zstd", "-19", "-c"], input=data, capture_output=True, check=True).stdout


def codec(name: str) -> Callable[[Layer], bytes]:
    """Return the writer of a codec's smallest blob."""
    found = get("best") if name == "best" else Best(among=(name,))
    return lambda layer: found.encode(layer.weight, type=layer.type, fill_value=layer.fill_value)


def sizes(folder: Path, layers: list[Layer]) -> list[Any]:
    """Return the rows of a network's table: method, bytes, ratio to float32, ratio to the entropy."""
    methods = {name: codec(name) for name in (*names(), "best")}
    methods["zlib -9"] = lambda layer: zlib.compress(layer.packed, 9)
    methods["xz -9e"] = lambda layer: lzma.compress(layer.packed, preset=9 | lzma.PRESET_EXTREME)
    if shutil.which("zstd"):
        methods["zstd -19"] = lambda layer: zstd(layer.packed)
    float32 = 4 * sum(layer.weight.size for layer in layers)
    entropy = sum(layer.entropy_bytes for layer in layers)
    rows = [["order-0 entropy", round(entropy), f"{float32 / entropy:.1f}", "1.000"]]
    for k, (name, encode) in enumerate(methods.items()):
        size = written(folder / str(k), layers, encode)
        rows.append([name, size, f"{float32 / size:.1f}", f"{size / entropy:.3f}"])
    return rows


def winners(layers: list[Layer]) -> str:
    """Return what `best` takes for each layer."""
    taken = []
    for layer in layers:
        found = Best().candidates(layer.weight, type=layer.type, fill_value=layer.fill_value)
        smallest = min(found, key=lambda c: c.bytes)
        taken.append(f"{layer.name} {smallest.codec} {smallest.bytes}")
    return ", ".join(taken)


def million_per_second(works: list[tuple[int, Callable[[], Any]]]) -> list[tuple[float, float]]:
    """Return millions of elements per second of wall and of processor time, medians of interleaved runs."""
    for _, work in works:
        work()
    taken: list[list[tuple[float, float]]] = [[] for _ in works]
    for _ in range(ROUNDS):
        for times, (_, work) in zip(taken, works, strict=True):
            wall, cpu = time.perf_counter(), time.thread_time()
            work()
            times.append((time.perf_counter() - wall, time.thread_time() - cpu))
    return [(elements / 1e6 / statistics.median(t[0] for t in times), elements / 1e6 / statistics.median(
        t[1] for t in times)) for times, (elements, _) in zip(taken, works, strict=True)]


def gaussian(spread: float, limit: int) -> np.ndarray:
    """Return int8 of a bell shape."""
    rng = np.random.default_rng(1)
    parts = np.split(np.empty(ELEMENTS, np.int8), 20)
    for part in parts:
        part[:] = np.clip(np.rint(rng.standard_normal(part.size, dtype=np.float32) * spread), -limit, limit)
    return parts[0].base.reshape(1000, -1)


def speeds(name: str, array: np.ndarray) -> list[list[Any]]:
    """Return the rows of huffman, ans and zlib level 1, writing and reading."""
    few = np.ascontiguousarray(array.reshape(-1)[:PEER_ELEMENTS])
    kinds: list[tuple[str, int, Callable[[], bytes], Callable[[bytes], Any]]] = []
    for codec_name in ("huffman", "ans"):
        made = get(codec_name, mode="values")
        kinds.append((codec_name, array.size, lambda c=made: c.encode(array, type=IntType(8)), made.decode))
    kinds.append(("zlib level 1", few.size, lambda: zlib.compress(few, 1), zlib.decompress))
    works: list[tuple[int, Callable[[], Any]]] = [(n, encode) for _, n, encode, _ in kinds]
    blobs = [encode() for _, _, encode, _ in kinds]
    works += [(n, lambda d=decode, b=blob: d(b)) for (_, n, _, decode), blob in zip(kinds, blobs, strict=True)]
    found = million_per_second(works)
    return [[name, kind[0], *(round(v) for v in (*found[k], *found[k + len(kinds)]))] for k, kind in enumerate(kinds)]


def main() -> None:
    """Print the tables."""
    data = os.environ.get("EDGEQ_DATA")
    for title, layers in networks(Path(data)) if data else ():
        with tempfile.TemporaryDirectory() as folder:
            print(title)
            print(table(["method", "bytes on disk", "float32 / it", "it / entropy"], sizes(Path(folder), layers)))
            print(f"best: {winners(layers)}\n")
    rows = speeds("4 bits, spread 2", gaussian(2, 7)) + speeds("8 bits, spread 40", gaussian(40, 127))
    head = ["100 MB of int8", "codec", "write M/s", "of cpu time", "read M/s", "of cpu time"]
    print(table(head, rows))


if __name__ == "__main__":
    main()
