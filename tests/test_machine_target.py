# SPDX-License-Identifier: GPL-2.0-only
"""What a user may name of a booted machine: functions, slots, buses, kernel functions."""

import pytest
from hw_machine import function, port

from kernel_port.hw.description import MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.machine import boot


@pytest.fixture(scope="module")
def small():
    functions = [
        port("00:1c.0", 1, 1, registers={"x08_4": 0x06040000}, sltcap=0x60 | 4 << 19),
        function("01:00.0"), function("01:00.5"), function("0001:05:00.0"),
    ]  # fmt: skip
    with boot(MachineDescription("test", functions)) as machine:
        yield machine


@pytest.mark.parametrize(
    ("text", "kind", "name"),
    [
        ("01:00.0", "function", "0000:01:00.0"),
        ("0000:01:00.0", "function", "0000:01:00.0"),
        ("0001:05:00.0", "function", "0001:05:00.0"),
        ("1:0.0", "function", "0000:01:00.0"),
    ],
)
def test_target_function(small, text, kind, name):
    found, dev = small.target(text)
    assert (found, dev.dev.name) == (kind, name)


def test_target_slot_and_bus(small):
    assert small.target("slot:4") == ("slot", small.function("01:00.0").slot)
    assert small.target("bus:01") == ("bus", small.function("01:00.0").bus)
    assert small.target("bus:0001:05") == ("bus", small.function("0001:05:00.0").bus)


NOT_FOUND = (
    "0000:01:00.5 is in test, but the kernel did not find it: no bridge leads to its bus, "
    "or function 0 beside it is missing or not multifunction"
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("02:00.0", "there is no function 0000:02:00.0; there is 0000:00:1c.0, 0000:01:00.0, 0001:05:00.0"),
        ("01:00.5", NOT_FOUND),
        ("nonsense", "'nonsense' is not a PCI address such as 01:00.0 or 0000:01:00.0"),
        ("", "'' is not a PCI address such as 01:00.0 or 0000:01:00.0"),
        ("slot:5", "there is no slot 5; there is 4"),
        ("slot:", "there is no slot ; there is 4"),
        ("bus:02", "there is no bus 02; there is 0000:00, 0000:01, 0001:05"),
        ("bus:zz", "'zz' is not a bus such as 01 or 0000:01"),
    ],
)  # fmt: skip
def test_target_that_does_not_exist_names_what_does(small, text, message):
    with pytest.raises(MachineError) as caught:
        small.target(text)
    assert str(caught.value) == message


def test_target_of_an_empty_machine_says_so():
    refusal = pytest.raises(MachineError, match="no slot 1; there is none at all")
    with boot(MachineDescription("test", [])) as machine, refusal:
        machine.target("slot:1")


def test_call_of_a_function_that_this_point_has_not_is_refused():
    refusal = pytest.raises(MachineError, match=r"linux-3.11\+6 has no .* pci_reset_bus")
    with boot(MachineDescription("test", []), patches=6) as machine, refusal:
        machine.call("pci_reset_bus", None)
