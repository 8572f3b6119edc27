"""Lower a trained model to an integer graph: the road from a file or a module to `edgeq.Graph`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

from edgeq.errors import CalibrationError, InputError, OverflowDetected
from edgeq.frontend.archive import read_archive
from edgeq.frontend.batch import rebatch
from edgeq.frontend.capture import capture
from edgeq.frontend.context import Context
from edgeq.frontend.fidelity import LayerError, layer_errors
from edgeq.frontend.float_graph import FloatGraph, FloatNode
from edgeq.frontend.fold import fold
from edgeq.frontend.inputs import InputChoice, calibration_arrays, fractions
from edgeq.frontend.insert import (
    QUANTIZER,
    Point,
    effects_of,
    insert,
    is_quantized,
    missing_points,
    points,
    with_padding,
)
from edgeq.frontend.integers import Integers
from edgeq.frontend.program import Program
from edgeq.frontend.ranges import Range, load_ranges, observe
from edgeq.frontend.settings import LayerSettings, Settings, make_settings
from edgeq.frontend.state_dict import load_state_dict_model, load_with_code
from edgeq.frontend.translate import translate
from edgeq.frontend.weights import Weights
from edgeq.ir.builder import GraphBuilder
from edgeq.ir.graph import Graph
from edgeq.ir.tensor import Array


@dataclass(frozen=True)
class Lowered:
    """A lowering and what it found: ranges by layer, errors by layer (with calibration data), notes for the user."""

    graph: Graph
    ranges: Mapping[str, Range]
    errors: tuple[LayerError, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True)
class Options:
    """How to lower: per-layer settings, accumulators and outputs, how the input arrives."""

    settings: Settings
    out_bits: int | None = None
    input: InputChoice = field(default_factory=InputChoice)
    name: str = "net"

    def quantizes(self, layer: str) -> bool:
        """Tell whether a result of this layer that leaves the network is quantized."""
        return self.out_bits is not None or self.settings.of(layer).rules.activations.outputs

    def fixes(self, node: FloatNode) -> bool:
        """Tell whether the preset fixes the codes of an operator's result."""
        chosen = self.settings.of(node.layer)
        return node.op.codes(chosen.activation_bits, chosen.rules) is not None


def lower(
    model: Any, example_inputs: Any = None, calibration: Any = None, wbits: int | None = None,
    abits: int | None = None, preset: str = "edgeq", acc_bits: str | int = "auto",
    ranges: str | Path | Mapping[str, Range] | None = None,
    config: str | Path | Mapping[str, Any] | None = None, *, weights: str | None = None, out_bits: int | None = None,
    input_type: str = "float32", mean: Any = None, std: Any = None, name: str | None = None,
    bias_fraction_bits: int = 0,
) -> Graph:
    """Return the integer graph of a trained model.

    ``model`` is an nn.Module, float or quantized (FX graph mode, eager mode, pt2e), a ScriptModule, an
    ExportedProgram, or the path of a torch.export archive, which is read without running anything in it.
    ``example_inputs`` (a tuple of tensors) is needed for a module. A float model needs ``calibration``
    (array (N, ...), or a mapping by input name) or ``ranges``; a quantized model needs neither, unless a table reads a
    sum that its quantizers left alone. ``preset`` names a
    system (`edgeq presets`); ``wbits`` and ``abits`` (2..16), ``weights`` (per_channel or per_tensor) are the
    preset's unless given. ``acc_bits`` is auto or a number, ``config`` a file or mapping of per-layer settings,
    ``bias_fraction_bits`` what bias and accumulator hold beyond the products.

    Raises ModelError and its kin, CalibrationError, InputError.
    """
    options = make_options(wbits, abits, preset, acc_bits, config, weights, out_bits, input_type, mean, std, name,
                           bias_fraction_bits)
    program = read_archive(model) if isinstance(model, str | Path) else capture(model, example_inputs)
    return lower_program(program, options, calibration, ranges).graph


def make_options(
    wbits: int | None = None, abits: int | None = None, preset: str = "edgeq", acc_bits: str | int = "auto",
    config: str | Path | Mapping[str, Any] | None = None, weights: str | None = None, out_bits: int | None = None,
    input_type: str = "float32", mean: Any = None, std: Any = None, name: str | None = None,
    bias_fraction_bits: int = 0,
) -> Options:
    """Return checked options; raises InputError naming the one that does not fit."""
    acc = None if acc_bits == "auto" else acc_bits
    if isinstance(acc, str):
        if not re.fullmatch("[0-9]{1,3}", acc):
            raise InputError(f"acc-bits must be auto or a number of bits, got {acc[:20]!r}")
        acc = int(acc)
    if out_bits is not None and not 2 <= out_bits <= 32:
        raise InputError(f"out-bits must be 2..32, got {out_bits}")
    default = LayerSettings(wbits=wbits, abits=abits, preset=preset, weights=weights, acc=acc,
                            bias_fraction_bits=bias_fraction_bits)
    choice = InputChoice(input_type, fractions(mean, Fraction(0)), fractions(std, Fraction(1)))
    return Options(make_settings(default, config), out_bits, choice, name or "net")


def read_model(path: Path, arch: str | None, calibration: Any, *, allow_code: bool) -> tuple[Program, list[str]]:
    """Return the program of a model file and notes; ``arch`` is FILE.py:NAME for a state dict."""
    if arch is not None:
        loaded = load_state_dict_model(path, arch)
        notes = [f"weights not used by the model: {', '.join(loaded.unexpected)}"] if loaded.unexpected else []
        return capture(loaded.model, loaded.example_inputs or _example(calibration, path, arch)), notes
    if allow_code:
        model = load_with_code(path)
        return capture(model, None if type(model).__name__ == "ExportedProgram" else _example(calibration, path)), []
    return read_archive(path), []


def _example(calibration: Any, path: Path, arch: str | None = None) -> tuple[Any, ...]:
    """Return two samples of the calibration data to trace the model with."""
    if calibration is None:
        nor = f" and {arch.rpartition(':')[0]} no example_inputs (tensors)" if arch else ""
        raise CalibrationError(
            f"{path}: holds no graph{nor}, so an input is needed to trace the model; give --calib X.npy"
        )
    arrays = list(calibration.values()) if isinstance(calibration, Mapping) else [calibration]
    return tuple(a[:2] for a in arrays)


def lower_program(
    program: Program, options: Options, calibration: Any = None,
    ranges: str | Path | Mapping[str, Range] | None = None,
) -> Lowered:
    """Lower a captured program; see `lower`."""
    program = rebatch(program)
    graph = fold(translate(program, Weights(program)), _sample_shapes(program))
    data = None if calibration is None else calibration_arrays(program, calibration, options.input)
    quantized = is_quantized(graph)
    ranged = data is not None or ranges is not None
    missing = missing_points(graph) if quantized and ranged else []
    chosen = missing if quantized else points(graph, options.quantizes, options.fixes)
    effects = {p.layer: _effects(options.settings, p) for p in chosen}
    for layer, names in effects_of(graph).items():
        effects[layer] = effects.get(layer, frozenset()) | names
    options.settings.check_used(effects)
    for layer in effects:
        options.settings.of(layer)
    found: dict[str, Range] = {}
    if quantized:
        _refuse_idle(options.settings.default, effects)
        if (ranges is not None and not chosen) or options.out_bits is not None:
            what = "out-bits do" if options.out_bits is not None else "ranges do"
            raise InputError(f"the model carries its own quantizers; {what} not apply to it")
    if chosen or not quantized:
        found = _ranges(program, graph, chosen, data, ranges, options.settings)
        graph = insert(graph, chosen, found, options.settings, options.out_bits)
    return _integers(program, graph, options, data, found, stored=ranges is None)


def _effects(settings: Settings, point: Point) -> frozenset[str]:
    """Return the settings that matter to a quantized value: with a fixed scale its range does not."""
    chosen = settings.of(point.layer)
    fixed = chosen.rules.activations.scale == "fixed" or point.codes(chosen.activation_bits, chosen.rules) is not None
    return QUANTIZER - {"range"} if fixed else QUANTIZER


def _refuse_idle(default: LayerSettings, effects: Mapping[str, frozenset[str]]) -> None:
    """Refuse a choice that a model with its own quantizers leaves no room for."""
    usual = LayerSettings()
    for name in ("wbits", "abits", "weights"):
        used = any(name in names for names in effects.values())
        if not used and getattr(default, name) != getattr(usual, name):
            raise InputError(f"the model carries its own quantizers; {name} does not apply to it")


def _integers(
    program: Program, graph: FloatGraph, options: Options, data: Mapping[str, Array] | None,
    found: Mapping[str, Range], *, stored: bool,
) -> Lowered:
    builder = GraphBuilder(options.name)
    lowering = Context(options.settings, builder, out_bits=options.out_bits)
    for item in graph.inputs:
        said = options.input.beyond_pixels(*found[item.name]) if item.name in found else None
        lowering.notes += [f"input '{item.name}' {said}"] if said else []
    Integers(lowering, options.input.quantization).lower(graph)
    default = options.settings.default
    builder.metadata["lowering"] = {
        "preset": default.preset, "wbits": default.weight_bits, "abits": default.activation_bits,
        "weights": default.granularity, "bias_fraction_bits": default.bias_fraction_bits,
        "notes": list(lowering.notes),
    }
    traced = list({builder.name_of(value): real for value, real in lowering.traced}.items())
    errors = _errors(builder.build(), program, traced, data, lowering.notes)
    if errors and stored:
        builder.metadata["error"] = [{"value": e.value, "sqnr_db": e.sqnr_db} for e in errors]
    return Lowered(builder.build(), found, tuple(errors), tuple(lowering.notes))


def _errors(
    graph: Graph, program: Program, traced: list[tuple[str, str]], data: Mapping[str, Array] | None, notes: list[str]
) -> list[LayerError]:
    """Return the error of each value on the calibration data, none when an accumulator stops the run."""
    if data is None:
        return []
    try:
        return layer_errors(graph, program, traced, data)
    except OverflowDetected as error:
        notes.append(f"the calibration data overflow an accumulator, so no error is measured: {error}")
        return []


def _ranges(
    program: Program, graph: FloatGraph, chosen: list[Point], data: Mapping[str, Array] | None,
    given: str | Path | Mapping[str, Range] | None, settings: Settings,
) -> dict[str, Range]:
    """Return the range of each point by layer name: given, or observed on calibration data."""
    rules = {p.layer: settings.of(p.layer).rules.activations for p in chosen}
    if data is None and given is None and all(r.scale == "fixed" for r in rules.values()):
        return {}
    names = [p.layer for p in chosen]
    if isinstance(given, Mapping):
        missing = [n for n in names if n not in given]
        if missing:
            raise CalibrationError(f"ranges: none for '{missing[0]}'")
        return {n: (float(given[n][0]), float(given[n][1])) for n in names}
    if given is not None:
        return load_ranges(Path(given), names)
    if data is None:
        raise CalibrationError(
            "this is a float model: its activations need ranges. Give calibration inputs (--calib X.npy, shape "
            "[N, ...]) or a range file (--ranges R.yaml)"
        )
    values = {p.layer: p.unlimited if rules[p.layer].before_limit else p.value for p in chosen}
    cover = {values[layer]: rule.cover for layer, rule in rules.items() if rule.cover is not None}
    seen = observe(program, data, values.values(), cover)
    return {p.layer: with_padding(seen[values[p.layer]], graph, p) for p in chosen}


def _sample_shapes(program: Program) -> dict[str, tuple[int, ...]]:
    shapes = {name: tuple(int(d or 0) for d in kind.shape[1:]) for name, kind in program.types.items()}
    return shapes | {i.name: tuple(int(d or 0) for d in i.shape[1:]) for i in program.inputs}
