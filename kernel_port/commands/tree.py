# SPDX-License-Identifier: GPL-2.0-only
"""Draw a machine: buses and functions, links and slots, drivers, and for each function the resets that would work.

The reset methods that work are in the order the kernel tries them, found by running its probes; it takes the first.

--json prints one object:
  machine, patches, warnings (list of text), buses: the root buses
  a bus: {bus, slots (names), functions}
  a function: {bdf, vendor, device, class (24 bits), driver, slot (it is in), link, port (the slot below it),
    rc (of the probe), resets (C functions), together (list of {kind, name}: slots, buses whose reset includes it),
    below (a bus)}; driver, slot, link, port and below may be null
  a link: {speed, width, max_speed, max_width (GT/s, lanes), up (null if unknown)}
  a port: {number, features (list of text), occupied}

Example: kernel-port tree example:vga
"""

from __future__ import annotations

import argparse
import json
from typing import Any

from ..machine import boot
from ..terminal import Paint, clean, progress, width
from ..why.guard import errno_name
from ..why.ladder import survey
from ..why.report import kernel_name, title, warnings
from ..why.topology import tree
from . import _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of tree."""
    _machine.argument(parser)
    parser.add_argument("--patches", metavar="N", type=int, choices=range(9), default=8, help="0 to 8; default: 8")
    parser.add_argument("--json", action="store_true", help="one JSON object, see above")


def run(args: argparse.Namespace) -> int:
    """Boot, probe and draw."""
    with boot(_machine.loaded(args), args.patches, trace_boot=False) as machine:
        buses = tree(machine, survey(machine, lambda functions: progress(functions, "probing")))
        doubts = warnings(machine)
        name = machine.description.name
        if args.json:
            drawn = {"machine": name, "patches": args.patches, "warnings": doubts, "buses": buses}
            print(json.dumps(drawn, indent=1))
            return 0
        titles = {dev.dev.name: title(dev) for dev in machine.functions}
    paint = Paint()
    print(paint("bold", clean(f"{name}, {kernel_name(args.patches)}")))
    for bus in buses:
        print(f"{bus['bus']}  root bus")
        Drawing(paint, titles).functions(bus, "")
    for doubt in doubts:
        print(paint("dim", clean(f"note: {doubt}")))
    return 0


class Drawing:
    """Draws buses as branches."""

    def __init__(self, paint: Paint, titles: dict[str, str]) -> None:
        self.paint, self.titles, self.width = paint, titles, max(60, width() - 1)

    def functions(self, bus: dict[str, Any], stem: str) -> None:
        """Yield the functions of a bus, each with what is below it."""
        *others, last = bus["functions"] or [None]
        for node in others:
            self.function(node, f"{stem}+-- ", f"{stem}|   ")
        if last:
            self.function(last, f"{stem}`-- ", f"{stem}    ")

    def function(self, node: dict[str, Any], branch: str, stem: str) -> None:
        """Yield one function: what it is, its details, and the bus below."""
        driver = f" (driver {node['driver']})" if node["driver"] else ""
        line = clean(f"{node['bdf']}  {self.titles[node['bdf']]}{driver}")
        print(branch + self.paint("bold", line[: self.width - len(branch)]))
        below = node["below"]
        inner = stem + ("|  " if below and below["functions"] else "   ")
        for detail in filter(None, (link_text(node["link"]), port_text(node["port"]))):
            print(f"{inner}{detail}")
        style = "green" if node["resets"] else "yellow" if node["together"] else "red"
        print(inner + self.paint(style, resets_text(node)))
        if below:
            named = f", slot {', '.join(below['slots'])}" if below["slots"] else ""
            print(clean(f"{inner}bus {below['bus']}{named}{'' if below['functions'] else ': empty'}"))
            self.functions(below, stem)


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


def resets_text(node: dict[str, Any]) -> str:
    """Say how a function can be reset, in the order the kernel tries."""
    together = ", ".join(f"{group['kind']} {group['name']}" for group in node["together"])
    if node["resets"]:
        return f"reset: {', '.join(node['resets'])}{f'; with {together}' if together else ''}"
    return f"reset: {f'only with {together}' if together else 'none, ' + errno_name(node['rc'])}"
