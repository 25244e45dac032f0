# SPDX-License-Identifier: GPL-2.0-only
"""Names from a pci.ids written by hand."""

import pytest

from kernel_port.images import names
from kernel_port.images.names import Names

IDS = b"""# a comment: 8086  Not this
10de  NVIDIA Corporation
\t0a65  GT218 [GeForce 210]
\t\t1043 8334  EN210 SILENT
\t\t10de 0a66  Subsystem, not a device
# in between
\t0be3  High Definition \x1b[31mAudio\x07 Controller
8086  Intel Corporation
\t10d3  82574L

C 02  Network controller
\t00  Ethernet controller
C 03  Display controller
\t00  VGA compatible controller
\t\t00  VGA controller
C 13  Non-Essential Instrumentation
"""
NAMES = Names(IDS)


@pytest.mark.parametrize(("vendor", "name"), [(0x10DE, "NVIDIA Corporation"), (0x8086, "Intel Corporation"), (1, "")])
def test_vendor(vendor, name):
    assert NAMES.vendor(vendor) == name


@pytest.mark.parametrize(
    ("vendor", "device", "name"),
    [
        (0x10DE, 0x0A65, "GT218 [GeForce 210]"),
        (0x8086, 0x10D3, "82574L"),
        (0x10DE, 0x10D3, ""),  # another vendor's
        (0x10DE, 0x0A66, ""),  # a subsystem's
        (0x1043, 0x8334, ""),
    ],
)
def test_device_only_within_its_vendor(vendor, device, name):
    assert NAMES.device(vendor, device) == name


def test_device_name_without_control_characters():
    assert NAMES.device(0x10DE, 0x0BE3) == "High Definition [31mAudio Controller"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        (0x0200, "Ethernet controller"),
        (0x0300, "VGA compatible controller"),
        (0x0380, "Display controller"),
        (0x1300, "Non-Essential Instrumentation"),
        (0x7700, ""),
    ],
)
def test_class_name_of_the_subclass_or_the_class(code, name):
    assert NAMES.class_name(code) == name


def test_names_without_a_file_are_empty():
    nothing = Names(b"")
    assert (nothing.vendor(0x8086), nothing.device(0x8086, 0x10D3), nothing.class_name(0x0200)) == ("", "", "")


def test_installed_is_the_first_list_there_is_or_none(monkeypatch, tmp_path):
    places = tmp_path / "missing", tmp_path / "pci.ids"
    monkeypatch.setattr(names, "PLACES", places)
    assert names.installed.__wrapped__().vendor(0x8086) == ""
    places[1].write_bytes(IDS)
    assert names.installed.__wrapped__().vendor(0x8086) == "Intel Corporation"


def test_ids_of_names_are_the_only_ones_that_have_them():
    names = Names(b"0001  Twice\n1af4  Red Hat, Inc.\n\t1000  Virtio network\n\t1001  One of two\n\t1002  One of two\n"
                  b"1b36  Red Hat\n\t0001  Inc. QEMU\nffff  Twice\nC 02  Network controller\n")  # fmt: skip
    assert names.ids("Red Hat, Inc. Virtio network") == (0x1AF4, 0x1000)
    assert names.ids("Red Hat, Inc. One of two") == (0x1AF4, None)
    assert names.ids("Red Hat, Inc.") == (0x1AF4, None)
    assert names.ids("Red Hat Inc. QEMU") == (0x1B36, 1)
    assert names.ids("Twice anything") == names.ids("nobody") == names.ids("") == (None, None)
