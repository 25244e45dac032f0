# SPDX-License-Identifier: GPL-2.0-only
"""docs/your-own-patch.md as a reader follows it, and the skeleton that kernel-port new writes."""

import re
import shlex

import pytest
from paths import ROOT

from kernel_port.choice import KernelChoice
from kernel_port.cli import main
from kernel_port.link import link
from kernel_port.review.port.flat import source
from kernel_port.scenarios import load, play

PAGE = (ROOT / "docs" / "your-own-patch.md").read_text()


def block(language):
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    return found


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_page_example_mends_the_hole_of_patch_7_as_it_says(folder, capsys):
    command = shlex.split(block("sh"))[1:]
    assert main(command) == 0
    (folder / "mask_bus.py").write_text(block("python"))
    command, _, said = block("console").removeprefix("$ kernel-port ").partition("\n")
    capsys.readouterr()
    assert main(shlex.split(command)) == 0
    assert capsys.readouterr().out == said


def test_page_example_is_short_and_changes_nothing_else(folder):
    text = block("python")
    assert len([line for line in text.splitlines() if line]) <= 25
    (folder / "mask_bus.py").write_text(text)
    mine = KernelChoice.of(8, ["./mask_bus.py"])
    assert play(load("bus-unmasked"), 8).broken
    assert not play(load("bus-unmasked"), mine).broken
    for name in ("calm", "vga", "vfio-bus", "nested"):
        assert play(load(name), mine).broken == play(load(name), 8).broken


@pytest.mark.parametrize("function", ["pci_reset_bus", "pciehp_reset_slot", "__pci_read_base", "vfio_pci_ioctl"])
def test_new_writes_a_module_that_links_and_changes_nothing(folder, capsys, function):
    assert main(["new", "p09_mine.py", "--modifies", function, "--with", "v3.12"]) == 0
    assert capsys.readouterr().out.endswith("kernel-port run SCENARIO --with ./p09_mine.py\n")
    new = KernelChoice.of(8, ["v3.12", "./p09_mine.py"])
    old = KernelChoice.of(8, ["v3.12"])
    assert link(new).symbols[function].startswith("yours.p09_mine_")
    changed = set(source(new).splitlines()) ^ set(source(old).splitlines())
    assert all("p09_mine" in line or "C: " in line for line in changed)


def test_new_names_what_it_is_written_on_top_of(folder):
    assert main(["new", "p09.py", "--modifies", "pcie_flr", "--with", "v3.12"]) == 0
    assert '\nREQUIRES = ("pci-wait-for-pending-transaction",)\n' in (folder / "p09.py").read_text()


def test_new_on_top_of_a_file_imports_what_that_changes_from_the_series(folder):
    text = block("python").replace('("pci_bus_reset",)', '("pci_bus_reset",)\nADDS = ("f",)')
    (folder / "mask_bus.py").write_text(f"{text}\n\ndef f() -> int:\n    return 0\n")
    assert main(["new", "p09.py", "--modifies", "pci_reset_bus", "--with", "./mask_bus.py"]) == 0
    assert main(["new", "p10.py", "--modifies", "pci_bus_reset", "--with", "./mask_bus.py"]) == 0
    link(KernelChoice.of(8, ["./mask_bus.py", "./p09.py", "./p10.py"]))
    assert '\nREQUIRES = ("mask-bus",)\n' in (folder / "p10.py").read_text()


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["there.py", "--modifies", "pci_reset_bus"], "there.py: exists; choose another name, or move it away"),
        (["a-b.py", "--modifies", "pci_reset_bus"], "a-b.py: is not the name of a Python module, such as p09_mine.py"),
        (
            ["p.py", "--modifies", "pci_reset_buss"],
            "linux-3.11+8 has no function pci_reset_buss to modify; did you mean pci_reset_bus",
        ),
        (["p.py", "--modifies", "pci_dev"], "linux-3.11+8 has no function pci_dev to modify"),
        (["p.py", "--modifies", "pci_reset_bus", "--patches", "6"], "linux-3.11+6 has no function pci_reset_bus"),
    ],
)
def test_new_refuses_in_one_line_and_writes_nothing(folder, capsys, argv, said):
    (folder / "there.py").write_text("mine\n")
    assert main(["new", *argv]) == 2
    err = capsys.readouterr().err
    assert err.startswith(f"kernel-port: {said}")
    assert err.count("\n") == 1
    assert [path.read_text() for path in folder.iterdir()] == ["mine\n"]


def test_export_with_what_is_on_top_can_be_imported(folder, monkeypatch):
    assert main(["export", "8", "--with", "v3.12", "-o", "linux312_exported.py"]) == 0
    monkeypatch.syspath_prepend(folder)
    import linux312_exported

    assert linux312_exported.pci_dev_reset_methods[-1].vendor == 0x1425
    assert "ssleep(1)" in (folder / "linux312_exported.py").read_text()


def test_diff_of_a_mend_is_what_it_changes(capsys):
    assert main(["diff", "tune-bus-reset-timing"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "tune-bus-reset-timing: PCI: Tune secondary bus reset timing"
    assert [line for line in lines if line.startswith("-    msleep")] == ["-    msleep(100)"] * 2
    assert "+    msleep(2)" in lines


def test_show_has_the_history_through_the_mends_and_a_file(folder, capsys):
    main(["new", "p09.py", "--modifies", "pci_reset_bridge_secondary_bus"])
    capsys.readouterr()
    assert main(["show", "pci_reset_bridge_secondary_bus", "--with", "./p09.py"]) == 0
    text = capsys.readouterr().out
    order = ["kernel_port/patch/p01", "kernel_port/later/v312_tune_bus_reset_timing.py:", "p09.py:"]
    assert [text.index(each) for each in order] == sorted(text.index(each) for each in order)
    assert "+    msleep(2)" in text
    assert "\np09: pci: What it does, in a line\n" in text
    # the file is on top of the series, not of the mend: what it has of the mend's lines it has not taken out
    assert "-    msleep(2)" not in text


def test_read_of_a_file_shows_what_it_changes(folder, capsys):
    (folder / "mask_bus.py").write_text(block("python"))
    assert main(["read", "./mask_bus.py"]) == 0
    text = capsys.readouterr().out
    assert "══ mask-bus: pci: Mask presence detection when the bus of a slot is reset ══" in text
    assert "static int pci_bus_reset(struct pci_bus *bus, int probe);" in text


def test_read_has_a_mend_beside_its_c(folder, capsys):
    tree = folder / "linux"
    (tree / "drivers" / "pci").mkdir(parents=True)
    (tree / "Makefile").write_text("VERSION = 3\nPATCHLEVEL = 12\nSUBLEVEL = 0\n")
    (tree / "drivers" / "pci" / "pci.c").write_text(
        "void pci_reset_bridge_secondary_bus(struct pci_dev *dev)\n{\n\tmsleep(2);\n\tssleep(1);\n}\n"
    )
    assert main(["read", "tune-bus-reset-timing", "--c", str(tree)]) == 0
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "ssleep(1);" in line]
    assert line.rstrip().endswith("ssleep(1)")
