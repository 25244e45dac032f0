# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/quirks.c: ways to reset that only one kind of device has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from errno import ENOMEM, ENOTTY
from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.printk import dev_err
from ..kernel.structs import *
from ..pci_regs import *
from .access import U16_MAX, pci_write_config_byte, pcie_capability_read_word, pcie_capability_set_word

if TYPE_CHECKING:  # pci.py imports this module
    from .pci import pci_find_capability


@dataclass(eq=False, slots=True)
class struct_pci_dev_reset_methods:
    """struct pci_dev_reset_methods; C has an array of the same name.

    C: drivers/pci/pci.h, struct, base"""

    vendor: int
    device: int
    reset: Callable[[pci_dev, int], int]


def reset_intel_generic_dev(dev: pci_dev, probe: int) -> int:
    """Reset an Intel USB controller by a register of its vendor-specific capability: never, in fact.

    The C compares dev->class, three bytes (0x0c0320: the last is the programming interface), with PCI_CLASS_SERIAL_USB,
    which is two (0x0c03). So the last row of the table is taken for every device of Intel's that has no row of its own,
    and says -ENOTTY.

    C: drivers/pci/quirks.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0, or -ENOTTY: always, as nothing has the class 0x000c03"""
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
    """Reset a virtual function of the 82599 by a Function Level Reset: it has one, and its Device Capabilities do not
    say so (82599 data sheet, 9.3.10.4 and 9.5).

    C: drivers/pci/quirks.c, static, base
    :param probe: not 0: only say whether it would work
    :return: 0"""
    if probe:
        return 0

    # What the device has asked for must have come back before it forgets.
    for i in range(4):
        if i:
            msleep((1 << (i - 1)) * 100)

        _, status = pcie_capability_read_word(dev, PCI_EXP_DEVSTA)
        if not (status & PCI_EXP_DEVSTA_TRPND):
            break
    else:
        dev_err(dev.dev, "it still waits for an answer, and is reset all the same")

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

    mmio_base = dev.resource[0].start  # PORT: pci_iomap(dev, 0, 0): where it is serves for a pointer to it
    if not mmio_base:
        return -ENOMEM

    # PORT: there is no memory here, only configuration space. The C writes MSG_CTL and SOUTH_CHICKEN2, switches the
    # panel off in PCH_PP_CONTROL, waits until PCH_PP_STATUS says that it is off (IGD_OPERATION_TIMEOUT at most, 10 s,
    # looking every 10 ms; if not, it warns and goes on), and writes NSDE_PWR_STATE. Here the panel is off at once.

    return 0


PCI_DEVICE_ID_INTEL_82599_SFP_VF = 0x10ED
PCI_DEVICE_ID_INTEL_IVB_M_VGA = 0x0156
PCI_DEVICE_ID_INTEL_IVB_M2_VGA = 0x0166

# PORT: no last row of zeros.
pci_dev_reset_methods: tuple[struct_pci_dev_reset_methods, ...] = (
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_82599_SFP_VF, reset_intel_82599_sfp_virtfn),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IVB_M_VGA, reset_ivb_igd),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_DEVICE_ID_INTEL_IVB_M2_VGA, reset_ivb_igd),
    struct_pci_dev_reset_methods(PCI_VENDOR_ID_INTEL, PCI_ANY_ID & U16_MAX, reset_intel_generic_dev),
)


def pci_dev_specific_reset(dev: pci_dev, probe: int) -> int:
    """Reset *dev* in a way that its kind alone knows. The first row that fits decides, even if it says -ENOTTY.

    C: drivers/pci/quirks.c, global, base
    :param probe: not 0: only say whether it would work
    :return: 0, -ENOTTY if there is no such way, or an error of that way"""
    for i in pci_dev_reset_methods:
        if (i.vendor == dev.vendor or i.vendor == PCI_ANY_ID & U16_MAX) and (
            i.device == dev.device or i.device == PCI_ANY_ID & U16_MAX
        ):
            return i.reset(dev, probe)

    # the kernel knows no way to reset that is special to this kind of device
    return -ENOTTY
