# SPDX-License-Identifier: GPL-2.0-only
"""The services of PCI Express ports."""

import pytest
from paper import Paper, pcie


@pytest.mark.parametrize(("sltcap", "services", "writes"), [(0x40, 4, [(0x58, 2, 0x000A)]), (0xFFFFFFBF, 0, [])])
def test_get_port_device_capability_is_hot_plug_if_the_slot_is(sltcap, services, writes):
    # Slot Capabilities at 0x14 of the capability; bit 6 is Hot-Plug Capable. Slot Control at 0x18.
    paper = Paper()
    registers = {0x54: sltcap.to_bytes(4, "little"), 0x58: b"\x3a\x00"}
    port = paper.dev(paper.bus(), registers=registers, **pcie(2, 4, slot=True))
    assert paper.kernel.get_port_device_capability(port) == services
    assert paper.writes() == writes
