"""The network of these tests, and ways to harm a folder."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from edgeq import Graph, GraphBuilder, IntType
from edgeq.artefacts.manifest import dump_yaml
from edgeq.checks import Report


def graph(weight: int = 3) -> Graph:
    """A network that every format can hold."""
    b = GraphBuilder("net")
    x = b.input("x", (2, 2, 2), IntType(8), zero_point=1, scale=0.5)
    y = b.conv2d(x, [[[[weight]], [[-1]]], [[[0]], [[7]]]], [5, 6], weight_type=IntType(4), name="conv")
    y = b.requantize(y, 3, 6, rounding="floor", scale=0.25)
    y = b.linear(b.flatten(y), np.arange(16).reshape(2, 8) - 8, name="fc")
    b.output(b.requantize(y, 5, 9, rounding="floor", scale=0.5), "y")
    return b.build()


INPUTS = {"x": np.arange(-12, 12).reshape(3, 2, 2, 2)}


def failed(report: Report) -> set[str]:
    return {row.subject for row in report.failures}


def relist(folder: Path, path: str) -> None:
    """Put the checksum of a changed file into the manifest, as someone would who means harm."""
    text = (folder / "manifest.yaml").read_text()
    data = yaml.safe_load(text)
    for line in data["files"]:
        if line["path"] == path:
            line["sha256"] = hashlib.sha256((folder / path).read_bytes()).hexdigest()
    (folder / "manifest.yaml").write_bytes(dump_yaml(data))


def edit(folder: Path, change: Any) -> None:
    data = yaml.safe_load((folder / "manifest.yaml").read_text())
    change(data)
    (folder / "manifest.yaml").write_bytes(dump_yaml(data))


def flip(path: Path) -> None:
    """Flip the lowest bit of a byte near the end: a value, a digit or a character."""
    data = bytearray(path.read_bytes())
    data[-2 if len(data) > 1 else -1] ^= 1
    path.write_bytes(bytes(data))
