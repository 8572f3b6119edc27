"""``edgeq unpack``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import numpy as np

from edgeq.artefacts.files import new_folder, write_file
from edgeq.artefacts.npy import npy_bytes
from edgeq.cli.targets import refuse_others
from edgeq.errors import InputError
from edgeq.table import table

if TYPE_CHECKING:
    from edgeq.codecs import Header
    from edgeq.codecs.eqbin import Stored

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("file", type=_PATH)
@click.option("-o", "--output", type=_PATH, metavar="X.npy",
              help="The tensor; of a container without --name, a bundle NAME.edgeq.")
@click.option("--parts", type=_PATH, metavar="DIR",
              help="What the blob holds, as arrays DIR/<part>.npy: of huffman, ans and zero_runs not its sections.")
@click.option("--name", metavar="TENSOR", help="The tensor of a container that is meant.")
@click.option("--max-elements", type=click.IntRange(min=0), default=1 << 28, show_default=True,
              help="Refuse a tensor of more values.")
@click.option("--json", "as_json", is_flag=True, help="What is listed as JSON.")
def command(
    file: Path, output: Path | None, parts: Path | None, name: str | None, max_elements: int, as_json: bool
) -> None:
    """Read FILE, a blob or a container .eqbin; without -o and --parts, list what it holds."""
    from edgeq.codecs.eqbin import is_eqbin, read_eqbin  # numba comes with the codecs

    if file.is_dir():
        raise InputError(f"{file}: is a folder; unpack reads one file, a blob .bin or a container .eqbin")
    if not file.is_file():
        raise InputError(f"{file}: no such file")
    data, where = file.read_bytes(), str(file)
    if not is_eqbin(data):
        if name is not None:
            raise InputError(f"--name {name}: {file} is no container .eqbin; a blob holds one tensor without a name")
        _unpack(data, where, output, parts, max_elements, as_json=as_json)
        return
    stored = read_eqbin(data, where)
    if name is not None:
        blob, place = _find(stored, name, where)
        _unpack(blob, place, output, parts, max_elements, as_json=as_json)
    elif parts is not None:
        raise InputError(f"--parts {parts}: {file} holds several tensors; say which with --name")
    elif output is not None:
        if output.suffix.lower() == ".npy":
            raise InputError(f"-o {output}: a container holds several tensors; give --name TENSOR to write one, or the "
                             "name of a bundle, NAME.edgeq")
        _save(file, output)
    else:
        _list(stored, where, as_json=as_json)


def _unpack(
    blob: bytes, where: str, output: Path | None, parts: Path | None, max_elements: int, *, as_json: bool
) -> None:
    """Write tensor and parts of a blob; list what it holds when neither is asked for."""
    from edgeq import codecs

    if output is None and parts is None:
        _describe(codecs.read_header(blob, where), where, as_json=as_json)
        return
    if output is not None and parts is not None:
        _refuse_overlap(output, parts)
    array = codecs.decode(blob, max_elements=max_elements, where=where)
    sections = codecs.parts(blob, max_elements=max_elements, where=where) if parts is not None else {}
    files = {f"{name}.npy": np.asarray(section) for name, section in sections.items()}
    if parts is not None:
        refuse_others(parts, files, "--parts")
        with new_folder(parts) as fresh:
            for name, section in files.items():
                (fresh / name).write_bytes(npy_bytes(section))
            if output is not None:  # once all parts are written: a failure leaves neither
                write_file(output, npy_bytes(array))
    elif output is not None:
        write_file(output, npy_bytes(array))
    if output is not None:
        click.echo(f"{output}: {array.dtype} {_shape(array.shape)}")
    if parts is not None:
        click.echo(f"{parts}: {', '.join(files)}")


def _refuse_overlap(output: Path, parts: Path) -> None:
    """Refuse a file in the folder of parts, which is replaced as a whole, and a folder in the file's place."""
    file, folder = output.absolute().resolve(), parts.absolute().resolve()
    if file.is_relative_to(folder) or folder.is_relative_to(file):
        raise InputError(f"-o {output}: lies in the same place as --parts {parts}; choose another name for one")


def _find(stored: tuple[Stored, ...], name: str, where: str) -> tuple[bytes, str]:
    """Return the blob of a tensor, and its place for messages."""
    tensors = {s.section.name: s.section.data for s in stored[1:]}
    if name not in tensors:
        raise InputError(f"--name {name}: {where} has no such tensor; it holds {', '.join(tensors) or 'none'}")
    return tensors[name], f"{where}: section '{name}'"


def _save(file: Path, target: Path) -> None:
    from edgeq.bundle import load, save

    save(load(file), target)
    click.echo(f"{target}: the bundle of {file}")


def _describe(header: Header, where: str, *, as_json: bool) -> None:
    facts = _facts(header)
    if as_json:
        click.echo(json.dumps({"file": where, **facts}, indent=1))
        return
    sections = ", ".join(f"{name} {size}" for name, size in facts.pop("sections").items())
    click.echo(table([f.replace("_", " ") for f in facts], [[_text(v) for v in facts.values()]]))
    click.echo(f"sections, bytes: {sections}")


def _facts(header: Header) -> dict[str, Any]:
    return {
        "codec": header.codec, "type": str(header.type), "shape": list(header.shape), "elements": header.elements,
        "fill_value": header.fill_value, "stored_values": header.count,
        "sections": {name: section.length for name, section in header.sections.items()},
    }


def _list(stored: tuple[Stored, ...], where: str, *, as_json: bool) -> None:
    """List the sections of a container; raises CodecError for a tensor that is no blob."""
    from edgeq import codecs

    text, *tensors = stored
    lines = [{"section": text.section.name, "kind": "graph", "offset": text.offset, "bytes": len(text.data)}]
    for each in tensors:
        name = each.section.name
        facts = _facts(codecs.read_header(each.section.data, f"{where}: section '{name}'"))
        lines.append({"section": name, "kind": "tensor", "offset": each.offset, "bytes": len(each.data)} | facts)
    if as_json:
        click.echo(json.dumps({"file": where, "sections": lines}, indent=1))
        return
    heads = ["section", "kind", "offset", "bytes", "codec", "type", "shape", "fill_value"]
    rows = [[_text(line.get(head)) for head in heads] for line in lines]
    click.echo(table([*heads[:2], "offset B", *heads[3:-1], "fill value"], rows))


def _text(value: Any) -> Any:
    return _shape(value) if isinstance(value, list) else value


def _shape(shape: Any) -> str:
    return "x".join(map(str, shape)) or "scalar"
