"""Small networks for quantization: every way of writing a layer, every place where a quantizer may go."""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional


class Plain(nn.Module):
    """Convolution, batch norm, ReLU, max pool, convolution without bias, linear."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(2, 6, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(6)
        self.pool = nn.MaxPool2d(2)
        self.conv2 = nn.Conv2d(6, 8, 3, bias=False)
        self.bn2 = nn.BatchNorm2d(8)
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(8 * 4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.pool(functional.relu(self.bn1(self.conv1(x))))
        x = functional.relu(self.bn2(self.conv2(x)))
        return self.fc(self.drop(torch.flatten(x, 1)))


class Block(nn.Module):
    """A depthwise convolution with ReLU6 in place, and one across channels."""

    def __init__(self) -> None:
        super().__init__()
        self.pointwise = nn.Conv2d(6, 6, 1)
        self.depthwise = nn.Conv2d(6, 6, 3, padding="same", groups=6)
        self.act = nn.ReLU6(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.pointwise(self.act(self.depthwise(x)))


class Branches(nn.Module):
    """Residual sum, concat, average pools, a functional convolution, layers registered last to first."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(12, 4)
        self.block = Block()
        self.kernel = nn.Parameter(torch.randn(6, 2, 3, 3) / 4)
        self.side = nn.Conv2d(6, 6, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.conv2d(x, self.kernel, padding=1).relu_()
        x = functional.avg_pool2d(x, 2)
        y = functional.relu(x + self.block(x))
        y = torch.cat([y, self.side(y)], 1)
        return self.fc(y.mean((2, 3)))


class Twice(nn.Module):
    """One convolution called twice, batch norms of the input, of an average, of a layer that is read elsewhere too."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.BatchNorm2d(4)
        self.conv = nn.Conv2d(4, 4, 3, padding=1)
        self.norm = nn.BatchNorm2d(4)
        self.fc = nn.Linear(4, 3)
        self.last = nn.BatchNorm1d(4)
        self.out = nn.Linear(3, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.conv(torch.relu(self.first(x)))
        y = self.conv(torch.relu(x))
        z = torch.relu(self.norm(y) + y)
        z = self.last(functional.adaptive_avg_pool2d(z, 1).flatten(1))
        return self.out(torch.tanh(self.fc(z)))


class Line(nn.Module):
    """One dimension: convolution, batch norm, transposed convolution, max and average pool, sigmoid."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(2, 4, 3, padding=1)
        self.bn = nn.BatchNorm1d(4)
        self.up = nn.ConvTranspose1d(4, 4, 2, stride=2, groups=2)
        self.fc = nn.Linear(4, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool1d(functional.relu(self.bn(self.conv(x))), 2)
        x = functional.hardtanh(self.up(x), -2.0, 2.0)
        return self.fc(torch.sigmoid(functional.avg_pool1d(x, 4)[:, :, 0]))


class Signs(nn.Module):
    """Convolutions and batch norms with nothing between a batch norm and the next layer: the place of a sign."""

    def __init__(self) -> None:
        super().__init__()
        self.c1, self.b1 = nn.Conv2d(2, 6, 3, padding=1), nn.BatchNorm2d(6)
        self.c2, self.b2 = nn.Conv2d(6, 8, 3, padding=1, bias=False), nn.BatchNorm2d(8)
        self.c3, self.b3 = nn.Conv2d(8, 8, 3), nn.BatchNorm2d(8)
        self.fc = nn.Linear(8 * 4, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = functional.max_pool2d(self.b2(self.c2(self.b1(self.c1(x)))), 2)
        return self.fc(functional.relu(self.b3(self.c3(x))).flatten(1))


def shaken(net: nn.Module, seed: int = 0) -> nn.Module:
    """Give batch norms statistics and factors, of both signs, as if it had been trained."""
    generator = torch.Generator().manual_seed(seed)
    for module in net.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            for name, lo, hi in (("running_mean", -0.3, 0.3), ("running_var", 0.4, 1.5), ("bias", -0.3, 0.3),
                                 ("weight", -1.2, 1.2)):
                values = torch.rand(module.num_features, generator=generator) * (hi - lo) + lo
                getattr(module, name).data.copy_(values)
    return net.eval()


def seeded(kind: type[nn.Module], seed: int = 0) -> nn.Module:
    """Return a network with random weights that depend on the seed alone."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return shaken(kind(), seed)


def images(count: int, *shape: int, seed: int = 1) -> torch.Tensor:
    """Return random inputs around zero."""
    return torch.randn(count, *(shape or (2, 8, 8)), generator=torch.Generator().manual_seed(seed))
