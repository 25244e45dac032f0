# SPDX-License-Identifier: GPL-2.0-only
"""What real kernels do and the port leaves out on purpose: by function and register, each with a reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ..hw.address import Address
from ..hw.description import FunctionDescription
from ..hw.layout import Layout
from ..pci_regs import PCI_EXP_TYPE_DOWNSTREAM, PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_UPSTREAM, PCI_HEADER_TYPE
from ..trace import decode
from .linux61_reasons import matches
from .real_kernel import Cycle


@dataclass(frozen=True, slots=True)
class Filter:
    """One thing that is left out."""

    name: str
    reason: str
    #: Register names: all registers of an access must be among them; a trailing * stands for any ending.
    registers: tuple[str, ...]
    #: "r", "w" or both.
    ops: str = "rw"
    #: Access sizes in bytes.
    sizes: tuple[int, ...] = (1, 2, 4)
    #: What the function must be (traits_of), "" for any.
    of: str = ""
    #: The phase: SCAN, UPDATE or LOOK, "" for any. In other phases other code accesses these registers.
    phase: str = ""


#: During a scan for functions, at boot or in a slot; within that, a write that is read back at once, and a read without
#: a write after it.
SCAN, UPDATE, LOOK = "scan", "update", "look"
#: Registers without a name are beyond the header and in no capability: device-specific.
NAMELESS = "0x*"

#: The first one that matches lets a cycle through.
FILTERS = (
    Filter(
        "bridge windows", "addresses are as firmware gave them: bridges keep their windows",
        ("PCI_IO_BASE", "PCI_IO_LIMIT", "PCI_SEC_STATUS", "PCI_MEMORY_BASE", "PCI_MEMORY_LIMIT",
         "PCI_PREF_MEMORY_BASE", "PCI_PREF_MEMORY_LIMIT", "PCI_PREF_BASE_UPPER32", "PCI_PREF_LIMIT_UPPER32",
         "PCI_IO_BASE_UPPER16", "PCI_IO_LIMIT_UPPER16"),
        of="bridge", phase=SCAN,
    ),
    Filter(
        "bridge windows", "addresses are as firmware gave them: bridges keep their windows",
        ("PCI_BRIDGE_CONTROL",), "w", (2,), of="bridge", phase=SCAN,
    ),
    Filter(
        "resource assignment", "addresses are as firmware gave them: nothing is claimed, assigned or written",
        ("PCI_BASE_ADDRESS_*", "PCI_ROM_ADDRESS*"), sizes=(4,), phase=UPDATE,
    ),
    Filter(
        "resource assignment", "addresses are as firmware gave them: nothing is claimed, assigned or written",
        ("PCI_COMMAND",), "r", (2,), phase=LOOK,
    ),
    Filter(
        "cache line size", "only drivers that are not ported use the cache line size",
        ("PCI_CACHE_LINE_SIZE",), sizes=(1,), phase=SCAN,
    ),
    Filter(
        "ASPM", "link power states are left as firmware has them",
        ("PCI_EXP_LNKCTL", "PCI_EXP_LNKSTA", "PCI_EXP_LNKCAP"), of="express", phase=SCAN,
    ),
    Filter(
        "ASPM", "link power states are left as firmware has them",
        ("PCI_EXP_DEVCAP",), "r", (4,), of="express", phase=SCAN,
    ),
    Filter(
        "AER, ACS and IOMMU", "no error reporting, no IOMMU and no isolation of functions",
        ("PCI_ERR_*", "PCI_ACS_*", "PCI_ATS_*", "PCI_EXT_CAP_HEADER"), of="express", phase=SCAN,
    ),
    Filter("VPD", "vital product data is not read", ("PCI_VPD_*",), phase=SCAN),
    Filter(
        "device fixups", "fixups and interrupt routing of particular chips are left out",
        ("PCI_BRIDGE_CONTROL",), "r", (2,), of="bridge", phase=LOOK,
    ),
    Filter(
        "device fixups", "fixups and interrupt routing of particular chips are left out",
        (NAMELESS,), of="chipset",
    ),
)  # fmt: skip

#: Name -> reason.
REASONS = {entry.name: entry.reason for entry in reversed(FILTERS)}

#: Registers whose values the PCI code does not choose: accesses are the same, whatever their value.
VECTORS = ("PCI_MSI_ADDRESS_LO", "PCI_MSI_ADDRESS_HI", "PCI_MSI_DATA_32", "PCI_MSI_DATA_64")
#: At boot, these as well: the filters above let the writes to them through.
ASSIGNED = ("PCI_BASE_ADDRESS_*", "PCI_ROM_ADDRESS*", *FILTERS[0].registers)

#: C function whose messages are let through -> the filter that does.
MESSAGES = {"quirk": "device fixups", "busn_res": "resource assignment"}


def traits_of(address: Address, config: bytes) -> frozenset[str]:
    """Return the traits of a function for filters: "bridge", "port", "express" (has the capability), "chipset" (on the
    root bus, but not a bridge), "below" (not on the root bus)."""
    layout = Layout(FunctionDescription(address, config, size=len(config)))
    port = layout.port_type in (PCI_EXP_TYPE_ROOT_PORT, PCI_EXP_TYPE_UPSTREAM, PCI_EXP_TYPE_DOWNSTREAM)
    return frozenset(trait for trait, has in (
        ("bridge", layout.is_bridge),
        ("port", port),
        ("express", layout.port_type is not None),
        ("chipset", address.bus == 0 and not layout.is_bridge),
        ("below", address.bus != 0),
    ) if has)  # fmt: skip


def is_all(patterns: tuple[str, ...], cycle: Cycle, config: bytes) -> bool:
    """Return whether *cycle* only touches registers that match *patterns*."""
    names = [part.name for part in decode.parts(config, cycle.where, cycle.size, cycle.value)]
    return all(any(matches(pattern, name) for pattern in patterns) for name in names)


def phases(ops: Sequence[Cycle], scanning: bool) -> list[frozenset[str]]:
    """Return the phases of each cycle.

    :param scanning: the scan begins at once; else with the first read of a header type, and ends at the next mark"""
    following: dict[str, Cycle] = {}
    after: list[Cycle | None] = []
    for op in reversed(ops):
        after.append(following.get(op.bdf))
        following[op.bdf] = op
    after.reverse()
    before: dict[str, Cycle] = {}
    found, looking = [], scanning
    for op, then in zip(ops, after, strict=True):
        if op.op == "mark":
            looking = scanning
        elif (op.op, op.where, op.size) == ("r", PCI_HEADER_TYPE, 1):
            looking = True
        last = before.get(op.bdf)
        which = {SCAN} if looking else set()
        if looking and (_reads_back(op, then) or (last is not None and _reads_back(last, op))):
            which.add(UPDATE)
        if looking and op.op == "r" and (then is None or (then.op, then.where) != ("w", op.where)):
            which.add(LOOK)
        found.append(frozenset(which))
        before[op.bdf] = op
    return found


def _reads_back(write: Cycle, read: Cycle | None) -> bool:
    """Return whether *write* is a new address and *read* verifies it; all ones would size a BAR."""
    return (
        read is not None
        and (write.op, read.op) == ("w", "r")
        and (write.where, write.size) == (read.where, read.size)
        and write.value == read.value != 0xFFFFFFFF
    )


def passing(cycle: Cycle, config: bytes, traits: frozenset[str], when: frozenset[str]) -> Filter | None:
    """Return the filter that lets *cycle* through, which the port does not make.

    :param config: registers of its function
    :param when: its phases
    :return: None if there is no such filter"""
    for entry in FILTERS:
        if (
            entry.phase in ("", *when)
            and cycle.op in entry.ops
            and cycle.size in entry.sizes
            and entry.of in ("", *traits)
            and is_all(entry.registers, cycle, config)
        ):
            return entry
    return None
