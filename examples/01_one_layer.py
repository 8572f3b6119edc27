"""One fully connected layer, from real numbers to the integers a device computes, with every intermediate shown.

Run it: ``python examples/01_one_layer.py``. OFFLINE is done once, in real numbers; ON DEVICE has integers only, and
is done twice: by hand with Python integers, and by the simulator. The two must agree.
"""

from fractions import Fraction

import numpy as np

import edgeq
from edgeq.arith.multiplier import quantize_multiplier
from edgeq.arith.primitives import round_shift
from edgeq.arith.types import Rounding

WEIGHT = np.array([[0.50, -0.25, 1.00], [-0.75, 0.10, 0.20]])
BIAS = np.array([0.10, -0.30])
X = np.array([0.8, -0.4, 0.3])


def quantization(lo: float, hi: float) -> tuple[float, int]:
    """Return scale and zero point of signed 8-bit codes for the range [lo, hi]."""
    scale = (hi - lo) / 255
    return scale, round(-128 - lo / scale)


def main() -> None:
    """Print the two halves and compare the integers."""
    print("=== OFFLINE: real numbers, done once ===")
    x_scale, x_zero_point = quantization(-1.0, 1.0)
    y_scale, y_zero_point = quantization(0.0, 1.5)
    w_scale = np.abs(WEIGHT).max(axis=1) / 127
    weight = np.rint(WEIGHT / w_scale[:, None]).astype(int)
    bias = np.rint(BIAS / (x_scale * w_scale)).astype(int)
    multipliers = [quantize_multiplier(x_scale * s / y_scale) for s in w_scale]
    print(f"input   scale {x_scale:.8f}  zero_point {x_zero_point}")
    print(f"output  scale {y_scale:.8f}  zero_point {y_zero_point}")
    for o, m in enumerate(multipliers):
        real = x_scale * w_scale[o] / y_scale
        print(f"channel {o}: weight {weight[o]}  bias {bias[o]}  scale {real:.10f} "
              f"= {m.multiplier} / 2^{m.shift}, relative error {float(m.error):.1e}")

    print("\n=== ON DEVICE: integers only ===")
    codes = [round(Fraction(v) / Fraction(x_scale)) + x_zero_point for v in X.tolist()]
    print(f"x  {codes}")
    by_hand = []
    for o, m in enumerate(multipliers):
        acc = int(bias[o])
        print(f"channel {o}: acc = bias = {acc}")
        for x, w in zip(codes, weight[o].tolist(), strict=True):
            acc += (x - x_zero_point) * w
            print(f"    + ({x} - {x_zero_point}) * {w}  ->  acc = {acc}")
        scaled = round_shift(acc * m.multiplier, m.shift, Rounding.ties_up)
        shown = f"    round({acc} * {m.multiplier} / 2^{m.shift}) = {scaled}"
        y = min(max(scaled + y_zero_point, -128), 127)
        print(f"{shown};  + {y_zero_point}, saturated to 8 bits: y = {y}")
        by_hand.append(y)

    builder = edgeq.GraphBuilder("one_layer")
    x_in = builder.input("x", shape=(3,), type=edgeq.IntType(8), zero_point=x_zero_point, scale=x_scale)
    acc = builder.linear(x_in, weight, bias, name="fc")
    y_out = builder.requantize(acc, [m.multiplier for m in multipliers], [m.shift for m in multipliers],
                               zero_point=y_zero_point, scale=y_scale)
    builder.output(y_out)
    run = edgeq.simulate(builder.build(), {"x": np.array([codes])})
    print(f"\nsimulator: acc {run.values['fc.acc'][0].tolist()}  y {run.values['fc'][0].tolist()}")

    real = np.maximum(WEIGHT @ X + BIAS, 0)
    restored = [(y - y_zero_point) * y_scale for y in by_hand]
    print(f"real numbers {np.round(real, 4).tolist()}  from the integers {np.round(restored, 4).tolist()}")
    print("EQUAL" if run.values["fc"][0].tolist() == by_hand else "DIFFERENT")


if __name__ == "__main__":
    main()
