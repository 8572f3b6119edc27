"""Train DigitsNet on scikit-learn's handwritten digits and write every file of this folder.

    python examples/digits/train.py [-o FOLDER]

One thread, fixed seeds, deterministic kernels: equal versions on an equal CPU give equal files.
"""

import argparse
import hashlib
from pathlib import Path

import numpy as np
import torch
from model import DigitsNet
from numpy.typing import NDArray
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch.nn.functional import cross_entropy, pad

SEED = 2024
TEST_IMAGES = 500
CALIBRATION_IMAGES = 128
EPOCHS = 60
BATCH = 64

REPOSITORY = f"{Path(__file__).resolve().parents[2]}/"
PACKAGES = f"{Path(torch.__file__).parents[1]}/"

Float = NDArray[np.float32]
Labels = NDArray[np.uint8]


def read_split() -> tuple[Float, Float, Labels, Labels]:
    """Return train images, test images, train labels, test labels; images (N, 1, 8, 8) as pixel / 16."""
    digits = load_digits()
    images = (digits.images[:, None] / 16).astype(np.float32)  # exact: 16 is a power of two
    labels = digits.target.astype(np.uint8)
    train_x, test_x, train_y, test_y = train_test_split(
        images, labels, test_size=TEST_IMAGES, stratify=labels, random_state=SEED
    )
    return train_x, test_x, train_y, test_y


def shift(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Move each image by -1, 0 or 1 pixels in each direction, filling with paper."""
    moves = torch.randint(0, 3, (len(images), 2), generator=generator).tolist()
    framed = pad(images, (1, 1, 1, 1))
    return torch.stack(
        [image[:, top : top + 8, left : left + 8] for image, (top, left) in zip(framed, moves, strict=True)]
    )


def train(x: torch.Tensor, y: torch.Tensor) -> DigitsNet:
    """Return DigitsNet trained on images (N, 1, 8, 8) and labels (N,), in eval mode."""
    torch.manual_seed(SEED)
    generator = torch.Generator().manual_seed(SEED)
    model = DigitsNet()
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, EPOCHS)
    for _ in range(EPOCHS):
        for chosen in torch.split(torch.randperm(len(x), generator=generator), BATCH):
            loss = cross_entropy(model(shift(x[chosen], generator)), y[chosen], label_smoothing=0.05)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        schedule.step()
    return model.eval()


def count_correct(model: torch.nn.Module, x: Float, y: Labels) -> int:
    """Return how many images (N, 1, 8, 8) the model gives their label (N,)."""
    with torch.no_grad():
        answers = model(torch.from_numpy(x)).argmax(1).numpy()
    return int((answers == y).sum())


def export(model: torch.nn.Module, example: torch.Tensor) -> torch.export.ExportedProgram:
    """Capture the model with a free batch size, naming source files relative to the repository and torch."""
    batch = torch.export.Dim("batch")
    program = torch.export.export(model, (example,), dynamic_shapes=({0: batch},))
    for node in program.graph.nodes:
        trace = node.meta.get("stack_trace")
        if trace is not None:
            node.meta["stack_trace"] = trace.replace(REPOSITORY, "").replace(PACKAGES, "")
    return program


def digest(state: dict[str, torch.Tensor]) -> str:
    """Return the sha256 of all tensors, names and bytes, in order."""
    sha = hashlib.sha256()
    for name, tensor in state.items():
        sha.update(name.encode() + tensor.numpy().tobytes())
    return sha.hexdigest()


def main() -> None:
    """Train, measure, write."""
    parser = argparse.ArgumentParser(description="Train DigitsNet and write its model and data files.")
    parser.add_argument("-o", "--output", type=Path, default=Path(__file__).parent, metavar="FOLDER")
    folder: Path = parser.parse_args().output

    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    train_x, test_x, train_y, test_y = read_split()
    model = train(torch.from_numpy(train_x), torch.from_numpy(train_y).long())

    folder.mkdir(parents=True, exist_ok=True)
    calibration = train_x[:CALIBRATION_IMAGES]
    np.save(folder / "calib.npy", calibration)
    np.save(folder / "test_x.npy", test_x)
    np.save(folder / "test_y.npy", test_y)
    torch.save(model.state_dict(), folder / "digits_state.pt")
    torch.export.save(export(model, torch.from_numpy(calibration[:2])), folder / "digits.pt2")

    print(f"parameters: {sum(p.numel() for p in model.parameters())}")
    print(f"train: {count_correct(model, train_x, train_y)} of {len(train_y)}")
    print(f"test: {count_correct(model, test_x, test_y)} of {len(test_y)}")
    print(f"state sha256: {digest(model.state_dict())}")


if __name__ == "__main__":
    main()
