# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port list and show. Oracles: the merged commits' diffstats, and the source lines themselves."""

import json
from pathlib import Path

import pytest

import kernel_port
from kernel_port.cli import main
from kernel_port.link import link
from kernel_port.series import PATCHES

PACKAGE = Path(kernel_port.__file__).parent


def out(capsys, *argv):
    status = main([*argv])
    return status, capsys.readouterr().out


def test_list_names_all_eight_patches_in_order(capsys):
    status, text = out(capsys, "list")
    subjects = [line[4:] for line in text.splitlines() if line[1:3] == "/8"]
    assert status == 0
    assert subjects == [patch.subject for patch in PATCHES]
    assert subjects[2:5] == [
        "pci: Add pci_hp_reset_slot",
        "pci: Implement reset_slot for pciehp",
        "pci: Add reset_slot option to pci_dev_reset",
    ]
    assert "\n              drivers/pci/pci.c +23 -9, include/linux/pci.h +1 -0\n" in text
    assert "\n    posted    drivers/pci/pci.c (lines not known)\n" in text
    assert "\n7 files, 370 insertions, 26 deletions;" in text
    assert "\033" not in text


def counts(capsys, key):
    _, text = out(capsys, "list", "--json")
    return {(p["number"], Path(f["path"]).name): (f["added"], f["removed"]) for p in json.loads(text) for f in p[key]}


def test_list_json_has_the_merged_counts(capsys):
    # The cover letter: 26 deletions, all in pci.c. Merged: patch 1 takes out 9 lines, patch 6 takes out 17.
    removed = {place: cut for place, (_, cut) in counts(capsys, "merged_files").items() if cut}
    assert removed == {(1, "pci.c"): 9, (6, "pci.c"): 17}


def test_list_json_has_of_the_posted_counts_what_the_cover_letter_leaves(capsys):
    # pci.c is changed by five patches, so its 313 lines are nobody's; every other line of the letter is one patch's.
    posted = counts(capsys, "files")
    unknown = {place for place, lines in posted.items() if lines == (None, None)}
    assert unknown == {(1, "pci.c"), (5, "pci.c"), (6, "pci.c"), (7, "pci.c"), (8, "pci.c")}
    assert {place: added for place, (added, _) in posted.items() if place not in unknown} == {
        (1, "pci.h"): 1, (7, "pci.h"): 2, (2, "pci_hotplug.h"): 4, (3, "pci_hotplug.h"): 8,
        (3, "pci_hotplug_core.c"): 24, (4, "pciehp.h"): 1, (4, "pciehp_core.c"): 12, (4, "pciehp_hpc.c"): 31,
    }  # fmt: skip
    assert sum(added for added, _ in posted.values() if added) == 370 + 26 - 313


def test_series_agrees_with_what_is_linked():
    for patch in PATCHES:
        before, after = link(patch.number - 1).symbols, link(patch.number).symbols
        assert set(patch.adds) == after.keys() - before.keys()
        assert set(patch.modifies) == {name for name in before if before[name] != after[name]}


def test_show_symbol_says_where_it_is_at_each_point(capsys):
    status, text = out(capsys, "show", "pci_parent_bus_reset")
    assert status == 0
    assert text.startswith("pci_parent_bus_reset(dev: pci_dev, probe: int) -> int\n")
    places = [line.split() for line in text.splitlines() if "kernel_port/" in line]
    assert [point for point, _ in places] == ["base", "+1", "no-bus-reset"]
    for _, place in places:
        path, line = place.removeprefix("kernel_port/").split(":")
        source = (PACKAGE / path).read_text().splitlines()
        assert source[int(line) - 1].startswith("def pci_parent_bus_reset(")


def test_show_exported_symbol_says_so(capsys):
    _, text = out(capsys, "show", "pci_reset_slot", "--json")
    shown = json.loads(text)
    assert shown["exported"] == "EXPORT_SYMBOL_GPL"
    assert [(d["point"], d["kind"]) for d in shown["definitions"]] == [(7, "function")]


def test_show_static_symbol_is_not_exported(capsys):
    _, text = out(capsys, "show", "pci_slot_reset", "--json")
    assert json.loads(text)["exported"] is None


def test_show_struct_that_grew(capsys):
    _, text = out(capsys, "show", "hotplug_slot_ops", "--json")
    assert [(d["point"], d["kind"]) for d in json.loads(text)["definitions"]] == [(0, "struct"), (2, "struct")]


@pytest.mark.parametrize("name", ["7", "p07", "patch/p07_add_slot_and_bus_reset_interfaces.py"])
def test_show_module_lists_its_symbols(capsys, name):
    _, text = out(capsys, "show", name, "--json")
    shown = json.loads(text)
    assert shown["file"] == "patch/p07_add_slot_and_bus_reset_interfaces.py"
    assert {d["symbol"] for d in shown["definitions"]} == set(PATCHES[6].adds)


def test_show_base_module_as_text(capsys):
    status, text = out(capsys, "show", "base/pci")
    assert status == 0
    assert "pci_reset_function(dev: pci_dev) -> int, EXPORT_SYMBOL_GPL" in text


def test_show_history_tells_what_each_patch_changes(capsys):
    _, text = out(capsys, "show", "pci_dev_save_and_disable")
    _, _, history = text.partition("\n6/8 pci: Split out pci_dev lock/unlock and save/restore\n")
    assert history.startswith("    adds pci_dev_save_and_disable\n\n8/8 pci: Wake-up devices before save for reset\n")
    assert "\n    +    pci_set_power_state(dev, PCI_D0)\n" in history
    assert "\n         pci_save_state(dev)\n" in history


def test_show_json_has_the_history(capsys):
    _, text = out(capsys, "show", "__pci_dev_reset", "--json")
    (change,) = json.loads(text)["changes"]
    assert (change["patch"], change["subject"]) == (5, PATCHES[4].subject)
    assert "+    rc = pci_dev_reset_slot_function(dev, probe)" in change["diff"]


def test_show_symbol_that_no_patch_touches_has_no_history(capsys):
    _, text = out(capsys, "show", "pci_save_state")
    assert "/8 pci:" not in text


def test_show_doc_of_a_symbol_is_all_docstrings_and_its_modules(capsys):
    status, text = out(capsys, "show", "--doc", "init_slot")
    assert status == 0
    assert (
        text.count("    Register the slot below the port with its operations.") == 3
    )  # base, patch 4, and a mend of v7.1
    assert "\nkernel_port/base/pciehp_core.py\n" in text
    assert "    Look at: the interrupt handler reads status bits, not enables" in text


def test_show_doc_of_a_module_has_its_symbols_docstrings(capsys):
    _, text = out(capsys, "show", "--doc", "p07")
    assert "    Why: some devices cannot be reset one function at a time" in text
    assert "        Reset everything in *slot* and below, config space saved before and restored after.\n" in text


def test_show_unknown_symbol_names_the_nearest(capsys):
    assert main(["show", "pci_reset_slto\033[31m"]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert "pci_reset_slot" in error
    assert "\033" not in error
