"""Integers to memory files and back: orders of elements, words of any width, the text that tools load."""
