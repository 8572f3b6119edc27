"""The whole road on MNIST: train LeNet-5, prune it, fine-tune it, quantize it, lower it, simulate its integers.

    python examples/lenet5/road.py DATA [-o FOLDER] [--epochs N] [--sparsity R] [--bits B] [--binary]

DATA holds mnist/ with the four idx files (.gz). FOLDER takes dense.pt, sparse.pt, quantized.pt2 (what `edgeq lower`
reads), lenet5.edgeq (bundle) and lenet5.eqbin (the network in one file). With --binary weights and activations of all
layers but the first and the last are -1 and +1, and training begins with them.
"""

import argparse
import copy
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from export import normalize, read_mnist
from model import BinaryLeNet5, LeNet5

import edgeq
from edgeq import compress
from edgeq.compress.training import Examples, Recipe, count_correct, make_examples, train

SEED = 0
HELD_OUT = 5000
CALIBRATION = 1024
RECIPE = Recipe(epochs=10, batch=128, lr=4e-3, optimizer="adamw", weight_decay=0.05, seed=SEED)
SPARSE = replace(RECIPE, epochs=15)
"""Pruning and fine-tuning, taught by the dense network."""
FINE = replace(RECIPE, lr=1e-3, weight_decay=0.0)
"""Training with quantized weights: from a quarter of the learning rate."""
FROZEN_FROM = 0.7
"""Part of the epochs after which ranges and statistics of batch norm stay."""
SETTLED_AT = 0.5
"""Part of the epochs over which the sparsity grows."""
BINARY: dict[str, Any] = {"batch_norm": "keep", "weights": {"method": "binary"}, "activations": {"method": "binary"}}


@dataclass(frozen=True)
class Mnist:
    """Training images without those held out, those held out, test images; as the network takes them."""

    train: Examples
    held_out: Examples
    test: Examples


def load_mnist(data: Path) -> Mnist:
    """Read the images under ``data``; the last 5,000 for training are held out."""
    (images, labels), (test_x, test_y) = (read_mnist(data, part) for part in ("train", "t10k"))
    x, cut = normalize(images).numpy(), len(labels) - HELD_OUT
    return Mnist(make_examples(x[:cut], labels[:cut], "train"), make_examples(x[cut:], labels[cut:], "held out"),
                 make_examples(normalize(test_x).numpy(), test_y, "test"))


def told(name: str) -> Any:
    """Return what training tells after each epoch."""
    return lambda epoch, loss: print(f"{name}: epoch {epoch + 1}, loss {loss:.4f}", file=sys.stderr, flush=True)


def fresh(kind: type[torch.nn.Module] = LeNet5, **options: Any) -> torch.nn.Module:
    """Return an untrained network, always the same."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(SEED)
        return kind(**options)


def train_dense(mnist: Mnist, recipe: Recipe = RECIPE) -> torch.nn.Module:
    """Return the float network, trained."""
    model = fresh(batch_norm=True)
    train(model, mnist.train, recipe, done=told("dense"))
    return model


def lamp(weight: torch.Tensor) -> torch.Tensor:
    """Return each weight's square over the sum of those that are not smaller, in its layer.

    One threshold then spares small layers. Source: Lee et al., "Layer-adaptive sparsity for the Magnitude-based
    Pruning" (2021).
    """
    squares, order = (weight.detach().double() ** 2).flatten().sort()
    scores = torch.empty_like(squares)
    scores[order] = squares / squares.flip(0).cumsum(0).flip(0).clamp_min(torch.finfo(torch.float64).tiny)
    return scores.reshape(weight.shape)


def prune(model: torch.nn.Module, mnist: Mnist, sparsity: float, recipe: Recipe = SPARSE) -> None:
    """Prune with one threshold for all layers, more with each epoch, and fine-tune what is left."""
    grown = max(1, round(SETTLED_AT * recipe.epochs))
    stages = [round(sparsity * (1 - (1 - (k + 1) / grown) ** 3), 4) for k in range(grown)]
    rule = {"pattern": "*.weight", "stages": stages, "scope": "global", "importance": lamp}
    schedule = compress.Schedule(model, [rule])
    train(model, mnist.train, recipe, made=schedule.keeper.attach, begin=schedule.begin, done=told("pruned"),
          teacher=copy.deepcopy(model))


def quantized(
    name: str, model: torch.nn.Module, config: Any, mnist: Mnist, recipe: Recipe | None = FINE, *,
    sparse: bool = False, teacher: torch.nn.Module | None = None,
) -> torch.nn.Module:
    """Return the network quantized: calibrated, then trained unless ``recipe`` is None; with ``sparse`` zeros stay."""
    made = compress.quantize(model, config, mnist.train.x[:2], calibration=mnist.train.x[:CALIBRATION])
    if recipe is not None:
        freezing = int(FROZEN_FROM * recipe.epochs)
        train(made, mnist.train, recipe, made=compress.MaskKeeper(made).attach if sparse else None,
              begin=lambda epoch: compress.freeze(made) if epoch == freezing else None, done=told(name),
              teacher=teacher)
    compress.freeze(made)
    return made.eval()


def integer_answers(graph: edgeq.Graph, x: np.ndarray) -> np.ndarray:
    """Return the class that the integer simulator gives each input."""
    run = edgeq.simulate(graph, {graph.inputs[0].name: x}, keep="outputs")
    return next(iter(run.outputs.values())).reshape(len(x), -1).argmax(1)


def main() -> None:
    """Go the road and print what each step leaves."""
    parser = argparse.ArgumentParser(description="Train, prune, quantize, lower and simulate LeNet-5.")
    parser.add_argument("data", type=Path, help="folder that holds mnist/")
    parser.add_argument("-o", "--output", type=Path, default=Path("lenet5_road"))
    parser.add_argument("--epochs", type=int, default=RECIPE.epochs, help="of each training (default %(default)s)")
    parser.add_argument("--sparsity", type=float, default=0.9, help="part of the weights to prune (%(default)s)")
    parser.add_argument("--bits", type=int, default=8, help="of weights and activations (%(default)s)")
    parser.add_argument("--binary", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(1)
    mnist, out = load_mnist(args.data), args.output
    out.mkdir(parents=True, exist_ok=True)
    recipe, fine = replace(RECIPE, epochs=args.epochs), replace(FINE, epochs=args.epochs)

    def right(what: str, model: torch.nn.Module) -> None:
        print(f"{what:<22}{count_correct(model, mnist.held_out):>6} of {HELD_OUT} held out, "
              f"{count_correct(model, mnist.test):>5} of {len(mnist.test)} test", flush=True)

    if args.binary:
        made = quantized("binary", fresh(BinaryLeNet5), BINARY, mnist, replace(recipe, weight_decay=0.0))
    else:
        model = train_dense(mnist, recipe)
        teacher = copy.deepcopy(model)
        torch.save(model.state_dict(), out / "dense.pt")
        right("dense float", model)
        prune(model, mnist, args.sparsity, replace(SPARSE, epochs=args.epochs))
        torch.save(model.state_dict(), out / "sparse.pt")
        right("pruned, fine-tuned", model)
        config = {"weights": {"bits": args.bits}, "activations": {"bits": args.bits}}
        made = quantized("quantized", model, config, mnist, fine, sparse=True, teacher=teacher)
    right("quantized", made)
    program = compress.convert(made)
    torch.export.save(program, out / "quantized.pt2")
    graph = edgeq.lower(program, name="lenet5")
    edgeq.save(graph, out / "lenet5.edgeq")
    edgeq.emit(graph, "eqbin", out / "emitted", inline=16, text="zlib", align=1, remarks=False)
    answers = integer_answers(graph, mnist.test.x.numpy())
    print(f"integers              {int((answers == mnist.test.y.numpy()).sum()):>29} of {len(mnist.test)} test")
    size = sum(path.stat().st_size for path in (out / "emitted").glob("*.eqbin"))
    print(f"whole network in one file: {size:,} bytes; float32 numbers take {4 * 61_706:,}")


if __name__ == "__main__":
    main()
