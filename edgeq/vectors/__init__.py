"""Stimuli, and the values of every layer for them: written, read back, compared."""
