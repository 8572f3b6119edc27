"""DigitsNet: the demo's network, small enough to read whole and varied enough to be worth lowering."""

import torch
from torch import nn


def conv_bn(inputs: int, outputs: int, kernel: int, groups: int = 1) -> nn.Sequential:
    """Return a convolution that keeps height and width, followed by batch norm (so it needs no bias)."""
    conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, groups=groups, bias=False)
    return nn.Sequential(conv, nn.BatchNorm2d(outputs))


class Residual(nn.Module):
    """Compute relu(x + bn(conv(relu(bn(conv(x)))))); the shape (N, C, H, W) does not change."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = conv_bn(channels, channels, 3)
        self.relu1 = nn.ReLU()
        self.conv2 = conv_bn(channels, channels, 3)
        self.relu2 = nn.ReLU()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map (N, C, H, W) to (N, C, H, W)."""
        y = self.conv2(self.relu1(self.conv1(x)))
        result: torch.Tensor = self.relu2(y + x)
        return result


class DigitsNet(nn.Module):
    """Classify 8x8 handwritten digits; 6,890 parameters.

    Input: float32 (N, 1, 8, 8), the raw pixel 0..16 divided by 16, so 0.0 is paper and 1.0 is ink.
    Output: float32 (N, 10), one logit per digit.

    ======================================  ==============
    stem: conv 3x3, batch norm, ReLU        (N, 16, 8, 8)
    block: residual, two conv 3x3           (N, 16, 8, 8)
    maxpool: 2x2                            (N, 16, 4, 4)
    depthwise: conv 3x3, batch norm, ReLU6  (N, 16, 4, 4)
    pointwise: conv 1x1, batch norm, ReLU6  (N, 32, 4, 4)
    avgpool: 2x2                            (N, 32, 2, 2)
    flatten                                 (N, 128)
    classifier: linear                      (N, 10)
    ======================================  ==============
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(*conv_bn(1, 16, 3), nn.ReLU())
        self.block = Residual(16)
        self.maxpool = nn.MaxPool2d(2)
        self.depthwise = nn.Sequential(*conv_bn(16, 16, 3, groups=16), nn.ReLU6())
        self.pointwise = nn.Sequential(*conv_bn(16, 32, 1), nn.ReLU6())
        self.avgpool = nn.AvgPool2d(2)
        self.flatten = nn.Flatten()
        self.classifier = nn.Linear(128, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Map images (N, 1, 8, 8) to logits (N, 10)."""
        x = self.maxpool(self.block(self.stem(x)))
        x = self.avgpool(self.pointwise(self.depthwise(x)))
        logits: torch.Tensor = self.classifier(self.flatten(x))
        return logits
