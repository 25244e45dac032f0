# SPDX-License-Identifier: GPL-2.0-only
"""What is said of a function that reads all ones: of a port made to show it, judged by hand."""

import pytest

from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.machine import boot
from kernel_port.why.silence import silence


def port(*patches):
    """A root port to bus 1 in D0 whose link is active, with a card in its slot and a power controller that is on."""
    config = bytearray(256)
    for offset, text in (
        (0x00, "86803412"), (0x06, "1000"), (0x08, "00000406"), (0x0E, "01"), (0x18, "000101"), (0x34, "40"),
        (0x40, "01500300"),  # Power Management
        (0x50, "10004201"),  # PCI Express: root port, slot
        (0x5C, "00001000"),  # Link Capabilities: it reports whether the link is active
        (0x62, "0020"),  # Link Status: active
        (0x64, "02000000"),  # Slot Capabilities: power controller
        (0x6A, "4000"),  # Slot Status: card present
        *patches,
    ):  # fmt: skip
        data = bytes.fromhex(text)
        config[offset : offset + len(data)] = data
    return FunctionDescription(Address(0, 0, 1, 0), bytes(config))


def function(number, config=b"\xff" * 256):
    return FunctionDescription(Address(0, 1, 0, number), config)


def said(*functions, of="01:00.0"):
    with boot(MachineDescription("m", list(functions), recorded=True), trace_boot=False) as machine:
        return silence(machine, machine.function(of))


@pytest.mark.parametrize(
    ("patches", "says", "means"),
    [
        ([], "link active, card present, slot power on", "the device is in D3cold, or hung"),
        ([(0x3E, "4000")], "bus held in reset", "a reset was begun and not ended"),
        ([(0x44, "0300")], "power state D3hot", "nothing below a bridge in D3hot can be reached"),
        ([(0x60, "1000")], "link disabled", "somebody disabled the link"),
        ([(0x62, "0000")], "link not active", "the link did not come back after a reset"),
        ([(0x6A, "0000")], "no card present", "the card was taken out"),
        ([(0x68, "0004")], "slot power off", "the slot is switched off"),
        ([(0x5C, "00000000")], "whether the link is active it does not say", "the device is in D3cold, or hung"),
    ],
)
def test_silence_is_what_the_port_above_says_and_what_it_means(patches, says, means):
    first, usually = said(port(*patches), function(0))
    assert first.startswith("It reads all ones: no request is answered. 00:01.0 above it says: power state ")
    assert says in first
    assert usually.startswith(f"Usually: {means}")


def test_silence_where_a_neighbour_answers_is_its_own():
    answering = function(1, bytes.fromhex("86803412").ljust(256, b"\0"))
    assert said(port(), function(0), answering)[1].startswith("Usually: it alone is off or hung, as 01:00.1 beside it")


def test_silence_without_a_port_that_could_say_more():
    assert said(function(0)) == ["It reads all ones; the bridge above bus 01 is not in the file, which would say more."]
    assert said(port(), function(0, port().config), of="01:00.0") == []  # it answers


def test_silence_of_registers_that_are_not_stated_says_so():
    partly = port()
    partly.stated = b"\xff" * 64
    assert "power state not stated, bus not in reset" in said(partly, function(0))[0]
