"""``edgeq lower``."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from edgeq.bundle import check_target, save
from edgeq.cli.arrays import named_arrays
from edgeq.errors import InputError, MissingToolError
from edgeq.scheme.presets import PRESETS
from edgeq.table import table

if TYPE_CHECKING:
    from edgeq.frontend.lower import Lowered

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("model", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, metavar="NAME.edgeq", help="Bundle to write.")
@click.option("--calib", multiple=True, metavar="[NAME=]X.npy", help="Calibration inputs, float, shape [N, ...].")
@click.option("--wbits", type=int, help="Bits of weights, 2..16; by default the preset's (most: 8).")
@click.option("--abits", type=int, help="Bits of activations, 2..16; by default the preset's (most: 8).")
@click.option("--weights", type=click.Choice(["per_channel", "per_tensor"]),
              help="One weight scale per output channel, or one per layer; by default the preset's.")
@click.option("--preset", default="edgeq", show_default=True,
              help=f"Rules of a known system, see edgeq presets: {', '.join(PRESETS)}.")
@click.option("--acc-bits", default="auto", show_default=True, metavar="auto|N",
              help="Accumulators: the proven width of each layer (ap_fixed: its own), or N bits.")
@click.option("--bias-fraction-bits", type=int, default=0, show_default=True, metavar="N",
              help="Bits that bias and accumulator hold beyond the products, 0..30; 8 suits float-bias kernels.")
@click.option("--out-bits", type=int, help="Quantize the outputs to this many bits; else they have 32.")
@click.option("--input-type", type=click.Choice(["float32", "uint8", "int8"]), default="float32", show_default=True,
              help="What arrives: float arrays, uint8 pixels, or int8 codes.")
@click.option("--mean", help="uint8 pixels: (p/255 - mean)/std; a number, a fraction, or one per channel: 0.5,0.5,0.5.")
@click.option("--std", help="uint8 pixels: see --mean.")
@click.option("--ranges", type=_PATH, metavar="R.yaml", help="Ranges of activations instead of calibration.")
@click.option("--save-ranges", type=_PATH, metavar="R.yaml", help="Write the ranges that calibration found.")
@click.option("--config", type=_PATH, metavar="lower.yaml",
              help="Per layer (glob): wbits, abits, acc, acc_overflow, preset, weights, range, bias_fraction_bits.")
@click.option("--arch", metavar="FILE.py:NAME",
              help="MODEL is a state dict, float or quantized; FILE.py is yours and is imported.")
@click.option("--allow-code", is_flag=True,
              help="Let MODEL run code: pickled modules, TorchScript, torch's own loaders.")
@click.option("--name", help="Name of the graph; by default the bundle's.")
def command(
    model: Path, output: Path, calib: tuple[str, ...], wbits: int | None, abits: int | None, weights: str | None,
    preset: str, acc_bits: str, bias_fraction_bits: int, out_bits: int | None,
    input_type: str, mean: str | None, std: str | None, ranges: Path | None, save_ranges: Path | None,
    config: Path | None, arch: str | None, allow_code: bool, name: str | None,
) -> None:
    """Lower MODEL, a torch.export archive (.pt2), to an integer graph.

    A float model needs calibration inputs (--calib) or ranges (--ranges); one that carries quantize and
    dequantize operators needs neither. Nothing in MODEL is run. Prints the error of each layer, worst first.
    """
    if find_spec("torch") is None:
        raise MissingToolError("edgeq lower needs PyTorch; install it with: pip install torch")
    from edgeq.frontend.lower import lower_program, make_options, read_model
    from edgeq.frontend.ranges import save_ranges as write_ranges

    if save_ranges is not None and not calib:
        raise InputError("--save-ranges writes what calibration finds; give --calib X.npy")
    _check_targets(output, save_ranges)
    options = make_options(wbits, abits, preset, acc_bits, config, weights, out_bits, input_type, mean, std,
                           name or output.name.removesuffix(".edgeq"), bias_fraction_bits)
    loose = _single(named_arrays(calib, None, "--calib"))
    program, notes = read_model(model, arch, loose, allow_code=allow_code)
    if arch is None and not allow_code:
        notes += _other_preset(model, preset)
    calibration = named_arrays(calib, [i.name for i in program.inputs], "--calib") if calib else None
    lowered = lower_program(program, options, calibration, ranges)
    if save_ranges is not None and not lowered.ranges:
        raise InputError("--save-ranges: the model carries its own quantizers; there are no ranges to write")
    if save_ranges is not None:
        write_ranges(save_ranges, lowered.ranges)
    save(lowered.graph, output)
    _report(lowered, notes, output)


def _other_preset(model: Path, preset: str) -> list[str]:
    """Return the note that a model was quantized for another preset."""
    from edgeq.frontend.archive import preset_of

    meant = preset_of(model)
    if meant in (None, preset):
        return []
    return [f"{model}: was quantized for preset {meant} and is lowered with {preset}; give --preset {meant}"]


def _check_targets(output: Path, save_ranges: Path | None) -> None:
    """Refuse what could not be written, before the work is done."""
    from edgeq.frontend.ranges import check_range_target

    check_target(output)
    if save_ranges is None:
        return
    if save_ranges.resolve().is_relative_to(output.resolve()):
        raise InputError(f"--save-ranges {save_ranges}: lies inside the bundle; choose a place outside it")
    check_range_target(save_ranges)


def _single(arrays: dict[str, Any]) -> Any:
    """Return the one array that came without a name, the mapping, or None."""
    if not arrays:
        return None
    return arrays[""] if set(arrays) == {""} else arrays


def _report(lowered: Lowered, notes: list[str], output: Path) -> None:
    for note in [*notes, *lowered.notes]:
        click.echo(f"note: {note}", err=True)
    if lowered.errors:
        worst = sorted(lowered.errors, key=lambda e: (e.sqnr_db is None, e.sqnr_db))
        click.echo(table(["value", "SQNR dB"], [[e.value, e.sqnr_db] for e in worst]))
    graph = lowered.graph
    click.echo(f"{output}: {len(graph.layers)} layers, {graph.parameters:,} parameters")
