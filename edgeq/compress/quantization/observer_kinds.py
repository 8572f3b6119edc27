"""Make observers by name."""

from __future__ import annotations

from typing import Any

from edgeq.compress.quantization.code_rule import CodeRule
from edgeq.compress.quantization.histogram_observers import Histogram, Percentile
from edgeq.compress.quantization.observers import MinMax, MovingAverage, Observer
from edgeq.compress.quantization.options import check_choice, keywords_of, refuse_unknown
from edgeq.compress.quantization.sample_observers import Cover, LeastError

_KINDS: dict[str, type[Observer]] = {
    "min_max": MinMax,
    "moving_average": MovingAverage,
    "percentile": Percentile,
    "cover": Cover,
    "histogram": Histogram,
    "mse": LeastError,
}
OBSERVERS = tuple(_KINDS)


def observer_options(name: str) -> frozenset[str]:
    """Return the options of an observer."""
    return keywords_of(_KINDS[name])


def make_observer(
    name: str, rule: CodeRule, options: dict[str, Any], channels: int | None = None, axis: int = 1
) -> Observer:
    """Return an observer of a whole value, or of each channel along ``axis``.

    Raises InputError for an unknown name or option, with those that exist.
    """
    kind = _KINDS[check_choice(name, OBSERVERS, "observer", rule.where)]
    refuse_unknown(options, keywords_of(kind), f"{rule.where}: observer {name}")
    return kind(rule, channels, axis, **options)
