# SPDX-License-Identifier: GPL-2.0-only
"""Which kernel code an event was done by, against what Python itself says of its frames."""

import sys
import threading
import tracemalloc
from traceback import walk_stack
from types import FunctionType

import pytest

from kernel_port._stack import kernel_stack

#: A kernel of one function that calls what it is given, and another kernel.
OURS, THEIRS = {}, {}
PROGRAM = """
def f(depth, g, *args):
    return f(depth - 1, g, *args) if depth else g(*args)
"""
exec(compile(PROGRAM, "ours.py", "exec"), OURS)
exec(compile(PROGRAM, "theirs.py", "exec"), THEIRS)


def by_python(symtab):
    """The frames from the innermost of *symtab* outwards, in the words of the standard library."""
    frames = [frame for frame, _ in walk_stack(sys._getframe())]
    while frames and frames[0].f_globals is not symtab:
        del frames[0]
    kernel = []
    while frames and frames[0].f_globals is symtab:
        kernel += frames[0].f_code, frames[0].f_lasti
        del frames[0]
    return tuple(kernel)


def both():
    """What either says, asked by the same frames."""
    return kernel_stack(OURS), by_python(OURS)


@pytest.mark.parametrize("depth", [0, 1, 5, 31])
def test_kernel_stack_is_that_of_python(depth):
    found, expected = OURS["f"](depth, both)
    assert found == expected
    assert len(found) == 2 * (depth + 1)
    assert found[0] is OURS["f"].__code__


def test_kernel_stack_ends_where_other_code_calls_the_kernel():
    found, expected = OURS["f"](2, THEIRS["f"], 1, OURS["f"], 3, both)
    assert found == expected
    assert len(found) == 2 * 4


def test_kernel_stack_of_a_deep_stack_lacks_the_outermost_frames():
    found, expected = OURS["f"](32, both)
    assert len(expected) == 2 * 33
    assert found == expected[: 2 * 32]


def test_kernel_stack_outside_the_kernel_is_empty():
    assert kernel_stack(OURS) == ()
    assert THEIRS["f"](3, kernel_stack, OURS) == ()


def test_kernel_stack_is_that_of_the_thread_that_asks():
    found = []
    thread = threading.Thread(target=OURS["f"], args=(4, lambda: found.append(both())))
    OURS["f"](9, lambda: (thread.start(), thread.join()))
    ((ours, expected),) = found
    assert ours == expected
    assert len(ours) == 2 * 5


def test_kernel_stack_sees_code_made_anew():
    symtab = {}
    renewed = FunctionType(OURS["f"].__code__.replace(co_name="renewed"), symtab)
    symtab["f"] = renewed
    assert renewed(1, kernel_stack, symtab)[0] is renewed.__code__


def test_kernel_stack_leaves_no_memory_behind():
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
