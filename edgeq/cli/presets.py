"""``edgeq presets``."""

from __future__ import annotations

import json

import click

from edgeq.scheme.presets import FLOAT_KERNELS, PRESETS, Preset
from edgeq.table import table


@click.command()
@click.option("--json", "as_json", is_flag=True, help="The same as JSON.")
def command(as_json: bool) -> None:
    """Show the rules of every preset of edgeq lower, and where each system states them."""
    rows = [row(p) for p in PRESETS.values()]
    if as_json:
        click.echo(json.dumps({"presets": rows, "float_kernels": list(FLOAT_KERNELS)}, indent=1))
        return
    for names in _TABLES:
        head = ["preset", *names]
        click.echo(table(head, [[r[name] for name in head] for r in rows]) + "\n")
    click.echo(f"float32 kernels, for edgeq compare --kernel: {', '.join(FLOAT_KERNELS)}")


def row(preset: Preset) -> dict[str, str]:
    """Return a preset's rules in a few words each."""
    rescale, rounding, domain = preset.rescale, *preset.average
    return {
        "preset": preset.name, "bits": _bits(preset), "multiplier": _multiplier(preset),
        "rounding": rescale.rounding.name, "overflow": rescale.overflow.name, "weights": _weights(preset),
        "bias": _BIAS[preset.weights.bias], "activations": _activations(preset), "outputs": _outputs(preset),
        "average": f"{rounding.name}, {domain}", "accumulator": _accumulator(preset), "source": preset.source,
    }


_TABLES = (
    ["bits", "multiplier", "rounding", "overflow", "average"], ["weights", "bias", "accumulator"],
    ["activations", "outputs"], ["source"],
)
_BIAS = {"acc": "accumulator steps", "byte": "8 bits, shifted", "weight": "weight code, shifted"}
_SCALES = {"free": "", "power_of_two": ", power of two"}


def _bits(preset: Preset) -> str:
    if preset.integer_bits is not None:
        return f"{preset.bits}, {preset.integer_bits} integer"
    return f"{preset.bits}, one width" if preset.one_width else str(preset.bits)


def _multiplier(preset: Preset) -> str:
    rule = preset.rescale
    if rule.bits == 0:
        return "shift only"
    said = f"{rule.bits or 'as weights'}{' bits' if rule.bits else ''}, {rule.made.name}"
    return said + ("; 16 bits ties_up past 8-bit operands" if rule.reduced16 else "")


def _weights(preset: Preset) -> str:
    rule = preset.weights
    codes = {"symmetric": "symmetric", "full": "signed", "unsigned": "unsigned, zero point"}[rule.codes]
    per = " or ".join(p.removeprefix("per_") for p in rule.per)
    return f"{codes}{_scale(rule.scale, preset)}, per {per}, {rule.rounding.name}"


def _activations(preset: Preset) -> str:
    rule = preset.activations
    said = {
        "affine": "signed, zero point", "symmetric": "symmetric", "unsigned": "unsigned, symmetric where negative",
        "offset": f"unsigned, zero point, stored signed with {rule.spare} bits more",
    }[rule.codes]
    said += _scale(rule.scale, preset)
    if rule.codes == "affine" and rule.affine_bits < 16:
        said += f", symmetric past {rule.affine_bits} bits"
    if rule.cover is not None:
        said += f", cover {rule.cover:g}"
    return said + (", range before ReLU" if rule.before_limit else "")


def _scale(scale: str, preset: Preset) -> str:
    return _SCALES.get(scale, f", 2^({preset.integer_bits} - bits)")


def _outputs(preset: Preset) -> str:
    return "quantized" if preset.activations.outputs else "32 bits"


def _accumulator(preset: Preset) -> str:
    rule = preset.accumulator
    return "proven width" if rule is None else f"activation bits, {rule.overflow.name}, products {rule.rounding.name}"
