"""Give every way out of a command its message and its exit code."""

from __future__ import annotations

import errno
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import click

from edgeq.errors import EdgeqError, OverflowDetected

OK, MISMATCH, USER_ERROR, INTERRUPTED = 0, 1, 2, 130


class Stopped(BaseException):
    """A signal asked the process to end; raised so that what is half done is cleared away."""

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}; nothing was left half written")
        self.code = 128 + number


@contextmanager
def stoppable() -> Iterator[None]:
    """Raise `Stopped` in the block at SIGTERM and SIGHUP; one that is ignored, as under nohup, stays ignored.

    A signal that comes while a compiler calls back into Python is lost there and the compiler fails instead: the
    signal is then raised in place of that failure.
    """
    lost: list[BaseException] = []
    numbers = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    before = {n: signal.getsignal(n) for n in numbers if signal.getsignal(n) is signal.SIG_DFL}

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # let the clearing end
        raise Stopped(number)

    def lose(unraisable: sys.UnraisableHookArgs) -> None:
        if isinstance(unraisable.exc_value, Stopped | KeyboardInterrupt):
            lost.append(unraisable.exc_value)
        else:
            hook(unraisable)

    hook, sys.unraisablehook = sys.unraisablehook, lose
    for number in before:
        signal.signal(number, stop)
    try:
        yield
    except Exception:
        if lost:
            raise lost[0] from None
        raise
    finally:
        sys.unraisablehook = hook
        for number, handler in before.items():
            signal.signal(number, handler)


def exit_code_of(error: BaseException) -> int:
    """Print one line for an expected error and return its exit code; raise what is not expected."""
    if isinstance(error, SystemExit):
        return error.code if isinstance(error.code, int) else OK
    if isinstance(error, click.exceptions.Exit):
        return error.exit_code
    if isinstance(error, KeyboardInterrupt | click.exceptions.Abort):
        _say("interrupted; nothing was left half written")
        return INTERRUPTED
    if isinstance(error, Stopped):
        _say(str(error))
        return error.code
    if isinstance(error, MemoryError):
        _say(f"not enough memory ({str(error) or 'none is left'}); use fewer images, or a smaller network")
        return USER_ERROR
    if isinstance(error, click.ClickException):
        error.show()
        return USER_ERROR
    if isinstance(error, OverflowDetected):
        _say(str(error))
        return MISMATCH
    if isinstance(error, EdgeqError):
        _say(str(error))
        return USER_ERROR
    if isinstance(error, BrokenPipeError):
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115, PTH123 - the reader of our output has left
        return OK
    if isinstance(error, OSError):
        _say(_system_error(error))
        return USER_ERROR
    raise error


def _system_error(error: OSError) -> str:
    what = f"{error.filename}: " if error.filename else ""
    if error.errno == errno.ENOSPC:
        return f"{what}the disk is full; nothing was left half written. Free some space and run the command again"
    return f"{what}{error.strerror or error}"


def _say(message: str) -> None:
    click.echo(f"edgeq: error: {' '.join(message.split())}", err=True)
