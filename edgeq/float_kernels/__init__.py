"""State what kernels that rescale in float32 would give, for checking: nothing here decides an integer of a graph.

No other room imports this one but the command line (`edgeq compare --kernel`).
"""
