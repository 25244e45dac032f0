# SPDX-License-Identifier: GPL-2.0-only
"""Which hardware this is: silicon as specified, or an emulator's simplification of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from . import golden, qemu
from .errors import MachineError
from .layout import Layout
from .regs import Register


@dataclass(frozen=True, slots=True)
class Policy:
    """Behaviour in which emulators differ from silicon. The defaults are silicon."""

    #: Which registers a function has, and what writes and resets do to them.
    registers: Callable[[Layout], tuple[Register, ...]] = Layout.registers
    #: Bytes without a register that are plain memory, as (offset, length), besides those of the description.
    storage: Callable[[Layout], tuple[tuple[int, int], ...]] = lambda layout: ()
    #: Secondary Bus Reset holds what is below in reset as long as it is set. Otherwise setting it is the whole reset,
    #: and cycles still reach the secondary bus itself, though no bus behind it.
    reset_holds: bool = True
    #: Links go down in a reset and train after it, and presence may follow. Otherwise they are always up.
    links_drop: bool = True
    #: A slot with in-band presence detection shows a card only with power on (PCIe 7.8.11).
    power_lights_presence: bool = True
    #: Loss of power resets what a hot reset leaves alone.
    power_resets_all: bool = True
    #: A slot whose power and power indicator are switched off loses its card: QEMU unplugs it at that moment.
    dark_slots_let_go: bool = False
    #: After its own reset, a port reports the link and the card it finds as events.
    inner_ports_tell: bool = True
    #: Link Status shows training, and width 0 while the link is down.
    link_status_follows: bool = True
    #: Below a port with a link, device numbers other than 0 exist only while it forwards ARI (PCIe 7.3.1).
    devices_need_ari: bool = True
    #: A function level reset of a bridge resets everything below it as well.
    function_reset_spreads: bool = False
    #: Waking from D3hot resets a function whose No_Soft_Reset is clear.
    soft_reset: bool = True
    #: A write of a power state that a function does not have changes nothing.
    power_states_checked: bool = True
    #: Multiple Message Enable cannot be more than Multiple Message Capable while MSI is enabled.
    messages_limited: bool = False
    #: A bridge forwards to its secondary bus whatever its subordinate bus is.
    secondary_suffices: bool = False
    #: A bridge in D3hot forwards nothing.
    sleeping_bridges_block: bool = True
    #: A write to Slot Status that clears an event that has not happened clears none at all.
    unseen_events_stay: bool = False
    #: A write to Slot Control that ends the interrupt request of the port sends a message, too.
    end_of_asking_notifies: bool = False
    #: Only where a reset takes no time: Secondary Bus Reset of a port with a slot clears link and presence status while
    #: it is set, and Link Disable clears the link status. Requests still get through.
    status_follows: bool = False


QEMU = Policy(
    registers=qemu.registers,
    storage=qemu.storage,
    reset_holds=False,
    links_drop=False,
    function_reset_spreads=True,
    soft_reset=False,
    power_states_checked=False,
    messages_limited=True,
    secondary_suffices=True,
    power_resets_all=False,
    dark_slots_let_go=True,
    sleeping_bridges_block=False,
    unseen_events_stay=True,
    end_of_asking_notifies=True,
    devices_need_ari=False,
)

QEMU_LINKS = replace(QEMU, registers=qemu.registers_with_links, status_follows=True, dark_slots_let_go=False)

#: The hardware behind the golden traces (golden/HARDWARE.md).
GOLDEN = Policy(
    registers=golden.registers,
    power_lights_presence=False,
    inner_ports_tell=False,
    link_status_follows=False,
    devices_need_ari=False,
)

POLICIES = {"": Policy(), "golden": GOLDEN, "qemu": QEMU, "qemu-links": QEMU_LINKS}


def policy_of(quirks: str) -> Policy:
    """Return the policy for a machine description's *quirks*.

    :raises MachineError: there are no quirks of that name"""
    try:
        return POLICIES[quirks]
    except KeyError:
        known = ", ".join(repr(name) for name in POLICIES)
        raise MachineError(f"quirks {quirks!r} are unknown; known are {known}") from None
