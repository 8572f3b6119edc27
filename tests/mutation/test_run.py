"""The mutation check itself: its rewrites fit the sources, and what no judge sees is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.mutation.mutants import MUTANTS, Mutant
from tests.mutation.run import ROOT, Verdict, changed, copy_with, report


def test_there_are_enough_and_no_name_twice() -> None:
    assert len(MUTANTS) >= 25
    assert len({m.name for m in MUTANTS}) == len(MUTANTS)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name)
def test_every_rewrite_fits_and_leaves_python(mutant: Mutant) -> None:
    for path, was, becomes in mutant.rewrites:
        text = (ROOT / "edgeq" / path).read_text()
        made = changed(text, was, becomes, path)
        assert made != text
        compile(made, path, "exec")


def test_a_text_that_is_not_there_once_is_refused() -> None:
    with pytest.raises(ValueError, match="here: 'b' is there 2 times, not once"):
        changed("abba", "b", "c", "here")
    with pytest.raises(ValueError, match="'c' is there 0 times"):
        changed("abba", "c", "d", "here")


def test_a_copy_differs_in_the_rewritten_file_alone(tmp_path: Path) -> None:
    path, was, _ = MUTANTS[0].rewrites[0]
    copy_with(Mutant("one", ((path, was, was + "  # changed"),)), tmp_path)
    sources = (ROOT / "edgeq").rglob("*.py")
    differ = [p for p in sources if p.read_text() != (tmp_path / p.relative_to(ROOT)).read_text()]
    assert differ == [ROOT / "edgeq" / path]


def test_what_no_judge_sees_is_counted() -> None:
    out = io.StringIO()
    found = [Verdict(Mutant("a", ()), "tosa", "3 values differ"), Verdict(Mutant("b", ()), "none", "")]
    assert report(found, out) == 1
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["a", "tosa", "3", "values", "differ"], ["b", "UNSEEN"], ["2", "wrong", "rules,", "1", "unseen"]]
