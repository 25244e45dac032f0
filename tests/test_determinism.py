# SPDX-License-Identifier: GPL-2.0-only
"""The same machine, call and seed give the same bytes in any process, whatever its surroundings."""

import os
import subprocess
import sys

import pytest

SURROUNDINGS = {
    "hash seed": {"PYTHONHASHSEED": "4711"},
    "locale": {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0"},
    "utf-8 locale": {"LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8"},
    "time zone": {"TZ": "Pacific/Kiritimati"},
    "width": {"COLUMNS": "20", "LINES": "5", "TERM": "xterm-256color"},
}
#: Each writes FILE and standard output.
COMMANDS = {
    "trace": ("reset", "example:vga", "slot:1", "--seed", "7", "--trace", "FILE"),
    "json": ("reset", "example:vga", "slot:1", "--json", "--perfetto", "FILE"),
    "scenario": ("run", "mess", "--patches", "0", "--seed", "3", "--trace", "FILE"),
    "page": ("watch", "example:vga", "slot:1", "-o", "FILE"),
    "generated": ("generate", "--functions", "100", "--seed", "5", "--format", "toml", "-o", "FILE"),
    "generated text": ("generate", "--functions", "100", "--seed", "5", "--format", "lspci", "-o", "FILE"),
}


def outcome(argv, folder, environment):
    folder.mkdir()
    done = subprocess.run([sys.executable, "-m", "kernel_port", *argv], cwd=folder, check=False, capture_output=True,
                          timeout=120, env=os.environ | {"PYTHONHASHSEED": "0"} | environment)  # fmt: skip
    return done.returncode, done.stdout, done.stderr, (folder / "FILE").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("argv", COMMANDS.values(), ids=COMMANDS)
def test_same_bytes_in_any_surroundings(tmp_path, argv):
    first = outcome(argv, tmp_path / "plain", {})
    assert len(first[-1]) > 1000
    for name, environment in SURROUNDINGS.items():
        assert outcome(argv, tmp_path / name.replace(" ", "-"), environment) == first, name


def test_same_trace_with_another_hash_seed_locale_and_zone(tmp_path):
    together = {key: value for environment in SURROUNDINGS.values() for key, value in environment.items()}
    assert outcome(COMMANDS["trace"], tmp_path / "a", {}) == outcome(COMMANDS["trace"], tmp_path / "b", together)
