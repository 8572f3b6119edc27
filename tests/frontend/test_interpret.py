"""The interpreter gives what the torch module itself gives, and refuses what it does not know."""

from __future__ import annotations

import warnings

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from torch import nn  # noqa: E402

from edgeq.errors import InputError, UnsupportedOpError  # noqa: E402
from edgeq.frontend.archive import read_archive  # noqa: E402
from edgeq.frontend.batch import rebatch  # noqa: E402
from edgeq.frontend.capture import capture, from_exported  # noqa: E402
from edgeq.frontend.interpret import function_of, run  # noqa: E402
from edgeq.frontend.operators import GROUP_OF  # noqa: E402
from edgeq.frontend.program import Call, Program, ProgramInput, Ref, ValueType  # noqa: E402


def _outputs(model, inputs):
    with torch.no_grad():
        result = model(*inputs)
    return [item.numpy() for item in (result if isinstance(result, tuple) else (result,))]


def _run(program, inputs):
    arrays = {item.name: tensor.numpy() for item, tensor in zip(program.inputs, inputs, strict=True)}
    return list(run(program, arrays).values())


@pytest.mark.parametrize("name", ["digits", "residual", "residual_fixed", "mobile", "functional", "baked"])
def test_equals_the_module_at_the_exported_batch(zoo, name) -> None:
    sample = zoo[name]
    expected = _outputs(sample.model, sample.inputs)
    got = _run(read_archive(sample.path), sample.inputs)
    assert len(got) == len(expected)
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype == other.dtype


@pytest.mark.parametrize("batch", [1, 2, 3])
@pytest.mark.parametrize("name", ["digits", "residual", "residual_fixed", "mobile", "functional", "tied"])
def test_equals_the_module_at_any_batch(zoo, name, batch) -> None:
    sample = zoo[name]
    torch.manual_seed(batch)
    inputs = tuple(torch.randn(batch, *item.shape[1:]) for item in sample.inputs)
    got = _run(rebatch(read_archive(sample.path)), inputs)
    for one, other in zip(got, _outputs(sample.model, inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_baked_batch_runs_sample_by_sample(zoo) -> None:
    sample = zoo["baked"]
    x = torch.randn(3, 3, 4)
    (got,) = _run(rebatch(read_archive(sample.path)), (x,))
    expected = np.concatenate([_outputs(sample.model, (one[None],))[0] for one in x])
    np.testing.assert_allclose(got, expected, rtol=1e-6)


def test_equals_the_quantized_module(quantized) -> None:
    program = rebatch(read_archive(quantized.path))
    targets = {call.target for call in program.calls}
    assert "quantized_decomposed.quantize_per_tensor.default" in targets
    assert "quantized_decomposed.dequantize_per_channel.default" in targets
    np.testing.assert_array_equal(
        _run(program, quantized.inputs)[0], _outputs(quantized.exported.module(), quantized.inputs)[0]
    )


def test_every_value_is_visited_once_in_order(zoo) -> None:
    sample = zoo["residual"]
    program = read_archive(sample.path)
    seen: dict[str, tuple[int, ...]] = {}

    def visit(name, tensor) -> None:
        assert name not in seen
        seen[name] = tuple(tensor.shape)

    run(program, {"x": sample.inputs[0].numpy()}, visit)
    assert list(seen) == ["x", *(call.name for call in program.calls)]
    assert seen["conv2d"] == (2, 4, 6, 6)
    assert seen["linear"] == (2, 5)


def test_values_are_freed_after_their_last_use(zoo) -> None:
    import weakref

    program = read_archive(zoo["residual"].path)
    alive: list[weakref.ref[torch.Tensor]] = []
    most = 0

    def visit(_name, tensor) -> None:
        nonlocal most
        alive.append(weakref.ref(tensor))
        most = max(most, sum(reference() is not None for reference in alive))

    run(program, {"x": zoo["residual"].inputs[0].numpy()}, visit)
    assert most <= 4


@pytest.mark.parametrize("name", ["digits", "residual", "mobile", "functional"])
def test_decomposed_programs_equal_the_module(zoo, name) -> None:
    sample = zoo[name]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        program = rebatch(capture(sample.exported.run_decompositions()))
    inputs = tuple(torch.randn(3, *item.shape[1:]) for item in sample.inputs)
    for one, other in zip(_run(program, inputs), _outputs(sample.model, inputs), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("target", sorted(GROUP_OF))
def test_every_listed_operator_exists(target) -> None:
    assert callable(function_of(target))


@pytest.mark.parametrize(
    ("block", "scale", "zero_point"),
    [([2, 3, 4], [0.5], [3]), ([2, 1, 4], [0.5, 0.25, 2.0], [0, -4, 7]), ([2, 3, 4], [0.5], None)],
)
def test_affine_quantization_equals_torchaos(block, scale, zero_point) -> None:
    torchao = pytest.importorskip("torchao.quantization.quant_primitives")
    x = torch.linspace(-3, 3, 24).reshape(2, 3, 4)
    scales = torch.tensor(scale)
    zeros = torch.tensor(zero_point) if zero_point else torch.zeros(1, dtype=torch.int64)
    expected = torchao.quantize_affine(x, block, scales, zeros, torch.int8, -8, 7)
    quantize = Call(
        "torchao.quantize_affine.default",
        (Ref("x"), tuple(block), Ref("s"), Ref("z") if zero_point else None, "int8", -8, 7),
        {},
        "q",
    )
    back = Call("torchao.dequantize_affine.default", (Ref("q"), tuple(block), *quantize.args[2:]), {}, "y")
    inputs = (ProgramInput("x", (None, 3, 4), "float32"),)
    types = {
        "x": ValueType((2, 3, 4), "float32"),
        "q": ValueType((2, 3, 4), "int8"),
        "y": ValueType((2, 3, 4), "float32"),
        "s": ValueType((len(scale),), "float32"),
    }
    constants = {"s": scales.numpy(), "z": zeros.numpy()}
    program = Program(inputs, constants, (quantize, back), ("q", "y"), {}, types)
    got = run(rebatch(program), {"x": x.numpy()})
    np.testing.assert_array_equal(got["q"], expected.numpy())
    expected = torchao.dequantize_affine(expected, block, scales, zeros, torch.int8, -8, 7)
    np.testing.assert_array_equal(got["y"], expected.numpy())


def _program(target: str, *more: object, shape=(None, 4), module: str = "", source: str = "") -> Program:
    call = Call(target, (Ref("x"), *more), {}, "y", module, source)
    return Program((ProgramInput("x", shape, "float32"),), {}, (call,), ("y",))


def test_unknown_operator_is_named_with_its_place() -> None:
    program = _program("aten.fft_fft.default", module="head.fft", source="net.py:12 in forward: torch.fft.fft(x)")
    with pytest.raises(
        UnsupportedOpError,
        match=r"^aten\.fft_fft\.default 'y' in module 'head\.fft' "
        r"\(net\.py:12 in forward: torch\.fft\.fft\(x\)\): "
        r"operator aten\.fft_fft\.default is not supported; ",
    ):
        run(program, {"x": np.zeros((1, 4), np.float32)})


@pytest.mark.parametrize("target", ["aten.save.default", "os.system", "builtins.eval", "operator.attrgetter"])
def test_only_listed_functions_are_called(target) -> None:
    with pytest.raises(UnsupportedOpError, match="is not supported"):
        run(_program(target), {"x": np.zeros((1, 4), np.float32)})


def test_quantize_rounds_half_to_even_and_clamps() -> None:
    x = np.array([[-1.0, 0.25, 0.75, 100.0]], np.float32)
    quantize = ("quantized_decomposed.quantize_per_tensor.default", 0.5, 10, 0, 20, "uint8")
    got = run(_program(*quantize), {"x": x})["y"]
    assert got.dtype == np.uint8
    assert got.tolist() == [[8, 10, 12, 20]]
    back = _program("torchao.dequantize_per_tensor.default", 0.5, 10, 0, 20, "uint8")
    assert run(back, {"x": np.array([[8, 10, 12, 20]], np.float32)})["y"].tolist() == [[-1.0, 0.0, 1.0, 5.0]]


def test_quantize_per_channel_uses_its_axis() -> None:
    call = Call(
        "quantized_decomposed.quantize_per_channel.default",
        (Ref("x"), Ref("s"), Ref("z"), 1, -8, 7, "int8"),
        {},
        "y",
    )
    constants = {"s": np.array([1.0, 0.5]), "z": np.array([0, 3])}
    program = Program((ProgramInput("x", (None, 2), "float32"),), constants, (call,), ("y",))
    got = run(program, {"x": np.array([[2.5, 1.0], [-20.0, 9.0]], np.float32)})["y"]
    assert got.tolist() == [[2, 5], [-8, 7]]


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        ({}, "input 'x' is missing; the model's inputs are x"),
        ({"z": np.zeros((1, 4))}, "input 'z' is unknown; the model's inputs are x"),
        ({"x": np.zeros((1, 5))}, r"input 'x' has shape \[1, 5\], expected \[N, 4\]"),
        ({"x": np.zeros(4)}, r"input 'x' has shape \[4\], expected \[N, 4\]"),
    ],
)
def test_inputs_that_do_not_fit_are_refused(inputs, message) -> None:
    with pytest.raises(InputError, match=message):
        run(_program("aten.relu.default"), inputs)


def test_batches_that_differ_are_refused(zoo) -> None:
    program = rebatch(read_archive(zoo["functional"].path))
    inputs = {"x": np.zeros((2, 2, 4, 4)), "y": np.zeros((3, 1, 2, 2))}
    with pytest.raises(InputError, match=r"different batch sizes \{'x': 2, 'y': 3\}"):
        run(program, inputs)


class _Many(nn.Module):
    """One call of each kind that other models do not use."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(3, 4, 3, padding="same")
        self.prelu = nn.PReLU(4)
        self.norm = nn.LayerNorm(8)
        self.group = nn.GroupNorm(2, 4)

    def forward(self, x):
        x = self.group(self.norm(self.prelu(self.conv(x))))
        a, b = x.split([1, 3], 1)
        x = torch.cat([nn.functional.elu(a), nn.functional.gelu(b)], 1)
        x = nn.functional.silu(x) - nn.functional.leaky_relu(x, 0.2) / 3
        x = nn.functional.pixel_shuffle(x.unsqueeze(2), 2)
        x = nn.functional.interpolate(x, scale_factor=2.0, mode="nearest")
        x = torch.stack([x, x.transpose(2, 3).transpose(2, 3)], 1)[:, 0]
        x = nn.functional.pad(x, (1, 0, 1, 0), value=0.5).clamp(-1, 1).relu_().flatten(1, 2)
        return x.squeeze(), x.sum((1, 2)), nn.functional.max_pool1d(x, 2), x.amax(-1), torch.bmm(x, x.mT)


def test_other_operators_equal_the_module(export) -> None:
    torch.manual_seed(0)
    model = _Many()
    sample = export(model, torch.randn(2, 3, 8))
    for batch in (2, 3):
        x = torch.randn(batch, 3, 8)
        got = _run(rebatch(from_exported(sample.exported)), (x,))
        for one, other in zip(got, _outputs(model, (x,)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
