"""Run a graph exactly, block by block, and keep the values that are asked for.

Nothing here computes: each op runs its own kernel, which calls the scalar rules of `edgeq.arith`. The
host's arithmetic cannot wrap: ops prove their 64-bit intermediates when the graph is made, or are refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from edgeq.errors import InputError, OverflowDetected
from edgeq.ir.graph import Graph, Node
from edgeq.ir.op import Finding
from edgeq.ir.tensor import Array, IntArray

BLOCK = 32
"""Images that run at a time; what memory holds beside the kept values."""

KERNELS = ("auto", "reference")
MOST_JOBS = 256


class Values(Mapping[str, Array]):
    """Kept values by name; a layer of one op also answers to ``<layer>.acc``."""

    def __init__(self, arrays: dict[str, Array], graph: Graph) -> None:
        self._arrays = arrays
        self._aliases = _aliases(graph)

    def __getitem__(self, name: str) -> Array:
        return self._arrays[name if name in self._arrays else self._aliases.get(name, name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self._arrays)

    def __len__(self) -> int:
        return len(self._arrays)


def _aliases(graph: Graph) -> dict[str, str]:
    """Return the value that ``<layer>.acc`` means where a layer is a single op with an accumulator."""
    single = {f"{n.layer}.acc": n.name for n in graph.nodes if n.op.ARITHMETIC and n.name == n.layer}
    return {alias: name for alias, name in single.items() if alias not in graph.types}


@dataclass(frozen=True)
class Run:
    """What a simulation gave: outputs by output name, kept values by value name, each (N, ...)."""

    outputs: dict[str, Array]
    values: Values


def simulate(
    graph: Graph, inputs: Mapping[str, npt.ArrayLike], kernel: str = "auto", keep: str | Collection[str] = "all",
    jobs: int = 1, progress: Callable[[int], None] | None = None,
) -> Run:
    """Run every image of ``inputs`` (name to array (N, *shape)) through the graph.

    ``kernel`` is auto (the fastest loop that is proven exact) or reference (the plain ordered int64 loop).
    ``keep`` is all, outputs, or the names of values. ``jobs`` threads share the images; ``progress`` is told
    how many images each block had. Arrays come in the smallest dtype that holds their type.

    Raises InputError for inputs that do not fit, OverflowDetected when an op with overflow ``error`` met a
    value outside its type.
    """
    kept = _kept_names(graph, keep)
    wanted = kept | {o.value for o in graph.outputs}
    parts: dict[str, list[Array]] = {name: [] for name in wanted}
    for block in run_blocks(graph, inputs, wanted, kernel=kernel, jobs=jobs):
        for name, array in block.items():
            parts[name].append(array)
        if progress is not None:
            progress(len(next(iter(block.values()))))
    whole = {name: np.concatenate(parts[name]) for name in graph.types if name in parts}
    outputs = {o.name: whole[o.value] for o in graph.outputs}
    return Run(outputs, Values({name: array for name, array in whole.items() if name in kept}, graph))


def run_blocks(
    graph: Graph, inputs: Mapping[str, npt.ArrayLike], wanted: Collection[str], *, kernel: str = "auto",
    jobs: int = 1, block: int = BLOCK,
) -> Iterator[dict[str, Array]]:
    """Yield the wanted values block by block, in order; at most ``jobs`` blocks are under way."""
    if not isinstance(kernel, str) or kernel not in KERNELS:
        raise InputError(f"kernel {kernel!r} does not exist; use one of {', '.join(KERNELS)}")
    if not isinstance(jobs, int) or not 1 <= jobs <= MOST_JOBS:
        raise InputError(f"jobs must be a number of threads, 1..{MOST_JOBS}, got {jobs!r}")
    arrays, count = _matched(graph, inputs)
    ranges = iter(range(0, max(count, 1), block))

    def run(start: int) -> dict[str, Array]:
        part = {name: array[start : start + block] for name, array in arrays.items()}
        return _run_block(graph, part, wanted, start, reference=kernel == "reference")

    if jobs <= 1:
        yield from map(run, ranges)
        return
    with ThreadPoolExecutor(jobs) as pool:
        pending = [pool.submit(run, start) for start in islice(ranges, 2 * jobs)]
        while pending:
            done = pending.pop(0).result()
            pending += [pool.submit(run, start) for start in islice(ranges, 1)]
            yield done


def _matched(graph: Graph, inputs: Mapping[str, npt.ArrayLike]) -> tuple[dict[str, Array], int]:
    names = [i.name for i in graph.inputs]
    given: object = inputs
    if not isinstance(given, Mapping):
        got = type(given).__name__
        raise InputError(f"inputs must map input names to arrays, got {got}; write {{'{names[0]}': array}}")
    for name in inputs:
        if name not in names:
            raise InputError(f"'{name}' is not an input of graph '{graph.name}'; inputs are {', '.join(names)}")
    missing = [n for n in names if n not in inputs]
    if missing:
        raise InputError(f"input '{missing[0]}' of graph '{graph.name}' is missing; give an array for it")
    arrays: dict[str, Array] = {}
    for item in graph.inputs:
        array = _array(item.name, inputs[item.name])
        if array.shape[1:] != item.type.shape or array.ndim == 0:
            want = ", ".join(["N", *map(str, item.type.shape)])
            raise InputError(f"input '{item.name}': shape is {list(array.shape)}, expected [{want}]")
        arrays[item.name] = array
    counts = {name: len(array) for name, array in arrays.items()}
    if len(set(counts.values())) > 1:
        raise InputError(f"inputs have different numbers of images: {counts}")
    return arrays, next(iter(counts.values()))


def _array(name: str, data: npt.ArrayLike) -> Array:
    try:
        return np.asarray(data)
    except (TypeError, ValueError, RuntimeError) as cause:
        raise InputError(f"input '{name}': is not an array of numbers ({cause})") from None


def _kept_names(graph: Graph, keep: str | Collection[str]) -> set[str]:
    if isinstance(keep, str) and keep == "all":
        return set(graph.types)
    if isinstance(keep, str) and keep == "outputs":
        return {o.value for o in graph.outputs}
    aliases = _aliases(graph)
    names = {aliases.get(name, name) for name in _words(keep)}
    unknown = sorted(names - set(graph.types))
    if unknown:
        raise InputError(f"keep: graph '{graph.name}' has no value {unknown[0]!r}; see edgeq show")
    return names


def _words(keep: str | Collection[str]) -> list[str]:
    try:
        given = [keep] if isinstance(keep, str) else list(keep)
    except TypeError:
        given = [""]
    if not all(isinstance(name, str) and name for name in given):
        raise InputError(f"keep must be all, outputs, or the names of values, got {keep!r}")
    return given


def _run_block(
    graph: Graph, inputs: Mapping[str, Array], wanted: Collection[str], start: int, *, reference: bool
) -> dict[str, Array]:
    live: dict[str, IntArray] = {}
    for item in graph.inputs:
        codes = item.quantization.encode(inputs[item.name], item.type, item.name, start)
        live[item.name] = np.ascontiguousarray(codes)  # kernels are compiled for one layout
    last_use = {name: k for k, node in enumerate(graph.nodes) for name in node.inputs}
    done = {name: _stored(graph, name, live[name]) for name in live if name in wanted}
    for k, node in enumerate(graph.nodes):
        types = [graph.types[v] for v in node.inputs]
        result = node.op.run([live[v] for v in node.inputs], types, reference=reference)
        if isinstance(result, Finding):
            raise OverflowDetected(_describe(graph, node, result, start))
        live[node.name] = result
        if node.name in wanted:
            done[node.name] = _stored(graph, node.name, result)
        for name in {v for v in (*node.inputs, node.name) if last_use.get(v, -1) <= k}:
            live.pop(name, None)
    return done


def _stored(graph: Graph, name: str, values: IntArray) -> Array:
    return values.astype(graph.types[name].type.dtype)


def _describe(graph: Graph, node: Node, found: Finding, start: int) -> str:
    shape = graph.types[node.name].shape
    size = graph.types[node.name].size
    image, place = divmod(found.index, size)
    index = [int(v) for v in np.unravel_index(place, shape)] if shape else []
    kept = getattr(node.op, "acc", None) or graph.types[node.name].type
    value = found.value if found.exact else "above 2^43" if found.value > 0 else "below -2^43"
    return (
        f"{node.op.KIND} '{node.name}': value {value} at image {start + image}, index {index} is outside "
        f"{kept}; widen the type or choose another overflow rule"
    )
