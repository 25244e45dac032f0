# SPDX-License-Identifier: GPL-2.0-only
"""trace/render.py and shadow.py on events and registers made by hand."""

import io
import json

import pytest

from kernel_port.kernel.system import Event
from kernel_port.terminal import Paint
from kernel_port.trace.render import json_lines, render
from kernel_port.trace.shadow import Shadows

BDF = "0000:01:00.0"


def endpoint():
    """PM at 0x40, then PCI Express version 2 with FLR (Device Capabilities bit 28) at 0x50; Command 0x0006."""
    image = bytearray(256)
    for where, text in ((0x04, "06001000"), (0x34, "40"), (0x40, "01500300"), (0x50, "10000200"), (0x54, "00000010")):
        image[where : where + len(text) // 2] = bytes.fromhex(text)
    return bytes(image)


def text(*events, verbose=False):
    trace = [Event(time, context, op, args, ()) for time, context, op, *args in events]
    return list(render(trace, {BDF: endpoint()}, 1_000_000, verbose, Paint(io.StringIO())))


@pytest.mark.parametrize(
    ("where", "size", "value", "held"),
    [
        (0x04, 2, 0x0400, 0x0400),  # Command: all ten named bits but special cycles, palette and wait are writable
        (0x04, 2, 0xFFFF, 0x0547),  # PCI Express: 0x0547 is writable (golden/HARDWARE.md)
        (0x06, 2, 0xFFFF, 0x0010),  # Status: the capability list bit is read-only, errors are cleared
        (0x3C, 4, 0x12345678, 0x00000078),  # the interrupt line alone
    ],
)
def test_shadow_write_follows_the_register_table(where, size, value, held):
    shadows = Shadows({BDF: endpoint()})
    assert shadows.write(BDF, where, size, value)[1] == held


def test_shadow_read_after_reset_differs_from_what_was_seen():
    shadows = Shadows({BDF: endpoint()})
    shadows.happened("hot reset", BDF)
    assert shadows.read(BDF, 0x04, 2, 0x0000) == (0x0006, 0x0000)


def test_shadow_write_after_reset_starts_from_the_default():
    shadows = Shadows({BDF: endpoint()})
    shadows.happened("hot reset", BDF)
    assert shadows.write(BDF, 0x04, 2, 0x0006) == (0x0000, 0x0006)


def test_shadow_all_ones_are_nobodys_registers():
    shadows = Shadows({BDF: endpoint()})
    shadows.read(BDF, 0x04, 2, 0xFFFF)
    assert shadows.read(BDF, 0x04, 2, 0x0006) == (0x0006, 0x0006)


def test_render_write_names_the_bits_it_changes_and_the_time_since_the_call():
    (line,) = text((3_500_000, "main", "w", BDF, 0x04, 2, 0x0402))[1:]
    assert line.split() == ["2.500", "w16", "0x004", "PCI_COMMAND=0x0402", "[MASTER-", "INTX_DISABLE+]"]


def test_render_write_that_triggers_names_the_trigger():
    (line,) = text((0, "main", "w", BDF, 0x58, 2, 0x8000))[1:]
    assert "[BCR_FLR+]" in line


def test_render_write_of_ones_to_clear_names_what_it_clears():
    (line,) = text((0, "main", "w", BDF, 0x06, 2, 0x2000))[1:]
    assert "[REC_MASTER_ABORT-]" in line


def test_render_all_ones_say_that_nobody_answers():
    (line,) = text((0, "main", "r", BDF, 0x00, 4, 0xFFFFFFFF))[1:]
    assert "[nobody answers]" in line


def test_render_three_routine_reads_share_a_line_and_two_do_not():
    reads = [(0, "main", "r", BDF, 4 * i, 4, int.from_bytes(endpoint()[4 * i : 4 * i + 4], "little")) for i in range(3)]
    assert ["3 reads" in line for line in text(*reads)[1:]] == [True]
    assert len(text(*reads, verbose=True)[1:]) == 3
    assert ["reads" in line for line in text(*reads[:2])[1:]] == [False, False]


def test_render_a_change_ends_a_run():
    reads = [(0, "main", "r", BDF, 0x08, 4, 0) for _ in range(3)]
    lines = text(*reads, (0, "main", "r", BDF, 0x0C, 4, 0x10), *reads)[1:]
    assert ["3 reads" in line for line in lines] == [True, False, True]


def test_render_message_from_a_file_cannot_drive_the_terminal():
    (line,) = text((0, "main", "printk", "info", "\033[2Jgone"))[1:]
    assert "info: \\x1b[2Jgone" in line


def test_render_leaves_debugging_out_unless_verbose():
    event = (0, "main", "printk", "debug", "details")
    assert text(event) == []
    assert any("details" in line for line in text(event, verbose=True))


def waits(*events):
    trace = [Event(0, context, op, args, ()) for context, op, *args in events]
    return [json.loads(line)["args"] for line in json_lines(trace, 0)]


def test_json_wait_has_the_outcome_of_its_own_thread():
    assert waits(
        ("main", "wait", "cmd", 1000), ("pciehp-0", "wait", "cmd", 2500), ("pciehp-0", "waited", "cmd", False),
        ("main", "waited", "cmd", True),
    ) == [["cmd", 1000, True], ["cmd", 2500, False]]  # fmt: skip


def test_json_wait_that_never_ended_has_none():
    assert waits(("main", "wait", "cmd", 1000)) == [["cmd", 1000, None]]
