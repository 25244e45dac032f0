# SPDX-License-Identifier: GPL-2.0-only
"""arch/x86/kernel/apic/io_apic.c: the part for MSI and MSI-X.

# PORT: the vector and the processor of a message do not matter here. If the machine description has a message, that is
# used again (system.msi_message); all others are the same.
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

#: arch/x86/include/asm/irq_vectors.h: the first vector for devices.
VECTOR_OFFSET_START = 0x41


def msi_compose_msg(pdev: pci_dev, irq: int, msg: msi_msg) -> int:
    """Compose the message that raises *irq*: its address and data.

    C: arch/x86/kernel/apic/io_apic.c, static, base
    :return: 0"""
    # PORT: the interrupt controller is there (disable_apic), and has vectors: irq_cfg(), assign_irq_vector(),
    # cpu_mask_to_apicid_and(). compose_msi_msg() is this
    any_other = (MSI_ADDR_BASE_LO, 0, MSI_DATA_LEVEL_ASSERT | VECTOR_OFFSET_START)
    msg.address_lo, msg.address_hi, msg.data = system.msi_message(irq) or any_other
    return 0


def msi_set_affinity(data: irq_data) -> int:
    """Route the interrupt to a processor.

    C: arch/x86/kernel/apic/io_apic.c, static, base
    :return: 0"""
    # PORT: vector and processor stay: `cfg`, __ioapic_set_affinity(), `msg.data`, `msg.address_lo`
    # PORT: __get_cached_msi_msg() takes a copy. IRQ_SET_MASK_OK_NOCOPY is for the caller, who is not here
    __write_msi_msg(data.msi_desc, data.msi_desc.msg)
    return 0


def msi_chip() -> irq_chip:
    """Return the interrupt chip of all messages.

    C: arch/x86/kernel/apic/io_apic.c, static variable, base"""
    return irq_chip("PCI-MSI", mask_msi_irq, unmask_msi_irq, msi_set_affinity)


def setup_msi_irq(dev: pci_dev, msidesc: msi_desc, irq: int) -> int:
    """Set *msidesc* up as interrupt *irq*.

    C: arch/x86/kernel/apic/io_apic.c, global, base
    :return: 0"""
    msg = msi_msg()  # PORT: in C a declaration, without a value

    msi_compose_msg(dev, irq, msg)  # PORT: msi_compose_msg() does not fail

    # PORT: irq_set_msi_desc(), irq_set_chip_and_handler_name() with `chip`; setup_remapped_irq() is for other chips
    system.irq_data[irq] = irq_data(irq, msi_chip(), msidesc)
    msidesc.irq = irq

    write_msi_msg(irq, msg)  # PORT: irq_offset is 0, irq is irq_base

    dev_dbg(dev.dev, f"interrupt {irq} is an MSI message")

    return 0


def native_setup_msi_irqs(dev: pci_dev, nvec: int, type: int) -> int:
    """Set up an interrupt for each message on the list of *dev*.

    C: arch/x86/kernel/apic/io_apic.c, global, base
    :return: 0"""
    # PORT: all messages of a function are one interrupt, whose number is its address; more than one MSI message is
    # possible, as with interrupt remapping (do_setup_msi_irqs(), drivers/iommu/irq_remapping.c): no `return 1` for
    # `nvec > 1`, no `node`, irq_want, create_irq_nr() and destroy_irq(), and no error of setup_msi_irq()
    for msidesc in dev.msi_list:
        if type == PCI_CAP_ID_MSI:
            msidesc.msi_attrib.multiple = (nvec - 1).bit_length()

        setup_msi_irq(dev, msidesc, dev.irq)
    return 0


def native_teardown_msi_irq(irq: int) -> None:
    """Free *irq*, the interrupt of a message.

    C: arch/x86/kernel/apic/io_apic.c, global, base"""
    system.irq_data.pop(irq, None)  # PORT: destroy_irq()
