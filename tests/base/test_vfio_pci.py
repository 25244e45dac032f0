# SPDX-License-Identifier: GPL-2.0-only
"""VFIO's driver: what it does to a device as it takes it, and as users open, reset and close it."""

from errno import EINVAL, ENODEV, ENOTTY

import pytest
from paper import Paper, listed, pcie

CARD = "01:00.0"
COMMAND = 0x04
LOCKS = [("lock", "cfg", CARD), ("lock", "device", CARD)]
UNLOCKS = [("unlock", "device", CARD), ("unlock", "cfg", CARD)]


@pytest.fixture
def paper():
    return Paper()


def card(paper, registers=(), **fields):
    """A card alone behind a bridge, which is how it can be reset, bound to vfio-pci."""
    bridge = paper.dev(paper.bus(), registers={0x3E: b"\x03\x00"})
    dev = paper.dev(paper.bus(1, bridge), registers={COMMAND: b"\x03\x01", **dict(registers)}, **fields)
    assert paper.kernel.vfio_pci_probe(dev) == 0
    paper.take()
    return dev


def device(paper, dev):
    return paper.kernel.dev_get_drvdata(dev.dev)


def opened(paper, dev):
    assert paper.kernel.vfio_group_get_device_fd(device(paper, dev).group, CARD) == 0
    return device(paper, dev)


def loud(paper):
    """The levels of messages that more than developers want to see."""
    return [level for level, _ in paper.said if level != "debug"]


def cycles(acts):
    return [act for act in acts if act[0] in ("r", "w")]


HEADER = [("r", CARD, where, 4) for where in range(0, 0x40, 4)]
NO_CAPABILITIES = ("r", CARD, 0x06, 2)


# -- vfio_pci_probe --------------------------------------------------------------------------------------------------


# The mask is 0x0e, the register's offset: it lets bridges pass, which the C does not mean.
@pytest.mark.parametrize(
    ("header", "result"), [(0x00, 0), (0x80, 0), (0x01, 0), (0x81, 0), (0x02, -EINVAL), (0x82, -EINVAL)]
)
def test_vfio_pci_probe_refuses_cardbus_bridges_alone(paper, header, result):
    dev = paper.dev(paper.bus(1), registers={0x0E: bytes([header])})
    assert paper.kernel.vfio_pci_probe(dev) == result
    assert cycles(paper.take()) == [("r", CARD, 0x0E, 1)]
    assert (device(paper, dev) is None) == (result != 0)


# -- vfio_pci_enable -------------------------------------------------------------------------------------------------


def test_vfio_pci_enable_enables_resets_saves_and_reads_all(paper):
    dev = card(paper)
    opened(paper, dev)
    acts = paper.take()
    # As in the recording p4-mess-vfio-hang: restored, saved, read for the user, and INTx's bit tried.
    tail = [
        *HEADER, NO_CAPABILITIES,  # pci_save_state()
        *HEADER, NO_CAPABILITIES,  # vfio_config_init()
        ("r", CARD, COMMAND, 2), ("w", CARD, COMMAND, 2, 0x0503),
        ("r", CARD, COMMAND, 2), ("w", CARD, COMMAND, 2, 0x0103),
        ("r", CARD, COMMAND, 2),
    ]  # fmt: skip
    assert cycles(acts)[-len(tail) :] == tail
    assert cycles(acts)[0] == ("r", CARD, COMMAND, 2)  # pci_enable_device()
    assert acts.index(LOCKS[0]) < acts.index(LOCKS[1]) < acts.index(("w", "00:00.0", 0x3E, 2, 0x0043))


def test_vfio_pci_enable_second_user_is_given_it_as_it_is(paper):
    dev = card(paper)
    opened(paper, dev)
    paper.take()
    mine = opened(paper, dev)
    assert cycles(paper.take()) == []
    assert mine.device_data.refcnt == 2


def test_vfio_pci_enable_intx_that_is_disabled_is_enabled_for_users(paper):
    dev = card(paper, {COMMAND: b"\x03\x05"})
    opened(paper, dev)
    assert [act for act in cycles(paper.take()) if act[0] == "w" and act[1] == CARD][-3:] == [
        ("w", CARD, COMMAND, 2, 0x0103), ("w", CARD, COMMAND, 2, 0x0503), ("w", CARD, COMMAND, 2, 0x0103),
    ]  # fmt: skip
    assert device(paper, dev).device_data.pci_2_3


def test_vfio_pci_enable_reads_where_the_table_of_msix_is(paper):
    dev = card(paper, listed((0x50, 0x11, b"\x03\x80\x04\x20\x00\x00\x00\x30\x00\x00")), msix_cap=0x50)
    opened(paper, dev)
    vdev = device(paper, dev).device_data
    assert cycles(paper.take())[-2:] == [("r", CARD, 0x52, 2), ("r", CARD, 0x54, 4)]
    assert (vdev.msix_bar, vdev.msix_offset, vdev.msix_size) == (4, 0x2000, 4 * 16)


@pytest.mark.parametrize("point", range(9))
def test_vfio_pci_enable_that_cannot_reset_still_opens(point):
    paper = Paper(point)
    dev = card(paper)
    paper.dev(dev.bus, 8)  # another card: the bus cannot be reset for this one
    mine = opened(paper, dev)
    paper.take()
    assert paper.kernel.vfio_device_fops_unl_ioctl(mine, paper.kernel.VFIO_DEVICE_RESET, 0) == -EINVAL
    assert cycles(paper.take()) == []
    paper.kernel.vfio_device_fops_release(mine)
    assert [act for act in paper.take() if act[0] == "lock" and act[1] in ("cfg", "device")] == []


# -- vfio_pci_ioctl --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("point", range(9))
def test_vfio_pci_ioctl_resets_as_pci_reset_function(point):
    paper, other = Paper(point), Paper(point)
    dev, same = card(paper), card(other)
    mine = opened(paper, dev)
    opened(other, same)
    paper.take(), other.take()
    assert paper.kernel.VFIO_DEVICE_RESET == 0x3B6F  # _IO(';', 111)
    assert paper.kernel.vfio_device_fops_unl_ioctl(mine, paper.kernel.VFIO_DEVICE_RESET, 0) == 0
    assert other.kernel.pci_reset_function(same) == 0
    assert paper.take() == other.take()


def test_vfio_pci_ioctl_unknown_is_enotty(paper):
    mine = opened(paper, card(paper))
    assert paper.kernel.vfio_device_fops_unl_ioctl(mine, 0x3B70, 0) == -ENOTTY


# -- vfio_pci_disable ------------------------------------------------------------------------------------------------


def test_vfio_pci_disable_resets_and_restores_what_was_on_opening(paper):
    dev = card(paper, {0x10: b"\x00\x00\x00\xe0"})
    mine = opened(paper, dev)
    paper.config[CARD][0x10:0x14] = b"\x00\x00\x00\xf0"  # the user's doing
    paper.take()
    paper.kernel.vfio_device_fops_release(mine)
    acts = paper.take()
    assert cycles(acts)[:2] == [("r", CARD, COMMAND, 2), ("w", CARD, COMMAND, 2, 0x0400)]
    assert [act for act in acts if act in (*LOCKS, *UNLOCKS)] == LOCKS + UNLOCKS
    assert [act for act in cycles(acts) if act[0] == "w" and act[1] != CARD] == [
        ("w", "00:00.0", 0x3E, 2, 0x0043), ("w", "00:00.0", 0x3E, 2, 0x0003),
    ]  # fmt: skip
    assert [act[2:] for act in cycles(acts) if act[0] == "w" and act[1] == CARD][1:] == [
        (0x10, 4, 0xE0000000), (COMMAND, 4, 0x00000103),
    ]  # fmt: skip
    assert (loud(paper), mine.device_data.vconfig) == ([], None)


@pytest.mark.parametrize("lock", ["cfg", "device"])
def test_vfio_pci_disable_waits_for_no_lock(paper, lock):
    dev = card(paper)
    mine = opened(paper, dev)
    kernel = paper.kernel
    take = {"cfg": kernel.pci_cfg_access_lock, "device": lambda dev: kernel.device_lock(dev.dev)}
    take[lock](dev)
    paper.take()
    kernel.vfio_device_fops_release(mine)  # a lock taken twice would be a deadlock
    acts = paper.take()
    assert [act for act in acts if act[0] == "w" and act[1] == "00:00.0"] == []
    assert cycles(acts)[-1] == NO_CAPABILITIES  # restored all the same
    assert loud(paper) == ["warning"]
    assert dev.block_cfg_access == (lock == "cfg")  # what was taken is given back


# -- vfio_pci_remove -------------------------------------------------------------------------------------------------


def test_vfio_pci_remove_waits_until_the_last_user_has_closed(paper):
    dev = card(paper)
    mine = opened(paper, dev)
    kernel, sched = paper.kernel, paper.system.sched
    over = []
    sched.spawn("remove", lambda: over.append(kernel.vfio_pci_remove(dev)))
    sched.schedule()
    kernel.msleep(60_000)
    assert over == []
    assert device(paper, dev) is mine
    kernel.vfio_device_fops_release(mine)
    sched.settle()
    assert (over, device(paper, dev)) == ([None], None)


def test_vfio_pci_remove_without_users_goes_at_once(paper):
    dev = card(paper)
    group = device(paper, dev).group
    paper.kernel.vfio_pci_remove(dev)
    assert cycles(paper.take()) == []
    assert group.device_list == []
    assert paper.kernel.vfio_group_get_device_fd(group, CARD) == -ENODEV


# -- vfio_config_init ------------------------------------------------------------------------------------------------


def read_for_user(paper, registers, **fields):
    """The cycles that read the capabilities for the user, and what the user sees."""
    dev = card(paper, registers, **fields)
    vdev = device(paper, dev).device_data
    assert paper.kernel.vfio_config_init(vdev) == 0
    acts = cycles(paper.take())
    assert acts[:17] == [*HEADER, NO_CAPABILITIES]
    return [act[2:] for act in acts[17:]], vdev.vconfig


@pytest.mark.parametrize(
    ("capability", "data", "asked", "length"),
    [
        (0x01, b"\x03\x00", [], 8),  # power management
        (0x05, b"\x00\x00", [(0x52, 2)], 10),  # MSI
        (0x05, b"\x80\x00", [(0x52, 2)], 14),  # with 64 bits
        (0x05, b"\x80\x01", [(0x52, 2)], 24),  # and masks
        (0x07, b"\x00\x00", [(0x52, 2)], 8),  # PCI-X
        (0x07, b"\x00\x10", [(0x52, 2)], 24),  # of version 1
        (0x09, b"\x0b", [(0x52, 1)], 11),  # vendor specific: its own word
        (0x08, b"\x00\x00", [(0x53, 1)], 28),  # HyperTransport
        (0x08, b"\x00\x20", [(0x53, 1)], 24),
        (0x11, b"\x00\x00", [], 12),  # MSI-X
        (0x12, b"\x10\x00\x08\x00", [(0x54, 1)], 8),  # SATA
        (0x12, b"\x10\x00\x0f\x00", [(0x54, 1)], 16),
        (0x13, b"\x06\x03", [], 6),  # Advanced Features
    ],
)
def test_vfio_cap_init_reads_each_capability_in_its_length(paper, capability, data, asked, length):
    reads, _ = read_for_user(paper, listed((0x50, capability, data)))
    filled = [(0x50 + at, 4) for at in range(0, length & ~3, 4)]
    filled += [(0x50 + (length & ~3), 2)] * bool(length & 2) + [(0x50 + (length & ~1), 1)] * bool(length & 1)
    assert reads == [(0x34, 1), (0x50, 1), (0x51, 1), *asked, *filled]


def test_vfio_cap_init_hides_what_no_user_needs(paper):
    reads, seen = read_for_user(paper, listed((0x50, 0x0D, b""), (0x60, 0x01, b""), (0x70, 0x06, b"")))
    assert (seen[0x34], seen[0x61]) == (0x60, 0)
    assert [where for where, size in reads if size == 4] == [0x60, 0x64]
    assert loud(paper) == ["info", "info"]


def test_vfio_cap_init_all_hidden_is_no_list(paper):
    _, seen = read_for_user(paper, listed((0x50, 0x0D, b"")))
    assert seen[0x06] & 0x10 == 0


@pytest.mark.parametrize(("version", "length"), [(1, 20), (2, 44)])
def test_vfio_ecap_init_follows_the_list_of_a_pci_express_function(paper, version, length):
    # AER at 0x100, a serial number at 0x140, LTR behind; device reads as long as the C's table says: 0x2c, 12, 8
    header = {0x100: b"\x01\x00\x01\x14", 0x140: b"\x03\x00\x01\x15", 0x150: b"\x18\x00\x01\x00"}
    fields = {**pcie(version, 0), "cfg_size": 4096}
    cap = fields["pcie_cap"]
    reads, seen = read_for_user(paper, {**listed((cap, 0x10, bytes([version, 0]))), **header}, **fields)
    extended = [read for read in reads if read[0] >= 0x100]
    assert [read for read in reads if cap < read[0] < 0x100 and read[1] == 4] == [
        (cap + at, 4) for at in range(4, length, 4)
    ]
    assert extended == [
        (0x100, 4), *[(0x100 + at, 4) for at in range(0, 0x2C, 4)],
        (0x140, 4), *[(0x140 + at, 4) for at in range(0, 12, 4)],
        (0x150, 4), *[(0x150 + at, 4) for at in range(0, 8, 4)],
    ]  # fmt: skip
    assert seen[0x100:0x104] == header[0x100]


def test_vfio_ecap_init_first_of_an_id_of_two_bytes_is_emptied(paper):
    # found by the fuzzer: memset() of the C takes the lower byte of ID 0x0123
    header = {0x100: b"\x23\x01\x01\x14", 0x140: b"\x03\x00\x01\x00"}
    fields = {**pcie(2, 0), "cfg_size": 4096}
    _, seen = read_for_user(paper, {**listed((fields["pcie_cap"], 0x10, b"\x02\x00")), **header}, **fields)
    assert seen[0x100:0x104] == b"\x00\x00\x00\x14"


def test_vfio_ecap_init_hidden_ones_are_left_out_and_the_first_is_emptied(paper):
    header = {
        0x100: b"\x05\x00\x01\x14",
        0x140: b"\x03\x00\x01\x15",
        0x150: b"\x12\x00\x01\x16",
        0x160: b"\x19\x00\x01\x00",
    }
    fields = {**pcie(2, 0), "cfg_size": 4096}
    _, seen = read_for_user(paper, {**listed((fields["pcie_cap"], 0x10, b"\x02\x00")), **header}, **fields)
    assert seen[0x100:0x104] == b"\x00\x00\x00\x14"
    assert loud(paper) == ["info", "info"]  # 0x05 and 0x19
    assert seen[0x150:0x154] == b"\x12\x00\x01\x00"
    assert len(seen[0x150:0x178]) == 40
