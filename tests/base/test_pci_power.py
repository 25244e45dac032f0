# SPDX-License-Identifier: GPL-2.0-only
"""Power states: which accesses, which delay, which error, worked out from PCI PM 1.2 and the C's order of checks."""

from errno import EINVAL, EIO, ENODEV

import pytest
from paper import Paper, listed

D0, D1, D2, D3HOT, D3COLD, UNKNOWN = range(6)
PMCSR = 0x54  # the capability is at 0x50
IO, MEM, FIXED, ROM_ENABLE, MEM_64 = 0x100, 0x200, 0x10, 0x01, 0x100000


@pytest.fixture
def paper():
    return Paper()


def sleeper(paper, state, hardware=None, **fields):
    """A device with power management whose cached state is *state*; PMCSR says *hardware*."""
    pmcsr = state if hardware is None else hardware
    fields = {"pm_cap": 0x50, "d3_delay": 10, "d1_support": 1, "d2_support": 1, "rom_base_reg": 0x30, **fields}
    return paper.dev(paper.bus(), registers={PMCSR: pmcsr.to_bytes(2, "little")}, current_state=state, **fields)


READ = ("r", "00:00.0", PMCSR, 2)


def write(value):
    return ("w", "00:00.0", PMCSR, 2, value)


@pytest.mark.parametrize(
    ("current", "hardware", "state", "written", "delay"),
    [
        # between D0, D1 and D2 only the two state bits change: PME_Enable 0x0100 stays
        (D0, 0x0100, D1, 0x0101, []),
        (D0, 0x0100, D2, 0x0102, [("udelay", 200)]),
        (D1, 0x0101, D2, 0x0102, [("udelay", 200)]),
        (D2, 0x0102, D0, 0x0100, [("udelay", 200)]),
        (D1, 0x0101, D0, 0x0100, []),
        (D0, 0x0108, D3HOT, 0x010B, [("msleep", 10)]),
        (D2, 0x0102, D3HOT, 0x0103, [("msleep", 10)]),
        # out of D3 the whole word becomes 0
        (D3HOT, 0x010B, D0, 0x0000, [("msleep", 10)]),
        (D3COLD, 0x010B, D0, 0x0000, []),
        (UNKNOWN, 0x0108, D0, 0x0000, []),
    ],
)
def test_pci_set_power_state_transition_writes_and_waits(paper, current, hardware, state, written, delay):
    dev = sleeper(paper, current, hardware)
    assert paper.kernel.pci_set_power_state(dev, state) == 0
    assert paper.take() == [READ, write(written), *delay, READ]
    assert dev.current_state == state


@pytest.mark.parametrize("state", [D0, D1, D2, D3HOT, D3COLD])
def test_pci_set_power_state_already_there_makes_no_access(paper, state):
    dev = sleeper(paper, state)
    assert paper.kernel.pci_set_power_state(dev, state) == 0
    assert paper.kernel.pci_raw_set_power_state(dev, state) == 0
    assert paper.take() == []


@pytest.mark.parametrize(("current", "state"), [(D2, D1), (D3HOT, D1), (D3HOT, D2), (D3COLD, D3HOT)])
def test_pci_set_power_state_step_up_to_other_than_d0_is_einval(paper, current, state):
    dev = sleeper(paper, current)
    assert paper.kernel.pci_set_power_state(dev, state) == -EINVAL
    assert (paper.take(), dev.current_state) == ([], current)
    assert paper.told() == [("err", [current, state])]


def test_pci_set_power_state_from_unknown_to_d3hot_writes_zero(paper):
    # Unknown counts as deeper than anything, so the step is allowed; but out of it the word is always 0.
    dev = sleeper(paper, UNKNOWN, 0x0108)
    assert paper.kernel.pci_set_power_state(dev, D3HOT) == 0
    assert paper.take() == [READ, write(0), ("msleep", 10), READ]
    assert dev.current_state == D0


@pytest.mark.parametrize(("state", "field"), [(D1, "d1_support"), (D2, "d2_support")])
def test_pci_set_power_state_unsupported_is_eio(paper, state, field):
    dev = sleeper(paper, D0, **{field: 0})
    assert paper.kernel.pci_set_power_state(dev, state) == -EIO
    assert paper.take() == []


def test_pci_set_power_state_d3hot_needs_neither_d1_nor_d2(paper):
    dev = sleeper(paper, D0, d1_support=0, d2_support=0)
    assert paper.kernel.pci_set_power_state(dev, D3HOT) == 0
    assert dev.current_state == D3HOT


def test_pci_raw_set_power_state_no_such_state_is_einval(paper):
    dev = sleeper(paper, D0)
    assert paper.kernel.pci_raw_set_power_state(dev, D3COLD) == -EINVAL
    assert paper.kernel.pci_raw_set_power_state(dev, -1) == -EINVAL
    assert paper.take() == []


def test_pci_set_power_state_beyond_the_ends_is_taken_for_the_ends(paper):
    dev = sleeper(paper, D0)
    assert paper.kernel.pci_set_power_state(dev, -1) == 0
    assert paper.take() == []
    # D3cold and beyond: D3hot is as far as registers go, and nobody reports success for the rest
    assert paper.kernel.pci_set_power_state(dev, UNKNOWN) == 0
    assert paper.take() == [READ, write(3), ("msleep", 10), READ]
    assert dev.current_state == D3HOT


@pytest.mark.parametrize("above", [False, True])
def test_pci_set_power_state_d1_d2_forbidden_is_silently_ignored(paper, above):
    bridge = paper.dev(paper.bus(), no_d1d2=int(above))
    dev = paper.dev(paper.bus(1, bridge), pm_cap=0x50, d1_support=1, d2_support=1, no_d1d2=int(not above))
    assert paper.kernel.pci_set_power_state(dev, D1) == 0
    assert paper.kernel.pci_set_power_state(dev, D2) == 0
    assert (paper.take(), dev.current_state) == ([], D0)


def test_pci_set_power_state_no_d3_flag_keeps_it_out_of_d3(paper):
    dev = sleeper(paper, D0, dev_flags=2)
    assert paper.kernel.pci_set_power_state(dev, D3HOT) == 0
    assert (paper.take(), dev.current_state) == ([], D0)
    assert paper.kernel.pci_set_power_state(dev, D1) == 0
    assert dev.current_state == D1


def test_pci_set_power_state_without_capability_is_d0_or_eio(paper):
    dev = paper.dev(paper.bus(), current_state=UNKNOWN)
    assert paper.kernel.pci_set_power_state(dev, D3HOT) == -EIO
    assert dev.current_state == D0  # who cannot change it, is in D0
    dev.current_state = UNKNOWN
    assert paper.kernel.pci_set_power_state(dev, D0) == 0
    assert (paper.take(), dev.current_state) == ([], D0)


def test_pci_set_power_state_refusal_is_reported_and_returns_0(paper):
    dev = sleeper(paper, D0)
    paper.answer(dev, PMCSR, 0, 0)
    assert paper.kernel.pci_set_power_state(dev, D3HOT) == 0
    assert dev.current_state == D0
    assert paper.told() == [("info", [D0])]


def test_pci_set_power_state_global_delay_wins_if_longer(paper):
    vars(paper.kernel)["pci_pm_d3_delay"] = 120
    dev = sleeper(paper, D0, d3_delay=130)
    paper.kernel.pci_set_power_state(dev, D3HOT)
    dev.d3_delay = 10
    paper.kernel.pci_set_power_state(dev, D0)
    assert [act for act in paper.take() if act[0] == "msleep"] == [("msleep", 130), ("msleep", 120)]


def test_pci_set_power_state_runtime_d3cold_waits_for_power(paper):
    dev = sleeper(paper, D3COLD, D0, runtime_d3cold=1, d3cold_delay=100)
    assert paper.kernel.pci_set_power_state(dev, D0) == 0
    assert paper.take() == [("msleep", 100), READ, write(0), READ]


def test_pci_complete_power_transition_d0_is_einval(paper):
    dev = sleeper(paper, D0)
    assert paper.kernel.__dict__["__pci_complete_power_transition"](dev, D0) == -EINVAL
    assert paper.kernel.__dict__["__pci_complete_power_transition"](dev, D3COLD) == -ENODEV


def test_pci_set_power_state_platform_success_overrides_the_registers(paper):
    # No platform is ported; one that succeeds is linked in, as another object file would be.
    vars(paper.kernel)["pci_platform_power_transition"] = lambda dev, state: 0
    dev = paper.dev(paper.bus())
    assert paper.kernel.pci_set_power_state(dev, D3HOT) == 0
    assert paper.take() == []


# -- BARs ------------------------------------------------------------------------------------------------------------


def test_pci_set_power_state_soft_reset_on_waking_restores_bars(paper):
    dev = sleeper(paper, D3HOT, 0x0003)
    dev.resource[0].start, dev.resource[0].flags = 0xFEB00000, MEM
    dev.resource[2].start, dev.resource[2].flags = 0x0001_C000_0000, MEM | MEM_64 | 0xC  # 64-bit, prefetchable
    dev.resource[4].start, dev.resource[4].flags = 0xE000, IO | 0x1
    dev.resource[5].start, dev.resource[5].flags = 0x1F0, IO | FIXED
    dev.resource[6].start, dev.resource[6].flags = 0xFEA00000, MEM | ROM_ENABLE
    paper.config["00:00.0"][4:6] = b"\x07\x04"
    assert paper.kernel.pci_set_power_state(dev, D0) == 0
    assert paper.take() == [
        READ, write(0), ("msleep", 10), READ,
        ("w", "00:00.0", 0x10, 4, 0xFEB00000), ("r", "00:00.0", 0x10, 4),
        # a 64-bit BAR must not decode between its halves: COMMAND 0x0407 without Memory Space, 0x0002
        ("r", "00:00.0", 0x04, 2), ("w", "00:00.0", 0x04, 2, 0x0405),
        ("w", "00:00.0", 0x18, 4, 0xC000000C), ("r", "00:00.0", 0x18, 4),
        ("w", "00:00.0", 0x1C, 4, 0x00000001), ("r", "00:00.0", 0x1C, 4),
        ("w", "00:00.0", 0x04, 2, 0x0407),
        ("w", "00:00.0", 0x20, 4, 0x0000E001), ("r", "00:00.0", 0x20, 4),
        ("w", "00:00.0", 0x30, 4, 0xFEA00001), ("r", "00:00.0", 0x30, 4),
    ]  # fmt: skip
    assert [said for said in paper.said if said[0] == "err"] == []


@pytest.mark.parametrize("hardware", [0x000B, 0x0000])
def test_pci_set_power_state_no_soft_reset_or_not_asleep_leaves_bars_alone(paper, hardware):
    dev = sleeper(paper, D3HOT, hardware)  # No_Soft_Reset is bit 3
    dev.resource[0].start, dev.resource[0].flags = 0xFEB00000, MEM
    assert paper.kernel.pci_set_power_state(dev, D0) == 0
    assert paper.take() == [READ, write(0), ("msleep", 10), READ]


def test_pci_update_resource_bar_that_does_not_take_is_reported(paper):
    dev = paper.dev(paper.bus())
    dev.resource[0].start, dev.resource[0].flags = 0x1_FEB0_0000, MEM | MEM_64 | 0x4
    dev.resource[2].start, dev.resource[2].flags = 0xE000, IO | 0x1
    paper.answer(dev, 0x10, 0xFEA00004)
    paper.answer(dev, 0x14, 0)
    paper.answer(dev, 0x18, 0xE003)  # bits 0 and 1 of an I/O BAR are no address
    paper.kernel.pci_update_resource(dev, 0)
    paper.kernel.pci_update_resource(dev, 2)
    assert [numbers for level, numbers in paper.told() if level == "err"] == [[0, 0xFEB00004, 0xFEA00004], [0, 1, 0]]


@pytest.mark.parametrize(
    ("flags", "held", "reported"),
    [(IO | 0x1, 0xE00D, True), (IO | 0x1, 0xE003, False), (MEM, 0xE00C, False), (MEM, 0xE010, True)],
)
def test_pci_update_resource_only_address_bits_count_as_not_taken(paper, flags, held, reported):
    # Bits 1:0 of an I/O BAR and 3:0 of a memory BAR say of what kind it is.
    dev = paper.dev(paper.bus())
    dev.resource[0].start, dev.resource[0].flags = 0xE000, flags
    paper.answer(dev, 0x10, held)
    paper.kernel.pci_update_resource(dev, 0)
    assert ("err" in [level for level, _ in paper.said]) == reported


def test_pci_update_resource_mmio_always_on_keeps_decoding(paper):
    dev = paper.dev(paper.bus(), mmio_always_on=1)
    dev.resource[0].start, dev.resource[0].flags = 0xFEB00000, MEM | MEM_64 | 0x4
    paper.kernel.pci_update_resource(dev, 0)
    assert paper.writes() == [(0x10, 4, 0xFEB00004), (0x14, 4, 0)]


def test_pci_update_resource_rom_that_is_off_is_not_written(paper):
    dev = paper.dev(paper.bus(), rom_base_reg=0x30)
    dev.resource[6].start, dev.resource[6].flags = 0xFEA00000, MEM
    paper.kernel.pci_update_resource(dev, 6)
    assert paper.take() == []


def test_pci_update_resource_bridge_window_has_no_bar(paper):
    dev = paper.dev(paper.bus())
    dev.resource[7].start, dev.resource[7].flags = 0xE000, IO
    paper.kernel.pci_update_resource(dev, 7)
    assert paper.take() == []
    assert paper.told() == [("err", [7])]


# -- pci_pm_init -----------------------------------------------------------------------------------------------------


def test_pci_pm_init_learns_states_and_switches_wake_up_off(paper):
    # PMC 0xfe03: version 3, D1, D2, PME from all five states; PMCSR 0x8108: PME pending and enabled, No_Soft_Reset
    dev = paper.dev(paper.bus(), registers=listed((0x50, 0x01, b"\x03\xfe\x08\x81")))
    paper.kernel.pci_pm_init(dev)
    assert (dev.pm_cap, dev.d1_support, dev.d2_support) == (0x50, 1, 1)
    assert (dev.pme_support, dev.pme_poll) == (0x1F, 1)
    assert (dev.d3_delay, dev.d3cold_delay) == (10, 100)
    # pending is cleared by writing 1 to it
    assert paper.writes() == [(PMCSR, 2, 0x8008)]


def test_pci_pme_active_enables_when_asked(paper):
    dev = sleeper(paper, D0, 0x0008, pme_support=0x10)
    paper.kernel.pci_pme_active(dev, True)
    assert paper.writes() == [(PMCSR, 2, 0x8108)]
    dev.pme_support = 0
    paper.kernel.pci_pme_active(dev, True)
    assert paper.take() == []


@pytest.mark.parametrize(
    ("pmc", "no_d1d2", "d1", "d2"), [(0x0003, 0, 0, 0), (0x0203, 0, 1, 0), (0x0403, 0, 0, 1), (0x0603, 1, 0, 0)]
)
def test_pci_pm_init_without_wake_up_only_reads(paper, pmc, no_d1d2, d1, d2):
    dev = paper.dev(paper.bus(), registers=listed((0x50, 0x01, pmc.to_bytes(2, "little"))), no_d1d2=no_d1d2)
    dev.d1_support = dev.d2_support = dev.wakeup_prepared = 1  # what was known before does not count
    paper.kernel.pci_pm_init(dev)
    assert (dev.pm_cap, dev.d1_support, dev.d2_support) == (0x50, d1, d2)
    assert (dev.pme_support, dev.pme_poll, dev.wakeup_prepared) == (0, 0, 0)
    assert paper.reads() == [0x06, 0x34, 0x50, 0x52]


def test_pci_pm_init_later_version_is_ignored(paper):
    dev = paper.dev(paper.bus(), registers=listed((0x50, 0x01, b"\x04\xfe")))
    paper.kernel.pci_pm_init(dev)
    assert dev.pm_cap == 0
    assert paper.told() == [("err", [4])]


def test_pci_pm_init_no_capability_leaves_none(paper):
    dev = paper.dev(paper.bus(), pm_cap=0x50, pme_support=1)
    paper.kernel.pci_pm_init(dev)
    assert (dev.pm_cap, dev.pme_support, paper.reads()) == (0, 0, [0x06])
