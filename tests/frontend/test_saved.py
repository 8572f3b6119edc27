"""Files of torch.save read without torch's unpickler: what torch wrote, and files that lie about sizes."""

from __future__ import annotations

import io
import pickle
import resource
import warnings
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from edgeq.errors import ModelError
from edgeq.frontend.saved import ForeignNameError, read_saved

torch = pytest.importorskip("torch")

DTYPES = ("float32", "float64", "float16", "bfloat16", "int64", "int32", "int16", "int8", "uint8", "bool", "uint16",
          "uint32")


def _quantized() -> dict[str, torch.Tensor]:
    codes = torch.arange(-12, 12, dtype=torch.int8).reshape(4, 6)
    scales, zeros = torch.tensor([0.5, 0.25, 2.0, 1e-3], dtype=torch.float64), torch.tensor([0, 1, -1, 127])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return {
            "channel": torch._make_per_channel_quantized_tensor(codes, scales, zeros, 0),
            "tensor": torch._make_per_tensor_quantized_tensor(codes.view(torch.uint8), 0.125, 200),
            "part": torch._make_per_tensor_quantized_tensor(codes, 0.125, -3)[1:3, ::2],
        }


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("saved") / "q.pt"
    torch.save(OrderedDict(_quantized()), path)
    return path


def test_quantized_tensors_are_read_as_torch_wrote_them(saved) -> None:
    for name, value in read_saved(saved).items():
        expected = _quantized()[name]
        assert value.dtype == expected.dtype
        assert value.qscheme() == expected.qscheme()
        assert value.int_repr().tolist() == expected.int_repr().tolist()
        if name == "channel":
            assert value.q_per_channel_scales().tolist() == [0.5, 0.25, 2.0, 1e-3]
            assert value.q_per_channel_zero_points().tolist() == [0, 1, -1, 127]
            assert value.q_per_channel_axis() == 0
        else:
            assert (value.q_scale(), value.q_zero_point()) == (0.125, expected.q_zero_point())


@pytest.mark.parametrize("name", DTYPES)
def test_every_element_type_and_layout(name: str, tmp_path) -> None:
    base = torch.arange(24).reshape(4, 6).to(getattr(torch, name))
    tensors = {"all": base, "turned": base.t(), "part": base[1:3, ::2], "one": base[0, 0], "none": base[:0],
               "wide": base[:1].expand(5, 6), "parameter": torch.nn.Parameter(base, requires_grad=False)}
    torch.save(tensors, tmp_path / "t.pt")
    for key, value in read_saved(tmp_path / "t.pt").items():
        assert value.dtype == tensors[key].dtype
        assert value.shape == tensors[key].shape
        assert torch.equal(value.to(torch.float64), tensors[key].to(torch.float64))


def test_plain_values(tmp_path) -> None:
    values = {"epoch": 3, "names": ["a", ("b", None)], "rate": 0.5, "type": torch.qint8, "size": torch.Size([2, 3]),
              "many": {1, 2}, "text": "x" * 300, "large": 1 << 70}
    torch.save(values, tmp_path / "v.pt")
    assert read_saved(tmp_path / "v.pt") == {**values, "size": (2, 3)}


class Odd:
    """A class that is no part of a tensor."""


@pytest.mark.parametrize("value", [Odd(), np.float64(1.0), Path("x"), print], ids=["class", "numpy", "path", "print"])
def test_other_names_are_refused(value: object, tmp_path) -> None:
    torch.save({"a": value}, tmp_path / "v.pt")
    with pytest.raises(ForeignNameError, match=r"^\S+\.\S+$"):
        read_saved(tmp_path / "v.pt")


Call = tuple[Any, ...]


class Made:
    """Pickle as a call of one of torch's functions on given arguments."""

    def __init__(self, function: Callable[..., Any], *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> Any:
        return self.call


class Stored:
    """Pickle as a storage: a persistent id."""

    def __init__(self, key: str, kind: type, count: int) -> None:
        self.record = ("storage", kind, key, "cpu", count)


class Pickler(pickle.Pickler):
    def persistent_id(self, value: object) -> object:
        return value.record if isinstance(value, Stored) else None


def _write(path: Path, value: object, storages: dict[str, bytes], **members: bytes) -> Path:
    buffer = io.BytesIO()
    Pickler(buffer, 2).dump(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("q/data.pkl", members.pop("pickled", buffer.getvalue()))
        archive.writestr("q/byteorder", "little")
        for key, data in storages.items():
            archive.writestr(f"q/data/{key}", data)
    return path


def _tensor(key: str, kind: type, count: int, shape: Any, strides: Any, offset: int = 0) -> Made:
    return Made(torch._utils._rebuild_tensor_v2, Stored(key, kind, count), offset, shape, strides, False, OrderedDict())


def _qtensor(scheme: Call, shape: Any = (4, 6), strides: Any = (6, 1), offset: int = 0, count: int = 24) -> Made:
    storage = Stored("0", torch.QInt8Storage, count)
    return Made(torch._utils._rebuild_qtensor, storage, offset, shape, strides, scheme, False, OrderedDict())


_CHANNEL, _TENSOR = torch.per_channel_affine, torch.per_tensor_affine
_SCALES = _tensor("1", torch.DoubleStorage, 4, (4,), (1,))
_ZEROS = _tensor("2", torch.LongStorage, 4, (4,), (1,))
_BYTES = {"0": bytes(24), "1": np.ones(4).tobytes(), "2": np.zeros(4, np.int64).tobytes(),
          "3": np.array([1.0, 0.0, 1.0, 1.0]).tobytes(), "4": np.array([0, 0, 0, 128]).tobytes(),
          "5": np.array([1.0, np.nan, 1.0, 1.0]).tobytes()}
_LIES: dict[str, tuple[object, str]] = {
    "fewer scales": (_qtensor((_CHANNEL, _tensor("1", torch.DoubleStorage, 4, (3,), (1,)), _ZEROS, 0)),
                     r"scales of shape \[3\] for 4 channels"),
    "more scales": (_qtensor((_CHANNEL, _SCALES, _ZEROS, 0), (2, 12), (12, 1)), r"scales of shape \[4\] for 2"),
    "fewer zero points": (_qtensor((_CHANNEL, _SCALES, _tensor("2", torch.LongStorage, 4, (1,), (1,)), 0)),
                          r"zero points of shape \[1\] for 4"),
    "scales of two dimensions": (_qtensor((_CHANNEL, _tensor("1", torch.DoubleStorage, 4, (4, 1), (1, 1)), _ZEROS, 0)),
                                 r"scales of shape \[4, 1\]"),
    "axis 1": (_qtensor((_CHANNEL, _SCALES, _ZEROS, 1)), "quantized along axis 1, expected 0"),
    "axis beyond": (_qtensor((_CHANNEL, _SCALES, _ZEROS, 1 << 40)), "quantized along axis 1099511627776"),
    "axis negative": (_qtensor((_CHANNEL, _SCALES, _ZEROS, -2)), "quantized along axis -2"),
    "axis no number": (_qtensor((_CHANNEL, _SCALES, _ZEROS, "0")), "quantized along axis 0, expected 0"),
    "scale zero": (_qtensor((_CHANNEL, _tensor("3", torch.DoubleStorage, 4, (4,), (1,)), _ZEROS, 0)), "not positive"),
    "scale nan": (_qtensor((_CHANNEL, _tensor("5", torch.DoubleStorage, 4, (4,), (1,)), _ZEROS, 0)), "not positive"),
    "zero point outside": (_qtensor((_CHANNEL, _SCALES, _tensor("4", torch.LongStorage, 4, (4,), (1,)), 0)),
                           r"a zero point outside -128\.\.127"),
    "tensor scale negative": (_qtensor((_TENSOR, -1.0, 0)), "not positive and finite"),
    "tensor zero point": (_qtensor((_TENSOR, 1.0, 1 << 80)), "Overflow"),
    "scheme too short": (_qtensor((_CHANNEL, _SCALES)), "tuple index out of range"),
    "huge shape": (_qtensor((_TENSOR, 1.0, 0), (1 << 40, 1 << 10), (1 << 10, 1)), "need [0-9]+ bytes, 24 are stored"),
    "huge repeated": (_qtensor((_TENSOR, 1.0, 0), (1 << 40,), (0,)), "repeats 24 stored bytes too often"),
    "repeated": (_qtensor((_TENSOR, 1.0, 0), (1 << 20,), (0,)), "repeat stored bytes"),
    "negative stride": (_qtensor((_TENSOR, 1.0, 0), (4, 6), (6, -1), 5), "are not a tensor's"),
    "offset beyond": (_qtensor((_TENSOR, 1.0, 0), (4, 6), (6, 1), 1), "need 25 bytes, 24 are stored"),
    "offset negative": (_qtensor((_TENSOR, 1.0, 0), (4,), (1,), -1), "are not a tensor's"),
    "sizes of text": (_qtensor((_TENSOR, 1.0, 0), ("4",), (1,)), "a size of a tensor is not an integer"),
    "sizes of truth": (_qtensor((_TENSOR, 1.0, 0), (True,), (1,)), "a size of a tensor is not an integer"),
    "ranks differ": (_qtensor((_TENSOR, 1.0, 0), (4, 6), (6,)), "are not a tensor's"),
    "storage larger": (_qtensor((_TENSOR, 1.0, 0), count=25), "has 24 bytes, 25 elements of 1 are declared"),
    "storage smaller": (_qtensor((_TENSOR, 1.0, 0), count=3), "has 24 bytes, 3 elements of 1 are declared"),
    "float storage": (_tensor("0", torch.FloatStorage, 24, (24,), (1,)), "24 elements of 4 are declared"),
    "codes as floats": (_tensor("0", torch.QInt8Storage, 24, (24,), (1,)), "plain tensor of quantized"),
    "no such storage": (_tensor("9", torch.FloatStorage, 1, (1,), (1,)), "member data/9 is missing"),
    "outside the folder": (_tensor("../data.pkl", torch.FloatStorage, 1, (1,), (1,)), "names no storage"),
    "called without arguments": (Made(torch._utils._rebuild_qtensor), "missing 5 required positional arguments"),
}


@pytest.mark.parametrize("name", _LIES)
def test_a_file_that_lies(name: str, tmp_path) -> None:
    value, message = _LIES[name]
    path = _write(tmp_path / "q.pt", {"w": value}, _BYTES)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match=message) as caught:
        read_saved(path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_codes_with_float_zero_points(tmp_path) -> None:
    scheme = (torch.per_channel_affine_float_qparams, _SCALES, _ZEROS, 0)
    with pytest.raises(ForeignNameError, match=r"torch\.per_channel_affine_float_qparams"):
        read_saved(_write(tmp_path / "q.pt", {"w": _qtensor(scheme)}, _BYTES))


def test_the_same_file_without_the_lie(tmp_path) -> None:
    path = _write(tmp_path / "q.pt", {"w": _qtensor((_CHANNEL, _SCALES, _ZEROS, 0))}, _BYTES)
    assert read_saved(path)["w"].q_per_channel_scales().tolist() == [1.0] * 4
    path = _write(tmp_path / "q.pt", {"w": _qtensor((_TENSOR, 1.0, 0))}, _BYTES)
    assert read_saved(path)["w"].shape == (4, 6)


_PICKLES = {
    "memo number": b"\x80\x02r\xff\xff\xff\xff.",  # LONG_BINPUT of an empty stack
    "memo of a value": b"\x80\x02]r\xff\xff\xff\xff.",  # LONG_BINPUT: the unpickler in C takes 64 GB
    "long text": b"\x80\x04\x8d" + (1 << 40).to_bytes(8, "little") + b"x.",
    "long bytes": b"\x80\x04\x8e" + (1 << 40).to_bytes(8, "little") + b"x.",
    "long frame": b"\x80\x04\x95" + (1 << 40).to_bytes(8, "little") + b"N.",
    "extension": b"\x80\x02\x82\x01.",
    "no end": b"\x80\x02]",
    "empty": b"",
    "build": b"\x80\x02ctorch\nqint8\n}b.",
    "reduce of a constant": b"\x80\x02ctorch\nqint8\n)R.",
    "object": b"\x80\x02(ctorch\nSize\no.",
    "instance": b"\x80\x02(itorch\nSize\n.",
    "new object": b"\x80\x02ctorch._utils\n_rebuild_qtensor\n)\x81.",
}


_HARMLESS = {"memo of a value": [], "long frame": None}


@pytest.mark.parametrize("name", _PICKLES)
def test_hostile_pickles(name: str, tmp_path) -> None:
    path = _write(tmp_path / "q.pt", None, {}, pickled=_PICKLES[name])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if name in _HARMLESS:
        assert read_saved(path) == _HARMLESS[name]
    else:
        with pytest.raises((ModelError, ForeignNameError)):
            read_saved(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024  # KiB


def test_two_storages_in_the_same_bytes(tmp_path) -> None:
    """Members of a zip that share their bytes would read a small file many times."""
    value = [_tensor(str(k), torch.CharStorage, 1 << 16, (1 << 16,), (1,)) for k in range(50)]
    path = _write(tmp_path / "q.pt", value, {"0": bytes(1 << 16)})
    with zipfile.ZipFile(path, "a") as archive:
        first = archive.getinfo("q/data/0")
        for k in range(1, 50):
            info = zipfile.ZipInfo(f"q/data/{k}")
            info.file_size = info.compress_size = first.file_size
            info.CRC, info.header_offset = first.CRC, first.header_offset
            archive.filelist.append(info)
            archive.NameToInfo[info.filename] = info
        archive._didModify = True
    with pytest.raises(ModelError, match="storages overlap in the file"):
        read_saved(path)
