# SPDX-License-Identifier: GPL-2.0-only
"""The census of a fleet: one line to a machine, in order, whatever happens; sums, table and page of the lines."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path

import pytest

from kernel_port.census import engine as engines
from kernel_port.census.answer import Job, answer
from kernel_port.census.ledger import Ledger
from kernel_port.census.ledger import part as unfinished
from kernel_port.choice import KernelChoice
from kernel_port.cli import main
from kernel_port.commands import census as command
from kernel_port.images import generate


@pytest.fixture
def fleet(tmp_path):
    """Five small machines and a file that is none, in a folder."""
    folder = tmp_path / "fleet"
    folder.mkdir()
    for seed in range(5):
        (folder / f"m{seed}.toml").write_text("".join(generate.text(generate.draw(8, seed))))
    (folder / "m2b.txt").write_text("no dump\n")
    return folder


def census(*arguments):
    return main(["census", *map(str, arguments), "--jobs", "1"])


def lines(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


def names(records):
    return [Path(record["file"]).name for record in records]


ALL = ["m0.toml", "m1.toml", "m2.toml", "m2b.txt", "m3.toml", "m4.toml"]


# -- the answer for one machine ------------------------------------------------------------------------------------


def test_answer_of_example_vga():
    record = json.loads(answer(Job.of("example:vga", KernelChoice(8))))
    # A card of two functions in a slot: both claim a soft reset and do nothing, and can go together; nothing resets the
    # port. A bare reset of the bus looks like a removal (findings.md 1).
    assert (record["alone"], record["together"], record["none"], record["unseen"]) == (0, 2, 2, 0)
    assert [f["how"] for f in record["functions"]] == [None, None, "slot:1", "slot:1"]
    assert [f["fault"] for f in record["functions"]] == [None, None, "ignored", "ignored"]
    assert [g["fault"] for g in record["groups"]] == [None, None, "removed"]
    rungs = [record["guards"][number]["rung"] for number in record["functions"][2]["refused"]]
    assert rungs == [
        "pci_dev_specific_reset", "pcie_flr", "pci_af_flr", "pci_dev_reset_slot_function", "pci_parent_bus_reset",
    ]  # fmt: skip
    slot, root, bus = record["groups"]
    assert (slot["kind"], slot["name"], slot["takes"]) == ("slot", "1", ["0000:01:00.0", "0000:01:00.1"])
    assert (root["rc"], bus["rc"]) == (-25, 0)
    assert record["guards"][root["refused"]]["text"] == "if not bus.self: return -ENOTTY"


def test_answer_names_smallest_group_and_neighbours():
    record = json.loads(answer(Job.of("example:nested", KernelChoice(8))))
    # A switch below slot 4, two ports on bus 03 and a card below each. 02:00.0 is alone in the slot, with all below it;
    # the bus that it is on is that of the slot, and pciehp takes the reset of that bus for a removal.
    assert [(f["bdf"][5:], f["how"], f["along"]) for f in record["functions"] if f["outcome"] == "together"] == [
        ("02:00.0", "slot:4", 4), ("03:05.0", "bus:0000:03", 3), ("03:08.0", "bus:0000:03", 3),
    ]  # fmt: skip


def test_answer_of_resets_that_fail_is_not_that_they_work():
    record = json.loads(answer(Job.of("example:ari", KernelChoice(8))))
    # findings.md 4: functions 8 and 9 answer at device 1, in no slot, and a reset of the slot loses their registers. A
    # reset of the bus looks like a removal.
    assert [(f["how"], f["outcome"]) for f in record["functions"][1:]] == [(None, "fails")] * 10
    assert {f["fault"] for f in record["functions"][1:]} == {"unsaved", "removed"}


def test_answer_says_what_why_says(capsys):
    assert main(["why", "example:nested", "--json"]) == 0
    why = json.loads(capsys.readouterr().out)
    record = json.loads(answer(Job.of("example:nested", KernelChoice(8))))
    assert [(f["bdf"], f["outcome"]) for f in record["functions"]] == [
        (f["bdf"], f["outcome"]) for f in why["functions"]
    ]
    buses = {bus["name"]: bus["guard"] for bus in why["buses"]}
    for mine, full in zip(record["functions"], why["functions"], strict=True):
        guards = [record["guards"][number] for number in mine["refused"]]
        refusals = [(rung["function"], rung["guard"]) for rung in full["rungs"]]
        if full["outcome"] == "none":
            refusals.append(("pci_reset_bus", buses[full["bus"]]))
        assert [(g["rung"], g["file"], g["line"], g["because"], g["explanation"]) for g in guards] == [
            (way, *(guard[key] for key in ("file", "line", "because", "explanation")))
            for way, guard in refusals
            if guard
        ]


def test_answer_slot_and_bus_refuse_what_cannot_be_reset_at_all():
    record = json.loads(answer(Job.of("example:vga", KernelChoice(8))))
    port = record["functions"][1]
    assert (port["bdf"], port["outcome"]) == ("0000:00:1c.0", "none")
    last = record["guards"][port["refused"][-1]]
    assert (last["rung"], last["text"]) == ("pci_reset_bus", "if not bus.self: return -ENOTTY")


def test_answer_before_patch_7_has_no_groups():
    record = json.loads(answer(Job.of("example:ari", KernelChoice(6))))
    assert record["together"] == 0
    assert {group["rc"] for group in record["groups"]} == {None}


def test_answer_failure_names_the_file_as_the_user_did(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "bad.txt").write_text("")
    record = json.loads(answer(Job.of("bad.txt", KernelChoice(8))))
    assert record["error"].startswith("bad.txt: empty")
    assert json.loads(answer(Job.of("gone.txt", KernelChoice(8))))["error"].startswith("gone.txt: No such file")


def test_answer_unexpected_error_is_a_line(monkeypatch):
    monkeypatch.setattr("kernel_port.census.answer.load", lambda path: 1 / 0)
    assert json.loads(answer(Job.of("example:vga", KernelChoice(8))))["error"] == "ZeroDivisionError: division by zero"


# -- which machines ------------------------------------------------------------------------------------------------


def test_census_folder_in_order_of_name(fleet, tmp_path):
    (fleet / ".hidden").write_text("")
    (fleet / "sub").mkdir()
    (fleet / "sub" / "m9.toml").write_bytes((fleet / "m0.toml").read_bytes())
    report = tmp_path / "report.jsonl"
    assert census(fleet, "--jsonl", report) == 0
    assert names(lines(report)) == [*ALL, "m9.toml"]


def test_census_pattern_list_and_duplicates(fleet, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(f"{fleet}/m4.toml\n\n{fleet}/m0.toml\n"))
    assert census(fleet / "m3.toml", "-", fleet / "m[01]*", "example:single") == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert names(records) == ["m3.toml", "m4.toml", "m0.toml", "m1.toml", "example:single"]


def test_census_machine_with_several_names_is_one(fleet, tmp_path, capsys, monkeypatch):
    (tmp_path / "again").symlink_to(fleet)
    (fleet / "m9.toml").symlink_to("m1.toml")
    monkeypatch.chdir(tmp_path)
    assert census("fleet/m1.toml", f"{fleet}/m1*", "./fleet/m9.toml", "again/m1.toml", "fleet/../fleet/m0.toml") == 0
    files = [json.loads(line)["file"] for line in capsys.readouterr().out.splitlines()]
    assert files == ["fleet/m1.toml", "fleet/../fleet/m0.toml"]


def test_census_name_that_no_file_can_have_is_one_line(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("a\0b\nexample:single\n"))
    assert census("-", "example:single") == 0
    records = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(record["file"], record["error"] is None) for record in records] == [
        ("a\0b", False), ("example:single", True),
    ]  # fmt: skip


def test_census_sysfs_tree_is_one_machine(tmp_path, capsys):
    function = tmp_path / "fleet" / "host1" / "0000:00:00.0"
    function.mkdir(parents=True)
    (function / "config").write_bytes(bytes.fromhex("8680053400000000") + bytes(56))
    assert census(tmp_path / "fleet") == 0
    (record,) = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert (record["error"], len(record["functions"])) == (None, 1)


def test_census_without_machines_is_bad_input(tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert census(tmp_path / "empty") == 2
    assert "no machine there" in capsys.readouterr().err


def test_census_does_not_write_over_a_machine(fleet, capsys):
    before = (fleet / "m0.toml").read_bytes()
    assert census(fleet / "m0.toml", fleet / "m1.toml", "--jsonl", fleet / "m0.toml") == 2
    assert "m0.toml: is of the fleet itself" in capsys.readouterr().err
    assert (fleet / "m0.toml").read_bytes() == before


# -- the run -------------------------------------------------------------------------------------------------------


def test_census_bad_file_is_one_line(fleet, tmp_path, capsys):
    report = tmp_path / "report.jsonl"
    assert census(fleet, "--jsonl", report) == 0
    assert [name for name, record in zip(ALL, lines(report), strict=True) if record["error"]] == ["m2b.txt"]
    shown = capsys.readouterr().out
    assert shown.startswith("6 machines, 1 of them could not be read: 40 functions\n")
    assert f"{fleet}/m2b.txt: 1 line of text, and neither functions" in shown


def test_census_two_processes_same_bytes(fleet, tmp_path):
    one, two = tmp_path / "one.jsonl", tmp_path / "two.jsonl"
    assert census(fleet, "--jsonl", one) == 0
    assert main(["census", str(fleet), "--jsonl", str(two), "--jobs", "2"]) == 0
    assert one.read_bytes() == two.read_bytes()


def stop_after(monkeypatch, count):
    """Ctrl-C while the machine after *count* ones is being looked at; returns the names of those that were."""
    done = []

    def counted(job):
        if len(done) == count:
            raise KeyboardInterrupt
        done.append(Path(job.file).name)
        return answer(job)

    monkeypatch.setattr(engines, "answer", counted)
    return done


def test_census_interrupted_goes_on_without_repeating(fleet, tmp_path, monkeypatch, capsys):
    whole, part = tmp_path / "whole.jsonl", tmp_path / "part.jsonl"
    assert census(fleet, "--jsonl", whole) == 0
    stop_after(monkeypatch, 4)
    assert census(fleet, "--jsonl", part) == 130
    assert f"interrupted after 4 of 6 machines; continue with --resume {part}" in capsys.readouterr().err
    under_way = tmp_path / "part.jsonl.part"
    assert whole.read_bytes().startswith(under_way.read_bytes())
    under_way.write_bytes(under_way.read_bytes()[:-10])  # and the last line had been cut short
    done = stop_after(monkeypatch, 99)
    assert census(fleet, "--resume", part) == 0
    assert done == ["m2b.txt", "m3.toml", "m4.toml"]
    assert not under_way.exists()
    assert part.read_bytes() == whole.read_bytes()
    assert capsys.readouterr().out.startswith("6 machines, 1 of them could not be read: 40 functions\n")


def test_census_jsonl_begins_anew(fleet, tmp_path):
    report = tmp_path / "report.jsonl"
    assert census(fleet, "--jsonl", report) == 0
    assert census(fleet / "m3.toml", "--jsonl", report) == 0
    assert names(lines(report)) == ["m3.toml"]


def test_census_report_in_the_folder_is_no_machine(fleet, monkeypatch):
    report = fleet / "a.jsonl"
    assert census(fleet, "--jsonl", report) == 0
    assert census(fleet, "--resume", report) == 0
    assert names(lines(report)) == ALL


class Late:
    """An engine whose jobs are done when they are asked for; counts how many it holds."""

    window = 3

    def __init__(self):
        self.held = self.most = 0

    def submit(self, job):
        self.held += 1
        self.most = max(self.most, self.held)
        return job.file

    def result(self, job, taken):
        self.held -= 1
        return f"{taken}\n"


def test_in_order_holds_few_and_keeps_their_order():
    late = Late()
    jobs = [Job.of(f"example:{number}", KernelChoice(8)) for number in range(20)]
    found = list(engines.in_order(late, jobs, Ledger()))
    assert found == [(f"{job.file}\n", True) for job in jobs]
    assert (late.most, late.held) == (4, 0)  # a window of 3, and the one that is asked for


def test_census_resume_does_changed_and_new_files(fleet, tmp_path, monkeypatch):
    report = tmp_path / "report.jsonl"
    assert census(fleet, "--resume", report) == 0  # nothing there: the same as --jsonl
    os.utime(fleet / "m1.toml", ns=(1, 1))
    (fleet / "m0b.toml").write_bytes((fleet / "m0.toml").read_bytes())
    (fleet / "m4.toml").write_bytes((fleet / "m4.toml").read_bytes() + b"\n")
    done = stop_after(monkeypatch, 99)
    assert census(fleet, "--resume", report) == 0
    assert done == ["m0b.toml", "m1.toml", "m4.toml"]
    assert names(lines(report)) == ["m0.toml", "m0b.toml", *ALL[1:]]


def test_census_resume_with_other_patches_repeats(fleet, tmp_path, monkeypatch):
    report = tmp_path / "report.jsonl"
    assert census(fleet, "--jsonl", report) == 0
    done = stop_after(monkeypatch, 99)
    assert census(fleet, "--resume", report, "--patches", "4") == 0
    assert done == ALL
    assert {record["patches"] for record in lines(report)} == {4}


def test_census_resume_with_a_changed_file_of_the_users_repeats(fleet, tmp_path, monkeypatch):
    mine, report = tmp_path / "mine.py", tmp_path / "report.jsonl"
    mine.write_text("X = 1\n")
    assert census(fleet, "--jsonl", report, "--with", mine) == 0
    done = stop_after(monkeypatch, 99)
    assert census(fleet, "--resume", report, "--with", mine) == 0
    assert done == []
    mine.write_text("X = 2\n")
    assert census(fleet, "--resume", report, "--with", mine) == 0
    assert done == ALL


def test_census_resume_of_something_else_is_refused(fleet, tmp_path, capsys):
    other = tmp_path / "notes.txt"
    other.write_text("dear diary\n")
    assert census(fleet, "--resume", other) == 2
    assert f"{other}:1: not a line of a census report" in capsys.readouterr().err
    assert other.read_text() == "dear diary\n"


def test_census_progress_has_rate_and_time_left(monkeypatch, capsys):
    ticks = iter([100.0, 100.0, 104.0, 104.0, 104.0])
    monkeypatch.setattr(command.time, "monotonic", lambda: next(ticks))
    gauge = command.Gauge(1000)
    gauge._done = gauge._new = 199
    gauge.done(new=True)
    # 200 in 4 s are 50 a second; the other 800 take 16 s
    assert capsys.readouterr().err == "census: [####................] 200 of 1000, 50.0 a second, 16 s left\n"


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (61, "1 min 01 s"), (7300, "2 h 01 min")])
def test_duration_for_people(seconds, text):
    assert command.duration(seconds) == text


def test_census_csv_has_a_row_for_each_function(fleet, tmp_path, capsys):
    table, report = tmp_path / "table.csv", tmp_path / "report.jsonl"
    assert census(fleet, "--csv", table, "--jsonl", report) == 0
    rows = list(csv.DictReader(table.open()))
    assert len(rows) == 41  # five machines of eight functions, and the file that is none
    read = [record for record in lines(report) if not record["error"]]
    functions = [(record["machine"], f["bdf"], f["outcome"]) for record in read for f in record["functions"]]
    assert [(row["machine"], row["bdf"], row["outcome"]) for row in rows if not row["error"]] == functions
    (bad,) = [row for row in rows if row["error"]]
    assert (bad["file"], bad["bdf"]) == (f"{fleet}/m2b.txt", "")
    first = next(row for row in rows if row["outcome"] == "none")
    assert first["refused"].startswith("pci_dev_specific_reset@base/quirks.py:")


def test_census_html_is_written(fleet, tmp_path, capsys):
    path = tmp_path / "fleet.html"
    assert census(fleet, "--html", path) == 0
    text = path.read_text()
    assert "6 machines, 1 of them could not be read: 40 functions" in text
    assert f"{fleet}/m4.toml" in text


# -- workers that die ----------------------------------------------------------------------------------------------


def started(*arguments):
    return subprocess.Popen([sys.executable, "-m", "kernel_port", "census", *map(str, arguments)],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


def wait_for_lines(report, count):
    """Wait until so many lines are done of what is to be *report*; returns where they are."""
    deadline = time.monotonic() + 120
    path = unfinished(report)
    while not path.exists() or path.read_bytes().count(b"\n") < count:
        assert time.monotonic() < deadline
        os.sched_yield()
    return path


@pytest.fixture(scope="module")
def sixty(tmp_path_factory):
    """Sixty machines that keep two processes busy for seconds, with a file among them that is none."""
    folder = tmp_path_factory.mktemp("sixty")
    for seed in range(60):
        (folder / f"m{seed:02}.toml").write_text("".join(generate.text(generate.draw(50, seed))))
    (folder / "m30b.txt").write_text("no dump\n")
    return folder


@pytest.fixture(scope="module")
def whole(sixty, tmp_path_factory):
    """The report on them, made by this process alone."""
    report = tmp_path_factory.mktemp("whole") / "whole.jsonl"
    assert census(sixty, "--jsonl", report) == 0
    return report.read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.usefixtures("interruptible")
def test_census_ended_by_a_signal_goes_on_without_repeating(sixty, whole, tmp_path, monkeypatch, ending):
    report = tmp_path / "report.jsonl"
    report.write_bytes(b"an earlier one")
    process = started(sixty, "--jsonl", report, "--jobs", "2")
    under_way = wait_for_lines(report, 10)
    process.send_signal(ending)
    _, said = process.communicate(timeout=60)  # its processes have the other end, too: they have gone
    done = under_way.read_bytes().count(b"\n")
    assert 10 <= done < 61
    if ending != signal.SIGKILL:
        assert process.returncode == 130
        assert [line for line in said.decode().splitlines() if not line.startswith("census: ")] == [
            f"kernel-port: interrupted after {done} of 61 machines; continue with --resume {report}"
        ]
    assert report.read_bytes() == b"an earlier one"
    report.unlink()
    again = stop_after(monkeypatch, 99)
    assert census(sixty, "--resume", report) == 0
    assert len(again) == 61 - done
    assert report.read_bytes() == whole


@pytest.mark.slow
def test_census_worker_killed_is_no_end(sixty, whole, tmp_path):
    report = tmp_path / "report.jsonl"
    process = started(sixty, "--jsonl", report, "--jobs", "2")
    wait_for_lines(report, 10)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    workers = [int(child) for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]
    assert len(workers) == 2
    os.kill(workers[0], signal.SIGKILL)
    assert process.wait(120) == 0
    assert report.read_bytes() == whole


@pytest.mark.slow
@pytest.mark.skipif(find_spec("distributed") is None, reason="dask.distributed is not installed")
def test_census_dask_with_a_worker_killed_same_bytes(sixty, whole, tmp_path):
    from distributed import LocalCluster

    report = tmp_path / "report.jsonl"
    with LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        process = started(sixty, "--jsonl", report, "--dask", cluster.scheduler_address)
        wait_for_lines(report, 10)
        victim = next(iter(cluster.workers.values()))
        assert cluster.scheduler.workers[victim.worker_address].processing  # it has jobs that are lost with it
        os.kill(victim.pid, signal.SIGKILL)
        assert process.wait(120) == 0, process.stderr.read().decode()
    assert report.read_bytes() == whole


def test_census_dask_not_installed_says_how(fleet, monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert main(["census", str(fleet), "--dask", "tcp://127.0.0.1:1"]) == 2
    assert "pip install 'kernel_port[dask]'" in capsys.readouterr().err
