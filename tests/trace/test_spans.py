# SPDX-License-Identifier: GPL-2.0-only
"""What lasts in a trace, from events written by hand and from a reset whose times are known."""

from itertools import pairwise

import pytest

from kernel_port import scenarios
from kernel_port.kernel.system import Event
from kernel_port.machine import boot
from kernel_port.trace.spans import bus_reset, spans

MS = 1_000_000
#: Header type 1 at 0x0e.
BRIDGE = bytes(0x0E) + b"\x01" + bytes(0x31)
PORT, CARD = "0000:00:1c.0", "0000:01:00.0"


def events(*acts):
    """Events from (ms, context, op, args...)."""
    return [Event(ms * MS, context, op, tuple(args), ()) for ms, context, op, *args in acts]


def found(trace, configs=None):
    return [(s.track, s.who, s.label, s.start // MS, s.stop // MS, s.open) for s in spans(trace, configs or {})]


def test_spans_delay_lasts_as_long_as_it_says():
    trace = events((1, "main", "msleep", 100), (101, "main", "mdelay", 2))
    assert [told[2:5] for told in found(trace)] == [("msleep(100)", 1, 101), ("mdelay(2)", 101, 103)]


def test_spans_lock_is_the_takers_whoever_releases_it():
    trace = events((0, "main", "lock", "cfg", CARD), (5, "worker", "unlock", "cfg", CARD))
    assert found(trace) == [("lock", "main", f"cfg {CARD}", 0, 5, False)]


def test_spans_lock_wait_ends_with_the_lock_of_the_same_thread():
    trace = events(
        (0, "main", "lock", "device", CARD), (1, "worker", "lock_wait", "device", CARD),
        (2, "main", "unlock", "device", CARD), (2, "main", "lock", "device", CARD),
        (3, "main", "unlock", "device", CARD), (4, "worker", "lock", "device", CARD),
    )  # fmt: skip
    assert ("wait", "worker", f"device {CARD}", 1, 4, False) in found(trace)


def test_spans_what_never_ends_is_open_to_the_last_event():
    trace = events((0, "main", "lock", "slot", PORT), (9, "main", "printk", "info", "x"))
    assert found(trace) == [("lock", "main", f"slot {PORT}", 0, 9, True)]


def test_spans_readers_of_a_lock_are_kept_apart():
    trace = events(
        (0, "a", "lock", "pci_bus_sem", ""), (1, "b", "lock", "pci_bus_sem", ""), (2, "b", "unlock", "pci_bus_sem", ""),
        (3, "a", "unlock", "pci_bus_sem", ""),
    )  # fmt: skip
    assert found(trace) == [("lock", "a", "pci_bus_sem", 0, 3, False), ("lock", "b", "pci_bus_sem", 1, 2, False)]


@pytest.mark.parametrize(
    ("where", "size", "value", "level"),
    [
        (0x3E, 2, 0x0040, 1),
        (0x3E, 2, 0xFFBF, 0),
        (0x3E, 1, 0x40, 1),
        (0x3C, 4, 0x00400000, 1),  # the register is the upper half of this dword
        (0x3C, 4, 0x00000040, 0),
        (0x3F, 1, 0x40, None),
        (0x3C, 2, 0x40, None),
    ],
)
def test_bus_reset_is_bit_6_of_bridge_control_however_it_is_written(where, size, value, level):
    assert bus_reset({PORT: BRIDGE}, PORT, where, size, value) == level


def test_bus_reset_of_an_endpoint_is_none():
    assert bus_reset({CARD: bytes(64)}, CARD, 0x3E, 2, 0x40) is None


def test_spans_of_a_slot_reset():
    # 101 ms held, 101 ms settled; example:vga says link_training_ms = 20 (up at 121) and ready_ms = 40 (at 161).
    with boot("example:vga") as machine:
        configs = {str(f.address): machine.fabric.config(f.address) for f in machine.description.functions}
        machine.call("pci_reset_slot", machine.slot("1"))
        told = found(machine.events, configs)
    assert ("reset held", PORT, PORT, 0, 101, False) in told
    assert ("link down", PORT, PORT, 0, 121, False) in told
    assert ("not ready", CARD, f"{CARD} after hot reset", 0, 161, False) in told
    assert [s[3:5] for s in told if s[0] == "delay"] == [(0, 100), (101, 201)]  # as asked
    assert sum(s[0] == "interrupt" for s in told) == 2
    assert not any(is_open for *_, is_open in told)


def test_spans_work_is_begun_in_the_order_it_was_queued():
    # The surprise removal at 3.11: both presence events are queued by the interrupt, each queues a power thread. The
    # second pair does not wait for the first, which sleeps until the device lock is free.
    run = scenarios.play(scenarios.load("mess-no-power"), patches=0)
    queued = [event.args[0] for event in run.events if event.op == "queue_work"]
    work = [span for span in spans(run.events, run.before) if span.track == "work"]
    assert queued == ["interrupt_event_handler", "pciehp_power_thread"] * 2
    assert [span.label for span in work] == queued
    assert [span.who for span in work] == ["pciehp-1"] * 2 + ["pciehp-1:1"] * 2
    for before, after in pairwise(work):
        assert before.begin < after.begin
    removal, _, enable = work[1:]
    assert removal.begin < enable.begin < removal.end < enable.end
    for span in work:
        assert {run.events[span.begin].context, run.events[span.end].context} == {span.who}
