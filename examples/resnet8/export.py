"""Export the MLPerf Tiny ResNet-8 for `edgeq lower`, after counting its correct answers on CIFAR-10 images.

    python examples/resnet8/export.py $EDGEQ_DATA -o resnet8.pt2 [--arrays FOLDER]

--arrays also writes what lowering and simulation read: calib.npy (images 0..499, float32, as the model takes
them), test_x.npy (3,000 images, uint8; the model's input is the raw pixel) and test_y.npy.
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from model import ResNet8, load_reference
from numpy.typing import NDArray

CALIBRATION_IMAGES = 500

Bytes = NDArray[np.uint8]


def read_images(data: Path) -> tuple[Bytes, Bytes]:
    """Return images (3000, 3, 32, 32) and labels (3000,)."""
    with np.load(data / "resnet8_cifar10" / "cifar10_3000.npz") as stored:
        return np.ascontiguousarray(stored["x"].transpose(0, 3, 1, 2)), stored["y"]


def count_correct(model: ResNet8, images: Bytes, labels: Bytes) -> int:
    """Return how many images (N, 3, 32, 32) the model gives their label (N,)."""
    with torch.no_grad():
        parts = np.array_split(images.astype(np.float32), 30)
        answers = torch.cat([model(torch.from_numpy(part)).argmax(1) for part in parts])
    return int((answers.numpy() == labels).sum())


def write_arrays(folder: Path, images: Bytes, labels: Bytes) -> None:
    """Write calib.npy, test_x.npy and test_y.npy."""
    folder.mkdir(parents=True, exist_ok=True)
    np.save(folder / "calib.npy", images[:CALIBRATION_IMAGES].astype(np.float32))
    np.save(folder / "test_x.npy", images)
    np.save(folder / "test_y.npy", labels)


def main() -> None:
    """Load, measure, export."""
    parser = argparse.ArgumentParser(description="Export the MLPerf Tiny ResNet-8 to a .pt2 file.")
    parser.add_argument("data", type=Path, help="folder that holds resnet8_cifar10/")
    parser.add_argument("-o", "--output", type=Path, default=Path("resnet8.pt2"))
    parser.add_argument("--arrays", type=Path, metavar="FOLDER", help="also write the .npy arrays here")
    args = parser.parse_args()

    torch.set_num_threads(1)
    model = load_reference(args.data / "resnet8_cifar10" / "weights_float32.npz")
    images, labels = read_images(args.data)
    print(f"test: {count_correct(model, images, labels)} of {len(labels)}")

    batch = torch.export.Dim("batch")
    example = torch.from_numpy(images[:2].astype(np.float32))
    torch.export.save(torch.export.export(model, (example,), dynamic_shapes=({0: batch},)), args.output)
    if args.arrays is not None:
        write_arrays(args.arrays, images, labels)


if __name__ == "__main__":
    main()
