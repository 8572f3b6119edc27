"""Set weights to zero by rules and keep them there."""
