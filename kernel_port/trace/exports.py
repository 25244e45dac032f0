# SPDX-License-Identifier: GPL-2.0-only
"""A run in the text formats of other tools: ftrace, QEMU's trace log, and a shell script for setpci."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from ..hw.address import Address
from ..hw.config_space import header_type
from ..kernel.sched import NSEC_PER_MSEC, NSEC_PER_USEC
from ..kernel.system import Event
from ..pci_regs import PCI_HEADER_TYPE, PCI_HEADER_TYPE_NORMAL
from ..terminal import clean
from .render import tell
from .site import cause
from .spans import DELAYS


@dataclass(frozen=True, slots=True)
class Export:
    """What to write."""

    title: str
    kernel: str
    events: Sequence[Event]
    configs: dict[str, bytes]
    """Registers of each function when the run began, by address."""
    start: int
    """When it began, ns of virtual time."""


# -- ftrace ------------------------------------------------------------------------------------------------------

FTRACE_HEAD = """\
# tracer: nop
#
# entries-in-buffer/entries-written: {count}/{count}   #P:1
#
#                                _-----=> irqs-off/BH-disabled
#                               / _----=> need-resched
#                              | / _---=> hardirq/softirq
#                              || / _--=> preempt-depth
#                              ||| / _-=> migrate-disable
#                              |||| /     delay
#           TASK-PID     CPU#  |||||  TIMESTAMP  FUNCTION
#              | |         |   |||||     |         |
"""
#: Events and the names of their arguments. Names are those of the kernel's trace points where it has them.
FTRACE = {
    "r": ("pci_cfg_read", ("dev", "where", "size", "value")), "w": ("pci_cfg_write", ("dev", "where", "size", "value")),
    "msleep": ("msleep", ("ms",)), "mdelay": ("mdelay", ("ms",)), "udelay": ("udelay", ("us",)),
    "lock": ("lock_acquired", ("class", "of")), "unlock": ("lock_release", ("class", "of")),
    "lock_wait": ("lock_contended", ("class", "of")), "irq": ("irq_handler_entry", ("name",)),
    "get_module": ("module_get", ("name",)), "put_module": ("module_put", ("name",)),
    "get_module_failed": ("module_get_failed", ("name",)),
    "wait": ("wait_start", ("queue", "ms")), "waited": ("wait_end", ("queue", "satisfied")),
    "queue_work": ("workqueue_queue_work", ("function", "of", "event")),
    "queue_delayed_work": ("workqueue_queue_delayed_work", ("function", "of", "ms")),
    "cancel_delayed_work": ("workqueue_cancel_delayed_work", ("function", "of")),
    "add_timer": ("timer_start", ("of", "ms")), "del_timer": ("timer_cancel", ("of",)),
    "remove_device": ("pci_remove_device", ("dev",)), "scan_slot": ("pci_scan_slot", ("bus", "number")),
    "already_there": ("pci_already_there", ("dev",)),
    "printk": ("console", ("level", "text")), "hw": ("pci_hardware", ("what", "dev")),
}  # fmt: skip
#: Linux keeps this many characters of a task's name.
TASK_COMM_LEN = 15
HEXADECIMAL = ("where", "value")


def ftrace(export: Export) -> str:
    """Return the text that /sys/kernel/tracing/trace contains and `trace-cmd report` prints."""
    pids: dict[str, int] = {}
    task = "main"
    lines = []
    for event in export.events:
        interrupts = event.context.startswith(("irq ", "timer "))
        if not interrupts:
            task = event.context
        pid = pids.setdefault(task, len(pids) + 1)
        flags = "d.h.." if interrupts else "....."
        microseconds = (event.time - export.start) // NSEC_PER_USEC
        stamp = f"{microseconds // 1_000_000}.{microseconds % 1_000_000:06d}"
        name, fields = ftrace_fields(event)
        comm = re.sub(r"[^\w.:/-]", "_", clean(task))[:TASK_COMM_LEN]
        lines.append(f"{comm:>16}-{pid:<7} [000] {flags} {stamp:>12}: {name}: {fields}".rstrip())
    return FTRACE_HEAD.format(count=len(lines)) + "".join(f"{line}\n" for line in lines)


def ftrace_fields(event: Event) -> tuple[str, str]:
    """Return an event's name, and its arguments as name=value."""
    name, names = FTRACE.get(event.op, (event.op, tuple(f"arg{index}" for index in range(len(event.args)))))
    fields = []
    for field, value in zip(names, event.args, strict=False):
        shown = f"{value:#x}" if field in HEXADECIMAL else clean(str(int(value) if isinstance(value, bool) else value))
        fields.append(f'{field}="{shown}"' if " " in shown else f"{field}={shown}")
    site = cause(event.stack)
    return name, " ".join([*fields, *([f"caller={site.function}"] if site else [])])


# -- QEMU --------------------------------------------------------------------------------------------------------


def qemu(export: Export) -> str:
    """Return the lines that QEMU writes with `-trace 'pci_cfg_*'`: config cycles only, the one thing that format has.

    The name is "bridge" or "function", not a QEMU device model; the format has no domain, so a domain other than 0
    is part of the name."""
    lines = []
    for event in export.events:
        if event.op not in ("r", "w"):
            continue
        bdf, where, _, value = event.args
        address = Address.parse(bdf)
        config = export.configs.get(bdf, b"")
        header = header_type(config) if len(config) > PCI_HEADER_TYPE else 0
        name = "function" if header == PCI_HEADER_TYPE_NORMAL else "bridge"
        name += f"@{address.domain:04x}" * bool(address.domain)
        kind, arrow = ("pci_cfg_read", "->") if event.op == "r" else ("pci_cfg_write", "<-")
        place = f"{address.bus:02x}:{address.devfn >> 3:02x}.{address.devfn & 7:x}"
        lines.append(f"{kind} {name} {place} @{where:#x} {arrow} {value:#x}\n")
    return "".join(lines)


# -- setpci ------------------------------------------------------------------------------------------------------

SETPCI_HEAD = """\
#!/bin/sh
# {title}, {kernel}
#
# FOR STUDY. This is what the kernel code wrote to configuration space, as commands of setpci(8), on the machine that
# was simulated. On a real machine it would reset devices under their drivers, without locks, and lose their state:
# read it, do not run it. kernel-port never does.
#
# Lines that begin with # are what a shell script cannot express: reads (their values decided what came next), locks,
# interrupts, waits. Threads come one after the other, as they ran; their sleeps overlapped and do not do so here.
[ "${{1-}}" = --on-my-own-risk ] || {{ echo 'for study only: read me' >&2; exit 1; }}
set -e
"""
WIDTHS = {1: "b", 2: "w", 4: "l"}


def setpci(export: Export) -> str:
    """Return a shell script of the config writes and delays; everything else becomes comments."""
    head = SETPCI_HEAD.format(title=clean(export.title), kernel=clean(export.kernel))
    return head + "".join(f"{line}\n" for line in setpci_lines(export))


def setpci_lines(export: Export) -> Iterator[str]:
    """Yield the script without its head."""
    context, function = "main", ""
    for line in tell(export.events, export.configs, verbose=True):
        event = line.event
        by = line.site.function if line.site else ""
        if (event.context, by) != (context, function) and by:
            context, function = event.context, by
            yield f"\n# {(event.time - export.start) / NSEC_PER_MSEC:.3f} ms, {clean(context)}: {clean(function)}()"
        if event.op == "w":
            bdf, where, size, value = event.args
            poke = f"{where:x}.{WIDTHS[size]}={value:0{2 * size}x}"
            yield f"setpci -s {shlex.quote(clean(bdf))} {shlex.quote(poke)}  # {line.text}"
        elif event.op in DELAYS:
            yield f"sleep {event.args[0] * DELAYS[event.op] / 1e9:.6f}".rstrip("0").rstrip(".") + f"  # {line.text}"
        else:
            yield f"# {line.text}"
