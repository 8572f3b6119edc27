"""The mutation check itself: its rewrites fit the sources, and what no judge sees is told."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from tests.mutation import judges
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
    assert not list((tmp_path / "edgeq" / path).parent.glob(f"__pycache__/{Path(path).stem}.*"))
    differ = [p for p in sources if p.read_text() != (tmp_path / p.relative_to(ROOT)).read_text()]
    assert differ == [ROOT / "edgeq" / path]


def test_a_mutant_names_a_judge_there_is() -> None:
    assert {m.judge for m in MUTANTS} <= {"cmsis_nn", "tosa", "ap_fixed", "fraction", "proof"}
    assert [judge.__name__ for judge in judges.JUDGES] == ["cmsis_nn", "tosa", "ap_fixed", "fraction", "proof"]


def test_the_named_judge_is_asked_first_and_all_others_when_it_is_content(monkeypatch, tmp_path: Path) -> None:
    asked = []

    def one(data: Path, answers: Path) -> None:
        asked.append("one")

    def two(data: Path, answers: Path) -> None:
        asked.append("two")

    def three(data: Path, answers: Path) -> None:
        asked.append("three")
        raise AssertionError("1 of\n2 differ")

    monkeypatch.setattr(judges, "JUDGES", (one, two, three))
    assert judges.first_to_differ("three", tmp_path, tmp_path) == ("three", "1 of 2 differ")
    assert judges.first_to_differ("two", tmp_path, tmp_path) == ("three", "1 of 2 differ")
    monkeypatch.setattr(judges, "JUDGES", (one, two))
    assert judges.first_to_differ("two", tmp_path, tmp_path) == ("none", "")
    assert asked == ["three", "two", "one", "three", "two", "one"]


def test_what_no_judge_sees_is_counted() -> None:
    out = io.StringIO()
    found = [Verdict(Mutant("a", ()), "tosa", "3 values differ"), Verdict(Mutant("b", ()), "none", "")]
    assert report(found, out) == 1
    assert [line.split() for line in out.getvalue().splitlines()] == [
        ["a", "tosa", "3", "values", "differ"], ["b", "UNSEEN"], ["2", "wrong", "rules,", "1", "unseen"]]
