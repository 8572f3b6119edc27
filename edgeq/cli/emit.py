"""``edgeq emit``."""

from __future__ import annotations

from inspect import signature
from pathlib import Path

import click

from edgeq.artefacts.inside import refuse_inside
from edgeq.bundle import load
from edgeq.cli.options import given_options
from edgeq.emission import emit, emit_all, formats

_PATH = click.Path(path_type=Path)


class _FormatsHelp(click.Command):
    """List the registered formats below the options."""

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write one line per format."""
        del ctx
        with formatter.section("Formats"):
            formatter.write_dl(list(formats().items()))


@click.command(cls=_FormatsHelp)
@click.argument("bundle", type=_PATH)
@click.option("--format", "names", multiple=True, required=True, metavar="FORMAT",
              help="What to write; may be repeated.")
@click.option("-o", "--output", type=_PATH, required=True, metavar="DIR",
              help="Folder; one of the same graph is extended.")
@click.option("--vectors", type=_PATH, metavar="DIR",
              help="Vectors to check with; by default 16 directed and random inputs, simulated here.")
@click.option("--option", "given", multiple=True, metavar="NAME=VALUE",
              help="Option of every FORMAT of the command, e.g. lanes=4; edgeq/emitters/README.md has the table, a "
                   "wrong name lists the options of a format.")
@click.option("--parts", is_flag=True,
              help="Codec formats: the parts of each blob as .npy too; the same as --option parts=true.")
def command(
    bundle: Path, names: tuple[str, ...], output: Path, vectors: Path | None, given: tuple[str, ...], parts: bool
) -> None:
    """Write BUNDLE in one format or several. What is written belongs to you, without conditions."""
    graph = load(bundle)
    options = given_options([*given, "parts=true"] if parts else given, "format", signature(emit).parameters)
    refuse_inside(output)
    emit_all(graph, names, output, vectors, options)
    for name in dict.fromkeys(names):
        click.echo(f"{output}: {name}")
