# SPDX-License-Identifier: GPL-2.0-only
"""What pciutils says of a dump: the oracle for capabilities, links, slots and bus numbers."""

import re
import shutil
import subprocess
from functools import cache

import pytest


@cache
def described(dump):
    """Address -> what lspci -vvv says of that function in the dump; skips where there is no lspci."""
    if not shutil.which("lspci"):
        pytest.skip("lspci is not installed")
    command = ["lspci", "-D", "-vvv", "-F", str(dump)]
    text = subprocess.run(command, capture_output=True, text=True, errors="replace", check=True).stdout
    blocks = re.split(r"\n(?=[0-9a-f]{4}:[0-9a-f]{2}:)", text.strip())
    return {block[:12]: block for block in blocks}


@cache
def secondary_buses(dump):
    """Bridge -> the bus behind it, as 0000:02."""
    numbers = {bdf: re.search(r"secondary=([0-9a-f]{2})", text) for bdf, text in described(dump).items()}
    return {bdf: f"{bdf[:4]}:{number[1]}" for bdf, number in numbers.items() if number}
