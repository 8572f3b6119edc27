"""Hold what is to be clustered, and how: rules, written in Python or read from YAML.

The file is a list, or a mapping with the list under ``rules``::

    rules:
      - {pattern: "conv*.weight", bits: 6}
      - {pattern: "fc?.weight", values: 12, init: linear, per: channel}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edgeq.arith.types import Rounding
from edgeq.compress.rules import check_choice, check_integer, check_pattern, read_rules, rules_of
from edgeq.errors import InputError, shown

if TYPE_CHECKING:
    from torch import Tensor

METHODS = ("kmeans", "linear", "fixed_point")
INITS = ("kmeans++", "random", "linear")
GRANULARITIES = ("tensor", "channel")
MOST_BITS = 16


@dataclass(frozen=True)
class ClusterRule:
    """Draw each weight whose qualified name matches ``pattern``, a glob, from a table of few values.

    ``bits``: the table has at most ``2**bits`` values; ``values``: that many, in its place. ``method``: ``kmeans``;
    ``linear``, equal steps between the 0.1 % and 99.9 % values; ``fixed_point``, numbers of ``bits`` bits, the sign
    included, ``integer_bits`` of them before the point, by ``rounding``, a name of the contract.

    ``fix_zeros``: one value of the table is 0, and what is zero stays so. ``per``: one table for the ``tensor``, or
    one for each output ``channel``. ``init``: what k-means begins with, drawn from ``seed`` and the weight's name.
    ``importance``: a function from the parameter to a number from 0 on for each weight, how much it counts in k-means.

    >>> ClusterRule("conv*.weight", bits=0)
    Traceback (most recent call last):
    edgeq.errors.InputError: rule 'conv*.weight': bits is 0, expected an integer 1..16
    """

    pattern: str
    bits: int | None = None
    values: int | None = None
    method: str = "kmeans"
    init: str = "kmeans++"
    fix_zeros: bool = True
    per: str = "tensor"
    seed: int = 0
    integer_bits: int = 0
    rounding: str = "floor"
    importance: Callable[[Tensor], Tensor] | None = None

    def __post_init__(self) -> None:
        where = check_pattern(self.pattern)
        check_choice(where, "method", self.method, METHODS)
        check_choice(where, "init", self.init, INITS)
        check_choice(where, "per", self.per, GRANULARITIES)
        check_choice(where, "rounding", self.rounding, tuple(Rounding.__members__))
        check_integer(where, "seed", self.seed)
        check_integer(where, "integer_bits", self.integer_bits, -64, 64)
        if not isinstance(self.fix_zeros, bool):
            raise InputError(f"{where}: fix_zeros is {shown(self.fix_zeros)}, expected true or false")
        if self.importance is not None and not callable(self.importance):
            raise InputError(f"{where}: importance is {shown(self.importance)}, expected a function")
        self._check_count(where)

    def _check_count(self, where: str) -> None:
        if self.method == "fixed_point" and self.values is not None:
            raise InputError(f"{where}: fixed_point has bits, not values; write bits: {(self.values - 1).bit_length()}"
                             if isinstance(self.values, int) else f"{where}: fixed_point has bits, not values")
        if (self.bits is None) == (self.values is None):
            raise InputError(f"{where}: give either bits or values")
        if self.bits is not None:
            check_integer(where, "bits", self.bits, 1, MOST_BITS)
        else:
            check_integer(where, "values", self.values, 2, 1 << MOST_BITS)

    @property
    def count(self) -> int:
        """The most values that a table has."""
        return self.values if self.values is not None else 1 << (self.bits or 0)


ClusterRules = ClusterRule | Mapping[str, Any] | Sequence[ClusterRule | Mapping[str, Any]]
"""What functions that cluster accept: a rule, its fields as a mapping, or several of both."""
_NEEDED = "pattern and bits"


def make_cluster_rules(rules: ClusterRules) -> tuple[ClusterRule, ...]:
    """Return the rules as `ClusterRule`; raises InputError for none, and for a field that is unknown or wrong."""
    return rules_of(ClusterRule, rules, _NEEDED)


def load_cluster_rules(path: str | Path) -> tuple[ClusterRule, ...]:
    """Read a YAML file of rules for `cluster`; raises InputError naming file and fault."""
    return read_rules(ClusterRule, path, _NEEDED)
