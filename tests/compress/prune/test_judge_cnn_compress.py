"""The CNN_Compress project's LeNet-5 on MNIST: its dense model, pruned here, and its own pruned model."""

from __future__ import annotations

import pytest
import torch

from edgeq.compress import MaskKeeper, prune
from tests.data import need_data
from tests.examples import example

pytestmark = pytest.mark.judge


def test_one_threshold_for_all_layers_gives_the_mask_that_it_published() -> None:
    load = example("lenet5/model.py").load_reference
    ours = load(need_data("lenet5_reference/lenet5_dense_float.pt"))
    theirs = MaskKeeper(load(need_data("lenet5_reference/lenet5_sparse_float.pt"))).masks
    done = prune(ours, {"pattern": "*.weight", "sparsity": 0.9, "scope": "global"})
    assert [w.nonzero for w in done.after.weights] == [127, 936, 1145, 3421, 518]
    assert all(torch.equal(mask, theirs[name]) for name, mask in done.masks.items())
