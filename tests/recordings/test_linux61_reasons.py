# SPDX-License-Identifier: GPL-2.0-only
"""recordings/linux61_reasons.py: a known difference explains what it is about, and nothing else."""

import pytest

from kernel_port.recordings.linux61_reasons import NEW, OLD, VALUE, reason

PORT = frozenset({"bridge", "slot", "root", "link"})
UPSTREAM = frozenset({"bridge", "link"})
ENDPOINT = frozenset({"link"})
INTEGRATED = CONVENTIONAL = frozenset()


@pytest.mark.parametrize(
    ("side", "op", "size", "register", "traits", "about"),
    [
        (OLD, "w", 2, "PCI_EXP_SLTCTL", UPSTREAM, "only where they exist"),
        (OLD, "w", 2, "PCI_EXP_SLTCTL", PORT, ""),
        (OLD, "r", 2, "PCI_EXP_RTCTL", frozenset({"bridge", "slot", "link"}), "only where they exist"),
        (OLD, "r", 2, "PCI_EXP_RTCTL", PORT, ""),
        (OLD, "r", 2, "PCI_EXP_LNKCTL", INTEGRATED, "only where there is a link"),
        (OLD, "r", 2, "PCI_EXP_LNKCTL", ENDPOINT, ""),
        (OLD, "w", 2, "PCI_EXP_SLTSTA", PORT, "no interrupt before its MSI"),
        (NEW, "w", 2, "PCI_EXP_SLTSTA", PORT, ""),
        (NEW, "w", 4, "PCI_PREF_BASE_UPPER32", UPSTREAM, "prefetchable"),
        (NEW, "w", 4, "PCI_PREF_BASE_UPPER32", ENDPOINT, ""),
        (NEW, "r", 2, "PCI_COMMAND", UPSTREAM, "pci_intx_for_msi"),
        (NEW, "w", 4, "PCI_COMMAND", UPSTREAM, ""),
        (NEW, "r", 1, "PCI_INTERRUPT_PIN", ENDPOINT, "reset_done"),
        (NEW, "r", 4, "PCI_VENDOR_ID", UPSTREAM, ""),
        (VALUE, "w", 2, "PCI_EXP_SLTCTL", PORT, "DLLSCE"),
        (VALUE, "r", 2, "PCI_COMMAND", CONVENTIONAL, ""),
    ],
)
def test_reason_depends_on_what_the_function_is(side, op, size, register, traits, about):
    found = reason(side, op, size, (register,), traits)
    assert about in found
    assert bool(about) == bool(found)


def test_reason_of_anything_while_waking_or_going_to_sleep():
    assert "waking" in reason(NEW, "w", 4, ("0xd4",), ENDPOINT, "wake")
    assert "its state is saved" in reason(NEW, "r", 2, ("0xd4",), ENDPOINT, "sleep")
    assert reason(NEW, "r", 2, ("0xd4",), ENDPOINT) == ""


def test_reason_needs_every_register_an_access_touches():
    assert reason(NEW, "r", 4, ("PCI_COMMAND", "PCI_STATUS"), ENDPOINT)
    assert reason(NEW, "r", 4, ("PCI_COMMAND", "0x06"), ENDPOINT) == ""
