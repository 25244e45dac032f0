# SPDX-License-Identifier: GPL-2.0-only
# ruff: noqa: SIM102, SIM108, RET505 -- shapes of code are the subject here
"""The guard finder on functions written for it: every shape in which kernel code refuses. Oracle: the text below."""

import inspect
import sys
from errno import EBUSY, EINVAL, ENODEV, ENOTTY

import pytest

from kernel_port.kernel.structs import pci_bus, pci_dev, pci_ops, pci_sysdata
from kernel_port.kernel.system import System
from kernel_port.link import link, relocate
from kernel_port.pci_regs import PCI_EXP_DEVCAP_FLR, PCI_STATUS, PCI_STATUS_CAP_LIST, PCI_VENDOR_ID
from kernel_port.why.follow import follow
from kernel_port.why.guard import errno_name, guard

LIMIT = 3
ROWS = (1, 2, 3)
VENDOR = 0x8086
#: Vendor 8086, device, Command, Status 0x0200.
REGISTERS = bytes.fromhex("8680341200000002").ljust(64, b"\0")


class NoTime:
    now = 0


# -- kernel functions that refuse, each in its own way; `value` stands for what the machine makes them see


def probe_if(value):
    """Refuse in an if.

    C: drivers/pci/test.c, static, base"""
    # the comment before
    before = value

    # two lines of
    # explanation
    if not before & PCI_EXP_DEVCAP_FLR:
        return -ENOTTY
    return 0


def probe_trailing(value):
    if value > LIMIT:  # more than there can be
        return -EINVAL
    return 0


def probe_at_return(value):
    if value:
        return -EBUSY  # somebody has it
    return 0


def probe_loop(dev):
    for pdev in dev.bus.devices:
        # another function is there too
        if pdev is not dev:
            return -ENOTTY
    return 0


def probe_nested(value):
    # outer
    if value:
        # inner
        if value == 2:
            return -EINVAL
    return 0


def probe_else(value):
    if value:
        rc = 0
    else:
        # nothing there
        rc = -ENODEV
    return rc


def probe_elif(value):
    if value == 1:
        return 0
    # not two either
    elif value != 2:
        return -EINVAL
    return 0


def probe_initial(value):
    rc = -ENOTTY
    if value == 7:
        return rc
    # only five can
    if value == 5:
        rc = helper_zero()
    return rc


def probe_fall_through(value):
    if value == 1:
        return 0
    if value == 9:
        return -EINVAL
    # neither of them
    return -ENOTTY


def probe_unreached(value):
    if value > 100:
        if value > 200:
            return 2
        return 1
    # too small
    return -EINVAL


def probe_table(value):
    for row in ROWS:
        if row == value:
            return 0
    # not in it
    return -ENOTTY


def probe_stub(value):
    # there is no such thing here
    return -ENOTTY


def probe_passed_on(value):
    rc = helper_zero()
    if rc:
        return rc
    # not this comment
    return probe_if(value)


def probe_passed_on_by_name(value):
    rc = -ENODEV
    rc = probe_if(value)
    if rc:
        # not this comment either
        return rc
    return 0


def probe_translated(value):
    # what the helper says is lost
    if probe_if(value):
        return -EINVAL
    return 0


def probe_same_by_itself(value):
    rc = probe_if(value)
    if rc == -ENOTTY:
        # its own, though the same number
        return -ENOTTY
    return rc


def probe_finally(value):
    try:
        # refused within
        if value:
            return -EBUSY
    finally:
        helper_zero()
    return 0


def probe_or(dev):
    # three reasons in one
    if is_root(dev.bus) or dev.subordinate or not dev.bus.self:
        return -ENOTTY
    return 0


def probe_and(value):
    if value and value & 4 and helper_zero():
        return 0
    # not all
    return -ENOTTY


def probe_both(value):
    if value > 4 and value < 8:
        return -EINVAL
    return 0


def probe_again(value):
    for i in range(4):
        if helper_same(i) > value:
            return -EBUSY
    return 0


def probe_walrus(value):
    # asked, refused
    if (answer := helper_same(value)) < LIMIT:
        return -EINVAL
    return answer


def probe_while(value):
    left = value
    while left:
        left -= 1
        if left == 100:
            return 0
    # never came
    return -ENODEV


def probe_register(value):
    status = pci_read_config_word(value, PCI_STATUS)  # noqa: F821
    _, vendor = 0, pci_read_config_word(value, PCI_VENDOR_ID)  # noqa: F821
    # the register says no
    if not status & PCI_STATUS_CAP_LIST and vendor == VENDOR:
        return -ENOTTY
    return 0


def probe_port(value):
    # PORT: a departure is no explanation
    if value:
        return -EINVAL
    return 0


def is_root(bus):
    return not bus.parent


def helper_zero():
    return 0


def helper_same(value):
    return value


@pytest.fixture
def kernel():
    system = System(NoTime())
    link(0, system)
    for name, thing in globals().items():
        if name.startswith(("probe_", "helper_", "is_")):
            system.symtab[name] = relocate(thing, system.symtab)
        elif name.isupper():
            system.symtab[name] = thing
    return system


def refuse(kernel, function, *args):
    """Run *function* and find the guard; registers are those of an Intel device without capabilities."""
    call = follow(kernel, kernel.symtab[function.__name__], *args)
    return guard(call, lambda bdf: REGISTERS)


def line(function, text):
    """The last line of *function* in this file that has *text*."""
    lines, first = inspect.getsourcelines(function)
    return first + max(i for i, each in enumerate(lines) if text in each)


#: function, argument, result, text of the guard, on which line it is, explanation
SHAPES = [
    (probe_if, 5, -ENOTTY, "if not before & PCI_EXP_DEVCAP_FLR: return -ENOTTY", "if not", "two lines of explanation"),
    (probe_trailing, 4, -EINVAL, "if value > LIMIT: return -EINVAL", "if value", "more than there can be"),
    (probe_at_return, 1, -EBUSY, "if value: return -EBUSY", "if value", "somebody has it"),
    (probe_nested, 2, -EINVAL, "if value: if value == 2: return -EINVAL", "== 2", "inner"),
    (probe_else, 0, -ENODEV, "if value: ... else: rc = -ENODEV", "if value", "nothing there"),
    (probe_elif, 3, -EINVAL, "if value == 1: ... else: if value != 2: return -EINVAL", "elif", "not two either"),
    (probe_initial, 7, -ENOTTY, "if value == 7: return rc", "== 7", ""),
    (probe_initial, 4, -ENOTTY, "if value == 5: ...; return rc", "    return rc", "only five can"),
    (probe_fall_through, 3, -ENOTTY, "if value == 1: ...; return -ENOTTY", "return -ENOTTY", "neither of them"),
    (probe_unreached, 9, -EINVAL, "if value > 100: ...; return -EINVAL", "return -E", "too small"),
    (probe_table, 8, -ENOTTY, "for row in ROWS: if row == value: ...; return -ENOTTY", "return -E", "not in it"),
    (probe_stub, 0, -ENOTTY, "return -ENOTTY", "return", "there is no such thing here"),
    (probe_translated, 0, -EINVAL, "if probe_if(value): return -EINVAL", "if probe", "what the helper says is lost"),
    (probe_same_by_itself, 0, -ENOTTY, "if rc == -ENOTTY: return -ENOTTY", "if rc", "its own, though the same number"),
    (probe_finally, 1, -EBUSY, "if value: return -EBUSY", "if value", "refused within"),
    (probe_and, 3, -ENOTTY, "if value and value & 4 and helper_zero(): ...; return -ENOTTY", "return -E", "not all"),
    (probe_walrus, 2, -EINVAL, "if (answer := helper_same(value)) < LIMIT: return -EINVAL", "if (", "asked, refused"),
    (probe_while, 2, -ENODEV, "while left: if left == 100: ...; return -ENODEV", "return -E", "never came"),
    (probe_port, 1, -EINVAL, "if value: return -EINVAL", "if value", ""),
]


@pytest.mark.parametrize(("function", "value", "rc", "text", "at", "explanation"), SHAPES)
def test_guard_of_each_shape_is_the_statement_that_refused(kernel, function, value, rc, text, at, explanation):
    found = refuse(kernel, function, value)
    assert (found.rc, found.text, found.explanation) == (rc, text, explanation)
    assert (found.site.function, found.site.line) == (function.__name__, line(function, at))
    assert found.site.file.endswith("test_guard.py")


@pytest.mark.parametrize("caller", [probe_passed_on, probe_passed_on_by_name])
def test_guard_of_a_result_passed_on_is_in_the_function_that_made_it(kernel, caller):
    found = refuse(kernel, caller, 1)
    assert found.site.function == "probe_if"
    assert found.site.c_source == "drivers/pci/test.c, static, base"
    assert found.values == {"before": "1"}


def test_guard_values_leave_constants_out(kernel):
    assert refuse(kernel, probe_trailing, 400).values == {"value": "0x190"}


def test_guard_of_success_is_none(kernel):
    assert refuse(kernel, probe_if, PCI_EXP_DEVCAP_FLR) is None
    assert refuse(kernel, probe_walrus, LIMIT) is None


def machine():
    """Two functions on bus 0000:02, below a bus 0000:01; a root bus 0000:00 with one."""
    root, bus = (pci_bus(number=number, sysdata=pci_sysdata(0)) for number in (0, 2))
    bus.parent = pci_bus(number=1, sysdata=pci_sysdata(0))
    for where, name in ((root, "0000:00:1c.0"), (bus, "0000:02:00.0"), (bus, "0000:02:00.1")):
        where.devices.append(pci_dev(bus=where))
        where.devices[-1].dev.name = name
    bus.self = root.devices[0]
    return root, bus


def test_guard_in_a_loop_shows_the_round_that_refused(kernel):
    _, bus = machine()
    found = refuse(kernel, probe_loop, bus.devices[0])
    assert found.text == "for pdev in dev.bus.devices: if pdev is not dev: return -ENOTTY"
    assert found.explanation == "another function is there too"
    assert found.values == {
        "dev.bus.devices": "[0000:02:00.0, 0000:02:00.1]",
        "pdev": "0000:02:00.1",
        "dev": "0000:02:00.0",
    }


def test_guard_with_or_names_the_operand_that_settled_it(kernel):
    root, bus = machine()
    found = refuse(kernel, probe_or, root.devices[0])
    assert found.because == "is_root(dev.bus)"
    assert found.values["is_root(dev.bus)"] == "True"
    assert found.values["dev.bus"] == "bus 0000:00"

    bus.devices[0].subordinate = root
    found = refuse(kernel, probe_or, bus.devices[0])
    assert (found.because, found.values["dev.subordinate"]) == ("dev.subordinate", "bus 0000:00")

    bus.self = bus.devices[0].subordinate = None
    found = refuse(kernel, probe_or, bus.devices[0])
    assert (found.because, found.values["dev.bus.self"]) == ("not dev.bus.self", "NULL")


def intel(kernel):
    """0000:00:1f.0 with REGISTERS, each read in the trace."""

    def read(bus, devfn, where, size):
        value = int.from_bytes(REGISTERS[where : where + size], "little")
        kernel.emit("r", "0000:00:1f.0", where, size, value)
        return 0, value

    return pci_dev(bus=pci_bus(ops=pci_ops(read, None)), devfn=0xF8)


def test_guard_in_a_loop_shows_what_the_last_call_returned(kernel):
    assert refuse(kernel, probe_again, 1).values["helper_same(i)"] == "2"


def test_guard_with_and_names_no_operand_when_it_took_all(kernel):
    found = refuse(kernel, probe_both, 6)
    assert (found.because, found.values) == ("", {"value": "6"})


def test_guard_on_a_register_names_register_and_tested_bits(kernel):
    found = refuse(kernel, probe_register, intel(kernel))
    # Status 0x0200: only the two DEVSEL timing bits (10:9) are not 0, so the capability list bit (4) is clear.
    assert found.values == {"status": "0x0200 (PCI_STATUS CAP_LIST-)", "vendor": "0x8086 (PCI_VENDOR_ID)"}
    assert [(read.bdf, read.offset, read.size, read.value) for read in found.reads] == [
        ("0000:00:1f.0", 6, 2, 0x0200),
        ("0000:00:1f.0", 0, 2, 0x8086),
    ]
    assert found.reads[0].text.startswith("PCI_STATUS=0x0200")


def test_watch_puts_the_trace_function_back_and_calls_once(kernel):
    def tracer(frame, event, arg):
        return None

    before = sys.gettrace()
    sys.settrace(tracer)
    try:
        call = follow(kernel, kernel.symtab["probe_register"], intel(kernel))
        assert sys.gettrace() is tracer
    finally:
        sys.settrace(before)
    assert [callee.code.co_name for callee in call.calls] == ["pci_read_config_word", "pci_read_config_word"]
    assert len(kernel.events) == 2


def test_errno_name_of_known_and_unknown():
    assert errno_name(-25) == "-ENOTTY"
    assert errno_name(-9999) == "-9999"
