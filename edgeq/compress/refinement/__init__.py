"""Improve what quantization loses after training: scale channels, correct biases, learn roundings."""
