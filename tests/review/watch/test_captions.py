# SPDX-License-Identifier: GPL-2.0-only
"""The caption of each step: what happens, in the words of the specifications and of the field."""

import pytest

from kernel_port import scenarios
from kernel_port.choice import KernelChoice
from kernel_port.hw.fields import NAMES
from kernel_port.hw.registers import SHEET
from kernel_port.kernel.system import Event
from kernel_port.machine import boot
from kernel_port.review.watch.captions import captions, register
from kernel_port.review.watch.observer import Observer
from kernel_port.review.watch.topology import ancestors, drawn, listed, parents
from kernel_port.review.watch.words import FIELDS, MEANING, REGISTERS

PORT, CARD = "0000:00:1c.0", "0000:01:00.0"


def told(name, patches):
    """The captions of a scenario, with the events."""
    script = scenarios.load(name)
    with scenarios.ready(script, KernelChoice.of(patches)) as machine:
        seen = Observer(machine)
        machine.system.listen = seen.note
        run = scenarios.perform(script, machine)
        seen.finish()
    return list(zip(run.events, captions(run.events, seen), strict=True))


@pytest.fixture(scope="module")
def mess():
    return told("mess", 0)


def of(found, op, *args):
    """The captions of the events with these first arguments, each once."""
    return list(dict.fromkeys(said for event, said in found if event.op == op and event.args[: len(args)] == args))


def test_caption_of_secondary_bus_reset_says_what_it_does(mess):
    # Bridge Control is at 0x3e; bit 6 (0x40) is Secondary Bus Reset (BR 3.2.5.18).
    (said,) = of(mess, "w", PORT, 0x3E, 2, 0x40)
    assert said == (
        "Secondary Bus Reset is set in Bridge Control of 00:1c.0: the link goes down, the slot shows no card, "
        "everything below is gone."
    )
    assert of(mess, "w", PORT, 0x3E, 2, 0x00) == [
        "Secondary Bus Reset is cleared in Bridge Control of 00:1c.0: what is below comes out of reset."
    ]


def test_caption_of_a_sleep_says_what_goes_on_meanwhile(mess):
    assert of(mess, "msleep") == [
        "Sleeps 100 ms while 00:1c.0 holds its bus in reset.",
        "Sleeps 100 ms while the link below 00:1c.0 trains.",
        "Sleeps 1000 ms while the link below 00:1c.0 is down.",
    ]


def test_caption_of_a_lock_says_who_has_it(mess):
    assert of(mess, "lock_wait", "device") == ["Has to wait for the device lock of 01:00.0, which main holds."]
    assert of(mess, "lock", "cfg") == ["Locks configuration access of 01:00.0: users' reads and writes have to wait."]


def test_caption_of_a_write_to_a_card_in_reset_says_that_it_is_lost(mess):
    lost = [said for event, said in mess if event.op == "w" and event.args[0] == CARD and event.context == "pciehp-1"]
    assert lost == ["Writes Power Management Control/Status of 01:00.0, but nobody is there to take it."]


def test_caption_of_a_read_says_what_is_new(mess):
    # Slot Status, 0x62: presence changed (bit 3) and link changed (bit 8), no card there (bit 6).
    assert of(mess, "r", PORT, 0x62, 2, 0x0108)[0] == (
        "Reads Slot Status of 00:1c.0: Presence Detect State is cleared; Presence Detect Changed and "
        "Data Link Layer State Changed are set."
    )


def test_caption_of_waking_up_says_so():
    # PM Control/Status, here at 0x44: 0 is D0 (PM 3.2.4).
    (wakes,) = {said for event, said in told("asleep", 8) if event.op == "w" and "D3hot to D0" in said}
    assert "Power State goes from D3hot to D0 (it wakes up)" in wakes
    assert wakes.endswith(": waking up resets it.")


@pytest.mark.parametrize("name", scenarios.names())
@pytest.mark.slow
def test_captions_of_every_scenario_are_sentences(name):
    for event, said in told(name, 8):
        assert said[0].isupper() or said[0].isdigit(), (event, said)
        assert said.endswith("."), (event, said)
        assert "{" not in said, (event, said)


def test_caption_of_what_nobody_knows_is_what_happened():
    with boot("example:vga") as machine:
        seen = Observer(machine)
        machine.system.listen = seen.note
        machine.system.emit("turn_round", "0000:01:00.0", 3)
        machine.system.emit("hw", "sparks", PORT)
        machine.system.emit("lock", "odd", "it")
        seen.finish()
        assert list(captions(machine.events, seen)) == [
            "Turn round 01:00.0 3.", "00:1c.0: sparks.", "Takes the odd lock of it.",
        ]  # fmt: skip


def test_words_are_for_registers_and_fields_that_there_are():
    assert REGISTERS.keys() <= SHEET.keys()
    assert (FIELDS | MEANING).keys() <= NAMES.keys()


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("PCI_BRIDGE_CONTROL", "Bridge Control"), ("PCI_VENDOR_ID", "Vendor ID"), ("PCI_EXP_SLTCTL", "Slot Control"),
        ("PCI_BASE_ADDRESS_1", "Base Address 1"), ("0x58", "0x58"),
    ],
)  # fmt: skip
def test_register_is_called_as_in_the_specification(name, said):
    assert register(name) == said


def test_observer_notes_that_the_kernel_removes_and_finds_a_card():
    script = scenarios.load("power-cycle")
    with scenarios.ready(script) as machine:
        seen = Observer(machine)
        machine.system.listen = seen.note
        scenarios.perform(script, machine)
        seen.finish()
    card = "0000:02:00.0"
    said = [change.hardware[card]["kernel"] for change in seen.changes if card in change.hardware]
    states = [state for index, state in enumerate(said) if not index or said[index - 1] != state]
    assert (seen.condition[card]["kernel"], *states) == ("knows it", "has no such device", "knows it")


# -- the machine -----------------------------------------------------------------------------------------------------


def test_drawn_are_those_involved_the_bridges_above_and_all_below():
    machine = scenarios.load("nested").description()
    found = {node["bdf"]: node for node in drawn(machine, ["0000:02:00.0"])}
    assert list(found) == ["0000:00:03.0", "0000:01:00.0", "0000:02:00.0", "0000:03:00.0"]
    assert [found[bdf]["up"] for bdf in found] == [None, "0000:00:03.0", "0000:01:00.0", "0000:02:00.0"]
    assert [node["kind"] for node in found.values()][:3] == ["root port", "upstream port", "downstream port"]


def test_drawn_slot_has_its_number_and_link():
    (port, card) = drawn(scenarios.load("mess").description(), [CARD])
    assert (port["slot"], port["link"], card["slot"], card["link"]) == (1, True, None, False)


def test_ancestors_end_where_a_bridge_is_above_itself():
    assert ancestors("c", {"c": "b", "b": "a", "a": "b"}) == ["b", "a"]


def test_listed_is_a_tree_with_what_is_unusual():
    lines = listed(scenarios.load("mess").description())
    assert lines[0].startswith("0000:00:1c.0  ")
    assert lines[1].strip().startswith("slot 1, hot-plug, surprise removal, power controller, ")
    assert lines[2].strip() == "link_training_ms = 20"
    assert lines[3].startswith("  0000:01:00.0  ")
    assert lines[3].endswith(", driver mpt2sas")
    assert parents(scenarios.load("mess").description()) == {CARD: PORT}


def test_events_without_a_change_still_have_captions():
    with boot("example:vga") as machine:
        seen = Observer(machine)
        event = Event(0, "main", "w", (PORT, 0x3E, 2, 0), ())
        seen.note(event)
        seen.finish()
        assert list(captions([event], seen)) == ["Writes Bridge Control of 00:1c.0: nothing changes."]
