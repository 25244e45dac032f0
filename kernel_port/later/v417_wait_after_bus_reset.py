# SPDX-License-Identifier: GPL-2.0-only
"""PCI: Wait for device to become ready after secondary bus reset

Why: after a reset a device may need more than the second that the specification gives it, and says so by retries.
What: in drivers/pci/pci.c, pci_reset_bridge_secondary_bus() ends with pci_dev_wait(), which reads the command register
until it is not all ones, at doubling intervals and for up to a minute.
Look at: what it waits for is the bridge, which was not reset and answers at once: nothing waits for the device. Only
unify-reset-delays looks at what is below. Callers that ignore the new result go on as before.
Upstream: 6b2f1351af56 in v4.17 (id and title in a mail of 2018; the code is in 4.19.1 and not in 4.16.13).
Adapted: from v4.19.1, on top of tune-bus-reset-timing. # PORT: under the name of the series, in v4.19 it is
pci_bridge_secondary_bus_reset(). Function level resets, whose wait is of another commit, are left as they are. Callers
in the series take no result, so that of the wait is only said in the log.
"""

from __future__ import annotations

from errno import ENOTTY

from ..base.access import pci_read_config_dword, pci_read_config_word, pci_write_config_word
from ..kernel.delay import msleep, ssleep
from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.printk import dev_info, dev_warn
from ..kernel.structs import *
from ..pci_regs import *

ADDS = ("pci_dev_wait",)
MODIFIES = ("pci_reset_bridge_secondary_bus",)
REQUIRES = ("tune-bus-reset-timing",)

#: How long a device may take after a reset, ms.
PCIE_RESET_READY_POLL_MS = 60000


def pci_dev_wait(dev: pci_dev, reset_type: str, timeout: int) -> int:
    """Wait until *dev* answers.

    C: drivers/pci/pci.c, static, v4.17
    :param timeout: ms
    :return: 0, or -ENOTTY if it did not answer in that time"""
    delay = 1

    # a device that is not ready asks for a retry, which reads as all ones; the command register is never that
    id_ = pci_read_config_dword(dev, PCI_COMMAND)
    while id_ == 0xFFFFFFFF:
        if delay > timeout:
            dev_warn(dev.dev, f"no answer {delay - 1} ms after {reset_type}, no more waiting")
            return -ENOTTY

        if delay > 1000:
            dev_info(dev.dev, f"no answer {delay - 1} ms after {reset_type}, waiting")

        msleep(delay)
        delay *= 2
        id_ = pci_read_config_dword(dev, PCI_COMMAND)

    if delay > 1000:
        dev_info(dev.dev, f"answers {delay - 1} ms after {reset_type}")

    return 0


def pci_reset_bridge_secondary_bus(dev: pci_dev) -> None:
    """Reset the bus below a bridge: 2 ms held, 1 s to settle, and wait for the bridge. Takes no lock.

    C: drivers/pci/pci.c pci_bridge_secondary_bus_reset(), exported, v4.17; PORT: pci_reset_secondary_bus(), which it
    calls through pcibios_reset_secondary_bus(), is in here
    :param dev: the bridge, ``struct pci_dev *``"""
    ctrl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    ctrl |= PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)
    # at least 1 ms (PCI 3.0, Trst); doubled to be sure
    msleep(2)

    ctrl &= ~PCI_BRIDGE_CTL_BUS_RESET
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, ctrl)

    # 2^25 clocks of 33 MHz (Trhfa) until a conventional device must answer; PCI Express could do with less
    ssleep(1)

    pci_dev_wait(dev, "bus reset", PCIE_RESET_READY_POLL_MS)


EXPORT_SYMBOL_GPL(pci_reset_bridge_secondary_bus)
