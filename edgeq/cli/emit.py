"""``edgeq emit``."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import Any

import click

from edgeq.artefacts.inside import refuse_inside
from edgeq.bundle import load
from edgeq.emission import emit, formats
from edgeq.errors import InputError

_PATH = click.Path(path_type=Path)
_LONGEST = 20


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
@click.option("--option", "given", multiple=True, metavar="NAME=VALUE", help="Option of a format, e.g. lanes=4.")
def command(
    bundle: Path, names: tuple[str, ...], output: Path, vectors: Path | None, given: tuple[str, ...]
) -> None:
    """Write BUNDLE in one format or several. What is written belongs to you, without conditions."""
    graph = load(bundle)
    options = _options(given)
    refuse_inside(output)
    for name in names:
        emit(graph, name, output, vectors, **options)
        click.echo(f"{output}: {name}")


def _options(given: tuple[str, ...]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    for text in given:
        name, sign, value = text.partition("=")
        if not sign or not name:
            raise InputError(f"--option {text}: write NAME=VALUE")
        if name in signature(emit).parameters:
            raise InputError(f"--option {text}: no format has an option {name!r}")
        if name in options:
            raise InputError(f"--option: {name} is given twice")
        options[name] = _value(name, value)
    return options


def _value(name: str, text: str) -> Any:
    if text in ("true", "false"):
        return text == "true"
    if not re.fullmatch("-?[0-9]+", text):
        return text
    if len(text) > _LONGEST:
        raise InputError(f"--option {name}: a number has at most {_LONGEST} characters, got {len(text)}")
    return int(text)
