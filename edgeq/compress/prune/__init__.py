"""Remove weights and channels that a network can do without."""
