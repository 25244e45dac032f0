# SPDX-License-Identifier: GPL-2.0-only
"""The flat source and the mails: Python, type-clean, runnable, and what real git makes of them."""

import ast
import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from paths import ROOT

import kernel_port
from kernel_port.cli import main
from kernel_port.link import PATCHES, link
from kernel_port.review.port import flat, mails
from kernel_port.series import PATCHES as SERIES

POINTS = range(len(PATCHES) + 1)
#: The ends of the series; the points between are for those who have time.
ENDS = [pytest.param(point, marks=() if point in (0, len(PATCHES)) else pytest.mark.slow) for point in POINTS]


def symbols(text):
    return {flat.defined(node) for node in ast.parse(text).body} - {""}


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("point", ENDS)
def test_source_defines_what_the_linker_takes_from_base_and_patches(point):
    linked = {name for name, room in link(point).rooms.items() if room.startswith(("base.", "patch."))}
    assert linked <= symbols(flat.source(point))


@pytest.mark.parametrize("point", ENDS)
def test_source_of_a_function_stands_under_its_room_and_line(point):
    lines = flat.source(point).splitlines()
    for index, line in enumerate(lines):
        if line.startswith(("# base/", "# patch/")):
            room, _, number = line[2:].partition(":")
            code = next(line for line in lines[index + 1 :] if not line.startswith("#"))
            assert (ROOT / "kernel_port" / room).read_text().splitlines()[int(number) - 1] == code


def test_source_runs_on_its_own(tmp_path):
    path = tmp_path / "linux_8.py"
    assert main(["export", "8", "-o", str(path)]) == 0
    spec = importlib.util.spec_from_file_location("linux_8", path)
    linux_8 = sys.modules["linux_8"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(linux_8)
    with kernel_port.boot("example:vga") as machine:
        assert linux_8.pci_reset_slot(machine.slot("1")) == 0
        acts = [(event.op, event.args) for event in machine.events]
    with kernel_port.boot("example:vga") as machine:
        machine.kernel.pci_reset_slot(machine.slot("1"))
        assert acts == [(event.op, event.args) for event in machine.events]


def test_source_unknown_point_is_refused():
    with pytest.raises(ValueError, match="there is no point 9"):
        flat.source(9)


@pytest.mark.slow
def test_source_is_clean_for_strict_type_checking_at_every_point(tmp_path):
    for point in POINTS:
        (tmp_path / f"linux_{point}.py").write_text(flat.source(point))
    files = sorted(map(str, tmp_path.glob("*.py")))
    subprocess.run([sys.executable, "-m", "mypy", "--strict", *files], cwd=ROOT, check=True)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_git_am_replays_the_series_byte_for_byte(tmp_path):
    repository = tmp_path / "repository"
    repository.mkdir()
    run("git", "init", "-q", cwd=repository)
    for key, value in {"user.name": "t", "user.email": "t@localhost", "commit.gpgsign": "false"}.items():
        run("git", "config", key, value, cwd=repository)
    assert main(["export", "0", "-o", str(repository / mails.FILE)]) == 0
    run("git", "add", mails.FILE, cwd=repository)
    run("git", "commit", "-q", "-m", "base", cwd=repository)
    run("git", "am", "-q", *sorted(map(str, (ROOT / "patches").glob("*.patch"))), cwd=repository)
    for point in POINTS:
        commit = f"HEAD~{len(PATCHES) - point}:{mails.FILE}"
        assert run("git", "show", commit, cwd=repository) == flat.source(point)
    subjects = run("git", "log", "--format=%s", "--reverse", cwd=repository).splitlines()[1:]
    assert subjects == [patch.subject for patch in SERIES]


def test_patches_folder_is_what_export_writes(tmp_path):
    assert main(["export", "patches", "-o", str(tmp_path)]) == 0
    for path in tmp_path.iterdir():
        stored = (ROOT / "patches" / path.name).read_text()
        assert stored == path.read_text(), "run: kernel-port export patches -o patches"
    assert {path.name for path in (ROOT / "patches").glob("0*.patch")} == {p.name for p in tmp_path.glob("*.patch")}


@pytest.mark.parametrize("patch", SERIES, ids=lambda patch: f"p{patch.number:02}")
def test_room_docstring_begins_with_the_subject_and_answers_a_reviewer(patch):
    docstring = ast.get_docstring(ast.parse(Path(mails.room(patch)).read_text()))
    assert docstring.splitlines()[0] == patch.subject
    starts = ("Why: ", "What: ", "Look at: ")
    sections = [line.partition(": ")[0] for line in docstring.splitlines()[2:] if line.startswith(starts)]
    assert sections == ["Why", "What", "Look at"]


def test_mail_of_patch_3_names_everything_a_reviewer_needs():
    text = mails.mail(SERIES[2])
    assert "Subject: [PATCH 3/8] pci: Add pci_hp_reset_slot()" in text
    assert "  drivers/pci/hotplug/pci_hotplug_core.c  +24 -0" in text
    assert "Merged: not as a commit of its own." in text


def test_blob_is_the_name_git_gives(tmp_path):
    # git hash-object of a file holding "what is up, doc?", from git's own book
    assert mails.blob("what is up, doc?") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"[:10]


def test_diff_shows_subject_and_added_call(capsys):
    assert main(["diff", "5"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("5/8 pci: Add slot reset option to pci_dev_reset\n")
    assert "\n+    rc = pci_dev_reset_slot_function(dev, probe)\n" in out


@pytest.mark.parametrize("arguments", [["export", "9"], ["export", "patches"], ["diff", "0"], ["export"]])
def test_export_and_diff_bad_usage_is_one_line_and_status_2(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert capsys.readouterr().err.count("\n") == 1
