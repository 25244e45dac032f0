# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/probe.c: finding and setting up buses and functions."""

from __future__ import annotations

from errno import EINVAL, EIO
from typing import TYPE_CHECKING

from ..kernel.delay import msleep
from ..kernel.export import EXPORT_SYMBOL, EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_write, mutex_init, up_write
from ..kernel.printk import dev_dbg, dev_err, dev_info, dev_warn, printk
from ..kernel.structs import *
from ..kernel.system import system
from ..pci_regs import *
from .access import (
    pci_bus_read_config_byte,
    pci_bus_read_config_dword,
    pci_read_config_byte,
    pci_read_config_dword,
    pci_read_config_word,
    pci_vpd_pci22_init,
    pci_write_config_byte,
    pci_write_config_dword,
    pci_write_config_word,
    pcie_capability_read_dword,
    pcie_capability_read_word,
)
from .bus import pci_bus_add_devices
from .core import device_add
from .msi import pci_msi_init_pci_dev
from .pci import (
    pci_allocate_cap_save_buffers,
    pci_configure_ari,
    pci_find_capability,
    pci_find_ext_capability,
    pci_pm_init,
)
from .quirks import pci_fixup_device, pci_fixup_early, pci_fixup_header
from .search import pci_bus_sem, pci_find_bus, pci_get_slot

if TYPE_CHECKING:  # this module is imported there
    from .pci_sysfs import pci_sysfs_init
    from .pcie_pme import pcie_pme_service_init
    from .pciehp_core import pcied_init
    from .setup_bus import pci_assign_unassigned_resources

CARDBUS_LATENCY_TIMER = 176  # secondary latency timer
CARDBUS_RESERVE_BUSNR = 3

ALL_ONES = 0xFFFFFFFF
IO_SPACE_LIMIT = 0xFFFF

#: What the vendor ID reads while the device is not ready (configuration request retry status).
CRS_VENDOR_ID = 0xFFFF0001

#: Buses without a bridge above.
pci_root_buses: list[pci_bus] = []


def pci_size(base: int, maxbase: int, mask: int) -> int:
    """Return how much address space a BAR decodes.

    C: drivers/pci/probe.c, static, base
    :param base: u64, the BAR
    :param maxbase: u64, the BAR after all ones were written
    :param mask: u64, its address bits
    :return: the size in bytes minus 1, 0 if the BAR decodes nothing"""
    size = mask & maxbase  # the bits that stuck
    if not size:
        return 0

    # The lowest of them is the decode size.
    size = (size & ~(size - 1)) - 1

    # A BAR that did not change is right only if it was all ones before.
    if base == maxbase and ((base | size) & mask) != mask:
        return 0

    return size


def decode_bar(dev: pci_dev, bar: int) -> int:
    """Return the resource flags for the low bits of a BAR.

    C: drivers/pci/probe.c, static inline, base"""
    if (bar & PCI_BASE_ADDRESS_SPACE) == PCI_BASE_ADDRESS_SPACE_IO:
        flags = bar & ~PCI_BASE_ADDRESS_IO_MASK
        flags |= IORESOURCE_IO
        return flags

    flags = bar & ~PCI_BASE_ADDRESS_MEM_MASK
    flags |= IORESOURCE_MEM
    if flags & PCI_BASE_ADDRESS_MEM_PREFETCH:
        flags |= IORESOURCE_PREFETCH

    mem_type = bar & PCI_BASE_ADDRESS_MEM_TYPE_MASK
    # PORT: nothing to do for PCI_BASE_ADDRESS_MEM_TYPE_32, PCI_BASE_ADDRESS_MEM_TYPE_1M and unknown types
    if mem_type == PCI_BASE_ADDRESS_MEM_TYPE_64:
        flags |= IORESOURCE_MEM_64
    return flags


def __pci_read_base(dev: pci_dev, type: int, res: resource, pos: int) -> int:
    """Read a BAR's address, and size it by writing all ones.

    C: drivers/pci/probe.c, global, base
    :param type: enum pci_bar_type; pci_bar_unknown for a BAR, pci_bar_mem32 for the ROM
    :param pos: offset of the BAR, bytes
    :return: 1 if the BAR takes the next dword too, 0 if not"""
    mask = PCI_ROM_ADDRESS_MASK & ALL_ONES if type else ALL_ONES

    # No decoding while the BAR is being sized, and no messages: the console may be behind it.
    if not dev.mmio_always_on:
        orig_cmd = pci_read_config_word(dev, PCI_COMMAND)
        pci_write_config_word(dev, PCI_COMMAND, orig_cmd & ~(PCI_COMMAND_MEMORY | PCI_COMMAND_IO))

    res.name = pci_name(dev)

    l = pci_read_config_dword(dev, pos)  # noqa: E741 - the C's name
    pci_write_config_dword(dev, pos, l | mask)
    sz = pci_read_config_dword(dev, pos)
    pci_write_config_dword(dev, pos, l)

    while True:  # PORT: runs once; `break` is the C's `goto out`, and after `res.flags = 0` its `goto fail`
        # All ones: broken device. All zeros: no such BAR.
        if not sz or sz == ALL_ONES:
            res.flags = 0
            break

        if l == 0xFFFFFFFF:
            l = 0  # noqa: E741

        if type == pci_bar_unknown:
            res.flags = decode_bar(dev, l)
            res.flags |= IORESOURCE_SIZEALIGN
            if res.flags & IORESOURCE_IO:
                l &= PCI_BASE_ADDRESS_IO_MASK  # noqa: E741
                mask = PCI_BASE_ADDRESS_IO_MASK & IO_SPACE_LIMIT
            else:
                l &= PCI_BASE_ADDRESS_MEM_MASK  # noqa: E741
                mask = PCI_BASE_ADDRESS_MEM_MASK & ALL_ONES
        else:
            res.flags |= l & IORESOURCE_ROM_ENABLE
            l &= PCI_ROM_ADDRESS_MASK  # noqa: E741
            mask = PCI_ROM_ADDRESS_MASK & ALL_ONES

        if res.flags & IORESOURCE_MEM_64:
            l64 = l
            sz64 = sz
            mask64 = mask | ALL_ONES << 32

            l = pci_read_config_dword(dev, pos + 4)  # noqa: E741
            pci_write_config_dword(dev, pos + 4, ALL_ONES)
            sz = pci_read_config_dword(dev, pos + 4)
            pci_write_config_dword(dev, pos + 4, l)

            l64 |= l << 32
            sz64 |= sz << 32

            sz64 = pci_size(l64, sz64, mask64)

            if not sz64:
                res.flags = 0
                break

            # PORT: resource_size_t has 64 bits, so no BAR is too big (bar_too_big) or too high (bar_disabled).
            res.start = l64
            res.end = l64 + sz64
        else:
            sz = pci_size(l, sz, mask)

            if not sz:
                res.flags = 0
                break

            res.start = l
            res.end = l + sz

        # PORT: a bus address is a resource address, so none is converted (pcibios_bus_to_resource()), and none is
        # invalid for the CPU (`inverted_region`).
        break

    if not dev.mmio_always_on:
        pci_write_config_word(dev, PCI_COMMAND, orig_cmd)

    if res.flags:
        dev_dbg(dev.dev, f"BAR at {pos:#x} decodes {res.start:#x}-{res.end:#x}, flags {res.flags:#x}")

    return 1 if res.flags & IORESOURCE_MEM_64 else 0


def pci_read_bases(dev: pci_dev, howmany: int, rom: int) -> None:
    """Size *howmany* BARs, and the expansion ROM at offset *rom* (0 for none).

    C: drivers/pci/probe.c, static, base"""
    pos = 0
    while pos < howmany:
        res = dev.resource[pos]
        reg = PCI_BASE_ADDRESS_0 + (pos << 2)
        pos += __pci_read_base(dev, pci_bar_unknown, res, reg)
        pos += 1

    if rom:
        res = dev.resource[PCI_ROM_RESOURCE]
        dev.rom_base_reg = rom
        res.flags = (
            IORESOURCE_MEM | IORESOURCE_PREFETCH | IORESOURCE_READONLY | IORESOURCE_CACHEABLE | IORESOURCE_SIZEALIGN
        )
        __pci_read_base(dev, pci_bar_mem32, res, rom)


def pci_read_bridge_io(child: pci_bus) -> None:
    """Read the I/O window of the bridge to *child*.

    C: drivers/pci/probe.c, static, base"""
    dev = child.self

    # PORT: io_mask and io_granularity are constants: no windows of 1 KiB (io_window_1k), which a quirk of one bridge
    # (Intel P64H2) enables.
    res = child.resource[0]
    io_base_lo = pci_read_config_byte(dev, PCI_IO_BASE)
    io_limit_lo = pci_read_config_byte(dev, PCI_IO_LIMIT)
    base = (io_base_lo & PCI_IO_RANGE_MASK) << 8
    limit = (io_limit_lo & PCI_IO_RANGE_MASK) << 8

    if (io_base_lo & PCI_IO_RANGE_TYPE_MASK) == PCI_IO_RANGE_TYPE_32:
        io_base_hi = pci_read_config_word(dev, PCI_IO_BASE_UPPER16)
        io_limit_hi = pci_read_config_word(dev, PCI_IO_LIMIT_UPPER16)
        base |= io_base_hi << 16
        limit |= io_limit_hi << 16

    if base <= limit:
        res.flags = (io_base_lo & PCI_IO_RANGE_TYPE_MASK) | IORESOURCE_IO
        res.start = base
        res.end = limit + 0xFFF
        dev_dbg(dev.dev, f"forwards I/O {res.start:#x}-{res.end:#x}")


def pci_read_bridge_mmio(child: pci_bus) -> None:
    """Read the memory window of the bridge to *child*.

    C: drivers/pci/probe.c, static, base"""
    dev = child.self

    res = child.resource[1]
    mem_base_lo = pci_read_config_word(dev, PCI_MEMORY_BASE)
    mem_limit_lo = pci_read_config_word(dev, PCI_MEMORY_LIMIT)
    base = (mem_base_lo & PCI_MEMORY_RANGE_MASK) << 16
    limit = (mem_limit_lo & PCI_MEMORY_RANGE_MASK) << 16
    if base <= limit:
        res.flags = (mem_base_lo & PCI_MEMORY_RANGE_TYPE_MASK) | IORESOURCE_MEM
        res.start = base
        res.end = limit + 0xFFFFF
        dev_dbg(dev.dev, f"forwards memory {res.start:#x}-{res.end:#x}")


def pci_read_bridge_mmio_pref(child: pci_bus) -> None:
    """Read the prefetchable memory window of the bridge to *child*.

    C: drivers/pci/probe.c, static, base"""
    dev = child.self

    res = child.resource[2]
    mem_base_lo = pci_read_config_word(dev, PCI_PREF_MEMORY_BASE)
    mem_limit_lo = pci_read_config_word(dev, PCI_PREF_MEMORY_LIMIT)
    base = (mem_base_lo & PCI_PREF_RANGE_MASK) << 16
    limit = (mem_limit_lo & PCI_PREF_RANGE_MASK) << 16

    if (mem_base_lo & PCI_PREF_RANGE_TYPE_MASK) == PCI_PREF_RANGE_TYPE_64:
        mem_base_hi = pci_read_config_dword(dev, PCI_PREF_BASE_UPPER32)
        mem_limit_hi = pci_read_config_dword(dev, PCI_PREF_LIMIT_UPPER32)

        # With base above limit, firmware does not use the upper halves.
        if mem_base_hi <= mem_limit_hi:
            base |= mem_base_hi << 32
            limit |= mem_limit_hi << 32
            # PORT: addresses have 64 bits: no dev_err() for a mem_base_hi or mem_limit_hi
    if base <= limit:
        res.flags = (mem_base_lo & PCI_PREF_RANGE_TYPE_MASK) | IORESOURCE_MEM | IORESOURCE_PREFETCH
        if res.flags & PCI_PREF_RANGE_TYPE_64:
            res.flags |= IORESOURCE_MEM_64
        res.start = base
        res.end = limit + 0xFFFFF
        dev_dbg(dev.dev, f"forwards prefetchable memory {res.start:#x}-{res.end:#x}")


def pci_read_bridge_bases(child: pci_bus) -> None:
    """Read the windows of the bridge to *child*.

    C: drivers/pci/probe.c, global, base"""
    dev = child.self

    if pci_is_root_bus(child):  # a host bridge has no such registers
        return

    dev_info(
        dev.dev,
        f"leads to buses {child.busn_res.start:02x}-{child.busn_res.end:02x}"
        f"{' and decodes subtractively' if dev.transparent else ''}",
    )

    child.resource = dev.resource[PCI_BRIDGE_RESOURCES : PCI_BRIDGE_RESOURCES + PCI_BRIDGE_RESOURCE_NUM]

    # PORT: pci_bus_remove_resources() and the loop over PCI_BRIDGE_RESOURCE_NUM are that assignment
    pci_read_bridge_io(child)
    pci_read_bridge_mmio(child)
    pci_read_bridge_mmio_pref(child)

    # PORT: no resources of a subtractive bridge (`dev->transparent`) besides its windows: nothing is assigned.


def pci_alloc_bus() -> pci_bus:
    """Make a struct pci_bus.

    C: drivers/pci/probe.c, static, base"""
    b = pci_bus()
    b.max_bus_speed = PCI_SPEED_UNKNOWN
    b.cur_bus_speed = PCI_SPEED_UNKNOWN
    return b


#: enum pci_bus_speed by the mode and frequency field of a PCI-X bridge's Secondary Status.
pcix_bus_speed: tuple[int, ...] = (
    PCI_SPEED_UNKNOWN,  # 0
    PCI_SPEED_66MHz_PCIX,  # 1
    PCI_SPEED_100MHz_PCIX,  # 2
    PCI_SPEED_133MHz_PCIX,  # 3
    PCI_SPEED_UNKNOWN,  # 4
    PCI_SPEED_66MHz_PCIX_ECC,  # 5
    PCI_SPEED_100MHz_PCIX_ECC,  # 6
    PCI_SPEED_133MHz_PCIX_ECC,  # 7
    PCI_SPEED_UNKNOWN,  # 8
    PCI_SPEED_66MHz_PCIX_266,  # 9
    PCI_SPEED_100MHz_PCIX_266,  # A
    PCI_SPEED_133MHz_PCIX_266,  # B
    PCI_SPEED_UNKNOWN,  # C
    PCI_SPEED_66MHz_PCIX_533,  # D
    PCI_SPEED_100MHz_PCIX_533,  # E
    PCI_SPEED_133MHz_PCIX_533,  # F
)

#: enum pci_bus_speed by the link speed field of Link Capabilities and Link Status.
pcie_link_speed: tuple[int, ...] = (
    PCI_SPEED_UNKNOWN,  # 0
    PCIE_SPEED_2_5GT,  # 1
    PCIE_SPEED_5_0GT,  # 2
    PCIE_SPEED_8_0GT,  # 3
    *[PCI_SPEED_UNKNOWN] * 12,
)


def pcie_update_link_speed(bus: pci_bus, linksta: int) -> None:
    """Set the speed of *bus* from its link.

    C: drivers/pci/probe.c, exported, base
    :param linksta: u16, Link Status of the port above"""
    bus.cur_bus_speed = pcie_link_speed[linksta & PCI_EXP_LNKSTA_CLS]


EXPORT_SYMBOL_GPL(pcie_update_link_speed)


agp_speeds: tuple[int, ...] = (AGP_UNKNOWN, AGP_1X, AGP_2X, AGP_4X, AGP_8X)


def agp_speed(agp3: int, agpstat: int) -> int:
    """Return the speed of an AGP register's rate bits.

    C: drivers/pci/probe.c, static, base
    :param agp3: not 0: the bits are in units of 4x
    :param agpstat: the register; the highest rate bit that is set counts
    :return: enum pci_bus_speed"""
    index = 0

    if agpstat & 4:
        index = 3
    elif agpstat & 2:
        index = 2
    elif agpstat & 1:
        index = 1
    else:
        return agp_speeds[index]

    if agp3:
        index += 2
        if index == 5:
            index = 0

    return agp_speeds[index]


def pci_set_bus_speed(bus: pci_bus) -> None:
    """Read the maximum and the current speed of *bus* from the bridge above it.

    C: drivers/pci/probe.c, static, base"""
    bridge = bus.self

    pos = pci_find_capability(bridge, PCI_CAP_ID_AGP)
    if not pos:
        pos = pci_find_capability(bridge, PCI_CAP_ID_AGP3)
    if pos:
        agpstat = pci_read_config_dword(bridge, pos + PCI_AGP_STATUS)
        bus.max_bus_speed = agp_speed(agpstat & 8, agpstat & 7)

        agpcmd = pci_read_config_dword(bridge, pos + PCI_AGP_COMMAND)
        bus.cur_bus_speed = agp_speed(agpstat & 8, agpcmd & 7)

    pos = pci_find_capability(bridge, PCI_CAP_ID_PCIX)
    if pos:
        status = pci_read_config_word(bridge, pos + PCI_X_BRIDGE_SSTATUS)

        if status & PCI_X_SSTATUS_533MHZ:
            max = PCI_SPEED_133MHz_PCIX_533
        elif status & PCI_X_SSTATUS_266MHZ:
            max = PCI_SPEED_133MHz_PCIX_266
        elif status & PCI_X_SSTATUS_133MHZ:
            if (status & PCI_X_SSTATUS_VERS) == PCI_X_SSTATUS_V2:
                max = PCI_SPEED_133MHz_PCIX_ECC
            else:
                max = PCI_SPEED_133MHz_PCIX
        else:
            max = PCI_SPEED_66MHz_PCIX

        bus.max_bus_speed = max
        bus.cur_bus_speed = pcix_bus_speed[(status & PCI_X_SSTATUS_FREQ) >> 6]

        return

    pos = pci_find_capability(bridge, PCI_CAP_ID_EXP)
    if pos:
        _, linkcap = pcie_capability_read_dword(bridge, PCI_EXP_LNKCAP)
        bus.max_bus_speed = pcie_link_speed[linkcap & PCI_EXP_LNKCAP_SLS]

        _, linksta = pcie_capability_read_word(bridge, PCI_EXP_LNKSTA)
        pcie_update_link_speed(bus, linksta)


def pci_alloc_child_bus(parent: pci_bus, bridge: pci_dev, busnr: int) -> pci_bus:
    """Make the bus below *bridge*.

    C: drivers/pci/probe.c, static, base"""
    child = pci_alloc_bus()  # PORT: pci_alloc_bus() does not fail

    child.parent = parent
    child.ops = parent.ops
    child.sysdata = parent.sysdata
    child.bus_flags = parent.bus_flags

    child.dev.name = f"{pci_domain_nr(child):04x}:{busnr:02x}"

    child.number = child.busn_res.start = busnr
    child.primary = parent.busn_res.start
    child.busn_res.end = 0xFF

    # PORT: no `dev.class` and no device_register(), pci_create_legacy_files(): sysfs has no buses here.
    # PORT: no buses without a bridge (`if (!bridge)`): those are for virtual functions (SR-IOV).
    child.self = bridge
    child.bridge = bridge.dev
    child.dev.parent = child.bridge
    pci_set_bus_speed(child)

    # PORT: no `name` in each of PCI_BRIDGE_RESOURCE_NUM: that is only shown in /proc/iomem
    child.resource = bridge.resource[PCI_BRIDGE_RESOURCES : PCI_BRIDGE_RESOURCES + PCI_BRIDGE_RESOURCE_NUM]
    bridge.subordinate = child

    return child


def pci_add_new_bus(parent: pci_bus, dev: pci_dev, busnr: int) -> pci_bus:
    """Make the bus below *dev* and add it to *parent*.

    C: drivers/pci/probe.c, exported, base"""
    child = pci_alloc_child_bus(parent, dev, busnr)  # PORT: memory does not run out: no `if (child)`
    down_write(pci_bus_sem)
    parent.children.append(child)
    up_write(pci_bus_sem)
    return child


def pci_scan_bridge(bus: pci_bus, dev: pci_dev, max: int, pass_: int) -> int:
    """Scan behind a bridge: in pass 0 if firmware gave it good bus numbers, else in pass 1 with new ones.

    C: drivers/pci/probe.c, exported, base
    :param max: highest bus number in use so far
    :param pass_: 0 or 1; all bridges of a bus have pass 0 before any has pass 1, so that new numbers are the last
    :return: highest bus number in use now"""
    is_cardbus = dev.hdr_type == PCI_HEADER_TYPE_CARDBUS
    j = 0
    broken = 0

    buses = pci_read_config_dword(dev, PCI_PRIMARY_BUS)
    primary = buses & 0xFF
    secondary = (buses >> 8) & 0xFF
    subordinate = (buses >> 16) & 0xFF

    dev_dbg(dev.dev, f"bus numbers {secondary:02x}-{subordinate:02x} at the start of pass {pass_}")

    if not primary and (primary != bus.number) and secondary and subordinate:
        dev_warn(dev.dev, "primary bus number reads as 0, using the real one")
        primary = bus.number

    # Bus numbers must grow from the top of the tree down, or they could form a loop.
    if not pass_ and (primary != bus.number or secondary <= bus.number or secondary > subordinate):
        dev_info(dev.dev, f"bad bus numbers {secondary:02x}-{subordinate:02x}, assigning new ones")
        broken = 1

    # A read of a missing function is not an error.
    bctl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl & ~PCI_BRIDGE_CTL_MASTER_ABORT)

    # PORT: pcibios_assign_all_busses() is 0, as on x86; then pci_fixup_parent_subordinate_busnr() does nothing.
    # PORT: each `goto out` is the two statements at that label.
    if (secondary or subordinate) and not is_cardbus and not broken:
        # Firmware gave it numbers: pass 0 uses them.
        if pass_:
            pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl)
            return max

        # Another bridge may lead to that bus already.
        child = pci_find_bus(pci_domain_nr(bus), secondary)
        if not child:
            child = pci_add_new_bus(bus, dev, secondary)
            child.primary = primary
            pci_bus_insert_busn_res(child, secondary, subordinate)
            child.bridge_ctl = bctl

        # PORT: if another bridge already leads to this bus, the C scans it again; with enough bridges that never ends.
        # Here only a bus that was never scanned is: this number may be one reserved for a CardBus socket's bus.
        if child.self is dev or not child.is_added:
            cmax = pci_scan_child_bus(child)
            if cmax > max:
                max = cmax
        if child.busn_res.end > max:
            max = child.busn_res.end
    else:
        # New numbers are for pass 1.
        if not pass_:
            if broken:
                # Forward nothing until then: two bridges may claim the same buses.
                pci_write_config_dword(dev, PCI_PRIMARY_BUS, buses & ~0xFFFFFF)
            pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl)
            return max

        # Old errors
        pci_write_config_word(dev, PCI_STATUS, 0xFFFF)

        # PORT: the C takes a known bus with the next number for the one below this bridge, and after bus 255
        # comes bus 0 again, which it scans until the stack is full. Here it is the next free number, if there is one.
        while pci_find_bus(pci_domain_nr(bus), max + 1):
            max += 1
        if max >= 0xFF:
            dev_warn(dev.dev, "no bus number left for the bus behind this bridge")
            pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl)
            return max

        max += 1
        child = pci_add_new_bus(bus, dev, max)
        pci_bus_insert_busn_res(child, max, 0xFF)
        buses = (buses & 0xFF000000) | (child.primary << 0) | (child.busn_res.start << 8) | (child.busn_res.end << 16)

        # As the socket driver does.
        if is_cardbus:
            buses &= ~0xFF000000
            buses |= CARDBUS_LATENCY_TIMER << 24

        # All three numbers change at once.
        pci_write_config_dword(dev, PCI_PRIMARY_BUS, buses)

        if not is_cardbus:
            child.bridge_ctl = bctl
            max = pci_scan_child_bus(child)
        else:
            # Leave numbers for bridges on a card that may be inserted.
            i = 0
            while i < CARDBUS_RESERVE_BUSNR:
                parent = bus
                # PORT: the C goes past bus 255.
                if max + i + 1 > 0xFF or pci_find_bus(pci_domain_nr(bus), max + i + 1):
                    break
                while parent.parent:
                    if (parent.busn_res.end > max) and (parent.busn_res.end <= max + i):
                        j = 1
                    parent = parent.parent
                if j:
                    # Two CardBus bridges are usual; leave one number to each.
                    i //= 2
                    break
                i += 1
            max += i
            # PORT: the card in the socket, if any. In C the socket driver scans for it, later.
            pci_scan_slot(child, 0)

        # Now the last number is known.
        pci_bus_update_busn_res_end(child, max)
        pci_write_config_byte(dev, PCI_SUBORDINATE_BUS, max)

    child.name = f"{'PCI CardBus' if is_cardbus else 'PCI Bus'} {pci_domain_nr(bus):04x}:{child.number:02x}"

    # Warn if a bridge above does not forward all of them.
    while bus.parent:
        if (
            (child.busn_res.end > bus.busn_res.end)
            or (child.number > bus.busn_res.end)
            or (child.number < bus.number)
            or (child.busn_res.end < bus.number)
        ):
            # PORT: in C two expressions within the message
            wholly = bus.number > child.busn_res.end and bus.busn_res.end < child.number
            dev_info(
                child.dev,
                f"of buses {child.busn_res.start:02x}-{child.busn_res.end:02x} {'none' if wholly else 'not all'} "
                f"can be reached through the{' subtractive' if bus.self.transparent else ''} bridge to "
                f"bus {bus.dev.name}, which passes on {bus.busn_res.start:02x}-{bus.busn_res.end:02x}",
            )
        bus = bus.parent

    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl)

    return max


def pci_read_irq(dev: pci_dev) -> None:
    """Read the interrupt of *dev*.

    C: drivers/pci/probe.c, static, base"""
    irq = pci_read_config_byte(dev, PCI_INTERRUPT_PIN)
    dev.pin = irq
    if irq:
        pci_read_config_byte(dev, PCI_INTERRUPT_LINE)
    # PORT: an interrupt's number is the address of its device, as if each had its own vector (MSI).
    irq = pci_domain_nr(dev.bus) << 16 | dev.bus.number << 8 | dev.devfn
    dev.irq = irq


def set_pcie_port_type(pdev: pci_dev) -> None:
    """Cache the PCI Express capability's offset and flags, the port type among them.

    C: drivers/pci/probe.c, global, base"""
    pos = pci_find_capability(pdev, PCI_CAP_ID_EXP)
    if not pos:
        return
    pdev.pcie_cap = pos  # PORT: no is_pcie, a second word for that
    reg16 = pci_read_config_word(pdev, pos + PCI_EXP_FLAGS)
    pdev.pcie_flags_reg = reg16
    reg16 = pci_read_config_word(pdev, pos + PCI_EXP_DEVCAP)
    pdev.pcie_mpss = reg16 & PCI_EXP_DEVCAP_PAYLOAD


def set_pcie_hotplug_bridge(pdev: pci_dev) -> None:
    """Cache whether the slot below *pdev* is hot-plug capable.

    C: drivers/pci/probe.c, global, base"""
    _, reg32 = pcie_capability_read_dword(pdev, PCI_EXP_SLTCAP)
    if reg32 & PCI_EXP_SLTCAP_HPC:
        pdev.is_hotplug_bridge = 1


LEGACY_IO_RESOURCE = IORESOURCE_IO | IORESOURCE_PCI_FIXED


def pci_setup_device(dev: pci_dev) -> int:
    """Fill in *dev* from its config space: header type, class, capabilities, BARs.

    C: drivers/pci/probe.c, global, base
    :return: 0, -EIO if its header type is unknown or cannot be read"""
    status, hdr_type = pci_bus_read_config_byte(dev.bus, dev.devfn, PCI_HEADER_TYPE)
    if status:
        return -EIO

    # PORT: the bus knows its `sysdata`; pci_bus_type is the only bus of such devices; dma_mask is for drivers
    dev.dev.parent = dev.bus.bridge
    dev.hdr_type = hdr_type & 0x7F
    dev.multifunction = int(bool(hdr_type & 0x80))
    dev.error_state = pci_channel_io_normal
    set_pcie_port_type(dev)

    for slot in dev.bus.slots:
        if PCI_SLOT(dev.devfn) == slot.number:
            dev.slot = slot

    dev.dev.name = f"{pci_domain_nr(dev.bus):04x}:{dev.bus.number:02x}:{PCI_SLOT(dev.devfn):02x}.{PCI_FUNC(dev.devfn)}"

    class_ = pci_read_config_dword(dev, PCI_CLASS_REVISION)
    dev.revision = class_ & 0xFF
    dev.class_ = class_ >> 8  # base class, subclass and programming interface

    dev_dbg(
        dev.dev,
        f"found {dev.vendor:04x}:{dev.device:04x}, header type {dev.hdr_type:02x}, class {dev.class_:#08x}",
    )

    dev.cfg_size = pci_cfg_space_size(dev)

    # unknown so far
    dev.current_state = PCI_UNKNOWN

    pci_fixup_device(pci_fixup_early, dev)
    class_ = dev.class_ >> 8  # early fixups may have changed it

    # PORT: `switch (dev->hdr_type)` and its `goto bad` are these branches, of which the last is `bad`.
    if dev.hdr_type == PCI_HEADER_TYPE_NORMAL and class_ != PCI_CLASS_BRIDGE_PCI:
        pci_read_irq(dev)
        pci_read_bases(dev, 6, PCI_ROM_ADDRESS)
        dev.subsystem_vendor = pci_read_config_word(dev, PCI_SUBSYSTEM_VENDOR_ID)
        dev.subsystem_device = pci_read_config_word(dev, PCI_SUBSYSTEM_ID)

        # An IDE controller in compatibility mode has fixed addresses, whatever its BARs say.
        # PORT: no `region.start` and `region.end` to be converted
        if class_ == PCI_CLASS_STORAGE_IDE:
            progif = pci_read_config_byte(dev, PCI_CLASS_PROG)
            if (progif & 1) == 0:
                res = dev.resource[0]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x1F0, 0x1F7
                res = dev.resource[1]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x3F6, 0x3F6
            if (progif & 4) == 0:
                res = dev.resource[2]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x170, 0x177
                res = dev.resource[3]
                res.flags = LEGACY_IO_RESOURCE
                res.start, res.end = 0x376, 0x376

    elif dev.hdr_type == PCI_HEADER_TYPE_BRIDGE and class_ == PCI_CLASS_BRIDGE_PCI:
        pci_read_irq(dev)
        # Programming interface 1 is subtractive decoding (PCI-to-PCI Bridge 1.2, 3.2.4.5).
        dev.transparent = int((dev.class_ & 0xFF) == 1)
        pci_read_bases(dev, 2, PCI_ROM_ADDRESS1)
        set_pcie_hotplug_bridge(dev)
        pos = pci_find_capability(dev, PCI_CAP_ID_SSVID)
        if pos:
            dev.subsystem_vendor = pci_read_config_word(dev, pos + PCI_SSVID_VENDOR_ID)
            dev.subsystem_device = pci_read_config_word(dev, pos + PCI_SSVID_DEVICE_ID)

    elif dev.hdr_type == PCI_HEADER_TYPE_CARDBUS and class_ == PCI_CLASS_BRIDGE_CARDBUS:
        pci_read_irq(dev)
        pci_read_bases(dev, 1, 0)
        dev.subsystem_vendor = pci_read_config_word(dev, PCI_CB_SUBSYSTEM_VENDOR_ID)
        dev.subsystem_device = pci_read_config_word(dev, PCI_CB_SUBSYSTEM_ID)

    # PORT: the default of the switch, before `bad`
    elif dev.hdr_type not in (PCI_HEADER_TYPE_NORMAL, PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
        dev_err(dev.dev, f"header type {dev.hdr_type:02x} is not supported, skipping the device")
        return -EIO

    else:
        dev_err(dev.dev, f"class {dev.class_:#08x} does not go with header type {dev.hdr_type:02x}, using no class")
        dev.class_ = PCI_CLASS_NOT_DEFINED

    return 0


def pci_cfg_space_size_ext(dev: pci_dev) -> int:
    """Check that the extended configuration space of *dev* can be read.

    C: drivers/pci/probe.c, global, base
    :return: 4096 or 256 bytes"""
    pos = PCI_CFG_SPACE_SIZE

    res, status = pci_bus_read_config_dword(dev.bus, dev.devfn, pos)
    if res != PCIBIOS_SUCCESSFUL:
        return PCI_CFG_SPACE_SIZE
    if status == 0xFFFFFFFF:
        return PCI_CFG_SPACE_SIZE

    return PCI_CFG_SPACE_EXP_SIZE


def pci_cfg_space_size(dev: pci_dev) -> int:
    """Return how many bytes of configuration space *dev* has.

    C: drivers/pci/probe.c, global, base
    :return: 4096 or 256 bytes"""
    class_ = dev.class_ >> 8
    if class_ == PCI_CLASS_BRIDGE_HOST:
        return pci_cfg_space_size_ext(dev)

    if not pci_is_pcie(dev):
        pos = pci_find_capability(dev, PCI_CAP_ID_PCIX)
        if not pos:
            return PCI_CFG_SPACE_SIZE

        status = pci_read_config_dword(dev, pos + PCI_X_STATUS)
        if not (status & (PCI_X_STATUS_266MHZ | PCI_X_STATUS_533MHZ)):
            return PCI_CFG_SPACE_SIZE

    return pci_cfg_space_size_ext(dev)


def pci_alloc_dev(bus: pci_bus) -> pci_dev:
    """Make a struct pci_dev for a function of *bus*.

    C: drivers/pci/probe.c, exported, base"""
    # PORT: no `dev->dev.type`: there is one
    # PORT: no variable: `return dev;`
    return pci_dev(bus=bus, resource=[resource() for _ in range(DEVICE_COUNT_RESOURCE)])


EXPORT_SYMBOL(pci_alloc_dev)


def pci_bus_read_dev_vendor_id(bus: pci_bus, devfn: int, crs_timeout: int) -> tuple[bool, int]:
    """Read vendor and device ID, waiting while the device is not ready.

    C: drivers/pci/probe.c, exported, base; C returns the ID through u32 *l
    :param crs_timeout: how long to wait, ms; 0: do not wait
    :return: whether a device is there, and its ID: vendor in the lower half"""
    delay = 1

    res, l = pci_bus_read_config_dword(bus, devfn, PCI_VENDOR_ID)  # noqa: E741 - the C's name
    if res:
        return False, l

    # some boards answer all zeros, or all ones in one half, for an empty slot
    if l in (0xFFFFFFFF, 0x00000000, 0x0000FFFF, 0xFFFF0000):
        return False, l

    while l == CRS_VENDOR_ID:  # PORT: `0xffff0001` has a name
        if not crs_timeout:
            return False, l

        msleep(delay)
        delay *= 2
        res, l = pci_bus_read_config_dword(bus, devfn, PCI_VENDOR_ID)  # noqa: E741
        if res:
            return False, l
        if delay > crs_timeout:
            printk(
                "warning",
                f"pci {pci_domain_nr(bus):04x}:{bus.number:02x}:{PCI_SLOT(devfn):02x}.{PCI_FUNC(devfn)}: "
                "still asks for patience, and gets no more",
            )
            return False, l

    return True, l


EXPORT_SYMBOL(pci_bus_read_dev_vendor_id)


def pci_scan_device(bus: pci_bus, devfn: int) -> pci_dev:
    """Set up the function at *devfn*, if one answers.

    C: drivers/pci/probe.c, static, base
    :return: struct pci_dev *, NULL if there is none or it is of an unknown kind"""
    found, l = pci_bus_read_dev_vendor_id(bus, devfn, 60 * 1000)  # noqa: E741
    if not found:
        return NULL  # type: ignore[no-any-return]

    dev = pci_alloc_dev(bus)  # PORT: memory does not run out: no `if (!dev)`
    dev.devfn = devfn
    dev.vendor = l & 0xFFFF
    dev.device = (l >> 16) & 0xFFFF

    if pci_setup_device(dev):
        return NULL  # type: ignore[no-any-return]

    return dev


def pci_init_capabilities(dev: pci_dev) -> None:
    """Set up the capabilities of *dev*.

    C: drivers/pci/probe.c, static, base"""
    pci_msi_init_pci_dev(dev)

    # PORT: no pci_enable_acs(), which no reset uses; pci_iov_init() only where the machine description has SR-IOV
    # enabled (machine.py)
    pci_allocate_cap_save_buffers(dev)

    pci_pm_init(dev)

    pci_vpd_pci22_init(dev)

    pci_configure_ari(dev)


def pci_device_add(dev: pci_dev, bus: pci_bus) -> None:
    """Add *dev* to its bus.

    C: drivers/pci/probe.c, global, base"""
    mutex_init(dev.dev.mutex, "device", pci_name(dev))  # PORT: device_initialize()

    pci_fixup_device(pci_fixup_header, dev)

    # PORT: no pci_reassigndev_resource_alignment(): no addresses are assigned. No pci_release_dev(), set_dev_node(),
    # dma_mask, dma_parms, coherent_dma_mask, pci_set_dma_max_seg_size(), pci_set_dma_seg_boundary() and
    # pci_proc_attach_device(): no memory is freed, no node near, no DMA and no /proc. device_add() cannot fail.
    dev.state_saved = 0

    pci_init_capabilities(dev)

    down_write(pci_bus_sem)
    bus.devices.append(dev)
    up_write(pci_bus_sem)

    dev.match_driver = 0
    device_add(dev)


def pci_scan_single_device(bus: pci_bus, devfn: int) -> pci_dev:
    """Return the function at *devfn*, known or new.

    C: drivers/pci/probe.c, exported, base
    :return: struct pci_dev *, NULL if there is none"""
    dev = pci_get_slot(bus, devfn)
    if dev:
        return dev

    dev = pci_scan_device(bus, devfn)
    if not dev:
        return NULL  # type: ignore[no-any-return]

    pci_device_add(dev, bus)

    return dev


EXPORT_SYMBOL(pci_scan_single_device)


def next_fn(bus: pci_bus, dev: pci_dev, fn: int) -> int:
    """Return the number of the function to scan after *fn*.

    C: drivers/pci/probe.c, static, base
    :param dev: the function found at *fn*, NULL if there was none
    :return: 0 after the last one"""
    if pci_ari_enabled(bus):
        if not dev:
            return 0
        pos = pci_find_ext_capability(dev, PCI_EXT_CAP_ID_ARI)
        if not pos:
            return 0

        cap = pci_read_config_word(dev, pos + PCI_ARI_CAP)
        next_fn = PCI_ARI_CAP_NFN(cap)
        if next_fn <= fn:
            return 0  # the list leads back

        return next_fn

    # Function numbers of a multifunction device may have gaps.
    if not dev or dev.multifunction:
        return (fn + 1) % 8

    return 0


def only_one_child(bus: pci_bus) -> int:
    """Return whether *bus* is a PCI Express link, which has only device 0 at its end.

    C: drivers/pci/probe.c, static, base
    :return: 1 or 0"""
    parent = bus.self

    if not parent or not pci_is_pcie(parent):
        return 0
    if pci_pcie_type(parent) == PCI_EXP_TYPE_ROOT_PORT:
        return 1
    # PORT: no pci_has_flag(): the boot parameter PCI_SCAN_ALL_PCIE_DEVS is not given.
    if pci_pcie_type(parent) == PCI_EXP_TYPE_DOWNSTREAM:
        return 1
    return 0


def pci_scan_slot(bus: pci_bus, devfn: int) -> int:
    """Scan for the functions of one device number.

    C: drivers/pci/probe.c, exported, base
    :param devfn: device << 3
    :return: how many new ones were found"""
    system.emit("scan_slot", f"{pci_domain_nr(bus):04x}:{bus.number:02x}", PCI_SLOT(devfn))
    nr = 0

    if only_one_child(bus) and (devfn > 0):
        return 0  # device 0 was the whole slot

    dev = pci_scan_single_device(bus, devfn)
    if not dev:
        return 0
    if not dev.is_added:
        nr += 1

    # PORT: `for (fn = next_fn(bus, dev, 0); fn > 0; fn = next_fn(bus, dev, fn))`
    fn = next_fn(bus, dev, 0)
    while fn > 0:
        dev = pci_scan_single_device(bus, devfn + fn)
        if dev:
            if not dev.is_added:
                nr += 1
            dev.multifunction = 1
        fn = next_fn(bus, dev, fn)

    # PORT: no ASPM: no pcie_aspm_init_link_state() if `bus->self` and `nr`

    return nr


def pci_scan_child_bus(bus: pci_bus) -> int:
    """Scan *bus* for every function on it and behind its bridges.

    C: drivers/pci/probe.c, exported, base
    :return: highest bus number at or below *bus*"""
    max = bus.busn_res.start

    dev_dbg(bus.dev, "looking for functions")

    for devfn in range(0, 0x100, 8):
        pci_scan_slot(bus, devfn)

    # PORT: no buses for SR-IOV: no pci_iov_bus_range()

    if not bus.is_added:
        dev_dbg(bus.dev, "reading the windows of its bridge")
        pci_read_bridge_bases(bus)  # PORT: pcibios_fixup_bus(), arch/x86/pci/common.c
        bus.is_added = 1

    for pass_ in range(2):
        for dev in bus.devices:
            if dev.hdr_type == PCI_HEADER_TYPE_BRIDGE or dev.hdr_type == PCI_HEADER_TYPE_CARDBUS:
                max = pci_scan_bridge(bus, dev, max, pass_)

    dev_dbg(bus.dev, f"{max:02x} is the highest bus number at or below it")
    return max


def pci_create_root_bus(bus: int, ops: pci_ops, sysdata: pci_sysdata) -> pci_bus:
    """Make a root bus.

    C: drivers/pci/probe.c, global, base; PORT: no parent device (`parent`), no `resources` but the bus numbers *bus* to
    255
    :param bus: its number
    :return: struct pci_bus *, NULL if the bus exists already"""
    b = pci_alloc_bus()  # PORT: memory does not run out: no `if (!b)`

    b.sysdata = sysdata
    b.ops = ops
    b.number = b.busn_res.start = bus
    b2 = pci_find_bus(pci_domain_nr(b), bus)
    if b2:
        # A bridge leads to it.
        dev_dbg(b2.dev, "exists already")
        return NULL  # type: ignore[no-any-return]

    # PORT: pci_alloc_host_bridge(), `bridge->dev`, device_register(), pcibus_class, pci_create_legacy_files(): neither
    # host bridge nor bus is in sysfs
    b.bridge = struct_device(name=f"pci{pci_domain_nr(b):04x}:{bus:02x}")
    b.dev.parent = b.bridge
    b.dev.name = f"{pci_domain_nr(b):04x}:{bus:02x}"

    printk("info", f"found root bus {b.dev.name}")

    pci_bus_insert_busn_res(b, bus, 0xFF)
    dev_info(b.dev, f"bus numbers {b.busn_res.start:02x}-{b.busn_res.end:02x} are available")

    down_write(pci_bus_sem)
    pci_root_buses.append(b)
    up_write(pci_bus_sem)

    return b


def pci_bus_insert_busn_res(b: pci_bus, bus: int, bus_max: int) -> int:
    """Set the range of bus numbers for *b* and the buses below it.

    C: drivers/pci/probe.c, global, base
    :return: 1"""
    res = b.busn_res

    res.start = bus
    res.end = bus_max
    res.flags = IORESOURCE_BUS

    # PORT: no tree of bus numbers (parent_res), and no search for a `conflict`, which only causes a debug message.
    if pci_is_root_bus(b):
        res.flags |= IORESOURCE_PCI_FIXED

    return 1  # PORT: no `conflict` is looked for


def pci_bus_update_busn_res_end(b: pci_bus, bus_max: int) -> int:
    """Set the last bus number at or below *b* to *bus_max*.

    C: drivers/pci/probe.c, global, base
    :return: 0, -EINVAL if that is less than the first"""
    res = b.busn_res

    if res.start > bus_max:
        return -EINVAL

    old_end = res.end  # PORT: of old_res only the end is needed
    res.end = bus_max  # PORT: adjust_resource() never fails: there is no tree of bus numbers
    # PORT: so it is not inserted late, if `!ret && !res->parent`
    dev_dbg(b.dev, f"bus numbers {res.start:02x}-{old_end:02x} now end at {bus_max:02x}")

    return 0  # PORT: `return ret`, which is 0


# PORT: the C has it for one bus; its caller has the loop
def pci_scan_root_buses(roots: list[tuple[pci_sysdata, int]], ops: pci_ops) -> None:
    """Scan all root buses and everything below.

    C: drivers/pci/probe.c pci_scan_root_bus() for each root bus, base; PORT: all root buses are made before any is
    scanned, so that no bridge is given the number of one. No `resources` are searched for bus numbers, so none are
    `found`, and pci_create_root_bus() makes them (pci_bus_insert_busn_res()) as if it had found them. `return b` is not
    needed
    :param roots: domain and number of each bus that firmware knows"""
    buses = [pci_create_root_bus(bus, ops, sysdata) for sysdata, bus in roots]
    # PORT: one bus after another
    for b in buses:
        max = pci_scan_child_bus(b)
        pci_bus_update_busn_res_end(b, max)
    # PORT: the initcalls that follow are called here: resources, then drivers, which bind from here on
    pci_assign_unassigned_resources()
    # PORT: once more for each: pci_scan_root_bus() does both for one bus
    for b in buses:
        pci_bus_add_devices(b)
    # PORT: the initcalls of the port service drivers, and of sysfs
    pcie_pme_service_init()
    pcied_init()
    pci_sysfs_init()


EXPORT_SYMBOL(pci_add_new_bus)
EXPORT_SYMBOL(pci_scan_slot)
EXPORT_SYMBOL(pci_scan_bridge)
EXPORT_SYMBOL_GPL(pci_scan_child_bus)
