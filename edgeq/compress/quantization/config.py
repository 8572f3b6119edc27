"""Hold how a model is to be quantized: as mappings in Python, or read from YAML.

::

    preset: edgeq
    mode: qat
    weights: {method: uniform, bits: 8}
    activations: {method: uniform, bits: 8}
    layers:
      "fc*": {weights: {bits: 4}}

Patterns are globs on layer names, those of inputs and of operators without weights included; of two that match a layer
the later one holds, field by field.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from edgeq.artefacts.manifest import parse_yaml
from edgeq.errors import InputError, shown
from edgeq.scheme.presets import Preset, preset

MODES = ("ptq", "qat")
BATCH_NORMS = ("fold", "keep")
_KINDS = ("weights", "activations")
_COARSE = frozenset({"binary", "ternary", "codebook"})
_COARSE_RESULTS = frozenset({"binary"})
_NOT_FOR_INPUTS = frozenset({"binary", "dorefa"})
_OWN_BITS = {"binary": 1, "ternary": 2}
_LISTED = 30


@dataclass(frozen=True)
class Quantizer:
    """A method by name, its bits (None: not quantized), and the method's own options."""

    method: str = "uniform"
    bits: int | None = 8
    options: Mapping[str, Any] = field(default_factory=dict)

    def changed(self, changes: Mapping[str, Any]) -> Quantizer:
        """Return it with fields changed; another method starts without options.

        Bits that only say the method (binary 1, ternary 2) do not pass on to another: it has 8 unless given.
        """
        method = changes.get("method", self.method)
        same = method == self.method
        own = {k: v for k, v in changes.items() if k not in ("method", "bits")}
        kept = Quantizer.bits if self.method in _OWN_BITS and self.bits == _OWN_BITS[self.method] else self.bits
        bits = changes.get("bits", self.bits if same else _OWN_BITS.get(method, kept))
        return Quantizer(method, bits, {**(self.options if same else {}), **own})

    def at_least(self, bits: int, coarse: frozenset[str]) -> Quantizer:
        """Return it with at least so many bits; ``coarse`` methods, which cannot have them, become uniform."""
        if self.bits is None:
            return self
        if self.method in coarse:
            return Quantizer("uniform", bits)
        return replace(self, bits=max(self.bits, bits))


@dataclass(frozen=True)
class Reconstruct:
    """How long each layer's rounding is fitted to its output: Adam's steps and rate, rows per step; a seed."""

    steps: int = 200
    lr: float = 0.05
    batch: int = 1024
    seed: int = 0


@dataclass(frozen=True)
class Refine:
    """What is done to weights and biases before and after they are quantized."""

    equalize: bool = False
    bias_correction: bool = False
    reconstruct: Reconstruct | None = None

    @property
    def needs_data(self) -> bool:
        """Tell whether calibration data are needed."""
        return self.bias_correction or self.reconstruct is not None


@dataclass(frozen=True)
class QuantConfig:
    """How a model is to be quantized.

    ``preset`` names the system whose roundings hold. ``mode``: ``ptq``, nothing trains; ``qat``. ``batch_norm``:
    ``fold`` into the weights before they are quantized, ``keep`` after them. ``first_last_bits``: least bits of the
    first and last layer's weights and of what these layers read, None for no exception; a pattern in ``layers`` that
    gives bits or a method has the last word. ``layers``: pattern to changes of ``weights`` and ``activations``, the
    latter those of the layer's result.
    """

    preset: str = "edgeq"
    mode: str = "qat"
    batch_norm: str = "fold"
    first_last_bits: int | None = 8
    weights: Quantizer = field(default_factory=Quantizer)
    activations: Quantizer = field(default_factory=Quantizer)
    layers: Mapping[str, Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    refine: Refine = field(default_factory=Refine)

    def __post_init__(self) -> None:
        if not isinstance(self.preset, str):
            raise InputError(f"config: preset is {shown(self.preset)}, expected a name")
        preset(self.preset)
        _check_choice("mode", self.mode, MODES)
        _check_choice("batch_norm", self.batch_norm, BATCH_NORMS)
        _check_bits("first_last_bits", self.first_last_bits)
        if self.refine.reconstruct is not None and self.mode != "ptq":
            raise InputError("config: refine: reconstruct fixes the codes that mode qat trains; use mode: ptq")

    @property
    def rules(self) -> Preset:
        """The preset's rules."""
        return preset(self.preset)

    def weights_of(self, layer: str, *, outermost: bool) -> Quantizer:
        """Return the quantizer of a layer's weight; ``outermost`` tells that the layer is a first or a last one."""
        return self._of(layer, "weights", self.weights, _COARSE if outermost else None)

    def folds(self, chosen: Quantizer) -> bool:
        """Tell whether a batch norm goes into weights before they are quantized; dorefa squeezes these into -1..1."""
        return self.batch_norm == "fold" and chosen.method != "dorefa"

    def factors_of(self, layer: str) -> Quantizer:
        """Return the quantizer of the factors of a batch norm that is a layer by itself."""
        return self._of(layer, "weights", self.weights, _COARSE | {"dorefa"})

    def activations_of(self, layer: str, *, outermost: bool, is_input: bool) -> Quantizer:
        """Return the quantizer of a layer's result; ``outermost``: a first or a last layer reads it."""
        coarse = _NOT_FOR_INPUTS if is_input else _COARSE_RESULTS
        return self._of(layer, "activations", self.activations, coarse if outermost or is_input else None)

    def _of(self, layer: str, kind: str, chosen: Quantizer, coarse: frozenset[str] | None) -> Quantizer:
        changes = [fields[kind] for pattern, fields in self.layers.items()
                   if kind in fields and fnmatchcase(layer, pattern)]
        said = any({"bits", "method"} & set(each) for each in changes)
        if coarse is not None and not said and self.first_last_bits is not None:
            chosen = chosen.at_least(self.first_last_bits, coarse)
        for each in changes:
            chosen = chosen.changed(each)
        return chosen

    def asks_for_output(self, layer: str) -> bool:
        """Tell whether a result that leaves the network is quantized: by the preset, or under its very name."""
        return self.rules.activations.outputs or "activations" in self.layers.get(layer, {})

    def check_layers(self, weighted: Iterable[str], quantized: Iterable[str]) -> None:
        """Raise InputError for a pattern that changes nothing: one for no weight, or for no quantized result."""
        names = {"weights": list(weighted), "activations": list(quantized)}
        for pattern, changes in self.layers.items():
            for kind in changes:
                if not any(fnmatchcase(name, pattern) for name in names[kind]):
                    what = "layer with a weight" if kind == "weights" else "layer whose result is quantized"
                    found = _listed(names[kind])
                    raise InputError(f"config: layers: {shown(pattern)} matches no {what}; they are {found}")


def make_config(config: QuantConfig | Mapping[str, Any] | None) -> QuantConfig:
    """Return the configuration of a mapping; raises InputError for a field that is unknown or wrong."""
    if config is None or isinstance(config, QuantConfig):
        return config or QuantConfig()
    if isinstance(config, str | Path):
        raise InputError(f"config is the path {shown(str(config))}; give compress.load_config of it")
    given = dict(_mapping("config", config, [f.name for f in fields(QuantConfig)]))
    for kind in _KINDS:
        if kind in given:
            given[kind] = Quantizer().changed(_changes(f"config: {kind}", given[kind]))
    if "layers" in given:
        given["layers"] = _layers(given["layers"])
    if "refine" in given:
        given["refine"] = _refine(given["refine"])
    return QuantConfig(**given)


def load_config(path: str | Path) -> QuantConfig:
    """Read a YAML file; raises InputError naming file and fault."""
    path = Path(path)
    if not path.is_file():
        raise InputError(f"{path}: no such file of a quantization")
    data = parse_yaml(path.read_bytes(), str(path), InputError)
    try:
        return make_config({} if data is None else data)
    except InputError as error:
        raise InputError(f"{path}: {error}") from None


def _layers(given: object) -> dict[str, dict[str, Mapping[str, Any]]]:
    if not isinstance(given, Mapping):
        raise InputError(f"config: layers is {shown(given)}, expected a mapping from patterns of layer names")
    found: dict[str, dict[str, Mapping[str, Any]]] = {}
    for pattern, changes in given.items():
        where = f"config: layers: {shown(pattern)}"
        if not isinstance(pattern, str):
            raise InputError(f"{where} is no pattern, expected a glob such as 'conv*'")
        items = _mapping(where, changes, _KINDS)
        if not items:
            raise InputError(f"{where} changes nothing; give weights or activations")
        found[pattern] = {kind: _changes(f"{where}: {kind}", items[kind]) for kind in items}
    return found


def _changes(where: str, given: object) -> Mapping[str, Any]:
    """Return the fields of a quantizer; the method's own options are checked where the quantizer is made."""
    if not isinstance(given, Mapping) or not all(isinstance(name, str) for name in given):
        raise InputError(f"{where} is {shown(given)}, expected fields such as method and bits")
    if "method" in given and not isinstance(given["method"], str):
        raise InputError(f"{where}: method is {shown(given['method'])}, expected a name")
    _check_bits(f"{where}: bits", given.get("bits"))
    return dict(given)


def _refine(given: object) -> Refine:
    items = dict(_mapping("config: refine", given, [f.name for f in fields(Refine)]))
    for name in ("equalize", "bias_correction"):
        if not isinstance(items.get(name, False), bool):
            raise InputError(f"config: refine: {name} is {shown(items[name])}, expected true or false")
    if items.get("reconstruct") is not None:
        where = "config: refine: reconstruct"
        chosen = _mapping(where, items["reconstruct"], [f.name for f in fields(Reconstruct)])
        for name, value in chosen.items():
            wrong = isinstance(value, bool) or not isinstance(value, int | float if name == "lr" else int)
            if wrong or not value >= 0 or (name != "seed" and not value):
                raise InputError(f"{where}: {name} is {shown(value)}, expected a number above 0")
        items["reconstruct"] = Reconstruct(**chosen)
    return Refine(**items)


def _mapping(where: str, given: object, known: Iterable[str]) -> Mapping[str, Any]:
    names = list(known)
    if not isinstance(given, Mapping):
        raise InputError(f"{where} is {shown(given)}, expected a mapping with fields {', '.join(names)}")
    unknown = [name for name in given if name not in names]
    if unknown:
        raise InputError(f"{where}: unknown field {shown(unknown[0])}; the fields are {', '.join(names)}")
    return given


def _check_choice(what: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"config: {what} is {shown(value)}, expected {' or '.join(choices)}")


def _check_bits(where: str, bits: object) -> None:
    """Raise InputError unless bits are 1..16 or None; which of them a method has, it says itself."""
    if bits is not None and (isinstance(bits, bool) or not isinstance(bits, int) or not 1 <= bits <= 16):
        raise InputError(f"{where} is {shown(bits)}, expected a number of bits 1..16, or null")


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return (", ".join(names[:_LISTED]) or "none") + more
