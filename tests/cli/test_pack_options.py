"""Options of pack that the encoder chooses; what show and verify say of a place of another kind."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import edgeq
from edgeq.codecs.choice import choices
from tests.cli.conftest import small_graph


@pytest.fixture
def tensor(tmp_path: Path) -> Path:
    np.save(tmp_path / "t.npy", np.array([[0, 3, 0, 0], [-4, 0, 0, 0]], np.int16))
    return tmp_path / "t.npy"


def test_the_options_that_best_chose_make_the_same_blob(run, tmp_path: Path) -> None:
    values = np.where(np.arange(4000) % 9 == 0, np.arange(4000) % 5 - 2, 0)
    np.save(tmp_path / "t.npy", values)
    first, again = tmp_path / "best.bin", tmp_path / "again.bin"
    arguments = ("pack", tmp_path / "t.npy", "-o", first, "--option", "among=huffman", "--option", "word_bits=16")
    facts = json.loads(run(*arguments, "--json").out)
    assert set(facts["options"]) >= {"mode", "word_bits"}
    given = [f"{name}={','.join(map(str, v)) if isinstance(v, list) else v}" for name, v in facts["options"].items()]
    assert f": huffman ({', '.join(given)}), {facts['bytes']} bytes, " in run(*arguments).out
    options = [word for each in given for word in ("--option", each)]
    assert run("pack", tmp_path / "t.npy", "-o", again, "--codec", "huffman", *options).code == 0
    assert again.read_bytes() == first.read_bytes()


def test_help_names_every_codec(run) -> None:
    text = run("pack", "--help").out
    assert ", ".join(choices()[:-1]) in " ".join(text.split())


def test_auto_is_what_is_not_given(run, tensor: Path, tmp_path: Path) -> None:
    blob = tmp_path / "t.bin"
    arguments = ("pack", tensor, "-o", blob, "--codec", "huffman")
    assert run(*arguments).code == 0
    plain = blob.read_bytes()
    names = ("mode", "run_bits", "low_bits", "table", "codebook")
    done = run(*arguments, *(word for name in names for word in ("--option", f"{name}=auto")))
    assert (done.code, blob.read_bytes()) == (0, plain)
    assert run("pack", tensor, "-o", blob, "--option", "among=auto").code == 0
    assert "word_bits" in run(*arguments, "--option", "word_bits=auto").error


def test_places_of_another_kind(run, tmp_path: Path) -> None:
    out = edgeq.emit(small_graph(), "eqbin", tmp_path / "o", codec="packed")
    for arguments, message in (
        (("show", out), f"o: was written by edgeq emit; its graph is {out / 'graph.edgeq'}"),
        (("verify", out / "small.eqbin"), "small.eqbin: is a file; edgeq verify takes a folder, written by edgeq emit"),
        (("verify", tmp_path / "gone"), "gone: no such folder"),
    ):
        done = run(*arguments)
        assert (done.code, message in done.error) == (2, True)
