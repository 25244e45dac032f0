# SPDX-License-Identifier: GPL-2.0-only
"""The mend that saves virtual channels: what a reset takes, by the registers of PCI Express 2.1, 7.11, comes back."""

import pytest

from kernel_port import boot, scenarios
from kernel_port.choice import KernelChoice
from kernel_port.later.v314_virtual_channel_state import CAP_EXTENDED

MEND = KernelChoice.of(8, ["virtual-channel-state"])
#: Where the machine of the scenario has the capability, and where its registers are: the first channel's control, the
#: second's, 12 bytes on.
VC, FIRST, SECOND = 0x100, 0x114, 0x120
PORT, CARD = "00:1c.0", "01:00.0"
#: Channel 1 enabled, ID 1, for traffic class 7.
CONTROL = 0x81000080


@pytest.fixture
def description():
    """Port and card with two channels each."""
    machine = scenarios.load("virtual-channel").description()
    for function in machine.functions:
        config = bytearray(function.config)
        config[VC + 4] = 1  # extended VC count
        function.config = bytes(config)
    return machine


def write(machine, function, where, value):
    machine.kernel.pci_write_config_dword(machine.function(function), where, value)


def read(machine, function, where):
    return machine.kernel.pci_read_config_dword(machine.function(function), where)


@pytest.mark.parametrize(("choice", "back"), [(8, 0), (MEND, CONTROL)])
def test_second_channel_is_enabled_again_at_both_ends(description, choice, back):
    with boot(description, choice) as machine:
        for function in (PORT, CARD):
            write(machine, function, SECOND, CONTROL)
        machine.events.clear()
        assert machine.kernel.pci_reset_function(machine.function(CARD)) == 0
        assert read(machine, CARD, SECOND) == back
        assert read(machine, PORT, SECOND) == CONTROL
        written = [event.args[-1] for event in machine.events if event.op == "w" and SECOND in event.args]
    # The card's own, still disabled; the port's, off and on; then the card's.
    assert written == ([0x01000080, 0x01000080, CONTROL, CONTROL] if back else [])


def test_channels_that_stayed_enabled_are_not_enabled_again(description):
    with boot(description, MEND) as machine:
        dev = machine.function(CARD)
        for function in (PORT, CARD):
            write(machine, function, SECOND, CONTROL)
        machine.kernel.pci_save_state(dev)
        machine.events.clear()
        machine.kernel.pci_restore_state(dev)
        written = [event.args[-1] for event in machine.events if event.op == "w" and SECOND in event.args]
    assert written == [CONTROL]


def test_save_buffer_has_the_size_of_what_the_capability_says(description):
    for function in description.functions:
        config = bytearray(function.config)
        config[VC + 4] = 0x11  # one further channel, of low priority
        config[VC + 8] = 0x02  # 32 phases
        config[VC + 11] = 3  # arbitration table 48 bytes on
        config[VC + 0x10] = 0x04  # port arbitration of the first: 64 phases
        config[VC + 0x13] = 5  # its table
        function.config = bytes(config)
    with boot(description, MEND) as machine:
        buffers = {each.cap_nr: each.size for each in machine.function(CARD).saved_cap_space}
    # control 2; 2 channels * 32 phases * 4 bits = 32; 64 phases * 1 bit = 8; 2 controls of 4
    assert buffers[CAP_EXTENDED | 2] == 2 + 32 + 8 + 8


def test_saved_state_can_be_stored_and_loaded(description):
    with boot(description, MEND) as machine:
        kernel, dev = machine.kernel, machine.function(CARD)
        write(machine, CARD, FIRST, 0x80000006)
        kernel.pci_save_state(dev)
        state = kernel.pci_store_saved_state(dev)
        write(machine, CARD, FIRST, 0x800000FE)
        kernel.pci_save_state(dev)
        assert kernel.pci_load_saved_state(dev, state) == 0
        kernel.pci_restore_state(dev)
        assert read(machine, CARD, FIRST) & 0xFE == 0x06


def test_state_without_a_buffer_is_not_saved(description):
    with boot(description, MEND) as machine:
        dev = machine.function(CARD)
        dev.saved_cap_space[:] = [each for each in dev.saved_cap_space if each.cap_nr < CAP_EXTENDED]
        assert machine.kernel.pci_save_state(dev) == -12  # -ENOMEM
        assert any("VC has no save buffer" in str(event.args) for event in machine.events)
