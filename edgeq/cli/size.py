"""``edgeq size``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from edgeq.bundle import load
from edgeq.cli.progress import progress_bar
from edgeq.codecs.choice import BEST
from edgeq.compression import Size, Sizes, measure, weights_of
from edgeq.emitters.parameters import parameters
from edgeq.table import table

_ARCHIVERS = {"zlib": "zlib -9", "xz": "xz -9e", "zstd": "zstd -19"}


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(bundle: Path, as_json: bool) -> None:
    """Show what the weights of BUNDLE take in every codec, in bytes.

    A row per layer with weights: how many there are, how many differ from the weight zero point, the entropy of single
    weights, the blob of each codec at its default options (best chooses them), as edgeq emit writes it, and how many
    times the best of them goes into float32. Then zlib, xz and zstd on the weights packed in as many bits as they have:
    per layer, and all layers in one stream.
    """
    graph = load(bundle)
    with progress_bar(sum(p.array.size for p in weights_of(graph)), "size") as advance:
        sizes = measure(graph, advance)
    if as_json:
        click.echo(json.dumps(_plain(sizes), indent=1))
        return
    if not sizes.layers:
        click.echo(f"{graph.name}: no layer has weights")
        return
    heads = ["layer", "type", "weights", "non-zero", "float32 B", "entropy B", "best B", "best codec", "ratio"]
    rows = [[*_row(size), *size.archivers.values()] for size in (*sizes.layers, sizes.total)]
    rows.append(["in one stream", *[None] * (len(heads) - 1), *sizes.together.values()])
    click.echo(table([*heads, *(f"{_ARCHIVERS[n]} B" for n in sizes.together)], rows))
    names = [name for name in sizes.total.codecs if name != BEST]
    blobs = [[size.layer, *(size.codecs[n] for n in names)] for size in (*sizes.layers, sizes.total)]
    click.echo("\n" + table(["bytes as", *names], blobs) + "\n")
    for name, reason in sizes.missing.items():
        click.echo(f"{_ARCHIVERS[name]}: not run: {reason}")
    others = sum(p.array.size for p in parameters(graph) if p.fill_value is None)
    click.echo(f"{graph.name}: {sizes.total.weights:,} weights; {others:,} other constants (bias, multiplier, shift, "
               "tables) are in no column")


def _row(size: Size) -> list[Any]:
    return [size.layer, size.type and str(size.type), size.weights, size.nonzero, size.float32_bytes,
            size.entropy_bytes, size.codecs[BEST], size.best, round(size.ratio, 2)]


def _plain(sizes: Sizes) -> dict[str, Any]:
    return {
        "graph": sizes.graph, "layers": [_layer(s) for s in sizes.layers], "total": _layer(sizes.total),
        "one_stream": _archived(sizes.together), "missing": dict(sizes.missing),
    }


def _layer(size: Size) -> dict[str, Any]:
    return {
        "layer": size.layer, "type": size.type and str(size.type), "weights": size.weights, "non_zero": size.nonzero,
        "float32_bytes": size.float32_bytes, "entropy_bytes": size.entropy_bytes, "codec_bytes": dict(size.codecs),
        "best_codec": size.best, "ratio": size.ratio if size.weights else None, **_archived(size.archivers),
    }


def _archived(sizes: Any) -> dict[str, Any]:
    return {f"{name}_bytes": count for name, count in sizes.items()}
