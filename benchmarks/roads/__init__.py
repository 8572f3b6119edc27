"""Roads from a float network to integers that `benchmarks/compression.py` measures, one file per network or purpose."""
