"""Import the modules of examples/ by path, and read the demo's arrays."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np

EXAMPLES = Path(__file__).parent.parent / "examples"
DIGITS = EXAMPLES / "digits"


def example(path: str) -> ModuleType:
    """Return the module of a file of examples/, run afresh."""
    name = "examples_" + path.removesuffix(".py").replace("/", "_")
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def digits(name: str) -> np.ndarray:
    """Return calib, test_x or test_y of the digits."""
    return np.load(DIGITS / f"{name}.npy")
