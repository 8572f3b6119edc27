"""Every judge at a size that plain Python computes in seconds, one after the other until one finds a difference.

Made for NUMBA_DISABLE_JIT=1. ``data`` is the folder of third-party data, ``answers`` one that `keep_tosa` and
`keep_xilinx` filled.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

import edgeq
from edgeq.arith.multiplier import quantize_multiplier
from tests.arith import forms
from tests.arith.cases import wide_product_case
from tests.arith.cases_nonlinear import nonlinear_cases
from tests.ir import test_acc_proof as proofs
from tests.judges import quick, xilinx
from tests.judges.fixed_point import judge_conversions, judge_dots
from tests.judges.tosa_operators import judge_stored, store

VALUES = 200
"""About so many output values of each operator are compared with TOSA's model."""
EVERY = 96
EVERY_DOT = 5
"""Of Xilinx's conversions, and of its kinds of dot products, each so many-th is compared."""


def keep_tosa(folder: Path, python: Path) -> None:
    """Ask TOSA's model, which runs in ``python``, and keep what it says in ``folder``."""
    store(folder / "tosa.npz", VALUES, python)


def keep_xilinx(folder: Path) -> None:
    """Ask Xilinx's headers, and keep what they say in ``folder``."""
    np.savez(folder / "xilinx.npz", conversions=xilinx.conversion_answers(folder), dots=xilinx.dot_answers(folder))


def tosa(data: Path, answers: Path) -> None:
    """Compare with TOSA's reference model."""
    del data
    judge_stored(answers / "tosa.npz", VALUES)


def cmsis_nn(data: Path, answers: Path) -> None:
    """Compare with CMSIS-NN's unit tests and TFLite Micro's edge accumulators."""
    del answers
    quick.judge(data / "conformance")


def ap_fixed(data: Path, answers: Path) -> None:
    """Compare with Xilinx's ap_fixed."""
    del data
    with np.load(answers / "xilinx.npz") as theirs:
        judge_conversions(theirs["conversions"], EVERY)
        judge_dots(theirs["dots"], EVERY_DOT)


def fraction(data: Path, answers: Path) -> None:
    """Compare scalar rules with oracles on rational numbers and Python integers, where third parties do not reach."""
    del data, answers
    reciprocals = [case for case in nonlinear_cases() if case.rule in ("softmax_reciprocal", "softmax_term")]
    for case in (wide_product_case(48, (0, (1 << 31) - 1), 40), *reciprocals):
        part = case.part(7)
        assert forms.run_python((part.rule, part.columns)).tolist() == part.expected.tolist(), case.rule
    made = quantize_multiplier(1 - 2.0**-40)
    assert (made.multiplier, made.shift, made.left_shift) == (1 << 30, 30, 0)


def proof(data: Path, answers: Path) -> None:
    """Compare the accumulator proof with every input of tiny layers."""
    del data, answers
    proofs.test_padded_sums_leave_a_proof_without_the_zero()
    proofs.test_every_partial_sum_is_inside(edgeq.IntType(2), 1, (0, 1, 0, 2), [5, -7])


JUDGES: tuple[Callable[[Path, Path], None], ...] = (cmsis_nn, tosa, ap_fixed, fraction, proof)


def first_to_differ(first: str, data: Path, answers: Path) -> tuple[str, str]:
    """Return the judge that finds a difference, asking ``first`` before all others, and what it says, else ``none``.

    A rule so wrong that a judge cannot even run counts as found.
    """
    for judge in sorted(JUDGES, key=lambda judge: judge.__name__ != first):
        try:
            judge(data, answers)
        except Exception as found:  # whatever a wrong rule leads to
            text = " ".join(str(found).split())
            return judge.__name__, text[:160] or type(found).__name__
    return "none", ""
