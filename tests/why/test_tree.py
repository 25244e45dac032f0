# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port tree. Oracle: what lspci says of the same dump."""

import json
import re

import pytest
from lspci import described, secondary_buses

from kernel_port.cli import main

DUMPS = ("pciutils-tree-asus-p6t6.txt", "pciutils-tree-fujitsu-p8010.txt", "pciutils-cap-dpc.txt")
#: lspci's word in SltCap -> ours.
FEATURES = {
    "HotPlug": "hot-plug",
    "Surprise": "surprise removal",
    "PwrCtrl": "power controller",
    "AttnBtn": "attention button",
    "AttnInd": "attention indicator",
    "PwrInd": "power indicator",
    "MRL": "retention latch",
    "Interlock": "interlock",
    "NoCompl": "no command completed",
}


def drawn(capsys, machine, *options):
    assert main(["tree", str(machine), "--json", *options]) == 0
    return json.loads(capsys.readouterr().out)


def walk(buses, above=None):
    """Every function of the tree with the bridge it is below; without stand-ins, which lspci does not have."""
    for bus in buses:
        for function in bus["functions"]:
            if not function["stand_in"]:
                yield function, above
            if function["below"]:
                yield from walk([function["below"]], None if function["stand_in"] else function["bdf"])


@pytest.fixture(params=DUMPS)
def dump(request, shared):
    return shared / "dumps" / request.param


def speed(text):
    """Speed and lanes of "Speed 2.5GT/s, Width x4"; None for a speed lspci does not know."""
    match = re.search(r"Speed ([\d.]+|unknown)(?:GT/s)?[^,]*, Width x(\d+)", text)
    return None if match[1] == "unknown" else float(match[1]), int(match[2])


def test_tree_agrees_with_lspci_on_buses(capsys, dump):
    above = {bus: bridge for bridge, bus in secondary_buses(dump).items()}
    found = {function["bdf"]: bridge for function, bridge in walk(drawn(capsys, dump)["buses"])}
    assert found == {bdf: above.get(bdf[:7]) for bdf in described(dump)}


def test_tree_agrees_with_lspci_on_links(capsys, dump):
    for function, _ in walk(drawn(capsys, dump)["buses"]):
        text = described(dump)[function["bdf"]]
        status, capabilities = (re.search(rf"{name}:.*\n.*", text) for name in ("LnkSta", "LnkCap"))
        link = function["link"]
        assert (link is None) == (status is None)
        if link:
            assert (link["speed"], link["width"]) == speed(status[0])
            assert (link["max_speed"], link["max_width"]) == speed(re.sub(r"Port #\d+, ", "", capabilities[0]))
            assert link["up"] == ("DLActive+" in status[0] if "LLActRep+" in capabilities[0] else None)


def test_tree_agrees_with_lspci_on_slots(capsys, dump):
    for function, _ in walk(drawn(capsys, dump)["buses"]):
        text = described(dump)[function["bdf"]]
        capabilities = re.search(r"SltCap:.*\n.*", text)
        port = function["port"]
        assert (port is None) == (capabilities is None)
        if port:
            assert port["number"] == int(re.search(r"Slot #(\d+)", capabilities[0])[1])
            assert port["features"] == [ours for theirs, ours in FEATURES.items() if f"{theirs}+" in capabilities[0]]
            assert port["occupied"] == ("PresDet+" in re.search(r"SltSta:.*", text)[0])


def test_tree_resets_are_those_of_why_in_order(capsys, shared):
    dump = shared / "dumps" / DUMPS[0]
    assert main(["why", str(dump), "--json"]) == 0
    why = {function["bdf"]: function for function in json.loads(capsys.readouterr().out)["functions"]}
    for function, _ in walk(drawn(capsys, dump)["buses"]):
        rungs = why[function["bdf"]]["rungs"]
        assert function["resets"] == [rung["function"] for rung in rungs if rung["rc"] == 0]


def test_tree_draws_branches_slots_and_resets(capsys):
    # examples/nested.toml: a switch below slot 4, two cards below the switch.
    assert main(["tree", "example:nested"]) == 0
    lines = capsys.readouterr().out.splitlines()
    stems = {line.split("0000:")[1][:7]: line.index("0000:") for line in lines if re.search(r"-- 0000:", line)}
    assert stems == {"00:03.0": 4, "02:00.0": 8, "03:05.0": 12, "04:00.0": 16, "03:08.0": 12, "05:00.0": 16}
    assert "    |  bus 0000:02, slot 4" in lines
    assert "    |  slot number 4: occupied, hot-plug, surprise removal" in lines
    at = lines.index("                   reset: pci_parent_bus_reset; with bus 0000:05, bus 0000:03,")
    assert lines[at + 1] == "                     slot 4"
    assert max(map(len, lines)) <= 80


def test_tree_before_the_series_has_no_slot_and_bus_resets(capsys):
    buses = drawn(capsys, "example:nested", "--patches", "6")["buses"]
    assert [function["together"] for function, _ in walk(buses)] == [[]] * 6


def test_tree_json_has_the_documented_keys(capsys):
    found = drawn(capsys, "example:nested")
    assert list(found) == ["machine", "patches", "with", "warnings", "buses"]
    function = found["buses"][0]["functions"][0]
    assert list(function) == [
        "bdf", "vendor", "device", "class", "driver", "slot", "link", "port", "rc", "outcome", "fault", "stand_in",
        "resets", "unknown", "together", "below",
    ]  # fmt: skip
    assert function["below"]["slots"] == ["4"]
