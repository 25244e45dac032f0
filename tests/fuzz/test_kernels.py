# SPDX-License-Identifier: GPL-2.0-only
"""What the kernel target promises by its name: every public function, at every point of the series."""

import sys
import threading
from contextlib import contextmanager
from random import Random

import kernels
import machines
import pytest

from kernel_port.kernel.sched import Halt
from kernel_port.link import link
from kernel_port.machine import boot

pytestmark = pytest.mark.fuzz
#: By the headers of Linux 3.11 and the series: exported, and not. Static functions and parts of others are not public.
PUBLIC = ("pci_reset_function", "pci_save_state", "pci_update_resource", "pciehp_power_on_slot", "__pci_hp_register")
PRIVATE = ("pci_parent_bus_reset", "init_slot", "pci_size", "ctrl_dbg", "pci_read_config_byte", "msleep")


def test_public_is_what_c_lets_others_call():
    names = kernels.public(link(8))
    assert set(PUBLIC) <= set(names)
    assert not set(PRIVATE) & set(names)
    assert set(link(8).exports) <= set(names)
    assert set(names) - set(kernels.public(link(0))) == {
        "pci_reset_bridge_secondary_bus", "pci_hp_reset_slot", "pciehp_reset_slot", "pci_reset_slot", "pci_reset_bus",
    }  # fmt: skip


@contextmanager
def profiled(entered):
    """Note in *entered* the code of every function that is entered, by whatever thread."""

    def note(frame, event, _arg):
        if event == "call":
            entered.add(frame.f_code)

    threading.setprofile(note)
    sys.setprofile(note)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


@pytest.mark.parametrize("point", range(9))
def test_kernel_calls_every_public_function(point):
    rng, entered = Random(point), set()
    missing = kernels.public(link(point))
    for _ in range(80):
        with boot(machines.machine(rng)[0], point, trace_boot=False) as booted, profiled(entered):
            kernels.as_module(booted)
            for name in missing:
                try:
                    kernels.watched(rng, booted, name)
                except Halt:
                    break
        missing = [name for name in missing if getattr(link(point), name).__code__ not in entered]
    assert not missing
