"""Show runs on one page of HTML: no script, no network, every text escaped; the same runs give the same bytes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from edgeq.errors import shown
from edgeq.report.chart import Curve, chart
from edgeq.report.layers import layer_table
from edgeq.report.marks import REPORT_MARK
from edgeq.report.overview import HEAD, overview
from edgeq.report.run import Run

_LISTED, _LONGEST = 100, 1000
_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #222; background: #fff; max-width: 72em; margin: 2em auto;
       padding: 0 1em; }
h1, h2, h3 { font-weight: 600; line-height: 1.2; } h2 { margin-top: 2em; border-bottom: 1px solid #ddd; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; font-size: 14px; }
th, td { padding: 3px 10px; border-bottom: 1px solid #eee; text-align: right; white-space: nowrap; }
th { border-bottom: 1px solid #999; font-weight: 600; } th.text, td.text { text-align: left; }
.wide { overflow-x: auto; } .note { color: #666; }
.bar { display: inline-block; width: 80px; height: 9px; margin-left: 8px; background: #eee; }
.bar i { display: block; height: 9px; background: #0072b2; }
svg { max-width: 100%; height: auto; } svg text { font: 12px system-ui, sans-serif; fill: #222; }
svg .end { text-anchor: end; } svg .middle { text-anchor: middle; }
.grid { stroke: #e5e5e5; fill: none; } .axis { stroke: #666; fill: none; }
.curve { fill: none; stroke-width: 1.8; } dt { float: left; clear: left; width: 9em; color: #666; }
dd { margin-left: 9.5em; }
"""


def page_bytes(runs: Sequence[Run], version: str) -> bytes:
    """Return the page of runs; ``version`` is that of edgeq."""
    named = _named(runs)
    parts = [
        "-->", '<html lang="en"><head><meta charset="utf-8">',
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">",
        f"<title>Training runs</title><style>{_STYLE}</style></head><body><h1>Training runs</h1>",
        "<h2>Runs</h2>", _overview(runs, named),
        '<p class="note">Accuracy is the last that the run counted. Bytes are those of the weights, every number at '
        "its bits, before any codec.</p>",
        *_curves(runs, named),
    ]
    for run, name in zip(runs, named, strict=True):
        parts += _one(run, name)
    body = "\n".join([*parts, "</body></html>", ""])
    return REPORT_MARK + f", edgeq {escape(version)} ".encode() + body.encode(errors="replace")


def _named(runs: Sequence[Run]) -> list[str]:
    """Return the names of runs, those that occur again with a number."""
    found: list[str] = []
    for run in runs:
        again = sum(name == run.name or name.startswith(f"{run.name} (") for name in found)
        found.append(f"{run.name} ({again + 1})" if again else run.name)
    return found


def _overview(runs: Sequence[Run], named: Sequence[str]) -> str:
    rows = [[name, *overview(run).cells[1:]] for run, name in zip(runs, named, strict=True)]
    return html_table(HEAD, rows, text=2)


def html_table(head: Sequence[str], rows: Iterable[Sequence[object]], text: int) -> str:
    """Return a table of plain values; the first ``text`` columns hold words."""
    kinds = [' class="text"' if k < text else "" for k in range(len(head))]
    lines = ["".join(f"<th{kind}>{escape(name)}</th>" for kind, name in zip(kinds, head, strict=True))]
    lines += ["".join(f"<td{kind}>{_cell(value)}</td>" for kind, value in zip(kinds, row, strict=True)) for row in rows]
    return f'<div class="wide"><table>{"".join(f"<tr>{line}</tr>" for line in lines)}</table></div>'


def _cell(value: object) -> str:
    return "&ndash;" if value is None else escape(f"{value:,}" if isinstance(value, int) else str(value))


def _curves(runs: Sequence[Run], named: Sequence[str]) -> list[str]:
    losses, rights = [], []
    for run, name in zip(runs, named, strict=True):
        losses.append(Curve(name, [(k + 1, epoch.loss) for k, epoch in enumerate(run.epochs)]))
        rights.append(Curve(name, [(k + 1, 100 * epoch.right / run.validation) for k, epoch in enumerate(run.epochs)
                                   if epoch.right is not None and run.validation]))
    parts = []
    for title, curves, label in (("Loss", losses, "loss (cross entropy, nats)"),
                                 ("Accuracy", rights, "validation accuracy (%)")):
        drawn = chart([curve for curve in curves if curve.points], "epoch", label)
        parts += [f"<h2>{title}</h2>", drawn or '<p class="note">No run has any.</p>']
    return parts


def _one(run: Run, name: str) -> list[str]:
    told = {**run.options, **(run.recipe or {}), **{f"{k} version": v for k, v in run.versions.items()}}
    terms = "".join(f"<dt>{escape(str(k))}</dt><dd>{escape(_plain(v))}</dd>" for k, v in told.items())
    counted = [[each.when, each.right, each.of, f"{100 * each.right / each.of:.2f}" if each.of else None]
               for each in run.accuracy]
    parts = [f"<h2>{escape(name)}</h2>", f"<dl><dt>command</dt><dd>{escape(run.command)}</dd>{terms}</dl>"]
    if counted:
        parts += ["<h3>Accuracy</h3>", html_table(["when", "right", "of", "accuracy %"], counted, text=1)]
    for title, layers in (("before", run.before), ("after", run.after)):
        if layers:
            parts += [f"<h3>Layers {title}</h3>", layer_table(layers)]
    return parts


def _plain(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(map(_plain, value[:_LISTED]))
    return value[:_LONGEST] if isinstance(value, str) else shown(value)
