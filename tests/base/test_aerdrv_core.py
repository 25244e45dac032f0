# SPDX-License-Identifier: GPL-2.0-only
"""The secondary bus reset that error recovery has of its own."""

import json

import pytest
from paper import Paper

from kernel_port.cli import main


@pytest.mark.parametrize("point", range(9))
def test_aer_do_secondary_bus_reset_holds_2_ms_and_settles_200(point):
    paper = Paper(point)
    port = paper.dev(paper.bus(), registers={0x3E: b"\x03\x00"})
    paper.bus(1, port)
    assert paper.kernel.aer_do_secondary_bus_reset(port) is None
    assert paper.take() == [
        ("r", "00:00.0", 0x3E, 2),
        ("w", "00:00.0", 0x3E, 2, 0x0043),
        ("msleep", 2),
        ("w", "00:00.0", 0x3E, 2, 0x0003),
        ("msleep", 200),
    ]


def test_aer_do_secondary_bus_reset_can_be_called_from_the_command_line(capsys):
    assert main(["reset", "example:vga", "00:1c.0", "--call", "aer_do_secondary_bus_reset", "--json"]) == 0
    trace = json.loads(capsys.readouterr().out)["trace"]
    acts = [each for each in trace if each["function"] == "aer_do_secondary_bus_reset" and each["op"] != "hw"]
    mine = [(each["op"], each["args"][-1]) for each in acts]
    assert mine == [("r", 0), ("w", 0x40), ("msleep", 2), ("w", 0), ("msleep", 200)]
