# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port check. Oracles: mailboxes made by real git, small trees written here, and Debian's Linux 6.1."""

import bz2
import email.message
import gzip
import io
import json
import lzma
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest
from paths import SERIES

from kernel_port.cli import main
from kernel_port.limits import Limits
from kernel_port.review.upstream import check_series, mbox, touched

DEBIAN = Path("/usr/src/linux-source-6.1.tar.xz")
MAKEFILE = "VERSION = 3\nPATCHLEVEL = 12\nSUBLEVEL = 0\n"
PCI_C = """\
static int pci_bus_reset(struct pci_bus *bus, int probe)
{
	return 0;
}

int pci_reset_bus(struct pci_dev *pdev)
{
	return pci_bus_reset(pdev->bus, 0);
}

static int pci_reset_hotplug_slot(struct hotplug_slot *hotplug, int probe)
{
	return 0;
}
"""
PCI_H = "static inline int pci_is_bridge(struct pci_dev *dev)\n{\n\treturn 0;\n}\n"
OTHER_C = "static int reset_slot(struct hotplug_slot *slot, int probe)\n{\n\treturn 0;\n}\n"
TREE = {
    "Makefile": MAKEFILE,
    "drivers/pci/pci.c": PCI_C,
    "drivers/pci/hotplug/other.c": OTHER_C,
    "include/linux/pci.h": PCI_H,
}


def check(capsys, *argv):
    status = main(["check", *map(str, argv)])
    return status, capsys.readouterr().out


def check_json(capsys, *argv):
    status, out = check(capsys, *argv, "--json")
    return status, json.loads(out)


def error(capsys, *argv):
    assert main(["check", *map(str, argv)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    return captured.err


@pytest.fixture
def tree(tmp_path):
    root = tmp_path / "linux"
    for path, text in TREE.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


def run_git(tree, *command):
    done = subprocess.run(
        ["git", *command], cwd=tree, check=True, capture_output=True, env={"HOME": str(tree), "PATH": "/usr/bin:/bin"}
    )
    return done.stdout.decode().strip()


def repository(tree):
    """Make *tree* a repository with one commit."""
    run_git(tree, "init", "-q")
    run_git(tree, "add", ".")
    run_git(tree, "-c", "user.name=t", "-c", "user.email=t@t", "commit", "-qm", "t")


def states(shown):
    return {symbol["name"]: symbol["state"] for symbol in shown["symbols"]}


# -- a series --


def test_merged_series_agrees(capsys):
    status, out = check(capsys, SERIES / "merged.mbox")
    assert status == 0
    assert out.startswith("the series as merged, 4 of its patches\n")
    assert "differs" not in out
    assert "not of the series: PCI: Tune secondary bus reset timing (a later commit" in out
    assert "not there: 6/8, 7/8, 8/8" in out
    assert out.endswith("agree 4 of 4 patches\n")


def test_posted_series_differs_where_the_mailbox_does(capsys):
    status, shown = check_json(capsys, SERIES / "v2.mbox")
    assert (status, shown["form"], shown["agrees"]) == (1, "posted", False)
    differs = {
        (patch["number"], point["what"]): (point["theirs"], point["ours"])
        for patch in shown["patches"] for point in patch["points"] if not point["agrees"]
    }  # fmt: skip
    prototype = "static int pci_dev_reset_slot_function(struct pci_dev *dev, {} probe)"
    assert differs == {
        (4, "drivers/pci/hotplug/pciehp_hpc.c"): ("+30 -0", "+31 -0"),
        (5, "prototype of pci_dev_reset_slot_function"): (prototype.format("bool"), prototype.format("int")),
    }
    assert shown["missing"] == [1, 6, 7, 8]
    assert shown["cover_letter"] == []


def test_posted_count_that_nobody_knows_is_told_and_does_not_count(capsys):
    _, shown = check_json(capsys, SERIES / "v2.mbox")
    unknown = [point for patch in shown["patches"] for point in patch["points"] if point["ours"] is None]
    assert unknown == [{"what": "drivers/pci/pci.c", "theirs": "+9 -0", "ours": None, "agrees": True}]
    assert "    unknown  drivers/pci/pci.c: +9 -0\n" in check(capsys, SERIES / "v2.mbox")[1]


def test_merged_count_is_known(capsys):
    _, shown = check_json(capsys, SERIES / "merged.mbox")
    (patch,) = [patch for patch in shown["patches"] if patch["number"] == 5]
    assert ("drivers/pci/pci.c", "+34 -0") in [(point["what"], point["ours"]) for point in patch["points"]]


def test_posted_patch_that_leaves_its_file_alone_differs():
    change = mbox.FileChange("drivers/pci/quirks.c", (mbox.Hunk(1, 1, "", ("+x",)),))
    mail = mbox.Mail("pci: Wake-up devices before save for reset", 8, 8, 2, "", (change,))
    (patch,) = check_series.check([mail], "x").patches
    points = {point.what: (point.theirs, point.ours) for point in patch.points}
    assert points["drivers/pci/pci.c"] == ("not touched", "touched")
    assert points["drivers/pci/quirks.c"] == ("+1 -0", "not touched")


def test_posted_series_text_names_both_sides(capsys):
    _, out = check(capsys, SERIES / "v2.mbox")
    assert (
        "    differs  drivers/pci/hotplug/pciehp_hpc.c: +30 -0\n    expected                                   +31 -0\n"
        in out
    )
    assert out.endswith("agree 2 of 4 patches\n")


def test_verbose_tells_what_agrees(capsys):
    _, out = check(capsys, "-v", SERIES / "merged.mbox")
    assert "    agrees   modifies: pci_parent_bus_reset\n" in out
    assert "    agrees   adds: pci_dev_reset_slot_function, pci_reset_hotplug_slot\n" in out


def test_folder_of_patches_and_standard_input_and_gzip_are_the_mailbox(capsys, tmp_path, monkeypatch):
    whole = (SERIES / "merged.mbox").read_text()
    expected = check(capsys, SERIES / "merged.mbox")
    for number, (_, mail) in enumerate(mbox.split(whole), 1):
        (tmp_path / f"{number:04}-x.patch").write_text(mail)
    assert check(capsys, tmp_path) == expected
    (tmp_path / "m.mbox.gz").write_bytes(gzip.compress(whole.encode()))
    assert check(capsys, tmp_path / "m.mbox.gz") == expected
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(whole.replace("\n", "\r\n").encode())))
    assert check(capsys, "-") == expected


def test_patches_by_function_where_the_subject_is_another(capsys, tmp_path):
    path = tmp_path / "renamed.mbox"
    path.write_text((SERIES / "merged.mbox").read_text().replace("PCI: pciehp: Add reset_slot", "PCI: Grow reset_slot"))
    _, shown = check_json(capsys, path)
    (patch,) = [patch for patch in shown["patches"] if patch["number"] == 4]
    assert [point["what"] for point in patch["points"] if not point["agrees"]] == ["subject"]


def test_mails_leave_replies_and_older_versions_out():
    whole = (SERIES / "v2.mbox").read_text()
    reply = "From x Mon Sep 17\nSubject: Re: [PATCH v2 4/8] pci: Implement reset_slot for pciehp\n\n"
    reply += "--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-better\n+so\n\n"
    older = whole.replace("[PATCH v2 ", "[PATCH ")
    cover = "From x Mon Sep 17\nSubject: [PATCH v2 0/8] pci: bus and slot reset\n\nWords.\n\n"
    found = mbox.mails(older + cover + reply + whole, "x")
    assert [(mail.version, mail.number, mail.is_cover) for mail in found] == [
        (2, 0, True), (2, 2, False), (2, 3, False), (2, 4, False), (2, 5, False),
    ]  # fmt: skip


def test_mail_subject_and_text_are_decoded(tmp_path):
    text = (SERIES / "v2.mbox").read_text()
    (_, mail), *_ = mbox.split(text)
    head, _, body = mail.partition("\n\n")
    head = head.replace("hotplug_slot_ops.reset_slot()", "=?utf-8?q?hotplug=5Fslot=5Fops=2Ereset=5Fslot=28=29?=")
    quoted = body.replace("=", "=3D").replace("\t", "=09")
    (found,) = mbox.mails(f"{head}\nContent-Transfer-Encoding: quoted-printable\n\n{quoted}", "x")
    assert found.subject == "pci: Add hotplug_slot_ops.reset_slot()"
    assert found.changes[0].counts == (4, 0)
    assert touched.touched(found).members == {"hotplug_slot_ops": ("reset_slot",)}


def test_mail_with_the_patch_attached_is_read():
    (_, mail), *_ = mbox.split((SERIES / "v2.mbox").read_text())
    head, _, body = mail.partition("\n\n")
    message = email.message.EmailMessage()
    message["Subject"] = head.partition("Subject: ")[2].partition("\n")[0]
    message.set_content("Please find the patch attached.")
    message.add_attachment(b"--- a/x.c\n+++ b/x.c\n@@ -1 +1 @@\n-no\n+text\n", "image", "png", filename="x.png")
    message.add_attachment(body, "x-patch", filename="x.patch")
    (found,) = mbox.mails(f"From x Mon Sep 17\n{message}", "x")
    assert [(change.path, change.counts) for change in found.changes] == [("include/linux/pci_hotplug.h", (4, 0))]


def test_mail_in_a_character_set_nobody_knows_keeps_its_subject():
    text = (SERIES / "v2.mbox").read_text().replace("Subject: [PATCH v2 2/8] pci:", "Subject: =?x-toy?q?=41?=")
    assert mbox.mails(text, "x")[0].subject == "=?x-toy?q?=41?= Add hotplug_slot_ops.reset_slot()"


def test_mail_with_other_letters_and_broken_bytes_is_read(capsys, tmp_path):
    data = (SERIES / "merged.mbox").read_bytes().replace(b"A. Tester", "Ärgerlich 试".encode())
    (tmp_path / "m.mbox").write_bytes(data.replace(b"Invented for a test", b"Invented \xff\xe9"))
    assert check(capsys, tmp_path / "m.mbox")[0] == 0


def test_all_eight_are_held_against_the_cover_letter():
    hunk = mbox.Hunk(1, 1, "", ("+x",) * 24)
    names = [patch.subject for patch in check_series.PATCHES]
    change = mbox.FileChange("drivers/pci/hotplug/pci_hotplug_core.c", (hunk,))
    mails = [mbox.Mail(name, number, 8, 2, "", (change,)) for number, name in enumerate(names, 1)]
    report = check_series.check(mails, "x")
    totals = {point.what.rpartition("/")[2]: (point.theirs, point.ours) for point in report.totals}
    # 24 lines in each of eight patches; the cover letter has 24 in all, and pci.c with 313.
    assert (totals["pci_hotplug_core.c"], totals["pci.c"]) == (("192", "24"), ("0", "313"))


def test_touched_tells_modified_from_what_stands_beside_it():
    lines = (" \tx();", " }", " ", "+int added(void)", "+{", "+\treturn 0;", "+}", "+", " int after(int a)", " {")
    beside = mbox.Hunk(10, 10, "static int before(int a)", lines)
    within = mbox.Hunk(90, 95, "static int changed(int a,", (" \tx();", "-\ty();", "+\tz();", " \tx();"))
    mail = mbox.Mail("x", 0, 0, 1, "", (mbox.FileChange("a.c", (beside, within)),))
    found = touched.touched(mail)
    assert (set(found.added), found.modified, found.removed) == ({"added"}, {"changed"}, frozenset())


def test_touched_comment_below_a_function_is_not_the_function():
    lines = ("  * words", "+ * more words", "  */", " int after(void)", " {")
    mail = mbox.Mail("x", 0, 0, 1, "", (mbox.FileChange("a.c", (mbox.Hunk(9, 9, "int before(int a)", lines),)),))
    assert touched.touched(mail).modified == frozenset()


def test_touched_function_that_git_shows_as_moved_is_modified():
    lines = ("-int old(void)", "-{", "-}", "+int new(void)", "+{", "+}", "+", "+int old(void)", "+{", "+\tnew();", "+}")
    mail = mbox.Mail("x", 0, 0, 1, "", (mbox.FileChange("a.c", (mbox.Hunk(1, 1, "", lines),)),))
    found = touched.touched(mail)
    assert (set(found.added), found.modified, found.removed) == ({"new"}, {"old"}, frozenset())


# -- a kernel --


def test_kernel_tells_what_became_of_each_function(capsys, tree):
    status, shown = check_json(capsys, tree)
    found = states(shown)
    assert (status, shown["version"]) == (1, "v3.12")
    assert found["pci_bus_reset"] == "in place"
    assert found["pci_reset_bus"] == "changed"  # takes a device, not a bus
    assert found["pci_hp_reset_slot"] == "renamed"
    assert found["pci_is_bridge"] == "moved"
    assert found["reset_slot"] == "gone"  # another driver's static function of that name is another function
    assert found["pci_save_state"] == "gone"
    places = {symbol["name"]: (symbol["file"], symbol["line"]) for symbol in shown["symbols"]}
    assert places["pci_reset_bus"] == ("drivers/pci/pci.c", 6)
    assert places["pci_hp_reset_slot"] == ("drivers/pci/pci.c", 11)
    assert places["pci_is_bridge"] == ("include/linux/pci.h", 1)


def test_kernel_text_says_where_and_why(capsys, tree):
    _, out = check(capsys, tree)
    assert "Linux v3.12\n" in out
    assert "renamed  pci_hp_reset_slot  pci_reset_hotplug_slot in drivers/pci/pci.c:11  (merged in pci.c" in out
    assert "changed  pci_reset_bus  drivers/pci/pci.c:6  (int pci_reset_bus(struct pci_dev *pdev))" in out
    assert "pci_bus_reset " not in out
    assert "    in place pci_bus_reset  drivers/pci/pci.c:1\n" in check(capsys, "-v", tree)[1]


def test_kernel_before_the_series_does_not_have_it_yet(capsys, tree):
    (tree / "Makefile").write_text(MAKEFILE.replace("12", "11"))
    _, shown = check_json(capsys, tree)
    assert states(shown)["pci_slot_lock"] == "not yet"


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("ask", [["{}@HEAD"], ["{}", "--rev", "HEAD"]])
def test_revision_of_a_repository_is_the_directory(capsys, tree, ask):
    _, expected = check_json(capsys, tree)
    repository(tree)
    for path in ("drivers", "include"):
        shutil.rmtree(tree / path)
    _, shown = check_json(capsys, *(each.format(tree) for each in ask))
    assert shown["symbols"] == expected["symbols"]


@pytest.mark.parametrize("kind", ["", "gz", "bz2", "xz"])
def test_tarball_is_the_directory(capsys, tree, tmp_path, kind):
    _, expected = check_json(capsys, tree)
    path = tmp_path / f"linux-source.tar{'.' * bool(kind)}{kind}"
    with tarfile.open(path, f"w:{kind}") as archive:
        archive.add(tree, "linux-source-3.12")
    _, shown = check_json(capsys, path)
    assert shown["symbols"] == expected["symbols"]


@pytest.mark.slow
@pytest.mark.skipif(not DEBIAN.exists(), reason="needs Debian's linux-source-6.1")
def test_debians_linux_6_1(capsys):
    status, shown = check_json(capsys, DEBIAN)
    found = states(shown)
    assert (status, shown["version"]) == (1, "v6.1")
    places = {symbol["name"]: symbol["now"] for symbol in shown["symbols"] if symbol["state"] == "renamed"}
    assert places["pci_reset_bridge_secondary_bus"] == "pci_bridge_secondary_bus_reset"
    assert places["pci_hp_reset_slot"] == "pci_reset_hotplug_slot"
    assert places["pci_reset_slot"] == "__pci_reset_slot"
    assert found["pciehp_reset_slot"] == found["pci_reset_bus"] == "changed"
    assert found["pci_bus_lock"] == found["pci_save_state"] == found["pci_bus_read_config_word"] == "in place"
    # Whatever is not there under its name is explained.
    assert [each["name"] for each in shown["symbols"] if each["state"] == "gone" and not each["why"]] == []


# -- bad input --


@pytest.mark.parametrize(
    ("name", "data", "said"),
    [
        ("empty.mbox", b"", "no patch in it"),
        ("words.txt", b"nothing\n\nFrom here on nothing\n", "no patch in it"),
        ("zeros", bytes(5000), "no "),
        ("garbage.patch", bytes(range(256)) * 40, "no patch in it"),
        ("nested.mbox", b"From x\n" + b"Content-Type: message/rfc822\n\n" * 6000, "nested too deeply"),
        ("x.tar.xz", lzma.compress(b"x" * 999), "fetch it or pack it again"),
        ("x.tar.bz2", bz2.compress(b"x" * 999)[:-9], "fetch it or pack it again"),
        ("y.tar.bz2", bz2.compress(b"x" * 999)[:9] + b"damage", "fetch it or pack it again"),
        ("x.tar.gz", b"\x1f\x8b\x08", "fetch it or pack it again"),
        ("x.tar.zst", b"\x28\xb5\x2f\xfd", "zstd -d"),
        ("x.mbox.gz", gzip.compress(b"x" * 999, mtime=0)[:-9], "fetch it or pack it again"),
    ],
)
def test_file_that_is_neither_is_one_line(capsys, tmp_path, name, data, said):
    (tmp_path / name).write_bytes(data)
    assert said in error(capsys, tmp_path / name)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda text: text[: text.index("+\tint (*reset_slot)")], 35),
        (lambda text: text.replace(" \tint (*toy)", "\tint (*toy)", 1), 35),
    ],
)
def test_damaged_hunk_is_named_by_line(capsys, tmp_path, change, line):
    text = (SERIES / "v2.mbox").read_text()
    damaged = change(text)
    (tmp_path / "v2.mbox").write_text(damaged)
    hunk = next(i for i, each in enumerate(text.splitlines(), 1) if each.startswith("@@"))
    assert f"v2.mbox:{hunk}: the hunk is cut off or wrapped" in error(capsys, tmp_path / "v2.mbox")


def test_hunk_that_ends_within_a_line_of_both_sides_is_named(capsys, tmp_path):
    # One line is left of the old side, two of the new; the second of these stands on both.
    hunk = "diff --git a/x.c b/x.c\n--- a/x.c\n+++ b/x.c\n@@ -1 +1,2 @@\n one\n two\n"
    for start, line in (("From x\n", 7), ("", 6)):
        (tmp_path / "x.patch").write_text(f"{start}Subject: [PATCH] x\n\n{hunk}")
        assert f"x.patch:{line}: the hunk does not have the lines it says" in error(capsys, tmp_path / "x.patch")


def test_more_text_than_a_series_has_is_one_line(capsys, tmp_path, monkeypatch):
    monkeypatch.setattr(mbox, "MAILS", Limits(10, 1 << 20, 60))
    (tmp_path / "long.patch").write_text("From x\nSubject: [PATCH] x\n\n" + "words\n" * 200_000)
    assert "long.patch: more than is read of such an input (10 files, 1 MiB, 60 s)" in error(
        capsys, tmp_path / "long.patch"
    )


def test_truncated_tarball_is_one_line(capsys, tree, tmp_path):
    with tarfile.open(tmp_path / "l.tar.gz", "w:gz") as archive:
        archive.add(tree, "linux")
    data = (tmp_path / "l.tar.gz").read_bytes()
    (tmp_path / "l.tar.gz").write_bytes(data[: len(data) // 2])
    assert "fetch it or pack it again" in error(capsys, tmp_path / "l.tar.gz")


def test_series_of_something_else_is_named(capsys, tmp_path):
    text = (SERIES / "merged.mbox").read_text()
    (_, last) = list(mbox.split(text))[-1]
    (tmp_path / "other.mbox").write_text(last)
    assert "none of its 1 patches is of the series" in error(capsys, tmp_path / "other.mbox")


def test_missing_source_and_folder_without_a_kernel(capsys, tmp_path):
    assert "no such file" in error(capsys, tmp_path / "missing")
    assert "no drivers/pci" in error(capsys, tmp_path)


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_file_that_a_partial_clone_left_out_is_one_line(capsys, tree):
    repository(tree)
    blob = run_git(tree, "rev-parse", "HEAD:drivers/pci/pci.c")
    (tree / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    assert "drivers/pci/pci.c is missing at HEAD; fetch it, or name a full clone" in error(capsys, f"{tree}@HEAD")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
@pytest.mark.parametrize("ask", ["check {}@HEAD", "read 1 --c {}@HEAD", "watch mess --c {}@HEAD -o {}.html"])
def test_revision_of_a_hostile_repository_starts_no_program_of_its_choice(tree, ask):
    # The repository lacks a file, and its own configuration says by which program to fetch it.
    started = tree / "started"
    fetch = {
        "core.repositoryformatversion": "1",
        "extensions.partialClone": "origin",
        "remote.origin.promisor": "true",
        "remote.origin.url": str(tree),
        "remote.origin.uploadpack": f"touch {started}; git-upload-pack",
    }
    repository(tree)
    blob = run_git(tree, "rev-parse", "HEAD:drivers/pci/pci.c")
    (tree / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    for key, value in fetch.items():
        run_git(tree, "config", key, value)
    assert main([word.format(tree) for word in ask.split()]) == 2
    assert not started.exists()


def test_revision_without_git_is_one_line(capsys, tree, monkeypatch):
    monkeypatch.setenv("PATH", str(tree))
    assert "git is not installed; name a source directory or tarball" in error(capsys, f"{tree}@HEAD")


@pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
def test_revision_that_is_none_is_one_line(capsys, tree):
    assert "name a git repository" in error(capsys, tree, "--rev", "v3.12")
    assert "no revision" in error(capsys, tree, "--rev=--upload-pack=x")
    subprocess.run(["git", "init", "-q", "--bare", "bare.git"], cwd=tree, check=True)
    assert "name a revision" in error(capsys, tree / "bare.git")
    assert "no such revision" in error(capsys, f"{tree}/bare.git@v9")
