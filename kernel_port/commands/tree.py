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
import textwrap
from collections.abc import Callable
from typing import Any

from ..machine import boot
from ..terminal import clean, page, progress
from ..why.guard import errno_name
from ..why.ladder import bus_name, survey
from ..why.report import STYLES, Report, kernel_name, warnings
from ..why.topology import tree
from ..why.verdict import named, verdicts
from ..why.words import FAULTS
from . import _kernel, _machine

#: Least columns for text, however deep the branch.
NARROWEST = 40


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
        drawing = Drawing(report, lines.append)
        report.lines(f"{name}, {kernel_name(choice)}", "", "  ", "bold")
        for bus in buses:
            lines.append(f"{bus['bus']}  root bus")
            drawing.functions(bus, "")
        for doubt in doubts:
            report.lines(f"note: {doubt}", "", "  ", "dim")
    page(lines, wanted=not args.no_pager)
    return 0


class Drawing:
    """Draws buses as branches."""

    def __init__(self, report: Report, write: Callable[[str], object]) -> None:
        self.report, self.write, self.paint, self.width = report, write, report.paint, report.width

    def fold(self, text: str, first: str, stem: str, style: str = "") -> None:
        """Write *text* behind *first*, then behind *stem*, folded where the line would be too long."""
        room = max(NARROWEST, self.width - len(stem))
        lines = textwrap.wrap(clean(text), room, subsequent_indent="  ", break_long_words=False, break_on_hyphens=False)
        for number, line in enumerate(lines):
            self.write(f"{stem if number else first}{self.paint(style, line) if style else line}")

    def functions(self, bus: dict[str, Any], stem: str) -> None:
        """Draw the functions of a bus, each with what is below it."""
        *others, last = bus["functions"] or [None]
        for node in others:
            self.function(node, f"{stem}+-- ", f"{stem}|   ")
        if last:
            self.function(last, f"{stem}`-- ", f"{stem}    ")

    def function(self, node: dict[str, Any], branch: str, stem: str) -> None:
        """Draw one function: what it is, its details, and the bus below."""
        below = node["below"]
        inner = stem + ("|  " if below and below["functions"] else "   ")
        self.fold(f"{node['bdf']}  {self.report.title(node['bdf'])}", branch, inner, "bold")
        for detail in filter(None, (link_text(node["link"]), port_text(node["port"]))):
            self.fold(detail, inner, inner)
        self.fold(self.resets(node), inner, inner, STYLES.get(node["outcome"], "bold"))
        if below:
            slots = f", slot {', '.join(below['slots'])}" if below["slots"] else ""
            self.fold(f"bus {below['bus']}{slots}{'' if below['functions'] else ': empty'}", inner, inner)
            self.functions(below, stem)

    def resets(self, node: dict[str, Any]) -> str:
        """Say how a function can be reset, in the order the kernel tries, and which of its own ways is no good."""
        judged, methods = self.report.verdicts, node["resets"]
        groups = {named(group): group for group in judged.survey.together(node["bdf"])}
        good = ", ".join(f"{group.kind} {group.name}" for target, group in groups.items() if not judged.fault(target))
        own, bus = judged.fault(node["bdf"]), bus_name(self.report.machine.function(node["bdf"]).bus)
        mine = {
            node["bdf"]: "alone",
            f"slot:{node['slot']}": f"with slot {node['slot']}",
            f"bus:{bus}": f"with bus {bus}",
        }
        faults = {how: judged.fault(target) for target, how in mine.items()}
        bad = [f"{how}, it {FAULTS[fault]}" for how, fault in faults.items() if fault]
        ways = ", ".join(methods) if not own else ""
        if node["outcome"] == "unknown":
            may, works = ", ".join(node["unknown"]), f"; {ways} works" if ways else ""
            ways = f"unknown{f', {may} may work' if may else ''}{works}"
        along = f"{'; ' if ways else 'only '}with {good}" if good else ""
        none = "" if ways or good else "none" if methods else f"none, {errno_name(node['rc'])}"
        return "; not ".join([f"reset: {ways}{along}{none}", *bad])


def link_text(link: dict[str, Any] | None) -> str:
    """Describe a link, now and at best."""
    if link is None:
        return ""
    up = {True: ", up", False: ", down", None: ""}[link["up"]]
    now, best = (f"{link[f'{at}speed'] or '?'} GT/s x{link[f'{at}width']}" for at in ("", "max_"))
    return f"link: {now}{up}; at best {best}"


def port_text(port: dict[str, Any] | None) -> str:
    """Describe the slot of a port."""
    if port is None:
        return ""
    occupied = "occupied" if port["occupied"] else "empty"
    return ", ".join([f"slot number {port['number']}: {occupied}", *port["features"]])
