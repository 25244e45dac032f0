# SPDX-License-Identifier: GPL-2.0-only
"""A card comes and goes. Oracle: facts/kernel.md section 10 (pciehp_pci.c, hotplug-pci.c), worked out by hand."""

from errno import EINVAL, ENODEV

import pytest
from slotted import NCCS, PDS, PORT, SLTSTA, Slotted

STATUS = ("r", PORT, SLTSTA, 2)


@pytest.fixture
def paper():
    return Slotted(slot_cap=NCCS)


@pytest.fixture
def slot(paper):
    return paper.controller().slot


def test_pciehp_configure_device_known_device_is_einval(paper, slot):
    paper.card()
    assert paper.kernel.pciehp_configure_device(slot) == -EINVAL
    assert [act for act in paper.take() if act[0] == "r"] == []


def test_pciehp_configure_device_nobody_is_enodev(paper, slot):
    assert paper.kernel.pciehp_configure_device(slot) == -ENODEV
    assert paper.below.devices == []


def test_pciehp_configure_device_finds_the_card(paper, slot):
    paper.card()
    paper.below.devices.clear()
    assert paper.kernel.pciehp_configure_device(slot) == 0
    (dev,) = paper.below.devices
    assert (dev.vendor, dev.device, dev.is_added) == (0x8086, 0x1234, 1)
    assert dev.slot is slot.hotplug_slot.pci_slot


def test_pciehp_configure_device_scans_behind_a_bridge(paper, slot):
    # a PCI bridge (class 0604, header type 1) with secondary bus 2; a device behind it
    bridge = {0: b"\x86\x80\x44\x24", 0x08: b"\x00\x00\x04\x06", 0x0E: b"\x01", 0x18: b"\x01\x02\x02"}
    paper.dev(paper.below, 0, bridge)
    paper.below.devices.clear()
    paper.config["02:00.0"] = bytearray(b"\xec\x10\x39\x81".ljust(4096, b"\0"))
    paper.below.busn_res.start, paper.below.busn_res.end = 1, 4
    paper.kernel.pci_root_buses.append(paper.port.bus)
    assert paper.kernel.pciehp_configure_device(slot) == 0
    (dev,) = paper.below.devices
    assert dev.subordinate.number == 2
    assert [(child.vendor, child.device) for child in dev.subordinate.devices] == [(0x10EC, 0x8139)]


def test_pci_hp_add_bridge_without_free_number_is_minus_one(paper):
    dev = paper.card(hdr_type=1)
    paper.kernel.pci_root_buses.append(paper.port.bus)
    paper.below.busn_res.start = paper.below.busn_res.end = 1  # and bus 1 is there
    assert paper.kernel.pci_hp_add_bridge(dev) == -1
    assert paper.take() == []


def test_pci_hp_add_bridge_without_bus_is_minus_one(paper):
    dev = paper.card(hdr_type=1)
    paper.kernel.pci_root_buses.append(paper.port.bus)
    paper.below.busn_res.start, paper.below.busn_res.end = 1, 2
    calls = []
    vars(paper.kernel)["pci_scan_bridge"] = lambda bus, dev, max, pass_: calls.append((bus, dev, max, pass_)) or 5
    assert paper.kernel.pci_hp_add_bridge(dev) == -1
    # from the number before the first free one, then from what the first pass gave
    assert calls == [(paper.below, dev, 1, 0), (paper.below, dev, 5, 1)]


def test_pciehp_unconfigure_device_removes_from_the_last(paper, slot):
    for devfn in (0, 1, 2):
        paper.card(devfn)
        paper.config[f"01:00.{devfn}"][4:6] = b"\x07\x01"  # I/O, memory, bus master, SERR#
    paper.put(SLTSTA, PDS)
    assert paper.kernel.pciehp_unconfigure_device(slot) == 0
    assert paper.below.devices == []
    acts = [act for act in paper.take() if act[0] in ("r", "w", "remove_device")]
    # 0x0107 without bus master (4) and SERR# (0x100), with INTx disable (0x400) is 0x0403
    assert acts == [STATUS] + [
        act
        for name in ("01:00.2", "01:00.1", "01:00.0")
        for act in (("remove_device", name), ("r", name, 4, 2), ("w", name, 4, 2, 0x0403))
    ]


@pytest.mark.parametrize("status", [0, (0x87, PDS)])
def test_pciehp_unconfigure_device_that_is_gone_is_not_touched(paper, slot, status):
    paper.card(hdr_type=1)
    paper.answer(paper.port, SLTSTA, status)
    assert paper.kernel.pciehp_unconfigure_device(slot) == 0
    assert [act for act in paper.take() if act[0] in ("r", "w", "remove_device")] == [
        STATUS,
        ("remove_device", "01:00.0"),
    ]


def test_pciehp_unconfigure_device_bridge_to_vga_stays_with_those_before_it(paper, slot):
    first, vga, _last = paper.card(0), paper.card(1, hdr_type=1), paper.card(2, hdr_type=1)
    paper.config["01:00.1"][0x3E] = 0x08  # Bridge Control: VGA Enable
    assert paper.kernel.pciehp_unconfigure_device(slot) == -EINVAL
    assert paper.below.devices == [first, vga]
