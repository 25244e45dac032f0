# SPDX-License-Identifier: GPL-2.0-only
"""The verdicts that a trial decides, and how they are told. Oracles: tests/cases/dumps, each judged by hand (what is
right is said at each test), the specification, and findings of the recorded C."""

import json
import re

import pytest
from paths import ROOT, TESTS

from kernel_port.cli import main
from kernel_port.images import names
from kernel_port.machine import boot
from kernel_port.why.hotplug import hotplug_slot
from kernel_port.why.ladder import survey
from kernel_port.why.rehearsal import Stage, rehearse
from kernel_port.why.verdict import verdicts


def case(number):
    (path,) = (TESTS / "cases/dumps").glob(f"{number}-*")
    return str(path)


def told(capsys, *arguments):
    assert main([*arguments]) == 0
    return " ".join(capsys.readouterr().out.split())


def functions(capsys, machine, *more):
    assert main(["why", machine, *more, "--json"]) == 0
    return {function["bdf"][5:]: function for function in json.loads(capsys.readouterr().out)["functions"]}


def trial(description, target, patches=8):
    with boot(description, patches) as machine:
        return rehearse(machine, *machine.target(target))


# -- the cases: each as its README says --------------------------------------------------------------------------------


def test_case_01_a_function_with_sr_iov_is_as_any_other(capsys):
    # DevCap has FLR (bit 28), and SR-IOV registers are beyond 0x100: not saved, so nothing is lost.
    found = functions(capsys, case("01"))["01:00.0"]
    assert (found["outcome"], found["taken"], found["fault"]) == ("alone", "pcie_flr", None)
    assert "reset: pcie_flr" in told(capsys, "tree", case("01"))
    assert main(["reset", case("01"), "01:00.0"]) == 0


def test_case_04_returns_0_and_comes_back_unconfigured_because_nobody_waits(capsys):
    # Ready 400 ms after a reset; the kernel waits 100 ms after an FLR, 200 ms at a bus reset, and writes into the void.
    text = told(capsys, "why", case("04"), "01:00.0")
    assert "No: pci_reset_function() returns 0, but 01:00.0 comes back unconfigured." in text
    assert "01:00.0 has lost COMMAND, CACHE_LINE_SIZE (they read as after power on, mostly 0): it was not ready" in text
    assert "Linux waits for the device since v4.6 after an FLR" in text
    assert "Yes" not in text


def test_case_13_vfio_takes_the_slot_and_the_bus_throws_the_card_out(capsys):
    text = told(capsys, "why", case("13"))
    assert "bus 01 below 00:01.0: pci_reset_bus() returns 0, but the hot-plug driver throws 01:00.0 out" in text
    assert "it finds it again; VFIO takes slot 1" in text
    one = told(capsys, "why", case("13"), "slot:1")
    assert "Through VFIO: VFIO_DEVICE_PCI_HOT_RESET on 01:00.0." in one


def test_case_14_returns_0_and_never_answers_again(capsys):
    found = functions(capsys, case("14"))["01:00.0"]
    assert (found["rc"], found["outcome"], found["fault"]) == (0, "fails", "silent")
    text = told(capsys, "why", case("14"), "01:00.0")
    assert "01:00.0 reads as all ones (ff): 01:00.0 never gets ready after the reset" in text
    assert "Yes" not in text
    assert "can be reset alone" not in told(capsys, "why", case("14"))


def test_case_15_vfio_is_for_no_bridge_and_only_its_own_bus(capsys):
    port = told(capsys, "why", case("15"), "02:00.0")
    assert "vfio-pci takes no bridge" in port
    assert "VFIO_DEVICE_PCI_HOT_RESET" not in port
    card = told(capsys, "why", case("15"), "03:00.0")
    assert "VFIO_DEVICE_PCI_HOT_RESET takes bus 03, see below." in card
    assert "resets its own bus, 03: 03:00.0 with 03:00.1." in card
    assert "VFIO does not reset it" in told(capsys, "why", case("15"), "bus:02")


def test_case_17_verdict_of_why_is_what_reset_does(capsys):
    assert main(["reset", case("17"), "slot:3", "--json"]) == 0
    done = json.loads(capsys.readouterr().out)
    assert main(["why", case("17"), "slot:3", "--json"]) == 0
    why = json.loads(capsys.readouterr().out)
    # Links need 120 ms, the kernel waits 100 ms held and 100 ms settled at each level, and restores too early.
    assert (done["rc"], done["fault"]) == (0, "silent")
    assert [slot["fault"] for slot in why["slots"]] == ["silent"]
    assert {function["outcome"] for function in why["functions"] if function["bdf"] < "0000:04"} == {"fails"}


def test_case_29_says_0_and_does_nothing_so_no(capsys):
    found = functions(capsys, case("29"))["01:00.0"]
    assert (found["rc"], found["outcome"], found["fault"]) == (0, "together", "ignored")
    assert "No, not alone: pci_reset_function() returns 0 and does nothing: 01:00.0 ignores it." in told(
        capsys, "why", case("29"), "01:00.0"
    )
    assert "reset: only with bus 0000:01; not alone, it returns 0 and does nothing" in told(capsys, "tree", case("29"))
    assert "No good: returns 0 and does nothing" in told(capsys, "reset", case("29"), "01:00.0")
    assert main(["census", case("29"), "example:vga"]) == 0
    line = json.loads(capsys.readouterr().out.splitlines()[0])
    assert (line["alone"], line["together"], line["functions"][1]["how"]) == (0, 1, "bus:0000:01")


# -- what a trial sees -------------------------------------------------------------------------------------------------

CARD = """
name = "card"
[[function]]
address = "00:1c.0"
kind = "root-port"
bus = [1, 1]
{port}
[[function]]
address = "01:00.0"
bars = {{0 = "16K"}}
{card}
"""


@pytest.fixture
def machine(tmp_path):
    def write(card="", port=""):
        path = tmp_path / "card.toml"
        path.write_text(CARD.format(card=card, port=port))
        return str(path)

    return write


def test_an_flr_that_the_device_ignores_is_ignored(machine):
    done = trial(machine("express = {flr = true}\nflr_works = false"), "01:00.0")
    assert (done.rc, done.fault, done.ignored) == (0, "ignored", ("0000:01:00.0",))


@pytest.mark.parametrize(
    ("card", "port", "cause"),
    [
        ("ready_ms = 300", "", "not ready"),
        ("ready_ms = -1", "", "not ready"),
        ("", "link_training_ms = 300", "link"),
        ("", "link_training_ms = -1", "link"),
    ],
)
def test_trial_names_what_kept_a_function_from_being_restored(machine, card, port, cause):
    (after,) = trial(machine(card, port), "bus:01").aftermath
    never = "-1" in card + port
    where = "0000:01:00.0" if cause == "not ready" else "0000:00:1c.0"
    assert (after.answers, after.cause, after.where) == (not never, cause, where)
    # COMMAND, cache line size and BAR 0 of the header are lost (PCI 6.2), and Device and Link Control (PCIe 7.8).
    assert after.registers[:3] == ("PCI_COMMAND", "PCI_CACHE_LINE_SIZE", "PCI_BASE_ADDRESS_0")


def test_trial_of_a_link_that_is_late_below_a_switch_loses_bus_numbers():
    # Each port is restored before the link to it is up: it keeps no numbers, and what is below has no way to it.
    done = trial(case("17"), "slot:3")
    causes = {after.bdf[5:]: (after.cause, after.answers) for after in done.aftermath}
    assert causes["01:00.0"] == ("link", True)
    assert causes["05:00.0"] == ("bus numbers", False)


def test_trial_of_a_healthy_card_finds_nothing_lost(machine):
    done = trial(machine(), "bus:01")
    assert (done.fault, done.aftermath, done.reset) == ("", (), ("0000:01:00.0",))


def test_trials_leave_the_machine_as_it_was():
    with boot("example:vga") as booted:
        addresses = [function.address for function in booted.description.functions]
        before = [booted.fabric.config(address) for address in addresses]
        first = verdicts(booted, survey(booted))
        assert [booted.fabric.config(address) for address in addresses] == before
        assert booted.events == []
        assert verdicts(booted, survey(booted)) == first  # and so the next trial is not another one


def test_trials_of_one_machine_are_those_of_machines_booted_anew():
    with boot(case("17")) as booted:
        judged = verdicts(booted, survey(booted))
    assert judged.trials.keys() >= {"slot:1", "slot:3", "bus:0000:05"}
    assert all(trial(case("17"), target) == done for target, done in judged.trials.items())


def test_trials_are_limited_and_that_is_said(monkeypatch, capsys):
    monkeypatch.setattr("kernel_port.why.verdict.WORK", 7)  # functions of case 17: one trial
    text = told(capsys, "why", case("17"))
    assert "6 of the resets that the probes allow were not tried" in text
    assert "(its probe says so, it was not tried)" in told(capsys, "why", case("13"))
    # the one that people ask about: of the slot or bus of the graphics card
    assert functions(capsys, case("17"), "05:00.0")["05:00.0"]["outcome"] == "together"


# -- pciehp ------------------------------------------------------------------------------------------------------------


def thrown(machine, slot, patches=8):
    with boot(machine, patches) as booted:
        found = hotplug_slot(Stage(booted), booted.slot(slot))
    return {way.name: (bool(way.in_band.removed), bool(way.pins.removed)) for way in found.ways}


def test_hotplug_ways_of_a_surprise_slot():
    # findings.md 1 and 3: the slot reset masks presence, a bare bus reset does not. PCIe 7.8.11: pins do not follow.
    assert thrown(case("13"), "1") == {
        "echo 1 > reset": (False, False),
        "FLR": (False, False),
        "slot reset": (False, False),
        "bus reset": (True, False),
        "VFIO hot reset": (False, False),
        "setpci on Bridge Control, or a driver's own": (True, False),
    }


def test_hotplug_ways_before_patch_5_throw_a_lone_card_out():
    assert thrown("example:twoslots", "1", 4)["echo 1 > reset"] == (True, False)
    assert thrown("example:twoslots", "1", 5)["echo 1 > reset"] == (False, False)


def test_hotplug_ways_of_a_slot_without_surprise_keep_the_card(tmp_path):
    # Without surprise removal pciehp leaves presence changes alone (Slot Capabilities bit 5).
    path = tmp_path / "calm.toml"
    path.write_text(
        (TESTS / "cases/dumps/13-bus-in-surprise-slot.toml").read_text().replace("surprise = true", "surprise = false")
    )
    assert not any(any(pair) for pair in thrown(str(path), "1").values())


# -- the text ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("arguments", [[], ["01:00.0"], ["01:00.0", "-v"], ["slot:1"], ["bus:01"], ["01:00"]])
def test_text_folds_at_80_columns(capsys, arguments):
    assert main(["why", "example:vga", *arguments]) == 0
    assert max(map(len, capsys.readouterr().out.splitlines())) <= 80


@pytest.mark.parametrize(
    ("machine", "bdf"), [("example:ari", "01:00.1"), ("example:vga", "01:00.0"), (case("17"), "03:00.0")]
)
def test_reasons_are_three_to_ten(capsys, machine, bdf):
    assert main(["why", machine, bdf]) == 0
    why = capsys.readouterr().out.partition("\nWhy (")[2].partition("\n\n")[0]
    assert 3 <= why.count("\n  - ") <= 10


@pytest.mark.parametrize("machine", [case("13"), case("14"), case("15")])
def test_nobody_who_is_told_to_use_vfio_is_told_to_unbind_it(capsys, machine):
    for bdf, function in functions(capsys, machine).items():
        text = told(capsys, "why", machine, bdf)
        assert "unbinding its driver (vfio-pci)" not in text
        if function["fault"]:
            assert "VFIO_DEVICE_RESET resets it" not in text


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("01:00", {"01:00.0", "01:00.1"}),
        ("0000:01:00", {"01:00.0", "01:00.1"}),
        ("0000:01:00.1", {"01:00.1"}),
        ("nouveau", {"01:00.0"}),
        ("Display", {"01:00.0"}),  # its class is 03, display controllers; of the two, audio is 04
    ],
)
def test_a_target_may_be_several_functions(capsys, target, found):
    assert set(functions(capsys, "example:vga", target)) == found


def test_a_word_that_names_nothing_is_one_line_and_status_2(capsys):
    assert main(["why", "example:vga", "mellanox"]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_names_come_from_the_dump_where_pci_ids_lacks_them(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(names, "PLACES", ())
    names.installed.cache_clear()
    rows = "".join(f"{row:02x}: {'86 80 ' * 2}{'00 ' * 12}\n" if not row else f"{row:02x}: {'00 ' * 16}\n"
                   for row in range(0, 64, 16))  # fmt: skip
    dump = tmp_path / "one.txt"
    dump.write_text(f"00:02.0 Fancy controller [0000]: Acme Wonder [8086:8086] (rev 07)\n{rows}\n")
    text = told(capsys, "why", str(dump), "00:02.0")
    names.installed.cache_clear()
    assert "Fancy controller: Acme Wonder [8086:8086]" in text


def test_class_names_are_built_in(capsys, monkeypatch):
    monkeypatch.setattr(names, "PLACES", ())
    names.installed.cache_clear()
    text = told(capsys, "why", "example:vga", "01:00.0")
    names.installed.cache_clear()
    assert "VGA controller: vendor 10de device 0a65 [10de:0a65], driver nouveau" in text


@pytest.mark.parametrize(
    ("code", "name"), [(0x0108, "Non-Volatile memory"), (0x0200, "Ethernet"), (0x0604, "PCI bridge")]
)
def test_class_names_are_of_the_same_things_as_in_pci_ids(code, name):
    if not names.installed().class_name(code):
        pytest.skip("no pci.ids")
    assert name in names.installed().class_name(code)
    assert code in names.SUBCLASSES


def test_a_dump_after_a_failed_reset_is_told_so(capsys, tmp_path):
    # lspci -vv of an Ethernet controller whose BARs and Command read 0; the kernel still knows where its BAR was.
    config = bytearray(256)
    config[0:12] = bytes.fromhex("8680d310 00001000 00000002".replace(" ", ""))
    config[0x34] = 0x40
    config[0x40:0x44] = bytes.fromhex("01000300")
    rows = "".join(f"{at:02x}: {config[at : at + 16].hex(' ')}\n" for at in range(0, 256, 16))
    region = "\tRegion 0: Memory at f7c00000 (32-bit, non-prefetchable) [virtual] [size=128K]\n"
    dump = tmp_path / "after.txt"
    dump.write_text(f"00:19.0 Ethernet controller: Intel 82574L\n{region}{rows}\n")
    assert "it was recorded after a reset or a loss of power that nobody restored it from" in told(
        capsys, "why", str(dump)
    )
    dump.write_text(f"00:19.0 Ethernet controller: Intel 82574L\n{rows}\n")
    assert "recorded after a reset" not in told(capsys, "why", str(dump))


# -- run on another machine --------------------------------------------------------------------------------------------


def test_run_plays_a_scenario_on_a_card_of_another_machine(capsys):
    # example:nested: 04:00.0 on bus 04, below port 03:05.0 of a switch; poke resets that bus and saves nothing.
    assert main(["run", "poke", "--machine", "example:nested", "--target", "04:00.0", "--json"]) == 1
    played = json.loads(capsys.readouterr().out)
    lost = {function["bdf"] for function in played["functions"] if function["lost"]}
    assert (played["answer"], lost) == (None, {"0000:04:00.0"})


def test_run_turns_the_knobs_of_the_scenario_on_that_card(capsys):
    # slow-device: not ready for 500 ms after a reset.
    assert main(["run", "slow-device", "--machine", "example:twoslots", "--target", "02:00.0", "--json"]) == 1
    played = json.loads(capsys.readouterr().out)
    (card,) = (function for function in played["functions"] if function["bdf"] == "0000:02:00.0")
    assert "PCI_COMMAND" in [each["register"] for each in card["lost"] if not each["restored"]]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["button", "--machine", "example:nested", "--target", "04:00.0"], "needs a card in a slot that pciehp drives"),
        (["poke", "--machine", "example:nested", "--target", "00:03.0"], "needs a port above its card"),
        (["vfio", "--machine", "example:twoslots", "--target", "01:00.0"], "needs a card of several functions"),
        (["walk", "--machine", "example:vga", "--target", "01:00.0"], "is about its own machine"),
        (["poke", "--target", "01:00.0"], "--target is a function of --machine"),
    ],
)
def test_run_says_what_a_machine_lacks(capsys, arguments, said):
    assert main(["run", *arguments]) == 2
    err = capsys.readouterr().err
    assert said in err
    assert err.count("\n") == 1


def test_every_scenario_names_its_card_in_one_place():
    # A scenario that can be played elsewhere has no address of its own machine in its script.
    for path in sorted((ROOT / "kernel_port/scenarios").glob("[a-z]*.py")):
        text = path.read_text()
        if "needs=" in text:
            assert not re.search(r'"(00:1c|01:00)\.\d"', text.rpartition('"""')[2]), path.name
