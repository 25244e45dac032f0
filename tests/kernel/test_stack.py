# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel code an event was done by, in C and in Python, against what the standard library says of the frames."""

import importlib.util
import sys
import threading
import tracemalloc
from traceback import walk_stack
from types import FunctionType

import pytest

from kernel_port._stack import kernel_stack as in_c
from kernel_port.kernel import stack, system
from kernel_port.machine import boot

#: A kernel of one function that calls what it is given, and another kernel.
OURS, THEIRS = {}, {}
PROGRAM = """
def f(depth, g, *args):
    return f(depth - 1, g, *args) if depth else g(*args)
"""
exec(compile(PROGRAM, "ours.py", "exec"), OURS)
exec(compile(PROGRAM, "theirs.py", "exec"), THEIRS)

each_way = pytest.mark.parametrize("kernel_stack", [in_c, stack.walk])


def by_library(symtab):
    """The frames from the innermost of *symtab* outwards, in the words of the standard library."""
    frames = [frame for frame, _ in walk_stack(sys._getframe())]
    while frames and frames[0].f_globals is not symtab:
        del frames[0]
    kernel = []
    while frames and frames[0].f_globals is symtab:
        kernel += frames[0].f_code, frames[0].f_lasti
        del frames[0]
    return tuple(kernel)


def all_ways():
    """What each says, asked by the same frames: C, Python, the standard library."""
    return in_c(OURS), stack.walk(OURS), by_library(OURS)


@pytest.mark.parametrize("depth", [0, 1, 5, 31])
def test_kernel_stack_is_that_of_the_standard_library(depth):
    c, python, expected = OURS["f"](depth, all_ways)
    assert c == python == expected
    assert len(expected) == 2 * (depth + 1)
    assert expected[0] is OURS["f"].__code__


def test_kernel_stack_ends_where_other_code_calls_the_kernel():
    c, python, expected = OURS["f"](2, THEIRS["f"], 1, OURS["f"], 3, all_ways)
    assert c == python == expected
    assert len(expected) == 2 * 4


def test_kernel_stack_of_a_deep_stack_lacks_the_outermost_frames():
    c, python, expected = OURS["f"](32, all_ways)
    assert len(expected) == 2 * 33
    assert c == python == expected[: 2 * 32]


@each_way
def test_kernel_stack_outside_the_kernel_is_empty(kernel_stack):
    assert kernel_stack(OURS) == ()
    assert THEIRS["f"](3, kernel_stack, OURS) == ()


def test_kernel_stack_is_that_of_the_thread_that_asks():
    found = []
    thread = threading.Thread(target=OURS["f"], args=(4, lambda: found.append(all_ways())))
    OURS["f"](9, lambda: (thread.start(), thread.join()))
    ((c, python, expected),) = found
    assert c == python == expected
    assert len(expected) == 2 * 5


@each_way
def test_kernel_stack_sees_code_made_anew(kernel_stack):
    symtab = {}
    renewed = FunctionType(OURS["f"].__code__.replace(co_name="renewed"), symtab)
    symtab["f"] = renewed
    assert renewed(1, kernel_stack, symtab)[0] is renewed.__code__


@each_way
def test_kernel_stack_leaves_no_memory_behind(kernel_stack):
    OURS["f"](20, kernel_stack, OURS)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        for _ in range(1000):
            OURS["f"](20, kernel_stack, OURS)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    # A stack left behind would be 42 pointers and a head, a thousand times.
    assert after - before < 10_000


def test_kernel_stack_without_the_extension_is_found_in_python(monkeypatch):
    monkeypatch.setitem(sys.modules, "kernel_port._stack", None)  # import finds that it is not there
    spec = importlib.util.spec_from_file_location("kernel_port.kernel.stack", stack.__file__)
    without = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(without)
    assert without.kernel_stack is without.walk


def test_reset_without_the_extension_leaves_the_same_trace(monkeypatch):
    def events():
        with boot("example:vga") as machine:
            machine.call("pci_reset_slot", machine.slot("1"))
            # The code of two kernels is not one, but it is equal.
            return machine.boot_events + machine.events

    with_extension = events()
    monkeypatch.setattr(system, "kernel_stack", stack.walk)
    assert events() == with_extension
