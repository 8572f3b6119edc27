"""All forms of every scalar rule give one result: Python, Numba, C, Verilog in two simulators, the oracle.

Exhaustive: `rescale` of every 8-bit x with every signed or unsigned 8-bit multiplier at every shift from
0 to past the product's width (17 bits), under each rounding, and once more scaled by 2**24 where the
two-stage rules round twice. Numba, C and verilator take every row. Of the rows with a distinct product or
shift, Python takes every second and iverilog every 29th. Smaller cases are taken whole by all forms.
Verilator runs every module whose ranges hold the case, iverilog the first (checked-in ones are first).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from tests.arith import forms
from tests.arith.cases import Case, exhaustive, sampled_cases
from tests.arith.cases_elementwise import elementwise_cases
from tests.arith.cases_nonlinear import nonlinear_cases
from tests.oracles.rounding import ROUNDINGS, TWO_STAGE

SHIFTS, SHIFTS_OF_TWO_STAGE = range(19), range(30, 42)
PYTHON_STEP, IVERILOG_STEP = 2, 29
Check = Callable[[Case], None]
SAMPLED = (*sampled_cases(), *elementwise_cases())


def equal(form: str, case: Case, got: np.ndarray) -> None:
    """Fail with the first row that differs."""
    wrong = np.flatnonzero(got != case.expected)
    if len(wrong):
        row = {k: int(c[wrong[0]]) if isinstance(c, np.ndarray) else c for k, c in case.columns.items()}
        pytest.fail(f"{form}: {case.rule}({row}) = {got[wrong[0]]}, expected {case.expected[wrong[0]]}; "
                    f"{len(wrong)} of {len(got)} rows differ")


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> list[forms.Module]:
    return forms.all_modules(tmp_path_factory.mktemp("modules"))


@pytest.fixture(scope="module")
def python_form() -> Check:
    def check(case: Case) -> None:
        part = case.part(PYTHON_STEP)
        equal("python", part, forms.run_python((part.rule, part.columns)))
    return check


@pytest.fixture(scope="module")
def numba_form() -> Check:
    return lambda case: equal("numba", case, forms.run_numba((case.rule, case.columns)))


@pytest.fixture(scope="module")
def c_form(tmp_path_factory: pytest.TempPathFactory) -> Check:
    program = forms.build_c(tmp_path_factory.mktemp("c"))
    return lambda case: equal("C", case, forms.run_c(program, [(case.rule, case.columns)])[0])


@pytest.fixture(scope="module")
def verilator_form(modules: list[forms.Module], tmp_path_factory: pytest.TempPathFactory) -> Check:
    program = forms.build_verilated(modules, tmp_path_factory.mktemp("verilator"))

    def check(case: Case) -> None:
        for k in fitting(modules, case):
            equal(modules[k].path.name, case, forms.stream(program, [(k, case.columns)])[0])
    return check


@pytest.fixture(scope="module")
def iverilog_form(modules: list[forms.Module], tmp_path_factory: pytest.TempPathFactory) -> Check:
    folder = tmp_path_factory.mktemp("iverilog")

    def check(case: Case) -> None:
        part = case.part(IVERILOG_STEP)
        for k in fitting(modules, part)[:1]:
            lines = forms.check_iverilog(modules[k], part.columns, part.expected, folder)
            assert lines == [f"EDGEQ_TB PASS outputs={len(part.expected)}"], f"{modules[k].path.name}: {lines}"
    return check


def fitting(modules: list[forms.Module], case: Case) -> list[int]:
    """Return the places of the modules printed for these arguments, the checked-in one first."""
    found = [k for k, m in enumerate(modules) if m.rule == case.rule and forms.fits(case.columns, m.ranges)]
    assert found, f"no module of {case.rule} takes the case"
    return found


FORMS = [
    "python_form",
    "numba_form",
    pytest.param("c_form", marks=pytest.mark.hardware),
    pytest.param("verilator_form", marks=pytest.mark.hardware),
    pytest.param("iverilog_form", marks=pytest.mark.hardware),
]


@pytest.fixture(scope="module", params=FORMS)
def check(request: pytest.FixtureRequest) -> Check:
    chosen: Check = request.getfixturevalue(request.param)
    return chosen


@pytest.mark.parametrize("rounding", ROUNDINGS)
def test_every_product_of_8_bits_at_every_shift(check: Check, rounding: str) -> None:
    case = exhaustive(rounding, 0, SHIFTS)
    assert len(case.expected) == 256 * 384 * len(SHIFTS)
    check(case)


@pytest.mark.parametrize("rounding", TWO_STAGE)
def test_every_product_of_8_bits_where_two_stages_round_twice(check: Check, rounding: str) -> None:
    case = exhaustive(rounding, 24, SHIFTS_OF_TWO_STAGE)
    assert len(case.expected) == 256 * 384 * len(SHIFTS_OF_TWO_STAGE)
    check(case)


@pytest.mark.parametrize("case", [*SAMPLED, *nonlinear_cases()], ids=lambda c: f"{c.rule}-{len(c.expected)}")
def test_corners_ties_and_random_values(check: Check, case: Case) -> None:
    check(case)


def test_every_module_is_compared(modules: list[forms.Module]) -> None:
    cases = [*SAMPLED, *nonlinear_cases(), exhaustive("floor", 0, SHIFTS)]
    used = {k for case in cases for k in fitting(modules, case)}
    assert used == set(range(len(modules)))
    assert {m.path for m in modules if m.path.parent.name == "rtl"} == set((forms.TEMPLATES / "rtl").glob(
        "edgeq_arith_*.v"))


@pytest.mark.hardware
def test_ties_up_turned_into_another_rule_is_seen_in_c(tmp_path: Path) -> None:
    header = (forms.TEMPLATES / "c" / "edgeq_arith.h").read_text()
    changed = header.replace(" == INT64_C(2);", " == INT64_C(3);")  # the code of ties_up, to ties_away's
    assert changed != header
    (tmp_path / "edgeq_arith.h").write_text(changed)
    program = forms.build_c(tmp_path, tmp_path)
    case = exhaustive("ties_up", 0, SHIFTS)
    with pytest.raises(pytest.fail.Exception, match="rows differ"):
        equal("C", case, forms.run_c(program, [(case.rule, case.columns)])[0])


@pytest.mark.hardware
def test_one_changed_bit_is_seen_in_verilog(modules: list[forms.Module], tmp_path: Path) -> None:
    module = next(m for m in modules if m.path.name == "edgeq_small_rescale.v")
    text = module.path.read_text()
    changed = text.replace("5'sh2}", "5'sh3}", 1)
    assert changed != text
    path = tmp_path / module.path.name
    path.write_text(changed)
    part = exhaustive("ties_up", 0, SHIFTS).part(IVERILOG_STEP)
    copy = forms.Module(path, module.trace, module.ranges)
    lines = forms.check_iverilog(copy, part.columns, part.expected, tmp_path)
    assert lines[-1].startswith("EDGEQ_TB FAIL wrong=")
