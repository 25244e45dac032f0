# SPDX-License-Identifier: GPL-2.0-only
"""The chapters of a run: told from the functions that it entered."""

import pytest

from kernel_port import scenarios
from kernel_port.machine import boot
from kernel_port.review.watch.chapters import FEW, chapters
from kernel_port.review.watch.observer import Observer


def told(name, patches):
    run = scenarios.play(scenarios.load(name), patches)
    return run.events, chapters(run.events, run.before)


def titles(found, thread="main"):
    return [chapter.title for chapter in found if chapter.thread == thread]


@pytest.mark.parametrize(
    ("name", "patches", "expected"),
    [
        # pci_reset_function() of patch 6, as its C reads: probe, save, lock, the ways that are not there, the slot.
        ("mess", 8, ["probe", "save and disable", "lock", "probe", "mask", "reset held", "settle", "unmask", "unlock",
                     "restore"]),
        # Before the series: no slot to mask, and the statements of pci_reset_function() itself.
        ("mess", 0, ["probe", "save state", "reset", "probe", "reset held", "settle", "restore state"]),
        # A function level reset: pcie_flr() waits out its 100 ms after the bit is set.
        ("pending", 8, ["probe", "save and disable", "lock", "flr", "settle", "unlock", "restore"]),
        # pci_pm_reset(): to D3hot and back, each with its 10 ms.
        ("asleep", 8, ["probe", "save and disable", "lock", "probe", "pm reset", "settle", "unlock", "restore"]),
    ],
)  # fmt: skip
def test_chapters_of_a_reset_are_its_phases(name, patches, expected):
    _, found = told(name, patches)
    assert titles(found) == expected


def test_chapters_of_a_bus_of_two_functions_are_those_of_one():
    with boot("example:vga") as machine:
        before = Observer(machine).before
        machine.call("pci_reset_slot", machine.slot("1"))
        found = chapters(machine.events, before)
    assert titles(found) == [
        "save and disable", "lock", "mask", "reset held", "settle", "unmask", "unlock", "restore",
    ]  # fmt: skip


def test_chapters_of_other_threads_are_theirs():
    _, found = told("mess", 0)
    assert "unconfigure" in titles(found, "pciehp-1")
    assert "power off" in titles(found, "pciehp-1")
    # Another thread waits while main holds the bus in reset: that is main's chapter alone.
    assert "reset held" not in titles(found, "pciehp-1")


def test_chapters_have_each_event_of_a_thread_once():
    events, found = told("mess", 0)
    threads = [i for i, event in enumerate(events) if not event.context.startswith(("irq ", "timer "))]
    assert sorted(index for chapter in found for index in chapter.events) == threads
    assert [chapter.events[0] for chapter in found] == sorted(chapter.events[0] for chapter in found)


def test_chapters_of_a_loop_that_waits_are_one():
    events, found = told("power-cycle", 8)
    (waiting,) = [chapter for chapter in found if chapter.title == "wait link active"]
    assert sum(events[index].op == "msleep" for index in waiting.events) > 50
    assert len(found) < 15


def test_chapters_hold_the_reset_as_long_as_the_bit_is_set():
    events, found = told("mess", 8)
    (held,) = [chapter for chapter in found if chapter.title == "reset held"]
    writes = [index for index, event in enumerate(events) if event.op == "w" and event.args[1] == 0x3E]
    first, last = writes  # set, cleared: the chapter begins FEW events before at most, and ends with the sleep
    assert held.events[0] in range(first - FEW, first + 1)
    assert held.events[-1] == last - 1


def test_chapters_of_a_reset_that_is_not_to_be_had_are_few():
    with boot("example:vga", patches=0) as machine:
        before = Observer(machine).before
        machine.call("pci_reset_function", machine.function("00:1c.0"))
        assert titles(chapters(machine.events, before)) == ["reset"]
