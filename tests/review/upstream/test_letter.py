# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port check of a cover letter. Oracle: git, which writes that of a made-up series with the true counts."""

import json
import re
import shutil
import subprocess

import pytest

from kernel_port.cli import main
from kernel_port.review.upstream import mbox
from kernel_port.review.upstream.letter import read_letter

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

CORE = "drivers/pci/hotplug/pci_hotplug_core.c"
HOTPLUG_H = "include/linux/pci_hotplug.h"
PCI_C = "drivers/pci/pci.c"
PCI_H = "include/linux/pci.h"
#: Subjects as posted, and for each file the lines added and removed: those of pci.c are made up, but for their sum.
SUBJECTS = {
    "pci: Create pci_reset_bridge_secondary_bus()": {PCI_C: (23, 9), PCI_H: (1, 0)},
    "pci: Add hotplug_slot_ops.reset_slot()": {HOTPLUG_H: (4, 0)},
    "pci: Add pci_hp_reset_slot": {CORE: (24, 0), HOTPLUG_H: (8, 0)},
    "pci: Implement reset_slot for pciehp": {
        "drivers/pci/hotplug/pciehp.h": (1, 0),
        "drivers/pci/hotplug/pciehp_core.c": (12, 0),
        "drivers/pci/hotplug/pciehp_hpc.c": (31, 0),
    },
    "pci: Add reset_slot option to pci_dev_reset": {PCI_C: (10, 0)},
    "pci: Split out pci_dev lock/unlock and save/restore": {PCI_C: (38, 17)},
    "pci: Add slot and bus reset interfaces": {PCI_C: (209, 0), PCI_H: (2, 0)},
    "pci: Wake-up devices before save for reset": {PCI_C: (7, 0)},
}
TITLE = "pci: bus and slot reset interface"


@pytest.fixture(scope="module")
def series(tmp_path_factory):
    """The mailbox that git makes of a series with these subjects and counts, its cover letter first."""
    root = tmp_path_factory.mktemp("series")
    who = {f"GIT_{role}_{what}": f"Alex Williamson{'@x' * (what == 'EMAIL')}" for role in ("AUTHOR", "COMMITTER")
           for what in ("NAME", "EMAIL")}  # fmt: skip

    def git(*command):
        env = {"HOME": str(root), "PATH": "/usr/bin:/bin", **who}
        return subprocess.run(["git", *command], cwd=root, check=True, capture_output=True, text=True, env=env).stdout

    def write(path):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text("".join(f"{line}\n" for line in files[path]))

    git("init", "-q")
    # Lines to take away come first, those added last, so that git sees no more changes than there are.
    files = {path: [f"old {i}" for i in range(60)] for changes in SUBJECTS.values() for path in changes}
    for path in files:
        write(path)
    git("add", ".")
    git("commit", "-qm", "base")
    for number, (subject, changes) in enumerate(SUBJECTS.items()):
        for path, (added, removed) in changes.items():
            files[path] = files[path][removed:] + [f"new {number} {i}" for i in range(added)]
            write(path)
        git("commit", "-qam", subject)
    text = git("format-patch", "-v2", "--cover-letter", f"-{len(SUBJECTS)}", "--stdout")
    return text.replace("*** SUBJECT HERE ***", TITLE).replace("*** BLURB HERE ***", "Invented for a test: 5 | 7 +-")


@pytest.fixture
def letter(series):
    (_, text), *_ = mbox.split(series)
    return text


def page(letter):
    """A letter as an archive shows it: no other headers, no blanks at the start of lines."""
    headers, _, body = letter.partition("\n\n")
    fields = dict(re.findall(r"^([\w-]+): (.*)$", headers, re.MULTILINE))
    lines = "\n".join(line.lstrip() for line in body.splitlines())
    return f"{fields['Subject']}\n\nFrom: {fields['From']}\nDate: {fields['Date']}\n\n\n{lines}\n"


def check(capsys, tmp_path, text, *options):
    (tmp_path / "letter.txt").write_text(text)
    status = main(["check", str(tmp_path / "letter.txt"), *options])
    return status, capsys.readouterr()


def check_json(capsys, tmp_path, text):
    status, shown = check(capsys, tmp_path, text, "--json")
    return status, json.loads(shown.out)


def differing(points):
    return {point["what"]: (point["theirs"], point["ours"]) for point in points if not point["agrees"]}


@pytest.mark.parametrize("form", [str, page])
def test_letter_alone_agrees_as_mail_and_as_page(capsys, tmp_path, letter, form):
    status, shown = check(capsys, tmp_path, form(letter))
    assert status == 0
    assert shown.out.startswith("the series as posted, its cover letter alone\n")
    for row in (
        "author: Alex Williamson", "patches: 8", "3/8: pci: Add pci_hp_reset_slot",
        "5/8: pci: Add reset_slot option to pci_dev_reset", f"{CORE}: 24 +", f"{PCI_C}: 313 +-", "files: 7",
        "insertions: 370", "deletions: 26",
    ):  # fmt: skip
        assert f"    agrees   {row}\n" in shown.out
    assert shown.out.endswith("\nagree 21 of 21 points of the cover letter\n")


def test_letter_and_mails_agree_with_each_other(capsys, tmp_path, series):
    _, shown = check_json(capsys, tmp_path, series)
    assert (shown["form"], len(shown["cover_letter"]), differing(shown["cover_letter"])) == ("posted", 21, {})
    assert len(shown["totals"]) == 9
    assert differing(shown["totals"]) == {}
    assert "the series as posted, its cover letter and 8 of its patches\n" in check(capsys, tmp_path, series)[1].out


def test_page_may_stand_before_the_mails(capsys, tmp_path, series, letter):
    _, shown = check_json(capsys, tmp_path, f"{page(letter)}\n\n{series.removeprefix(letter)}")
    assert (len(shown["cover_letter"]), len(shown["patches"])) == (21, 8)


@pytest.mark.parametrize("form", [str, page])
@pytest.mark.parametrize(
    ("old", "new", "row"),
    [
        (r"pci_hotplug_core\.c( +)\| +24", r"pci_hotplug_core.c\1| 23", f"{CORE}: 23 + (expected: 24 +)"),
        (r"\| 313 (\++)-+", r"| 313 \1", f"{PCI_C}: 313 + (expected: 313 +-)"),
        (r" include/linux/pci\.h .*\n", "", f"{PCI_H}: not there (expected: 3)"),
        (r"7 files changed", "8 files changed", "files: 8 (expected: 7)"),
        (r"370 insertions", "371 insertions", "insertions: 371 (expected: 370)"),
        (r", 26 deletions\(-\)", "", "deletions: 0 (expected: 26)"),
        (r"option to pci_dev_reset", "to pci_dev_reset",
         "5/8: pci: Add reset_slot to pci_dev_reset (expected: pci: Add reset_slot option to pci_dev_reset)"),
        (r" +pci: Wake-up.*\n", "", "8/8: not there (expected: pci: Wake-up devices before save for reset)"),
        (r"Williamson \(8\)", "Williamson (9)", "patches: 9 (expected: 8)"),
        (r"(Subject: .*)slot reset", r"\1slots reset",
         f"title: pci: bus and slots reset interface (expected: {TITLE})"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_letter_is_one_line(capsys, tmp_path, letter, form, old, new, row):
    changed, times = re.subn(old, new, letter)
    assert times == 1
    status, shown = check(capsys, tmp_path, form(changed))
    assert status == 1
    assert [line for line in shown.out.splitlines() if "differs" in line] == [f"    differs  {row}"]


def test_subject_beyond_the_eighth_and_file_of_another_are_named(capsys, tmp_path, letter):
    text = re.sub(r"(  pci: Wake-up devices.*\n)", r"\1  pci: One more\n", letter)
    text = text.replace(" include/linux/pci.h ", " drivers/pci/probe.c | 5 +----\n include/linux/pci.h ")
    _, shown = check_json(capsys, tmp_path, text)
    assert differing(shown["cover_letter"]) == {
        "9/8": ("pci: One more", "not there"),
        "drivers/pci/probe.c": ("5 +-", "not there"),
    }


def test_subjects_in_another_order_differ(capsys, tmp_path, letter):
    text = letter.replace("pci: Add pci_hp_reset_slot", "X").replace("pci: Implement reset_slot for pciehp", "Y")
    text = text.replace("X", "pci: Implement reset_slot for pciehp").replace("Y", "pci: Add pci_hp_reset_slot")
    assert list(differing(check_json(capsys, tmp_path, text)[1]["cover_letter"])) == ["3/8", "4/8"]


def test_sum_of_the_mails_is_held_against_the_letter_with_them(capsys, tmp_path, series):
    text = series.replace("| 313 ", "| 312 ", 1).replace("370 insertions", "369 insertions", 1)
    _, shown = check_json(capsys, tmp_path, text)
    assert differing(shown["totals"]) == {f"all of {PCI_C}": ("313", "312"), "all insertions": ("370", "369")}
    assert differing(shown["cover_letter"]) == {PCI_C: ("312 +-", "313 +-"), "insertions": ("369", "370")}


def test_letter_of_another_series_is_not_compared(capsys, tmp_path, letter):
    text = letter.replace(TITLE, "pci: toys")
    text = text.replace("  pci: ", "  toys: The other ")
    status, shown = check(capsys, tmp_path, text)
    assert (status, shown.out) == (2, "")
    assert "its cover letter is not of the series" in shown.err


def test_letter_without_list_and_statistics_says_what_is_not_there(capsys, tmp_path):
    text = f"[PATCH v2 0/8] {TITLE}\n\nFrom: x\nDate: y\n\nWords.\n"
    status, shown = check_json(capsys, tmp_path, text)
    assert status == 1
    assert differing(shown["cover_letter"])["deletions"] == ("not there", "26")
    assert differing(shown["cover_letter"])["1/8"][0] == "not there"


def test_read_has_no_use_for_a_letter(capsys, tmp_path, letter):
    (tmp_path / "letter.txt").write_text(letter)
    assert main(["read", "1", "--c", str(tmp_path / "letter.txt")]) == 2
    assert "a cover letter and no patch" in capsys.readouterr().err


def test_page_keeps_its_line_numbers(capsys, tmp_path, letter):
    cut = "--- a/x.c\n+++ b/x.c\n@@ -1 +1,9 @@\n+x\n"
    text = page(letter) + cut
    line = text.splitlines().index("@@ -1 +1,9 @@") + 1
    _, shown = check(capsys, tmp_path, text)
    assert f"letter.txt:{line}: the hunk" in shown.err


def test_words_that_look_like_statistics_are_none():
    words = "a | b\nx | 1 y\n | 3 +\nb.c | 9\n\nAlex (2):\n  one\n  two\n\n"
    found = read_letter(words + " a.c | 2 +-\n 1 file changed, 1 insertion(+), 1 deletion(-)\n c.c | 9\n")
    assert (found.patches, found.subjects) == (2, ["one", "two"])
    assert (found.lines, found.signs, found.total) == ({"a.c": 2}, {"a.c": "+-"}, (1, 1, 1))
    found = read_letter(words + "3 files changed\n")
    assert (found.lines, found.total) == ({}, None)
