"""The page beside the code: its rules load, and its tables are what the code prints."""

from __future__ import annotations

import re
from pathlib import Path

import torch

import edgeq.compress
from edgeq.compress import load_rules, prune
from tests.examples import DIGITS, digits, example

PAGE = (Path(edgeq.compress.__file__).parent / "README.md").read_text()


def network() -> torch.nn.Module:
    """Return the page's network."""
    model = example("digits/model.py").DigitsNet()
    model.load_state_dict(torch.load(DIGITS / "digits_state.pt", weights_only=True))
    return model


def table_after(text: str) -> list[str]:
    """Return the first table of weights behind a text of the page."""
    return re.search(r"^weight .*?^total[^\n]*", PAGE[PAGE.index(text) :], re.MULTILINE | re.DOTALL)[0].splitlines()


def test_pruning_at_once() -> None:
    done = prune(network(), {"pattern": "*.weight", "sparsity": 0.8}, digits("test_x")[:1])
    assert str(done).splitlines() == table_after("--sparsity 0.8")


def test_the_rules_file(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(re.search(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[1])
    rules = load_rules(tmp_path / "rules.yaml")
    assert [rule.pattern for rule in rules] == ["*.weight", "stem.0.weight", "depthwise.0.weight"]
    done = prune(network(), rules, digits("test_x")[:1])
    assert str(done).splitlines() == table_after("--rules rules.yaml")


def test_every_field_of_a_rule_is_on_the_page() -> None:
    rows = set(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE))
    assert rows == set(edgeq.compress.Rule.__dataclass_fields__)
