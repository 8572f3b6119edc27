"""Print what a simulation gave: ranges of outputs, accuracy, accumulators."""

from __future__ import annotations

import json
from typing import Any

import click

from edgeq.artefacts.npy import Array
from edgeq.ir.graph import Graph
from edgeq.observation import AccObserved, Observation
from edgeq.table import table

_HEAD = ["layer", "declared", "overflow", "proven bits", "observed bits", "lowest seen", "highest seen"]


def print_tables(graph: Graph, done: Observation, truth: Array | None, *, acc_stats: bool) -> None:
    """Print outputs, then accuracy, then accumulators, each where there are any."""
    click.echo(table(["output", "type", "images", "min", "max"], [list(o.values()) for o in _outputs(graph, done)]))
    if truth is not None:
        right = _right(done, truth)
        click.echo(f"accuracy: {right} of {len(truth)} ({100 * right / max(len(truth), 1):.2f} %)")
    if acc_stats:
        click.echo(table(_HEAD, [list(_summary(a).values()) for a in done.accumulators]))


def print_json(graph: Graph, done: Observation, truth: Array | None, *, acc_stats: bool) -> None:
    """Print the same as JSON, accumulators per output channel too."""
    data: dict[str, Any] = {"graph": graph.name, "outputs": _outputs(graph, done)}
    if truth is not None:
        data["accuracy"] = {"right": _right(done, truth), "images": len(truth)}
    if acc_stats:
        data["accumulators"] = [_summary(a) | {"channels": _channels(a)} for a in done.accumulators]
    click.echo(json.dumps(data, indent=1))


def _outputs(graph: Graph, done: Observation) -> list[dict[str, Any]]:
    types = {o.name: graph.types[o.value] for o in graph.outputs}
    return [{"output": name, "type": str(types[name]), "images": len(a), "min": int(a.min()) if a.size else None,
             "max": int(a.max()) if a.size else None} for name, a in done.outputs.items()]


def _right(done: Observation, truth: Array) -> int:
    (scores,) = done.outputs.values()
    if not len(scores):
        return 0
    return int((scores.reshape(len(scores), -1).argmax(axis=1) == truth).sum())


def _summary(seen: AccObserved) -> dict[str, Any]:
    proof = seen.proof
    return {"layer": proof.layer, "declared": str(proof.declared), "overflow": proof.overflow,
            "proven_bits": proof.needed, "observed_bits": seen.bits, "lowest": min(seen.lo, default=None),
            "highest": max(seen.hi, default=None)}


def _channels(seen: AccObserved) -> list[dict[str, int]]:
    rows = zip(seen.lo, seen.hi, seen.channel_bits, strict=True)
    return [{"channel": c, "lowest": lo, "highest": hi, "bits": bits} for c, (lo, hi, bits) in enumerate(rows)]
