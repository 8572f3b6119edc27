"""Outputs that float32 kernels give differently from their formulas and from the integers, on 30 layers of 200 images.

``python benchmarks/fidelity.py`` prints a row per kernel, kind of layer and bits of activations. The layers are those
of the judges in tests/float_kernels. Rows of 8-bit activations need a CPU with VNNI: without it the kernels' sums of
two products saturate.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from edgeq.table import table  # noqa: E402
from tests.float_kernels.layers import Case, cases  # noqa: E402
from tests.float_kernels.measure import Count, measure_onnx, measure_torch, total  # noqa: E402
from tests.float_kernels.torch_kernels import ENGINES, has_vnni, missing  # noqa: E402

HEAD = ["kernel", "layers", "activations", "n", "outputs", "not the formula", "integers differ", "8 fraction bits"]
Measure = Callable[[list[Case]], list[Count]]


def rows(kernel: str, measure: Measure) -> Iterator[list[Any]]:
    """Yield a row per kind and width, then one for all."""
    every: list[Count] = []
    for bits in (7, 8) if has_vnni() else (7,):
        for kind in ("conv", "depthwise", "linear"):
            counts = measure([c for c in cases() if (c.bits, c.kind) == (bits, kind)])
            every += counts
            yield row(kernel, kind, f"{bits} bit", counts)
    yield row(kernel, "all", "7 and 8 bit" if has_vnni() else "7 bit", every)


def row(kernel: str, kind: str, bits: str, counts: list[Count]) -> list[Any]:
    """Return the cells of a row; rates are of the outputs."""
    outputs, formula, integers, finer = total(counts)
    return [kernel, kind, bits, len(counts), outputs, formula, f"{integers / outputs:.1e}", f"{finer / outputs:.1e}"]


def main() -> None:
    """Print the table, and what cannot be measured here."""
    found: list[list[Any]] = []
    notes = [] if has_vnni() else ["no avx512_vnni: only the rows of 7-bit activations"]
    for engine in ENGINES:
        reason = missing(engine)
        if reason:
            notes.append(f"{engine}: {reason}")
        else:
            found += rows(engine, lambda layers, engine=engine: measure_torch(engine, layers))
    found += rows("onnxruntime", measure_onnx)
    print(table(HEAD, found))
    print("\n".join([*notes, "xnnpack: no package here runs its kernels"]))


if __name__ == "__main__":
    main()
