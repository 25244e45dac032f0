# SPDX-License-Identifier: GPL-2.0-only
"""Live captures: a real Linux on QEMU's devices, replayed against the hardware model.

The replay repeats the kernel's writes, in order and at their times, on a model of the captured machine with QEMU's
quirks, and compares the result of each read with QEMU's.
"""

from __future__ import annotations

import json
import operator
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..files import opened
from ..hw.address import Address
from ..hw.clock import Clock
from ..hw.description import FunctionDescription, MachineDescription
from ..hw.errors import MachineError
from ..hw.fabric import Fabric
from ..limits import RECORDING
from ..trace import decode

QUIRKS = "qemu"
NSEC_PER_USEC = 1_000
#: Lines of a function's sysfs "resource" file that are BARs, and the one that is the expansion ROM.
BARS, ROM = range(6), 6
#: include/linux/ioport.h: the ROM's resource is a copy in memory, at this address, and does not give the BAR's size.
IORESOURCE_ROM_SHADOW = 0x2
SHADOW = 0xC0000
#: Keys of a capture that are used here.
KEYS = {"config_before": dict, "resources": dict, "ops": list}

#: Why QEMU may answer differently from the model, by register: state that no configuration cycle decides.
REASONS = {
    "PCI_STATUS": "the device model raised or dropped its interrupt, or recorded an error",
    "PCI_EXP_DEVSTA": "the device model recorded an error",
    "PCI_EXP_SLTSTA": "a button was pressed or a card plugged at QEMU's console",
    "PCI_MSI_PENDING_32": "the device model has an interrupt pending",
    "PCI_MSI_PENDING_64": "the device model has an interrupt pending",
    "PCI_ERR_UNCOR_STATUS": "the device model recorded an error",
    "PCI_ERR_COR_STATUS": "the device model recorded an error",
}


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A read that the model answered differently from QEMU."""

    index: int
    """Index of the op in the capture."""
    bdf: str
    where: int
    """Offset of the access, bytes."""
    size: int
    """Size of the access, bytes."""
    expected: int
    """What QEMU answered."""
    got: int
    """What the model answered."""
    registers: tuple[str, ...]
    """The registers whose bits differ."""
    bits: str
    """The bits that differ, by name, from expected to got."""
    reason: str
    """Why, as far as known, else ""."""

    def __str__(self) -> str:
        why = f" ({self.reason})" if self.reason else ""
        digits = 2 * self.size
        return (
            f"op {self.index}: {self.bdf} {'+'.join(self.registers)}: expected {self.expected:#0{digits + 2}x}, "
            f"got {self.got:#0{digits + 2}x}: {self.bits}{why}"
        )


@dataclass(frozen=True, slots=True)
class LiveReport:
    """How well the model predicts QEMU."""

    equal: int
    total: int
    differences: tuple[Mismatch, ...]


def read(path: Path) -> dict[str, Any]:
    """Read a capture.

    :raises MachineError: *path* cannot be read or is not a capture; names it"""
    try:
        with opened(path, RECORDING.bytes) as file:
            text = file.read()
    except OSError as error:
        raise MachineError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        capture = json.loads(text)
    except (ValueError, RecursionError):
        raise MachineError(f"{path}: is neither golden traces nor a live capture: not JSON") from None
    missing = [key for key, kind in KEYS.items() if not isinstance(capture, dict) or type(capture.get(key)) is not kind]
    if missing:
        raise MachineError(f"{path}: is neither golden traces nor a live capture: no {', '.join(missing)}")
    try:
        power_on(capture)
        for index, op in enumerate(capture["ops"]):
            _check(index, op)
            if op[0] != "mark":
                op[4] &= (1 << 8 * op[3]) - 1  # QEMU's own trace shows 64 one bits for a read without answer
    except MachineError as error:
        raise MachineError(f"{path}: {error}") from None
    return dict(capture)


def _check(index: int, op: Any) -> None:
    """Check that an op follows FORMAT.md.

    :raises MachineError: it does not; names it"""
    match op:
        case ["mark", str(), int()]:
            return
        case ["r" | "w", str(bdf), int(where), 1 | 2 | 4, int(value), int()] if where >= 0 and value >= 0:
            try:
                Address.parse(bdf)
            except ValueError as error:
                raise MachineError(f"op {index}: {error}") from None
        case _:
            raise MachineError(f"op {index} is {json.dumps(op)[:80]}: expected [r or w, BDF, offset, size, value, us]")


def describe(capture: dict[str, Any]) -> MachineDescription:
    """Describe the captured machine before its first reset, on QEMU's hardware.

    :raises MachineError: a function of the capture is not valid"""
    functions = []
    for bdf, text in capture["config_before"].items():
        try:
            address, config = Address.parse(bdf), bytes.fromhex(text)
            sizes = [size_of(line) for line in capture["resources"].get(bdf, [])]
        except (ValueError, TypeError, AttributeError) as error:
            raise MachineError(f"function {bdf}: {error}") from None
        functions.append(
            FunctionDescription(
                address,
                config,
                size=len(config),
                bars={number: size for number, size in zip(BARS, sizes, strict=False) if size},
                rom=sizes[ROM] if len(sizes) > ROM else 0,
            )
        )
    return MachineDescription(str(capture.get("name", "")), functions, str(capture.get("machine", "")), QUIRKS)


def size_of(line: list[int]) -> int:
    """Return the size of a resource, 0 if it does not give one."""
    start, end, flags = map(operator.index, line)
    if not 0 <= start <= end + 1 <= 1 << 64:
        raise ValueError(f"resource {line} ends before it begins, or past all addresses")
    return end + 1 - start if flags and not (flags & IORESOURCE_ROM_SHADOW and start == SHADOW) else 0


def replay(capture: dict[str, Any]) -> LiveReport:
    """Repeat the kernel's writes on the model, and compare the results of its reads.

    :raises MachineError: the captured machine is impossible"""
    fabric, clock = power_on(capture)
    total = 0
    differences: list[Mismatch] = []
    for index, op in enumerate(capture["ops"]):
        got = carry_out(op, fabric, clock)
        total += op[0] == "r"
        if got is not None and got != op[4]:
            differences.append(_difference(fabric, index, op, got))
    return LiveReport(total - len(differences), total, tuple(differences))


def states(capture: dict[str, Any], indices: list[int]) -> Iterator[dict[Address, bytes]]:
    """Yield the registers of every function before each of the ops *indices*, ascending."""
    fabric, clock = power_on(capture)
    addresses = [Address.parse(bdf) for bdf in capture["config_before"]]
    done = 0
    for index in indices:
        for op in capture["ops"][done:index]:
            carry_out(op, fabric, clock)
        done = index
        yield {address: fabric.config(address) for address in addresses}


def power_on(capture: dict[str, Any]) -> tuple[Fabric, Clock]:
    """Return the captured machine's hardware before the first op, and its clock.

    :raises MachineError: the captured machine is impossible"""
    clock = Clock()
    return Fabric(describe(capture), clock), clock


def carry_out(op: list[Any], fabric: Fabric, clock: Clock) -> int | None:
    """Carry out an op of the kernel at its time.

    :return: the result of a read, None for other ops"""
    clock.advance(max(clock.now, op[-1] * NSEC_PER_USEC))
    if op[0] == "mark":
        return None
    kind, bdf, where, size, value, _ = op
    domain, bus, _, _ = address = Address.parse(bdf)
    if kind == "r":
        return fabric.read(domain, bus, address.devfn, where, size)
    fabric.write(domain, bus, address.devfn, where, size, value)
    return None


def _difference(fabric: Fabric, index: int, op: list[Any], got: int) -> Mismatch:
    _, bdf, where, size, expected, _ = op
    address = Address.parse(bdf)
    config = fabric.config(address) if fabric.has(address) else bytes(64)
    names = tuple(_differing(config, where, size, expected ^ got))
    reason = next((REASONS[name] for name in names if name in REASONS), "")
    bits = decode.changed(config, where, size, expected, got)
    return Mismatch(index, bdf, where, size, expected, got, names, bits, reason)


def _differing(config: bytes, where: int, size: int, bits: int) -> Iterator[str]:
    """Yield the registers in which *bits* of an access are."""
    for part in decode.parts(config, where, size, bits):
        if part.value:
            yield part.name
