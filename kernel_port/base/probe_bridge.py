# SPDX-License-Identifier: GPL-2.0-only
"""drivers/pci/probe.c, third part: buses, and the bridges that lead to them."""

from __future__ import annotations

from errno import EINVAL
from typing import TYPE_CHECKING

from ..kernel.export import EXPORT_SYMBOL_GPL
from ..kernel.mutex import down_write, up_write
from ..kernel.printk import dev_dbg, dev_info, dev_warn, printk
from ..kernel.structs import (
    NULL,
    PCI_BRIDGE_RESOURCE_NUM,
    PCI_BRIDGE_RESOURCES,
    pci_bus,
    pci_dev,
    pci_domain_nr,
    pci_name,
    pci_ops,
    pci_sysdata,
)
from ..pci_regs import (
    PCI_BRIDGE_CONTROL,
    PCI_BRIDGE_CTL_MASTER_ABORT,
    PCI_CAP_ID_EXP,
    PCI_EXP_LNKCAP,
    PCI_EXP_LNKCAP_SLS,
    PCI_EXP_LNKSTA,
    PCI_EXP_LNKSTA_CLS,
    PCI_HEADER_TYPE_BRIDGE,
    PCI_HEADER_TYPE_CARDBUS,
    PCI_PRIMARY_BUS,
    PCI_STATUS,
    PCI_SUBORDINATE_BUS,
)
from .bus import pci_bus_add_devices
from .probe import pci_scan_slot
from .probe_bars import pci_read_bridge_bases
from .search import pci_bus_sem, pci_find_bus

if TYPE_CHECKING:
    from .access import (
        pci_read_config_dword,
        pci_read_config_word,
        pci_write_config_byte,
        pci_write_config_dword,
        pci_write_config_word,
        pcie_capability_read_dword,
        pcie_capability_read_word,
    )
    from .pci import pci_find_capability

CARDBUS_LATENCY_TIMER = 176  # secondary latency timer
CARDBUS_RESERVE_BUSNR = 3

#: enum pci_bus_speed (include/linux/pci.h) by the link speed field of Link Capabilities and Link Status.
PCI_SPEED_UNKNOWN = 0xFF
PCIE_SPEED_2_5GT = 0x14
PCIE_SPEED_5_0GT = 0x15
PCIE_SPEED_8_0GT = 0x16
PCIE_LINK_SPEED = (PCI_SPEED_UNKNOWN, PCIE_SPEED_2_5GT, PCIE_SPEED_5_0GT, PCIE_SPEED_8_0GT, *[PCI_SPEED_UNKNOWN] * 12)

#: Buses no bridge leads to.
pci_root_buses: list[pci_bus] = []


def pcie_update_link_speed(bus: pci_bus, linksta: int) -> None:
    """Remember the speed of the link to *bus*.

    C: drivers/pci/probe.c, exported, base
    :param linksta: u16, Link Status of the port above"""
    bus.cur_bus_speed = PCIE_LINK_SPEED[linksta & PCI_EXP_LNKSTA_CLS]


EXPORT_SYMBOL_GPL(pcie_update_link_speed)


def pci_set_bus_speed(bus: pci_bus) -> None:
    """Learn the speed of the link to *bus*.

    C: drivers/pci/probe.c, static, base; PORT: AGP and PCI-X buses keep PCI_SPEED_UNKNOWN"""
    bridge = bus.self

    pos = pci_find_capability(bridge, PCI_CAP_ID_EXP)
    if pos:
        _, linkcap = pcie_capability_read_dword(bridge, PCI_EXP_LNKCAP)
        bus.max_bus_speed = PCIE_LINK_SPEED[linkcap & PCI_EXP_LNKCAP_SLS]

        _, linksta = pcie_capability_read_word(bridge, PCI_EXP_LNKSTA)
        pcie_update_link_speed(bus, linksta)


def pci_alloc_child_bus(parent: pci_bus, bridge: pci_dev, busnr: int) -> pci_bus:
    """Make the bus below *bridge*.

    C: drivers/pci/probe.c, static, base"""
    child = pci_bus()

    child.parent = parent
    child.ops = parent.ops
    child.sysdata = parent.sysdata
    child.bus_flags = parent.bus_flags

    child.number = child.busn_res.start = busnr
    child.primary = parent.busn_res.start
    child.busn_res.end = 0xFF

    child.self = bridge
    pci_set_bus_speed(child)

    child.resource = bridge.resource[PCI_BRIDGE_RESOURCES : PCI_BRIDGE_RESOURCES + PCI_BRIDGE_RESOURCE_NUM]
    bridge.subordinate = child

    return child


def pci_add_new_bus(parent: pci_bus, dev: pci_dev, busnr: int) -> pci_bus:
    """Make the bus below *dev* and put it on the list of *parent*.

    C: drivers/pci/probe.c, base"""
    child = pci_alloc_child_bus(parent, dev, busnr)
    down_write(pci_bus_sem)
    parent.children.append(child)
    up_write(pci_bus_sem)
    return child


def pci_bus_insert_busn_res(b: pci_bus, bus: int, bus_max: int) -> int:
    """Note which bus numbers *b* and the buses below it have.

    C: drivers/pci/probe.c, base; PORT: conflicts are not looked for, they change nothing
    :return: 1"""
    b.busn_res.start = bus
    b.busn_res.end = bus_max
    return 1


def pci_bus_update_busn_res_end(b: pci_bus, bus_max: int) -> int:
    """Note that *bus_max* is the last bus number at or below *b*.

    C: drivers/pci/probe.c, base
    :return: 0, -EINVAL if that is less than the first"""
    if b.busn_res.start > bus_max:
        return -EINVAL
    b.busn_res.end = bus_max
    return 0


def pci_scan_bridge(bus: pci_bus, dev: pci_dev, max: int, pass_: int) -> int:
    """Look behind a bridge: in pass 0 if firmware gave it bus numbers that make sense, else in pass 1 with new ones.

    C: drivers/pci/probe.c, base
    :param max: highest bus number in use so far
    :param pass_: 0 or 1; all bridges of a bus have pass 0 before any has pass 1, so that new numbers come last
    :return: highest bus number in use now"""
    is_cardbus = dev.hdr_type == PCI_HEADER_TYPE_CARDBUS
    broken = 0

    buses = pci_read_config_dword(dev, PCI_PRIMARY_BUS)
    primary = buses & 0xFF
    secondary = (buses >> 8) & 0xFF
    subordinate = (buses >> 16) & 0xFF

    dev_dbg(dev.dev, f"scanning [bus {secondary:02x}-{subordinate:02x}] behind bridge, pass {pass_}")

    if not primary and (primary != bus.number) and secondary and subordinate:
        dev_warn(dev.dev, "Primary bus is hard wired to 0")
        primary = bus.number

    # Bus numbers grow from the top of the tree down, so no set of them makes a loop.
    if not pass_ and (primary != bus.number or secondary <= bus.number or secondary > subordinate):
        dev_info(dev.dev, f"bridge configuration invalid ([bus {secondary:02x}-{subordinate:02x}]), reconfiguring")
        broken = 1

    # Reads of functions that are not there must not count as errors.
    bctl = pci_read_config_word(dev, PCI_BRIDGE_CONTROL)
    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl & ~PCI_BRIDGE_CTL_MASTER_ABORT)

    # PORT: pcibios_assign_all_busses() is 0, as on x86.
    if (secondary or subordinate) and not is_cardbus and not broken:
        if not pass_:
            max = pci_scan_configured_bridge(bus, dev, max, (primary, secondary, subordinate), bctl)
    elif not pass_:
        if broken:
            # Forward nothing until pass 1: two bridges may claim the same buses.
            pci_write_config_dword(dev, PCI_PRIMARY_BUS, buses & ~0xFFFFFF)
    else:
        max = pci_scan_new_bridge(bus, dev, max, buses, bctl)

    pci_write_config_word(dev, PCI_BRIDGE_CONTROL, bctl)

    return max


def pci_scan_configured_bridge(bus: pci_bus, dev: pci_dev, max: int, firmware: tuple[int, int, int], bctl: int) -> int:
    """Look behind a bridge that has bus numbers.

    C: drivers/pci/probe.c pci_scan_bridge(), base; PORT: a function of its own, for length
    :param firmware: primary, secondary and subordinate bus number
    :return: highest bus number in use now"""
    primary, secondary, subordinate = firmware
    child = pci_find_bus(pci_domain_nr(bus), secondary)
    if not child:
        child = pci_add_new_bus(bus, dev, secondary)
        child.primary = primary
        pci_bus_insert_busn_res(child, secondary, subordinate)
        child.bridge_ctl = bctl

    # PORT: the C scans a bus again that another bridge leads to; with bridges enough that takes for ever.
    if child.self is dev:
        cmax = pci_scan_child_bus(child)
        if cmax > max:
            max = cmax
    if child.busn_res.end > max:
        max = child.busn_res.end

    pci_check_hidden(bus, child)
    return max


def pci_scan_new_bridge(bus: pci_bus, dev: pci_dev, max: int, buses: int, bctl: int) -> int:
    """Give a bridge bus numbers and look behind it.

    C: drivers/pci/probe.c pci_scan_bridge(), base; PORT: a function of its own, for length
    :param buses: the bridge's bus number registers and secondary latency timer
    :return: highest bus number in use now"""
    is_cardbus = dev.hdr_type == PCI_HEADER_TYPE_CARDBUS

    # Clear errors
    pci_write_config_word(dev, PCI_STATUS, 0xFFFF)

    # PORT: the C takes a bus it knows under the next number for the one below this bridge, and after bus 255 comes
    # bus 0 again, which it scans until the stack is full. Here it is the next number that is free, if any is.
    while pci_find_bus(pci_domain_nr(bus), max + 1):
        max += 1
    if max >= 0xFF:
        dev_warn(dev.dev, "no bus number left for the bus behind this bridge")
        return max

    max += 1
    child = pci_add_new_bus(bus, dev, max)
    pci_bus_insert_busn_res(child, max, 0xFF)

    buses = (buses & 0xFF000000) | (child.primary << 0) | (child.busn_res.start << 8) | (child.busn_res.end << 16)

    if is_cardbus:
        buses &= ~0xFF000000
        buses |= CARDBUS_LATENCY_TIMER << 24

    # All three numbers change at once.
    pci_write_config_dword(dev, PCI_PRIMARY_BUS, buses)

    if not is_cardbus:
        child.bridge_ctl = bctl
        max = pci_scan_child_bus(child)
    else:
        max += pci_reserve_cardbus_numbers(bus, max)
        # PORT: the card that is in the socket, if any. In C the socket driver looks for it, later.
        pci_scan_slot(child, 0)

    pci_bus_update_busn_res_end(child, max)
    pci_write_config_byte(dev, PCI_SUBORDINATE_BUS, max)

    pci_check_hidden(bus, child)
    return max


def pci_reserve_cardbus_numbers(bus: pci_bus, max: int) -> int:
    """How many bus numbers after *max* to keep for bridges on a CardBus card that may come.

    C: drivers/pci/probe.c pci_scan_bridge(), base; PORT: a function of its own, for length"""
    for i in range(CARDBUS_RESERVE_BUSNR):
        # PORT: the C goes past bus 255.
        if max + i + 1 > 0xFF or pci_find_bus(pci_domain_nr(bus), max + i + 1):
            return i
        parent = bus
        while parent.parent:
            if max < parent.busn_res.end <= max + i:
                # Two CardBus bridges are usual; leave one number to each.
                return i // 2
            parent = parent.parent
    return CARDBUS_RESERVE_BUSNR


def pci_check_hidden(bus: pci_bus, child: pci_bus) -> None:
    """Say so if a bridge above does not pass all of *child*'s bus numbers on.

    C: drivers/pci/probe.c pci_scan_bridge(), base; PORT: a function of its own, for length"""
    child.name = f"PCI Bus {pci_domain_nr(bus):04x}:{child.number:02x}"

    while bus.parent:
        if (
            (child.busn_res.end > bus.busn_res.end)
            or (child.number > bus.busn_res.end)
            or (child.number < bus.number)
            or (child.busn_res.end < bus.number)
        ):
            wholly = bus.number > child.busn_res.end and bus.busn_res.end < child.number
            printk(
                "info",
                f"pci_bus {pci_domain_nr(child):04x}:{child.number:02x}: "
                f"[bus {child.busn_res.start:02x}-{child.busn_res.end:02x}] "
                f"{'wholly' if wholly else 'partially'} hidden behind"
                f"{' transparent' if bus.self.transparent else ''} bridge {pci_name(bus.self)} "
                f"[bus {bus.busn_res.start:02x}-{bus.busn_res.end:02x}]",
            )
        bus = bus.parent


def pci_scan_child_bus(bus: pci_bus) -> int:
    """Find every function on *bus* and, behind its bridges, below it.

    C: drivers/pci/probe.c, base
    :return: highest bus number at or below *bus*"""
    max = bus.busn_res.start

    for devfn in range(0, 0x100, 8):
        pci_scan_slot(bus, devfn)

    if not bus.is_added:
        pci_read_bridge_bases(bus)  # pcibios_fixup_bus(), arch/x86/pci/common.c
        bus.is_added = 1

    for pass_ in range(2):
        for dev in bus.devices:
            if dev.hdr_type in (PCI_HEADER_TYPE_BRIDGE, PCI_HEADER_TYPE_CARDBUS):
                max = pci_scan_bridge(bus, dev, max, pass_)

    return max


def pci_create_root_bus(bus: int, ops: pci_ops, sysdata: pci_sysdata) -> pci_bus:
    """Make a bus that no bridge leads to.

    C: drivers/pci/probe.c, base; PORT: no parent device, and no resources but the bus numbers, which are *bus* to 255
    :param bus: its number
    :return: struct pci_bus *, NULL if the bus is known already"""
    b = pci_bus(sysdata=sysdata, ops=ops, number=bus)
    if pci_find_bus(pci_domain_nr(b), bus):
        return NULL  # type: ignore[no-any-return]

    printk("info", f"PCI host bridge to bus {pci_domain_nr(b):04x}:{bus:02x}")
    pci_bus_insert_busn_res(b, bus, 0xFF)

    down_write(pci_bus_sem)
    pci_root_buses.append(b)
    up_write(pci_bus_sem)

    return b


def pci_scan_root_buses(roots: list[tuple[pci_sysdata, int]], ops: pci_ops) -> None:
    """Find every function there is.

    C: drivers/pci/probe.c pci_scan_root_bus() for each root bus, base; PORT: all root buses are made before any is
    scanned, so that no bridge is given the number of one
    :param roots: domain and number of each bus that firmware knows"""
    buses = [pci_create_root_bus(bus, ops, sysdata) for sysdata, bus in roots]
    for b in buses:
        max = pci_scan_child_bus(b)
        pci_bus_update_busn_res_end(b, max)
    for b in buses:
        pci_bus_add_devices(b)
