# SPDX-License-Identifier: GPL-2.0-only
"""Nothing quadratic in the size of an input: twice as much takes at most twice the steps more. See growing.py."""

import gc
import os
import re
import shutil
import subprocess
import sys

import pytest
from growing import INPUTS, read
from paths import TESTS

from kernel_port.cli import main

#: How many times as much the second doubling may add as the first: 2 if it grows with the size, 4 with its square.
MOST = 2.6
#: Texts in which a pattern may look at everything again, or that may be put together piece by piece, by one call in C.
IN_C = (
    "dump with long rows", "dump in one line", "dump, quoted and quoted", "dump, as a page", "dump, broken lines",
    "attachments", "a line of prose", "listing of long lines", "toml of rows", "toml of brackets", "mail of headers",
    "mail of parts", "mail of encoded words", "subject of tags", "subject of blanks", "letter",
    "C of comments without end", "C of quotes", "C of braces", "C of parentheses", "C of words",
    "C of lines that go on", "Makefile of blanks", "pci.ids",
)  # fmt: skip


def steps(name, count, folder):
    """How many lines of Python run, and functions in C are called, while an input is read."""
    taken = 0

    def line(_frame, event, _argument):
        nonlocal taken
        taken += event == "line"
        return line

    def call(_frame, event, _argument):
        nonlocal taken
        taken += event == "c_call"

    before = sys.gettrace(), sys.getprofile()
    gc.disable()
    sys.settrace(line)
    sys.setprofile(call)
    try:
        read(name, count, folder)
    finally:
        sys.setprofile(before[1])
        sys.settrace(before[0])
        gc.enable()
    return taken


def added(counted):
    """What each doubling adds; noise of a few thousand steps is nothing."""
    first, second, third = counted
    return second - first, third - second


@pytest.mark.parametrize("name", INPUTS)
def test_steps_grow_with_the_input_not_its_square(tmp_path, name):
    size = INPUTS[name][1] // 2
    read(name, size, tmp_path / "x")  # what is imported or cached once
    first, second = added([steps(name, count, tmp_path / "x") for count in (size, 2 * size, 4 * size)])
    assert second <= MOST * max(first, 50), (first, second)


def test_steps_of_a_square_are_seen(tmp_path, monkeypatch):
    def square(_folder, count):
        for _ in range(count * count):
            pass

    monkeypatch.setitem(INPUTS, "square", (square, 20))
    first, second = added([steps("square", count, tmp_path / "x") for count in (10, 20, 40)])
    assert second > MOST * first


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("valgrind") is None, reason="valgrind is not installed")
@pytest.mark.parametrize("name", IN_C)
def test_instructions_grow_with_the_input_not_its_square(tmp_path, name):
    size = INPUTS[name][1] * 2
    first, second = added([instructions(name, count, tmp_path / "x") for count in (size, 2 * size, 4 * size)])
    assert second <= MOST * max(first, 1_000_000), (first, second)


def instructions(name, count, folder):
    """How many instructions a process runs that reads an input."""
    command = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null",
               sys.executable, TESTS / "growing.py", name, str(count), folder]  # fmt: skip
    environment = os.environ | {"PYTHONHASHSEED": "0", "PYTHONPATH": str(TESTS), "PYTHONMALLOC": "malloc"}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    found = re.search(r"I\s+refs:\s+([\d,]+)", done.stderr)
    return int(found[1].replace(",", ""))


def nested(path, depth):
    """A machine with so many bridges below each other."""
    bridge = '[[function]]\naddress = "{0:02x}:00.0"\nkind = "pci-bridge"\nvendor = 1\ndevice = 1\nbus = [{1}, {2}]\n'
    bridges = "".join(bridge.format(bus, bus + 1, depth) for bus in range(depth))
    path.write_text(bridges + f'[[function]]\naddress = "{depth:02x}:00.0"\nkind = "pci"\nvendor = 1\ndevice = 2\n')
    return path


@pytest.mark.slow
@pytest.mark.parametrize("line", ["watch M bus:01 -o page.html", "bisect M bus:01"])
def test_bridges_255_deep_cost_no_more_than_their_square(tmp_path, monkeypatch, capsys, line):
    # Each bridge that is locked or saved holds those above it: what a step shows grows with the depth, and so do steps.
    monkeypatch.chdir(tmp_path)

    def taken(depth):
        count = 0

        def call(_frame, event, _argument):
            nonlocal count
            count += event == "call"

        argv = line.replace("M", str(nested(tmp_path / "m.toml", depth))).split()
        sys.setprofile(call)
        try:
            status = main(argv)
        finally:
            sys.setprofile(None)
        capsys.readouterr()
        assert status in (0, 1)
        return count

    taken(4)  # what is imported or cached once
    small, large = taken(60), taken(120)
    assert large <= 4.4 * small
    assert main(line.replace("M", str(nested(tmp_path / "m.toml", 255))).split()) in (0, 1)
