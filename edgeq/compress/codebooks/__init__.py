"""Weights drawn from a table: k-means, levels, fixed point; tables that train; their integers."""
