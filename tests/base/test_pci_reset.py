# SPDX-License-Identifier: GPL-2.0-only
"""The ways to reset one function at the base of the series, each guard and each wait of them."""

from errno import EINVAL, ENOMEM, ENOTTY

import pytest
from paper import Paper, listed, pcie

AF, PM = 0x13, 0x01
PMCSR = 0x54
DEVCAP, DEVCTL, DEVSTA = 0x44, 0x48, 0x4A
FLR_CAPABLE = {DEVCAP: b"\x00\x00\x00\x10"}  # Device Capabilities, bit 28
PENDING = 0x0020  # Device Status, bit 5


@pytest.fixture
def paper():
    return Paper()


def chain(paper, dev, probe):
    return vars(paper.kernel)["__pci_dev_reset"](dev, probe)


def under_bridge(paper, number=1, **fields):
    """A device alone on a bus behind a bridge."""
    bridge = paper.dev(paper.bus(), registers={0x3E: b"\x03\x00"})
    return paper.dev(paper.bus(number, bridge), **fields)


# -- pcie_flr --------------------------------------------------------------------------------------------------------


def test_pcie_flr_not_offered_is_enotty(paper):
    dev = paper.dev(paper.bus(), registers={DEVCAP: b"\xff\xff\xff\xef"}, **pcie(2, 0))
    assert paper.kernel.pcie_flr(dev, 0) == -ENOTTY
    assert paper.take() == [("r", "00:00.0", DEVCAP, 4)]


def test_pcie_flr_conventional_device_is_enotty_without_access(paper):
    assert paper.kernel.pcie_flr(paper.dev(paper.bus()), 0) == -ENOTTY
    assert paper.take() == []


def test_pcie_flr_probe_reads_the_capability_only(paper):
    dev = paper.dev(paper.bus(), registers=FLR_CAPABLE, **pcie(2, 0))
    assert paper.kernel.pcie_flr(dev, 1) == 0
    assert paper.take() == [("r", "00:00.0", DEVCAP, 4)]


@pytest.mark.parametrize(("busy", "waits"), [(0, []), (1, [100]), (2, [100, 200]), (3, [100, 200, 400])])
def test_pcie_flr_waits_until_transactions_are_done(paper, busy, waits):
    dev = paper.dev(paper.bus(), registers={**FLR_CAPABLE, DEVCTL: b"\x10\x28"}, **pcie(2, 0))
    paper.answer(dev, DEVSTA, *[PENDING] * busy)
    assert paper.kernel.pcie_flr(dev, 0) == 0
    status = ("r", "00:00.0", DEVSTA, 2)
    assert paper.take() == [
        ("r", "00:00.0", DEVCAP, 4),
        status,
        *[act for ms in waits for act in (("msleep", ms), status)],
        ("r", "00:00.0", DEVCTL, 2),
        ("w", "00:00.0", DEVCTL, 2, 0xA810),  # Initiate Function Level Reset is bit 15
        ("msleep", 100),
    ]
    assert paper.said == []


def test_pcie_flr_pending_forever_resets_anyway(paper):
    dev = paper.dev(paper.bus(), registers={**FLR_CAPABLE, DEVSTA: b"\x20\x00"}, **pcie(2, 0))
    assert paper.kernel.pcie_flr(dev, 0) == 0
    assert paper.told() == [("err", [])]
    assert [act[1] for act in paper.acts if act[0] == "msleep"] == [100, 200, 400, 100]
    assert paper.writes() == [(DEVCTL, 2, 0x8000)]


# -- pci_af_flr ------------------------------------------------------------------------------------------------------


def af(paper, capabilities, status=0):
    """Advanced Features at 0x60: length 6, AF capabilities, control, status."""
    return paper.dev(paper.bus(), registers=listed((0x60, AF, bytes([6, capabilities, 0, status]))))


def test_pci_af_flr_no_capability_is_enotty(paper):
    assert paper.kernel.pci_af_flr(paper.dev(paper.bus()), 0) == -ENOTTY
    assert paper.reads() == [0x06]


@pytest.mark.parametrize("capabilities", [0, 1, 2])
def test_pci_af_flr_needs_both_bits(paper, capabilities):
    assert paper.kernel.pci_af_flr(af(paper, capabilities), 0) == -ENOTTY
    assert paper.reads() == [0x06, 0x34, 0x60, 0x63]


def test_pci_af_flr_probe_stops_before_the_status(paper):
    assert paper.kernel.pci_af_flr(af(paper, 3), 1) == 0
    assert paper.reads() == [0x06, 0x34, 0x60, 0x63]


def test_pci_af_flr_waits_then_writes_the_bit_alone(paper):
    dev = af(paper, 3)
    paper.answer(dev, 0x65, 1, 1)
    assert paper.kernel.pci_af_flr(dev, 0) == 0
    status = ("r", "00:00.0", 0x65, 1)
    assert paper.take()[4:] == [
        status, ("msleep", 100), status, ("msleep", 200), status, ("w", "00:00.0", 0x64, 1, 1), ("msleep", 100),
    ]  # fmt: skip
    assert paper.said == []


def test_pci_af_flr_pending_forever_resets_anyway(paper):
    assert paper.kernel.pci_af_flr(af(paper, 3, status=1), 0) == 0
    assert paper.told() == [("err", [])]
    assert [act[1] for act in paper.acts if act[0] == "msleep"] == [100, 200, 400, 100]
    assert paper.writes() == [(0x64, 1, 1)]


# -- pci_pm_reset ----------------------------------------------------------------------------------------------------


def pm(paper, pmcsr, state=0):
    registers = {PMCSR: pmcsr.to_bytes(2, "little")}
    return paper.dev(paper.bus(), registers=registers, pm_cap=0x50, d3_delay=10, current_state=state)


def test_pci_pm_reset_no_capability_is_enotty_without_access(paper):
    assert paper.kernel.pci_pm_reset(paper.dev(paper.bus()), 0) == -ENOTTY
    assert paper.take() == []


@pytest.mark.parametrize("probe", [0, 1])
def test_pci_pm_reset_no_soft_reset_is_enotty(paper, probe):
    assert paper.kernel.pci_pm_reset(pm(paper, 0x0008), probe) == -ENOTTY
    assert paper.reads() == [PMCSR]


def test_pci_pm_reset_probe_does_not_ask_for_d0(paper):
    assert paper.kernel.pci_pm_reset(pm(paper, 0x0003, state=3), 1) == 0
    assert paper.take() == [("r", "00:00.0", PMCSR, 2)]


def test_pci_pm_reset_asleep_is_einval(paper):
    assert paper.kernel.pci_pm_reset(pm(paper, 0x0003, state=3), 0) == -EINVAL
    assert paper.take() == [("r", "00:00.0", PMCSR, 2)]


def test_pci_pm_reset_goes_to_d3hot_and_back(paper):
    dev = pm(paper, 0x0100)
    assert paper.kernel.pci_pm_reset(dev, 0) == 0
    assert paper.take() == [
        ("r", "00:00.0", PMCSR, 2),
        ("w", "00:00.0", PMCSR, 2, 0x0103),
        ("msleep", 10),
        ("w", "00:00.0", PMCSR, 2, 0x0100),
        ("msleep", 10),
    ]
    assert dev.current_state == 0


# -- pci_parent_bus_reset --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", [0, 8])
def test_pci_parent_bus_reset_root_bus_bridge_and_siblings_are_enotty(point):
    paper = Paper(point)
    on_root = paper.dev(paper.bus())
    assert paper.kernel.pci_parent_bus_reset(on_root, 0) == -ENOTTY
    bridge = under_bridge(paper)
    below = paper.dev(paper.bus(2, bridge))
    assert paper.kernel.pci_parent_bus_reset(bridge, 0) == -ENOTTY
    sibling = paper.dev(below.bus, 0x08)
    assert paper.kernel.pci_parent_bus_reset(below, 0) == -ENOTTY
    assert paper.kernel.pci_parent_bus_reset(sibling, 0) == -ENOTTY
    below.bus.devices.remove(sibling)
    assert paper.kernel.pci_parent_bus_reset(below, 1) == 0
    below.bus.self = None  # a bus of virtual functions: below another bus, but without a bridge
    assert paper.kernel.pci_parent_bus_reset(below, 0) == -ENOTTY
    assert paper.take() == []


def test_pci_parent_bus_reset_pulses_the_bit_with_one_read(paper):
    dev = under_bridge(paper)
    assert paper.kernel.pci_parent_bus_reset(dev, 0) == 0
    assert paper.take() == [
        ("r", "00:00.0", 0x3E, 2),
        ("w", "00:00.0", 0x3E, 2, 0x0043),  # Secondary Bus Reset is bit 6
        ("msleep", 100),
        ("w", "00:00.0", 0x3E, 2, 0x0003),
        ("msleep", 100),
    ]


# -- the chain -------------------------------------------------------------------------------------------------------


#: Points with the first and the second form of the chain.
CHAINS = [0, 5]


@pytest.mark.parametrize("point", CHAINS)
def test_pci_dev_reset_chain_falls_through_to_the_bus(point):
    paper = Paper(point)
    dev = under_bridge(paper)
    assert chain(paper, dev, 0) == 0
    assert paper.writes() == [(0x3E, 2, 0x0043), (0x3E, 2, 0x0003)]


@pytest.mark.parametrize(
    ("registers", "fields", "written"),
    [
        (FLR_CAPABLE, pcie(2, 0), [(DEVCTL, 2, 0x8000)]),
        (listed((0x60, AF, b"\x06\x03\x00\x00")), {}, [(0x64, 1, 1)]),
        ({}, {"pm_cap": 0x50}, [(PMCSR, 2, 3), (PMCSR, 2, 0)]),
    ],
)
@pytest.mark.parametrize("point", CHAINS)
def test_pci_dev_reset_chain_ends_with_the_first_way_that_works(point, registers, fields, written):
    paper = Paper(point)
    dev = under_bridge(paper, registers=registers, **fields)
    assert chain(paper, dev, 1) == 0
    assert chain(paper, dev, 0) == 0
    assert paper.writes() == written


@pytest.mark.parametrize("point", CHAINS)
def test_pci_dev_reset_chain_other_error_ends_it(point):
    paper = Paper(point)
    dev = under_bridge(paper, pm_cap=0x50, current_state=3)
    assert chain(paper, dev, 0) == -EINVAL
    assert paper.writes() == []


@pytest.mark.parametrize("point", CHAINS)
def test_pci_dev_reset_chain_specific_way_comes_first(point):
    paper = Paper(point)

    def reset_special(dev, probe):
        return -EINVAL

    row = paper.kernel.struct_pci_dev_reset_methods(0x8086, 0x10ED, reset_special)
    vars(paper.kernel)["pci_dev_reset_methods"] = (row,)
    dev = under_bridge(paper, registers=FLR_CAPABLE, vendor=0x8086, device=0x10ED, **pcie(2, 0))
    assert chain(paper, dev, 1) == -EINVAL
    assert paper.take() == []


@pytest.mark.parametrize("point", CHAINS)
def test_pci_dev_reset_chain_in_an_interrupt_warns(point):
    paper = Paper(point)
    dev = under_bridge(paper)
    with paper.system.sched.interrupting("irq 00:1c.0"):
        assert chain(paper, dev, 1) == 0
    assert paper.said == [("warning", "WARNING: may sleep here, and must not: irq 00:1c.0")]


LOCKS = [("lock", "cfg", "01:00.0"), ("lock", "device", "01:00.0")]
UNLOCKS = [("unlock", "device", "01:00.0"), ("unlock", "cfg", "01:00.0")]


def locks(paper):
    return [act for act in paper.take() if act[0] in ("lock", "unlock")]


def test_pci_dev_reset_locks_unless_probing(paper):
    dev = under_bridge(paper)
    assert paper.kernel.pci_dev_reset(dev, 1) == 0
    assert paper.kernel.pci_probe_reset_function(dev) == 0
    assert locks(paper) == []
    assert paper.kernel.pci_dev_reset(dev, 0) == 0
    acts = paper.take()
    assert (acts[:2], acts[-2:]) == (LOCKS, UNLOCKS)
    assert vars(paper.kernel)["__pci_reset_function"](dev) == 0
    assert locks(paper) == LOCKS + UNLOCKS
    assert vars(paper.kernel)["__pci_reset_function_locked"](dev) == 0
    assert locks(paper) == []


@pytest.mark.parametrize("point", range(9))
def test_pci_reset_function_no_way_is_enotty_and_nothing_is_written(point):
    paper = Paper(point)
    assert paper.kernel.pci_reset_function(paper.dev(paper.bus())) == -ENOTTY
    assert all(act[0] == "r" for act in paper.acts)


@pytest.mark.parametrize("point", range(9))
def test_pci_reset_function_saves_disables_locks_resets_and_restores(point):
    paper = Paper(point)
    dev = under_bridge(paper, registers={0x04: b"\x07\x01"})
    assert paper.kernel.pci_reset_function(dev) == 0
    acts = paper.take()
    save = [("r", "01:00.0", where, 4) for where in range(0, 0x40, 4)] + [("r", "01:00.0", 0x06, 2)]
    at = acts.index(save[0])
    assert acts[at : at + 18] == [*save, ("w", "01:00.0", 0x04, 2, 0x0400)]
    at = acts.index(LOCKS[0])
    assert acts[at : at + 2] == LOCKS
    at = acts.index(UNLOCKS[0])
    assert acts[at : at + 2] == UNLOCKS
    assert acts[at + 2] == ("r", "01:00.0", 0x3C, 4)
    # COMMAND is found disabled and put back with the rest of its dword
    assert [act for act in acts[at:] if act[0] == "w"] == [("w", "01:00.0", 0x04, 4, 0x00000107)]


@pytest.mark.parametrize("point", range(8))
def test_pci_reset_function_failing_reset_is_restored_and_returned(point):
    paper = Paper(point)
    dev = under_bridge(paper, registers={0x04: b"\x07\x01", PMCSR: b"\x03\x00"}, pm_cap=0x50, current_state=3)
    assert paper.kernel.pci_reset_function(dev) == -EINVAL
    assert paper.config["01:00.0"][4:6] == b"\x07\x01"
    assert not dev.state_saved


def test_pci_bus_max_busnr_is_the_highest_below(paper):
    root = paper.bus(0)
    root.busn_res.end = 3
    first, second = paper.bus(1, paper.dev(root)), paper.bus(2, paper.dev(root, 8))
    deep = paper.bus(5, paper.dev(first))
    first.busn_res.end, second.busn_res.end, deep.busn_res.end = 1, 2, 9
    assert paper.kernel.pci_bus_max_busnr(root) == 9
    assert paper.kernel.pci_bus_max_busnr(second) == 2


# -- quirks ----------------------------------------------------------------------------------------------------------


INTEL = 0x8086
VF_82599, IVB_M, IVB_M2 = 0x10ED, 0x0156, 0x0166


@pytest.mark.parametrize("point", CHAINS)
def test_reset_intel_82599_sfp_virtfn_starts_the_reset_it_does_not_advertise(point):
    paper = Paper(point)
    dev = under_bridge(paper, registers={DEVCTL: b"\x10\x28"}, vendor=INTEL, device=VF_82599, **pcie(2, 0))
    assert chain(paper, dev, 1) == 0
    assert paper.take() == []  # the C asks no register
    assert chain(paper, dev, 0) == 0
    assert paper.take() == [
        ("r", "01:00.0", DEVSTA, 2),
        ("r", "01:00.0", DEVCTL, 2),
        ("w", "01:00.0", DEVCTL, 2, 0xA810),
        ("msleep", 100),
    ]
    assert paper.said == []


def test_reset_intel_82599_sfp_virtfn_pending_goes_on_after_700_ms(paper):
    dev = under_bridge(paper, registers={DEVSTA: b"\x20\x00"}, vendor=INTEL, device=VF_82599, **pcie(2, 0))
    assert chain(paper, dev, 0) == 0
    assert [act[1] for act in paper.acts if act[0] == "msleep"] == [100, 200, 400, 100]
    assert [level for level, _ in paper.said] == ["err"]
    assert paper.writes() == [(DEVCTL, 2, 0x8000)]


@pytest.mark.parametrize("device", [IVB_M, IVB_M2])
def test_reset_ivb_igd_works_without_a_configuration_cycle(paper, device):
    dev = paper.dev(paper.bus(), vendor=INTEL, device=device)
    assert chain(paper, dev, 1) == 0
    assert chain(paper, dev, 0) == -ENOMEM  # BAR 0 has no address
    dev.resource[0].start = 0xF0000000
    assert chain(paper, dev, 0) == 0
    assert [act for act in paper.take() if act[0] in "rw"] == []


#: A vendor-specific capability at 0x50.
VENDOR_SPECIFIC = listed((0x50, 0x09, []))


@pytest.mark.parametrize("class_", [0x0C0300, 0x0C0320, 0x0C0330, 0x020000])
def test_reset_intel_generic_dev_class_never_fits(paper, class_):
    # dev->class has the programming interface in its low byte, PCI_CLASS_SERIAL_USB has none
    dev = paper.dev(paper.bus(), registers=VENDOR_SPECIFIC, vendor=INTEL, device=0x1E26, class_=class_)
    assert paper.kernel.pci_dev_specific_reset(dev, 1) == -ENOTTY
    assert paper.kernel.pci_dev_specific_reset(dev, 0) == -ENOTTY
    assert paper.take() == []


def test_reset_intel_generic_dev_class_of_no_device_would_write_one(paper):
    dev = paper.dev(paper.bus(), registers=VENDOR_SPECIFIC, vendor=INTEL, device=0x1E26, class_=0x000C03)
    assert paper.kernel.pci_dev_specific_reset(dev, 1) == 0
    assert paper.kernel.pci_dev_specific_reset(dev, 0) == 0
    assert paper.acts[-2:] == [("w", "00:00.0", 0x54, 1, 1), ("msleep", 100)]
    bare = paper.dev(paper.bus(2), vendor=INTEL, device=0x1E26, class_=0x000C03)
    assert paper.kernel.pci_dev_specific_reset(bare, 1) == -ENOTTY


@pytest.mark.parametrize(("vendor", "device"), [(0x10DE, VF_82599), (0x1425, IVB_M)])
def test_pci_dev_specific_reset_other_vendor_is_enotty(paper, vendor, device):
    assert paper.kernel.pci_dev_specific_reset(paper.dev(paper.bus(), vendor=vendor, device=device), 0) == -ENOTTY


@pytest.mark.parametrize(
    ("vendor", "device", "result"),
    [(0x8086, 0x10ED, 11), (0x8086, 0x1000, -ENOTTY), (0x10DE, 0x10ED, 33), (0x1425, 0x4000, -ENOTTY)],
)
def test_pci_dev_specific_reset_first_row_that_fits_decides(paper, vendor, device, result):
    row = paper.kernel.struct_pci_dev_reset_methods
    vars(paper.kernel)["pci_dev_reset_methods"] = (
        row(0x8086, 0x10ED, lambda dev, probe: 10 + probe),
        row(0x8086, 0xFFFF, lambda dev, probe: -ENOTTY),  # no later row is tried even so
        row(0xFFFF, 0x1000, lambda dev, probe: 22),
        row(0xFFFF, 0x10ED, lambda dev, probe: 33),
    )
    assert paper.kernel.pci_dev_specific_reset(paper.dev(paper.bus(), vendor=vendor, device=device), 1) == result
