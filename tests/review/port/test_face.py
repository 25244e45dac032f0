# SPDX-License-Identifier: GPL-2.0-only
"""What tools see of the kernel: stub files that name every symbol, and dir()."""

import subprocess
import sys

import pytest
from paths import ROOT

import kernel_port
from kernel_port.link import link
from kernel_port.review.port import face

PROGRAM = """\
import kernel_port
from kernel_port.kernel.structs import pci_dev, pci_slot

def call(slot: pci_slot, dev: pci_dev) -> None:
    machine = kernel_port.boot("example:vga")
    machine.kernel.pci_reset_slot(machine.slot("1"))
    kernel_port.pci_reset_slot(slot)
    kernel_port.pci_set_power_state(dev, kernel_port.PCI_D3hot)
    machine.kernel.pci_rset_slot
    kernel_port.pci_rset_slot
    kernel_port.pci_reset_slot(1, 2)
    machine.kernel.pci_reset_slot(machine.function("01:00.0"))
    reveal_type(machine.kernel.pci_reset_slot)
    reveal_type(kernel_port.__pci_dev_reset)
    reveal_type(machine.kernel.pciehp_poll_mode)
    reveal_type(machine.kernel.hotplug_slot_ops().reset_slot)
"""
#: Line of the program -> how what mypy says of it begins.
TOLD = {
    9: ['error: "Kernel" has no attribute "pci_rset_slot"'],
    10: ['error: Module has no attribute "pci_rset_slot"'],
    11: [
        "error: Too many arguments",
        'error: Argument 1 has incompatible type "int"; expected "pci_slot"',
    ],
    12: ['error: Argument 1 has incompatible type "pci_dev"; expected "pci_slot"'],
    13: ['note: Revealed type is "def (slot: kernel_port.kernel.structs.pci_slot) -> int"'],
    14: ['note: Revealed type is "def (dev: kernel_port.kernel.structs.pci_dev, probe: int) -> int"'],
    15: ['note: Revealed type is "bool"'],
    16: ['note: Revealed type is "def (kernel_port.base.pci_hotplug.hotplug_slot, int) -> int"'],
}


@pytest.mark.parametrize("path", face.files(), ids=lambda path: path.name)
def test_stub_is_what_the_source_makes_it(path):
    assert path.read_text() == face.files()[path], "run: python -m kernel_port.review.port.face"


@pytest.mark.slow
def test_types_know_every_kernel_function(tmp_path):
    pytest.importorskip("mypy")
    (tmp_path / "program.py").write_text(PROGRAM)
    command = [sys.executable, "-m", "mypy", "--strict", "--hide-error-codes", "--no-error-summary"]
    program = str(tmp_path / "program.py")
    done = subprocess.run([*command, program], cwd=ROOT, check=False, capture_output=True, text=True)
    told = {}
    for line in done.stdout.splitlines():
        _, number, words = line.split(":", 2)
        told.setdefault(int(number), []).append(words.strip())
    assert told.keys() == TOLD.keys()
    for number, starts in TOLD.items():
        assert [words[: len(start)] for words, start in zip(told[number], starts, strict=True)] == starts


def test_dir_names_boot_and_every_exported_symbol():
    names = dir(kernel_port)
    assert {"boot", "__version__", *link(8).exports} <= set(names)
    assert {"pci_reset_slot", "pci_reset_bus", "pci_dev", "__pci_dev_reset"} <= set(names)
    assert [name for name in names if not hasattr(kernel_port, name)] == []


def test_dir_of_a_kernel_names_its_symbols():
    assert {"pci_reset_slot", *link(8).symbols} <= set(dir(link(8)))
    assert "pci_reset_slot" not in dir(link(6))


def test_import_links_nothing():
    program = "import sys, kernel_port; print(*[name for name in sys.modules if name.startswith('kernel_port.')])"
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    assert done.stdout == "\n"
