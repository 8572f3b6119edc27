"""Small networks whose weights and statistics are integers, so that a sum is the same in every order.

Modules are registered in another order than forward calls them.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F


def integers(model: nn.Module, seed: int = 0) -> nn.Module:
    """Fill a model with integers from -3 to 3; variances and epsilon are such that batch norms divide by 1 or 2."""
    generator = torch.Generator().manual_seed(seed)
    for parameter in model.parameters():
        parameter.data = torch.randint(-3, 4, parameter.shape, generator=generator).to(parameter.dtype)
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.eps = 0.0
            module.running_mean = torch.randint(-3, 4, (module.num_features,), generator=generator).float()
            module.running_var = torch.tensor([1.0, 4.0]).repeat(module.num_features)[: module.num_features]
            module.weight.data = torch.tensor([2.0, -4.0, 6.0]).repeat(module.num_features)[: module.num_features]
    return model.eval()


def images(count: int = 6, channels: int = 1, size: int = 8) -> Tensor:
    """Return images of small integers."""
    return torch.randint(-4, 5, (count, channels, size, size), generator=torch.Generator().manual_seed(7)).float()


class Chain(nn.Module):
    """Batch norm, functional relu, pooling, flatten before a linear layer."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(5 * 4, 3)
        self.conv2 = nn.Conv2d(6, 5, 3)
        self.norm = nn.BatchNorm2d(6)
        self.conv1 = nn.Conv2d(1, 6, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(torch.flatten(x, 1))


class Stated(Chain):
    """The same with the number of features in the code, and dropout."""

    def __init__(self) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        x = F.relu(self.norm(self.conv1(x)))
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        return self.fc(self.dropout(x.view(-1, 20)))


class Residual(nn.Module):
    """A sum of two convolutions, one of which reads the other; the sum is read twice."""

    def __init__(self) -> None:
        super().__init__()
        self.fc = nn.Linear(6, 2)
        self.conv4 = nn.Conv2d(6, 2, 3, bias=False)
        self.conv3 = nn.Conv2d(4, 6, 3, padding=1)
        self.conv2 = nn.Conv2d(6, 4, 3, padding=1)
        self.conv1 = nn.Conv2d(1, 6, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        a = self.conv1(x)
        y = self.conv3(torch.relu(self.conv2(a)))
        y += a
        y = F.relu_(y)
        return self.fc(y.sum((2, 3))) + self.conv4(y).sum((2, 3))


class Concat(nn.Module):
    """Two convolutions side by side, of which one is read alone too."""

    def __init__(self) -> None:
        super().__init__()
        self.joint = nn.Conv2d(7, 2, 3)
        self.alone = nn.Conv2d(3, 2, 3)
        self.right = nn.Conv2d(1, 3, 3)
        self.left = nn.Conv2d(1, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        left, right = self.left(x), F.relu(self.right(x))
        return self.joint(torch.cat([left, right], 1)) - self.alone(right)


class Depthwise(nn.Module):
    """A depthwise convolution with two outputs for each input, a slope and a factor per channel."""

    def __init__(self) -> None:
        super().__init__()
        self.point = nn.Conv2d(8, 2, 1)
        self.slope = nn.PReLU(8)
        self.factor = nn.Parameter(torch.ones(1, 8, 1, 1))
        self.depth = nn.Conv2d(4, 8, 3, padding="same", groups=4)
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.point(self.slope(self.depth(F.pad(self.conv(x), (1, 0)))) * self.factor)


class Grouped(nn.Module):
    """Convolutions in 2 and in 4 groups after one another."""

    def __init__(self) -> None:
        super().__init__()
        self.last = nn.Conv2d(8, 2, 1)
        self.four = nn.Conv2d(8, 8, 3, groups=4)
        self.two = nn.Conv2d(8, 8, 3, groups=2)
        self.first = nn.Conv2d(1, 8, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.last(F.relu(self.four(F.relu(self.two(F.relu(self.first(x)))))))


class SharedFlatten(nn.Module):
    """One flattened tensor read by two linear layers; one weight is used by name, twice."""

    def __init__(self) -> None:
        super().__init__()
        self.b = nn.Linear(4 * 36, 5)
        self.a = nn.Linear(4 * 36, 5)
        self.again = nn.Parameter(torch.ones(5, 5))
        self.conv = nn.Conv2d(1, 4, 3)

    def forward(self, x: Tensor) -> Tensor:
        flat = self.conv(x).permute(0, 1, 3, 2).reshape(x.size(0), -1)
        return F.linear(F.linear(self.a(flat) + self.b(flat), self.again), self.again)
