# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port watch: what the page is given is what happened. That it shows it, test_browser.py sees."""

import html
import json
import re
import webbrowser
from itertools import groupby

import pytest

from kernel_port import scenarios
from kernel_port.cli import main
from kernel_port.hw.address import Address
from kernel_port.kernel.system import Event
from kernel_port.machine import boot
from kernel_port.review.watch.alignment import alignment
from kernel_port.review.watch.observer import Observer, patches
from kernel_port.review.watch.page import extent

PORT, CARD = "0000:00:1c.0", "0000:01:00.0"
TIME, CONTEXT, OP, TEXT, STACK, FRAME, ABOUT, WHERE = range(8)


def told(path):
    return json.loads(re.search(r'id="recording">(.*)</script>', path.read_text())[1])


def watch(capsys, tmp_path, *argv):
    page = tmp_path / "page.html"
    status = main(["watch", *argv, "-o", str(page)])
    captured = capsys.readouterr()
    return status, (told(page) if page.exists() else None), captured


def images(run):
    """Registers of each function after each event, replayed from the page's changes."""
    held = [bytearray(bytes.fromhex(one["config"]).ljust(one["size"], b"\0")) for one in run["functions"]]
    for change in run["changes"]:
        for number, offset, digits in change["config"]:
            now = bytes.fromhex(digits)
            held[number][offset : offset + len(now)] = now
        yield {one["bdf"]: bytes(image) for one, image in zip(run["functions"], held, strict=True)}


def words(run, bdf, where):
    """A 16-bit register after each event."""
    return [int.from_bytes(image[bdf][where : where + 2], "little") for image in images(run)]


@pytest.fixture(scope="module")
def slot_reset(tmp_path_factory):
    page = tmp_path_factory.mktemp("watch") / "page.html"
    assert main(["watch", "example:vga", "slot:1", "-o", str(page)]) == 0
    return told(page)


def test_watch_has_every_event_of_the_reset(slot_reset):
    with boot("example:vga") as machine:
        start = machine.clock.now
        machine.call("pci_reset_slot", machine.slot("1"))
        (run,) = slot_reset["runs"]
        assert [(e[TIME] + start, e[CONTEXT], e[OP]) for e in run["events"]] == [e[:3] for e in machine.events]
        assert len(run["changes"]) == len(machine.events)


def test_watch_changes_lead_to_the_registers_at_the_end(slot_reset):
    with boot("example:vga") as machine:
        machine.call("pci_reset_slot", machine.slot("1"))
        *_, last = images(slot_reset["runs"][0])
        assert last == {bdf: machine.fabric.config(Address.parse(bdf)) for bdf in (PORT, CARD, "0000:01:00.1")}


def test_watch_shows_what_a_write_did_with_the_write(slot_reset):
    (run,) = slot_reset["runs"]
    values = words(run, PORT, 0x3E)
    writes = [i for i, e in enumerate(run["events"]) if e[OP] == "w" and e[WHERE][0] == 0x3E]
    assert [values[i] for i in writes] == [0x0040, 0x0000]
    assert [values[i - 1] for i in writes] == [0x0000, 0x0040]


def test_watch_command_register_is_lost_and_comes_back(slot_reset):
    (run,) = slot_reset["runs"]
    values = words(run, CARD, 0x04)
    # 0x0007 as found, 0x0400 INTx disabled before the reset, 0 after it, restored byte by byte from the highest dword.
    assert [values[0], values[-1]] == [0x0007, 0x0007]
    assert 0x0400 in values
    assert values.index(0x0400) < values.index(0x0000)


def test_watch_hardware_goes_down_and_comes_up(slot_reset):
    (run,) = slot_reset["runs"]
    (port,) = [str(index) for index, one in enumerate(run["functions"]) if one["bdf"] == PORT]
    states = [change["hardware"][port]["link"] for change in run["changes"] if port in change["hardware"]]
    assert [state for state, _ in groupby(states)] == ["active", "down", "training", "active"]


def hardware_steps(run, aspect):
    """What became of an aspect, by event: (text of the event, function, state)."""
    bdfs = [one["bdf"] for one in run["functions"]]
    now = {bdf: one["condition"].get(aspect) for bdf, one in zip(bdfs, run["functions"], strict=True)}
    for event, change in zip(run["events"], run["changes"], strict=True):
        for index, condition in change["hardware"].items():
            bdf = bdfs[int(index)]
            if condition.get(aspect) != now[bdf]:
                now[bdf] = condition[aspect]
                yield event[3], bdf, now[bdf]


def test_watch_hardware_changes_at_the_event_that_tells_it(slot_reset):
    """Not when the thread goes to sleep before it."""
    (run,) = slot_reset["runs"]
    link = [step[0] for step in hardware_steps(run, "link") if step[2] != "training"]
    assert link[0].endswith("[BUS_RESET+]")
    assert link[1:] == [f"* {PORT}: link up"]
    back = [step for step in hardware_steps(run, "function") if step[2] == "ready"]
    assert back == [(f"* 0000:01:00.{number}: ready", f"0000:01:00.{number}", "ready") for number in (0, 1)]


def test_watch_link_of_a_pulled_card_goes_down_at_its_event(tmp_path):
    page = tmp_path / "pulled.html"
    assert main(["watch", "pulled", "-o", str(page)]) == 0
    (run,) = told(page)["runs"]
    assert [text for text, _, state in hardware_steps(run, "link") if state == "down"] == [f"* {PORT}: link down"]


def test_watch_locks_are_those_the_thread_holds(slot_reset):
    (run,) = slot_reset["runs"]
    held = []
    for event, change in zip(run["events"], run["changes"], strict=True):
        held = change["threads"].get("main", [None, held])[1]
        if event[OP] == "msleep":
            assert held == [f"{kind} 0000:01:00.{function}" for function in "01" for kind in ("cfg", "device")]
    assert held == []


def test_watch_frames_name_the_line_that_did_it(slot_reset):
    (run,) = slot_reset["runs"]
    for event in run["events"]:
        if event[OP] != "msleep":
            continue
        code, line = slot_reset["stacks"][event[STACK]][event[FRAME]]
        source = slot_reset["code"][code]
        assert source["name"] == "pci_reset_bridge_secondary_bus"
        assert "msleep(" in source["lines"][line - source["first"]][0]


def test_watch_against_aligns_and_marks_the_first_difference(capsys, tmp_path):
    status, page, _ = watch(capsys, tmp_path, "mess", "--patches", "8", "--against", "0")
    assert status == 0
    left, right = (run["events"] for run in page["runs"])
    assert [run["point"] for run in page["runs"]] == [0, 8]
    assert [a for a, _ in page["rows"] if a >= 0] == list(range(len(left)))
    assert [b for _, b in page["rows"] if b >= 0] == list(range(len(right)))
    (first, _), *_ = page["differences"]
    for a, b in page["rows"][:first]:
        assert left[a][CONTEXT : TEXT + 1] == right[b][CONTEXT : TEXT + 1]
    differing = {row for first, last in page["differences"] for row in range(first, last + 1)}
    assert differing == {row for row, pair in enumerate(page["rows"]) if -1 in pair}


def test_watch_against_the_same_has_no_difference(capsys, tmp_path):
    _, page, _ = watch(capsys, tmp_path, "example:vga", "01:00.0", "--patches", "3", "--against", "2")
    assert page["differences"] == []
    assert page["rows"] == [[i, i] for i in range(len(page["runs"][0]["events"]))]


def test_watch_scenario_has_the_answer(capsys, tmp_path):
    status, page, captured = watch(capsys, tmp_path, "mess", "--patches", "0")
    answer = scenarios.play(scenarios.load("mess"), 0).answer
    assert (status, page["runs"][0]["result"], page["title"]) == (0, answer, "mess")
    assert answer in captured.out


def test_watch_deadlock_is_told(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(scenarios, "load", deadlocked)
    _, page, _ = watch(capsys, tmp_path, "mess")
    (run,) = page["runs"]
    assert run["failed"]
    assert run["halt"][0].startswith("deadlock:")
    assert [span["open"] for span in run["spans"] if span["track"] == "wait"] == [True]


def deadlocked(name):
    """A scenario whose only thread takes a lock twice."""

    def twice(machine):
        machine.kernel.device_lock(machine.function("01:00.0").dev)
        machine.kernel.device_lock(machine.function("01:00.0").dev)

    return scenarios.Scenario("example:vga", {"main": twice}, lambda outcome, patches: "stuck", name=name, about="Why?")


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["no-such"], "there is no scenario 'no-such'"),
        (["mess", "--call", "pcie_flr"], "--call is for a machine"),
        (["example:vga", "slot:9"], "there is no slot 9"),
        (["example:vga", "slot:1", "--patches", "6"], "patch 7 adds it"),
    ],
)
def test_watch_bad_usage_is_one_line_and_writes_nothing(capsys, tmp_path, argv, said):
    page = tmp_path / "page.html"
    assert main(["watch", *argv, "-o", str(page)]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_watch_tells_what_is_doubtful_of_the_machine_on_the_page_and_beside_it(capsys, tmp_path):
    # 64 bytes of an Ethernet controller, a capability list among what is not there.
    rows = [bytes.fromhex("8680d310060410000000000200000000"), *[bytes(16)] * 3]
    dump = tmp_path / "m<b>.txt"
    dump.write_text("04:00.0 x\n" + "".join(f"{16 * i:02x}: {row.hex(' ')}\n" for i, row in enumerate(rows)) + "\n")
    status, told, captured = watch(capsys, tmp_path, str(dump), "04:00.0")
    assert (status, len(told["runs"])) == (0, 1)
    doubt = "0000:04:00.0: only 64 bytes are known, without its capabilities"
    assert captured.err.startswith(f"warning: {doubt}")
    page = (tmp_path / "page.html").read_text()
    assert f"<ul><li>{doubt}" in page
    assert page.count("<li>") == captured.err.count("warning: ")


def test_watch_does_not_write_over_the_machine(capsys, tmp_path):
    machine = tmp_path / "machine.toml"
    assert main(["convert", "example:vga", "-o", str(machine)]) == 0
    before = machine.read_bytes()
    assert main(["watch", str(machine), "slot:1", "-o", str(machine)]) == 2
    assert "is the machine itself" in capsys.readouterr().err
    assert machine.read_bytes() == before


def test_watch_command_line_on_the_page_makes_it_again(capsys, tmp_path):
    page = tmp_path / "it's.html"
    assert main(["watch", "mess", "--against", "4", "--seed", "3", "-o", str(page)]) == 0
    said = html.unescape(re.search(r"<code>(.*)</code>", page.read_text())[1])
    assert said == """kernel-port watch mess --patches 8 --against 4 --seed 3 -o 'it'"'"'s.html'"""


@pytest.mark.parametrize(
    ("argv", "name"),
    [
        (["mess"], "mess.html"),
        (["example:vga", "slot:1"], "vga-slot-1.html"),
        (["./m&m.toml", "01:00.0"], "m-m-01-00.0.html"),
    ],
)
def test_watch_without_a_name_is_named_after_what_it_shows(capsys, tmp_path, monkeypatch, argv, name):
    monkeypatch.chdir(tmp_path)
    assert main(["convert", "example:vga", "-o", "m&m.toml"]) == 0
    assert main(["watch", *argv]) == 0
    assert capsys.readouterr().out.endswith(f"{name}: written; --open opens it in the browser\n")
    assert f"-o {name}" in html.unescape((tmp_path / name).read_text())
    assert main(["watch", *argv, "--patches", "8"]) == 0  # over its own
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(["m&m.toml", name])


def test_watch_without_a_name_does_not_write_over_a_file_of_others(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mess.html").write_text("<!DOCTYPE html><title>my notes</title>")
    assert main(["watch", "mess"]) == 2
    assert (
        "mess.html: exists and is no page of kernel-port's; name the page with -o FILE.html" in capsys.readouterr().err
    )
    assert (tmp_path / "mess.html").read_text() == "<!DOCTYPE html><title>my notes</title>"


def test_watch_with_an_export_alone_writes_no_page(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert main(["watch", "mess", "--ftrace", "run.txt"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["run.txt"]


@pytest.mark.parametrize(("there", "said"), [(True, ""), (False, "no web browser found; open mess.html in yours")])
def test_watch_open_opens_the_page(capsys, tmp_path, monkeypatch, there, said):
    monkeypatch.chdir(tmp_path)
    opened = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or there)
    assert main(["watch", "mess", "--ftrace", "run.txt", "--open"]) == 0
    assert opened == [(tmp_path / "mess.html").as_uri()]
    assert said in captured if (captured := capsys.readouterr().err) else not said


def test_watch_page_tells_question_kernels_and_machine(tmp_path):
    page = tmp_path / "page.html"
    assert main(["watch", "asleep", "--with", "device-del-last", "-o", str(page)]) == 0
    text = html.unescape(page.read_text().partition('type="application/json"')[0])
    about = scenarios.load("asleep").about
    for paragraph in about.split("\n\n"):
        assert f"<p>{' '.join(paragraph.split())}</p>" in text
    assert "Linux 3.11 with all 8 patches of the series; on top device-del-last: PCI: " in text
    assert "\n  0000:01:00.0  " in text


def test_watch_page_is_the_same_every_time(capsys, tmp_path):
    pages = [tmp_path / folder / "page.html" for folder in "ab"]
    for page in pages:
        page.parent.mkdir()
        assert main(["watch", "example:vga", "slot:1", "--against", "7", "-o", str(page)]) == 0
    assert pages[0].read_bytes() == pages[1].read_bytes()


def test_patches_are_the_runs_of_bytes_that_differ():
    assert patches(b"abcdef", b"aXcYZf") == [(1, b"X"), (3, b"YZ")]
    assert patches(b"ab", b"aX") == [(1, b"X")]
    assert patches(b"ab", b"ab") == []


def test_observer_sees_only_functions_the_trace_is_about():
    with boot("example:vga") as machine:
        seen = Observer(machine)
        seen.note(Event(0, "main", "r", (CARD, 0, 2, 0), ()))
        assert list(seen.involved) == [CARD]


def event(*args, context="main"):
    return Event(0, context, args[0], args[1:], ())


def test_alignment_keeps_what_both_do_on_one_row():
    a, b, c, d = (event("msleep", ms) for ms in (1, 2, 3, 4))
    assert alignment([a, b, d], [a, c, d]) == ([[0, 0], [1, -1], [-1, 1], [2, 2]], [[1, 2]])
    assert alignment([a], [a, b]) == ([[0, 0], [-1, 1]], [[1, 1]])
    assert alignment([], []) == ([], [])
    assert alignment([a, b, c], [b]) == ([[0, -1], [1, 0], [2, -1]], [[0, 0], [2, 2]])


def test_alignment_tells_threads_apart():
    rows, found = alignment([event("msleep", 1)], [event("msleep", 1, context="worker")])
    assert (rows, found) == ([[0, -1], [-1, 0]], [[0, 1]])


def test_extent_of_a_lambda_is_the_function_around_it(tmp_path):
    path = tmp_path / "module.py"
    path.write_text("x = 1\ndef f():\n    def g():\n        return lambda: 1\n    return g\n")
    assert [extent(str(path), line) for line in (1, 2, 3, 4, 5)] == [(1, 1), (2, 5), (3, 4), (3, 4), (2, 5)]


# -- the order of threads ------------------------------------------------------------------------------------------


def test_watch_shows_the_schedule_that_explore_found(capsys, tmp_path):
    # Of at-once's orders with --preempt some fail; what run says of one, the page of it says, too.
    assert main(["explore", "at-once", "--preempt", "--json"]) == 1
    schedule = json.loads(capsys.readouterr().out)["shortest"]["schedule"]
    main(["run", "at-once", "--schedule", schedule, "--preempt", "--json"])
    said = json.loads(capsys.readouterr().out)
    page = tmp_path / "page.html"
    assert main(["watch", "at-once", "--schedule", schedule, "--preempt", "-o", str(page)]) == 0
    assert said["answer"] in capsys.readouterr().out
    assert f"--schedule {schedule} --preempt" in page.read_text()


def test_observer_shows_both_threads_of_a_deadlock_as_blocked():
    script = scenarios.load("lock-order-later")
    with scenarios.ready(script) as machine:
        seen = Observer(machine)
        machine.system.listen = seen.note
        scenarios.perform(script, machine)
        seen.finish()
    states = {name: state.state for name, state in seen.changes[-1].threads.items()}
    assert states == {"reset": "waits for reset_lock"}  # and user as before: it waits for the device lock
    before = [change.threads["user"].state for change in seen.changes if "user" in change.threads]
    assert before[-1] == "waits for device lock of 0000:01:00.0"
