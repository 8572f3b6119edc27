"""Tensors to coordinate form and to the YAML of CNN_Compress, and back."""
