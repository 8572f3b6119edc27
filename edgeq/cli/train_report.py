"""``edgeq train-report``."""

from __future__ import annotations

from pathlib import Path

import click

from edgeq import __version__
from edgeq.artefacts.files import write_file
from edgeq.cli.training_files import Output, check_outputs
from edgeq.report.overview import overview_table
from edgeq.report.page import page_bytes
from edgeq.report.run import read_run

_PATH = click.Path(path_type=Path)
_EXAMPLE = """
\b
Example:
  edgeq prune ... --train train.npz --val val.npz --log prune.yaml
  edgeq quantize ... --train train.npz --val val.npz --log quantize.yaml
  edgeq train-report prune.yaml quantize.yaml -o report.html
"""


@click.command(epilog=_EXAMPLE)
@click.argument("runs", type=_PATH, nargs=-1, required=True, metavar="RUN.yaml...")
@click.option("-o", "--output", type=_PATH, metavar="REPORT.html", help="Page to write: curves, layers, options.")
def command(runs: tuple[Path, ...], output: Path | None) -> None:
    """Compare training runs: print a table of them, and write a page of HTML with -o.

    RUN.yaml is what edgeq prune and edgeq quantize write with --log. The page is one file; it loads nothing.
    """
    check_outputs([Output("-o", output, "report of edgeq")], runs)
    found = [read_run(path) for path in runs]
    if output is not None:
        write_file(output, page_bytes(found, __version__))
    click.echo(overview_table(found))
