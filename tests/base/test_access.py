# SPDX-License-Identifier: GPL-2.0-only
"""Config accesses: width, alignment, locking, and the registers of the PCI Express capability.

Oracle: worked out by hand from the PCI Express specification 3.0, section 7.8, and the rules of v3.11 for who has what.
"""

from errno import EINVAL, EIO

import pytest
from paper import Paper, pcie

from kernel_port.kernel.sched import Deadlock

BAD_REGISTER_NUMBER = 0x87
ENDPOINT, LEGACY, ROOT, UPSTREAM, DOWNSTREAM, TO_PCI, RC_END, RC_EC = 0, 1, 4, 5, 6, 7, 9, 10
# offsets of PCIe 3.0, figure 7-13
FLAGS, DEVCAP, DEVCTL, DEVSTA, LNKCAP, LNKCTL, LNKSTA = 0x02, 0x04, 0x08, 0x0A, 0x0C, 0x10, 0x12
SLTCAP, SLTCTL, SLTSTA, RTCTL, RTCAP, RTSTA = 0x14, 0x18, 0x1A, 0x1C, 0x1E, 0x20
DEVCAP2, DEVCTL2, DEVSTA2, LNKCAP2, LNKCTL2, LNKSTA2 = 0x24, 0x28, 0x2A, 0x2C, 0x30, 0x32
SLTCAP2, SLTCTL2, SLTSTA2 = 0x34, 0x38, 0x3A


@pytest.fixture
def paper():
    return Paper()


@pytest.mark.parametrize(("size", "name", "value"), [(1, "byte", 0x78), (2, "word", 0x5678), (4, "dword", 0x12345678)])
def test_pci_bus_read_config_wide_answer_is_masked(paper, size, name, value):
    bus = paper.bus()
    dev = paper.dev(bus, 0x09)
    paper.answer(dev, 0x10, (0x86, 0x9_1234_5678), (0x86, 0x9_1234_5678))
    assert getattr(paper.kernel, f"pci_bus_read_config_{name}")(bus, 0x09, 0x10) == (0x86, value)
    assert getattr(paper.kernel, f"pci_read_config_{name}")(dev, 0x10) == value
    assert paper.take() == [("r", "00:01.1", 0x10, size)] * 2


@pytest.mark.parametrize(("size", "name", "value"), [(1, "byte", 0xBF), (2, "word", 0xFFBF), (4, "dword", 0xFFFFFFBF)])
def test_pci_bus_write_config_complement_is_masked(paper, size, name, value):
    dev = paper.dev(paper.bus(), 0x09)
    assert getattr(paper.kernel, f"pci_write_config_{name}")(dev, 0x3C, ~0x40) == 0
    assert paper.take() == [("w", "00:01.1", 0x3C, size, value)]


def test_pci_write_config_refused_write_gives_its_status(paper):
    dev = paper.dev(paper.bus())
    paper.write_status["00:00.0", 0x04] = 0x86
    assert paper.kernel.pci_write_config_byte(dev, 0x04, 0) == 0x86
    assert paper.kernel.pci_write_config_word(dev, 0x04, 0) == 0x86
    assert paper.kernel.pci_write_config_dword(dev, 0x04, 0) == 0x86


@pytest.mark.parametrize(("name", "where"), [("word", 1), ("word", 0x3F), ("dword", 1), ("dword", 2), ("dword", 0x3F)])
def test_pci_bus_config_misaligned_makes_no_access(paper, name, where):
    dev = paper.dev(paper.bus())
    assert getattr(paper.kernel, f"pci_bus_read_config_{name}")(dev.bus, 0, where) == (BAD_REGISTER_NUMBER, 0)
    assert getattr(paper.kernel, f"pci_bus_write_config_{name}")(dev.bus, 0, where, 1) == BAD_REGISTER_NUMBER
    assert paper.take() == []


# -- user space ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "where"), [("word", 1), ("dword", 1), ("dword", 2), ("dword", 3)])
def test_pci_user_config_misaligned_is_einval_without_access(paper, name, where):
    dev = paper.dev(paper.bus())
    assert getattr(paper.kernel, f"pci_user_read_config_{name}")(dev, where) == (-EINVAL, 0)
    assert getattr(paper.kernel, f"pci_user_write_config_{name}")(dev, where, 1) == -EINVAL
    assert paper.take() == []


@pytest.mark.parametrize(("size", "name", "ones"), [(1, "byte", 0xFF), (2, "word", 0xFFFF), (4, "dword", 0xFFFFFFFF)])
def test_pci_user_config_positive_error_becomes_einval(paper, size, name, ones):
    dev = paper.dev(paper.bus())
    read = getattr(paper.kernel, f"pci_user_read_config_{name}")
    write = getattr(paper.kernel, f"pci_user_write_config_{name}")
    paper.answer(dev, 0x10, (0x86, -1), (-EIO, -1), (0, 1 << 8 * size | 5))
    assert read(dev, 0x10) == (-EINVAL, ones)
    assert read(dev, 0x10) == (-EIO, ones)
    assert read(dev, 0x10) == (0, 5)
    paper.take()
    assert write(dev, 0x10, -1) == 0
    paper.write_status["00:00.0", 0x10] = 0x86
    assert write(dev, 0x10, -1) == -EINVAL
    paper.write_status["00:00.0", 0x10] = -EIO
    assert write(dev, 0x10, -1) == -EIO
    assert paper.take() == [("w", "00:00.0", 0x10, size, ones)] * 3


@pytest.mark.parametrize("name", ["byte", "word", "dword"])
def test_pci_user_config_locked_waits_for_unlock(paper, name):
    dev, other = paper.dev(paper.bus()), paper.dev(paper.bus(1))
    read = getattr(paper.kernel, f"pci_user_read_config_{name}")
    write = getattr(paper.kernel, f"pci_user_write_config_{name}")
    size = {"byte": 1, "word": 2, "dword": 4}[name]
    paper.system.sched.spawn("lspci", lambda: (read(other, 0), read(dev, 0)))
    paper.system.sched.spawn("setpci", lambda: write(dev, 4, 7))
    paper.kernel.pci_cfg_access_lock(dev)
    paper.kernel.msleep(10)
    getattr(paper.kernel, f"pci_read_config_{name}")(dev, 8)  # the kernel itself is never held up
    paper.kernel.pci_cfg_access_unlock(dev)
    paper.kernel.msleep(10)
    assert paper.take() == [
        ("lock", "cfg", "00:00.0"),
        ("msleep", 10),
        ("r", "01:00.0", 0, size),
        ("r", "00:00.0", 8, size),
        ("unlock", "cfg", "00:00.0"),
        ("msleep", 10),
        ("r", "00:00.0", 0, size),
        ("w", "00:00.0", 4, size, 7),
    ]


# -- the lock --------------------------------------------------------------------------------------------------------


def test_pci_cfg_access_lock_held_by_another_waits(paper):
    dev = paper.dev(paper.bus())

    def contender():
        paper.kernel.pci_cfg_access_lock(dev)
        paper.kernel.msleep(1)
        paper.kernel.pci_cfg_access_unlock(dev)

    paper.kernel.pci_cfg_access_lock(dev)
    paper.system.sched.spawn("other", contender)
    paper.kernel.msleep(5)
    paper.kernel.pci_cfg_access_unlock(dev)
    assert dev.block_cfg_access == 0
    paper.kernel.pci_cfg_access_lock(dev)  # free: the other has not run since; it has to wait once more
    paper.kernel.msleep(5)
    paper.kernel.pci_cfg_access_unlock(dev)
    paper.kernel.msleep(5)
    held = [act for act in paper.take() if act[0] != "msleep"]
    lock, unlock, wait = [(op, "cfg", "00:00.0") for op in ("lock", "unlock", "lock_wait")]
    assert held == [lock, wait, unlock, lock, unlock, lock, unlock]


def test_pci_cfg_access_lock_twice_is_a_deadlock(paper):
    dev = paper.dev(paper.bus())
    paper.kernel.pci_cfg_access_lock(dev)
    with pytest.raises(Deadlock, match=r"main waits for cfg lock of 00:00\.0, its own"):
        paper.kernel.pci_cfg_access_lock(dev)


def test_pci_cfg_access_trylock_held_is_refused(paper):
    dev = paper.dev(paper.bus())
    assert paper.kernel.pci_cfg_access_trylock(dev) is True
    assert paper.kernel.pci_cfg_access_trylock(dev) is False
    assert dev.block_cfg_access == 1
    paper.kernel.pci_cfg_access_unlock(dev)
    assert paper.take() == [("lock", "cfg", "00:00.0"), ("unlock", "cfg", "00:00.0")]
    assert paper.said == []


def test_pci_cfg_access_unlock_of_free_warns(paper):
    paper.kernel.pci_cfg_access_unlock(paper.dev(paper.bus()))
    assert [level for level, _ in paper.said] == ["warning"]


def test_pci_cfg_access_lock_in_an_interrupt_warns(paper):
    with paper.system.sched.interrupting("irq 00:1c.0"):
        paper.kernel.pci_cfg_access_lock(paper.dev(paper.bus()))
    assert paper.said == [
        ("warning", "WARNING: may sleep here, and must not: irq 00:1c.0"),
    ]


# -- the PCI Express capability --------------------------------------------------------------------------------------

ALL = {ENDPOINT, LEGACY, ROOT, UPSTREAM, DOWNSTREAM, TO_PCI, RC_END, RC_EC}
#: register -> the kinds that have it in version 1, and in version 2.
PRESENT = {
    FLAGS: (ALL, ALL), DEVCAP: (ALL, ALL), DEVCTL: (ALL, ALL), DEVSTA: (ALL, ALL),
    LNKCAP: ({ROOT, ENDPOINT, LEGACY}, ALL), LNKCTL: ({ROOT, ENDPOINT, LEGACY}, ALL),
    LNKSTA: ({ROOT, ENDPOINT, LEGACY}, ALL),
    SLTCAP: ({ROOT}, ALL), SLTCTL: ({ROOT}, ALL), SLTSTA: ({ROOT}, ALL),
    RTCTL: ({ROOT, RC_EC}, ALL), RTCAP: ({ROOT, RC_EC}, ALL), RTSTA: ({ROOT, RC_EC}, ALL),
    DEVCAP2: (set(), ALL), DEVCTL2: (set(), ALL), LNKCAP2: (set(), ALL), LNKCTL2: (set(), ALL), LNKSTA2: (set(), ALL),
    DEVSTA2: (set(), set()), SLTCAP2: (set(), set()), SLTCTL2: (set(), set()), SLTSTA2: (set(), set()),
}  # fmt: skip


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("kind", sorted(ALL))
def test_pcie_capability_read_word_absent_registers_are_not_read(paper, version, kind):
    dev = paper.dev(paper.bus(), registers={0x40: b"\x5a" * 0x3C}, **pcie(version, kind))
    for pos, kinds in PRESENT.items():
        status, value = paper.kernel.pcie_capability_read_word(dev, pos)
        if kind in kinds[version - 1]:
            assert (status, value, paper.reads()) == (0, 0x5A5A, [0x40 + pos]), hex(pos)
        else:
            # A downstream port without a slot counts as occupied: Presence Detect State, bit 6.
            assert (status, value) == (0, 0x40 if kind == DOWNSTREAM and pos == SLTSTA else 0), hex(pos)
            assert paper.reads() == [], hex(pos)


def test_pcie_capability_read_word_downstream_port_with_slot_is_read(paper):
    dev = paper.dev(paper.bus(), registers={0x40 + SLTSTA: b"\x08\x01"}, **pcie(1, DOWNSTREAM, slot=True))
    assert paper.kernel.pcie_capability_read_word(dev, SLTSTA) == (0, 0x0108)


def test_pcie_capability_read_dword_of_absent_slot_has_presence_in_the_wrong_half(paper):
    dev = paper.dev(paper.bus(), **pcie(1, DOWNSTREAM))
    assert paper.kernel.pcie_capability_read_dword(dev, SLTCTL) == (0, 0x00000040)
    assert paper.kernel.pcie_capability_read_dword(dev, SLTCAP) == (0, 0)
    endpoint = paper.dev(paper.bus(1), **pcie(1, ENDPOINT))
    assert paper.kernel.pcie_capability_read_dword(endpoint, SLTCTL) == (0, 0)
    assert paper.take() == []


def test_pcie_capability_conventional_device_is_never_accessed(paper):
    dev = paper.dev(paper.bus())
    assert paper.kernel.pcie_capability_read_word(dev, DEVSTA) == (0, 0)
    assert paper.kernel.pcie_capability_read_word(dev, SLTSTA) == (0, 0)
    assert paper.kernel.pcie_capability_read_dword(dev, DEVCAP) == (0, 0)
    assert paper.kernel.pcie_capability_read_dword(dev, SLTCTL) == (0, 0)
    assert paper.kernel.pcie_capability_write_word(dev, DEVCTL, 1) == 0
    assert paper.take() == []


def test_pcie_capability_misaligned_is_einval_without_access(paper):
    dev = paper.dev(paper.bus(), **pcie(2, ENDPOINT))
    assert paper.kernel.pcie_capability_read_word(dev, DEVCTL + 1) == (-EINVAL, 0)
    assert paper.kernel.pcie_capability_read_dword(dev, DEVSTA) == (-EINVAL, 0)
    assert paper.kernel.pcie_capability_write_word(dev, DEVCTL + 1, 0) == -EINVAL
    assert paper.kernel.pcie_capability_set_word(dev, DEVCTL + 1, 1) == -EINVAL
    assert paper.take() == []


def test_pcie_capability_read_failing_gives_zero_not_all_ones(paper):
    dev = paper.dev(paper.bus(), **pcie(2, ENDPOINT))
    paper.answer(dev, 0x40 + DEVCAP, (0x86, 0xFFFFFFFF))
    paper.answer(dev, 0x40 + DEVSTA, (0x86, 0xFFFF))
    assert paper.kernel.pcie_capability_read_dword(dev, DEVCAP) == (0x86, 0)
    assert paper.kernel.pcie_capability_read_word(dev, DEVSTA) == (0x86, 0)


def test_pcie_capability_clear_and_set_word_writes_even_what_is_there(paper):
    dev = paper.dev(paper.bus(), registers={0x40 + DEVCTL: b"\x1f\x28"}, **pcie(2, ENDPOINT))
    assert paper.kernel.pcie_capability_clear_and_set_word(dev, DEVCTL, 0, 0) == 0
    assert paper.kernel.pcie_capability_clear_and_set_word(dev, DEVCTL, 0x000F, 0x8001) == 0
    assert paper.kernel.pcie_capability_set_word(dev, DEVCTL, 0x0002) == 0
    assert paper.kernel.pcie_capability_clear_word(dev, DEVCTL, 0x8001) == 0
    # 281f, 281f & ~000f | 8001 = a811, a811 | 0002 = a813, a813 & ~8001 = 2812
    assert paper.writes() == [(0x48, 2, 0x281F), (0x48, 2, 0xA811), (0x48, 2, 0xA813), (0x48, 2, 0x2812)]


def test_pcie_capability_clear_and_set_word_failing_read_is_not_written(paper):
    dev = paper.dev(paper.bus(), **pcie(2, ENDPOINT))
    paper.answer(dev, 0x40 + DEVCTL, (0x86, 0xFFFF))
    assert paper.kernel.pcie_capability_set_word(dev, DEVCTL, 0x8000) == 0x86
    assert paper.writes() == []
