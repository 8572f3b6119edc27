"""Tensors to bytes and back: text of memory files, element orders."""
