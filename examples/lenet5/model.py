"""LeNet-5 as the CNN_Compress project trained it on MNIST, with ReLU and max pooling."""

from pathlib import Path

import torch
from torch import nn


class LeNet5(nn.Module):
    """Classify 28x28 handwritten digits; 61,470 weights and 236 biases.

    Input: float32 (N, 1, 28, 28), (pixel / 255 - 0.5) / 0.5. Output: float32 (N, 10), one logit per digit.
    ``batch_norm``: each layer but the last has one in place of its bias; folded, the network has as many numbers.
    """

    def __init__(self, batch_norm: bool = False) -> None:
        super().__init__()
        bias = not batch_norm
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2, bias=bias)
        self.norm1 = nn.BatchNorm2d(6) if batch_norm else nn.Identity()
        self.relu1 = nn.ReLU()
        self.pool1 = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 16, 5, bias=bias)
        self.norm2 = nn.BatchNorm2d(16) if batch_norm else nn.Identity()
        self.relu2 = nn.ReLU()
        self.pool2 = nn.MaxPool2d(2)
        self.conv3 = nn.Conv2d(16, 120, 5, bias=bias)
        self.norm3 = nn.BatchNorm2d(120) if batch_norm else nn.Identity()
        self.relu3 = nn.ReLU()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(120, 84, bias=bias)
        self.norm4 = nn.BatchNorm1d(84) if batch_norm else nn.Identity()
        self.relu4 = nn.ReLU()
        self.fc2 = nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (N, 1, 28, 28) to logits (N, 10)."""
        x = self.pool1(self.relu1(self.norm1(self.conv1(x))))
        x = self.pool2(self.relu2(self.norm2(self.conv2(x))))
        x = self.flatten(self.relu3(self.norm3(self.conv3(x))))
        logits: torch.Tensor = self.fc2(self.relu4(self.norm4(self.fc1(x))))
        return logits


class BinaryLeNet5(nn.Module):
    """The same layers for weights and activations of -1 and +1: batch norm before each sign, which is quantization's.

    ``compress.quantize`` puts the signs behind the batch norms; without them the network is linear between its pools.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2, bias=False)
        self.norm1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 16, 5, bias=False)
        self.norm2 = nn.BatchNorm2d(16)
        self.conv3 = nn.Conv2d(16, 120, 5, bias=False)
        self.norm3 = nn.BatchNorm2d(120)
        self.pool = nn.MaxPool2d(2)
        self.flatten = nn.Flatten()
        self.fc1 = nn.Linear(120, 84, bias=False)
        self.norm4 = nn.BatchNorm1d(84)
        self.fc2 = nn.Linear(84, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (N, 1, 28, 28) to logits (N, 10)."""
        x = self.pool(self.norm1(self.conv1(x)))
        x = self.pool(self.norm2(self.conv2(x)))
        x = self.norm4(self.fc1(self.flatten(self.norm3(self.conv3(x)))))
        logits: torch.Tensor = self.fc2(x)
        return logits


def load_reference(path: str | Path) -> LeNet5:
    """Return LeNet5 in eval mode with the weights of a CNN_Compress state dict, dense or sparse.

    The file also holds that project's quantization parameters (`conv1.ws`, `_ins`, ...); they are not read.
    """
    stored = torch.load(path, weights_only=True, map_location="cpu")
    model = LeNet5()
    model.load_state_dict({name: stored[name] for name in model.state_dict()})
    return model.eval()
