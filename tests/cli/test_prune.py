"""``edgeq prune``: what it writes and prints, and every mistake."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

ARCH = """
from torch import nn

example_inputs = __import__("torch").zeros(1, 1, 4, 4)

def net():
    return nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
"""


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """Give a folder with net.py, dense.pt, train.npz and rules.yaml; tiny models train on one thread meanwhile."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    (tmp_path / "net.py").write_text(ARCH)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
    torch.save(model.state_dict(), tmp_path / "dense.pt")
    torch.save(model, tmp_path / "pickled.pt")
    torch_prune.l1_unstructured(model[3], "weight", 0.5)
    torch.save(model.state_dict(), tmp_path / "masked.pt")
    torch.save(model, tmp_path / "pickled_masked.pt")
    rng = np.random.default_rng(0)
    x = rng.standard_normal((90, 1, 4, 4)).astype(np.float32)
    np.savez(tmp_path / "train.npz", x=x, y=x.reshape(90, 16)[:, :3].argmax(1))
    (tmp_path / "rules.yaml").write_text(
        'rules:\n  - {pattern: "0.weight", sparsity: 0.25}\n  - {pattern: "3.*", stages: [0.5, 0.9]}\n')
    yield tmp_path
    torch.set_num_threads(threads)


def zeros(path: Path) -> dict[str, int]:
    """Return the zeros of each tensor of a state dict."""
    return {name: int((value == 0).sum()) for name, value in torch.load(path, weights_only=True).items()}


def test_one_rule(run, folder: Path) -> None:
    out = folder / "out.pt"
    done = run("prune", folder / "dense.pt", "--arch", f"{folder}/net.py:net", "--sparsity", 0.5, "-o", out)
    assert (done.code, done.err) == (0, "")
    assert zeros(out) == {"0.weight": 4, "3.weight": 27, "3.bias": 0}
    lines = [line.split() for line in done.out.splitlines()]
    assert lines[1] == ["0.weight", "2x1x2x2", "8", "8", "4", "0.5", "72", "36"]
    assert lines[3] == ["total", "62", "62", "31", "0.5", "126", "63"]
    assert done.out.splitlines()[-1] == f"{out}: 31 of 62 weights are zero"


def test_options_of_one_rule(run, folder: Path) -> None:
    out = folder / "out.pt"
    done = run("prune", folder / "dense.pt", "--arch", f"{folder}/net.py:net", "--sparsity", 1 / 3, "-o", out,
               "--pattern", "3.*", "--granularity", "filter", "--importance", "random", "--scope", "global",
               "--seed", 5)
    assert (done.code, done.err) == (0, "")
    assert zeros(out) == {"0.weight": 0, "3.weight": 18, "3.bias": 0}


def test_stages_with_fine_tuning(run, folder: Path) -> None:
    made = []
    for k in range(2):
        out = folder / f"out{k}.pt"
        done = run("prune", folder / "dense.pt", "--arch", f"{folder}/net.py:net", "--rules", folder / "rules.yaml",
                   "--train", folder / "train.npz", "--val", folder / "train.npz", "--epochs", 3, "--lr", 0.01,
                   "--batch", 8, "--optimizer", "sgd", "--momentum", 0.8, "--weight-decay", 0.01, "-o", out)
        assert done.code == 0, done.err
        assert zeros(out) == {"0.weight": 2, "3.weight": 49, "3.bias": 0}
        assert [line.split(":")[0] for line in done.err.splitlines()] == ["epoch 1/3", "epoch 2/3", "epoch 3/3"]
        assert [line.split(":")[0] for line in done.out.splitlines()[:2]] == ["before", "pruned and fine-tuned"]
        made.append(out.read_bytes())
    assert made[0] == made[1]
    dense, sparse = (torch.load(folder / name, weights_only=True) for name in ("dense.pt", "out0.pt"))
    kept = sparse["3.weight"] != 0
    assert bool((dense["3.weight"] != sparse["3.weight"])[kept].all())


def test_without_training_the_last_stage_is_taken(run, folder: Path) -> None:
    out = folder / "out.pt"
    done = run("prune", folder / "dense.pt", "--arch", f"{folder}/net.py:net", "--rules", folder / "rules.yaml",
               "--val", folder / "train.npz", "-o", out)
    assert done.code == 0, done.err
    assert zeros(out)["3.weight"] == 49
    assert [line.split(":")[0] for line in done.out.splitlines()[:2]] == ["before", "pruned"]


def test_masks_of_torch_and_pickled_modules(run, folder: Path) -> None:
    out = folder / "out.pt"
    done = run("prune", folder / "masked.pt", "--arch", f"{folder}/net.py:net", "--sparsity", 0.75, "-o", out)
    assert (done.code, done.err) == (0, "")
    assert zeros(out) == {"0.weight": 6, "3.weight": 40, "3.bias": 0}
    assert done.out.splitlines()[2].split()[:4] == ["3.weight", "3x18", "54", "27"]
    done = run("prune", folder / "pickled.pt", "--allow-code", "--sparsity", 0.5, "-o", out)
    assert (done.code, done.err) == (0, "")
    assert zeros(out) == {"0.weight": 4, "3.weight": 27, "3.bias": 0}
    assert done.out.splitlines()[1].split()[-2:] == ["-", "-"]
    done = run("prune", folder / "pickled_masked.pt", "--allow-code", "--sparsity", 0.75, "-o", out, "--train",
               folder / "train.npz", "--epochs", 1)
    assert done.code == 0, done.err
    assert zeros(out) == {"0.weight": 6, "3.bias": 0, "3.weight": 40}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("NET --sparsity 90", "rule '*.weight': sparsity is 90.0, expected a fraction"),
        ("NET", "give the rules: either --rules rules.yaml or --sparsity R"),
        ("NET --rules {f}/rules.yaml --sparsity 1", "give the rules: either --rules"),
        ("NET --rules {f}/rules.yaml --scope local", "--scope is for --sparsity; write it in"),
        ("NET --rules {f}/none.yaml", "{f}/none.yaml: no such file of rules"),
        ("NET --sparsity 1 --pattern x", "rule 'x' matches no weight; the weights are 0."),
        ("NET --sparsity 1 --granularity kernel", "rule '*.weight': '3.weight' of shape [3, 18]"),
        ("NET --sparsity 1 --epochs 3", "--epochs is for fine-tuning; give --train TRAIN.npz"),
        ("NET --sparsity 1 --train {f}/net.py", "{f}/net.py: is no .npz file; write it with"),
        ("NET --sparsity 1 --device nowhere", "device 'nowhere' cannot be used: "),
        ("NET --rules {f}/rules.yaml --train {f}/train.npz --epochs 1",
         "rule '3.*' has 2 stages, one for each epoch; --epochs is 1: the last stage would not be reached"),
        ("dense.pt --sparsity 1", "{f}/dense.pt: pass --arch FILE.py:NAME for the module that the state"),
        ("dense.pt --sparsity 1 --allow-code", "{f}/dense.pt: holds tensors alone; pass --arch FILE.py:NAME"),
        ("pickled.pt --sparsity 1 --arch {f}/net.py:net", "{f}/pickled.pt: is a pickle that names torch.nn.modules"),
        ("none.pt --sparsity 1 --arch {f}/net.py:net", "{f}/none.pt: no such weights file"),
        ("none.pt --sparsity 1 --allow-code", "{f}/none.pt: "),
        ("dense.pt --sparsity 1 --arch {f}/net.py:other", "--arch {f}/net.py:other: {f}/net.py defines no 'other'"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(run, folder: Path, arguments: str, message: str) -> None:
    given = arguments.replace("NET", "dense.pt --arch {f}/net.py:net").replace("{f}", str(folder)).split()
    done = run("prune", folder / given[0], *given[1:], "-o", folder / "out.pt")
    assert done.code == 2
    assert done.error.startswith(message.replace("{f}", str(folder)))
    assert not (folder / "out.pt").exists()


def test_what_is_not_overwritten(run, folder: Path) -> None:
    same = ("prune", folder / "dense.pt", "--arch", f"{folder}/net.py:net", "--sparsity", 0.5, "-o")
    before = (folder / "dense.pt").read_bytes()
    done = run(*same, folder / "dense.pt")
    assert (done.code, "is an input of this command; choose another name" in done.error) == (2, True)
    assert (folder / "dense.pt").read_bytes() == before
    for name in ("net.py", "rules.yaml", "pickled.pt"):
        done = run(*same, folder / name)
        assert (done.code, "exists and is no state dict; it is left as it is" in done.error) == (2, True)
    assert [run(*same, folder / "out.pt").code for _ in range(2)] == [0, 0]
    assert sorted(p.name for p in folder.iterdir() if p.name.startswith((".", "out"))) == ["out.pt"]


def test_help_shows_a_complete_example(run) -> None:
    done = run("prune", "--help")
    assert done.code == 0
    assert "edgeq prune dense.pt --arch model.py:LeNet5 --rules rules.yaml" in done.out
    assert '- {pattern: "conv*.weight", stages: [0.5, 0.8, 0.9]}' in done.out
