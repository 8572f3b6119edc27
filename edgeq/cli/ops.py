"""``edgeq ops``: the op table, by reflection over the registry."""

from __future__ import annotations

import re

import click

import edgeq.ops  # noqa: F401 - fills the registry
from edgeq.cli.table import table
from edgeq.ir.op import OPS, Op

HEAD = ["op", "operands", "does", "constraints"]


@click.command()
@click.option("--markdown", "as_markdown", is_flag=True, help="As a Markdown table: the one of README.md.")
def command(as_markdown: bool) -> None:
    """Show every op of the integer graph: operands, what it does, the labels of its constraints."""
    click.echo(markdown() if as_markdown else table(HEAD, [row(kind) for kind in sorted(OPS)]))


def row(kind: str) -> list[str]:
    """Return an op's kind, operands, first sentence and constraint labels."""
    op = OPS[kind]
    return [kind, ", ".join(op.OPERANDS), _sentence(op).replace("``", ""), labels(op)]


def markdown() -> str:
    """Return the table in Markdown, one line per op."""
    lines = [" | ".join(HEAD), "|".join(["---"] * len(HEAD))]
    for kind in sorted(OPS):
        name, operands, _, constraints = row(kind)
        said = _sentence(OPS[kind]).replace("``", "`").replace("|", "\\|")
        lines.append(f"`{name}` | {operands} | {said} | {constraints}")
    return "\n".join(f"| {line} |" if not line.startswith("---") else f"|{line}|" for line in lines)


def labels(op: type[Op]) -> str:
    """Return the labels of the constraints in an op's docstring: ``C1 to C9``, ``C1, C2, A1, A2``."""
    block = re.search(r"Constraints:\n(.*?)(\n\n|\Z)", op.__doc__ or "", re.DOTALL)
    found = re.findall(r"^\s+([A-Z][0-9][^:]*):", block.group(1), re.MULTILINE) if block else []
    single = [label for label in found if re.fullmatch("[A-Z][0-9]+", label)]
    said: list[str] = []
    for letter in dict.fromkeys(label[0] for label in single):
        own = [label for label in single if label[0] == letter]
        said += [f"{own[0]} to {own[-1]}"] if len(own) > 2 else own
    return ", ".join(said + [label for label in found if label not in single])


def _sentence(op: type[Op]) -> str:
    """Return the first sentence of an op's docstring."""
    first = " ".join((op.__doc__ or "").split("\n\n")[0].split())
    return first.rstrip(".")
