# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port why. Oracles: lspci on the dumps, the results of the golden traces, machines judged by hand."""

import json
import os
import resource
import subprocess
import sys
from errno import EINVAL, ENOTTY

import pytest
from lspci import described, secondary_buses
from paths import ROOT

from kernel_port.cli import main
from kernel_port.commands.why import as_json
from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.machine import boot
from kernel_port.recordings import golden
from kernel_port.recordings.golden_machine import GoldenMachine
from kernel_port.why.follow import follow
from kernel_port.why.guard import guard
from kernel_port.why.ladder import rungs, survey
from kernel_port.why.rehearsal import rehearse
from kernel_port.why.verdict import verdicts

DUMPS = ("pciutils-tree-asus-p6t6.txt", "pciutils-tree-fujitsu-p8010.txt", "pciutils-cap-dpc.txt")
BASE_LADDER = ["pci_dev_specific_reset", "pcie_flr", "pci_af_flr", "pci_pm_reset", "pci_parent_bus_reset"]
PATCHED_LADDER = [*BASE_LADDER[:4], "pci_dev_reset_slot_function", "pci_parent_bus_reset"]


# -- machines judged by hand -----------------------------------------------------------------------------------------


def registers(*patches, header=0):
    """256 bytes: an Intel device, header type, and (offset, hexadecimal bytes) on top."""
    config = bytearray(256)
    config[0:4] = bytes.fromhex("86803412")
    config[0x0E] = header
    for offset, text in patches:
        data = bytes.fromhex(text)
        config[offset : offset + len(data)] = data
    return bytes(config)


def root_port(slot="60002800"):
    """A root port to bus 1. Slot Capabilities 0x00280060: hot-plug capable, surprise, slot number 5."""
    return registers(
        (0x06, "1000"),  # Status: a capability list
        (0x08, "00000406"),  # a PCI bridge
        (0x18, "000101"),  # from bus 0 to bus 1, none beyond
        (0x34, "40"),
        (0x40, "10004201"),  # PCI Express, last; version 2, root port (4), slot implemented
        (0x54, slot),
        (0x5A, "4000"),  # Slot Status: a card is present
        header=1,
    )


def endpoint(pm=None, devcap="00000000", header=0):
    """An endpoint: PCI Express at 0x40; Power Management at 0x80 if *pm* (Control/Status) is given."""
    return registers(
        (0x06, "1000"),
        (0x08, "00000002"),  # an Ethernet controller
        (0x34, "40"),
        (0x40, f"10{'80' if pm else '00'}0200"),
        (0x44, devcap),
        *([(0x80, "01000300"), (0x84, pm)] if pm else []),
        header=header,
    )


def machine(**functions):
    """A machine of functions by address, with _ for each colon and dot: f00_01_0."""
    described = [
        FunctionDescription(Address.parse(f"{name[1:3]}:{name[4:6]}.{name[7]}"), config, size=256)
        for name, config in functions.items()
    ]
    return MachineDescription("by hand", described)


def lone_card(**card):
    return machine(f00_01_0=root_port(), f01_00_0=endpoint(**card))


def two_functions(**card):
    card["header"] = 0x80
    return machine(f00_01_0=root_port(), f01_00_0=endpoint(**card), f01_00_1=endpoint(**card))


def explained(description, patches=8):
    with boot(description, patches) as booted:
        return as_json(booted, verdicts(booted, survey(booted)))


def ladder(description, bdf, patches=8):
    """Rung -> (rc, the operand that settled it or the guard's text)."""
    function = next(f for f in explained(description, patches)["functions"] if f["bdf"] == bdf)
    return {
        rung["function"]: rung["guard"] and (rung["guard"]["because"] or rung["guard"]["text"])
        for rung in function["rungs"]
    }


def test_why_of_a_lone_card_in_a_slot_takes_the_slot():
    # DEVCAP 0: no FLR. No AF, no PM. Alone on its bus and in its slot: slot and bus would both do.
    assert ladder(lone_card(), "0000:01:00.0") == {
        "pci_dev_specific_reset": "if dev.class_ == PCI_CLASS_SERIAL_USB: ...; return -ENOTTY",  # Intel's last row
        "pcie_flr": "if not (cap & PCI_EXP_DEVCAP_FLR): return -ENOTTY",
        "pci_af_flr": "if not pos: return -ENOTTY",
        "pci_pm_reset": "if not dev.pm_cap: return -ENOTTY",
        "pci_dev_reset_slot_function": None,
        "pci_parent_bus_reset": None,
    }


def test_why_of_two_functions_in_a_slot_is_each_other():
    found = explained(two_functions())
    by_bdf = {function["bdf"]: function for function in found["functions"]}
    # Each is refused for the other one: alone in neither slot nor bus.
    for bdf, other in (("0000:01:00.0", "0000:01:00.1"), ("0000:01:00.1", "0000:01:00.0")):
        guards = {rung["function"]: rung["guard"] for rung in by_bdf[bdf]["rungs"]}
        assert guards["pci_dev_reset_slot_function"]["values"]["pdev"] == other
        assert guards["pci_parent_bus_reset"]["values"]["pdev"] == other
        assert (by_bdf[bdf]["rc"], by_bdf[bdf]["outcome"], by_bdf[bdf]["taken"]) == (-ENOTTY, "together", None)
    both = ["0000:01:00.0", "0000:01:00.1"]
    assert [(slot["name"], slot["bridge"], slot["rc"], slot["takes"]) for slot in found["slots"]] == [
        ("5", "0000:00:01.0", 0, both)
    ]
    assert [(bus["name"], bus["rc"], bus["takes"]) for bus in found["buses"]] == [
        ("0000:00", -ENOTTY, []),
        ("0000:01", 0, both),
    ]


def test_why_without_a_hotplug_slot_names_the_missing_slot():
    # Slot Capabilities 0x00280000: a slot, but not hot-plug capable, so pciehp does not bind and there is no pci_slot.
    description = machine(f00_01_0=root_port(slot="00002800"), f01_00_0=endpoint())
    verdicts = ladder(description, "0000:01:00.0")
    assert (verdicts["pci_dev_reset_slot_function"], verdicts["pci_parent_bus_reset"]) == ("not dev.slot", None)


def test_why_of_a_bridge_names_what_is_below_it():
    verdicts = ladder(lone_card(), "0000:00:01.0")
    assert verdicts["pci_dev_reset_slot_function"] == "dev.subordinate"
    assert verdicts["pci_parent_bus_reset"] == "pci_is_root_bus(dev.bus)"


@pytest.mark.parametrize(
    ("card", "rung", "values"),
    [
        # Device Capabilities 0x10000000: bit 28, Function Level Reset
        ({"devcap": "00000010"}, "pcie_flr", None),
        ({"devcap": "000000ef"}, "pcie_flr", {"cap": "0xef000000 (PCI_EXP_DEVCAP FLR-)"}),
        # PM Control/Status: 0x0000; 0x0008, bit 3, No_Soft_Reset
        ({"pm": "0000"}, "pci_pm_reset", None),
        ({"pm": "0800"}, "pci_pm_reset", {"csr": "0x0008 (PCI_PM_CTRL NO_SOFT_RESET+)"}),
    ],
)
def test_why_shows_the_register_and_the_bit_that_decided(card, rung, values):
    function = explained(lone_card(**card))["functions"][1]
    refusal = next(each["guard"] for each in function["rungs"] if each["function"] == rung)
    assert (refusal and refusal["values"]) == values


@pytest.mark.parametrize("patches", range(9))
def test_rungs_are_those_of_the_kernel_at_each_point(patches):
    # facts/kernel.md: patch 5 puts the slot before the parent bus; nothing else changes the order.
    with boot(lone_card(), patches) as booted:
        assert rungs(booted) == (PATCHED_LADDER if patches >= 5 else BASE_LADDER)


@pytest.mark.parametrize(("patches", "taken"), [(4, "pci_parent_bus_reset"), (5, "pci_dev_reset_slot_function")])
def test_why_at_patches_4_and_5_takes_bus_and_slot(patches, taken):
    function = explained(lone_card(), patches)["functions"][1]
    assert (function["rc"], function["taken"]) == (0, taken)


def test_why_before_patch_7_has_no_slot_and_bus_reset():
    found = explained(two_functions(), 6)
    assert [(group["rc"], group["takes"]) for group in (*found["slots"], *found["buses"])] == [(None, [])] * 3
    assert {function["outcome"] for function in found["functions"]} == {"none"}


def test_why_tells_of_functions_the_kernel_does_not_find():
    # 00:02.1 without a function 0 beside it: a kernel that looks at function 0 first never sees it.
    found = explained(machine(f00_01_0=root_port(), f00_02_1=endpoint()))
    assert [function["bdf"] for function in found["functions"]] == ["0000:00:01.0"]
    assert found["warnings"][0].startswith("0000:00:02.1: described, but the kernel does not find them")


def test_survey_leaves_no_trace_in_the_machine():
    with boot(two_functions()) as booted:
        addresses = [function.address for function in booted.description.functions]
        before = [booted.fabric.config(address) for address in addresses]
        survey(booted)
        assert [booted.fabric.config(address) for address in addresses] == before
        assert booted.events == []
        assert booted.system.sched.current.held == []


# -- the reset itself, on a copy -------------------------------------------------------------------------------------


def rehearsed(description, target, patches=8):
    with boot(description, patches) as booted:
        return rehearse(booted, *booted.target(target))


@pytest.mark.parametrize(("patches", "removed"), [(4, ("0000:01:00.0",)), (5, ())])
def test_rehearse_a_surprise_slot_removes_the_card_until_patch_5(patches, removed):
    # findings.md 1: a bare bus reset behind a surprise-capable slot looks like a removal. 101 ms held, 101 ms settled.
    done = rehearsed(lone_card(), "01:00.0", patches)
    assert (done.call, done.rc, done.ms, done.removed) == ("pci_reset_function", 0, 202, removed)
    assert (done.reset, done.unsaved, done.ignored) == (("0000:01:00.0",), (), ())


@pytest.mark.parametrize("patches", [7, 8])
def test_rehearse_a_function_of_unknown_power_state_is_refused_until_patch_8(patches):
    # As findings.md 7, with the state that a function has before a driver enables it: PCI_UNKNOWN, 5. PM is the only
    # way, as there are two functions; the probe says yes at any point.
    without_driver = two_functions(pm="0300")
    assert explained(without_driver, patches)["functions"][1]["taken"] == "pci_pm_reset"
    done = rehearsed(without_driver, "01:00.0", patches)
    if patches == 7:
        assert (done.rc, done.guard.text) == (-EINVAL, "if dev.current_state != PCI_D0: return -EINVAL")
        assert done.guard.values == {"dev.current_state": "5"}
    else:
        assert (done.rc, done.guard) == (0, None)


def test_rehearse_of_a_device_that_only_claims_a_soft_reset_says_so():
    description = lone_card(pm="0000")
    description.functions[1].soft_reset_works = False
    done = rehearsed(description, "01:00.0")
    assert (done.rc, done.reset, done.ignored) == (0, (), ("0000:01:00.0",))


def test_rehearse_an_ari_slot_resets_functions_nobody_saved():
    # findings.md 4: functions 8 and 9 answer at device 1, so they are in no slot.
    done = rehearsed("example:ari", "slot:2")
    assert done.unsaved == ("0000:01:01.0", "0000:01:01.1")
    assert len(done.reset) == 10


def test_rehearse_what_the_probe_refuses_is_nothing():
    assert rehearsed(two_functions(), "01:00.0") is None
    assert rehearsed(two_functions(), "bus:00") is None
    assert rehearsed(two_functions(), "slot:5", 6) is None


# -- real machines ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module", params=DUMPS)
def dump(request, shared):
    return shared / "dumps" / request.param


@pytest.fixture(scope="module")
def surveyed(dump):
    functions = explained(str(dump))["functions"]
    return {function["bdf"]: function for function in functions if not function["stand_in"]}


def works(surveyed, rung):
    """Addresses of the functions for which a rung probes 0; elsewhere it must say -ENOTTY and why."""
    verdicts = {
        bdf: next(each for each in function["rungs"] if each["function"] == rung) for bdf, function in surveyed.items()
    }
    assert all(each["rc"] == -ENOTTY and each["guard"]["explanation"] for each in verdicts.values() if each["rc"])
    return {bdf for bdf, each in verdicts.items() if each["rc"] == 0}


def test_why_finds_the_functions_lspci_finds(dump, surveyed):
    assert set(surveyed) == set(described(dump))


@pytest.mark.parametrize(
    ("rung", "said"),
    [("pcie_flr", "FLReset+"), ("pci_af_flr", "AFCap: TP+ FLR+"), ("pci_pm_reset", "NoSoftRst-")],
)
def test_why_agrees_with_lspci_on_capabilities(dump, surveyed, rung, said):
    assert works(surveyed, rung) == {bdf for bdf, text in described(dump).items() if said in text}


def test_why_agrees_with_lspci_on_parent_bus_resets(dump, surveyed):
    bridges = secondary_buses(dump)
    buses = [bdf[:7] for bdf in surveyed]
    alone = {bdf for bdf in surveyed if buses.count(bdf[:7]) == 1 and bdf[:7] in bridges.values()}
    assert works(surveyed, "pci_parent_bus_reset") == alone - bridges.keys()


def test_why_of_every_function_is_the_first_rung_that_works(surveyed):
    for function in surveyed.values():
        working = [rung["function"] for rung in function["rungs"] if rung["rc"] == 0]
        assert function["rc"] == (0 if working else -ENOTTY)
        assert function["taken"] == (working[0] if working else None)


def test_why_of_the_asus_board_reaches_slot_and_bus(shared):
    found = explained(str(shared / "dumps" / DUMPS[0]))
    takes = {(group["name"], group["bridge"]): group["takes"] for group in (*found["slots"], *found["buses"])}
    # HotPlug+ in lspci's SltCap of 00:1c.0 to 00:1c.2, all with slot number 0: the kernel tells them apart by -1, -2.
    assert takes["0-1", "0000:00:1c.1"] == takes["0000:08", "0000:00:1c.1"] == ["0000:08:00.0"]
    assert takes["0-2", "0000:00:1c.2"] == takes["0000:07", "0000:00:1c.2"] == ["0000:07:00.0"]
    assert takes["0", "0000:00:1c.0"] == []
    # Parents before children, in the order of addresses: 03:00.0, all below it, then its sibling.
    assert takes["0000:02", "0000:00:03.0"] == ["0000:02:00.0", "0000:03:00.0", "0000:04:00.0", "0000:03:02.0"]


def probes(directory):
    """The golden traces of probes: on one function, one slot or one bus, nothing is changed."""
    for path in sorted(directory.glob("*.jsonl")):
        for trace in golden.read(path):
            if trace.call.get("probe") == 1 or trace.call["function"] == "pci_probe_reset_function":
                yield trace


def test_guard_of_golden_probes_is_found_wherever_the_c_refused(shared):
    refused = 0
    for trace in probes(shared / "golden"):
        stage, call = GoldenMachine(trace), trace.call
        target = stage._target(call["function"], call["target"])
        probe = () if call["function"] == "pci_probe_reset_function" else (1,)
        done = follow(stage.tape, getattr(stage.kernel, call["function"]), target, *probe)
        found = guard(done, stage.registers.__getitem__)
        assert done.result == trace.result, trace.name
        assert (found.rc if found else 0) == trace.result, trace.name
        if found:
            refused += 1
            assert found.explanation, trace.name
            assert found.text.endswith(("return -ENOTTY", "return rc")), trace.name
    assert refused >= 40


# -- the command -----------------------------------------------------------------------------------------------------


def test_why_of_the_asus_board_takes_less_than_two_seconds(shared):
    # Processor time, not time on the clock: other tests may be running beside.
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    command = [sys.executable, "-m", "kernel_port", "why", str(shared / "dumps" / DUMPS[0])]
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_")}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=unmeasured)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 2
    assert "19 can be reset alone" in done.stdout
    assert all(line.startswith("probing: ") for line in done.stderr.splitlines())  # if the clock ran on meanwhile


def test_why_json_has_the_documented_keys(capsys):
    assert main(["why", "example:vga", "--json", "--patches", "7"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert list(found) == [
        "machine", "patches", "with", "warnings", "functions", "slots", "buses", "untried", "rehearsal", "hotplug",
    ]  # fmt: skip
    assert found["patches"] == 7
    for function in found["functions"]:
        assert list(function) == [
            "bdf", "rc", "outcome", "taken", "slot", "bus", "stand_in", "silence", "rungs", "verdict", "fault", "trial",
            "vfio", "today",
        ]  # fmt: skip
        for rung in function["rungs"]:
            assert list(rung) == ["function", "rc", "guard", "unknown"]
            assert rung["unknown"] == []
            assert (rung["guard"] is None) == (rung["rc"] == 0)
    refusal = found["functions"][0]["rungs"][0]["guard"]
    assert {"text", "file", "line", "function", "c", "explanation", "values", "reads"} <= refusal.keys()
    assert (refusal["file"], refusal["c"]) == ("base/quirks.py", "drivers/pci/quirks.c, static, base")


@pytest.mark.parametrize("target", ["01:00.0", "slot:1", "bus:01"])
def test_why_target_narrows_the_answer(capsys, target):
    assert main(["why", "example:vga", target, "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert {function["bus"] for function in found["functions"]} == {"0000:01"}
    assert found["rehearsal"]["rc"] == 0
    assert all(group["bus"] == "0000:01" for group in (*found["slots"], *found["buses"]))


def test_why_of_a_function_says_what_to_do(capsys):
    # findings.md 4: functions 8 and 9 of the card answer at device 1, so they are in no slot, and nobody saves them.
    assert main(["why", "example:ari", "01:00.1"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "No: pci_reset_slot() of slot 2 returns 0, but resets 01:01.0,1, too, which nobody locked or saved." in text
    assert "nobody had saved them, so nobody wrote them back" in text
    assert "-ENOTTY (25, Inappropriate ioctl for device)" in text
    assert "Not through VFIO, either: VFIO_DEVICE_PCI_HOT_RESET takes slot 2, and pci_reset_slot()" in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["example:vga", "slot:1"], "pci_reset_slot() resets, in lock order: 01:00.0, 01:00.1"),
        (
            ["example:vga", "bus:01"],
            "Do not: pci_reset_bus() of bus 01 returns 0, but the hot-plug driver",
        ),
        (["example:vga", "bus:01"], "a slot that has pins for it (presence_follows_link = false"),
        (["example:vga", "01:00.0"], "No, not alone: pci_reset_function() returns 0 and does nothing"),
        (["example:vga", "01:00.0"], "With slot 1, yes: it resets 01:00.1, too."),
        (
            ["example:d3hot", "01:00.0", "--patches", "7"],
            "fails with -EINVAL (22, Invalid argument)",
        ),
        (["example:vga", "01:00.0", "--patches", "0"], "Why (Linux 3.11, before the series)"),
        (["example:vga", "00:1c.0"], "No, nothing resets it: pci_reset_function() returns -ENOTTY."),
        (["example:vga", "00:1c.0", "--patches", "6"], "Patch 7 adds resets of slots and buses"),
        (["example:vga", "bus:01", "--patches", "6"], "pci_reset_bus() is not in this kernel; patch 7 adds it"),
        (["example:vga", "bus:00"], "the bus is a root bus: there is no bridge above to reset it"),
        (["example:nested", "04:00.0"], "reset, after unbinding its driver (mpt2sas)"),
        (["example:nested", "04:00.0", "-v"], "> 2 pcie_flr yes: the kernel takes this one"),
        (["example:vga", "01:00.0", "-v"], "with cap = 0x00008001 (PCI_EXP_DEVCAP FLR-)"),
    ],
)
def test_why_of_a_target_says(capsys, arguments, said):
    assert main(["why", *arguments]) == 0
    assert said in " ".join(capsys.readouterr().out.split())


def test_why_of_a_bridge_that_resets_alone_warns_of_what_is_below(capsys, shared):
    assert main(["why", str(shared / "dumps" / DUMPS[0]), "00:1c.1"]) == 0
    said = "It is a bridge: the reset saves and restores its own registers, not those below it"
    assert said in " ".join(capsys.readouterr().out.split())


def test_why_is_the_same_every_time(capsys):
    texts = []
    for _ in range(2):
        assert main(["why", "example:nested"]) == 0
        texts.append(capsys.readouterr().out)
    assert texts[0] == texts[1]


@pytest.mark.parametrize("command", ["why", "tree"])
def test_names_cannot_command_the_terminal(capsys, tmp_path, command):
    path = tmp_path / "\x1b[31mred.txt"
    path.write_text("00:01.0 name\n" + "".join(f"{row}0: {'86 80 ' * 8}\n" for row in range(4)))
    assert main([command, str(path)]) == 0
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\\x1b[31mred" in out


@pytest.mark.parametrize("arguments", [["31:00.0"], ["slot:nine"], ["bus:zz"], ["nonsense"], ["--patches", "9"]])
def test_why_with_a_bad_target_is_one_line_and_status_2(capsys, arguments):
    try:
        status = main(["why", "example:vga", *arguments])
    except SystemExit as exit_:
        status = exit_.code
    captured = capsys.readouterr()
    assert (status, captured.out, captured.err.count("\n")) == (2, "", 1)


def test_why_of_a_slot_with_presence_pins_removes_nothing_and_says_nothing_of_them(tmp_path, capsys):
    # PCIe 7.8.11: presence is what the in-band detection or the pins tell; pins do not follow the link.
    example = (ROOT / "kernel_port/images/examples/vga.toml").read_text()
    path = tmp_path / "pins.toml"
    path.write_text(example.replace("link_training_ms", "presence_follows_link = false\nlink_training_ms", 1))
    main(["why", str(path), "bus:01"])
    said = " ".join(capsys.readouterr().out.split())
    assert "pci_reset_bus() of bus 01 returns 0 after 202 ms" in said
    assert not [word for word in ("the hot-plug driver throws", "presence_follows_link") if word in said]
