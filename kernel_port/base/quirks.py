# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/quirks.c: fixups for particular devices, and device-specific reset methods."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import ENOMEM, ENOTTY
from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL
from ..kernel.printk import dev_err
from ..kernel.structs import *
from ..pci_regs import *
from .access import U16_MAX, pci_write_config_byte, pcie_capability_read_word, pcie_capability_set_word

if TYPE_CHECKING:  # pci.py imports this module
    from .pci import pci_find_capability

# enum pci_fixup_pass
pci_fixup_early = 0  # before the BARs are read
pci_fixup_header = 1  # after the header was read
pci_fixup_final = 2  # before drivers bind
pci_fixup_enable = 3  # when the device is enabled


def quirk_mmio_always_on(dev: pci_dev) -> None:
    """Keep a host bridge decoding while its BARs are sized: memory or the console may be behind them.

    C: drivers/pci/quirks.c, static, base"""
    dev.mmio_always_on = 1


@dataclass(eq=False, slots=True)
class pci_fixup:
    """struct pci_fixup: a function, and the devices it is for.

    C: include/linux/pci.h, struct, base"""

    vendor: int
    device: int
    class_: int
    class_shift: int
    hook: Callable[[pci_dev], None]


def pci_fixups(pass_: int) -> tuple[pci_fixup, ...]:
    """Return the fixups of one pass, in the order of their declarations.

    C: include/linux/pci.h, macros DECLARE_PCI_FIXUP_*(), base; in C each pass is a linker section
    :param pass_: enum pci_fixup_pass"""
    # PORT: only one of about two hundred; the others are for particular chips
    if pass_ == pci_fixup_early:
        return (pci_fixup(PCI_ANY_ID, PCI_ANY_ID, PCI_CLASS_BRIDGE_HOST, 8, quirk_mmio_always_on),)
    return ()


def pci_do_fixups(dev: pci_dev, fixups: tuple[pci_fixup, ...]) -> None:
    """Run those of *fixups* that match *dev*.

    C: drivers/pci/quirks.c, static, base"""
    for f in fixups:  # PORT: a tuple has its own end: no `f < end`
        if (
            (f.class_ == dev.class_ >> f.class_shift or f.class_ == PCI_ANY_ID)
            and (f.vendor == dev.vendor or f.vendor == PCI_ANY_ID)
            and (f.device == dev.device or f.device == PCI_ANY_ID)
        ):
            # PORT: no fixup_debug_start() and fixup_debug_report(): how long it took is not printed
            f.hook(dev)


def pci_fixup_device(pass_: int, dev: pci_dev) -> None:
    """Run the fixups for *dev* of one pass.

    C: drivers/pci/quirks.c, exported, base
    :param pass_: enum pci_fixup_pass"""
    # PORT: `switch (pass)`: pci_fixups() has a pass's first and last row, which the C finds by symbols of the linker,
    # `start` and `end`, for pci_fixup_early, pci_fixup_header, pci_fixup_final, pci_fixup_enable, pci_fixup_resume,
    # pci_fixup_resume_early and pci_fixup_suspend, and `return` for any other; pci_apply_fixup_final_quirks is always
    # set here
    pci_do_fixups(dev, pci_fixups(pass_))


EXPORT_SYMBOL(pci_fixup_device)


@dataclass(eq=False, slots=True)
class struct_pci_dev_reset_methods:
    """struct pci_dev_reset_methods; C has an array of the same name.

    C: drivers/pci/pci.h, struct, base"""

    vendor: int
    device: int
    reset: Callable[[pci_dev, int], int]


def reset_intel_generic_dev(dev: pci_dev, probe: int) -> int:
    """Reset an Intel USB controller by a register of its vendor-specific capability; in fact this never happens.

    The C compares dev->class, which has three bytes (0x0c0320: the last is the programming interface), with
    PCI_CLASS_SERIAL_USB, which has two (0x0c03). So this last row of the table matches every Intel device without a row
    of its own, and returns -ENOTTY.

    C: drivers/pci/quirks.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY; always the latter, as no device has the class 0x000c03"""
    # of Intel's devices the kernel means USB controllers, and misses them: a class has three bytes, it asks for two
    if dev.class_ == PCI_CLASS_SERIAL_USB:
        pos = pci_find_capability(dev, PCI_CAP_ID_VNDR)
        if not pos:
            return -ENOTTY

        if probe:
            return 0

        pci_write_config_byte(dev, pos + 0x4, 1)
        msleep(100)

        return 0
    return -ENOTTY


def reset_intel_82599_sfp_virtfn(dev: pci_dev, probe: int) -> int:
    """Reset a virtual function of the 82599 by a Function Level Reset, which its Device Capabilities do not announce
    (82599 data sheet, 9.3.10.4 and 9.5).

    C: drivers/pci/quirks.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0"""
    if probe:
        return 0

    # wait until the device has the completions of its requests
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)

        _, status = pcie_capability_read_word(dev, PCI_EXP_DEVSTA)
        if not (status & PCI_EXP_DEVSTA_TRPND):
            break
    else:
        dev_err(dev.dev, "transactions are still pending, resetting it all the same")

    pcie_capability_set_word(dev, PCI_EXP_DEVCTL, PCI_EXP_DEVCTL_BCR_FLR)

    msleep(100)

    return 0


def reset_ivb_igd(dev: pci_dev, probe: int) -> int:
    """Reset the graphics of an Ivy Bridge processor by registers in its memory.

    C: drivers/pci/quirks.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOMEM if its registers have no address"""
    if probe:
        return 0

    mmio_base = dev.resource[0].start  # PORT: pci_iomap(dev, 0, 0): the address stands for the pointer
    if not mmio_base:
        return -ENOMEM

    # PORT: memory is not modelled, only configuration space. The C writes MSG_CTL and SOUTH_CHICKEN2, switches the
    # panel off in PCH_PP_CONTROL, polls PCH_PP_STATUS (`val`) with msleep() every 10 ms until the panel is off (while
    # time_before(), at most IGD_OPERATION_TIMEOUT, 10 s; then dev_warn() and on), writes NSDE_PWR_STATE, and calls
    # pci_iounmap(). Here the panel is off at once.

    return 0


PCI_DEVICE_ID_INTEL_82599_SFP_VF = 0x10ED
PCI_DEVICE_ID_INTEL_IVB_M_VGA = 0x0156
PCI_DEVICE_ID_INTEL_IVB_M2_VGA = 0x0166

# PORT: no last row of zeros
pci_dev_reset_methods: tuple[struct_pci_dev_reset_methods, ...] = (
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_82599_SFP_VF, reset_intel_82599_sfp_virtfn),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IVB_M_VGA, reset_ivb_igd),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IVB_M2_VGA, reset_ivb_igd),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_ANY_ID & U16_MAX, reset_intel_generic_dev),
)


def pci_dev_specific_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* by its device-specific method. The first row that matches decides, even if it says -ENOTTY.

    C: drivers/pci/quirks.c, global, base
    :param probe: not 0: only say whether it would work
    :return: 0, -ENOTTY if there is none, or the method's error"""
    for i in pci_dev_reset_methods:
        if (i.vendor == dev.vendor or i.vendor == PCI_ANY_ID & U16_MAX) and (
            i.device == dev.device or i.device == PCI_ANY_ID & U16_MAX
        ):
            return i.reset(dev, probe)

    # the kernel has no reset method specific to this device
    return -ENOTTY
