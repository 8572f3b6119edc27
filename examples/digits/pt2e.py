"""Quantize DigitsNet with torchao's pt2e flow: a model for `edgeq lower` that brings its own scales.

    python examples/digits/pt2e.py -o digits_pt2e.pt2 [--quantizer xnnpack|x86]

The result carries quantize and dequantize operators around float ones: weights symmetric int8 per output
channel, activations affine per tensor, int8 (xnnpack) or uint8 (x86).
"""

import argparse
import warnings
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e
from torchao.quantization.pt2e.quantizer import Quantizer
from torchao.testing.pt2e import _xnnpack_quantizer as xnnpack_quantizer

FOLDER = Path(__file__).parent


def xnnpack() -> Quantizer:
    """Return the quantizer that treats convolutions, linear layers and additions alike."""
    quantizer = xnnpack_quantizer.XNNPACKQuantizer()
    return quantizer.set_global(xnnpack_quantizer.get_symmetric_quantization_config(is_per_channel=True))


def x86() -> Quantizer:
    """Return the quantizer that leaves the logits, and the convolution operand of the addition, in float."""
    from torchao.quantization.pt2e.quantizer import x86_inductor_quantizer  # slow: loads torch's inductor

    quantizer = x86_inductor_quantizer.X86InductorQuantizer()
    return quantizer.set_global(x86_inductor_quantizer.get_default_x86_inductor_quantization_config())


QUANTIZERS = {"xnnpack": xnnpack, "x86": x86}


def capture(model: torch.nn.Module, example: torch.Tensor) -> torch.export.ExportedProgram:
    """Export the model with a free batch size."""
    return torch.export.export(model, (example,), dynamic_shapes=({0: torch.export.Dim("batch")},))


def quantize_pt2e(
    model: torch.nn.Module, calib: torch.Tensor, quantizer: str = "xnnpack"
) -> torch.export.ExportedProgram:
    """Return the model with quantize and dequantize operators, calibrated on images (N, 1, 8, 8), N >= 2."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torchao's and torch's notes on their own deprecated modules
        chosen = QUANTIZERS[quantizer]()
    prepared = prepare_pt2e(capture(model, calib[:2]).module(), chosen)
    with torch.no_grad():
        prepared(calib)
    return capture(convert_pt2e(prepared), calib[:2])


def load_model() -> torch.nn.Module:
    """Return DigitsNet with the weights of digits_state.pt, in eval mode."""
    from model import DigitsNet  # here, so that quantize_pt2e can be imported from any folder

    model = DigitsNet()
    model.load_state_dict(torch.load(FOLDER / "digits_state.pt", weights_only=True))
    return model.eval()


def count_correct(program: torch.export.ExportedProgram) -> tuple[int, int]:
    """Return how many test images the program gives their label, and how many there are."""
    images = torch.from_numpy(np.load(FOLDER / "test_x.npy"))
    labels = torch.from_numpy(np.load(FOLDER / "test_y.npy"))
    with torch.no_grad():
        answers = program.module()(images).argmax(1)
    return int((answers == labels).sum()), len(labels)


def main() -> None:
    """Quantize, measure, list the operators, write."""
    parser = argparse.ArgumentParser(description="Quantize DigitsNet with torchao's pt2e flow.")
    parser.add_argument("-o", "--output", type=Path, default=Path("digits_pt2e.pt2"))
    parser.add_argument("--quantizer", choices=sorted(QUANTIZERS), default="xnnpack")
    args = parser.parse_args()

    torch.set_num_threads(1)
    calib = torch.from_numpy(np.load(FOLDER / "calib.npy"))
    program = quantize_pt2e(load_model(), calib, args.quantizer)
    torch.export.save(program, args.output)

    correct, count = count_correct(program)
    print(f"test: {correct} of {count}")
    calls = Counter(str(node.target) for node in program.graph.nodes if node.op == "call_function")
    for target, times in sorted(calls.items()):
        print(f"{times:4} {target}")


if __name__ == "__main__":
    main()
