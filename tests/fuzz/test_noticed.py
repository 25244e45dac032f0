# SPDX-License-Identifier: GPL-2.0-only
"""Each invariant, broken on purpose, is noticed."""

from itertools import count
from random import Random

import engine
import kernels
import machines
import pytest

from kernel_port.hw.fabric import Fabric
from kernel_port.machine import boot

pytestmark = pytest.mark.fuzz


def keep_reading(linked, dev):
    while True:
        linked.pci_read_config_word(dev, 0)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        (lambda linked, dev: linked.device_lock(dev.dev), r"after wrong: \[\('main', \[\('device', "),
        (lambda linked, dev: linked.pci_cfg_access_lock(dev), "after wrong: "),
        (lambda linked, dev: linked.try_module_get(linked.THIS_MODULE), "the module is still held"),
        (lambda linked, dev: linked.msleep(300_000), "wrong"),
        (keep_reading, "50001 events"),
    ],
    ids=["a lock", "access", "a module", "minutes", "for ever"],
)
def test_call_that_leaves_the_kernel_in_a_bad_way_is_noticed(monkeypatch, wrong, told):
    monkeypatch.setitem(kernels.RECIPES, "wrong", lambda rng, booted: wrong(booted.kernel, booted.functions[0]))
    with boot("example:vga", trace_boot=False) as booted:
        kernels.as_module(booted)
        with pytest.raises((AssertionError, engine.Hang), match=told):
            kernels.watched(Random(1), booted, "wrong")


def test_call_that_is_never_the_same_is_noticed(monkeypatch):
    numbers = count()
    monkeypatch.setitem(kernels.RECIPES, "odd", lambda rng, booted: booted.kernel.printk("info", str(next(numbers))))
    monkeypatch.setattr(kernels, "RESETS", ("odd",))
    with pytest.raises(engine.Failure, match="it was not the same"):
        engine.run("odd", kernels.kernel, 100)


def test_errno_that_is_none_is_noticed():
    with boot("example:vga", trace_boot=False) as booted:
        wrong = booted.kernel.pci_bus_max_busnr
        booted.kernel.pci_bus_max_busnr = lambda bus: -4000
        booted.kernel.pci_bus_max_busnr.__annotations__ = wrong.__annotations__
        with pytest.raises(AssertionError, match="which is no errno"):
            kernels.call(Random(1), booted, "pci_bus_max_busnr")


def test_read_that_nobody_answers_and_that_is_not_all_ones_is_noticed(monkeypatch):
    read = Fabric.read
    monkeypatch.setattr(Fabric, "read", lambda *args: 0 if (value := read(*args)) == 0xFFFFFFFF else value)
    with pytest.raises(engine.Failure, match="is 0x0"):
        engine.run("unreachable", machines.hardware, 200)


@pytest.mark.parametrize("where", [0x00, 0x08, 0x2C, 0x34], ids=["vendor", "revision", "subsystem", "capabilities"])
def test_register_that_moves_and_never_does_is_noticed(monkeypatch, where):
    write = Fabric.write

    def moving(self, domain, bus, devfn, *args):
        write(self, domain, bus, devfn, *args)
        function = self.on(domain, bus).get(devfn)
        if function is not None and function.layout.header_type == 0:
            function.put(where, 1, function.get(where, 1) ^ 1)

    monkeypatch.setattr(Fabric, "write", moving)
    with pytest.raises(engine.Failure, match=f"{where:#x}: "):
        engine.run("moving", machines.hardware, 200)
