"""The page beside the code: its table is what the code prints, and it names every field and option."""

from __future__ import annotations

import re
from pathlib import Path

import torch

import edgeq.compress.codebooks
from edgeq.compress import ClusterRule, cluster, prune
from edgeq.compress.codebooks.quantizer import CodebookWeight
from edgeq.compress.quantization.options import keywords_of
from tests.examples import DIGITS, example

PAGE = (Path(edgeq.compress.codebooks.__file__).parent / "README.md").read_text()


def test_the_table_of_the_example() -> None:
    model = example("digits/model.py").DigitsNet()
    model.load_state_dict(torch.load(DIGITS / "digits_state.pt", weights_only=True))
    prune(model, {"pattern": "classifier.weight", "sparsity": 0.5})
    rules = re.search(r"clustered = compress\.cluster\(model, (.*)\)\n", PAGE)
    assert rules is not None
    assert rules[1] == '[{"pattern": "*.weight", "bits": 3}, {"pattern": "classifier.weight", "values": 5}]'
    found = cluster(model, [{"pattern": "*.weight", "bits": 3}, {"pattern": "classifier.weight", "values": 5}])
    assert f"```\n{found}\n" in PAGE


def test_every_field_and_option_is_on_the_page() -> None:
    rules, options = PAGE.split("## In quantization")
    assert set(ClusterRule.__dataclass_fields__) == first_cells(rules)
    assert keywords_of(CodebookWeight) | {"bits"} == first_cells(options)


def first_cells(text: str) -> set[str]:
    """Return what stands in backquotes in the first column of tables."""
    return {name for cell in re.findall(r"^\| ([^|]*) \|", text, re.MULTILINE) for name in re.findall(r"`(\w+)`", cell)}
