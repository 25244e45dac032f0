# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/quirks.c: fixups for particular devices as they are found, and device-specific reset methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import ENOTTY

from ..kernel.export import EXPORT_SYMBOL
from ..kernel.structs import *
from .access import U16_MAX

# enum pci_fixup_pass
pci_fixup_early = 0  # before its BARs are read
pci_fixup_header = 1  # after its header was
pci_fixup_final = 2  # before drivers may have it
pci_fixup_enable = 3  # as it is enabled


def quirk_mmio_always_on(dev: pci_dev) -> None:
    """Let a host bridge decode while its BARs are sized: memory, or the console, may be behind them.

    C: drivers/pci/quirks.c, static, base"""
    dev.mmio_always_on = 1


@dataclass(eq=False, slots=True)
class pci_fixup:
    """struct pci_fixup: what to do, and for whom.

    C: include/linux/pci.h, struct, base"""

    vendor: int
    device: int
    class_: int
    class_shift: int
    hook: Callable[[pci_dev], None]


def pci_fixups(pass_: int) -> tuple[pci_fixup, ...]:
    """The fixups of one pass, in the order of their declarations.

    C: include/linux/pci.h, macros DECLARE_PCI_FIXUP_*(), base; the linker makes a section of each pass
    :param pass_: enum pci_fixup_pass"""
    # PORT: but one of some two hundred; the others are for particular chips.
    if pass_ == pci_fixup_early:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_BRIDGE_HOST, 8, quirk_mmio_always_on),)
    return ()


def pci_do_fixups(dev: pci_dev, fixups: tuple[pci_fixup, ...]) -> None:
    """Do what of *fixups* is for *dev*.

    C: drivers/pci/quirks.c, static, base"""
    for f in fixups:
        if (
            (f.class_ == dev.class_ >> f.class_shift or f.class_ == PCI_ANY_ID)
            and (f.vendor == dev.vendor or f.vendor == PCI_ANY_ID)
            and (f.device == dev.device or f.device == PCI_ANY_ID)
        ):
            f.hook(dev)


def pci_fixup_device(pass_: int, dev: pci_dev) -> None:
    """Do what is for *dev* in one pass.

    C: drivers/pci/quirks.c, exported, base
    :param pass_: enum pci_fixup_pass"""
    pci_do_fixups(dev, pci_fixups(pass_))


EXPORT_SYMBOL(pci_fixup_device)


@dataclass(eq=False, slots=True)
class struct_pci_dev_reset_methods:
    """struct pci_dev_reset_methods; C has an array of the same name.

    C: drivers/pci/pci.h, struct, base"""

    vendor: int
    device: int
    reset: Callable[[pci_dev, int], int]


# PORT: empty. The C has the virtual functions of the Intel 82599 (8086:10ed) and two integrated graphics of
# Ivy Bridge; their methods are not part of the PCI specifications.
pci_dev_reset_methods: tuple[struct_pci_dev_reset_methods, ...] = ()


def pci_dev_specific_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by its device-specific method. The first row that matches decides.

    C: drivers/pci/quirks.c, global, base
    :param probe: not 0: only say whether it would work
    :return: 0, -ENOTTY if there is none, or the method's error"""
    for i in pci_dev_reset_methods:
        if (i.vendor == dev.vendor or i.vendor == PCI_ANY_ID & U16_MAX) and (
            i.device == dev.device or i.device == PCI_ANY_ID & U16_MAX
        ):
            return i.reset(dev, probe)

    # there is no reset method specific to this device (those of Linux are not ported)
    return -ENOTTY
