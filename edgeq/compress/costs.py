"""Count what a model holds and computes: parameters, zeros, multiply-accumulates, per weight."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from edgeq.compress.pruning.weights import Weight, find_weights
from edgeq.errors import InputError
from edgeq.table import table


@dataclass(frozen=True)
class WeightCosts:
    """The counts of one weight, or of all together.

    ``macs``: multiply-accumulates for one example, ``macs_left`` those whose weight is not zero; None where not known.
    """

    name: str
    shape: tuple[int, ...]
    parameters: int
    nonzero: int
    macs: int | None = None
    macs_left: int | None = None

    @property
    def sparsity(self) -> float:
        """The fraction of zeros."""
        return 1 - self.nonzero / self.parameters if self.parameters else 0.0

    @property
    def shown(self) -> tuple[object, ...]:
        """Name, shape and parameters, as tables show them."""
        return self.name, "x".join(map(str, self.shape)), self.parameters

    @property
    def shown_left(self) -> tuple[object, ...]:
        """Sparsity and multiply-accumulates, as tables show them."""
        return round(self.sparsity, 4), self.macs, self.macs_left


@dataclass(frozen=True)
class Report:
    """The counts of every weight of two or more dimensions, and how many parameters are in vectors."""

    weights: tuple[WeightCosts, ...]
    vectors: int

    @property
    def total(self) -> WeightCosts:
        """The sum over the weights; its multiply-accumulates are those of the weights where they are known."""
        parameters, nonzero = (sum(getattr(w, field) for w in self.weights) for field in ("parameters", "nonzero"))
        macs, left = (_sum_known(getattr(w, field) for w in self.weights) for field in ("macs", "macs_left"))
        return WeightCosts("total", (), parameters, nonzero, macs, left)

    @property
    def rows(self) -> tuple[WeightCosts, ...]:
        """The weights, then the total."""
        return (*self.weights, self.total)

    @property
    def parameters(self) -> int:
        """All parameters, those in vectors too."""
        return self.total.parameters + self.vectors

    def as_dict(self) -> dict[str, Any]:
        """Return plain data, for YAML or JSON."""
        return {"weights": [asdict(w) | {"shape": list(w.shape), "sparsity": w.sparsity} for w in self.weights],
                "vectors": self.vectors, "parameters": self.parameters}

    def __str__(self) -> str:
        head = ["weight", "shape", "parameters", "left", "sparsity", "MACs", "MACs left"]
        return table(head, [[*w.shown, w.nonzero, *w.shown_left] for w in self.rows])


def compared(before: Report, after: Report) -> str:
    """Return the table of a model's weights before and after its pruning."""
    head = ["weight", "shape", "parameters", "left before", "left after", "sparsity", "MACs", "MACs left"]
    pairs = zip(before.rows, after.rows, strict=True)
    return table(head, [[*b.shown, b.nonzero, a.nonzero, *a.shown_left] for b, a in pairs])


def _sum_known(values: Iterable[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None


def report(model: torch.nn.Module, example_inputs: Any = None) -> Report:
    """Count the parameters and zeros of each weight and, with ``example_inputs``, its multiply-accumulates.

    ``example_inputs``: one array or tensor, or a tuple of them, N first; counts are per example. The model is run once,
    in evaluation mode, and is left as it was. Convolutions, linear layers and matrix products with a parameter are
    seen, as modules and as functions; for a weight that is used otherwise the count is None.

    >>> print(report(torch.nn.Conv2d(2, 4, 3, groups=2), torch.zeros(1, 2, 8, 8)))
    weight  shape    parameters  left  sparsity  MACs  MACs left
    weight  4x1x3x3          36    36         0  1296       1296
    total                    36    36         0  1296       1296
    """
    return make_report(model, None if example_inputs is None else count_uses(model, example_inputs))


def make_report(model: torch.nn.Module, uses: Mapping[str, int] | None) -> Report:
    """Count a model's parameters; ``uses`` is what `count_uses` gave for it."""
    weights = find_weights(model)
    matrices = [w for w in weights if w.parameter.ndim >= 2]
    vectors = sum(w.parameter.numel() for w in weights if w.parameter.ndim < 2)
    return Report(tuple(_costs(w, (uses or {}).get(w.name)) for w in matrices), vectors)


def _costs(weight: Weight, uses: int | None) -> WeightCosts:
    count, nonzero = weight.parameter.numel(), int(weight.values().count_nonzero())
    macs, left = (None, None) if uses is None else (count * uses, nonzero * uses)
    return WeightCosts(weight.name, tuple(weight.parameter.shape), count, nonzero, macs, left)


def count_uses(model: torch.nn.Module, example_inputs: Any) -> dict[str, int]:
    """Return how often each weight is multiplied for one example; a fraction of a use counts as one.

    Raises InputError when the model cannot take the inputs.
    """
    inputs = as_inputs(model, example_inputs)
    counter = _UseCounter(find_weights(model))
    modes = [(module, module.training) for module in model.modules()]
    try:
        model.eval()
        with torch.no_grad(), counter:
            model(*inputs)
    except Exception as error:  # the user's own code may raise anything
        shapes = ", ".join(str(list(tensor.shape)) for tensor in inputs)
        said = " ".join(str(error).split()) or type(error).__name__
        raise InputError(f"example_inputs: the model cannot take {shapes}: {said}") from error
    finally:
        for module, training in modes:
            module.training = training
    return {name: -(-uses // max(len(inputs[0]), 1)) for name, uses in counter.uses.items()}


def as_inputs(model: torch.nn.Module, example_inputs: Any) -> tuple[torch.Tensor, ...]:
    """Return inputs as tensors on the model's device; raises InputError for what is none."""
    given = example_inputs if isinstance(example_inputs, tuple | list) else (example_inputs,)
    device = next((p.device for p in model.parameters()), torch.device("cpu"))
    tensors = [torch.from_numpy(each.copy()) if isinstance(each, np.ndarray) else each for each in given]
    if not tensors or not all(isinstance(t, torch.Tensor) and t.ndim for t in tensors):
        raise InputError("example_inputs: expected an array or tensor with N first, or a tuple of them")
    return tuple(tensor.to(device) for tensor in tensors)


class _UseCounter(TorchFunctionMode):
    """Watch torch's functions and count how often each weight is multiplied."""

    def __init__(self, weights: Sequence[Weight]) -> None:
        super().__init__()
        self.weights = weights
        self.uses: dict[str, int] = {}

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Call the function, and note the weight that it multiplied."""
        del types
        named = kwargs or {}
        result = func(*args, **named)
        if func in _FACTORS:
            left, right = (args[k] if k < len(args) else named.get(name) for k, name in _FACTORS[func])
            self._note(func, left, right, result)
        return result

    def _note(self, function: Callable[..., Any], left: Any, right: Any, result: torch.Tensor) -> None:
        for factor, other in ((right, left), (left, right)):
            weight = next((w for w in self.weights if getattr(w.module, w.leaf) is factor), None)
            if weight is not None:
                uses = _uses(function, factor, other, result, factor is left)
                self.uses[weight.name] = self.uses.get(weight.name, 0) + uses
                return


def _uses(
    function: Callable[..., Any], weight: torch.Tensor, other: torch.Tensor, result: torch.Tensor, is_left: bool
) -> int:
    """Return how often each number of a weight is multiplied: the positions of a kernel, the rows of a matrix."""
    if function in _CONVOLUTIONS:
        return result.numel() // weight.shape[0]
    if function in _TRANSPOSED:
        return other.numel() // weight.shape[0]
    summed = weight.shape[-1] if is_left else other.shape[-1]
    return result.numel() * summed // weight.numel()


_CONVOLUTIONS = (torch.conv1d, torch.conv2d, torch.conv3d)
_TRANSPOSED = (torch.conv_transpose1d, torch.conv_transpose2d, torch.conv_transpose3d)
_PRODUCTS = (torch.matmul, torch.mm, torch.Tensor.matmul, torch.Tensor.mm, torch.Tensor.__matmul__)
_FACTORS: dict[Any, tuple[tuple[int, str], tuple[int, str]]] = {
    **dict.fromkeys((*_CONVOLUTIONS, *_TRANSPOSED, torch.nn.functional.linear), ((0, "input"), (1, "weight"))),
    **dict.fromkeys(_PRODUCTS, ((0, "input"), (1, "other"))),
    torch.addmm: ((1, "mat1"), (2, "mat2")),
}
"""Functions that multiply, with the place and the name of their two factors."""
