# SPDX-License-Identifier: GPL-2.0-only
"""QEMU as the hardware of a machine. In the place of QEMU is our own model, behind the same wire."""

import sys
from functools import partial

import pytest
from paths import TESTS

import kernel_port
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.images import load
from kernel_port.qemu import fabric
from kernel_port.qemu.process import Qemu
from kernel_port.scenarios._script import press_button

WORDS = "qemu:-device e1000e"


@pytest.fixture
def serve(monkeypatch):
    """Have this machine behind the wire."""

    def serve(machine):
        command = (sys.executable, str(TESTS / "qemu/fake_qemu.py"), str(machine))
        monkeypatch.setattr(fabric, "Qemu", partial(Qemu, command=command))

    return serve


def registers(machine, bdf, where, size):
    dev = machine.function(bdf)
    return machine.fabric.read(0, dev.bus.number, dev.devfn, where, size)


def test_load_describes_what_is_there_as_firmware_leaves_it(serve):
    serve("example:twoslots")
    found, original = load(WORDS), load("example:twoslots")
    assert (found.quirks, found.qemu) == ("qemu", "-device e1000e")
    assert [(str(f.address), f.config[:4], f.rom) for f in found.functions] == [
        (str(f.address), f.config[:4], f.rom) for f in original.functions
    ]
    # BAR sizes are those the original has, however they were found out.
    assert [f.bars for f in found.functions] == [f.bars for f in original.functions]


def test_boot_numbers_the_buses_by_the_ports_own_scan(serve):
    # Depth first: behind 00:03.0 is 01:00.0, behind that 02:05.0 and 02:08.0, with a card each.
    serve("example:nested")
    with kernel_port.boot(WORDS) as machine:
        written = [e.args for e in machine.boot_events if e.op == "w" and e.args[1:3] == (0x18, 4) and e.args[3]]
        numbers = {bdf: value >> 8 & 0xFF for bdf, _, _, value in written}
        buses = {"0000:00:03.0": 1, "0000:01:00.0": 2, "0000:02:05.0": 3, "0000:02:08.0": 4}
        assert {bdf: numbers.get(bdf) for bdf in buses} == buses
        described = {str(function.address) for function in machine.description.functions}
        assert {str(dev.dev.name) for dev in machine.functions} == described


@pytest.mark.slow
@pytest.mark.parametrize("patches", [4, 8])
def test_reset_is_that_of_the_model_with_the_same_quirks(serve, patches, tmp_path):
    """Each event, after a boot from the same registers; the hardware's resets, which QEMU does not tell, included."""
    serve("example:twoslots")
    kernel_port.images.save(load(WORDS), tmp_path / "copy.toml")
    traces = []
    for source in (WORDS, tmp_path / "copy.toml"):
        with kernel_port.boot(source, patches=patches) as machine:
            rc = machine.call("pci_reset_function", machine.function("01:00.0"))
            traces.append((rc, [(event.op, event.args) for event in machine.events]))
    assert traces[0] == traces[1]
    assert ("hw", ("hot reset", "0000:01:00.0")) in traces[0][1]


def test_sleep_that_resets_nothing_is_told(serve):
    serve("example:vga")
    with kernel_port.boot(WORDS) as machine:
        assert machine.call("pci_reset_function", machine.function("01:00.0")) == 0
        assert ("soft reset ignored", "0000:01:00.0") in [event.args for event in machine.events if event.op == "hw"]


def test_function_level_reset_is_told_of_who_lost_registers(serve):
    serve("example:nested")
    with kernel_port.boot(WORDS) as machine:
        flr = [dev for dev in machine.functions if machine.kernel.pcie_flr(dev, 1) == 0]
        machine.events.clear()
        dev = flr[-1]
        assert machine.call("pci_reset_function", dev) == 0
        assert [e.args for e in machine.events if e.op == "hw"] == [("function level reset", str(dev.dev.name))]


def test_cards_and_buttons_cannot_be_moved(serve):
    serve("example:vga")
    with kernel_port.boot(WORDS) as machine, pytest.raises(MachineError, match=r"buttons .* cannot be moved"):
        press_button(machine, "0000:00:1c.0")


def test_function_that_nobody_reaches_is_as_it_was_last_seen(serve):
    serve("example:vga")
    with kernel_port.boot(WORDS) as machine:
        address = machine.description.functions[-1].address
        seen = machine.fabric.config(address)
        machine.fabric.write(0, 0, 0x1C << 3, 0x18, 4, 0)
        assert machine.fabric.read(0, 1, 0, 0, 4) == 0xFFFFFFFF
        assert machine.fabric.config(address) == seen


@pytest.mark.slow
@pytest.mark.parametrize("command", [["tree"], ["why"], ["why", "01:00.0"], ["why", "slot:1"], ["reset", "slot:1"]])
def test_commands_work_on_it(serve, capsys, command):
    serve("example:vga")
    name, *target = command
    assert main([name, WORDS, *target]) == 0
    assert "01:00.0" in capsys.readouterr().out


def test_convert_works_on_it(serve, tmp_path):
    serve("example:vga")
    assert main(["convert", WORDS, "-o", str(tmp_path / "copy.txt")]) == 0
    assert len(load(tmp_path / "copy.txt").functions) == 4


def test_run_plays_a_scenario_on_it(serve, capsys):
    serve("example:twoslots")
    assert main(["run", "mess", "--machine", WORDS, "-q"]) == 0
    out = capsys.readouterr().out
    assert "reset       0000:01:00.0: hot reset; registers restored" in out
    assert "Answer" not in out  # it is about the scenario's own machine


def test_run_on_a_machine_without_what_it_names_says_so(serve, capsys):
    serve("example:vga")
    assert main(["run", "two-slots", "--machine", WORDS]) == 2
    assert "there is no bus 02; there is 0000:00, 0000:01" in capsys.readouterr().err


def test_registers_in_a_file_are_refused_before_it_is_written(serve, capsys, tmp_path):
    serve("example:vga")
    assert main(["reset", WORDS, "slot:1", "--live", str(tmp_path / "live.ecam")]) == 2
    assert "--live: the registers of this machine are in QEMU" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_output_beside_a_long_name_is_written(serve, tmp_path):
    serve("example:vga")
    words = f"{WORDS},id={'x' * 300}"
    assert main(["convert", words, "-o", str(tmp_path / "copy.txt")]) == 0
    assert main(["convert", words, "-o", str(tmp_path / "copy.txt")]) == 0
