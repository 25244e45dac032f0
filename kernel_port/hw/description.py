# SPDX-License-Identifier: GPL-2.0-only
"""What a machine is made of, as data: every loader produces one, the hardware model is built from one.

The fields are the keys of the TOML machine description. Times are in milliseconds; -1 means never.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from .address import Address


@dataclass(slots=True)
class FunctionDescription:
    """One PCI function: its registers as found, and how it behaves."""

    address: Address
    #: The registers as known: 64, 256 or 4096 bytes (longer images may be cut, the rest is zero).
    config: bytes
    #: Size of its configuration space, 256 or 4096; reads past it give all ones.
    size: int = 256
    #: BAR sizes in bytes, by BAR number 0..5; a 64-bit BAR has the number of its lower half. 0: read-only. A BAR that
    #: is not listed is as large as its address allows.
    bars: dict[int, int] = field(default_factory=dict)
    #: Size of the expansion ROM in bytes; 0: as large as its address allows, none if that is 0.
    rom: int = 0
    #: Driver bound when the machine was described, "" for none.
    driver: str = ""
    #: Its IOMMU group, as numbered when the machine was described; None: not known.
    iommu_group: int | None = None
    #: Numbers of the BARs (6: the expansion ROM) whose size is a guess from the address, not known.
    guessed: list[int] = field(default_factory=list)
    #: The bits of its registers that the source states, as a mask: a set bit is stated, and nothing past the mask's end
    #: is. None: all of them.
    stated: bytes | None = None

    # How it resets.
    #: False: the function claims a reset on D3hot -> D0 (No_Soft_Reset clear) and does nothing.
    soft_reset_works: bool = True
    #: False: the function advertises FLR (PCIe or AF) and does nothing.
    flr_works: bool = True
    #: Transactions stay pending this long after power on (-1: until a reset).
    pending_ms: float = 0
    #: After a reset the function is not ready for this long (-1: never again).
    ready_ms: float = 0
    #: What requests get until then: "silent", no response, so that reads are all ones and writes are lost; "crs",
    #: Configuration Request Retry Status, so that the root complex issues it again and the requester stalls.
    not_ready: Literal["silent", "crs"] = "silent"
    #: False: writes to the power state field have no effect.
    power_state_changes: bool = True
    #: Register offset -> number of writes that it takes, after a reset, for a value to stick.
    writes_needed: dict[int, int] = field(default_factory=dict)
    #: Offset -> length of registers that no specification has and that keep what is written, through resets too.
    #: Other unknown registers are read-only.
    storage: dict[int, int] = field(default_factory=dict)

    # Ports (type 1 header) only.
    #: Time the link needs to train after the end of a reset (-1: it stays down).
    link_training_ms: float = 0
    #: False: presence has its own pins, PRSNT#. Otherwise it is detected in-band: a slot shows no card while its bus
    #: is in reset or its power is off. Its registers do not say which of the two a slot has.
    presence_follows_link: bool = True
    #: Presence and link status change this much after the event that causes it.
    slot_status_ms: float = 0
    #: A slot command completes after this long (-1: never).
    command_ms: float = 0
    #: Slot Status bits that change by themselves: [milliseconds after power on, bits], ...
    #: Events (attention button 0x01, power fault 0x02, latch changed 0x04, presence changed 0x08, command done 0x10,
    #: link changed 0x100) happen; states (latch open 0x20, card present 0x40, interlock 0x80) turn into the other one.
    #: The card comes and goes with its state.
    slot_events: list[tuple[float, int]] = field(default_factory=list)
    #: Slot Status bits that change right after the first write to Slot Status.
    slot_events_on_clear: int = 0


@dataclass(slots=True)
class MachineDescription:
    """A whole machine: its functions in address order, and the loader's warnings."""

    name: str
    functions: list[FunctionDescription] = field(default_factory=list)
    about: str = ""
    #: "" for hardware as specified; "qemu" and "qemu-links" for QEMU's simplifications; "golden", which no file can ask
    #: for, for the hardware of the golden traces.
    quirks: str = ""
    #: What the source cannot tell or gets wrong, one line each.
    warnings: list[str] = field(default_factory=list)
    #: Words of the command line of the QEMU that has these functions: it is started in the place of our hardware.
    qemu: str = ""
