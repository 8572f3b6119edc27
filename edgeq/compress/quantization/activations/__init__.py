"""Quantizers of activations, one method per file."""
