"""Name everything that can go wrong, in one tree.

::

    EdgeqError                 base of all; the message names the place, the rule, what was got and what to do
    ├── GraphError             an op or a graph breaks a rule of its contract (message carries the label, C1..)
    ├── BundleError            a bundle cannot be read, fails its checksums, or must not be overwritten
    ├── ModelError             a model file cannot be read or lowered
    │   ├── UnsafeModelError   the file asks for code to be run; only --allow-code loads it
    │   ├── UnsupportedOpError an operator has no lowering; the message names its place in the user's source
    │   └── CalibrationError   calibration data or ranges are missing, of a wrong shape, or not finite
    ├── InputError             an array or an option given by the user does not fit
    ├── ArtefactError          an emitted folder, vector folder or manifest is damaged or of another graph
    │   └── CodecError         a data file breaks its format (message names line and fault), or a value its type
    ├── MissingToolError       a program or package that the command needs is not installed
    └── OverflowDetected       an op declared with overflow "error" met a value outside its type
"""

from __future__ import annotations

import reprlib

_BRIEF = reprlib.Repr()
_BRIEF.maxstring = _BRIEF.maxother = _BRIEF.maxlong = 120
_BRIEF.maxlist = _BRIEF.maxtuple = _BRIEF.maxdict = _BRIEF.maxset = 8


def shown(value: object) -> str:
    """Return a value as messages show it: on one line, cut where it is long.

    >>> shown("x"), shown([0] * 1000), shown([10**5000])
    ("'x'", '[0, 0, 0, 0, 0, 0, 0, 0, ...]', 'a list')
    """
    try:
        return " ".join(_BRIEF.repr(value).split())
    except ValueError:  # Python prints no integer of more than 4300 digits
        return f"a {type(value).__name__}"


class EdgeqError(Exception):
    """Base of every error that edgeq raises on purpose."""


class GraphError(EdgeqError):
    """An op or a graph breaks a rule of its contract."""


class BundleError(EdgeqError):
    """A bundle cannot be read, fails its checksums, or must not be overwritten."""


class ModelError(EdgeqError):
    """A model file cannot be read or lowered."""


class UnsafeModelError(ModelError):
    """A model file asks for code to be run."""


class UnsupportedOpError(ModelError):
    """An operator of the model has no integer lowering."""


class CalibrationError(ModelError):
    """Calibration data or recorded ranges are missing or unusable."""


class InputError(EdgeqError):
    """An array or an option given by the user does not fit."""


class ArtefactError(EdgeqError):
    """An emitted folder, a vector folder or a manifest is damaged or belongs to another graph."""


class CodecError(ArtefactError):
    """A data file breaks the rules of its format, or a value does not fit the declared width."""


class MissingToolError(EdgeqError):
    """A program or package that the command needs is not installed."""


class OverflowDetected(EdgeqError):  # noqa: N818 - it reports a finding, as StopIteration does
    """An op declared with overflow ``error`` met a value outside its type."""
