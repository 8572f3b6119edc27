"""Small float64 networks whose channels have ranges far apart; modules are registered in another order than called."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def spread(model: nn.Module, seed: int = 0) -> nn.Module:
    """Fill a model so that ranges of rows and columns differ by factors up to 100."""
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for parameter in model.parameters():
        values = drawn(*parameter.shape)
        if parameter.ndim > 1:
            ones = [1] * (parameter.ndim - 2)
            values *= 10 ** torch.rand(len(parameter), 1, *ones, generator=generator, dtype=torch.float64)
            values *= 10 ** torch.rand(1, parameter.shape[1], *ones, generator=generator, dtype=torch.float64)
        parameter.data = values
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.running_mean = drawn(module.num_features)
            module.running_var = drawn(module.num_features).square() + 0.1
    return model.eval()


def images(channels: int, count: int = 4, size: int = 8) -> Tensor:
    """Return images in float64."""
    generator = torch.Generator().manual_seed(7)
    return torch.randn(count, channels, size, size, generator=generator, dtype=torch.float64)


class Chain(nn.Module):
    """Padding, batch norm, a leaky relu, max and average pooling, flatten before a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(5 * 4, 3)
        self.conv2 = nn.Conv2d(6, 5, 3, bias=False)
        self.norm = nn.BatchNorm2d(6)
        self.conv1 = nn.Conv2d(1, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.pad(F.relu(self.norm(self.conv1(x))), (0, 1, 0, 1)), 2)
        x = F.avg_pool2d(F.leaky_relu(self.conv2(F.pad(x, (1, 2, 1, 2)))), 2)
        return self.fc(torch.flatten(x, 1))


class Mobile(nn.Module):
    """Depthwise with two outputs for each input, pointwise, grouped; batch norm after the layer that reads."""

    def __init__(self) -> None:
        super().__init__()
        self.grouped = nn.Conv2d(6, 4, 3, groups=2)
        self.norm2 = nn.BatchNorm2d(6)
        self.point = nn.Conv2d(8, 6, 1)
        self.depth = nn.Conv2d(4, 8, 3, groups=4)
        self.norm1 = nn.BatchNorm2d(8)
        self.stem = nn.Conv2d(2, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm1(self.depth(F.relu(self.stem(x)))))
        return self.grouped(F.relu(self.norm2(self.point(x))))


class Branches(nn.Module):
    """A residual sum, and a concatenation of two layers that one layer reads."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Conv2d(7, 2, 1)
        self.right = nn.Conv2d(4, 4, 1)
        self.left = nn.Conv2d(4, 3, 1)
        self.inner = nn.Conv2d(6, 4, 3, padding=1)
        self.outer = nn.Conv2d(4, 6, 3, padding=1)
        self.stem = nn.Conv2d(2, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.stem(x))
        x = F.relu(x + self.inner(F.relu(self.outer(x))))
        return self.last(torch.cat([F.relu(self.left(x)), self.right(x)], 1))


class Stopped(nn.Module):
    """A pair for each reason to leave it alone."""

    def __init__(self) -> None:
        super().__init__()
        self.conv5 = nn.Conv2d(3, 3, 1)
        self.conv4 = nn.Conv2d(3, 3, 1)
        self.conv3 = nn.Conv2d(3, 3, 1)
        self.plain = nn.BatchNorm2d(3, affine=False)
        self.conv2 = nn.Conv2d(3, 3, 1)
        self.conv1 = nn.Conv2d(2, 3, 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu6(self.conv1(x))
        x = self.plain(self.conv2(x))
        x = F.pad(self.conv3(x), (1, 1, 1, 1), value=0.5)
        return self.conv5(self.conv5(self.conv4(x)))
