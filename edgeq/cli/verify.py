"""``edgeq verify``."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from edgeq.cli.failures import MISMATCH
from edgeq.table import table
from edgeq.verification import verify

_PATH = click.Path(path_type=Path)


@click.command()
@click.argument("folder", type=_PATH)
@click.option("--bundle", type=_PATH, metavar="NAME.edgeq", help="Check against this graph, not the copy in FOLDER.")
@click.option("--jobs", type=click.IntRange(1, 256), default=1, show_default=True, help="Threads.")
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
def command(folder: Path, bundle: Path | None, jobs: int, as_json: bool) -> None:
    """Re-read every file of FOLDER against the graph, compile and run what can be run.

    Exit code 1 when anything differs. A check whose tool is missing is listed as NOT RUN.
    """
    report = verify(folder, bundle, jobs)
    if as_json:
        click.echo(json.dumps(report.as_dict(), indent=1))
    else:
        rows = [[r.check, r.subject, r.values, r.status, r.detail] for r in report.rows]
        click.echo(table(["check", "file or layer", "values", "status", "detail"], rows))
        verdict = "PASS" if report.ok else "FAIL"
        click.echo(f"EDGEQ_VERIFY {verdict} checks={len(report.rows)} values={report.values} "
                   f"failed={len(report.failures)} not_run={len(report.not_run)}")
    if not report.ok:
        sys.exit(MISMATCH)
