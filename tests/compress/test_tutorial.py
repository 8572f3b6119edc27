"""The tutorial's commands exist as it writes them; running them is training, which is no test's business."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import click
import pytest

import edgeq
from edgeq.cli import group

PAGE = Path(edgeq.__file__).parent / "compress" / "TUTORIAL.md"


def commands() -> list[list[str]]:
    """Return the words of every command of edgeq on the page."""
    lines = PAGE.read_text().splitlines()
    return [line.split("|")[0].split()[2:] for line in lines if line.startswith("$ edgeq ")]


def test_there_are_commands() -> None:
    assert [words[0] for words in commands()] == [
        "prune", "quantize", "train-report", "lower", "simulate", "size", "emit", "verify"]


@pytest.mark.parametrize("words", commands(), ids=lambda words: words[0])
def test_every_command_and_option_exists(words: list[str]) -> None:
    context = click.Context(group)
    command = group.get_command(context, words[0])
    assert command is not None
    command.make_context(words[0], words[1:], parent=context)


def test_every_file_that_is_read_was_written_or_is_there() -> None:
    text, there = PAGE.read_text(), {"data.py", "train.npz", "val.npz", "rules.yaml", "quant.yaml"}
    assert set(re.findall(r"cat > (\S+)|np\.savez\(\"(\S+?)\"", text)) == {
        ("data.py", ""), ("rules.yaml", ""), ("quant.yaml", ""), ("", "train.npz"), ("", "val.npz")}
    for words in commands():
        for before, word in itertools.pairwise(words):
            if word.startswith("examples/"):
                assert (PAGE.parents[2] / word.split(":")[0]).exists()
            elif "." in word and not re.fullmatch(r"[0-9.]+", word) and before not in ("-o", "--log", "--state"):
                assert word in there
        there |= {word for before, word in itertools.pairwise(words) if before in ("-o", "--log", "--state")}
