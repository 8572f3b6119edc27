"""Families of operators: each file reads its calls, says where quantizers go, and lowers to integers."""

from edgeq.frontend.lowerings import (  # noqa: F401 - fills the tables
    comparisons,
    convolutions,
    functions,
    limits,
    matmul,
    moves,
    multiply,
    passing,
    pools,
    reduce,
    resize,
    slopes,
    softmax,
    sums,
    thresholds,
)
