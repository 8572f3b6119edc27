"""``edgeq simulate``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import click
import numpy as np

from edgeq.artefacts.files import new_folder
from edgeq.artefacts.inside import refuse_inside
from edgeq.artefacts.npy import Array, load_npy, npy_bytes
from edgeq.bundle import load
from edgeq.cli.arrays import named_arrays
from edgeq.cli.progress import progress_bar
from edgeq.cli.simulated import print_json, print_tables
from edgeq.cli.targets import refuse_others
from edgeq.errors import InputError
from edgeq.ir.graph import Graph
from edgeq.ir.stems import short_name
from edgeq.observation import Observation, observe_accumulators
from edgeq.simulator import simulate
from edgeq.vectors.stimuli import make_stimuli
from edgeq.vectors.write import write_vectors

_MOST_MADE = 65536
_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("bundle", type=_PATH)
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]X.npy",
              help="Inputs, shape [N, ...]; without any, directed and random ones are made.")
@click.option("--output", type=_PATH, metavar="DIR", help="Write each output as DIR/<name>.npy.")
@click.option("--labels", type=_PATH, metavar="Y.npy", help="Print the accuracy: argmax of the only output against Y.")
@click.option("--vectors", type=_PATH, metavar="DIR", help="Write test vectors of every layer: .npy, hex, manifest.")
@click.option("--count", type=click.IntRange(min=1), default=16, show_default=True, help="Images in the vectors.")
@click.option("--layout", type=click.Choice(["hwc", "chw"]), default="hwc", show_default=True,
              help="Order of hex files: channel fastest, or slowest.")
@click.option("--kernel", type=click.Choice(["auto", "reference"]), default="auto", show_default=True,
              help="Fastest loop proven exact, or the plain ordered int64 loop.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Threads.")
@click.option("--acc-stats", is_flag=True, help="Print the final sums seen in each accumulator, beside its proof.")
@click.option("--json", "as_json", is_flag=True, help="What is printed as JSON; accumulators per output channel too.")
def command(
    bundle: Path, inputs: tuple[str, ...], output: Path | None, labels: Path | None, vectors: Path | None, count: int,
    layout: str, kernel: str, jobs: int, acc_stats: bool, as_json: bool,
) -> None:
    """Run BUNDLE on inputs exactly and print the range of each output.

    --acc-stats observes final sums, as the accumulator holds them, of every image, channel and position. Partial sums
    on the way may reach further: the proven bits cover them, the observed bits do not.
    """
    graph = load(bundle)
    arrays = named_arrays(inputs, [i.name for i in graph.inputs], "--input")
    source = None
    _check_targets(graph, output, vectors, [*arrays.values()], labels)
    if not arrays:
        if labels is not None:
            raise InputError("--labels needs --input: the labels belong to images of yours")
        if count > _MOST_MADE:
            raise InputError(f"--count {count}: at most {_MOST_MADE} images are made; give yours with --input")
        made = make_stimuli(graph, count)
        arrays, source = dict(made.inputs), made.description
    if vectors is not None:
        with progress_bar(count, "vectors") as advance:
            write_vectors(graph, arrays, vectors, count, layout, jobs, advance, source)
        click.echo(f"{vectors}: vectors of {min(count, len(next(iter(arrays.values()))))} images", err=as_json)
        if output is None and labels is None and not acc_stats and not as_json:
            return
    truth = None if labels is None else _labels(labels, graph, arrays)
    with progress_bar(max((len(a) for a in arrays.values()), default=0), "simulate") as advance:
        done = _run(graph, arrays, kernel, jobs, advance, acc_stats=acc_stats)
    if output is not None:
        _write_outputs(output, done.outputs)
    (print_json if as_json else print_tables)(graph, done, truth, acc_stats=acc_stats)


def _run(
    graph: Graph, arrays: Mapping[str, Array], kernel: str, jobs: int, advance: Callable[[int], None], *,
    acc_stats: bool,
) -> Observation:
    if acc_stats:
        return observe_accumulators(graph, arrays, kernel, jobs, advance)
    return Observation(simulate(graph, arrays, kernel, "outputs", jobs, advance).outputs, ())


def _labels(path: Path, graph: Graph, arrays: Mapping[str, Array]) -> Array:
    truth: Array = np.asarray(load_npy(path))
    if len(graph.outputs) != 1:
        raise InputError(f"--labels: the graph has {len(graph.outputs)} outputs; accuracy needs exactly one")
    count = len(next(iter(arrays.values())))
    if truth.shape != (count,) or truth.dtype.kind not in "iu":
        got = f"{truth.dtype} {list(truth.shape)}"
        raise InputError(f"--labels {path}: expected {count} integers, one per image, got {got}")
    classes = graph.types[graph.outputs[0].value].size
    outside = np.flatnonzero((truth < 0) | (truth >= classes))
    if outside.size:
        first = int(outside[0])
        raise InputError(f"--labels {path}: label {truth[first]} of image {first} is outside 0..{classes - 1}, the "
                         f"classes of output '{graph.outputs[0].name}'")
    return truth


def _check_targets(
    graph: Graph, output: Path | None, vectors: Path | None, arrays: list[Array], labels: Path | None
) -> None:
    """Refuse, before the work is done, folders that hold what is not replaced by what they would get."""
    for folder in (output, vectors):
        if folder is not None:
            refuse_inside(folder)
    if output is None:
        return
    refuse_others(output, {_file(o.name) for o in graph.outputs}, "--output")
    used = [Path(a.filename) for a in arrays if isinstance(a, np.memmap) and a.filename is not None]
    if any(p.resolve().parent == output.resolve() for p in [*used, *([labels] if labels else [])]):
        raise InputError(f"--output {output}: holds what is read; choose another folder")
    if vectors is not None and _overlap(output.resolve(), vectors.resolve()):
        raise InputError(f"--output {output} and --vectors {vectors} are one folder or lie in each other; choose two")


def _overlap(a: Path, b: Path) -> bool:
    return a.is_relative_to(b) or b.is_relative_to(a)


def _file(name: str) -> str:
    return f"{short_name(name)}.npy"


def _write_outputs(folder: Path, results: Mapping[str, Array]) -> None:
    refuse_others(folder, {_file(name) for name in results}, "--output")
    with new_folder(folder) as fresh:
        for name, array in results.items():
            (fresh / _file(name)).write_bytes(npy_bytes(array))
