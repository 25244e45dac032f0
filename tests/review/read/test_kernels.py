# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port read --c A..B: the C of two kernels, so that it shows what is gone.

The C here is invented, but for that of the kernels that the environment variables KERNEL_PORT_V3_11 and
KERNEL_PORT_V3_12 name: trees, as `read --c` takes them.
"""

import os
import re
import subprocess

import pytest
import toys
from paths import SERIES

from kernel_port.cli import main
from kernel_port.review.read.c_side import open_side
from kernel_port.review.read.reading import reading
from kernel_port.review.upstream.given import ends

OLD = """\
void pci_reset_function(struct pci_dev *dev)
{
	toy_greet(dev);
	pci_save_state(dev);
	toy_leave(dev);
}

void pci_restore_state(struct pci_dev *dev)
{
	pci_restore_pcie_state(dev);
}
"""
NEW = """\
static void pci_dev_lock(struct pci_dev *dev)
{
	u16 toy;

	/* about toys */
	device_lock(&dev->dev);
}

void pci_reset_function(struct pci_dev *dev)
{
	toy_greet(dev);
	pci_dev_save_and_disable(dev);
	toy_leave(dev);
}

void pci_restore_state(struct pci_dev *dev)
{
	pci_restore_pcie_state(dev);
	toy_dance(dev);
}
"""


def kernel(folder, text, minor):
    (folder / "drivers/pci").mkdir(parents=True)
    (folder / "Makefile").write_text(f"VERSION = 3\nPATCHLEVEL = {minor}\n")
    (folder / "drivers/pci/pci.c").write_text(text)
    return folder


@pytest.fixture
def both(tmp_path):
    return f"{kernel(tmp_path / 'linux-3.11', OLD, 11)}..{kernel(tmp_path / 'linux-3.12', NEW, 12)}"


def left(out):
    """The lines of the C in the text of `read`, each with its sign."""
    found = (re.match(r" *(\d+| ) ([-+ ]) (\s*\S.*?) +[│<\"≠^]", line) for line in out.split("\n"))
    return [match[2] + match[3].strip() for match in found if match and (match[1] != " " or match[2] == "-")]


def told(capsys, *argv):
    assert main(["read", *map(str, argv)]) == 0
    return capsys.readouterr().out


def test_two_kernels_show_what_is_gone_from_a_function(capsys, both):
    (found,) = [each for each in told(capsys, "6", "--c", both).split("\n── ") if each.startswith("pci_reset_function")]
    lines = left(found)
    assert lines[lines.index("-pci_save_state(dev);") + 1] == "+pci_dev_save_and_disable(dev);"
    assert " toy_greet(dev);" in lines
    assert " toy_leave(dev);" in lines
    assert "(Linux v3.11 to Linux v3.12)" in found


def test_every_line_of_a_new_function_is_added(capsys, both):
    lines = left(told(capsys, "pci_dev_lock", "--c", both))
    assert lines[0] == "+static void pci_dev_lock(struct pci_dev *dev)"
    assert "+u16 toy;" in lines
    assert "+/* about toys */" in lines
    assert {line[0] for line in lines} == {"+"}
    assert "+u16 toy;" in left(told(capsys, "pci_dev_lock", "--c", both.partition("..")[2]))  # of one kernel, too


def test_base_is_beside_the_older_kernel(capsys, both):
    out = told(capsys, "pci_restore_state", "--c", both)
    assert "differs in Linux v3.12" in out
    assert "toy_dance" not in out
    assert {line[0] for line in left(out)} == {" "}


def test_two_revisions_of_a_repository_are_two_kernels(tmp_path, capsys):
    tree = kernel(tmp_path / "linux", OLD, 11)
    git = ["git", "-C", str(tree), "-c", "user.name=T", "-c", "user.email=t@localhost"]
    for text, tag, arguments in ((OLD, "v3.11", ["init", "-q"]), (NEW, "v3.12", ["status"])):
        (tree / "drivers/pci/pci.c").write_text(text)
        for each in (arguments, ["add", "."], ["commit", "-q", "-m", "toy"], ["tag", tag]):
            subprocess.run([*git, *each], check=True, capture_output=True)
    (tree / "drivers/pci/pci.c").write_text("")
    for source in (["--c", f"{tree}@v3.11..v3.12"], ["--c", str(tree), "--rev", "v3.11..v3.12"]):
        lines = left(told(capsys, "6", *source))
        assert "-pci_save_state(dev);" in lines
        assert "+pci_dev_save_and_disable(dev);" in lines


def test_ends_of_paths_with_dots_in_them(tmp_path, monkeypatch):
    (tmp_path / "in").mkdir()
    for name in ("a", "b", "b..c"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path / "in")
    assert ends("../a" + ".." + "../b") == [("../a", ""), ("../b", "")]
    assert ends("../b..c") == [("../b..c", "")]  # a path that is there is one kernel
    assert ends("../a@v1..v2") == [("../a@v1", ""), ("../a", "v2")]
    assert ends("../a@v1" + ".." + "../b@v2") == [("../a@v1", ""), ("../b@v2", "")]
    assert ends("../a..") == [("../a..", "")]
    assert ends("../a..nowhere") == [("../a..nowhere", "")]
    assert ends("..") == [("..", "")]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("{tree}..{mails}", "mails at one end of ..; name two kernels"),
        ("{mails}..{tree}", "mails at one end of ..; name two kernels"),
        ("{tree}..nowhere", "no such file or directory"),
        ("{tree}..{tmp}", "no drivers/pci with C files"),
    ],
)
def test_ends_that_are_no_kernels_are_refused(tmp_path, capsys, source, words):
    (tmp_path / "in").mkdir()
    tree = toys.make_tree(tmp_path / "in")
    given = source.format(tree=tree, mails=SERIES / "v2.mbox", tmp=tmp_path)
    assert main(["read", "6", "--c", given]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1


def test_page_is_not_written_into_either_kernel(capsys, both):
    for end in both.split(".."):
        assert main(["read", "6", "--c", both, "-o", f"{end}/page.html"]) == 2
        assert "which is read" in capsys.readouterr().err
        assert main(["read", "--c", both, "-o", end]) == 2
        assert "which is read" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.skipif(
    not {"KERNEL_PORT_V3_11", "KERNEL_PORT_V3_12"} <= os.environ.keys(),
    reason="KERNEL_PORT_V3_11 and KERNEL_PORT_V3_12 name no trees",
)
def test_linux_3_11_to_3_12_shows_what_patch_1_moved():
    side = open_side(f"{os.environ['KERNEL_PORT_V3_11']}..{os.environ['KERNEL_PORT_V3_12']}")
    found = {each.name: each for each in reading("1", side).passages if each.how}
    signs = [line.sign for row in found["pci_parent_bus_reset"].rows for line in row.left]
    # The merged commit takes 9 lines away and adds the call; counted from its statistics, +23 -9 (series.py): the new
    # function was 22 lines then.
    assert (signs.count("-"), signs.count("+")) == (9, 1)
    new = [line.sign for row in found["pci_reset_bridge_secondary_bus"].rows for line in row.left]
    assert set(new) == {"+"}
    every = [each for each in reading("all", side).passages if each.how == "adds" and each.has_c]
    assert {line.sign for each in every for row in each.rows for line in row.left} == {"+"}
