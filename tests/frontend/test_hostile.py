"""One hostile file per road by which torch's loaders run code from a file: theirs fires, ours does not."""

from __future__ import annotations

import io
import json
import pickle
import re
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from edgeq.errors import EdgeqError, ModelError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.state_dict import load_state_dict_model  # noqa: E402

Members = dict[str, bytes]

_TORCH = """
import json, sys, warnings, logging
warnings.simplefilter("ignore")
logging.disable(logging.CRITICAL)
import torch
for path, loader in json.loads(sys.argv[1]):
    try:
        if loader == "export":
            torch.export.load(path)
        elif loader == "run":
            torch.export.load(path).module()(torch.zeros(2, 4))
        elif loader == "jit":
            torch.jit.load(path)
        else:
            torch.load(path, weights_only=False)
    except BaseException:
        pass
"""


class Touch:
    """Write a marker file when unpickled."""

    def __init__(self, marker: Path) -> None:
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


@dataclass(frozen=True)
class Road:
    """A hostile file, the marker it writes, torch's loader that runs it, our message (``""``: it loads)."""

    path: Path
    marker: Path
    loader: str
    message: str


def _members(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}


def _write(path: Path, members: Mapping[str, bytes], root: str = "hostile") -> None:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in members.items():
            archive.writestr(f"{root}/{name}" if root else name, data)


def _saved(value: object) -> bytes:
    buffer = io.BytesIO()
    torch.save(value, buffer)
    return buffer.getvalue()


def _edit(members: Members, name: str, change: Callable[[dict], None]) -> Members:
    document = json.loads(members[name])
    change(document)
    return {**members, name: json.dumps(document).encode()}


def _sample_inputs(members: Members, touch: Touch) -> Members:
    return {**members, "data/sample_inputs/model.pt": _saved(((touch,), {}))}


def _pickled_weight(members: Members, touch: Touch) -> Members:
    def change(document: dict) -> None:
        document["config"]["first.bias"].update(path_name="weight_99", use_pickle=True)

    members = _edit(members, "data/weights/model_weights_config.json", change)
    return {**members, "data/weights/weight_99": _saved(touch)}


def _legacy_weights(members: Members, touch: Touch) -> Members:
    return {**members, "data/weights/model.pt": _saved({"first.bias": touch})}


def _legacy_constants(members: Members, touch: Touch) -> Members:
    return {**members, "data/constants/model.pt": _saved({"k": touch})}


def _add_constant(members: Members, path_name: str, data: bytes, meta: object) -> Members:
    def change(document: dict) -> None:
        document["config"]["k"] = {
            "path_name": path_name,
            "is_param": False,
            "use_pickle": True,
            "tensor_meta": meta,
        }

    members = _edit(members, "data/constants/model_constants_config.json", change)
    return {**members, f"data/constants/{path_name}": data}


def _opaque_constant(members: Members, touch: Touch) -> Members:
    return _add_constant(members, "opaque_obj_0", pickle.dumps(touch), None)


def _pickled_constant(members: Members, touch: Touch) -> Members:
    config = json.loads(members["data/weights/model_weights_config.json"])["config"]
    return _add_constant(members, "tensor_0", _saved(touch), config["first.bias"]["tensor_meta"])


def _size_expression(members: Members, touch: Touch) -> Members:
    def change(document: dict) -> None:
        size = document["graph_module"]["graph"]["tensor_values"]["x"]["sizes"][0]
        size["as_expr"]["expr_str"] = f"__import__('pathlib').Path({str(touch.marker)!r}).touch() or 2"

    return _edit(members, "models/model.json", change)


def _stride_expression(members: Members, touch: Touch) -> Members:
    def change(document: dict) -> None:
        text = f"__import__('pathlib').Path({str(touch.marker)!r}).touch() or 4"
        values = document["graph_module"]["graph"]["tensor_values"]
        values["x"]["strides"][0] = {"as_expr": {"expr_str": text, "hint": {"as_int": 4}}}

    return _edit(members, "models/model.json", change)


def _guards(members: Members, touch: Touch) -> Members:
    def change(document: dict) -> None:
        document["guards_code"] = [f"__import__('pathlib').Path({str(touch.marker)!r}).touch() is None"]

    return _edit(members, "models/model.json", change)


_ARCHIVES: dict[str, tuple[Callable[[Members, Touch], Members], str, str]] = {
    "sample inputs": (_sample_inputs, "export", ""),
    "pickled weight": (
        _pickled_weight,
        "export",
        r"'first.bias' is a pickled tensor \(data/weights/weight_99\)",
    ),
    "legacy weights": (_legacy_weights, "export", r"data/weights/model.pt holds pickled weights"),
    "legacy constants": (_legacy_constants, "export", r"data/constants/model.pt holds pickled constants"),
    "opaque constant": (
        _opaque_constant,
        "export",
        r"'k' is an opaque object \(data/constants/opaque_obj_0\)",
    ),
    "pickled constant": (_pickled_constant, "export", r"'k' is a pickled tensor \(data/constants/tensor_0\)"),
    "size expression": (_size_expression, "export", r"value 'x': size expression \"__import__"),
    "stride expression": (_stride_expression, "export", ""),
    "guards_code": (_guards, "run", ""),
}


class _Scripted(torch.nn.Module):
    """Write a file whose name is an attribute, in TorchScript's own ``__setstate__``."""

    def __init__(self, marker: str) -> None:
        super().__init__()
        self.marker = marker

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x

    @torch.jit.export
    def __getstate__(self) -> tuple[str, bool]:
        return (self.marker, self.training)

    @torch.jit.export
    def __setstate__(self, state: tuple[str, bool]) -> None:
        self.marker = state[0]
        self.training = state[1]
        torch.save(torch.zeros(1), state[0])


def _other_files(folder: Path, members: Members) -> dict[str, Road]:
    script = Road(folder / "script.pt", folder / "script.marker", "jit", "is a TorchScript archive")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.script(_Scripted(str(script.marker))).save(str(script.path))

    module = Road(folder / "module.pt", folder / "module.marker", "load", "is a pickled object")
    module.path.write_bytes(_saved(Touch(module.marker)))

    bare = Road(folder / "bare.pt", folder / "bare.marker", "load", "is a bare pickle")
    torch.save(Touch(bare.marker), bare.path, _use_new_zipfile_serialization=False)

    legacy = Road(folder / "legacy.pt2", folder / "legacy.marker", "export", "with pickled weights")
    _write(
        legacy.path,
        {
            "version": b"8.20",
            "serialized_exported_program.json": members["models/model.json"],
            "serialized_state_dict.pt": _saved({"a": Touch(legacy.marker)}),
            "serialized_constants.pt": _saved({}),
            "serialized_example_inputs.pt": _saved(((), {})),
        },
        root="",
    )
    return {"TorchScript": script, "pickled module": module, "bare pickle": bare, "legacy archive": legacy}


@pytest.fixture(scope="module")
def roads(zoo, tmp_path_factory) -> dict[str, Road]:
    folder = tmp_path_factory.mktemp("hostile")
    members = _members(zoo["tied"].path)
    made: dict[str, Road] = _other_files(folder, members)
    for number, (name, (change, loader, message)) in enumerate(_ARCHIVES.items()):
        road = Road(folder / f"{number}.pt2", folder / f"{number}.marker", loader, message)
        _write(road.path, change(members, Touch(road.marker)))
        made[name] = road
    return made


_NAMES = [*_ARCHIVES, "TorchScript", "pickled module", "bare pickle", "legacy archive"]


def _ours(road: Road) -> str:
    """Read the file by every function of ours that may be given it; give the message, ``""`` if it loads."""
    message = ""
    try:
        read_archive(road.path)
    except EdgeqError as error:
        message = f"{type(error).__name__} {error}"
    with pytest.raises(ModelError):
        load_state_dict_model(road.path, "unused.py:Net")
    return message


@pytest.fixture(scope="module")
def fired(roads) -> dict[str, Any]:
    """Give the roads that ran their code with our reader, then with torch's in a process of its own."""
    messages = {name: _ours(road) for name, road in roads.items()}
    ours = {name for name, road in roads.items() if road.marker.exists()}
    work = json.dumps([(str(road.path), road.loader) for road in roads.values()])
    subprocess.run([sys.executable, "-c", _TORCH, work], check=True, capture_output=True, timeout=120)
    theirs = {name for name, road in roads.items() if road.marker.exists()}
    return {"ours": ours, "theirs": theirs, "messages": messages}


@pytest.mark.parametrize("name", _NAMES)
def test_torch_runs_the_code(fired, name) -> None:
    assert name in fired["theirs"]


@pytest.mark.parametrize("name", _NAMES)
def test_our_reader_does_not(fired, roads, name) -> None:
    assert name not in fired["ours"]
    message, expected = fired["messages"][name], roads[name].message
    if expected:
        assert re.search(f"^UnsafeModelError {re.escape(str(roads[name].path))}: .*{expected}", message)
    else:
        assert message == ""
    assert "\n" not in message
