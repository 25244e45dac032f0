# SPDX-License-Identifier: GPL-2.0-only
"""What a survey says is unknown. Oracles: machines judged by hand; other machines that the same file may be of."""

import json
from dataclasses import replace
from errno import ENOTTY
from random import Random

import pytest
from paths import TESTS
from unstated import another, masked, reached

from kernel_port.cli import main
from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.images import load
from kernel_port.images.doubts import refuse_nonsense
from kernel_port.images.generate import generate
from kernel_port.machine import boot
from kernel_port.why.ladder import survey

CASES = TESTS / "cases" / "dumps"
LADDER = ("pci_dev_specific_reset", "pcie_flr", "pci_af_flr", "pci_pm_reset", "pci_dev_reset_slot_function",
          "pci_parent_bus_reset")  # fmt: skip


def answered(capsys, case, *target):
    assert main(["why", str(CASES / case), *target, "--json"]) == 0
    return {function["bdf"]: function for function in json.loads(capsys.readouterr().out)["functions"]}


def told(capsys, *words):
    assert main([str(word) for word in words]) == 0
    return " ".join(capsys.readouterr().out.split())


def rc(function):
    return tuple(rung["rc"] for rung in function["rungs"])


# -- the cases: what tests/cases/dumps has, judged by hand ------------------------------------------------------------


def test_sibling_that_reads_all_ones_is_a_neighbour(capsys):
    found = answered(capsys, "02-sibling-all-ff.txt")
    assert list(found) == ["0000:00:01.0", "0000:01:00.0", "0000:01:00.1"]
    # DEVCAP 0x012c8de1: bit 28 clear; PM Control 0x0008: No_Soft_Reset; no AF; no slot; a neighbour on the bus
    assert rc(found["0000:01:00.0"]) == (-ENOTTY,) * 6
    assert found["0000:01:00.0"]["outcome"] == "together"
    # its own capabilities are unknown, but all ones have No_Soft_Reset set and end a list; and it has a neighbour
    assert rc(found["0000:01:00.1"]) == (None, None, -ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY)
    assert found["0000:01:00.1"]["outcome"] == "unknown"


def test_function_that_reads_all_ones_is_told_what_the_port_above_says(capsys):
    said = told(capsys, "why", CASES / "02-sibling-all-ff.txt", "01:00.1")
    # of 00:01.0: PM Control at 0x84 is 0x0008, D0; Bridge Control 0x0010; Link Capabilities 0x0261ad03, bit 20 clear;
    # Link Control 0x0040; Slot Status 0x0048, bit 6; Slot Capabilities 0x00080b80, bit 1 clear
    assert (
        "It reads all ones: no request is answered. 00:01.0 above it says: power state D0, bus not in reset, link "
        "enabled, card present, whether the link is active it does not say." in said
    )
    assert "Usually: it alone is off or hung, as 01:00.0 beside it answers" in said


def test_endpoint_without_its_bridge_is_unknown(capsys):
    found = answered(capsys, "03-endpoint-without-its-bridge.txt")
    endpoint = found["0000:01:00.0"]
    # DEVCAP 0x00008001: no FLR; PM Control 0x0008: No_Soft_Reset. Slot and bus depend on the port.
    assert rc(endpoint) == (-ENOTTY, -ENOTTY, -ENOTTY, -ENOTTY, None, None)
    assert (endpoint["rc"], endpoint["outcome"], endpoint["taken"]) == (None, "unknown", None)
    (missing,) = endpoint["rungs"][5]["unknown"]
    assert (missing["register"], missing["why"]) == (None, "the port above 01:00.0 is not in the file")
    (stand_in,) = (function for function in found.values() if function["stand_in"])
    assert missing["bdf"] == stand_in["bdf"]
    assert rc(stand_in) == (*[None] * 4, -ENOTTY, -ENOTTY)  # a bridge is reset neither by slot nor by bus
    said = told(capsys, "why", CASES / "03-endpoint-without-its-bridge.txt", "01:00.0")
    assert "Unknown: the port above 01:00.0 is not in the file; to see: lspci -xxxx -s" in said
    assert "turning it off" not in said
    whole = told(capsys, "why", CASES / "03-endpoint-without-its-bridge.txt")
    assert "bridge: 1 function, Linux" in whole  # the stand-in is none of the file's, here as in census
    assert "1f.0: pci_dev" not in whole  # nobody asks how to reset it
    assert "1 unknown, as what decides is not in the file" in whole
    assert "not in the file: the port above 01:00.0" in told(
        capsys, "tree", CASES / "03-endpoint-without-its-bridge.txt"
    )


def test_listing_with_lines_left_out_says_so_below_the_answer(capsys, tmp_path):
    path = tmp_path / "cut.txt"
    path.write_text(
        "01:00.0 VGA compatible controller: Example Card\n"
        "\tControl: I/O+ Mem+ BusMaster- SpecCycle- MemWINV- VGASnoop- ParErr- Stepping- SERR- FastB2B- DisINTx-\n"
        "\t[...]\n"
    )
    said = told(capsys, "why", path)
    assert "01:00.0 VGA compatible controller: Example Card Unknown." in said  # and no IDs, which nobody knows
    assert "line 1: 0000:01:00.0: some of its lines are left out; whoever has the machine can send all of them" in said
    assert "line 1: 0000:01:00.0: its vendor and device ID are not listed; whoever has the machine can" in said


def test_function_1_without_function_0_has_a_stand_in_beside_it(capsys):
    found = answered(capsys, "09-function-1-without-function-0.txt")
    assert list(found) == ["0000:00:01.0", "0000:00:01.1", "0000:01:00.0"]
    assert found["0000:00:01.0"]["stand_in"] == "function 0 beside 00:01.1"
    assert found["0000:00:01.0"]["outcome"] == "unknown"
    # DEVCAP 0x00008001 and PM Control 0x0008 in both; 01:00.0 is alone on its bus, no slot: Slot Implemented is clear
    assert (rc(found["0000:00:01.1"]), found["0000:00:01.1"]["outcome"]) == ((-ENOTTY,) * 6, "none")
    assert (rc(found["0000:01:00.0"]), found["0000:01:00.0"]["outcome"]) == ((*[-ENOTTY] * 5, 0), "alone")


def test_64_bytes_are_unknown_with_the_registers_that_decide(capsys):
    card = answered(capsys, "10-64-bytes-as-non-root.txt")["0000:01:00.0"]
    # a capability list begins at 0x40, past the end; alone on its bus, so the bus would do, if nothing before it does
    assert rc(card) == (-ENOTTY, None, None, None, None, 0)
    assert (card["rc"], card["outcome"], card["taken"]) == (0, "unknown", None)
    assert [(each["bdf"], each["offset"], each["register"]) for each in card["rungs"][1]["unknown"]] == [
        ("0000:01:00.0", 0x40, "PCI_CAP_LIST_ID")
    ]
    assert [each["bdf"] for each in card["rungs"][4]["unknown"]] == ["0000:00:01.0"]  # its port decides about a slot
    said = told(capsys, "why", CASES / "10-64-bytes-as-non-root.txt")
    assert "2 unknown, as what decides is not in the file" in said
    assert "To see: lspci -xxxx of the whole machine, as root, or of 00:01.0, 01:00.0." in said
    said = told(capsys, "why", CASES / "10-64-bytes-as-non-root.txt", "01:00.0")
    assert "Unknown: capabilities from 0x40 on of 01:00.0, capabilities from 0x40 on of 00:01.0: not in the" in said
    assert "to see: lspci -xxxx -s 01:00.0 (and -s 00:01.0), or the whole machine, as root" in said
    assert "can be reset alone by" not in said


def test_reset_says_before_it_starts_what_it_assumes(capsys):
    assert main(["reset", str(CASES / "10-64-bytes-as-non-root.txt"), "01:00.0"]) == 0
    assert capsys.readouterr().err.startswith("assumed: what is not in the file of 00:01.0, 01:00.0 reads as 0\n")


@pytest.mark.parametrize("command", ["tree", "census"])
def test_unknown_is_a_class_of_its_own(capsys, command):
    said = told(capsys, command, CASES / "10-64-bytes-as-non-root.txt")
    assert {"tree": "reset: unknown, pcie_flr, ", "census": '"none":0,"unknown":2,'}[command] in said


def test_every_capability_of_64_bytes_is_unknown(shared):
    """Of a whole machine seen without root, nothing is firm that a capability decides."""
    whole = load(shared / "dumps" / "pciutils-tree-asus-p6t6.txt")
    short = [replace(each, config=each.config[:64], size=4096, stated=b"\xff" * 64) for each in whole.functions]
    with boot(replace(whole, functions=short), trace_boot=False) as machine:
        ladders = survey(machine, explain=False).ladders
        listed = {str(each.address) for each in short if each.config[6] & 0x10}  # Status: there is a list
    for ladder in ladders:
        known = tuple(rung.rc is None for rung in ladder.rungs[1:4])  # FLR, AF FLR, PM
        assert known == (ladder.bdf in listed,) * 3, ladder.bdf


# -- single registers ------------------------------------------------------------------------------------------------


def card(*patches, stated=None):
    """256 bytes of an Ethernet controller with Power Management at 0x40 and PCI Express at 0x50."""
    config = bytearray(256)
    for offset, text in ((0, "86803412"), (6, "1000"), (8, "00000002"), (0x34, "40"), (0x40, "01500300"),
                         (0x50, "10000200"), *patches):  # fmt: skip
        data = bytes.fromhex(text)
        config[offset : offset + len(data)] = data
    return FunctionDescription(Address(0, 0, 3, 0), bytes(config), stated=stated)


def hiding(offset, mask):
    """The mask of stated bits of a function of 256 bytes that does not state those of *mask* at *offset*."""
    stated = bytearray(b"\xff" * 256)
    stated[offset] &= ~mask
    return bytes(stated)


def verdicts(function):
    with boot(MachineDescription("by hand", [function])) as machine:
        (ladder,) = survey(machine).ladders
    return {rung.function: (rung.rc, [each.text for each in rung.unknown]) for rung in ladder.rungs}


@pytest.mark.parametrize(
    ("offset", "mask", "rung", "register"),
    [
        (0x44, 0x08, "pci_pm_reset", "PCI_PM_CTRL of 00:03.0"),
        (0x57, 0x10, "pcie_flr", "PCI_EXP_DEVCAP of 00:03.0"),
    ],
)
def test_the_bit_that_decides_is_unknown_and_nothing_else(offset, mask, rung, register):
    found = verdicts(card(stated=hiding(offset, mask)))
    assert found[rung] == (None, [register])
    assert all(rc is not None and not registers for name, (rc, registers) in found.items() if name != rung)


def test_where_a_list_goes_on_decides_only_if_there_is_something():
    anywhere = bytearray(hiding(0x51, 0xFF))
    assert verdicts(card(stated=bytes(anywhere))) == verdicts(card())  # zeros: no capability is there
    anywhere[0xF0:] = bytes(16)
    found = verdicts(card(stated=bytes(anywhere)))
    assert found["pci_af_flr"] == (None, ["PCI_CAP_LIST_NEXT of 00:03.0"])
    assert all(rc is not None for name, (rc, _) in found.items() if name != "pci_af_flr")


@pytest.mark.parametrize(
    ("offset", "mask"),
    [
        (0x44, 0x03),  # the power state: a probe does not ask
        (0x57, 0xEF),  # all of that byte of Device Capabilities but Function Level Reset
        (0x10, 0xFF),  # a base address
        (0xF0, 0xFF),  # no capability is there
    ],
)
def test_a_bit_that_decides_nothing_leaves_every_verdict(offset, mask):
    assert verdicts(card(stated=hiding(offset, mask))) == verdicts(card())


def test_a_missing_first_row_hides_who_it_is_and_not_what_it_offers():
    stated = bytearray(b"\xff" * 256)
    stated[0:16] = bytes(16)
    hidden = replace(card((0x57, "10")), stated=bytes(stated), config=bytes(16) + card((0x57, "10")).config[16:])
    with boot(MachineDescription("by hand", [hidden], recorded=True)) as machine:
        (ladder,) = survey(machine).ladders
    # Status is in that row, so whether there is a list is unknown; and whether the kernel has a way of its own
    found = {rung.function: rung.rc for rung in ladder.rungs}
    assert [found[name] for name in LADDER[:4]] == [None, None, -ENOTTY, None]  # no AF anywhere in what is stated
    deciding = {each.register for each in ladder.rungs[0].unknown}
    assert {"PCI_VENDOR_ID", "PCI_DEVICE_ID"} <= deciding
    assert "PCI_COMMAND" not in deciding
    assert {each.register for each in ladder.rungs[1].unknown} >= {"PCI_STATUS"}


# -- the property: a verdict that is firm is that of every machine the file may be of --------------------------------


def of(machine):
    """Verdicts: (address, rung) -> rc, and the functions found; None for a machine that no file can be of."""
    try:
        refuse_nonsense(machine.functions, "filled")
        with boot(machine, trace_boot=False) as booted:
            found = survey(booted, explain=False)
            there = reached(booted)
    except MachineError:
        return None
    rungs = {(ladder.bdf, rung.function): rung.rc for ladder in found.ladders for rung in ladder.rungs}
    return rungs | {(ladder.bdf, "probe"): ladder.rc for ladder in found.ladders}, there


def firm_verdicts_hold(rng, fillings):
    """Check one machine; return how many verdicts were firm and how many unknown."""
    whole = generate(rng.randrange(1, 9), rng.randrange(1000))
    part = replace(whole, recorded=True, functions=[masked(rng, function) for function in whole.functions])
    with boot(part, trace_boot=False) as booted:
        found = survey(booted, explain=False)
        there = reached(booted)
    firm = {(each.bdf, rung.function): rung.rc for each in found.ladders for rung in each.rungs if rung.rc is not None}
    firm |= {(ladder.bdf, "probe"): ladder.rc for ladder in found.ladders if ladder.rc is not None}
    true, _ = of(whole)
    assert {key: true[key] for key in firm} == firm
    for _ in range(fillings):
        other = of(replace(part, functions=[another(rng, function) for function in part.functions]))
        if other is not None and there <= other[1]:  # the file shows that these were reached
            wrong = {key: (rc, other[0][key]) for key, rc in firm.items() if other[0][key] != rc}
            assert not wrong, wrong
    return len(firm), 7 * len(found.ladders) - len(firm)


def test_firm_verdicts_hold_on_every_machine_the_file_may_be_of():
    firm = unknown = 0
    for seed in range(12):
        some_firm, some_unknown = firm_verdicts_hold(Random(f"unknown:{seed}"), 4)
        firm, unknown = firm + some_firm, unknown + some_unknown
    assert firm > unknown > 20


@pytest.mark.slow
def test_firm_verdicts_hold_on_many_machines():
    for seed in range(12, 400):
        firm_verdicts_hold(Random(f"unknown:{seed}"), 8)


def test_verdicts_on_a_whole_dump_need_one_boot(shared, monkeypatch):
    """A machine of which everything is stated is surveyed once."""
    description = load(shared / "dumps" / "pciutils-tree-asus-p6t6.txt")
    monkeypatch.setattr("kernel_port.why.unknown.boot", None)
    with boot(description, trace_boot=False) as machine:
        assert not survey(machine).unknown
