# SPDX-License-Identifier: GPL-2.0-only
"""patches/BASE.md. Oracles: how many functions each C file of v3.11 has, the marks in the source, the linker."""

import subprocess

import pytest
from paths import ROOT

from kernel_port.review.port import base_md
from kernel_port.review.port.evidence import EVIDENCE
from kernel_port.review.port.left_out import FUNCTIONS, LEFT_OUT, REASONS, left_out
from kernel_port.review.port.ported import ported
from kernel_port.series import PATCHES


def ported_in(c_file):
    """Functions of a C file that v3.11 has and the port too."""
    return {each.c_name for each in ported() if each.c_file == c_file and each.kind == "function" and each.point == 0}


def names_left_out(c_file):
    return [name for names in left_out(c_file).values() for name in names]


def test_base_md_is_what_export_writes():
    assert (ROOT / "patches/BASE.md").read_text() == base_md.text(), "run: kernel-port export patches -o patches"


@pytest.mark.parametrize("c_file", FUNCTIONS)
def test_ported_and_left_out_are_all_functions_of_the_file(c_file):
    left = names_left_out(c_file)
    assert len(left) == len(set(left))
    assert ported_in(c_file) & set(left) == set()
    assert len(ported_in(c_file)) + len(left) == FUNCTIONS[c_file]


def test_left_out_covers_every_c_file_with_a_ported_function():
    ported_files = {each.c_file for each in ported() if each.kind == "function" and each.c_file.endswith(".c")}
    assert {path for path in ported_files if path.startswith(("drivers/pci/", "drivers/vfio/"))} == set(FUNCTIONS)
    assert set(LEFT_OUT) <= set(FUNCTIONS)
    assert {reason for file in LEFT_OUT.values() for reason in file} == set(REASONS)


def test_evidence_is_told_for_each_function_of_the_series():
    for patch in PATCHES:
        assert set(EVIDENCE[patch.module[:3]]) == {*patch.adds, *patch.modifies}
    assert len(EVIDENCE) == len(PATCHES)


def test_each_departure_is_listed_with_its_line():
    grep = ["grep", "-rn", "--include=*.py", "PORT: ", "base", "patch", "kernel"]
    found = subprocess.run(grep, cwd=ROOT / "kernel_port", capture_output=True, text=True, check=True).stdout
    expected = {":".join(line.split(":")[:2]) for line in found.splitlines()}
    listed = {line[2:].partition(": ")[0] for line in base_md.departures_list().splitlines() if line.startswith("- ")}
    assert len(expected) > 40
    assert listed == expected


def test_departure_over_several_lines_is_whole():
    source = '''\
# PORT: one
#   two. PORT is not a mark.
# PORT: three
x = 1  # PORT: four
# five
def f():
    """Do it (PORT: six
    seven)

    eight"""
    """C: a.c; PORT: nine
    :return: ten"""
'''
    assert list(base_md.departures(source)) == [
        (1, "one two. PORT is not a mark."), (3, "three"), (4, "four"), (7, "six seven"), (11, "nine"),
    ]  # fmt: skip


def test_modified_function_is_listed_with_its_files():
    row = next(line for line in base_md.text().splitlines() if line.startswith("| `pci_dev_reset` |"))
    assert row == "| `pci_dev_reset` | base/pci.py, patch/p06_split_out_pci_dev_lock_unlock_and_save_restore.py (+6) |"
