# SPDX-License-Identifier: GPL-2.0-only
"""The same machine, call and seed give the same bytes in any process, whatever its surroundings."""

import os
import pty
import subprocess
import sys
import termios
from contextlib import suppress

import pytest
from paths import TESTS

#: What is not to matter: hash seed, locale, time zone, terminal, optimization, home.
SURROUNDINGS = {
    "ascii": {
        "PYTHONHASHSEED": "4711", "LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "TZ": "Pacific/Kiritimati",
        "COLUMNS": "20", "LINES": "5", "TERM": "xterm-256color", "PYTHONOPTIMIZE": "1",
    },
    "utf-8": {
        "PYTHONHASHSEED": "8", "LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "America/Caracas", "COLUMNS": "0",
        "LINES": "0", "TERM": "dumb", "HOME": "/nonexistent", "USER": "",
    },
}  # fmt: skip
#: Each writes standard output and, where it can, FILE.
COMMANDS = {
    "trace": ("reset", "example:vga", "slot:1", "--seed", "7", "--trace", "FILE"),
    "json": ("reset", "example:vga", "slot:1", "--json", "--perfetto", "FILE"),
    "ftrace": ("reset", "example:vga", "slot:1", "-o", "FILE.toml", "--ftrace", "FILE"),
    "setpci": ("reset", "example:vga", "bus:01", "--qemu", "FILE.qemu", "--setpci", "FILE"),
    "scenario": ("run", "mess", "--patches", "0", "--seed", "3", "--trace", "FILE"),
    "page": ("watch", "example:vga", "slot:1", "-o", "FILE"),
    "page of two": ("watch", "mess", "--patches", "8", "--against", "0", "-o", "FILE"),
    "read": ("read", "4", "-o", "FILE"),
    "census": ("census", "example:vga", "example:ari", "example:nothing", "--jobs", "1", "--jsonl", "FILE"),
    "census page": ("census", "example:vga", "example:ari", "--jobs", "2", "--html", "FILE"),
    "census table": ("census", "example:vga", "example:ari", "--csv", "FILE"),
    "generated": ("generate", "--functions", "100", "--seed", "5", "--format", "toml", "-o", "FILE"),
    "generated text": ("generate", "--functions", "100", "--seed", "5", "--format", "lspci", "-o", "FILE"),
    "converted": ("convert", "example:vga", "--format", "ecam", "-o", "FILE"),
    "export": ("export", "8", "-o", "FILE"),
    "bisect": ("bisect", "mess", "--json"),
    "explore": ("explore", "mess", "--patches", "4", "--json"),
    "why": ("why", "example:vga", "--json"),
    "tree": ("tree", "example:vga"),
    "compare": ("compare", str(TESTS / "live/hp.json")),
    "conform": ("conform", "-v", str(TESTS / "golden/chain.jsonl")),
    "manual": ("manual",),
}


def outcome(argv, folder, environment):
    """Status, output and files. Standard error may tell of progress, if the machine is slow."""
    folder.mkdir()
    done = subprocess.run([sys.executable, "-m", "kernel_port", *argv], cwd=folder, check=False, capture_output=True,
                          timeout=120, env=os.environ | {"PYTHONHASHSEED": "0"} | environment)  # fmt: skip
    assert b"Traceback" not in done.stderr
    return done.returncode, done.stdout, {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.slow
@pytest.mark.parametrize("argv", COMMANDS.values(), ids=COMMANDS)
def test_same_bytes_in_any_surroundings(tmp_path, argv):
    first = outcome(argv, tmp_path / "plain", {})
    assert first[0] in (0, 1)
    assert len(first[1]) + sum(map(len, first[2].values())) > 300
    for name, environment in SURROUNDINGS.items():
        assert outcome(argv, tmp_path / name, environment) == first, name


def test_same_trace_with_another_hash_seed_locale_and_zone(tmp_path):
    argv = COMMANDS["trace"]
    assert outcome(argv, tmp_path / "a", {}) == outcome(argv, tmp_path / "b", SURROUNDINGS["ascii"])


@pytest.mark.slow
def test_census_is_the_same_with_any_number_of_processors(tmp_path):
    machines = ("example:vga", "example:ari", "example:conventional", "example:nothing", "example:d3hot")
    found = []
    for number, jobs in enumerate(([], ["--jobs", "1"], ["--jobs", "3"])):
        argv = ("census", *machines, *jobs, "--jsonl", "lines", "--csv", "table", "--html", "page")
        processors = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, processors[:1] if number == 0 else processors)
        try:
            found.append(outcome(argv, tmp_path / str(number), {}))
        finally:
            os.sched_setaffinity(0, processors)
    assert found[0] == found[1] == found[2]
    assert len(found[0][2]) == 3


@pytest.mark.slow
def test_same_traces_on_a_narrow_coloured_terminal(tmp_path):
    argv = ("reset", "example:vga", "slot:1", "--trace", "trace", "--ftrace", "ftrace")
    plain = outcome(argv, tmp_path / "plain", {})[-1]
    terminal, end = pty.openpty()
    termios.tcsetwinsize(end, (5, 20))
    (tmp_path / "narrow").mkdir()
    process = subprocess.Popen([sys.executable, "-m", "kernel_port", *argv], cwd=tmp_path / "narrow", stdout=end,
                               stderr=end, env=os.environ | {"TERM": "xterm-256color"})  # fmt: skip
    os.close(end)
    shown = b""
    with suppress(OSError):  # the end of what there is to read from a terminal is an error
        while some := os.read(terminal, 65536):
            shown += some
    os.close(terminal)
    assert process.wait() == 0
    assert b"\x1b[1m" in shown
    assert {path.name: path.read_bytes() for path in (tmp_path / "narrow").iterdir()} == plain
