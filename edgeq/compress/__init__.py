"""The training side: make a float model smaller and ready for integers."""
