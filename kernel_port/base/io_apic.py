# SPDX-License-Identifier: GPL-2.0-only
"""arch/x86/kernel/apic/io_apic.c: of it, the interrupts that are messages.

# PORT: which vector of which processor a message is for is nobody's concern here. One that the machine is described
# with is used again (system.msi_message); others are alike.
"""

from __future__ import annotations

from ..kernel.interrupt import irq_chip, irq_data
from ..kernel.printk import dev_dbg
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .msi import __write_msi_msg, mask_msi_irq, unmask_msi_irq, write_msi_msg

# arch/x86/include/asm/msidef.h
MSI_ADDR_BASE_LO = 0xFEE00000
MSI_DATA_LEVEL_ASSERT = 1 << 14

#: arch/x86/include/asm/irq_vectors.h: the first vector that is for devices alone.
VECTOR_OFFSET_START = 0x41


def msi_compose_msg(pdev: pci_dev, irq: int, msg: msi_msg) -> int:
    """Compose the message that raises *irq*.

    C: arch/x86/kernel/apic/io_apic.c, static, base
    :return: 0"""
    any_other = (MSI_ADDR_BASE_LO, 0, MSI_DATA_LEVEL_ASSERT | VECTOR_OFFSET_START)
    msg.address_lo, msg.address_hi, msg.data = system.msi_message(irq) or any_other
    return 0


def msi_set_affinity(data: irq_data) -> int:
    """Choose the processor that gets the interrupt: write its message again.

    C: arch/x86/kernel/apic/io_apic.c, static, base
    :return: 0"""
    __write_msi_msg(data.msi_desc, data.msi_desc.msg)
    return 0


def msi_chip() -> irq_chip:
    """Return the chip of all messages.

    C: arch/x86/kernel/apic/io_apic.c, static variable, base"""
    return irq_chip("PCI-MSI", mask_msi_irq, unmask_msi_irq, msi_set_affinity)


def setup_msi_irq(dev: pci_dev, msidesc: msi_desc, irq: int) -> int:
    """Let *msidesc* be interrupt *irq*.

    C: arch/x86/kernel/apic/io_apic.c, global, base
    :return: 0"""
    msg = msi_msg()

    msi_compose_msg(dev, irq, msg)

    system.irq_data[irq] = irq_data(irq, msi_chip(), msidesc)  # irq_set_msi_desc(), irq_set_chip_and_handler_name()
    msidesc.irq = irq

    write_msi_msg(irq, msg)

    dev_dbg(dev.dev, f"its interrupt {irq} is a message")

    return 0


def native_setup_msi_irqs(dev: pci_dev, nvec: int, type: int) -> int:
    """Give the messages on the list of *dev* their interrupts.

    C: arch/x86/kernel/apic/io_apic.c, global, base
    :return: 0"""
    # PORT: all messages of a function are one interrupt, whose number is its address; several of MSI are possible, as
    # with interrupt remapping (do_setup_msi_irqs(), drivers/iommu/irq_remapping.c).
    for msidesc in dev.msi_list:
        if type == PCI_CAP_ID_MSI:
            msidesc.nvec_used = nvec
            msidesc.msi_attrib.multiple = (nvec - 1).bit_length()

        setup_msi_irq(dev, msidesc, dev.irq)
    return 0


def native_teardown_msi_irq(irq: int) -> None:
    """Let *irq* be no message any more.

    C: arch/x86/kernel/apic/io_apic.c, global, base"""
    system.irq_data.pop(irq, None)  # destroy_irq()
