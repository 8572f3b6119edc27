"""Modules out of files, and equal bytes for equal weights."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import torch
from torch import nn

from edgeq.compress.files import as_module, state_bytes
from edgeq.errors import ModelError


def test_what_is_no_module_is_refused() -> None:
    module = nn.Linear(2, 2)
    assert as_module(module, Path("m.pt")) is module
    program = torch.export.export(module, (torch.zeros(1, 2),))
    with pytest.raises(ModelError, match=r"^m.pt: holds a captured program, which cannot be trained as modules; give"):
        as_module(program, Path("m.pt"))


def test_equal_weights_give_equal_bytes() -> None:
    module = nn.Linear(2, 2)
    assert state_bytes(module) == state_bytes(module)
    stored = torch.load(io.BytesIO(state_bytes(module)), weights_only=True)
    assert torch.equal(stored["weight"], module.weight)
