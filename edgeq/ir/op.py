"""Give every op one shape: a frozen dataclass whose fields are its attributes, found in one registry."""

from __future__ import annotations

import dataclasses
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, TypeVar

from edgeq.errors import GraphError, shown
from edgeq.ir.tensor import IntArray, TensorType, check_size

Check = tuple[str, bool, str]
"""Label of a constraint (C1..), whether it holds, and what to say when it does not."""


@dataclass(frozen=True)
class Finding:
    """Where an op declared with overflow ``error`` met a value outside its type: flat index and value.

    Unless ``exact``, the value tells its sign, and that its magnitude is at least 2**43.
    """

    index: int
    value: int
    exact: bool = True


@dataclass(frozen=True)
class Bounds:
    """Proven limits of an op's accumulator per channel: every partial sum is in ``[lo, hi]``."""

    lo: IntArray
    hi: IntArray


class Op(ABC):
    """Base of every op. A subclass states its operands, infers its result, checks itself and runs.

    ``OPERANDS`` names the operands; with ``MANY`` its one name stands for a list of one or more. ``ARITHMETIC``
    marks an op that starts a layer; ``ENDS_LAYER`` one that joins the layer of the arithmetic op whose result it
    alone consumes. ``WEIGHTS`` names the constant fields that are parameters of the model, as opposed to parameters
    of the quantization.
    """

    KIND: ClassVar[str]
    OPERANDS: ClassVar[tuple[str, ...]] = ("x",)
    MANY: ClassVar[bool] = False
    ARITHMETIC: ClassVar[bool] = False
    ENDS_LAYER: ClassVar[bool] = False
    WEIGHTS: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):  # type: ignore[arg-type]  # every subclass is a dataclass
            convert = field.metadata.get("convert")
            if convert is not None:
                value = getattr(self, field.name)
                try:
                    object.__setattr__(self, field.name, convert(value))
                except GraphError as error:
                    raise GraphError(f"{self.KIND}: {field.name}: {error}") from None
                except (TypeError, ValueError, OverflowError, RuntimeError):  # the last from arrays of others
                    raise GraphError(f"{self.KIND}: {field.name}: {shown(value)} is not {convert.__doc__}") from None

    @classmethod
    def make(cls, xs: Sequence[TensorType], *arguments: Any, **attributes: Any) -> Op:
        """Make the op from what a user writes; a subclass may derive its fields from the operands' types."""
        del xs
        return cls(*arguments, **attributes)

    @abstractmethod
    def constraints(self, *xs: TensorType) -> Iterator[Check]:
        """Yield the labelled constraints, in order; the first that does not hold stops the check."""

    @abstractmethod
    def infer(self, *xs: TensorType) -> TensorType:
        """Return the type of the result; called once the constraints hold."""

    @abstractmethod
    def run(self, xs: Sequence[IntArray], types: Sequence[TensorType], *, reference: bool) -> IntArray | Finding:
        """Compute on C-contiguous int64 arrays with the leading axis N; ``reference`` asks for the ordered loop."""

    def bounds(self, *xs: TensorType) -> Bounds | None:
        """Return the proven limits of the accumulator, None for an op that has none."""
        del xs
        return None

    def proofs(self, *xs: TensorType) -> Mapping[str, bool]:
        """Return what is proven about this op on these operands: emitted code chooses its loops by it."""
        del xs
        return {}

    def check(self, name: str, xs: Sequence[TensorType]) -> TensorType:
        """Check every constraint and return the result's type; raises GraphError with the label."""
        self.check_count(name, len(xs))
        for label, holds, text in self.constraints(*xs):
            if not holds:
                raise GraphError(f"{self.KIND} '{name}' {label}: {text}")
        result = self.infer(*xs)
        check_size(f"{self.KIND} '{name}'", result)
        return result

    @classmethod
    def check_count(cls, name: str, count: int) -> None:
        """Raise GraphError for a number of operands that the op does not take."""
        if cls.MANY and count < 1:
            raise GraphError(f"{cls.KIND} '{name}': takes at least 1 operand, got {count}")
        if not cls.MANY and count != len(cls.OPERANDS):
            raise GraphError(f"{cls.KIND} '{name}': takes {len(cls.OPERANDS)} operands, got {count}")


OPS: dict[str, type[Op]] = {}
"""Every op by its kind; filled by `register`."""

_O = TypeVar("_O", bound=type[Op])


def register(cls: _O) -> _O:
    """Add an op class to the registry under its KIND."""
    if cls.KIND in OPS:
        raise ValueError(f"op {cls.KIND} is registered twice")
    OPS[cls.KIND] = cls
    return cls


def remark(convert: Callable[[Any], Any]) -> Any:
    """Return a field that people and checks read and that never decides an integer: None unless it is known.

    Bundles hold it only where it is known, and a graph's digest leaves it out.
    """
    return dataclasses.field(default=None, metadata={"convert": convert, "remark": True}, kw_only=True)


def attribute(convert: Callable[[Any], Any], default: Any = dataclasses.MISSING, *, keyword: bool = False) -> Any:
    """Return a dataclass field whose value goes through ``convert`` when the op is made."""
    metadata = {"convert": convert}
    if default is dataclasses.MISSING:
        return dataclasses.field(metadata=metadata, kw_only=keyword)
    return dataclasses.field(default=default, metadata=metadata, kw_only=keyword)
