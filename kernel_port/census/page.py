# SPDX-License-Identifier: GPL-2.0-only
"""A census as one HTML file without scripts or other files: charts, and a table of the machines."""

from __future__ import annotations

import hashlib
from base64 import b64encode
from collections.abc import Iterator
from html import escape

from ..terminal import clean
from ..why.report import kernel_name
from .totals import OUTCOMES, Chart, ChartBar, Totals

STYLE = """
:root { color-scheme: light dark; --bar: #1a5fb4; --track: #eee; --line: #bbb }
@media (prefers-color-scheme: dark) { :root { --bar: #78aeed; --track: #222; --line: #555 } }
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 72rem; margin: auto; padding: 1rem }
h1 { font-size: 1.5rem } h2 { font-size: 1.2rem; margin-top: 2rem }
.wide { overflow-x: auto }
table { border-collapse: collapse } .chart { width: 100% }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem; border-bottom: 1px solid var(--line) }
tbody th { font-weight: normal; overflow-wrap: anywhere }
.number { text-align: right; font-variant-numeric: tabular-nums }
.bar { width: 45% } svg { width: 100%; height: 1rem; fill: var(--bar); background: var(--track) }
small { display: block; opacity: .7 }
@media (max-width: 48rem) { .bar { width: 15% } }
"""

#: How every page begins.
START = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="generator" content="kernel-port census">
"""


def page(totals: Totals) -> Iterator[str]:
    """Yield the page, piece by piece."""
    digest = b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    yield f"""{START}<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Census of resets</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<h1>Census of resets</h1>
<p>{_text(totals.headline())}. {_text(kernel_name(totals.kernel))}.</p>
"""
    for number, chart in enumerate(totals.charts()):
        yield from _figure(chart, f"chart{number}")
    yield from _machines(totals)
    yield "</main>\n</body>\n</html>\n"


def _text(text: str) -> str:
    """Return text of a file, made harmless for the page and its reader."""
    return escape(clean(text))


def _figure(chart: Chart, name: str) -> Iterator[str]:
    """Yield a chart: a table with a bar in each row."""
    yield f'<section aria-labelledby="{name}">\n<h2 id="{name}">{_text(chart.title)}</h2>\n'
    yield '<table class="chart">\n<thead><tr><th scope="col">what</th><th scope="col" class="number">functions</th>'
    yield '<th scope="col" class="number">share</th><td class="bar"></td></tr></thead>\n<tbody>\n'
    yield from (_row(bar, chart.whole) for bar in chart.bars)
    yield "</tbody>\n</table>\n</section>\n"


def _row(bar: ChartBar, whole: int) -> str:
    about = f"<small>{_text(bar.about)}</small>" if bar.about else ""
    share = bar.number / whole
    return (
        f'<tr><th scope="row">{_text(bar.label)}{about}</th><td class="number">{bar.number}</td>'
        f'<td class="number">{share:.1%}</td><td class="bar"><svg viewBox="0 0 100 1" preserveAspectRatio="none" '
        f'aria-hidden="true"><rect width="{100 * share:.1f}" height="1"/></svg></td></tr>\n'
    )


def _machines(totals: Totals) -> Iterator[str]:
    """Yield the table of the first machines."""
    yield '<section aria-labelledby="machines">\n<h2 id="machines">Machines</h2>\n'
    yield '<div class="wide">\n<table>\n<thead><tr><th scope="col">file</th>'
    yield "".join(f'<th scope="col" class="number">{said}</th>' for said in OUTCOMES.values())
    yield "</tr></thead>\n<tbody>\n"
    for file, error, counts in totals.listed:
        cells = "".join(f'<td class="number">{count}</td>' for count in counts.values())
        rest = f'<td colspan="{len(OUTCOMES)}">{_text(error)}</td>' if error is not None else cells
        yield f'<tr><th scope="row">{_text(file)}</th>{rest}</tr>\n'
    yield "</tbody>\n</table>\n</div>\n"
    if totals.machines > len(totals.listed):
        yield f"<p>The first {len(totals.listed)} of {totals.machines}; the JSON lines have all.</p>\n"
    yield "</section>\n"
