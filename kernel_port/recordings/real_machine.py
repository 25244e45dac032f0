# SPDX-License-Identifier: GPL-2.0-only
"""The machine in a recording of a real kernel: its functions, on QEMU's hardware, before and after boot."""

from __future__ import annotations

from collections.abc import Mapping

from ..hw.address import Address
from ..hw.clock import Clock
from ..hw.description import FunctionDescription, MachineDescription
from ..hw.errors import MachineError
from ..hw.fabric import Fabric
from ..hw.layout import Layout
from ..hw.masks import Masks, Reset, masks_of
from ..hw.policy import policy_of
from ..link import link
from ..machine import Machine
from ..pci_regs import PCI_COMMAND, PCI_COMMAND_MASTER
from .qemu_capture import BARS, ROM, size_of
from .real_kernel import Cycle, Recording, name_of

#: How often pciehp looks at the slot where it polls, seconds.
POLL_TIME = 1


def describe(recording: Recording, registers: Mapping[str, bytes]) -> MachineDescription:
    """Return the recorded machine with these *registers*.

    :raises MachineError: the registers of a function are invalid"""
    link_ms = (recording.link_up_after_us or 0) / 1000
    functions = []
    for name, config in registers.items():
        try:
            sizes = [size_of(line) for line in recording.resources.get(name, [])]
        except (ValueError, TypeError) as error:
            raise MachineError(f"{recording.source}: function {name}: {error}") from None
        functions.append(
            FunctionDescription(
                Address.parse(name),
                config,
                size=len(config),
                bars={number: size for number, size in zip(BARS, sizes, strict=False) if size},
                rom=sizes[ROM] if len(sizes) > ROM else 0,
                driver=recording.drivers.get(name, ""),
                link_training_ms=link_ms,
            )
        )
    quirks = "qemu" if recording.link_up_after_us is None else "qemu-links"
    return MachineDescription(recording.name, functions, recording.machine, quirks)


def start(recording: Recording, registers: Mapping[str, bytes], trace_boot: bool = True) -> Machine:
    """Boot the recording's kernel on the recorded machine with these *registers* and pciehp_debug.

    :raises MachineError: the recorded machine is impossible"""
    clock, description = Clock(), describe(recording, registers)
    fabric = Fabric(description, clock)
    machine = Machine(description, lambda system: link(recording.choice, system), clock, fabric, None)
    vars(machine.kernel)["pciehp_debug"] = True
    vars(machine.kernel)["pciehp_poll_time"] = POLL_TIME
    try:
        machine.start(poll_mode=recording.pciehp_poll, trace_boot=trace_boot)
    except BaseException:
        machine.close()
        raise
    return machine


def enabled(recording: Recording) -> list[str]:
    """Return the functions that user space enabled after boot: their last boot cycle makes them bus masters, without a
    driver."""
    last = {cycle.bdf: cycle for cycle in recording.boot}
    return [
        name
        for name, cycle in last.items()
        if (cycle.op, cycle.where, cycle.size) == ("w", PCI_COMMAND, 2)
        and cycle.value & PCI_COMMAND_MASTER
        and name not in recording.drivers
    ]


def before_boot(recording: Recording) -> dict[str, bytes]:
    """Return the registers before the recorded boot: the value of the first read; the reset value of what was written
    before it was read; the value after boot of what was not accessed.

    :raises MachineError: the recorded machine is impossible"""
    description = describe(recording, recording.config_before)
    policy = policy_of(description.quirks)
    registers = {}
    for function in description.functions:
        layout = Layout(function)
        masks = masks_of(policy.registers(layout), function.size, policy.storage(layout))
        config, seen = bytearray(function.config), set[int]()
        for cycle in recording.boot:
            if Address.parse(cycle.bdf) == function.address:
                _first_access(cycle, config, seen, masks)
        registers[name_of(function.address)] = bytes(config)
    return registers


def _first_access(cycle: Cycle, config: bytearray, seen: set[int], masks: Masks) -> None:
    """Take the value of bytes that no earlier cycle has touched from *cycle*."""
    if cycle.op == "r":
        value = cycle.value.to_bytes(cycle.size, "little")
    else:
        value = masks.after(Reset.POWER, bytes(config))[cycle.where : cycle.where + cycle.size]
    for byte, where in zip(value, range(cycle.where, cycle.where + cycle.size), strict=False):
        if where < len(config) and where not in seen:
            config[where] = byte
            seen.add(where)
