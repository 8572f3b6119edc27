"""Logs of training runs, and pages of HTML that show them: one file each, without scripts and without a network."""
