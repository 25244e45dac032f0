# SPDX-License-Identifier: GPL-2.0-only
"""A machine as a tree in text: buses and functions, links and slots, drivers, and the resets that work."""

from __future__ import annotations

import textwrap
from typing import Any

from ..terminal import clean
from .guard import errno_name
from .ladder import bus_name
from .report import STYLES, Report
from .verdict import named
from .words import FAULTS

#: Least columns for text, however deep the branch.
NARROWEST = 40


class Drawing:
    """Draws buses as branches."""

    def __init__(self, report: Report) -> None:
        self.report, self.write, self.paint, self.width = report, report.write, report.paint, report.width

    def whole(self, buses: list[dict[str, Any]], doubts: list[str]) -> None:
        """Draw the machine.

        :param buses: as topology.tree() has them
        :param doubts: what is doubtful about it"""
        self.report.lines(f"{self.report.machine.description.name}, {self.report.kernel_name}", "", "  ", "bold")
        for bus in buses:
            self.write(f"{bus['bus']}  root bus")
            self.functions(bus, "")
        for doubt in doubts:
            self.report.lines(f"note: {doubt}", "", "  ", "dim")

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
