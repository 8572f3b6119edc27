"""The examples of the page run and print what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

pytest.importorskip("torch")

from edgeq.compress import structured


def test_the_page_is_true() -> None:
    page = Path(structured.__file__).with_name("README.md")
    failed, tried = doctest.testfile(str(page), module_relative=False)
    assert (failed, tried > 10) == (0, True)
