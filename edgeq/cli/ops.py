"""``edgeq ops``: the op table and the page of one op, by reflection over the registry."""

from __future__ import annotations

import dataclasses
import re
from inspect import Parameter, cleandoc

import click

import edgeq.ops  # noqa: F401 - fills the registry
from edgeq.arith.types import IntType
from edgeq.errors import InputError
from edgeq.ir.builder import call_signature
from edgeq.ir.op import OPS, Op
from edgeq.table import table

HEAD = ["op", "operands", "does", "constraints"]


@click.command()
@click.argument("name", required=False)
@click.option("--markdown", "as_markdown", is_flag=True, help="As a Markdown table: the one of README.md.")
def command(name: str | None, as_markdown: bool) -> None:
    """Show every op of the integer graph: operands, what it does, the labels of its constraints.

    With NAME, such as conv2d, show all of that op: semantics, operands, constraints, and its attributes with their
    defaults.
    """
    if name is not None:
        if as_markdown:
            raise InputError("--markdown is for the table of all ops; leave it out, or NAME")
        click.echo(page(name))
        return
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


def page(kind: str) -> str:
    """Return all that is said of an op: how it is called, its docstring and those it inherits, its attributes."""
    if kind not in OPS:
        raise InputError(f"there is no op {kind!r}; ops are {', '.join(sorted(OPS))}")
    op = OPS[kind]
    parts = [f"b.{kind}({', '.join(call_signature(op).parameters)})", cleandoc(op.__doc__ or "")]
    shared = [base for base in op.__mro__[1:] if base is not Op and issubclass(base, Op)]
    parts += [f"As every op of its family: {cleandoc(base.__doc__)}" for base in shared if base.__doc__]
    rows = attributes(op)
    return "\n\n".join(parts + ([table(["attribute", "default", "takes"], rows)] if rows else []))


def attributes(op: type[Op]) -> list[list[str]]:
    """Return name, default and what is taken, of each attribute that the builder's method has."""
    takes = {f.name: cleandoc(f.metadata["convert"].__doc__) for f in dataclasses.fields(op)}  # type: ignore[arg-type]
    given = [p for p in call_signature(op).parameters.values() if p.name not in (*op.OPERANDS, "name")]
    return [[p.name, _default(p), takes.get(p.name, "see above")] for p in given]


def _default(given: Parameter) -> str:
    """Return an attribute's default as a user writes it."""
    if given.default is Parameter.empty:
        return "required"
    return repr(str(given.default) if isinstance(given.default, IntType) else given.default)


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
