"""Export the reference LeNet-5 for `edgeq lower`, after counting its correct answers on MNIST.

    python examples/lenet5/export.py $EDGEQ_DATA -o lenet5.pt2 [--arrays FOLDER]

--arrays also writes what lowering and simulation read: calib.npy (500 training images, float32, as the model
takes them), test_x.npy (10,000 images, uint8: --input-type uint8 --mean 0.5 --std 0.5) and test_y.npy.
"""

import argparse
import gzip
from pathlib import Path

import numpy as np
import torch
from model import LeNet5, load_reference
from numpy.typing import NDArray

CALIBRATION_IMAGES = 500
HEADER = {"images": 16, "labels": 8}  # bytes before the data in an idx file

Bytes = NDArray[np.uint8]


def read_idx(path: Path, kind: str) -> Bytes:
    """Return the bytes of a gzip-compressed idx file of `images` or `labels`, without its header."""
    return np.frombuffer(gzip.decompress(path.read_bytes()), np.uint8, offset=HEADER[kind])


def read_mnist(data: Path, part: str) -> tuple[Bytes, Bytes]:
    """Return images (N, 1, 28, 28) and labels (N,) of the part `train` or `t10k`."""
    images = read_idx(data / "mnist" / f"{part}-images-idx3-ubyte.gz", "images")
    labels = read_idx(data / "mnist" / f"{part}-labels-idx1-ubyte.gz", "labels")
    return images.reshape(-1, 1, 28, 28), labels


def normalize(images: Bytes) -> torch.Tensor:
    """Return (pixel / 255 - 0.5) / 0.5 as float32."""
    return (torch.tensor(images) / 255 - 0.5) / 0.5


def count_correct(model: LeNet5, images: Bytes, labels: Bytes) -> int:
    """Return how many images (N, 1, 28, 28) the model gives their label (N,)."""
    with torch.no_grad():
        answers = torch.cat([model(normalize(part)).argmax(1) for part in np.array_split(images, 20)])
    return int((answers.numpy() == labels).sum())


def write_arrays(folder: Path, data: Path) -> None:
    """Write calib.npy, test_x.npy and test_y.npy."""
    folder.mkdir(parents=True, exist_ok=True)
    images, labels = read_mnist(data, "t10k")
    np.save(folder / "calib.npy", normalize(read_mnist(data, "train")[0][:CALIBRATION_IMAGES]).numpy())
    np.save(folder / "test_x.npy", images)
    np.save(folder / "test_y.npy", labels)


def main() -> None:
    """Load, measure, export."""
    parser = argparse.ArgumentParser(description="Export the reference LeNet-5 to a .pt2 file.")
    parser.add_argument("data", type=Path, help="folder that holds lenet5_reference/ and mnist/")
    parser.add_argument("-o", "--output", type=Path, default=Path("lenet5.pt2"))
    parser.add_argument("--arrays", type=Path, metavar="FOLDER", help="also write the .npy arrays here")
    args = parser.parse_args()

    torch.set_num_threads(1)
    model = load_reference(args.data / "lenet5_reference" / "lenet5_dense_float.pt")
    images, labels = read_mnist(args.data, "t10k")
    print(f"test: {count_correct(model, images, labels)} of {len(labels)}")

    batch = torch.export.Dim("batch")
    program = torch.export.export(model, (normalize(images[:2]),), dynamic_shapes=({0: batch},))
    torch.export.save(program, args.output)
    if args.arrays is not None:
        write_arrays(args.arrays, args.data)


if __name__ == "__main__":
    main()
