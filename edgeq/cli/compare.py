"""``edgeq compare``."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.bundle import load
from edgeq.cli.arrays import named_arrays
from edgeq.cli.failures import MISMATCH
from edgeq.errors import InputError
from edgeq.ir.graph import Graph
from edgeq.table import table
from edgeq.vectors.compare import compare, compare_with_simulator

if TYPE_CHECKING:
    from edgeq.float_kernels.compare import KernelComparison

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=_PATH, required=False)
@click.option("--vectors", type=_PATH, metavar="DIR", help="Vectors that hold the expected values.")
@click.option("--bundle", type=_PATH, metavar="NAME.edgeq", help="Simulate the expected values with this graph.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]X.npy", help="Inputs for --bundle.")
@click.option("--count", type=click.IntRange(min=1), help="With --bundle: only the first images of the inputs.")
@click.option("--layout", type=click.Choice(["hwc", "chw"]), default="hwc", show_default=True,
              help="With --bundle: the order of hex files in FOLDER.")
@click.option("--kernel", metavar="NAME", help="Count, per layer of --bundle, the outputs that a float32 kernel gives "
              "differently: fbgemm, x86, onednn, qnnpack, onnxruntime, xnnpack.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(
    folder: Path | None, vectors: Path | None, bundle: Path | None, inputs: tuple[str, ...], count: int | None,
    layout: str, kernel: str | None, as_json: bool,
) -> None:
    """Compare FOLDER, the values that a device dumped, with the expected ones; name the first layer that differs.

    FOLDER holds files named as in a vector folder (01_conv1.out.hex or .npy); those that are absent are skipped.

    With --kernel the integers of --bundle, on --input or as --vectors hold them, are compared with what the kernel's
    float32 arithmetic gives from the same accumulators. It is a report: the kernel never decides an integer. FOLDER may
    be left out; else the layer outputs in it have to be the kernel's.
    """
    if kernel is not None:
        _kernel(folder, vectors, bundle, inputs, count, layout, kernel, as_json)
        return
    if (vectors is None) == (bundle is None):
        raise InputError("give the expected values: --vectors DIR, or --bundle NAME.edgeq with --input X.npy")
    if folder is None:
        raise InputError("give FOLDER, what the device dumped; only --kernel does without")
    if vectors is not None:
        result = compare(vectors, folder)
    else:
        graph = load(bundle or "")
        result = compare_with_simulator(graph, _arrays(graph, inputs, count), folder, layout)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=1))
    else:
        for difference in result.differences[:10]:
            click.echo(str(difference))
        click.echo(f"EDGEQ_COMPARE {'PASS' if result.ok else 'FAIL'} files={len(result.compared)} "
                   f"values={result.values} differing={len(result.differences)} absent={len(result.absent)}")
    if not result.ok:
        sys.exit(MISMATCH)


def _arrays(graph: Graph, inputs: tuple[str, ...], count: int | None) -> dict[str, Any]:
    arrays = named_arrays(inputs, [i.name for i in graph.inputs], "--input")
    empty = [name for name, array in arrays.items() if not len(array)]
    if empty:
        raise InputError(f"--input: input '{empty[0]}' holds no image to compare; give at least one")
    return {name: array[:count] for name, array in arrays.items()}


def _kernel(
    folder: Path | None, vectors: Path | None, bundle: Path | None, inputs: tuple[str, ...], count: int | None,
    layout: str, kernel: str, as_json: bool,
) -> None:
    from edgeq.float_kernels.compare import compare_kernel

    if bundle is None:
        raise InputError("--kernel needs --bundle NAME.edgeq, where the scales are, and --input X.npy or --vectors DIR")
    if (vectors is None) == (not inputs):
        raise InputError("--kernel: give the integers either by --input X.npy, simulated, or by --vectors DIR")
    if vectors is not None and count is not None:
        raise InputError("--count is for --input; the vectors say how many images they hold")
    graph = load(bundle)
    result = compare_kernel(graph, kernel, _arrays(graph, inputs, count), vectors, folder, layout)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=1))
    else:
        rows = [[c.layer, c.outputs, c.differing, c.differing / max(c.outputs, 1), c.largest]
                + ([c.dumped or None, c.dump_differing if c.dumped else None] if folder else []) for c in result.layers]
        head = ["layer", "outputs", f"{kernel} differs", "rate", "largest"]
        click.echo(table(head + (["dumped", f"not {kernel}'s"] if folder else []), rows))
        for reason in dict.fromkeys(layer.reason for layer in result.unstated):
            names = ", ".join(layer.name for layer in result.unstated if layer.reason == reason)
            click.echo(f"not stated: {names}: {reason}")
        click.echo(_summary(result, folder))
    if folder is not None and not result.ok:
        sys.exit(MISMATCH)


def _summary(result: KernelComparison, folder: Path | None) -> str:
    outputs, differing = (sum(getattr(c, name) for c in result.layers) for name in ("outputs", "differing"))
    said = f"kernel={result.kernel} layers={len(result.layers)} outputs={outputs} differing={differing}"
    if folder is None:
        return f"EDGEQ_KERNEL {said} unstated={len(result.unstated)}"
    wrong = sum(c.dump_differing for c in result.layers)
    return f"EDGEQ_COMPARE {'PASS' if result.ok else 'FAIL'} {said} dumped={result.dumped} not_the_kernel={wrong}"
