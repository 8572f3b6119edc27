"""Reading torch.export archives: values, names and places; and one clear line for every damaged file."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import ModelError, UnsafeModelError, UnsupportedOpError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.container import kind_of  # noqa: E402
from edgeq.frontend.program import Ref, ValueType  # noqa: E402
from edgeq.frontend.sizes import parse_size  # noqa: E402

Members = dict[str, bytes]
MODEL = "models/model.json"
WEIGHTS = "data/weights/model_weights_config.json"


def _members(path: Path) -> Members:
    with zipfile.ZipFile(path) as archive:
        return {info.filename.partition("/")[2]: archive.read(info) for info in archive.infolist()}


@pytest.fixture
def edit(zoo, tmp_path) -> Callable[..., Path]:
    """Give a function that writes a changed copy of the archive of ``tied``."""

    def make(
        change: Callable[[Members], object] = lambda _: None,
        document: str = "",
        alter: Callable[[dict], object] = lambda _: None,
        compression: int = zipfile.ZIP_STORED,
    ) -> Path:
        members = _members(zoo["tied"].path)
        change(members)
        if document:
            parsed = json.loads(members[document])
            alter(parsed)
            members[document] = json.dumps(parsed).encode()
        path = tmp_path / "edited.pt2"
        with zipfile.ZipFile(path, "w", compression) as archive:
            for name, data in members.items():
                archive.writestr(f"edited/{name}", data)
        return path

    return make


def _refused(path: Path, match: str, error: type[ModelError] = ModelError) -> None:
    with pytest.raises(error, match=match) as caught:
        read_archive(path)
    message = str(caught.value)
    assert message.startswith(f"{path}: ")
    assert "\n" not in message


# --- what a good archive gives


def test_inputs_and_outputs(zoo) -> None:
    program = read_archive(zoo["functional"].path)
    assert [(item.name, item.shape, item.dtype) for item in program.inputs] == [
        ("x", (None, 2, 4, 4), "float32"),
        ("y", (None, 1, 2, 2), "float32"),
    ]
    assert [program.types[name] for name in program.outputs] == [
        ValueType((None, 2), "float32"),
        ValueType((None, 2), "int64"),
    ]


def test_a_fixed_batch_keeps_its_size(zoo) -> None:
    assert read_archive(zoo["residual_fixed"].path).inputs[0].shape == (1, 3, 6, 6)


def test_module_paths(zoo) -> None:
    calls = read_archive(zoo["residual"].path).calls
    assert [(call.op, call.module) for call in calls] == [
        ("conv2d", "stem"),
        ("conv2d", "layer1.0.conv1"),
        ("batch_norm", "layer1.0.bn1"),
        ("relu", "layer1.0.relu"),
        ("conv2d", "layer1.0.conv2"),
        ("batch_norm", "layer1.0.bn2"),
        ("add", "layer1.0"),
        ("relu", "layer1.0.relu"),
        ("conv2d", "layer1.1.conv1"),
        ("batch_norm", "layer1.1.bn1"),
        ("relu", "layer1.1.relu"),
        ("conv2d", "layer1.1.conv2"),
        ("batch_norm", "layer1.1.bn2"),
        ("add", "layer1.1"),
        ("relu", "layer1.1.relu"),
        ("adaptive_avg_pool2d", ""),
        ("flatten", ""),
        ("linear", "fc"),
    ]


def test_sources_are_the_users_lines(zoo) -> None:
    sources = {call.name: call.source for call in read_archive(zoo["residual"].path).calls}
    assert sources["conv2d"].startswith("conftest.py:")
    assert sources["conv2d"].endswith(" in forward: x = self.layer1(self.stem(x))")
    assert sources["batch_norm"].endswith(" in forward: y = self.relu(self.bn1(self.conv1(y)))") or sources[
        "batch_norm"
    ].endswith(" in forward: y = self.relu(self.bn1(self.conv1(x)))")
    assert sources["linear"].endswith(" in forward: return self.fc(torch.flatten(x, 1))")


def test_results_of_one_call_become_getitems(zoo) -> None:
    calls = {call.name: call for call in read_archive(zoo["functional"].path).calls}
    assert calls["getitem"].target == "operator.getitem"
    assert calls["getitem"].args == (Ref("chunk"), 0)
    assert calls["getitem_1"].args == (Ref("chunk"), 1)
    assert calls["getitem_2"].args == (Ref("max_1"), 0)
    assert "max_1_unused_1" not in calls


def test_constants_equal_the_modules_tensors(zoo) -> None:
    for name in ("residual", "functional", "tied"):
        sample = zoo[name]
        tensors = {
            **sample.model.state_dict(),
            **dict(sample.model.named_buffers()),
            **sample.exported.constants,
        }
        program = read_archive(sample.path)
        assert set(program.constants) >= set(program.constant_names)
        for value, user_name in program.constant_names.items():
            expected = tensors[user_name].numpy()
            np.testing.assert_array_equal(program.constants[value], expected)
            assert program.constants[value].dtype == expected.dtype


def test_tied_and_strided_weights(zoo) -> None:
    program = read_archive(zoo["tied"].path)
    by_name = {program.constant_names[name]: array for name, array in program.constants.items()}
    np.testing.assert_array_equal(by_name["part"], np.arange(24.0).reshape(4, 6).T[1:5])
    linear = [call for call in program.calls if call.op == "linear"]
    np.testing.assert_array_equal(program.constants[linear[0].args[1].name], program.constants[linear[1].args[1].name])


@pytest.mark.parametrize(
    ("dtype", "stored"),
    [
        ("float64", "float64"),
        ("float16", "float16"),
        ("bfloat16", "float32"),
        ("int8", "int8"),
        ("uint8", "uint8"),
        ("int16", "int16"),
        ("int32", "int32"),
        ("int64", "int64"),
        ("bool", "bool"),
    ],
)
def test_element_types(export, dtype, stored) -> None:
    values = torch.tensor([[0, 1], [2, 100]]).to(getattr(torch, dtype))

    class Add(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.register_buffer("values", values)

        def forward(self, x):
            return x + self.values.to(torch.float32)

    program = read_archive(export(Add(), torch.zeros(3, 2, 2)).path)
    (array,) = program.constants.values()
    assert array.dtype.name == stored
    assert array.astype(int).tolist() == ([[0, 1], [1, 1]] if dtype == "bool" else [[0, 1], [2, 100]])


def test_bfloat16_is_widened_exactly(export) -> None:
    class Scale(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.tensor([1.0078125, -3.3895314e38, 1e-40], dtype=torch.bfloat16))

        def forward(self, x):
            return x * self.weight.float()

    (array,) = read_archive(export(Scale(), torch.zeros(2, 3)).path).constants.values()
    assert array.dtype == np.float32
    assert array.view(np.uint32).tolist() == [0x3F810000, 0xFF7F0000, 0x00010000]


def test_in_place_operators_become_functional(export) -> None:
    class InPlace(nn.Module):
        def forward(self, x):
            y = x * 2
            y.add_(1)
            y.relu_()
            return y + x

    program = read_archive(export(InPlace(), torch.zeros(2, 3)).path)
    assert [call.target for call in program.calls] == [
        "aten.mul.Tensor",
        "aten.add.Tensor",
        "aten.relu.default",
        "aten.add.Tensor",
    ]
    assert program.calls[3].args == (Ref(program.calls[2].name), Ref("x"))


def test_in_place_change_under_a_view_is_refused(export) -> None:
    class Aliased(nn.Module):
        def forward(self, x):
            y = x * 2
            view = y.view(-1, 3)
            y.relu_()
            return view + 1

    _refused(
        export(Aliased(), torch.zeros(2, 3)).path,
        r"aten\.relu_\.default 'relu_' \(test_archive\.py:\d+ in forward: y\.relu_\(\)\) "
        "changes 'mul' in place",
        UnsupportedOpError,
    )


def test_torch_is_not_imported(zoo) -> None:
    code = (
        "import sys; from edgeq.frontend.archive import read_archive; from edgeq.frontend.batch import "
        "rebatch; "
        "print(len(rebatch(read_archive(sys.argv[1])).calls), 'torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, str(zoo["residual"].path)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["18", "False"]


# --- other kinds of file


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


# --- damage


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


# --- size expressions


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("7", 7),
        ("Integer(7)", 7),
        ("Integer(-1)", -1),
        ("2*3 + 4", 10),
        ("(2 + 3)*4 - 1", 19),
        ("Mul(Integer(4), Add(Integer(1), Integer(2)))", 12),
        ("s77", None),
        ("Symbol('s77', positive=True, integer=True)", None),
        ("Mul(Integer(16), Symbol('s77', positive=True, integer=True))", None),
        ("FloorDiv(s0, 2)", None),
        ("(s0//2) + 1", None),
        ("Max(1, s0)", None),
        ("Max(3, 5)", 5),
    ],
)
def test_sizes(text, size) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize(
    "text",
    [
        "",
        "__import__('os').system('id')",
        "__import__",
        "s0.__class__",
        "exec('1')",
        "Symbol('s0').subs(1)",
        "Symbol(s0)",
        "Symbol('s0', cls=1)",
        "[1, 2]",
        "lambda: 1",
        "1 if 1 else 2",
        "9**9**9",
        "Pow(9, 9)",
        "99999999999999999999",
        "Mul(4611686018427387904, 4)",
        "4611686018427387904 * 4",
        "1 2",
        "1 +",
        "(1",
        "-" * 3000 + "1",
        "(" * 3000,
        "1+" * 3000 + "1",
        "\u0661",
        "1; 2",
        "'a'",
        "Integer('7')",
        "7//0",
        "s0//0",
    ],
)
def test_sizes_outside_the_grammar(text) -> None:
    with pytest.raises(UnsafeModelError, match="is not made of integers and symbols alone") as caught:
        parse_size(text)
    assert len(str(caught.value)) < 250
