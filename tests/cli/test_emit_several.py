"""emit with several formats writes all of them or none."""

from __future__ import annotations

import re

import pytest


@pytest.mark.parametrize("more", [
    ("--format", "bogus"), ("--format", "npy", "--option", "lanes=2"),
    ("--format", "intel_hex", "--option", "profile=simulation"),
])
@pytest.mark.parametrize("extended", [False, True])
def test_a_fault_in_a_later_format_leaves_nothing_of_the_first(run, files, extended, more, tmp_path):
    out = tmp_path / "out"
    if extended:
        assert run("emit", files.bundle, "--format", "decimal", "-o", out).code == 0
    before = {p: p.read_bytes() for p in out.rglob("*") if p.is_file()}
    ended = run("emit", files.bundle, "--format", "readmemh", *more, "-o", out)
    assert (ended.code, ended.out) == (2, "")
    assert re.search("format 'bogus' does|format 'npy' has no option 'lanes'|profile 'simulation' does", ended.error)
    assert {p: p.read_bytes() for p in out.rglob("*") if p.is_file()} == before
    assert out.exists() == extended


def test_formats_of_one_command_and_of_two_are_the_same_folder(run, files, tmp_path):
    one, two = tmp_path / "one", tmp_path / "two"
    ended = run("emit", files.bundle, "--format", "coo", "--format", "c", "--format", "coo", "-o", one)
    assert (ended.code, ended.out) == (0, f"{one}: coo\n{one}: c\n")
    for name in ("c", "coo"):
        assert run("emit", files.bundle, "--format", name, "-o", two).code == 0
    first, second = ({p.relative_to(d): p.read_bytes() for p in d.rglob("*") if p.is_file()} for d in (one, two))
    assert first == second
