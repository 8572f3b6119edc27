"""The log of one run of a command that trains: what it was told, each epoch, and the layers before and after.

A log holds no time and no folder: the same run gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from edgeq.artefacts.manifest import dump_yaml, parse_yaml
from edgeq.artefacts.regular import require_regular
from edgeq.errors import InputError, shown
from edgeq.report.fields import Fields

VERSION = 1
LARGEST = 1 << 24
"""Bytes of a log that are read at most."""
FLOAT_BITS = 32
_LARGEST_LOSS = 1e30


@dataclass(frozen=True)
class Layer:
    """One weight or layer; None where a thing is not known or not there.

    ``bits`` and ``method`` tell how the weight is stored, ``scale`` the least and largest of its channels, ``codes``
    how many different codes it uses; ``result_...`` are those of the quantizer behind it.
    """

    name: str
    shape: tuple[int, ...] | None = None
    parameters: int | None = None
    nonzero: int | None = None
    macs: int | None = None
    macs_left: int | None = None
    method: str | None = None
    bits: int | None = None
    scale: tuple[float, float] | None = None
    codes: int | None = None
    result_method: str | None = None
    result_bits: int | None = None
    result_scale: float | None = None
    zero_point: int | None = None

    @property
    def stored_bits(self) -> int:
        """Bits of each number of the weight."""
        return self.bits or FLOAT_BITS

    @property
    def stored_bytes(self) -> int:
        """Bytes of the weight, every number at its bits."""
        return -(-(self.parameters or 0) * self.stored_bits // 8)

    @property
    def sparsity(self) -> float | None:
        """The fraction of zeros."""
        if not self.parameters or self.nonzero is None:
            return None
        return 1 - self.nonzero / self.parameters


@dataclass(frozen=True)
class Accuracy:
    """How many examples were right at one point of the run."""

    when: str
    right: int
    of: int


@dataclass(frozen=True)
class Epoch:
    """Mean loss of an epoch, and how many validation examples were right after it."""

    loss: float
    right: int | None = None


@dataclass(frozen=True)
class Run:
    """One run: the command, its options and recipe, the versions that made it, and what came of it."""

    command: str
    versions: Mapping[str, str]
    options: Mapping[str, Any]
    recipe: Mapping[str, Any] | None = None
    validation: int | None = None
    accuracy: tuple[Accuracy, ...] = ()
    epochs: tuple[Epoch, ...] = ()
    before: tuple[Layer, ...] = ()
    after: tuple[Layer, ...] = ()
    name: str = field(default="run", compare=False)


def run_bytes(run: Run) -> bytes:
    """Return the log as YAML; what is None is left out of layers."""
    plain = asdict(run)
    for part in ("before", "after"):
        plain[part] = [_filled(layer) for layer in plain[part]]
    for part in ("accuracy", "epochs"):
        plain[part] = list(plain[part])
    del plain["name"]
    return dump_yaml({"edgeq_run": VERSION, **plain})


def read_run(path: Path) -> Run:
    """Read a log; raises InputError naming file and fault."""
    require_regular(path, InputError)
    if path.stat().st_size > LARGEST:
        raise InputError(f"{path}: has {path.stat().st_size:,} bytes, a log at most {LARGEST:,}; is it a log of edgeq?")
    data = parse_yaml(path.read_bytes(), str(path), InputError)
    if not isinstance(data, dict) or "edgeq_run" not in data:
        raise InputError(f"{path}: is no log of a run; edgeq prune and edgeq quantize write one with --log")
    if data["edgeq_run"] != VERSION:
        raise InputError(f"{path}: version {shown(data['edgeq_run'])} is unknown; this edgeq reads version {VERSION}")
    return _run(Fields(str(path), data), path.stem)


def _filled(layer: Mapping[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, tuple) else value
            for name, value in layer.items() if value is not None}


def _run(given: Fields, name: str) -> Run:
    given.only("edgeq_run", "command", "versions", "options", "recipe", "validation", "accuracy", "epochs", "before",
               "after")
    return Run(
        given.text("command"), given.texts("versions"), given.mapping("options"), given.mapping_or_none("recipe"),
        given.count_or_none("validation"), tuple(map(_accuracy, given.items("accuracy"))),
        tuple(map(_epoch, given.items("epochs"))), tuple(map(_layer, given.items("before"))),
        tuple(map(_layer, given.items("after"))), name)


def _accuracy(given: Fields) -> Accuracy:
    given.only("when", "right", "of")
    made = Accuracy(given.text("when"), given.count("right"), given.count("of"))
    given.require(made.right <= made.of, f"{made.right} right of {made.of}")
    return made


def _epoch(given: Fields) -> Epoch:
    given.only("loss", "right")
    loss = given.number("loss")
    given.require(abs(loss) <= _LARGEST_LOSS, f"loss is {loss:g}, expected at most {_LARGEST_LOSS:g}")
    return Epoch(loss, given.count_or_none("right"))


def _layer(given: Fields) -> Layer:
    given.only(*Layer.__dataclass_fields__)
    texts = {key: given.text_or_none(key) for key in ("method", "result_method")}
    counts = {key: given.count_or_none(key) for key in (
        "parameters", "nonzero", "macs", "macs_left", "bits", "codes", "result_bits")}
    scale = given.numbers_or_none("scale")
    given.require(scale is None or len(scale) == 2, "scale must be the least and the largest, two numbers")
    shape = given.numbers_or_none("shape")
    made = Layer(
        given.text("name"), None if shape is None else tuple(int(n) for n in shape), **counts, **texts,  # type: ignore[arg-type]
        scale=None if scale is None else (scale[0], scale[1]),
        result_scale=given.number_or_none("result_scale"), zero_point=given.whole_or_none("zero_point"))
    given.require((made.nonzero or 0) <= (made.parameters or 0), "more numbers are not zero than there are")
    return made
