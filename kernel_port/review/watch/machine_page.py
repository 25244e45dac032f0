# SPDX-License-Identifier: GPL-2.0-only
"""A machine as a drawing, as it is at this moment: a page of its own, for a notebook."""

from __future__ import annotations

from ...machine import Machine
from ..pages.html import data, page, text
from .observer import Observer
from .topology import drawn


def machine_page(machine: Machine) -> str:
    """Return the page: bridges, links, slots and functions, and what is in reset, asleep or removed."""
    seen = Observer(machine)
    functions = list(seen.condition)
    content = {
        "machine": drawn(machine.description, functions),
        "functions": [{"bdf": bdf} for bdf in functions],
        "hardware": list(seen.condition.values()),
    }
    body = f"""<main id="machine"><h1>{text(machine.description.name)}</h1>
<noscript>The drawing needs JavaScript, all of which is in this file.</noscript></main>
{data("recording", content)}"""
    styles = ["page.css", "watch.css", "panels.css"]
    return page(machine.description.name, body, styles, ["dom.js", "topology.js", "machine.js"])
