# SPDX-License-Identifier: GPL-2.0-only
"""QEMU itself: as the hardware of a machine, and as the judge of our hardware model, whose quirks "qemu" are those of
QEMU 7.2. Other versions may have other registers."""

import shutil
from dataclasses import replace
from random import Random

import pytest
from qemu_machines import Cycles, Words, named

import kernel_port
from kernel_port.cli import main
from kernel_port.hw.clock import Clock
from kernel_port.hw.errors import MachineError
from kernel_port.hw.fabric import Fabric
from kernel_port.images import load
from kernel_port.qemu import QemuFabric
from kernel_port.qemu.process import PROGRAM

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shutil.which(PROGRAM), reason=f"no {PROGRAM}"),
]

CARD = "qemu:-device pcie-root-port,id=p,addr=1c.0,chassis=1,slot=1 -device e1000e,bus=p"
#: 100,000 cycles in all.
MACHINES, CYCLES = range(50), 2000


def first_difference(description, cycles, count):
    """Drive the model and QEMU with the same cycles; return where they first answer differently, None if nowhere."""
    model, qemu = Fabric(replace(description, qemu=""), Clock()), QemuFabric(description, Clock())
    try:
        sweep, done = iter(()), []
        while len(done) < count:
            for cycle in [*sweep, *cycles.next()]:
                kind, *access = cycle
                done.append(cycle)
                answers = [getattr(fabric, {"r": "read", "w": "write"}[kind])(0, *access) for fabric in (model, qemu)]
                if answers[0] != answers[1]:
                    last = ", ".join(map(named, done[-6:]))
                    return f"cycle {len(done)}: model {answers[0]:#x}, QEMU {answers[1]:#x} behind {last}"
            sweep = cycles.sweep() if len(done) % 100 < 3 else ()
        return None
    finally:
        qemu.close()
        model.close()


@pytest.mark.parametrize("seed", MACHINES)
def test_model_answers_as_qemu_does(seed):
    """No difference is left to explain. What Cycles leaves out, and why, is in qemu_machines.unmodelled()."""
    random = Random(seed)
    description = load(f"qemu:{Words(random).text()}")
    assert first_difference(description, Cycles(description, random), CYCLES) is None, description.qemu


@pytest.mark.parametrize(("quirks", "differs"), [("qemu", False), ("", True)])
def test_comparison_tells_qemu_from_silicon(quirks, differs):
    random = Random(1)
    description = replace(load(CARD), quirks=quirks)
    assert (first_difference(description, Cycles(description, random), CYCLES) is not None) == differs


@pytest.mark.parametrize("seed", range(10))
def test_scan_numbers_the_buses_as_firmware_does(seed):
    with kernel_port.boot(f"qemu:{Words(Random(seed)).text()}") as machine:
        found = {(str(dev.dev.name), dev.subordinate and dev.subordinate.number) for dev in machine.functions}
        for function in machine.description.functions:
            bridge = function.config[0x0E] & 0x7F
            assert (str(function.address), function.config[0x19] if bridge else None) in found


def test_reset_of_a_slot_is_seen_and_restored(capsys):
    assert main(["reset", CARD, "slot:1"]) == 0
    out = capsys.readouterr().out
    # QEMU completes commands at once, and the port is interrupted for it. A reset of e1000e takes its addresses away.
    assert "interrupt of 0000:00:1c.0" in out
    assert "0000:01:00.0  hot reset at 0.000 ms; 6 registers lost, 6 restored" in out


def test_why_finds_a_soft_reset_that_is_none(capsys):
    assert main(["why", CARD, "01:00.0"]) == 0
    said = " ".join(capsys.readouterr().out.split())
    assert "slot 1 (port 00:1c.0)? Not tried: each trial would take a boot of this machine. kernel-port convert" in said
    assert "No, not alone: pci_reset_function() returns 0 and does nothing: 01:00.0 ignores it." in said


def test_tree_watch_and_run_work_on_it(capsys, tmp_path):
    assert main(["tree", CARD]) == 0
    assert "8086:10d3" in capsys.readouterr().out
    assert main(["watch", CARD, "slot:1", "-o", str(tmp_path / "page.html")]) == 0
    capsys.readouterr()
    assert main(["run", "mess", "--machine", CARD]) == 0
    out = capsys.readouterr().out
    assert "returned    main: 0" in out
    assert "Answer" not in out  # it is about the scenario's own machine


def test_same_machine_and_call_make_the_same_trace():
    traces = []
    for _ in range(2):
        with kernel_port.boot(CARD) as machine:
            machine.call("pci_reset_slot", machine.slot("1"))
            traces.append([(event.time, event.op, event.args) for event in machine.boot_events + machine.events])
    assert traces[0] == traces[1] != []


@pytest.mark.parametrize("words", ["-device e1000e,bus=nowhere", "-device nvme", "-device VGA,addr=77"])
def test_refusal_of_qemu_is_one_line_and_exit_status_2(capsys, words):
    assert main(["tree", f"qemu:{words}"]) == 2
    out, err = capsys.readouterr()
    assert (out, err.count("\n")) == ("", 1)
    assert err.startswith("kernel-port: qemu: -device")


def test_end_of_qemu_is_one_line():
    with kernel_port.boot(CARD) as machine:
        machine.fabric._qemu._process.kill()
        with pytest.raises(MachineError, match="qemu-system-x86_64 has ended with status -9"):
            machine.call("pci_reset_slot", machine.slot("1"))
