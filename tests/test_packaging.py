# SPDX-License-Identifier: GPL-2.0-only
"""What pip makes of the sources: a wheel, built in isolation, that works outside the checkout."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.mark.slow
def test_wheel_built_in_isolation_resets_a_machine_outside_the_checkout(tmp_path):
    source, outside = tmp_path / "source", tmp_path / "outside"
    kept = shutil.ignore_patterns(".git", ".ci", "*.so", "*.egg-info", "build", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, source, ignore=kept)
    outside.mkdir()
    run = {"cwd": outside, "timeout": 600}
    subprocess.run([sys.executable, "-m", "pip", "-q", "wheel", "--no-deps", "-w", tmp_path, source], check=True, **run)
    (wheel,) = tmp_path.glob("*.whl")
    subprocess.run([sys.executable, "-m", "venv", tmp_path / "venv"], check=True, **run)
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-m", "pip", "-q", "install", wheel], check=True, **run)
    command = [python.with_name("kernel-port"), "reset", "example:vga", "slot:1"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, **run).stdout.endswith("\n0\n")
    where = [python, "-c", "import kernel_port; print(kernel_port.__file__)"]
    found = subprocess.run(where, capture_output=True, text=True, check=True, **run).stdout
    assert found.startswith(str(tmp_path / "venv"))
