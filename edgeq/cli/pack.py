"""``edgeq pack``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from edgeq.arith.types import IntType, smallest_type, width_of
from edgeq.artefacts.files import write_file
from edgeq.artefacts.npy import Array, load_npy
from edgeq.cli.options import given_options
from edgeq.errors import InputError

_PATH = click.Path(path_type=Path)
_CODECS = ("packed", "fixed_point", "vanilla", "coo", "csr", "csc", "bitmask", "zero_runs", "huffman", "ans")
"""Written out here: importing the codecs for --help alone takes a second."""
_SHOWN = 16


@click.command()
@click.argument("tensor", type=_PATH)
@click.option("-o", "--output", type=_PATH, required=True, metavar="X.bin", help="Blob to write.")
@click.option("--codec", default="best", show_default=True, metavar="NAME",
              help=f"{', '.join(_CODECS)}, or best: the smallest of all.")
@click.option("--bits", type=click.IntRange(1, 64), help="Bits of a value; by default as many as the values need.")
@click.option("--signed/--unsigned", default=None, help="By default signed when a value is negative.")
@click.option("--fill-value", type=int, default=0, show_default=True, help="The value that sparse codecs leave out.")
@click.option("--option", "given", multiple=True, metavar="NAME=VALUE",
              help="Option of the codec, e.g. run_bits=4; edgeq/emitters/README.md has the table, a wrong name "
                   "lists them.")
@click.option("--json", "as_json", is_flag=True, help="What is printed as JSON.")
def command(
    tensor: Path, output: Path, codec: str, bits: int | None, signed: bool | None, fill_value: int,
    given: tuple[str, ...], as_json: bool,
) -> None:
    """Write TENSOR, a .npy file of integers, as a blob of one codec; edgeq unpack reads it."""
    from edgeq.codecs.choice import encode_as  # numba comes with the codecs

    array = load_npy(tensor)
    if array.dtype.kind not in "iu":
        raise InputError(f"{tensor}: holds {array.dtype}, expected integers; quantize the tensor first")
    kept = _type(array, bits, signed, fill_value)
    made = encode_as(codec, array, kept, fill_value, given_options(given, "codec"), str(tensor))
    write_file(output, made.blob)
    if as_json:
        click.echo(json.dumps({
            "file": str(output), "codec": made.codec, "type": str(kept), "shape": list(array.shape),
            "fill_value": fill_value, "options": dict(made.options), "bytes": len(made.blob),
            "tried": dict(made.tried)}, indent=1))
        return
    shape = "x".join(map(str, array.shape)) or "scalar"
    codec = f"{made.codec}{_said(made.options)}"
    click.echo(f"{output}: {codec}, {len(made.blob):,} bytes, {array.size:,} values {kept} {shape}")


def _said(options: Mapping[str, Any]) -> str:
    """Return options as --option takes them; of a long list its first values."""
    texts = []
    for name, value in options.items():
        values = list(value) if isinstance(value, list | tuple) else [value]
        texts.append(f"{name}={','.join(map(str, values[:_SHOWN]))}{',..' if len(values) > _SHOWN else ''}")
    return f" ({', '.join(texts)})" if texts else ""


def _type(array: Array, bits: int | None, signed: bool | None, fill_value: int) -> IntType:
    """Return the type asked for; what is not said is the smallest that holds the values.

    Raises InputError where that does not hold the fill value: the type would not be that of the values.
    """
    lo, hi = (int(array.min()), int(array.max())) if array.size else (0, 0)
    if bits is not None:
        return IntType(bits, min(lo, fill_value) < 0 if signed is None else signed)
    if signed is None:
        signed = lo < 0
    kept = IntType(min(width_of(lo, hi), 64) if signed else smallest_type(0, max(hi, 0)).bits, signed)
    if not kept.holds(fill_value, fill_value):
        raise InputError(f"--fill-value {fill_value}: does not fit {kept}, the type of the values; give the type with "
                         "--bits, and --signed where it is")
    return kept
