"""ResNet-8 of MLPerf Tiny for CIFAR-10, batch norm already folded into the convolutions."""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional


class Conv3x3(nn.Conv2d):
    """Convolve 3x3 with TensorFlow's SAME padding: at stride 2 only the bottom and the right are padded."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(inputs, outputs, 3, stride, padding=1 if stride == 1 else 0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to (N, O, H / stride, W / stride)."""
        if self.stride == (2, 2):
            x = functional.pad(x, (0, 1, 0, 1))
        return super().forward(x)


class Block(nn.Module):
    """Compute relu(c2(relu(c1(x))) + shortcut(x)); at stride 2 the shortcut is a 1x1 convolution."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.c1 = Conv3x3(inputs, outputs, stride)
        self.c2 = Conv3x3(outputs, outputs, 1)
        self.sc = nn.Identity() if stride == 1 else nn.Conv2d(inputs, outputs, 1, stride)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to (N, O, H / stride, W / stride)."""
        y = self.c2(functional.relu(self.c1(x)))
        return functional.relu(y + self.sc(x))


class ResNet8(nn.Module):
    """Classify 32x32 colour images; 77,360 weights and 346 biases.

    Input: float32 (N, 3, 32, 32), the raw pixel 0..255. Output: float32 (N, 10), one logit per class.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = Conv3x3(3, 16, 1)
        self.b1 = Block(16, 16, 1)
        self.b2 = Block(16, 32, 2)
        self.b3 = Block(32, 64, 2)
        self.pool = nn.AvgPool2d(8)
        self.flatten = nn.Flatten()
        self.fc = nn.Linear(64, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (N, 3, 32, 32) to logits (N, 10)."""
        x = self.b1(functional.relu(self.stem(x)))
        x = self.b3(self.b2(x))
        logits: torch.Tensor = self.fc(self.flatten(self.pool(x)))
        return logits


def stored_name(name: str) -> str:
    """Return the name in the weight file of a state dict entry.

    >>> stored_name("b2.c1.weight"), stored_name("fc.bias")
    ('b2c1.weight', 'fc.bias')
    """
    module, _, kind = name.rpartition(".")
    return f"{module.replace('.', '')}.{kind}"


def load_reference(path: str | Path) -> ResNet8:
    """Return ResNet8 in eval mode with weights from an .npz file (`stem.weight`, `b1c1.bias`, ...; OIHW)."""
    model = ResNet8()
    with np.load(path) as stored:
        state = {name: torch.from_numpy(stored[stored_name(name)]) for name in model.state_dict()}
    model.load_state_dict(state)
    return model.eval()
