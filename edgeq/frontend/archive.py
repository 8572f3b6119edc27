"""Read a torch.export archive (``.pt2``) into a program: zip, JSON and raw numbers; no torch, no code.

Only ``models/<name>.json``, the two payload lists, the tensors they name and the extra file that names a preset are
opened. Sample inputs, guards, compiled libraries and other extra files are left closed; whatever could only be read by
running code is refused by name.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgeq.errors import ModelError, UnsafeModelError
from edgeq.frontend.canonical import canonical
from edgeq.frontend.container import Archive, kind_of_archive, open_archive
from edgeq.frontend.graph_json import read_calls, read_types, variant
from edgeq.frontend.program import Program, ProgramInput, ValueType, check
from edgeq.frontend.tensors import Array, read_tensors
from edgeq.scheme.presets import PRESET_FILE, PRESETS

Json = Mapping[str, Any]

SCHEMA_MAJOR = 8
"""The major version of torch's export schema that is read (torch 2.6 to 2.13)."""

_LONGEST_NAME = 64

_OTHER_KINDS = {
    "weights": (
        ModelError,
        "holds tensors alone (torch.save of a state dict); pass --arch FILE.py:NAME for the module they belong to",
    ),
    "pickle": (
        UnsafeModelError,
        "is a pickled object (torch.save of a module), which runs code when loaded; "
        "save the model with torch.export.save, or load it with --allow-code",
    ),
    "torchscript": (
        UnsafeModelError,
        "is a TorchScript archive, which runs code when loaded; "
        "export the original module with torch.export.export and torch.export.save, or load it with --allow-code",
    ),
    "compiled": (
        UnsafeModelError,
        "holds compiled code alone (AOTInductor) and no graph; save the exported program with torch.export.save",
    ),
    "legacy-export": (
        UnsafeModelError,
        "is a torch <= 2.7 export archive with pickled weights (serialized_state_dict), which run code when loaded; "
        "save it again with torch.export.save of torch >= 2.8, or load it with --allow-code",
    ),
    "other": (ModelError, "is a zip archive but not a model; save the model with torch.export.save"),
}


def read_archive(path: str | Path) -> Program:
    """Read a file written by ``torch.export.save``.

    Returns the program; a batch that the export left open has size ``None``. Raises :class:`UnsafeModelError`
    for anything that loads by running code, :class:`ModelError` for a file that is missing, damaged, or of
    another kind, and :class:`~edgeq.errors.UnsupportedOpError` for an operator without a plain form. Each
    message is one line beginning with the path.
    """
    path = Path(path)
    try:
        with open_archive(path) as archive:
            _check_kind(archive)
            return _read(archive, _model_name(archive))
    except RecursionError as error:
        raise ModelError(f"{path}: the model's JSON is nested too deeply; the archive is damaged") from error
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, MemoryError) as error:
        reason = f"{type(error).__name__} {error}".split("\n")[0][:120]
        raise ModelError(f"{path}: the model or its tensor lists are not a torch.export graph: {reason}") from error


def preset_of(path: Path) -> str | None:
    """Return the preset that ``edgeq quantize`` quantized the program for, None where the file does not say."""
    with open_archive(path) as archive:
        found = [name for name in archive.members if name.endswith(f"extra/{PRESET_FILE}")]
        if len(found) != 1 or archive.size(found[0]) > _LONGEST_NAME:
            return None
        name = archive.read(found[0]).decode("ascii", "replace")
    return name if name in PRESETS else None


def _read(archive: Archive, model: str) -> Program:
    document = json.loads(archive.read(f"models/{model}.json"))
    where = str(archive.path)
    _check_schema(where, document["schema_version"])
    graph, signature = document["graph_module"]["graph"], document["graph_module"]["signature"]
    outputs = _output_names(where, signature["output_specs"])
    types = read_types(where, graph)
    stored = {
        **read_tensors(archive, "data/weights", model, "weights"),
        **read_tensors(archive, "data/constants", model, "constants"),
    }
    inputs: list[ProgramInput] = []
    names: dict[str, str] = {}
    for spec in signature["input_specs"]:
        name, user_name = _input_name(where, spec)
        if user_name is not None:
            names[name] = user_name
        elif name:
            inputs.append(ProgramInput(name, types[name].shape, types[name].dtype))
    constants = {name: _stored(where, stored, user_name, types[name]) for name, user_name in names.items()}
    program = Program(tuple(inputs), constants, tuple(read_calls(where, graph)), outputs, names, types)
    check(program, where)
    return canonical(program, where)


def _check_kind(archive: Archive) -> None:
    kind = kind_of_archive(archive)
    if kind in _OTHER_KINDS:
        error, text = _OTHER_KINDS[kind]
        raise error(f"{archive.path}: {text}")
    for member, expected in (("archive_format", b"pt2"), ("archive_version", b"0"), ("byteorder", b"little")):
        found = archive.read(member) if archive.size(member) <= 16 else b"(too long)"
        if found != expected:
            raise ModelError(
                f"{archive.path}: {member} is {found.decode(errors='replace')!r}, expected {expected.decode()!r}; "
                "save the model again with torch.export.save of torch 2.8 to 2.13"
            )


def _model_name(archive: Archive) -> str:
    """Give the one model of the archive, or that named ``model``, which ``torch.export.save`` writes."""
    names = sorted(
        name.removeprefix("models/").removesuffix(".json")
        for name in archive.members
        if name.startswith("models/") and name.endswith(".json")
    )
    if len(names) == 1 or "model" in names:
        return "model" if "model" in names else names[0]
    raise ModelError(f"{archive.path}: holds several models ({', '.join(names)}) and none named 'model'; save one")


def _check_schema(where: str, version: Json) -> None:
    if version["major"] != SCHEMA_MAJOR:
        raise ModelError(
            f"{where}: export schema version {version['major']}.{version['minor']} is not known "
            f"(expected {SCHEMA_MAJOR}.x); save the model again with torch.export.save of torch 2.8 to 2.13"
        )


def _input_name(where: str, spec: Json) -> tuple[str, str | None]:
    """Give the value name that an input defines, and the user's name if it is a stored tensor.

    A Python constant among the arguments (``flag=True``) is already part of the graph: ``("", None)``.
    """
    kind, fields = variant(spec)
    if kind in ("parameter", "buffer", "tensor_constant"):
        return fields["arg"]["name"], fields[f"{kind}_name"]
    if kind == "constant_input":
        return "", None
    if kind == "custom_obj":
        raise UnsafeModelError(
            f"{where}: input '{fields['custom_obj_name']}' is a custom object of class "
            f"{fields['arg']['class_fqn']}, "
            "which runs code when loaded; only --allow-code loads it"
        )
    if kind == "user_input":
        argument, value = variant(fields["arg"])
        if argument == "as_tensor":
            return value["name"], None
        if argument in ("as_none", "as_int", "as_float", "as_bool", "as_string"):
            return "", None
        raise ModelError(f"{where}: an input of kind {argument.removeprefix('as_')} is not supported; pass tensors")
    raise ModelError(f"{where}: input of kind {kind} is not supported; export the model without side effects")


def _stored(where: str, stored: Mapping[str, Array], user_name: str, type: ValueType) -> Array:
    if user_name not in stored:
        raise ModelError(f"{where}: tensor '{user_name}' is used by the graph and not stored; the archive is damaged")
    array = stored[user_name]
    if array.shape != type.shape or array.dtype.name != type.dtype:
        raise ModelError(
            f"{where}: tensor '{user_name}' is stored as {array.dtype.name} {list(array.shape)}, "
            f"the graph expects {type.dtype} {list(type.shape)}; the archive is damaged"
        )
    return array


def _output_names(where: str, specs: list[Json]) -> tuple[str, ...]:
    names: list[str] = []
    for spec in specs:
        kind, fields = variant(spec)
        if kind == "buffer_mutation":
            raise ModelError(
                f"{where}: the graph changes buffer '{fields['buffer_name']}' (batch norm in training "
                "mode?); "
                "call model.eval() before torch.export.export"
            )
        if kind != "user_output":
            raise ModelError(f"{where}: output of kind {kind} is not supported; export the model for inference")
        argument, value = variant(fields["arg"])
        if argument == "as_tensor":
            names.append(value["name"])
        elif argument != "as_none":
            raise ModelError(
                f"{where}: an output of kind {argument.removeprefix('as_')} is not supported; return tensors"
            )
    if not names:
        raise ModelError(f"{where}: the model returns no tensor")
    return tuple(names)
