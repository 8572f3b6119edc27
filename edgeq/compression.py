"""Measure what the weights of a graph take: in every codec, as entropy, and in the archivers that everybody has.

Bytes of a codec are those of the blobs that `edgeq emit` writes, headers and tables included. zlib, xz and zstd are
given the weights packed in as many bits as their type has, the data of codec `packed`.
"""

from __future__ import annotations

import lzma
import math
import shutil
import subprocess
import zlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec

import numpy as np

from edgeq import codecs
from edgeq.arith.types import IntType
from edgeq.codecs.choice import BEST, choices
from edgeq.emitters.blobs import encode_stored, encode_table, has_codebook
from edgeq.emitters.parameters import Parameter, parameters
from edgeq.emitters.stored import to_stored
from edgeq.errors import EdgeqError
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import IntArray
from edgeq.memory.layout import restrict

_LAYOUT = "oihw"


@dataclass(frozen=True)
class Size:
    """The weights of one layer, or of all: ``codecs`` and ``archivers`` map a name to bytes.

    ``nonzero`` counts weights other than their zero point, ``entropy_bytes`` is the entropy of single weights, the
    table of their frequencies not counted; ``best`` names the codec of the smallest blob. A missing archiver is None.
    """

    layer: str
    weights: int
    nonzero: int
    type: IntType | None
    entropy_bytes: int
    codecs: Mapping[str, int]
    best: str | None
    archivers: Mapping[str, int | None]

    @property
    def float32_bytes(self) -> int:
        """Bytes of the weights as float32."""
        return 4 * self.weights

    @property
    def ratio(self) -> float:
        """How many times the smallest blob goes into the weights as float32."""
        return self.float32_bytes / self.codecs[BEST]


@dataclass(frozen=True)
class Sizes:
    """A size per layer with weights, their sums, and the archivers on all layers together.

    ``missing`` says why an archiver was not run.
    """

    graph: str
    layers: tuple[Size, ...]
    total: Size
    together: Mapping[str, int | None]
    missing: Mapping[str, str]


def weights_of(graph: Graph) -> list[Parameter]:
    """Return the constants that are weights: those with a zero point."""
    return [p for p in parameters(graph) if p.fill_value is not None]


def measure(graph: Graph, progress: Callable[[int], None] | None = None) -> Sizes:
    """Return the sizes of a graph's weights; ``progress`` is told how many more weights are done."""
    archivers, missing = _archivers()
    layers, dense = [], b""
    for parameter in weights_of(graph):
        size, packed = _measure(parameter, archivers)
        layers.append(size)
        dense += packed
        if progress is not None:
            progress(parameter.array.size)
    together = {name: squeeze(dense) if squeeze else None for name, squeeze in archivers.items()}
    return Sizes(graph.name, tuple(layers), _total(layers, archivers), together, missing)


Squeeze = Callable[[bytes], int]


def _measure(parameter: Parameter, archivers: Mapping[str, Squeeze | None]) -> tuple[Size, bytes]:
    """Return the size of a weight, and its values packed."""
    blobs, tables = {}, {}
    for codec in choices():
        stored = to_stored(parameter, own_codebook=has_codebook(codec))
        blobs[codec] = encode_stored(parameter, stored, restrict(_LAYOUT, parameter.axes), codec, {})
        tables[codec] = len(encode_table(parameter, stored))
    data = codecs.read_header(blobs["packed"].blob).sections["data"]
    dense = blobs["packed"].blob[data.offset : data.offset + data.length]
    size = Size(
        parameter.layer, parameter.array.size, _nonzero(parameter), parameter.type,
        entropy_bytes(parameter.array), {name: len(made.blob) + tables[name] for name, made in blobs.items()},
        blobs[BEST].codec,
        {name: squeeze(dense) if squeeze else None for name, squeeze in archivers.items()})
    return size, dense


def _nonzero(parameter: Parameter) -> int:
    assert parameter.fill_value is not None  # it is a weight
    rows = parameter.array.reshape(len(parameter.array), -1)
    return int((rows != parameter.fill_value.per_channel(len(rows))[:, None]).sum())


def _total(layers: list[Size], archivers: Mapping[str, Squeeze | None]) -> Size:
    sums = {name: sum(s.codecs[name] for s in layers) for name in choices()}
    squeezed = {name: sum(s.archivers[name] or 0 for s in layers) if archivers[name] else None for name in archivers}
    return Size("total", sum(s.weights for s in layers), sum(s.nonzero for s in layers), None,
                sum(s.entropy_bytes for s in layers), sums, None, squeezed)


def entropy_bytes(array: IntArray) -> int:
    """Return the entropy of the values taken singly, in bytes rounded up.

    >>> entropy_bytes(np.array([0, 0, 0, 0, 1, 1, 2, 3]))
    2
    """
    counts = np.unique(array, return_counts=True)[1]
    bits = float((counts * np.log2(array.size / counts)).sum())
    return math.ceil(bits / 8)


def _archivers() -> tuple[dict[str, Squeeze | None], dict[str, str]]:
    """Return the archivers, None for one that is missing, and why."""
    zstd = _zstd()
    missing = {} if zstd else {"zstd": "neither the package zstandard nor the program zstd is installed"}
    return {"zlib": _zlib, "xz": _xz, "zstd": zstd}, missing


def _zlib(data: bytes) -> int:
    return len(zlib.compress(data, 9))


def _xz(data: bytes) -> int:
    return len(lzma.compress(data, preset=9 | lzma.PRESET_EXTREME))


def _zstd() -> Squeeze | None:
    if find_spec("zstandard") is not None:
        import zstandard

        return lambda data: len(zstandard.ZstdCompressor(level=19).compress(data))
    program = shutil.which("zstd")
    return None if program is None else lambda data: _run_zstd(program, data)


def _run_zstd(program: str, data: bytes) -> int:
    done = subprocess.run([program, "-19", "-q", "-c"], input=data, capture_output=True, check=False)
    if done.returncode:
        raise EdgeqError(f"{program} failed: {done.stderr.decode(errors='replace').strip()}")
    return len(done.stdout)
