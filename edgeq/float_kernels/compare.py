"""Count the outputs that a float32 kernel would give differently, layer by layer, and judge a device's dumps by it.

Each layer is looked at alone: the kernel's codes come from the accumulators that the graph's own input codes give, or
the device's, where it dumped what the layer reads. So a difference does not carry over to the layers behind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from edgeq.errors import ArtefactError, InputError
from edgeq.float_kernels.layers import KernelLayer, Unstated, kernel_layers
from edgeq.ir.graph import Graph
from edgeq.ir.op import Finding
from edgeq.ir.tensor import Array, IntArray
from edgeq.simulator import BLOCK, run_blocks
from edgeq.vectors.dumps import read_dumps
from edgeq.vectors.plan import KEY
from edgeq.vectors.read import read_vectors, vector_manifest

Blocks = Iterable[Mapping[str, Array]]


@dataclass
class LayerCount:
    """Outputs of one layer: how many the kernel gives differently from the integers, and by how much at most.

    ``dumped`` outputs came from the device; ``dump_differing`` of them are not the kernel's.
    """

    layer: str
    outputs: int = 0
    differing: int = 0
    largest: int = 0
    dumped: int = 0
    dump_differing: int = 0

    def add(self, integers: IntArray, kernel: IntArray) -> None:
        """Count the outputs of some images."""
        distance = np.abs(kernel - integers)
        self.outputs += distance.size
        self.differing += int(np.count_nonzero(distance))
        self.largest = max(self.largest, int(distance.max(initial=0)))

    def add_dump(self, dump: Array, kernel: IntArray) -> None:
        """Count what a device gave for some images."""
        self.dumped += dump.size
        self.dump_differing += int(np.count_nonzero(dump != kernel))


@dataclass(frozen=True)
class KernelComparison:
    """``layers`` that the kernel states, in order of execution, and every other one, ``unstated``."""

    kernel: str
    layers: tuple[LayerCount, ...]
    unstated: tuple[Unstated, ...]

    @property
    def ok(self) -> bool:
        """Whether every dumped output is the kernel's."""
        return not any(count.dump_differing for count in self.layers)

    @property
    def dumped(self) -> int:
        """Outputs that came from the device."""
        return sum(count.dumped for count in self.layers)

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return {"kernel": self.kernel, "ok": self.ok, "layers": [vars(count) for count in self.layers],
                "unstated": [vars(layer) for layer in self.unstated]}


def compare_kernel(
    graph: Graph, kernel: str, inputs: Mapping[str, npt.ArrayLike] | None = None, vectors: Path | None = None,
    folder: Path | None = None, layout: str = "hwc",
) -> KernelComparison:
    """Compare the integers of a graph, and what a device dumped into ``folder``, with a float32 kernel's codes.

    The integers are simulated from ``inputs``, or read from the vector folder ``vectors``, whose layout is then that
    of hex files in ``folder``.

    Raises InputError for an unknown kernel or a graph that no layer of can be stated, ArtefactError for a folder
    that does not fit.
    """
    stated, unstated = kernel_layers(graph, kernel)
    if vectors is not None:
        kept = read_vectors(vectors, graph)
        images = kept.images
        layout = str(vector_manifest(vectors, graph).details[KEY]["layout"])
        blocks: Blocks = _stored(kept.values, images)
    else:
        arrays = {name: np.asarray(data) for name, data in (inputs or {}).items()}
        images = max((len(a) for a in arrays.values()), default=0)
        wanted = {value for layer in stated for value in (layer.acc.name, layer.output, *layer.acc.inputs)}
        blocks = run_blocks(graph, arrays, wanted)
    dumps = {} if folder is None else read_dumps(folder, graph, images, layout, vectors is None)
    if folder is not None and not any(layer.output in dumps for layer in stated):
        names = ", ".join(layer.name for layer in stated[:4])
        raise ArtefactError(f"{folder}: holds the output of no layer that {kernel} rescales; these are {names}")
    counts = [LayerCount(layer.name) for layer in stated]
    start = 0
    for block in blocks:
        size = len(next(iter(block.values())))
        part = {name: array[start : start + size] for name, array in dumps.items()}
        for layer, count in zip(stated, counts, strict=True):
            _count(graph, layer, block, part, count)
        start += size
    return KernelComparison(kernel, tuple(counts), tuple(unstated))


def _stored(values: Mapping[str, Array], images: int) -> Iterator[Mapping[str, Array]]:
    for start in range(0, images, BLOCK):
        yield {name: array[start : start + BLOCK] for name, array in values.items()}


def _count(
    graph: Graph, layer: KernelLayer, block: Mapping[str, Array], dumps: Mapping[str, Array], count: LayerCount
) -> None:
    kernel = layer.codes(block[layer.acc.name].astype(np.int64))
    count.add(block[layer.output].astype(np.int64), kernel)
    if layer.output not in dumps:
        return
    (read,) = layer.acc.inputs
    if read in dumps:
        acc = layer.op.run([dumps[read].astype(np.int64)], [graph.types[read]], reference=False)
        if isinstance(acc, Finding):
            raise InputError(f"layer '{layer.name}': its accumulator overflows on the dumped codes")
        kernel = layer.codes(acc)
    count.add_dump(dumps[layer.output], kernel)
