# SPDX-License-Identifier: GPL-2.0-only
"""Exports are what the tools they are for take, read back here by the formats' own descriptions:

- Chrome trace events: "Trace Event Format" (Google, 2016), the JSON object form.
- ftrace: the layout in Documentation/trace/ftrace.rst, and the pattern Perfetto's reader of that text uses.
- QEMU: hw/pci/trace-events, pci_cfg_read and pci_cfg_write.
- setpci: setpci(8), and sh -n.
"""

import json
import re
import subprocess
from collections import defaultdict

import pytest

from kernel_port import scenarios
from kernel_port.cli import main
from kernel_port.kernel.system import Event
from kernel_port.machine import boot
from kernel_port.trace.exports import Export, ftrace, qemu, setpci
from kernel_port.trace.perfetto import perfetto
from kernel_port.trace.snapshot import Recorder

#: A name with everything in it that could end a line, a word or a string, or turn writing around.
HOSTILE = "a\nreboot; $(reboot) `reboot` ' \" \u202e\x1b[31m</script>"


@pytest.fixture(scope="module")
def slot_reset():
    with boot("example:vga") as machine:
        recorder = Recorder(machine)
        machine.call("pci_reset_slot", machine.slot("1"))
        return Export("pci_reset_slot(slot:1)", "linux", machine.events, recorder.before, recorder.start)


@pytest.fixture(scope="module")
def mess():
    run = scenarios.play(scenarios.load("mess"), patches=0)
    return Export("mess", "linux-3.11+0", run.events, run.before, run.start)


def export(*events, title=HOSTILE):
    return Export(title, HOSTILE, list(events), {}, 0)


# -- Chrome trace events ------------------------------------------------------------------------------------------


def entries(told, phases):
    return [entry for entry in json.loads(perfetto(told))["traceEvents"] if entry["ph"] in phases]


@pytest.mark.parametrize("which", ["slot_reset", "mess"])
def test_perfetto_has_the_keys_of_each_phase(which, request):
    told = json.loads(perfetto(request.getfixturevalue(which)))
    assert set(told) == {"traceEvents", "displayTimeUnit", "otherData"}
    needed = {"M": {"args"}, "B": {"ts"}, "E": {"ts"}, "X": {"ts", "dur"}, "i": {"ts", "s"}}
    for entry in told["traceEvents"]:
        assert entry.keys() >= {"ph", "pid", "tid", "name"} | needed[entry["ph"]]
        assert entry.get("ts", 0) >= 0
        assert entry.get("dur", 0) >= 0
        assert isinstance(entry["name"], str)
    named = {(e["pid"], e["tid"]) for e in told["traceEvents"] if e["name"] == "thread_name"}
    assert {(e["pid"], e["tid"]) for e in told["traceEvents"] if e["ph"] != "M"} <= named


@pytest.mark.parametrize("which", ["slot_reset", "mess"])
def test_perfetto_begins_and_ends_nest_on_each_track(which, request):
    stacks, time = defaultdict(list), defaultdict(float)
    for entry in entries(request.getfixturevalue(which), "BE"):
        track = entry["pid"], entry["tid"]
        assert entry["ts"] >= time[track]
        time[track] = entry["ts"]
        if entry["ph"] == "B":
            stacks[track].append(entry["name"])
        else:
            assert stacks[track].pop() == entry["name"]
    assert not any(stacks.values())
    assert len(stacks) > 1


def test_perfetto_times_are_microseconds(slot_reset):
    held = [entry for entry in entries(slot_reset, "X") if entry["name"].startswith("reset held")]
    assert [(entry["ts"], entry["dur"]) for entry in held] == [(0, 101_000)]


@pytest.mark.parametrize("which", ["slot_reset", "mess"])
def test_perfetto_spans_of_a_track_nest(which, request):
    # The format: complete events of a track lie beside or within each other.
    tracks = defaultdict(list)
    for entry in entries(request.getfixturevalue(which), "X"):
        tracks[entry["pid"], entry["tid"]].append((entry["ts"], entry["ts"] + entry["dur"]))
    for spans in tracks.values():
        for start, stop in spans:
            assert not any(start < other < stop < end for other, end in spans)


def test_perfetto_has_every_event_as_an_instant(mess):
    assert [entry["args"]["step"] for entry in entries(mess, "i")] == list(range(1, len(mess.events) + 1))


# -- ftrace -------------------------------------------------------------------------------------------------------

#: TASK-PID [CPU] flags TIMESTAMP: event: fields
FTRACE = re.compile(
    r"^ *(?P<comm>\S.{0,14}?)-(?P<pid>\d+) +\[(?P<cpu>\d{3})\] "
    r"(?P<flags>[dDbBXI.][NnpLB.][zZhHsS.][0-9.][0-9.]) +(?P<sec>\d+)\.(?P<usec>\d{6}): (?P<event>\w+): (?P<rest>.*)$"
)
#: src/trace_processor/importers/systrace/systrace_line_tokenizer.cc of Perfetto.
PERFETTO = re.compile(r"-(\d+)\s+\(?\s*(\d+|-+)?\)?\s?\[(\d+)\]\s*[a-zA-Z0-9.]{0,5}\s+(\d+\.\d+):\s+(\S+):")


@pytest.mark.parametrize("which", ["slot_reset", "mess"])
def test_ftrace_lines_are_of_the_documented_form(which, request):
    told = request.getfixturevalue(which)
    lines = ftrace(told).splitlines()
    comments = [line for line in lines if line.startswith("#")]
    assert comments[0] == "# tracer: nop"
    assert re.match(rf"# entries-in-buffer/entries-written: {len(told.events)}/{len(told.events)} +#P:1$", comments[2])
    body = lines[len(comments) :]
    assert len(body) == len(told.events)
    for line, event in zip(body, told.events, strict=True):
        match = FTRACE.match(line)
        assert match, line
        assert PERFETTO.search(line)
        assert int(match["sec"]) * 10**6 + int(match["usec"]) == (event.time - told.start) // 1000
        assert (match["flags"][2] == "h") == event.context.startswith(("irq", "timer"))


def test_ftrace_tells_an_access_with_its_caller(slot_reset):
    writes = [line for line in ftrace(slot_reset).splitlines() if "pci_cfg_write: dev=0000:00:1c.0 where=0x3e" in line]
    assert [line.split("pci_cfg_write: ")[1] for line in writes] == [
        "dev=0000:00:1c.0 where=0x3e size=2 value=0x40 caller=pci_reset_bridge_secondary_bus",
        "dev=0000:00:1c.0 where=0x3e size=2 value=0x0 caller=pci_reset_bridge_secondary_bus",
    ]


def test_ftrace_names_each_thread_once(mess):
    tasks = {(match["comm"], match["pid"]) for line in ftrace(mess).splitlines() if (match := FTRACE.match(line))}
    assert len(tasks) == len({comm for comm, _ in tasks}) == 3  # main and two workers


def test_ftrace_of_a_hostile_message_is_one_line():
    lines = ftrace(export(Event(0, HOSTILE, "printk", ("err", HOSTILE), ()))).splitlines()
    assert [line for line in lines if not line.startswith("#")] == lines[-1:]
    assert FTRACE.match(lines[-1])
    assert lines[-1].isprintable()


# -- QEMU ---------------------------------------------------------------------------------------------------------

QEMU = re.compile(r"pci_cfg_(read|write) (\S+) (..):(..)\.(.) @0x([0-9a-f]+) (->|<-) 0x([0-9a-f]+)")


def test_qemu_lines_are_the_config_cycles_in_order(slot_reset):
    found = []
    for line in qemu(slot_reset).splitlines():
        kind, name, bus, device, function, where, arrow, value = QEMU.fullmatch(line).groups()
        assert (kind == "read") == (arrow == "->")
        assert (name == "bridge") == (bus == "00")
        found.append([kind[0], f"0000:{bus}:{device}.{function}", int(where, 16), int(value, 16)])
    cycles = [event for event in slot_reset.events if event.op in ("r", "w")]
    assert found == [[event.op, event.args[0], event.args[1], event.args[3]] for event in cycles]


def test_qemu_line_of_another_domain_says_so():
    event = Event(0, "main", "w", ("0001:02:1f.7", 0x104, 4, 0xDEADBEEF), ())
    assert qemu(export(event)) == "pci_cfg_write function@0001 02:1f.7 @0x104 <- 0xdeadbeef\n"


# -- setpci -------------------------------------------------------------------------------------------------------


def commands(script):
    """What the script would run, with setpci and sleep told on standard output in their place."""
    stubs = 'setpci() { printf "setpci"; printf " <%s>" "$@"; echo; }\nsleep() { echo "sleep $1"; }\n'
    run = ["sh", "-c", stubs + script, "sh", "--on-my-own-risk"]
    return subprocess.run(run, capture_output=True, text=True, check=True).stdout.splitlines()


def test_setpci_has_every_write_and_delay_in_order(slot_reset):
    letters = {1: "b", 2: "w", 4: "l"}
    expected = []
    for event in slot_reset.events:
        if event.op == "w":
            bdf, where, size, value = event.args
            expected.append(f"setpci <-s> <{bdf}> <{where:x}.{letters[size]}={value:0{2 * size}x}>")
        elif event.op == "msleep":
            expected.append(f"sleep {event.args[0] / 1000:g}")
    assert commands(setpci(slot_reset)) == expected
    assert expected.count("sleep 0.1") == 2


def test_setpci_tells_what_it_cannot_express(mess):
    script = setpci(mess)
    for said in ("# interrupt of 0000:00:1c.0", "# lock device 0000:01:00.0", "# wait for lock device 0000:01:00.0"):
        assert f"\n{said}\n" in script
    kinds = [line for line in script.partition("\nset -e\n")[2].splitlines() if line]
    headings = [line for line in kinds if re.match(r"# [\d.]+ ms, .*\(\)$", line)]
    assert len(kinds) - len(headings) == len(mess.events)


def test_setpci_does_nothing_unless_told_twice(slot_reset):
    script = "setpci() { echo ran; }\n" + setpci(slot_reset)
    done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "for study only: read me\n")


def test_setpci_of_hostile_names_runs_nothing_else():
    events = [
        Event(0, HOSTILE, "w", (f"0000:01:00.0{HOSTILE}", 4, 2, 0), ()),
        Event(0, HOSTILE, "printk", ("err", HOSTILE), ()),
        Event(0, HOSTILE, "lock", ("device", HOSTILE), ()),
    ]
    script = setpci(export(*events))
    subprocess.run(["sh", "-n"], input=script, text=True, check=True)
    assert all(line.isprintable() for line in script.splitlines())
    (only,) = commands("reboot() { echo rebooted; }\n" + script)
    assert only.startswith("setpci <-s> <0000:01:00.0a")


# -- the options --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["reset", "watch"])
def test_exports_are_written_by_both_commands(tmp_path, capsys, command):
    paths = {name: tmp_path / name for name in ("perfetto", "ftrace", "qemu", "setpci")}
    options = [word for name, path in paths.items() for word in (f"--{name}", str(path))]
    assert main([command, "example:vga", "slot:1", *options]) == 0
    capsys.readouterr()
    assert json.loads(paths["perfetto"].read_text())["otherData"]["title"] == "pci_reset_slot(slot:1) on vga"
    assert paths["ftrace"].read_text().startswith("# tracer: nop\n")
    assert QEMU.fullmatch(paths["qemu"].read_text().splitlines()[0])
    assert "FOR STUDY" in paths["setpci"].read_text()
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(paths)
    assert not paths["setpci"].stat().st_mode & 0o111


def test_exports_into_one_file_are_refused(tmp_path, capsys):
    both = tmp_path / "both"
    assert main(["watch", "example:vga", "slot:1", "--qemu", str(both), "--ftrace", str(both)]) == 2
    assert "two outputs" in capsys.readouterr().err
    assert not both.exists()


@pytest.mark.parametrize(
    ("name", "form"), [("perfetto", perfetto), ("ftrace", ftrace), ("qemu", qemu), ("setpci", setpci)]
)
def test_exports_of_a_scenario_are_those_of_its_run(tmp_path, capsys, mess, name, form):
    path = tmp_path / name
    run = ["run", "mess", "--patches", "0", "-q"]
    assert main([*run, f"--{name}", str(path)]) == main(run)
    capsys.readouterr()
    assert path.read_text() == form(mess)
    assert [each.name for each in tmp_path.iterdir()] == [name]


@pytest.mark.parametrize("trace", ["trace", "qemu"])
def test_exports_of_a_scenario_that_cannot_be_written_are_refused_first(tmp_path, capsys, trace):
    both = tmp_path / "both"
    second = both if trace == "trace" else tmp_path / "nowhere" / "both"
    assert main(["run", "mess", f"--{trace}", str(second), "--ftrace", str(both)]) == 2
    captured = capsys.readouterr()
    assert (captured.out, captured.err.count("\n")) == ("", 1)
    assert not both.exists()
