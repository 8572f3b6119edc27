"""Run layers in ONNX Runtime's quantized operators."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np

from tests.float_kernels.layers import Made
from tests.tools import need_tool


def run_operator(kind: str, inputs: dict[str, Any], constants: dict[str, Any], **attributes: Any) -> Any:
    """Return the only output of a model of one node; ``inputs`` vary, ``constants`` do not, both in operand order."""
    need_tool("onnxruntime")
    onnx, runtime = (importlib.import_module(name) for name in ("onnx", "onnxruntime"))
    helper, numpy_helper = onnx.helper, onnx.numpy_helper
    kept = next(iter(inputs.values()))
    code = helper.np_dtype_to_tensor_dtype(kept.dtype)
    domain = "com.microsoft" if kind == "QLinearAdd" else ""
    operands = sorted({**inputs, **constants}, key=lambda name: int(name.split("_")[0]))
    node = helper.make_node(kind, operands, ["out"], domain=domain, **attributes)
    graph = helper.make_graph(
        [node], "layer", [helper.make_tensor_value_info(k, code, v.shape) for k, v in inputs.items()],
        [helper.make_tensor_value_info("out", code, None)],
        [numpy_helper.from_array(v, k) for k, v in constants.items()])
    opsets = [helper.make_opsetid("", 21), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=opsets, ir_version=10)
    options = runtime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = runtime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
    return session.run(None, inputs)[0].astype(np.int64)


def _as(codes: Any, *, signed: bool) -> Any:
    """Return unsigned codes as they are, or 128 lower as signed ones."""
    return (np.asarray(codes, np.int64) - 128).astype(np.int8) if signed else np.asarray(codes).astype(np.uint8)


def onnx_codes(made: Made, bias: Any, *, signed: bool) -> Any:
    """Return the codes of QLinearConv with an int32 bias, or of QLinearMatMul, which has none; always unsigned."""
    case = made.case
    dense = case.kind == "linear"
    weight = np.ascontiguousarray(made.weight.T) if dense else made.weight
    constants = {
        "1_sx": np.array(made.input_scale), "2_zx": _as(made.input_zero_point, signed=signed), "3_w": weight,
        "4_sw": np.asarray(made.weight_scale), "5_zw": np.zeros(made.weight_scale.shape, np.int8),
        "6_sy": np.array(made.output_scale), "7_zy": _as(made.zero_point, signed=signed),
    }
    inputs = {"0_x": _as(made.x, signed=signed)}
    if dense:
        y = run_operator("QLinearMatMul", inputs, constants)
    else:
        y = run_operator("QLinearConv", inputs, constants | {"8_b": np.asarray(bias).astype(np.int32)},
                 pads=[made.padding] * 4, strides=[case.stride] * 2, dilations=[case.dilation] * 2, group=case.groups)
    return y + 128 if signed else y


def onnx_add(a: Any, b: Any, scales: tuple[Any, ...], zero_points: tuple[int, ...]) -> Any:
    """Return the codes of QLinearAdd; scales and zero points are of a, b, output."""
    (sa, sb, sy), (za, zb, zy) = (np.array(scales, np.float32), np.array(zero_points, a.dtype))
    constants = {"1_sa": sa, "2_za": za, "4_sb": sb, "5_zb": zb, "6_sy": sy, "7_zy": zy}
    return run_operator("QLinearAdd", {"0_a": a, "3_b": b}, {k: np.array(v) for k, v in constants.items()})
