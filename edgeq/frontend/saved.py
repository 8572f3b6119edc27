"""Read a ``torch.save`` file of tensors without running anything in it, quantized tensors included.

The pickle is interpreted with a closed list of names, each bound to a function of this module; sizes are checked
against the stored bytes before a tensor is made. Source of the format: ``torch/serialization.py`` and
``torch/_utils.py``.
"""

from __future__ import annotations

import io
import pickle
import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import torch

from edgeq.errors import ModelError
from edgeq.frontend.container import Archive, open_archive
from edgeq.frontend.tensors import check_extent

_STORAGES = {
    "FloatStorage": torch.float32, "DoubleStorage": torch.float64, "HalfStorage": torch.float16,
    "BFloat16Storage": torch.bfloat16, "LongStorage": torch.int64, "IntStorage": torch.int32,
    "ShortStorage": torch.int16, "CharStorage": torch.int8, "ByteStorage": torch.uint8, "BoolStorage": torch.bool,
    "QInt8Storage": torch.qint8, "QUInt8Storage": torch.quint8, "QInt32Storage": torch.qint32,
}  # fmt: skip
_PLAIN = {torch.qint8: torch.int8, torch.quint8: torch.uint8, torch.qint32: torch.int32}
_SCHEMES = {"per_tensor_affine": torch.per_tensor_affine, "per_channel_affine": torch.per_channel_affine}
_DTYPES = {name: value for name, value in vars(torch).items() if isinstance(value, torch.dtype)}
_REFUSALS = (
    pickle.UnpicklingError, TypeError, ValueError, KeyError, IndexError, AttributeError, EOFError, OverflowError,
    RuntimeError, MemoryError, RecursionError,
)  # fmt: skip


class ForeignNameError(Exception):
    """A pickle names a class or function that is no part of a tensor."""


class _Dict(dict[Any, Any]):
    """The ordered dictionary of a state dict, to which torch attaches the version numbers of modules."""

    __slots__ = ()


@dataclass(frozen=True)
class _Storage:
    """The bytes of a storage and the type of its elements, None for bytes alone."""

    data: bytearray
    dtype: torch.dtype | None


@dataclass
class _Reader:
    """Make the tensors of one file; ``spent`` counts the elements of quantized tensors, which are copied."""

    archive: Archive
    storages: dict[str, bytearray] = field(default_factory=dict)
    spent: int = 0

    def storage(self, record: Any) -> _Storage:
        """Return the storage that a persistent id names; its bytes must be those that it declares."""
        what, dtype, key, _, count = record
        if what != "storage" or not isinstance(key, str) or "/" in key:
            raise ValueError("a persistent id names no storage")
        if key not in self.storages:
            total = self.archive.size(f"data/{key}") + sum(map(len, self.storages.values()))
            if total > self.archive.path.stat().st_size:
                raise ValueError("storages overlap in the file")
            self.storages[key] = bytearray(self.archive.read(f"data/{key}"))
        data = self.storages[key]
        size = 1 if dtype is None else dtype.itemsize
        if not isinstance(count, int) or len(data) != count * size:
            raise ValueError(f"storage {key} has {len(data)} bytes, {count} elements of {size} are declared")
        return _Storage(data, dtype)

    def tensor(self, storage: _Storage, offset: int, shape: Any, strides: Any, *_: object) -> torch.Tensor:
        """Return a tensor, in the storage's own memory."""
        if storage.dtype is None or storage.dtype in _PLAIN:
            raise ValueError("a plain tensor of quantized or untyped elements")
        return self._view(storage, storage.dtype, offset, shape, strides)

    def typed_tensor(
        self, storage: _Storage, offset: int, shape: Any, strides: Any, _grad: object, _hooks: object,
        dtype: torch.dtype, *_: object,
    ) -> torch.Tensor:
        """Return a tensor whose element type is given apart from its storage."""
        return self._view(storage, dtype, offset, shape, strides)

    def quantized(
        self, storage: _Storage, offset: int, shape: Any, strides: Any, scheme: Any, *_: object
    ) -> torch.Tensor:
        """Return a quantized tensor of one scale, or one per index of its first dimension."""
        plain = _PLAIN[storage.dtype]  # type: ignore[index]
        codes = self._view(storage, plain, offset, shape, strides)
        self.spent += codes.numel() * plain.itemsize
        if self.spent > self.archive.path.stat().st_size:
            raise ValueError("quantized tensors repeat stored bytes")
        if plain is torch.int32:
            raise ValueError("a tensor of type qint32")
        if scheme[0] is torch.per_tensor_affine:
            scale, zero_point = float(scheme[1]), int(scheme[2])
            _check_code(torch.tensor([scale]), torch.tensor([zero_point]), plain)
            return torch._make_per_tensor_quantized_tensor(codes, scale, zero_point)
        if scheme[0] is not torch.per_channel_affine:
            raise ValueError("a quantization scheme that is not affine")
        scales, zero_points = torch.as_tensor(scheme[1]), torch.as_tensor(scheme[2])
        axis = scheme[3]
        if axis != 0 or isinstance(axis, bool) or codes.ndim == 0:
            raise ValueError(f"quantized along axis {axis}, expected 0, the outputs, of {list(codes.shape)}")
        for what, values in (("scales", scales), ("zero points", zero_points)):
            if values.shape != codes.shape[:1]:
                raise ValueError(f"{what} of shape {list(values.shape)} for {codes.shape[0]} channels")
        _check_code(scales, zero_points, plain)
        return torch._make_per_channel_quantized_tensor(codes, scales.double(), zero_points.long(), 0)

    def _view(self, storage: _Storage, dtype: torch.dtype, offset: int, shape: Any, strides: Any) -> torch.Tensor:
        if not all(type(n) is int for n in (offset, *shape, *strides)):
            raise TypeError("a size of a tensor is not an integer")
        where = f"{self.archive.path}: a tensor"
        check_extent(where, len(storage.data), dtype.itemsize, tuple(shape), tuple(strides), offset)
        if 0 in shape:
            return torch.zeros(0, dtype=dtype).reshape(shape)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            flat = torch.frombuffer(storage.data, dtype=dtype, count=len(storage.data) // dtype.itemsize)
        return flat.as_strided(tuple(shape), tuple(strides), offset)

    def names(self) -> Mapping[tuple[str, str], Any]:
        """Return what each name of the closed list stands for."""
        rebuild: dict[str, Callable[..., Any]] = {
            "_rebuild_tensor": self.tensor, "_rebuild_tensor_v2": self.tensor, "_rebuild_tensor_v3": self.typed_tensor,
            "_rebuild_qtensor": self.quantized, "_rebuild_parameter": lambda data, *_: data,
        }  # fmt: skip
        table: dict[tuple[str, str], Any] = {("torch._utils", name): function for name, function in rebuild.items()}
        table |= {("torch", name): dtype for name, dtype in {**_STORAGES, **_DTYPES, **_SCHEMES}.items()}
        table |= {("torch.storage", "UntypedStorage"): None, ("torch.storage", "_UntypedStorage"): None}
        table |= {("torch", "Size"): tuple, ("torch", "device"): str, ("collections", "OrderedDict"): _Dict}
        return table | {(module, "set"): set for module in ("builtins", "__builtin__")}


def _check_code(scales: torch.Tensor, zero_points: torch.Tensor, dtype: torch.dtype) -> None:
    """Refuse scales that are not positive and finite, and zero points outside the codes."""
    if scales.numel() and not (torch.isfinite(scales).all() and (scales > 0).all()):
        raise ValueError("a scale that is not positive and finite")
    limits = torch.iinfo(dtype)
    if zero_points.numel() and not ((zero_points >= limits.min) & (zero_points <= limits.max)).all():
        raise ValueError(f"a zero point outside {limits.min}..{limits.max}")


class _Unpickler(pickle._Unpickler):  # the one in C takes memory by memo numbers
    """Interpret a pickle with the closed list of names."""

    stack: list[Any]

    def __init__(self, data: bytes, reader: _Reader) -> None:
        super().__init__(io.BytesIO(data), encoding="utf-8")
        self.reader = reader
        self.known = reader.names()

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in self.known:
            raise ForeignNameError(f"{module}.{name}")
        return self.known[module, name]

    def persistent_load(self, record: Any) -> _Storage:
        return self.reader.storage(record)

    def _build(self) -> None:
        """Drop what the pickle would attach; only dictionaries of torch's own carry something."""
        self.stack.pop()
        if type(self.stack[-1]) is not _Dict:
            raise ValueError("the pickle changes an object")

    def _refuse(self) -> None:
        raise ValueError("the pickle makes an object that is no tensor")

    dispatch: ClassVar[dict[int, Any]] = {
        **pickle._Unpickler.dispatch, pickle.BUILD[0]: _build, pickle.INST[0]: _refuse, pickle.OBJ[0]: _refuse,
        pickle.NEWOBJ[0]: _refuse, pickle.NEWOBJ_EX[0]: _refuse, pickle.EXT1[0]: _refuse, pickle.EXT2[0]: _refuse,
        pickle.EXT4[0]: _refuse,
    }  # fmt: skip


def read_saved(path: Path) -> Any:
    """Return the object that a zipped ``torch.save`` file holds: tensors in plain containers.

    Raises :class:`ForeignNameError` for a class or function beyond tensors, :class:`ModelError` for sizes, scales or
    zero points that do not fit and for a damaged file.
    """
    with open_archive(path) as archive:
        if archive.has("byteorder") and archive.read("byteorder") != b"little":
            raise ModelError(f"{path}: is big-endian; save the model again on a little-endian machine")
        try:
            return _Unpickler(archive.read("data.pkl"), _Reader(archive)).load()
        except _REFUSALS as error:
            reason = next(iter(str(error).splitlines()), type(error).__name__)
            raise ModelError(f"{path}: cannot be read as torch weights: {reason[:200]}") from error
