"""Archives that are damaged, of another kind, or beyond what is read: each gives one clear line."""

from __future__ import annotations

import warnings
import zipfile
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import ModelError, UnsafeModelError, UnsupportedOpError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.container import kind_of  # noqa: E402

Members = dict[str, bytes]
MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"


def _refused(path: Path, match: str, error: type[ModelError] = ModelError) -> None:
    with pytest.raises(error, match=match) as caught:
        read_archive(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


def test_kinds(zoo, tmp_path) -> None:
    torch.save({"a": torch.zeros(2)}, tmp_path / "weights.pt")
    torch.save(nn.Linear(2, 2), tmp_path / "module.pt")
    assert kind_of(zoo["tied"].path) == "export"
    assert kind_of(tmp_path / "weights.pt") == "weights"
    assert kind_of(tmp_path / "module.pt") == "pickle"
    _refused(tmp_path / "weights.pt", "holds tensors alone .* pass --arch FILE.py:NAME")
    _refused(tmp_path / "module.pt", "is a pickled object .* --allow-code", UnsafeModelError)


def test_no_file_and_no_zip(tmp_path) -> None:
    _refused(tmp_path / "absent.pt2", "no such model file")
    (tmp_path / "text.pt2").write_text("hello")
    _refused(tmp_path / "text.pt2", "is not a model file")
    (tmp_path / "empty.pt2").write_bytes(b"")
    _refused(tmp_path / "empty.pt2", "is not a model file")


def test_another_zip(tmp_path) -> None:
    with zipfile.ZipFile(tmp_path / "other.zip", "w") as archive:
        archive.writestr("a/b.txt", "hello")
    _refused(tmp_path / "other.zip", "is a zip archive but not a model")


def test_compiled_alone(edit) -> None:
    def change(members: Members) -> None:
        del members[MODEL]
        members["data/aotinductor/model/code.so"] = b"\x7fELF"

    _refused(edit(change), "holds compiled code alone", UnsafeModelError)


def test_compiled_code_beside_a_graph_stays_closed(edit) -> None:
    path = edit(lambda members: members.update({"data/aotinductor/model/code.so": b"\x7fELF"}))
    assert len(read_archive(path).calls) == 3


@pytest.mark.parametrize("keep", [0.1, 0.5, 0.9, 0.999])
def test_truncated(zoo, tmp_path, keep) -> None:
    data = zoo["tied"].path.read_bytes()
    path = tmp_path / "cut.pt2"
    path.write_bytes(data[: int(len(data) * keep)])
    _refused(path, "is a truncated or damaged zip archive")


def test_changed_byte_of_a_weight(zoo, tmp_path) -> None:
    data = bytearray(zoo["tied"].path.read_bytes())
    with zipfile.ZipFile(zoo["tied"].path) as archive:
        info = next(info for info in archive.infolist() if info.filename.endswith("weight_0"))
        with archive.open(info) as file:
            where = data.index(file.read())
    data[where] ^= 1
    path = tmp_path / "flipped.pt2"
    path.write_bytes(data)
    _refused(path, r"member data/weights/weight_0 cannot be read: Bad CRC-32")


@pytest.mark.parametrize(
    "member", [WEIGHTS, "data/constants/model_constants_config.json", "byteorder", "archive_format"]
)
def test_missing_member(edit, member) -> None:
    _refused(edit(lambda members: members.pop(member)), f"member {member} is missing")


def test_missing_weight(edit) -> None:
    _refused(edit(lambda members: members.pop("data/weights/weight_0")), "member data/weights/weight_0 is missing")


def test_compressed_members_are_refused_before_they_are_unpacked(edit) -> None:
    bomb = edit(lambda members: members.update({MODEL: b" " * 50_000_000}), compression=zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 100_000
    _refused(bomb, r"member \S+ is compressed")


def test_a_size_beyond_the_file(zoo, tmp_path) -> None:
    data = bytearray(zoo["tied"].path.read_bytes())
    entry = data.rindex(b"models/model.json") - len(b"tied/") - 46
    assert data[entry : entry + 4] == b"PK\x01\x02"
    for field in (20, 24):
        data[entry + field : entry + field + 4] = (0x7FFFFFFF).to_bytes(4, "little")
    path = tmp_path / "huge.pt2"
    path.write_bytes(data)
    _refused(path, "member models/model.json declares more bytes than the file has")


def test_a_member_twice(edit, tmp_path) -> None:
    path = edit()
    with pytest.warns(UserWarning, match="Duplicate name"), zipfile.ZipFile(path, "a") as archive:
        archive.writestr(f"edited/{MODEL}", b"{}")
    _refused(path, "member models/model.json appears twice")


@pytest.mark.parametrize(
    ("member", "data", "match"),
    [
        ("byteorder", b"big", "byteorder is 'big', expected 'little'"),
        ("archive_version", b"7", "archive_version is '7', expected '0'"),
        ("archive_format", b"x" * 1000, r"archive_format is '\(too long\)'"),
        (MODEL, b"{", "not a torch.export graph: JSONDecodeError"),
        (MODEL, b"[]", "not a torch.export graph: TypeError"),
        (MODEL, b"\xff\xfe{", "not a torch.export graph: UnicodeDecodeError"),
        (MODEL, b"{}", "not a torch.export graph: KeyError 'schema_version'"),
        (MODEL, b"[" * 200_000, "JSON is nested too deeply"),
        (WEIGHTS, b'{"config": 3}', "not a torch.export graph: AttributeError"),
    ],
)
def test_damaged_member(edit, member, data, match) -> None:
    _refused(edit(lambda members: members.update({member: data})), match)


_PICKLED = {"path_name": "custom_obj_0", "is_param": False, "use_pickle": True, "tensor_meta": None}


def _meta(document: dict) -> dict:
    return document["config"]["first.weight"]["tensor_meta"]


@pytest.mark.parametrize(
    ("alter", "match"),
    [
        (lambda d: _meta(d).update(sizes=[{"as_int": 4}, {"as_int": 5}]), "need 68 bytes, 64 are stored"),
        (
            lambda d: _meta(d).update(sizes=[{"as_int": 2}, {"as_int": 4}]),
            r"is stored as float32 \[2, 4\], the graph",
        ),
        (
            lambda d: _meta(d).update(sizes=[{"as_int": 10**18}, {"as_int": 4}]),
            "are stored; the archive is damaged",
        ),
        (
            lambda d: _meta(d).update(sizes=[{"as_int": 10**9}, {"as_int": 4}], strides=[{"as_int": 0}, {"as_int": 1}]),
            "repeats 64 stored bytes too often",
        ),
        (lambda d: _meta(d).update(storage_offset={"as_int": -1}), "are not a tensor's"),
        (lambda d: _meta(d).update(strides=[{"as_int": -4}, {"as_int": 1}]), "are not a tensor's"),
        (lambda d: _meta(d).update(storage_offset={"as_int": 1}), "need 68 bytes, 64 are stored"),
        (lambda d: _meta(d).update(layout=1), r"layout 1 \(sparse or other\) is not supported"),
        (lambda d: _meta(d).update(dtype=10), "element type 10 .* is not supported"),
        (lambda d: _meta(d).update(dtype=8), "need 128 bytes, 64 are stored"),
        (lambda d: d["config"]["first.weight"].update(path_name="../../etc/passwd"), "outside its folder"),
        (
            lambda d: d["config"].update(k=_PICKLED),
            r"'k' is a custom object \(data/weights/custom_obj_0\).* --allow-code",
        ),
        (
            lambda d: d["config"].pop("first.weight"),
            "tensor 'first.weight' is used by the graph and not stored",
        ),
        (
            lambda d: _meta(d)["sizes"].__setitem__(0, {"as_expr": {"expr_str": "s0"}}),
            "has a size that varies",
        ),
    ],
)
def test_wrong_tensor_description(edit, alter, match) -> None:
    _refused(edit(document=WEIGHTS, alter=alter), match)


def _graph(document: dict) -> dict:
    return document["graph_module"]["graph"]


def _signature(document: dict) -> dict:
    return document["graph_module"]["signature"]


def _argument(document: dict, argument: dict) -> None:
    _graph(document)["nodes"][0]["inputs"][0]["arg"] = argument


def _add_output(document: dict, spec: dict) -> None:
    _signature(document)["output_specs"].insert(0, spec)


def _add_input(document: dict, spec: dict) -> None:
    _signature(document)["input_specs"].append(spec)


@pytest.mark.parametrize(
    ("alter", "match", "error"),
    [
        (lambda d: d["schema_version"].update(major=9), r"schema version 9\.\d+ is not known", ModelError),
        (
            lambda d: _argument(d, {"as_custom_obj": {"name": "o", "class_fqn": "a.B"}}),
            r"custom object of class a\.B in aten\.linear\.default 'linear' in module 'first'",
            UnsafeModelError,
        ),
        (
            lambda d: _argument(d, {"as_graph": {"name": "g", "graph": {}}}),
            "argument of kind graph",
            ModelError,
        ),
        (
            lambda d: _argument(d, {"as_complex": {"real": 1, "imag": 2}}),
            "argument of kind complex",
            ModelError,
        ),
        (lambda d: _argument(d, {"as_int": 1, "as_none": True}), "a union with fields", ModelError),
        (
            lambda d: _argument(d, {"as_tensor": {"name": "later"}}),
            "uses 'later' before it is defined",
            ModelError,
        ),
        (
            lambda d: _graph(d)["nodes"][0].update(target="torch.ops.higher_order.cond"),
            "higher-order operator cond: higher_order.cond 'linear' in module 'first'",
            UnsupportedOpError,
        ),
        (
            lambda d: _graph(d)["nodes"][1]["outputs"].__setitem__(0, {"as_tensor": {"name": "linear"}}),
            "value 'linear' is defined twice",
            ModelError,
        ),
        (
            lambda d: _add_output(
                d, {"buffer_mutation": {"arg": {"name": "linear"}, "buffer_name": "bn.running_mean"}}
            ),
            r"changes buffer 'bn.running_mean' .*; call model.eval\(\) before",
            ModelError,
        ),
        (
            lambda d: _add_output(d, {"user_input_mutation": {"arg": {"name": "linear"}, "user_input_name": "x"}}),
            "output of kind user_input_mutation is not supported",
            ModelError,
        ),
        (
            lambda d: _add_input(
                d, {"custom_obj": {"arg": {"name": "o", "class_fqn": "a.B"}, "custom_obj_name": "thing"}}
            ),
            "input 'thing' is a custom object of class a.B",
            UnsafeModelError,
        ),
        (lambda d: _add_input(d, {"token": {"arg": {"name": "t"}}}), "input of kind token", ModelError),
        (lambda d: _signature(d).update(output_specs=[]), "the model returns no tensor", ModelError),
    ],
)
def test_refused_graphs(edit, alter, match, error) -> None:
    _refused(edit(document=MODEL, alter=alter), match, error)


def test_training_mode_is_refused_with_advice(zoo, tmp_path) -> None:
    class Train(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.bn = nn.BatchNorm2d(2)

        def forward(self, x):
            return self.bn(x)

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        exported = torch.export.export(Train().train(), (torch.zeros(2, 2, 3, 3),))
        torch.export.save(exported, tmp_path / "train.pt2")
        torch.export.save(exported.run_decompositions(), tmp_path / "decomposed.pt2")
    _refused(tmp_path / "train.pt2", r"(changes the stored tensor|is in training mode).*call model\.eval\(\)")
    _refused(tmp_path / "decomposed.pt2", r"changes buffer 'bn.\w+' .*call model\.eval\(\)")


def test_several_models(edit, zoo) -> None:
    def change(members: Members) -> None:
        members["models/other.json"] = members.pop(MODEL)
        members["models/third.json"] = members["models/other.json"]

    _refused(edit(change), r"holds several models \(other, third\) and none named 'model'")
