# SPDX-License-Identifier: GPL-2.0-only
"""Draw a machine: buses and functions, links and slots, drivers, and for each function the resets that would work.

The reset methods that work are in the order the kernel tries them, found by running its probes; it takes the first.
What the probes allow is then tried on a copy of the machine: a reset that returns 0 and is no good is said to be so.

--json prints one object:
  machine, patches, with (names of what is on top), warnings (list of text), buses: the root buses
  a bus: {bus, slots (names), functions}
  a function: {bdf, vendor, device, class (24 bits), driver, slot (it is in), link, port (the slot below it), rc (of
    the probe, null: unknown), outcome and fault (as why --json has them), stand_in (what it stands for that is not in
    MACHINE), resets (C functions), unknown (those of which it is unknown whether they work), together (list of {kind,
    name}: slots, buses whose reset includes it), below (a bus)}; driver, slot, link, port, fault, stand_in and below
    may be null
  a link: {speed, width, max_speed, max_width (GT/s, lanes), up (null if unknown)}
  a port: {number, features (list of text), occupied}

Example: kernel-port tree example:vga
"""

from __future__ import annotations

import argparse
import json

from ..machine import boot
from ..terminal import page, progress
from ..why.drawing import Drawing
from ..why.ladder import survey
from ..why.report import Report, warnings
from ..why.topology import tree
from ..why.verdict import verdicts
from . import _kernel, _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of tree."""
    _machine.argument(parser)
    _kernel.arguments(parser)
    parser.add_argument("--no-pager", action="store_true", help="print it all at once")
    parser.add_argument("--json", action="store_true", help="one JSON object, see above")


def run(args: argparse.Namespace) -> int:
    """Boot, probe and draw."""
    choice, lines = _kernel.chosen(args), list[str]()
    with boot(_machine.loaded(args), choice, trace_boot=False) as machine:
        found = survey(machine, lambda functions: progress(functions, "probing"))
        judged = verdicts(machine, found, progress=lambda resets: progress(resets, "trying resets"))
        report = Report(machine, judged, lines.append)
        buses, doubts = tree(machine, report.verdicts), warnings(machine)
        name = machine.description.name
        if args.json:
            drawn = {
                "machine": name,
                "patches": choice.patches,
                "with": choice.names,
                "warnings": doubts,
                "buses": buses,
            }
            print(json.dumps(drawn, indent=1))
            return 0
        Drawing(report).whole(buses, doubts)
    page(lines, wanted=not args.no_pager)
    return 0
