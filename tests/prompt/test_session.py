# SPDX-License-Identifier: GPL-2.0-only
"""A session: registers by name through the kernel, time, resets, undo; and what a notebook shows."""

import math
import re
import sys
import threading
from html.parser import HTMLParser

import pytest

import kernel_port
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.kernel.sched import Unusable
from kernel_port.prompt import Session


@pytest.fixture
def session():
    with Session("example:vga") as session:
        yield session


def test_get_reads_a_register_with_its_fields(session):
    command = session.get("01:00.0 COMMAND")
    assert command == 0x0007  # the example has I/O, memory and bus master on: bits 0, 1, 2
    assert repr(command) == "PCI_COMMAND=0x0007 IO+ MEMORY+ MASTER+"
    assert session.get("0000:01:00.0 VENDOR_ID.l") == 0x0A6510DE
    assert [event.op for event in session.machine.events] == ["r", "r"]


def test_put_writes_only_the_bits_of_the_mask(session):
    assert session.put("01:00.0 COMMAND=0:2") == 0x0005
    assert session.put("01:00.0 COMMAND = 7") == 0x0007


def test_put_secondary_bus_reset_resets_what_is_below(session):
    session.put("00:1c.0 BRIDGE_CONTROL=40:40")
    assert ("hot reset", "0000:01:00.0") in [event.args for event in session.machine.events if event.op == "hw"]
    assert any(event.op == "remove_device" for event in session.machine.events), "pciehp takes it for an unplug"


def test_undo_takes_back_the_last_act_only(session):
    session.put("01:00.0 COMMAND=3")
    session.wait(50)
    session.put("00:1c.0 BRIDGE_CONTROL=40:40")
    session.wait(100)
    for _ in range(2):
        session.undo()
    assert session.get("00:1c.0 BRIDGE_CONTROL") & 0x40 == 0
    assert session.get("01:00.0 COMMAND") == 3
    assert session.now == 50
    for _ in range(2):
        session.undo()
    assert session.get("01:00.0 COMMAND") == 7
    with pytest.raises(MachineError, match="there is nothing to undo"):
        session.undo()


def test_an_act_that_is_refused_is_not_done_again(session):
    with pytest.raises(MachineError, match="there is no slot 2; there is 1"):
        session.reset("slot:2")
    with pytest.raises(MachineError, match="there is nothing to undo"):
        session.undo()


def test_reset_returns_what_the_kernel_does(session):
    done = session.reset("slot:1")
    assert done.rc == 0
    assert repr(done).endswith("pci_reset_slot took 202.000 ms, 200 events, and returned\n0")
    assert any("[BUS_RESET+]" in line for line in done.trace.lines)
    assert session.reset("00:1c.0").rc == -25


def test_why_and_tree_are_those_of_the_commands(session, capsys):
    assert main(["why", "example:vga", "01:00.0"]) == 0
    assert capsys.readouterr().out == f"{session.why('01:00.0')!r}\n"
    assert main(["tree", "example:vga"]) == 0
    assert capsys.readouterr().out == f"{session.tree()!r}\n"
    assert main(["why", "example:vga", "slot:1"]) == 0
    assert capsys.readouterr().out == f"{session.why('slot:1')!r}\n"


class Balanced(HTMLParser):
    """Refuses HTML whose elements do not end, or contain others' ends."""

    def __init__(self):
        super().__init__()
        self.open, self.frames = [], []

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        if tag == "iframe":
            self.frames.append(dict(attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def balanced(html):
    parser = Balanced()
    parser.feed(html)
    parser.close()
    assert not parser.open
    return parser


def test_notebook_shows_fields_rungs_a_tree_and_a_page(session):
    balanced(register := session.get("01:00.0 COMMAND")._repr_html_())
    assert "<tr><td>PCI_COMMAND</td><td>0x4</td><td>MASTER</td><td>1</td></tr>" in register
    balanced(verdict := session.why("01:00.0")._repr_html_())
    assert "<td>pcie_flr</td><td>-ENOTTY</td>" in verdict
    (drawing,) = balanced(session._repr_html_()).frames
    assert drawing["title"] == "vga"
    assert '"bdf":"0000:01:00.1","up":"0000:00:1c.0"' in drawing["srcdoc"]
    assert session.machine._repr_html_() == session._repr_html_()
    frame = balanced(session.reset("slot:1")._repr_html_()).frames[0]
    assert frame["title"] == "pci_reset_slot(slot:1) on vga"
    assert "<!doctype html>" in frame["srcdoc"].lower()
    assert "BUS_RESET" in frame["srcdoc"]


def test_notebook_shows_hostile_names_harmless(tmp_path):
    machine = tmp_path / "m.toml"
    machine.write_text('name = "<script>x</script>"\n[[function]]\naddress = "00:01.0"\ndriver = "<b>"\n')
    with Session(machine) as session:
        assert not re.search("<script|<b>", session._repr_html_())
        assert not re.search("<script|<b>", session.why("00:01.0")._repr_html_())


def test_package_has_session_and_a_notebook_sees_machines(monkeypatch):
    assert kernel_port.Session is Session
    assert {"Session", "boot", "pci_reset_slot"} <= set(dir(kernel_port))
    monkeypatch.setitem(sys.modules, "IPython", sys)
    with kernel_port.boot("example:single") as machine:
        assert machine._repr_html_().startswith("<pre>single, ")


@pytest.mark.parametrize("ms", [-1, math.inf, math.nan])
def test_wait_for_no_time_is_refused(session, ms):
    with pytest.raises(MachineError, match=f"{ms!r} is not a number of ms"):
        session.wait(ms)
    assert session.now == 0


def test_undo_by_another_thread_is_refused_and_takes_nothing(session):
    session.put("01:00.0 COMMAND=3")
    refused = []

    def undo():
        try:
            session.undo()
        except Unusable as error:
            refused.append(str(error))

    thread = threading.Thread(target=undo)
    thread.start()
    thread.join()
    assert refused == ["another thread uses this machine: give each thread a machine of its own"]
    assert session.get("01:00.0 COMMAND") == 3
