"""The command line: one thin file per command, loaded when the command is called."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import click

from edgeq import __version__

_COMMANDS = {
    "prune": "Prune a PyTorch model by rules and fine-tune it with the zeros kept.",
    "quantize": "Quantize a PyTorch model, calibrated or trained, for edgeq lower.",
    "train-report": "Compare the logs of prune and quantize: a table here, curves on a page of HTML.",
    "lower": "Lower a trained PyTorch model to an integer graph (a bundle).",
    "show": "Show a bundle: layers, types, scales, accumulators, widths.",
    "simulate": "Run a bundle exactly; write outputs, accuracy, test vectors.",
    "emit": "Write a bundle as C, memory files, compressed blobs, one file or YAML.",
    "verify": "Read emitted files back against the graph; compile and run what can be run.",
    "compare": "Compare a device's values with the simulator and name the first layer that differs.",
    "size": "Show what the weights of a bundle take in every codec, and in zlib, xz and zstd.",
    "pack": "Write a .npy tensor as a blob of one codec.",
    "unpack": "Read a blob back to .npy; list a container .eqbin, or take it apart.",
    "presets": "Show the systems whose integers edgeq lower can make, and their rules.",
    "ops": "Show the ops of the integer graph.",
}


class LazyGroup(click.Group):
    """Import a command's module only when that command is called, so that --help costs nothing."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of the road from a model to hardware."""
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command, None when there is none of that name."""
        del ctx
        if cmd_name not in _COMMANDS:
            return None
        command: click.Command = import_module(f"edgeq.cli.{cmd_name.replace('-', '_')}").command
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; click would call it a failure when the reader of our output has left."""
        from edgeq.cli.failures import exit_code_of

        try:
            return super().invoke(ctx)
        except BrokenPipeError as error:
            ctx.exit(exit_code_of(error))

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl(list(_COMMANDS.items()))


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="edgeq")
def group() -> None:
    """Turn trained PyTorch models into exact integers, and prove every file made from them.

    Exit codes: 0 ok, 1 mismatch, FAIL or a detected overflow, 2 user error, 128+N stopped by signal N.
    """


def main() -> None:
    """Run the command line; every expected error is one line on stderr."""
    from edgeq.cli.failures import exit_code_of, stoppable

    try:
        with stoppable():
            code = group.main(prog_name="edgeq", standalone_mode=False)
    except BaseException as error:  # every way out of a command is given its exit code in one place
        code = exit_code_of(error)
    sys.exit(code if isinstance(code, int) else 0)
