"""``edgeq show``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from edgeq.bundle import load
from edgeq.compression import weights_of
from edgeq.emitters.stored import encoding_text
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Scale
from edgeq.ir.text import graph_text
from edgeq.ops.requantize import Requantize
from edgeq.passes.acc_proof import prove_accumulators
from edgeq.table import table


@click.command()
@click.argument("bundle", type=click.Path(path_type=Path))
@click.option("--acc", "view", flag_value="acc", help="Accumulators: declared, proven, channels that fall short.")
@click.option("--widths", "view", flag_value="widths", help="Exact width of every intermediate of each requantize.")
@click.option("--error", "view", flag_value="error", help="Error of each value against the float model, worst first.")
@click.option("--text", "view", flag_value="text", help="The graph's text form.")
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(bundle: Path, view: str | None, as_json: bool) -> None:
    """Show BUNDLE: layers, shapes, types, scales, parameters, proven accumulator bits."""
    graph = load(bundle)
    if view == "text" and not as_json:
        click.echo(graph_text(graph), nl=False)
        return
    head, rows = {"acc": _acc, "widths": _widths, "error": _error}.get(view or "", _layers)(graph)
    if as_json:
        keys = [h.replace(" ", "_") for h in head]
        data = {"graph": graph.name, "rows": [dict(zip(keys, r, strict=True)) for r in rows]}
        click.echo(json.dumps(data | ({"text": graph_text(graph)} if view == "text" else {}), indent=1))
        return
    if view == "error" and not rows:
        click.echo("no errors are recorded: the graph was made by hand, from ranges, or without calibration data")
        return
    click.echo(table(head, rows))
    if view is None:
        click.echo(f"{graph.name}: {len(graph.layers)} layers, {graph.parameters:,} parameters, outputs "
                   + ", ".join(f"{o.name} {graph.types[o.value]}" for o in graph.outputs))


Rows = tuple[list[str], list[list[Any]]]


def _layers(graph: Graph) -> Rows:
    proofs = {p.layer: p for p in prove_accumulators(graph)}
    weights = {p.layer: encoding_text(p) for p in weights_of(graph)}
    rows: list[list[Any]] = []
    for item in graph.inputs:
        kept = item.type
        rows.append([item.name, f"input {item.quantization.KIND}", "", str(kept.type), "x".join(map(str, kept.shape)),
                     kept.zero_point, _scale(kept.scale), 0, None, None, None])
    for layer in graph.layers:
        proof = proofs.get(layer.name)
        reads = " ".join(str(graph.types[v].type) for v in layer.inputs)
        out = graph.types[layer.output]
        acc, needed = (str(proof.declared), proof.needed) if proof else (None, None)
        rows.append([layer.name, "+".join(n.op.KIND for n in layer.nodes), reads, str(out.type),
                     "x".join(map(str, out.shape)), out.zero_point, _scale(out.scale), layer.parameters, acc, needed,
                     weights.get(layer.name)])
    return ["layer", "ops", "in", "out", "shape", "zero point", "scale", "parameters", "acc", "proven bits",
            "weights"], rows


def _acc(graph: Graph) -> Rows:
    rows = []
    for p in prove_accumulators(graph):
        short = ", ".join(f"{c} by {b}" for c, b in p.short[:4])
        short += f", .. {len(p.short)} in all" if len(p.short) > 4 else ""
        rows.append([p.layer, str(p.declared), p.overflow, p.needed, p.lo, p.hi, short or "none"])
    return ["layer", "declared", "overflow", "proven bits", "lowest", "highest", "channels short by bits"], rows


def _widths(graph: Graph) -> Rows:
    rows = []
    for node in graph.nodes:
        if not isinstance(node.op, Requantize):
            continue
        x = graph.types[node.inputs[0]]
        wide = node.op.proofs(x)["wide"]
        traced = node.op.trace(x, wide=wide)
        for step in traced.steps:
            rows.append([node.layer, "wide" if wide else "plain", step.name,
                         f"{step.op}({', '.join(map(str, step.operands))})", step.bits, step.bits == traced.widest])
    return ["layer", "form", "step", "computes", "bits", "widest"], rows


def _error(graph: Graph) -> Rows:
    found = graph.metadata.get("error")
    entries = [e for e in found if isinstance(e, dict)] if isinstance(found, list) else []
    rows = [[e.get("value"), e.get("sqnr_db")] for e in entries]
    usable = [r for r in rows if isinstance(r[0], str) and isinstance(r[1], float | int | None)]
    return ["value", "SQNR dB"], sorted(usable, key=lambda r: (r[1] is None, r[1]))


def _scale(scale: Scale) -> Any:
    if isinstance(scale, tuple):
        return f"{min(scale):.4g}..{max(scale):.4g}"
    return scale

