"""What is measured of a compressed network, and the table that a run leaves behind."""

from __future__ import annotations

import copy
import platform
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import edgeq
from edgeq import compress
from edgeq.agreement import LayerAgreement, agreement
from edgeq.compress.training import Examples, count_correct
from edgeq.table import table

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "examples" / "lenet5"))
from road import integer_answers

COMPARED = 500
"""Test images whose every activation is compared with the fake-quantized forward in float64."""


@dataclass(frozen=True)
class Measured:
    """One network: right answers of the fake-quantized model and of its integers, bytes of its file, agreement."""

    name: str
    fake_right: int
    right: int
    count: int
    bytes: int
    float32: int
    layers: tuple[LayerAgreement, ...]
    note: str = ""

    @property
    def percent(self) -> float:
        """Right answers of the integers, in per cent."""
        return 100 * self.right / self.count


def file_bytes(graph: edgeq.Graph) -> int:
    """Return the bytes on disk of the whole network: weights, biases, multipliers and graph."""
    with tempfile.TemporaryDirectory() as folder:
        edgeq.emit(graph, "eqbin", Path(folder) / "out", inline=16, text="zlib", align=1, remarks=False)
        return sum(path.stat().st_size for path in Path(folder).rglob("*.eqbin"))


def measure(name: str, quantized: Any, test: Examples, float32: int, note: str = "") -> Measured:
    """Convert, lower and simulate a quantized model; ``float32`` are the bytes of the dense network's numbers."""
    graph = edgeq.lower(compress.convert(quantized))
    x, y = test.x.numpy(), test.y.numpy()
    right = int((integer_answers(graph, x) == y).sum())
    layers = agreement(copy.deepcopy(quantized).double(), graph, x[:COMPARED])
    return Measured(name, count_correct(quantized, test), right, len(y), file_bytes(graph), float32, layers, note)


def accuracy_table(rows: Sequence[Measured], dense: int) -> str:
    """Return right answers and bytes, each row beside the dense float network's ``dense`` right answers."""
    head = ["network", "fake-quantized", "integers", "of", "against dense float", ".eqbin bytes", "float32 / it", ""]
    lines = [[r.name, r.fake_right, r.right, r.count, f"{100 * (r.right - dense) / r.count:+.2f} points", r.bytes,
              f"{r.float32 / r.bytes:.1f}", r.note] for r in rows]
    return table(head, lines)


def agreement_table(rows: Sequence[Measured]) -> str:
    """Return, per network and layer, the fraction of activations that differ from the float64 forward."""
    head = ["network", "layer", "values", "differ", "fraction", "by steps"]
    lines = [[r.name, a.layer, a.values, a.differing, f"{a.fraction:.2g}", a.largest] for r in rows for a in r.layers]
    return table(head, lines)


def write_result(folder: Path, name: str, command: str, seed: int, tables: Sequence[str]) -> Path:
    """Write the tables of a run with its command, seed and versions; return the file."""
    versions = (f"edgeq {edgeq.__version__}, Python {platform.python_version()}, torch {torch.__version__}, "
                f"numpy {np.__version__}, {platform.machine()}, {torch.get_num_threads()} thread")
    body = "\n\n".join(f"```\n{text.rstrip()}\n```" for text in tables)
    path = folder / f"{name}.md"
    path.write_text(f"# {name}\n\n    {command}\n\nSeed {seed}; {versions}.\n\n{body}\n")
    return path
