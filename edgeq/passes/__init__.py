"""What can be said of a graph as a whole."""
