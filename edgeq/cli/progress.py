"""Show how far long work is, on stderr and only to people."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click


@contextmanager
def progress_bar(count: int, label: str) -> Iterator[Callable[[int], None]]:
    """Give a function that is told how many more are done, of ``count``; nothing is shown but on a terminal."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    with click.progressbar(length=count, label=label, file=sys.stderr) as bar:
        yield bar.update
