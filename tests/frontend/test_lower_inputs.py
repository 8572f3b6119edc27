"""How data become codes: pixels by a table, floats by exact rationals, codes as they are."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

import edgeq
from edgeq.errors import CalibrationError, InputError
from edgeq.ir.quantization import Affine, Codes, Table
from tests.oracles import lowering as oracle

torch = pytest.importorskip("torch")

from edgeq.frontend.capture import capture  # noqa: E402
from edgeq.frontend.lower import lower_program, make_options  # noqa: E402
from tests.frontend.lowering import OneInput, TwoInputs, conv, lower, noise, zeros  # noqa: E402

RANGES = {"x": (-1.0, 1.0)}


def net(channels: int = 3):
    return OneInput(lambda m, x: m.conv(x), conv=conv(noise(2, channels, 1, 1).tolist()))


def lowered(lo: float, hi: float, channels: int = 3, **options):
    return lower(net(channels), (channels, 2, 2), ranges={"x": (lo, hi)}, **options)


def rows(means: list[Fraction], stds: list[Fraction], code: oracle.Code) -> list[list[int]]:
    """Return the codes of all pixels per channel, in rationals."""
    return [[code.of((Fraction(p, 255) - m) / s) for p in range(256)] for m, s in zip(means, stds, strict=True)]


@pytest.mark.parametrize(("mean", "std", "means", "stds"), [
    (None, None, ["0"], ["1"]),
    (0.5, 0.5, ["1/2"], ["1/2"]),
    ("0.5", "1/2", ["1/2"], ["1/2"]),
    ("0.485,0.456,0.406", "0.229, 0.224, 0.225", ["485/1000", "456/1000", "406/1000"],
     ["229/1000", "224/1000", "225/1000"]),
    ([0.1, 0.2, 0.3], 2, ["1/10", "2/10", "3/10"], ["2"] * 3),
    (0.25, [1, "1/3", 2.5], ["1/4"] * 3, ["1", "1/3", "5/2"]),
])  # fmt: skip
@pytest.mark.parametrize("abits", [3, 8, 12])
def test_a_table_of_pixels(mean, std, means: list[str], stds: list[str], abits: int) -> None:
    graph = lowered(-2.1, 2.7, input_type="uint8", mean=mean, std=std, abits=abits)
    table = graph.inputs[0].quantization
    assert isinstance(table, Table)
    expected = rows([Fraction(m) for m in means], [Fraction(s) for s in stds], oracle.activation(-2.1, 2.7, abits))
    assert table.table.array.tolist() == expected


def test_every_mnist_pixel_is_a_tie() -> None:
    """(p/255 - 0.5)/0.5 in steps of 2/255 is p - 127.5: ties to even, 256 times."""
    exact = Table
    for lo, hi in ((-1.0, 1.0), (-1.0, 0.75)):
        graph = lowered(lo, hi, channels=1, input_type="uint8", mean=0.5, std=0.5)
        code = oracle.activation(lo, hi, 8)
        assert isinstance(graph.inputs[0].quantization, exact)
        assert graph.inputs[0].quantization.table.array.tolist() == rows([Fraction(1, 2)], [Fraction(1, 2)], code)
    from edgeq.arith.types import IntType
    from edgeq.frontend.float_graph import Quantize
    from edgeq.frontend.inputs import InputChoice

    choice = InputChoice("uint8", (Fraction(1, 2),), (Fraction(1, 2),))
    # float32's 2/255 is no exact tie; a scale of 2**-7 with pixels of 255ths of 255/128 is, at every odd half
    table = choice.quantization("x", (1, 2, 2), Quantize(2.0**-6, 0, -128, 127), IntType(8))
    assert table.table.array.tolist() == rows([Fraction(1, 2)], [Fraction(1, 2)], oracle.Code(2.0**-6, 0, -128, 127))
    ties = InputChoice("uint8", (Fraction(1, 2),), (Fraction(128, 255),))
    table = ties.quantization("x", (1, 2, 2), Quantize(2.0**-7, 0, -128, 127), IntType(8))
    assert table.table.array.tolist() == [[_even(2 * p - 255) for p in range(256)]]


def _even(doubled: int) -> int:
    """Return half of an odd integer, rounded to even, within int8."""
    below = (doubled - 1) // 2
    return min(max(below if below % 2 == 0 else below + 1, -128), 127)


def test_pixels_run_through_the_table() -> None:
    graph = lowered(-1.0, 1.0, input_type="uint8", mean=0.5, std=0.5)
    pixels = np.random.default_rng(0).integers(0, 256, (4, 3, 2, 2)).astype(np.uint8)
    table = graph.inputs[0].quantization.table.array[0]
    assert (edgeq.simulate(graph, {"x": pixels}).values["x"] == table[pixels]).all()
    with pytest.raises(InputError, match=r"expected integers, got float32"):
        edgeq.simulate(graph, {"x": pixels.astype(np.float32)})


def test_floats_are_divided_exactly() -> None:
    """Ties, and what lies one float beside them, at a scale of float32."""
    graph = lowered(-1.0, 0.5, channels=1)
    kept = graph.types["x"]
    affine = graph.inputs[0].quantization
    assert isinstance(affine, Affine)
    assert affine.scale == Fraction(kept.scale)
    code = oracle.activation(-1.0, 0.5, 8)
    ties = [(k + 0.5) * kept.scale for k in range(-180, 120)]
    beside = [np.nextafter(t, d) for t in ties for d in (-9.0, 9.0)]
    values = [*ties, *beside, 0.0, -0.0, 1e30, -1e30, 1e-30][: 4 * 226]
    data = np.array(values + [0.0] * (-len(values) % 4)).reshape(-1, 1, 2, 2)
    found = edgeq.simulate(graph, {"x": data}).values["x"].ravel().tolist()
    assert found == [code.of(v) for v in data.ravel().tolist()]
    single = data.astype(np.float32)
    found = edgeq.simulate(graph, {"x": single}).values["x"].ravel().tolist()
    assert found == [code.of(v) for v in single.ravel().tolist()]


def test_codes_arrive_as_they_are() -> None:
    graph = lowered(-1.0, 1.0, input_type="int8")
    assert isinstance(graph.inputs[0].quantization, Codes)
    codes = np.arange(-6, 6, dtype=np.int8).reshape(1, 3, 2, 2)
    assert (edgeq.simulate(graph, {"x": codes}).values["x"] == codes).all()


def test_two_inputs_share_the_choice() -> None:
    model = TwoInputs(lambda m, a, b: m.conv(a) + b, conv=conv(noise(2, 3, 1, 1).tolist()))
    graph = lower(model, (3, 2, 2), (2, 2, 2), input_type="uint8", mean=0.5, std=0.5,
                  ranges={"left": (-1.0, 1.0), "right": (-0.5, 1.0), "conv": (-3.0, 3.0)})
    tables = [i.quantization.table.array.tolist() for i in graph.inputs]
    assert tables == [rows([Fraction(1, 2)], [Fraction(1, 2)], oracle.activation(lo, 1.0, 8)) for lo in (-1.0, -0.5)]


@pytest.mark.parametrize(("options", "message"), [
    ({"mean": "0.5,0.5"}, r"input 'x': --mean has 2 values for 3 channels"),
    ({"std": [1, 1, 1, 1]}, r"input 'x': --std has 4 values for 3 channels"),
    ({"mean": "0.1,0.2,0.3", "std": "1,2"}, r"input 'x': --std has 2 values for 3 channels"),
    ({"std": 0}, "--std must be positive, got 0"),
    ({"std": "1,-1/2,1"}, "--std must be positive, got 1, -1/2, 1"),
    ({"mean": "half"}, "'half' is not a number, a fraction or a comma-separated list of them"),
    ({"mean": "0.5,"}, "is not a number, a fraction"),
    ({"std": "1/0"}, "'1/0' is not a number, a fraction"),
    ({"mean": float("nan")}, "'nan' is not a number, a fraction"),
    ({"input_type": "float32", "mean": 0.5}, "--mean and --std belong to --input-type uint8"),
    ({"input_type": "int8", "std": 2}, "--mean and --std belong to --input-type uint8"),
    ({"mean": "1e999"}, r"\(p/255 - mean\)/std passes 2\^127, the reach of float32"),
    ({"mean": "0,-1e40,0"}, r"\(p/255 - mean\)/std passes 2\^127"),
    ({"std": "1e-999"}, r"\(p/255 - mean\)/std passes 2\^127"),
    ({"mean": "1e999", "std": "1e999"}, r"\(p/255 - mean\)/std passes 2\^127"),
    ({"input_type": "int4"}, "input type 'int4' does not exist; use one of float32, uint8, int8"),
])  # fmt: skip
def test_a_bad_choice_is_named(options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        lowered(-1.0, 1.0, **({"input_type": "uint8"} | options))


def test_pixels_calibrate_as_they_will_arrive() -> None:
    pixels = np.random.default_rng(5).integers(0, 256, (6, 3, 2, 2)).astype(np.uint8)
    mean, std = np.array([0.5, 0.25, 0.0]).reshape(3, 1, 1), np.array([0.5, 0.25, 1.0]).reshape(3, 1, 1)
    seen = ((pixels / 255 - mean) / std).astype(np.float32)
    options = {"input_type": "uint8", "mean": [0.5, 0.25, 0.0], "std": [0.5, 0.25, 1.0]}
    graphs = [lower(net(), (3, 2, 2), calibration=data, **options) for data in (pixels, seen)]
    assert graphs[0] == graphs[1]


def test_integers_are_not_what_a_float_network_sees() -> None:
    pixels = np.full((2, 3, 2, 2), 9, np.uint8)
    with pytest.raises(CalibrationError, match="are uint8; give what the network sees"):
        lower(net(), (3, 2, 2), calibration=pixels)
    graph = lowered(-1.0, 1.0)
    with pytest.raises(InputError, match="as a float array, got uint8"):
        edgeq.simulate(graph, {"x": pixels})


@pytest.mark.parametrize("text", ["1e-999999999", "1e9999999", "1/0", "0.5;0.5", "0x1", "nan", "1" * 50, "²", ""])
def test_numbers_that_are_none(text: str) -> None:
    with pytest.raises(InputError, match="is not a number, a fraction or a comma-separated list"):
        lowered(-1.0, 1.0, input_type="uint8", std=text)


def test_a_range_that_no_pixel_reaches_is_noted() -> None:
    program = capture(net().eval(), (zeros(3, 2, 2),))
    note = "input 'x' spans -1..1 in calibration, pixels reach -0.5..0.5: check --mean and --std"
    for std, said in (("1", [note]), ("1/2", [])):
        options = make_options(input_type="uint8", mean="0.5", std=std)
        assert list(lower_program(program, options, ranges=RANGES).notes) == said
