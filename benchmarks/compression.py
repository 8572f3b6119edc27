"""Accuracy by the integer simulator, and bytes on disk, of compressed networks: LeNet-5 on MNIST, ResNet-8 on CIFAR-10.

``python benchmarks/compression.py [NAME ...]`` runs the roads of that name, all by default, on the data under
EDGEQ_DATA, and writes a table for each into ``benchmarks/results``. Trained networks that several roads begin with are
kept in ``--cache``.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import torch

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.roads import channels, deep, few_bits, resnet8  # noqa: E402
from benchmarks.roads.lenet5 import SEED, Mnist, dense, load_mnist  # noqa: E402
from benchmarks.roads.measured import Measured, accuracy_table, agreement_table, write_result  # noqa: E402
from edgeq.compress.training import count_correct  # noqa: E402

LENET5: dict[str, Callable[[Mnist, Path], Iterator[Measured]]] = {
    "lenet5-sparse": few_bits.sparse,
    "lenet5-few-bits": few_bits.few_bits,
    "lenet5-binary": few_bits.binary,
    "lenet5-channels": channels.half,
    "lenet5-deep-compression": deep.deep,
}
RESNET8 = "resnet8-without-training"
NAMES = (*LENET5, RESNET8)


def run_lenet5(name: str, mnist: Mnist, cache: Path, results: Path) -> None:
    """Run one road of LeNet-5 and write its tables."""
    base = count_correct(dense(mnist, cache), mnist.test)
    _write(name, LENET5[name](mnist, cache), base, results)


def run_resnet8(data: Path, results: Path) -> None:
    """Run ResNet-8's road and write its tables."""
    base, found = resnet8.without_training(data)
    _write(RESNET8, found, base, results)


def _write(name: str, found: Iterator[Measured], base: int, results: Path) -> None:
    """Write the tables of a road, anew after each network."""
    rows: list[Measured] = []
    for row in found:
        rows.append(row)
        first = f"dense float32: {base} of {row.count} right"
        tables = [f"{first}\n\n{accuracy_table(rows, base)}", agreement_table(rows)]
        path = write_result(results, name, f"python benchmarks/compression.py {name}", SEED, tables)
    print(path.read_text())


def main() -> None:
    """Run the roads that the command line names."""
    parser = argparse.ArgumentParser(description="Measure compressed networks.")
    parser.add_argument("names", nargs="*", choices=[[], *NAMES], metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--cache", type=Path, help="folder of trained networks; without it each run trains anew")
    parser.add_argument("--results", type=Path, default=ROOT / "benchmarks" / "results")
    args = parser.parse_args()
    data = os.environ.get("EDGEQ_DATA")
    if not data:
        sys.exit("set EDGEQ_DATA to the folder that holds mnist/ and resnet8_cifar10/")
    torch.set_num_threads(1)
    args.results.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        cache = args.cache or Path(folder)
        cache.mkdir(exist_ok=True)
        chosen = args.names or NAMES
        mnist = load_mnist(Path(data)) if set(chosen) & set(LENET5) else None
        for name in chosen:
            if mnist is not None and name != RESNET8:
                run_lenet5(name, mnist, cache, args.results)
            else:
                run_resnet8(Path(data), args.results)


if __name__ == "__main__":
    main()
