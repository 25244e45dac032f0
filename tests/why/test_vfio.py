# SPDX-License-Identifier: GPL-2.0-only
"""What 3.12's vfio-pci would do. Oracles: machines judged by hand from vfio_pci_ioctl() of Linux 3.12."""

from dataclasses import replace

import pytest

from kernel_port.images.machine_toml import parse
from kernel_port.machine import boot
from kernel_port.why.ladder import survey
from kernel_port.why.vfio import hot_reset, lines

#: A card of two functions below a port, on bus 2; another card on bus 3 shares an IOMMU group with the first.
BOARD = """
[[function]]
address = "00:01.0"
kind = "root-port"
bus = [2, 2]
driver = "pcieport"
iommu_group = 13
{port}
[[function]]
address = "02:00.0"
driver = "vfio-pci"
iommu_group = 13
[[function]]
address = "02:00.1"
driver = "snd_hda_intel"
{second}
[[function]]
address = "00:02.0"
kind = "root-port"
bus = [3, 3]
[[function]]
address = "03:00.0"
driver = "nvme"
iommu_group = 13
"""
SLOT = "slot = {number = 7}"


def ask(bdf, port="", second="iommu_group = 14", patches=8):
    description = parse(BOARD.format(port=port, second=second).encode(), "board")
    with boot(description, patches, trace_boot=False) as machine:
        return hot_reset(machine, survey(machine, explain=False), machine.function(bdf))


def said(bdf, **board):
    return " ".join(lines(ask(bdf, **board), bdf, lambda each: each[5:]))


@pytest.mark.parametrize(("port", "kind"), [("", "bus"), (SLOT, "slot")])
def test_hot_reset_takes_the_slot_if_there_is_one_else_the_bus(port, kind):
    hot = ask("0000:02:00.0", port)
    assert (hot.resets.kind, hot.resets.takes) == (kind, ("0000:02:00.0", "0000:02:00.1"))


def test_hot_reset_needs_whole_iommu_groups_and_the_drivers_off_them():
    hot = ask("0000:02:00.0")
    # Group 13 holds the other card, too; pcieport is on VFIO's own list, vfio-pci is what it takes.
    assert hot.groups == {13: ("0000:00:01.0", "0000:02:00.0", "0000:03:00.0"), 14: ("0000:02:00.1",)}
    assert hot.to_release == ("0000:02:00.1", "0000:03:00.0")
    assert "To unbind first: 02:00.1 from snd_hda_intel, 03:00.0 from nvme." in said("0000:02:00.0")


def test_hot_reset_says_which_iommu_groups_are_unknown():
    assert ask("0000:02:00.0", second="").ungrouped == ("0000:02:00.1",)
    assert "The IOMMU group of 02:00.1 is unknown" in said("0000:02:00.0", second="")
    assert "unknown" not in said("0000:02:00.0")


def test_hot_reset_is_not_for_bridges_nor_for_a_root_bus():
    assert ask("0000:00:01.0").bridge
    assert said("0000:00:01.0") == "vfio-pci takes no bridge: only what is below it can be given to a user."
    lone = parse(b'[[function]]\naddress = "00:03.0"\n', "lone")
    with boot(lone, trace_boot=False) as machine:
        hot = hot_reset(machine, survey(machine, explain=False), machine.function("0000:00:03.0"))
    assert (hot.bridge, hot.resets) == (False, None)
    assert "-ENODEV" in " ".join(lines(hot, "0000:00:03.0", str))


def test_hot_reset_of_a_slot_of_which_that_is_unknown_is_unknown():
    description = parse(BOARD.format(port=SLOT, second="").encode(), "board")
    with boot(description, trace_boot=False) as machine:
        found = survey(machine, explain=False)
        found = replace(found, slots=tuple(replace(slot, rc=None) for slot in found.slots))
        hot = hot_reset(machine, found, machine.function("0000:02:00.0"))
    assert (hot.unknown, hot.resets, hot.drivers) == (True, None, {})
    assert next(lines(hot, "0000:02:00.0", str)).startswith("Unknown: ")


def test_hot_reset_before_patch_7_is_not_there():
    assert said("0000:02:00.0", patches=6).endswith("patch 7 adds them.")
