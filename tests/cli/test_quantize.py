"""``edgeq quantize``: what it writes and prints, and every mistake."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from torch import nn

import edgeq
from edgeq.cli.run_log import Progress

ARCH = """
from torch import nn

def net():
    return nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
"""
TRAIN = ("--train", "train.npz", "--val", "train.npz", "--epochs", 2, "--lr", 0.01, "--batch", 16)


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """Give a folder with net.py, dense.pt, sparse.pt, train.npz, calib.npy and quant.yaml."""
    folder = tmp_path_factory.mktemp("quantize")
    (folder / "net.py").write_text(ARCH)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(1, 2, 2, bias=False), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Linear(18, 3))
    torch.save(model.state_dict(), folder / "dense.pt")
    torch.save(model, folder / "pickled.pt")
    with torch.no_grad():
        model[4].weight[:, ::2] = 0
    torch.save(model.state_dict(), folder / "sparse.pt")
    x = np.random.default_rng(0).standard_normal((90, 1, 4, 4)).astype(np.float32)
    np.savez(folder / "train.npz", x=x, y=x.reshape(90, 16)[:, :3].argmax(1))
    np.save(folder / "calib.npy", x)
    np.save(folder / "y.npy", x.reshape(90, 16)[:, :3].argmax(1))
    text = '{weights: {bits: 4}, first_last_bits: null, layers: {"4": {weights: {bits: 3}}}}'
    (folder / "quant.yaml").write_text(text)
    return folder


@pytest.fixture
def folder(made: Path, tmp_path: Path, monkeypatch) -> Iterator[Path]:
    """Give a copy to work in; tiny models train on one thread meanwhile."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    shutil.copytree(made, tmp_path / "work")
    monkeypatch.chdir(tmp_path / "work")
    yield tmp_path / "work"
    torch.set_num_threads(threads)


def quantize(run, model: str, *arguments: object):
    """Run the command on a state dict of the network."""
    return run("quantize", model, "--arch", "net.py:net", *arguments)


def row(out: str, layer: str) -> list[str]:
    """Return the cells of a layer in the table that a command printed."""
    return next(line.split() for line in out.splitlines() if line.split()[:1] == [layer])


def weights_of(path: Path) -> dict[str, np.ndarray]:
    """Return the integer weights of a written program."""
    program = torch.export.load(path)
    return {name: value.numpy() for name, value in program.state_dict.items() if name.endswith("weight")}


def frozen(state: str) -> set[bool]:
    """Return what ranges and batch norms of a state say of themselves."""
    tensors = torch.load(state, weights_only=True)["model"]
    return {bool(value) for name, value in tensors.items() if name.endswith("frozen")}


def test_calibrated_alone(run, folder: Path) -> None:
    done = quantize(run, "dense.pt", "--calib", "calib.npy", "-o", "q.pt2")
    assert (done.code, done.err) == (0, "")
    weight = torch.load("dense.pt", weights_only=True)["4.weight"].double().numpy()
    scale = np.float32(np.abs(weight).max(1) / 127).astype(np.float64)
    codes = np.rint(weight / scale[:, None])
    np.testing.assert_array_equal(weights_of(folder / "q.pt2")["4.weight"], codes)
    cells = row(done.out, "4")
    assert cells[:5] == ["4", "uniform", "8", f"{scale.min():.4g}..{scale.max():.4g}", str(len(np.unique(codes)))]
    assert cells[5] == str((codes == 0).sum())
    assert row(done.out, "0")[6:8] == ["uniform", "8"]
    end = "q.pt2: 62 weights, 62 bytes at their bits; next: edgeq lower q.pt2 -o NAME.edgeq"
    assert done.out.splitlines()[-1] == end
    assert run("lower", "q.pt2", "-o", "q.edgeq").code == 0


def test_short_options_and_a_file_mean_the_same(run, folder: Path) -> None:
    (folder / "same.yaml").write_text("{preset: tflite, mode: ptq, weights: {method: ternary},"
                                      " activations: {method: lsq, bits: 6}}")
    same = ("sparse.pt", "--train", "train.npz", "-o")
    first = quantize(run, *same, "a.pt2", "--preset", "tflite", "--mode", "ptq", "--method", "ternary", "--wbits", 2,
                     "--amethod", "lsq", "--abits", 6)
    second = quantize(run, *same, "b.pt2", "--config", "same.yaml")
    assert (first.code, second.code) == (0, 0), first.err
    assert (folder / "a.pt2").read_bytes() == (folder / "b.pt2").read_bytes()
    assert first.out.replace("a.pt2", "b.pt2") == second.out
    assert second.out.splitlines()[-1].endswith("next: edgeq lower b.pt2 --preset tflite -o NAME.edgeq")
    assert second.err == "note: the model is pruned: 27 weights stay zero\n"
    reminded = run("lower", "b.pt2", "-o", "b.edgeq")
    right = run("lower", "b.pt2", "--preset", "tflite", "-o", "c.edgeq")
    said = "b.pt2: was quantized for preset tflite and is lowered with edgeq; give --preset tflite"
    assert reminded.err == f"note: {said}\n"
    assert (reminded.code, right.code, right.err) == (0, 0, "")


def test_training_is_deterministic_and_is_told_truly(run, folder: Path) -> None:
    written = []
    for k in range(2):
        done = quantize(run, "sparse.pt", "--config", "quant.yaml", *TRAIN, "--freeze-after", 0.5, "--seed", 3,
                        "--optimizer", "adamw", "--weight-decay", 0.1, "--log", "run.yaml", "--state", f"s{k}.pt",
                        "-o", "q.pt2")
        assert done.code == 0, done.err
        written.append([(folder / name).read_bytes() for name in ("q.pt2", "run.yaml", f"s{k}.pt")])
    assert written[0] == written[1]
    notes = done.err.splitlines()
    assert notes[0] == "note: the model is pruned: 27 weights stay zero"
    assert [note.split(":")[0] for note in notes[1:]] == ["epoch 1/2", "epoch 2/2"]
    lines = done.out.splitlines()
    assert [line.split(":")[0] for line in lines[:4]] == ["before", "calibrated", "trained", "integers"]
    assert [row(done.out, name)[2] for name in ("0", "4")] == ["4", "3"]
    stored = weights_of(folder / "q.pt2")
    assert int(np.abs(stored["4.weight"]).max()) == 3
    assert not stored["4.weight"][:, ::2].any()
    assert frozen("s0.pt") == {True}
    assert str(Path(edgeq.__file__).parent).encode() not in written[0][0]

    assert run("lower", "q.pt2", "-o", "q.edgeq").code == 0
    simulated = run("simulate", "q.edgeq", "--input", "calib.npy", "--labels", "y.npy").out.splitlines()[-1]
    right = int(lines[3].split()[1])
    assert simulated == f"accuracy: {right} of 90 ({100 * right / 90:.2f} %)"

    log = (folder / "run.yaml").read_text()
    told = yaml.safe_load(log)
    assert str(folder.parent) not in log
    assert told["options"] == {"model": "sparse.pt", "config": "quant.yaml", "train": "train.npz", "val": "train.npz",
                               "arch": "net.py:net", "freeze_after": 0.5}
    assert told["recipe"]["seed"] == 3
    assert sorted(told["versions"]) == ["edgeq", "numpy", "torch"]
    assert [each["when"] for each in told["accuracy"]] == ["before", "calibrated", "trained", "integers"]
    assert [each["right"] for each in told["accuracy"]] == [int(line.split()[1]) for line in lines[:4]]
    assert [f"loss {each['loss']:.4f}, {each['right']} of 90 right" for each in told["epochs"]] == [
        note.split(": ")[1] for note in notes[1:]]
    assert [(each["name"], each.get("bits"), each.get("nonzero")) for each in told["after"]][1::2] == [
        ("0", 4, int((stored["0.weight"] != 0).sum()))]
    assert told["before"][-1] == {"name": "4.weight", "shape": [3, 18], "parameters": 54, "nonzero": 27, "macs": 54,
                                  "macs_left": 27}


def test_a_stopped_training_goes_on_as_if_it_had_not_stopped(run, folder: Path, monkeypatch) -> None:
    same = ("sparse.pt", "--wbits", 4, *TRAIN, "--optimizer", "sgd", "--momentum", 0.5)
    whole = quantize(run, *same, "--state", "whole.pt", "--log", "whole.yaml", "-o", "whole.pt2")
    assert whole.code == 0, whole.err
    assert frozen("whole.pt") == {False}  # three quarters of two epochs, rounded up
    told = Progress.done

    def stopping(self: Progress, epoch: int, loss: float, right: int | None) -> None:
        if epoch == 1:
            raise KeyboardInterrupt
        told(self, epoch, loss, right)

    with monkeypatch.context() as stopped:
        stopped.setattr(Progress, "done", stopping)
        assert quantize(run, *same, "--state", "half.pt", "-o", "q.pt2").code == 130
    assert not (folder / "q.pt2").exists()
    other = quantize(run, "sparse.pt", *TRAIN, "--seed", 1, "--resume", "half.pt", "-o", "q.pt2")
    assert other.error == ("--resume half.pt: after 1 of 2 epochs of a training with optimizer 'sgd', got 'adam'; give "
                           "the same options")
    rest = quantize(run, "sparse.pt", *same[3:], "--resume", "half.pt", "--state", "rest.pt", "--log", "rest.yaml",
                    "-o", "q.pt2")
    assert rest.code == 0, rest.err
    assert rest.err.splitlines()[1] == "going on after epoch 1 of 2"
    assert rest.err.splitlines()[2:] == whole.err.splitlines()[2:]
    for one, another in (("whole.pt2", "q.pt2"), ("whole.pt", "rest.pt")):
        assert (folder / one).read_bytes() == (folder / another).read_bytes()
    logs = [yaml.safe_load((folder / name).read_text()) for name in ("whole.yaml", "rest.yaml")]
    assert logs[0]["epochs"] == logs[1]["epochs"]
    assert logs[0]["after"] == logs[1]["after"]

    alone = quantize(run, "dense.pt", "--calib", "calib.npy", "--resume", "rest.pt", "-o", "alone.pt2")
    assert alone.code == 0, alone.err
    assert (folder / "alone.pt2").read_bytes() == (folder / "q.pt2").read_bytes()


def test_a_pickled_module_and_a_file_without_mode(run, folder: Path) -> None:
    done = run("quantize", "pickled.pt", "--allow-code", "--config", "quant.yaml", "--calib", "calib.npy",
               "-o", "q.pt2")
    assert done.code == 0, done.err
    assert done.err == "note: no --train: the model is calibrated alone (mode ptq)\n"
    assert int(np.abs(weights_of(folder / "q.pt2")["4.weight"]).max()) == 3


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("NET", "the ranges of activations are found in data; give --calib X.npy or --train TRAIN.npz"),
        ("NET --mode qat --calib calib.npy", "mode qat trains; give --train TRAIN.npz, or --mode ptq"),
        ("NET --mode best", "config: mode is 'best', expected ptq or qat"),
        ("NET --wbits 40", "config: weights: bits is 40, expected a number of bits 1..16, or null"),
        ("NET --method cubic --calib calib.npy", "layer '0': method of weights is 'cubic', expected one of uniform"),
        ("NET --amethod cubic --calib calib.npy", "layer '"),
        ("NET --preset best --calib calib.npy", "preset 'best' does not exist; use one of edgeq"),
        ("NET --config none.yaml", "none.yaml: no such file of a quantization"),
        ("NET --config net.py", "net.py: "),
        ("NET --config quant.yaml --abits 4", "--abits is in place of --config; write it in quant.yaml"),
        ("NET --calib y.npy", "--calib y.npy: is int64 of shape [90], expected floats as the model takes them"),
        ("NET --calib none.npy", "none.npy: "),
        ("NET --calib calib.npy --lr 0.1", "--lr is for fine-tuning; give --train TRAIN.npz"),
        ("NET --calib calib.npy --freeze-after 0.5", "--freeze-after is for fine-tuning; give --train TRAIN.npz"),
        ("NET --train train.npz --freeze-after 2", "freeze-after is 2.0, expected a part of the epochs, 0..1"),
        ("NET --train train.npz --device nowhere", "device 'nowhere' cannot be used: "),
        ("NET --train net.py", "net.py: is no .npz file; write it with"),
        ("NET --train train.npz --resume none.pt", "--resume none.pt: no such file"),
        ("NET --train train.npz --resume net.py", "--resume net.py: cannot be read: "),
        ("NET --train train.npz --resume pickled.pt", "--resume pickled.pt: cannot be read: is a pickle that names "),
        ("NET --train train.npz --resume dense.pt", "--resume dense.pt: is no state of edgeq quantize; write one with"),
        ("dense.pt --calib calib.npy", "dense.pt: pass --arch FILE.py:NAME for the module that the state"),
        ("pickled.pt --arch net.py:net --calib calib.npy", "pickled.pt: is a pickle that names torch.nn.modules"),
        ("none.pt --arch net.py:net --calib calib.npy", "none.pt: no such weights file"),
    ],
)
def test_mistakes_are_one_line_and_write_nothing(run, folder: Path, arguments: str, message: str) -> None:
    given = arguments.replace("NET", "dense.pt --arch net.py:net").split()
    done = run("quantize", *given, "-o", "out.pt2", "--state", "out.pt", "--log", "out.yaml")
    assert done.code == 2
    assert done.error.startswith(message)
    assert [p.name for p in folder.iterdir() if p.name.startswith((".", "out"))] == []


def test_damaged_states(run, folder: Path) -> None:
    assert quantize(run, "dense.pt", "--calib", "calib.npy", "--wbits", 4, "--state", "s.pt", "-o", "q.pt2").code == 0
    good = torch.load("s.pt", weights_only=True)

    def resumed(**changes: object) -> str:
        torch.save({**good, **changes}, "bad.pt")
        done = quantize(run, "dense.pt", *TRAIN, "--resume", "bad.pt", "-o", "bad.pt2")
        assert done.code == 2
        return done.error.removeprefix("--resume bad.pt: ")

    assert resumed(edgeq_state=2) == "version 2 is unknown; this edgeq reads version 1"
    assert resumed(model=3) == "model is 'int', expected names to tensors; it is damaged"
    assert resumed(epochs=[("a", None)]) == "epochs are no losses and right answers; it is damaged"
    assert resumed(recipe={"epochs": "two"}) == "recipe is no recipe of a training; it is damaged"
    assert resumed(training=7) == "training is no training; it is damaged"
    assert resumed(training={"epoch": 1}) == "training is after 1 epochs, 0 are told; it is damaged"
    assert resumed(training={"epoch": torch.zeros(2)}).endswith("epochs, 0 are told; it is damaged")
    assert resumed(config={"bits": 1}).startswith("config: unknown field 'bits'")
    assert resumed(model={**good["model"], "4.weight": torch.zeros(3, 17)}) == (
        "'4.weight' is float32 [3, 17], the model has float32 [3, 18]; it is of another model")
    assert resumed(model={**good["model"], "5.weight": torch.zeros(3)}) == (
        "'5.weight' is float32 [3], the model has missing; it is of another model")
    assert resumed(masks={"9.weight": torch.ones(1)}).startswith("mask '9.weight': the model has no such parameter")
    del good["masks"]
    assert resumed() == "has no 'masks'; it is damaged"
    other = quantize(run, "dense.pt", *TRAIN, "--wbits", 3, "--resume", "s.pt", "-o", "bad.pt2")
    assert other.error == "--resume s.pt: was quantized in another way; leave out --config and what is in its place"


def test_what_is_not_overwritten(run, folder: Path) -> None:
    same = ("dense.pt", "--calib", "calib.npy")
    before = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    for option, name, message in (
        ("-o", "dense.pt", "is an input of this command"), ("-o", "sparse.pt", "exists and is no torch.export archive"),
        ("--state", "sparse.pt", "exists and is no state of edgeq quantize"), ("--state", "q.pt2", "is what -o writes"),
        ("--log", "quant.yaml", "exists and is no log of a run"), ("--log", "net.py", "exists and is no log of a run"),
    ):
        done = quantize(run, *same, *(() if option == "-o" else ("-o", "q.pt2")), option, name)
        assert (done.code, done.error.split("; ")[0]) == (2, f"{option} {name}: {message}")
    assert before == {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}


def test_a_captured_program_is_refused(run, folder: Path) -> None:
    exported = torch.export.export(nn.Linear(2, 2), (torch.zeros(1, 2),))
    torch.export.save(exported, "float.pt2")
    done = run("quantize", "float.pt2", "--calib", "calib.npy", "-o", "q.pt2")
    assert done.code == 2
    assert done.error == ("float.pt2: holds a captured program, which cannot be trained as modules; "
                          "give the state dict of the module with --arch FILE.py:NAME")


def test_help_shows_a_complete_example(run) -> None:
    done = run("quantize", "--help")
    assert done.code == 0
    assert "edgeq quantize sparse.pt --arch model.py:LeNet5 --config quant.yaml" in done.out
    assert '"fc*": {weights: {method: lsq, bits: 4}}' in done.out
    assert "--device cuda:0,cuda:1" in done.out
