# SPDX-License-Identifier: GPL-2.0-only
"""The flat source and the mails: Python, type-clean, runnable, and what real git makes of them."""

import importlib.util
import re
import shutil
import subprocess
import sys

import pytest
from paths import ROOT

import kernel_port
from kernel_port.cli import main
from kernel_port.link import link
from kernel_port.review.port import flat, mails
from kernel_port.review.port.definitions import module
from kernel_port.series import PATCHES

POINTS = range(len(PATCHES) + 1)
#: The ends of the series; the points between are for those who have time.
ENDS = [pytest.param(point, marks=() if point in (0, len(PATCHES)) else pytest.mark.slow) for point in POINTS]


#: Functions in the order that v3.12's C files have them: what the series adds there, and what stands before and behind.
#: pci_hp_reset_slot(), which v3.12 has not in that file, is the last one of it.
C_ORDER = {
    "pci.c": """
        pcie_flr pci_af_flr pci_pm_reset pci_reset_bridge_secondary_bus pci_parent_bus_reset pci_dev_reset_slot_function
        __pci_dev_reset pci_dev_lock pci_dev_unlock pci_dev_save_and_disable pci_dev_restore pci_dev_reset
        __pci_reset_function __pci_reset_function_locked pci_probe_reset_function pci_reset_function
        pci_bus_lock pci_bus_unlock pci_slot_lock pci_slot_unlock pci_bus_save_and_disable pci_bus_restore
        pci_slot_save_and_disable pci_slot_restore pci_slot_reset pci_reset_slot pci_bus_reset pci_reset_bus""",
    "pciehp_hpc.c": "pcie_enable_notification pcie_disable_notification pciehp_reset_slot pcie_init_notification",
    "pciehp_core.c": "get_latch_status get_adapter_status reset_slot pciehp_probe",
    "pci_hotplug_core.c": "pci_hp_deregister pci_hp_change_slot_info pci_hp_reset_slot",
}


def functions(text):
    return re.findall(r"^def (\w+)", text, re.MULTILINE)


def run(*command, cwd):
    return subprocess.run(command, cwd=cwd, check=True, capture_output=True, text=True).stdout


@pytest.mark.parametrize("point", ENDS)
def test_source_defines_what_the_linker_takes_from_base_and_patches(point):
    linked = {name for name, module in link(point).symbols.items() if module.startswith(("base.", "patch."))}
    defined = re.findall(r"^(?:def |class )?(\w+)(?=[(:]| = )", flat.source(point), re.MULTILINE)
    assert linked <= set(defined)


@pytest.mark.parametrize("point", ENDS)
@pytest.mark.parametrize("names", C_ORDER.values(), ids=C_ORDER)
def test_source_has_functions_in_the_order_of_the_c_file(point, names):
    source = functions(flat.source(point))
    there = [name for name in names.split() if name in source]
    first = source.index(there[0])
    assert source[first : first + len(there)] == there


def test_source_of_a_function_is_that_of_its_module():
    """All but the patch that a docstring names, which would differ where the C does not."""
    text, p06 = flat.source(8), (ROOT / f"kernel_port/patch/{PATCHES[5].module}.py").read_text()
    _, _, lock = p06.partition("\n\n\ndef pci_dev_lock(")
    lock, _, _ = lock.partition("\n\n\n")
    assert "C: drivers/pci/pci.c, static, patch 6" in lock
    assert f"\n\n\ndef pci_dev_lock({lock.replace(', patch 6', '')}\n\n\n" in text


#: The cover letter's 26 deletions are all of patches 1 and 6.
REMOVE_NOTHING = [patch for patch in PATCHES if patch.number not in (1, 6)]


@pytest.mark.parametrize("patch", REMOVE_NOTHING, ids=lambda patch: f"p{patch.number:02}")
def test_mail_of_a_patch_that_removes_nothing_removes_nothing(patch):
    lines = mails.difference(patch.number).splitlines()
    assert [line for line in lines if line.startswith("-") and not line.startswith("--- ")] == []


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
    assert subjects == [patch.subject for patch in PATCHES]


def test_patches_folder_is_what_export_writes(tmp_path):
    assert main(["export", "patches", "-o", str(tmp_path)]) == 0
    for path in tmp_path.iterdir():
        stored = (ROOT / "patches" / path.name).read_text()
        assert stored == path.read_text(), "run: kernel-port export patches -o patches"
    assert {path.name for path in (ROOT / "patches").glob("0*.patch")} == {p.name for p in tmp_path.glob("*.patch")}


@pytest.mark.parametrize("patch", PATCHES, ids=lambda patch: f"p{patch.number:02}")
def test_patch_docstring_begins_with_the_subject_and_answers_a_reviewer(patch):
    docstring = module(f"patch.{patch.module}").doc
    assert docstring.splitlines()[0] == patch.subject
    starts = ("Why: ", "What: ", "Look at: ")
    sections = [line.partition(": ")[0] for line in docstring.splitlines()[2:] if line.startswith(starts)]
    assert sections == ["Why", "What", "Look at"]


def test_mail_of_patch_3_names_everything_a_reviewer_needs():
    text = mails.mail(PATCHES[2])
    assert "Subject: [PATCH 3/8] pci: Add pci_hp_reset_slot\n" in text
    assert "  drivers/pci/hotplug/pci_hotplug_core.c  +24 -0     none\n" in text
    assert "Merged: not as a commit of its own." in text


def test_mail_tells_posted_from_merged_lines():
    text = mails.mail(PATCHES[0])
    assert "\n  drivers/pci/pci.c    not known  +23 -9\n  include/linux/pci.h  +1 -0      +1 -0\n" in text


@pytest.mark.parametrize(("number", "name"), [
    (3, "0003-pci-Add-pci_hp_reset_slot.patch"),
    (5, "0005-pci-Add-reset_slot-option-to-pci_dev_reset.patch"),
    (6, "0006-pci-Split-out-pci_dev-lock-unlock-and-save-restore.patch"),
])  # fmt: skip
def test_mail_is_named_as_git_format_patch_would(number, name):
    assert mails.file_name(PATCHES[number - 1]) == name


def test_blob_is_the_name_git_gives(tmp_path):
    # git hash-object of a file holding "what is up, doc?", from git's own book
    assert mails.blob("what is up, doc?") == "bd9dbf5aae1a3862dd1526723246b20206e5fc37"[:10]


def test_diff_shows_subject_and_added_call(capsys):
    assert main(["diff", "5"]) == 0
    out = capsys.readouterr().out
    assert out.startswith("5/8 pci: Add reset_slot option to pci_dev_reset\n")
    assert "\n+    rc = pci_dev_reset_slot_function(dev, probe)\n" in out


@pytest.mark.parametrize("arguments", [["export", "9"], ["export", "patches"], ["diff", "0"], ["export"]])
def test_export_and_diff_bad_usage_is_one_line_and_status_2(arguments, capsys):
    try:
        status = main(arguments)
    except SystemExit as error:
        status = error.code
    assert status == 2
    assert capsys.readouterr().err.count("\n") == 1
