# SPDX-License-Identifier: GPL-2.0-only
"""recordings/capture_phases.py: what of a captured window is the reset itself. The oracle is how pci_save_state and
pci_restore_state go through the header: upwards from dword 0x00, downwards from dword 0x3c."""

from itertools import chain

import pytest

from kernel_port.recordings.capture_phases import Access, windows

ONE, TWO = "0000:01:00.0", "0000:01:00.1"


def save(bdf):
    return [["r", bdf, where, 4, 0, 0] for where in range(0x00, 0x40, 4)]


def restore(bdf):
    """Every other dword has changed and is written."""
    ops = []
    for where in range(0x3C, -4, -4):
        ops.append(["r", bdf, where, 4, 0, 0])
        ops += [["w", bdf, where, 4, 1, 0]] if where % 8 else []
    return ops


def power(bdf, state):
    return [["w", bdf, 0x44, 2, state, 0]]


def reset(*bdfs):
    """A bus reset of some functions: save each, pulse, restore each."""
    pulse = [["w", "0000:00:03.0", 0x3E, 2, value, 0] for value in (0x40, 0x00)]
    return [*chain.from_iterable(map(save, bdfs)), *pulse, *chain.from_iterable(map(restore, bdfs))]


def wake(bdf):
    return power(bdf, 0) + restore(bdf)


def sleep(bdf):
    return save(bdf) + power(bdf, 3)


@pytest.mark.parametrize(
    ("before", "middle", "after", "unsaved"),
    [
        ([], reset(ONE), [], 0),
        ([], reset(ONE, TWO), [], 0),
        (wake(ONE), reset(ONE), sleep(ONE), 0),
        (wake(TWO), reset(ONE, TWO), sleep(TWO), 0),
        (wake(ONE) + wake(TWO), reset(ONE, TWO), sleep(ONE) + sleep(TWO), 0),
        ([], power(ONE, 0) + reset(ONE), [], 1),
        ([], power(ONE, 0), [], 0),
        ([], [], [], 0),
    ],
    ids=["one", "two", "one asleep", "other asleep", "both asleep", "woken without restore", "nothing saved", "empty"],
)
def test_windows_tell_the_reset_from_waking_and_sleeping(before, middle, after, unsaved):
    ops = [["mark", "start", 0], ["mark", "begin", 0], *before, *middle, *after, ["mark", "end", 0]]
    (window,) = windows(ops)
    assert window.start == 2 + len(before) + unsaved
    for found, expected in ((window.wake, before), (window.reset, middle), (window.sleep, after)):
        assert found == [Access(*op[:5]) for op in expected]


def test_windows_show_pauses_of_5_ms_and_leave_out_what_is_between_tests():
    ops = [
        ["mark", "begin", 0], ["r", ONE, 6, 2, 0, 100], ["r", ONE, 6, 2, 0, 5_099], ["r", ONE, 6, 2, 0, 10_099],
        ["mark", "end", 20_000], ["r", ONE, 4, 2, 0, 20_001],
        ["mark", "begin", 30_000], ["mark", "end", 30_001],
    ]  # fmt: skip
    first, second = windows(ops)
    access = Access("r", ONE, 6, 2, 0)
    assert first.reset == [access, access, Access("pause", value=5_000), access]
    assert second.reset == []
