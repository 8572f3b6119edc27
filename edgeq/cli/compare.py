"""``edgeq compare``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from edgeq.bundle import load
from edgeq.cli.arrays import named_arrays
from edgeq.cli.failures import MISMATCH
from edgeq.errors import InputError
from edgeq.vectors.compare import compare, compare_with_simulator

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=_PATH)
@click.option("--vectors", type=_PATH, metavar="DIR", help="Vectors that hold the expected values.")
@click.option("--bundle", type=_PATH, metavar="NAME.edgeq", help="Simulate the expected values with this graph.")
@click.option("--input", "inputs", multiple=True, metavar="[NAME=]X.npy", help="Inputs for --bundle.")
@click.option("--count", type=click.IntRange(min=1), help="With --bundle: only the first images of the inputs.")
@click.option("--layout", type=click.Choice(["hwc", "chw"]), default="hwc", show_default=True,
              help="With --bundle: the order of hex files in FOLDER.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON.")
def command(
    folder: Path, vectors: Path | None, bundle: Path | None, inputs: tuple[str, ...], count: int | None,
    layout: str, as_json: bool,
) -> None:
    """Compare FOLDER, the values that a device dumped, with the expected ones; name the first layer that differs.

    FOLDER holds files named as in a vector folder (01_conv1.out.hex or .npy); those that are absent are skipped.
    """
    if (vectors is None) == (bundle is None):
        raise InputError("give the expected values: --vectors DIR, or --bundle NAME.edgeq with --input X.npy")
    if vectors is not None:
        result = compare(vectors, folder)
    else:
        graph = load(bundle or "")
        arrays = named_arrays(inputs, [i.name for i in graph.inputs], "--input")
        result = compare_with_simulator(graph, {k: a[:count] for k, a in arrays.items()}, folder, layout)
    if as_json:
        click.echo(json.dumps(result.as_dict(), indent=1))
    else:
        for difference in result.differences[:10]:
            click.echo(str(difference))
        click.echo(f"EDGEQ_COMPARE {'PASS' if result.ok else 'FAIL'} files={len(result.compared)} "
                   f"values={result.values} differing={len(result.differences)} absent={len(result.absent)}")
    if not result.ok:
        sys.exit(MISMATCH)
