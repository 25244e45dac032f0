# SPDX-License-Identifier: GPL-2.0-only
"""The Python API used as it is not meant to be: an ordinary exception says so, and nothing hangs."""

import gc
import multiprocessing
import os
import subprocess
import sys
import threading
import warnings
from contextlib import suppress
from functools import partial

import pytest

import kernel_port
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.kernel.sched import Unusable
from kernel_port.scenarios import Scenario, play


@pytest.fixture
def machine():
    with kernel_port.boot("example:vga") as booted:
        yield booted


def test_machine_carried_over_a_fork_raises_at_once_in_the_child(machine):
    machine.call("pci_reset_bus", machine.bus("01"))  # so that a worker is parked
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            machine.call("pci_reset_bus", machine.bus("01"))
        except Unusable as error:
            machine.close()  # must not wait for threads that are not there
            os.write(write, str(error).encode())
        os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        assert said.read() == "this machine was booted before the process forked: boot another one in the child"
    os.waitpid(child, 0)
    assert machine.call("pci_reset_bus", machine.bus("01")) == 0  # the parent's goes on


def test_machine_in_another_os_thread_raises_there(machine):
    said = []

    def use():
        slot, kernel = machine.slot("1"), machine.kernel
        reset = partial(machine.call, "pci_reset_slot", slot)
        for call in (reset, partial(kernel.pci_reset_slot, slot), partial(kernel.msleep, 1)):
            try:
                call()
            except Exception as error:
                said.append(str(error))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join(20)
    assert said == ["another thread uses this machine: give each thread a machine of its own"] * 3
    assert machine.call("pci_reset_slot", machine.slot("1")) == 0


def test_machine_after_close_raises_an_ordinary_exception():
    with kernel_port.boot("example:vga") as machine:
        slot = machine.slot("1")
    for reset in (partial(machine.call, "pci_reset_slot"), machine.kernel.pci_reset_slot, kernel_port.pci_reset_slot):
        with pytest.raises(RuntimeError, match="this machine was closed"):
            reset(slot)
    machine.close()


def test_argument_of_another_machine_is_refused(machine):
    with kernel_port.boot("example:twoslots") as other:
        before = len(machine.events), len(other.events)
        with pytest.raises(MachineError, match="is not of the machine booted last"):
            kernel_port.pci_reset_slot(machine.slot("1"))
        for target in (machine.slot("1"), machine.bus("01"), machine.function("01:00.0")):
            with pytest.raises(MachineError, match="of another machine"):
                other.call("pci_reset_slot", target)
        assert (len(machine.events), len(other.events)) == before


def test_machine_that_is_not_closed_warns_and_is_cleaned_up():
    def forget():
        machine = kernel_port.boot("example:vga")
        machine.call("pci_reset_bus", machine.bus("01"))
        return machine.system.sched

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        sched = forget()
        gc.collect()
    assert [str(w.message) for w in caught if w.category is ResourceWarning] == ["machine vga was never closed"]
    assert len(sched.threads) == 1


def test_recursion_limit_is_put_back():
    before = sys.getrecursionlimit()
    with kernel_port.boot("example:vga") as machine:
        machine.call("pci_reset_slot", machine.slot("1"))
        assert sys.getrecursionlimit() == before


def scenario(body):
    threads = {"a": lambda m: m.kernel.msleep(10), "b": body}
    return Scenario("example:vga", threads, lambda outcome, patches: "", name="mine", about="Q?")


def forever(act):
    def body(machine):
        while True:
            act(machine)

    return body


SPINS = {
    "schedule": lambda m: m.system.sched.schedule(),
    "udelay": lambda m: m.kernel.udelay(10),
    "read": lambda m: m.kernel.pci_read_config_word(m.function("01:00.0"), 0),
}


@pytest.mark.slow
@pytest.mark.parametrize("spin", SPINS)
def test_thread_that_spins_is_a_livelock_with_its_stack(spin):
    played = play(scenario(forever(SPINS[spin])))
    report = played.outcome.deadlock
    # 200,000 and 4,000 for each of the machine's four functions
    assert report.startswith("livelock: b has made 216,000 accesses, delays and turns without ever sleeping")
    assert "b: runs; holds nothing" in report
    assert played.answer.startswith("Livelock: b has made")


def test_thread_that_swallows_the_end_does_not_hang_close(monkeypatch):
    monkeypatch.setattr("kernel_port.kernel.sched.LAST_WORDS", 0.2)
    enough = threading.Event()

    def deaf(machine):
        while not enough.is_set():
            with suppress(BaseException):
                machine.kernel.msleep(10)

    machine = kernel_port.boot("example:vga")
    machine.system.sched.spawn("b", lambda: deaf(machine))
    machine.kernel.msleep(50)
    with pytest.warns(ResourceWarning, match="thread b does not end with its machine"):
        machine.close()
    enough.set()


def boots(results):
    with kernel_port.boot("example:vga") as machine:
        results.put(machine.call("pci_reset_slot", machine.slot("1")))


def test_forked_child_boots_a_machine_of_its_own(machine):
    context = multiprocessing.get_context("fork")
    results = context.SimpleQueue()
    child = context.Process(target=boots, args=(results,))
    child.start()
    child.join(20)
    assert (child.exitcode, results.get()) == (0, 0)


def test_boot_without_the_global_lock_says_so(monkeypatch, capsys):
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    with pytest.raises(MachineError, match=r"without Python's global lock: run it with PYTHON_GIL=1$"):
        kernel_port.boot("example:vga")
    assert main(["tree", "example:vga"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_subinterpreter_works_or_says_that_it_does_not(monkeypatch, capsys):
    # Python before 3.12 shares its lock with all interpreters; since then cffi refuses to be loaded into one without
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    inner = "import kernel_port; kernel_port.boot('example:vga').close(); print('works')"
    program = f"import {module} as s; i = s.create(); print(s.run_string(i, {inner!r}))"
    done = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert "works" in done.stdout or "does not support loading in subinterpreters" in done.stdout + done.stderr

    monkeypatch.setenv("KERNEL_PORT_DEBUG", "")
    refusal = ImportError("module _cffi_backend does not support loading in subinterpreters")
    monkeypatch.setattr("kernel_port.cli.run", lambda argv: (_ for _ in ()).throw(refusal))
    assert main([]) == 2
    said = f"kernel-port: {refusal}, in Python's words: run kernel-port in the main interpreter\n"
    assert capsys.readouterr().err == said
