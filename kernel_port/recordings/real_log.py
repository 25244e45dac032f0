# SPDX-License-Identifier: GPL-2.0-only
"""The kernel logs of the recording and of the port compared: which function logged, per device and in order."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from itertools import dropwhile, takewhile, zip_longest

from ..kernel.system import Event
from ..trace.site import cause
from .real_filters import MESSAGES
from .real_kernel import Message, Recording

#: Marks of the recording program in the log, and the one when it is ready.
LAB, READY = "lab", "point "
#: Functions that log when the sysfs files of a slot are read.
READING = ("get_adapter_status", "get_power_status", "pciehp_get_power_status")
LOCKDEP = "lockdep"
#: The second message of the button's interrupt handler reads like those of the function that handles it later, so the
#: recordings have it as one of those.
PRESSED, BUTTON = "pciehp_handle_attention_button", "handle_button_press_event"
#: Entries that are not functions and are judged elsewhere.
NO_FUNCTION = (LAB, LOCKDEP, "oops", "warning", "hung_task")
#: Functions whose messages the recordings do not have.
UNRECORDED = ("drivers/pci/probe.c", "drivers/pci/slot.c")
UNRECORDED_FUNCTIONS = (
    "dbg_ctrl", "init_slot", "pci_update_resource", "pcie_flr", "pcie_init", "pcie_port_probe_service",
    "pcie_port_remove_service", "pci_enable_bridge", "setup_msi_irq", "__pci_set_master", "pcibios_set_master",
)  # fmt: skip
DEVICE = re.compile(r"[0-9a-f]{4}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7](:pcie[0-9a-f]+)?")


def while_booting(recording: Recording) -> Iterator[Message]:
    """Return the messages before user space started: reading sysfs makes the kernel log, too."""
    return takewhile(lambda message: message.function != LAB, recording.log)


def since_first_call(recording: Recording) -> Iterator[Message]:
    """Return the messages from the first call on: between ready and that, only sysfs files of slots were read."""
    ready = dropwhile(lambda m: not (m.function == LAB and str(m.values.get("what")).startswith(READY)), recording.log)
    return dropwhile(lambda message: message.function in (LAB, *READING), ready)


def spoken(messages: Iterable[Message]) -> tuple[dict[str, list[str]], Counter[str]]:
    """Return the C functions that logged, in order per device, and what filters let through."""
    by: dict[str, list[str]] = defaultdict(list)
    passed: Counter[str] = Counter()
    for message in messages:
        if message.function in MESSAGES:
            passed[MESSAGES[message.function]] += 1
        elif message.function not in NO_FUNCTION:
            said = by[message.speaker]
            pressed = message.function == BUTTON and not message.values and said[-1:] == [PRESSED]
            said.append(PRESSED if pressed else message.function)
    return by, passed


def compare_logs(expected: dict[str, list[str]], events: Iterable[Event]) -> Iterator[str]:
    """Return the first difference of each device."""
    got: dict[str, list[str]] = defaultdict(list)
    for event in events:
        if event.op == "printk":
            device, site = DEVICE.search(event.args[1]), cause(event.stack)
            if site is None or (site.c_source.startswith(UNRECORDED) or site.function in UNRECORDED_FUNCTIONS):
                continue
            got[device[0] if device else ""].append(site.function)
    for speaker in sorted(expected.keys() | got.keys()):
        theirs, ours = expected.get(speaker, []), got.get(speaker, [])
        for index, (a, b) in enumerate(zip_longest(theirs, ours)):
            if a != b:
                yield (
                    f"log of {speaker or 'no device'}: message {index}: expected {a or 'no more'}, got {b or 'no more'}"
                    f" (of {len(theirs)} and {len(ours)})"
                )
                break
