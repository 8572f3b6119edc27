"""Quantizers of weights, one method per file."""
