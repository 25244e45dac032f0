# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port watch --c: the C beside what runs, and which of its lines. All C here is invented."""

import html
import json
import re
from pathlib import Path

import pytest
from paths import SERIES

from kernel_port.cli import main
from kernel_port.review.read.c_side import open_side
from kernel_port.review.watch.beside import Beside

HOSTILE = "</script><script>window.hit=1</script>&amp;\x1b[31m\u202e"
FILE = "patch/p01_create_pci_reset_bridge_secondary_bus.py"
#: A kernel with one function of the series, made up around the real names, its statements in lines 5 to 13.
PCI_C = f"""\
/* {HOSTILE} */
void pci_reset_bridge_secondary_bus(struct pci_dev *dev)
{{
	u16 toys;	/* {HOSTILE} */
	pci_read_config_word(dev,
		PCI_BRIDGE_CONTROL, &toys);
	toys |= PCI_BRIDGE_CTL_BUS_RESET;
	pci_write_config_word(dev, PCI_BRIDGE_CONTROL, toys);
	msleep(100);
	toys = toys & ~PCI_BRIDGE_CTL_BUS_RESET;
	juggle("{HOSTILE}");
	pci_write_config_word(dev, PCI_BRIDGE_CONTROL, toys);
	msleep(100);
}}
"""
OP, STACK, FRAME = 2, 4, 5


@pytest.fixture
def tree(tmp_path):
    """An invented kernel tree."""
    root = tmp_path / "linux"
    (root / "drivers/pci").mkdir(parents=True)
    (root / "Makefile").write_text("VERSION = 3\nPATCHLEVEL = 12\n")
    (root / "drivers/pci/pci.c").write_text(PCI_C)
    return root


@pytest.fixture
def page(tmp_path, capsys):
    """Makes a page and reads it."""
    path = tmp_path / "page.html"

    def made(*argv):
        assert main(["watch", *map(str, argv), "-o", str(path)]) == 0
        return path.read_text(encoding="utf-8")

    return made


def told(text):
    return json.loads(re.search(r'id="recording">(.*)</script>', text)[1])


def beside(found, name):
    (code,) = [each for each in found["code"] if each["name"] == name]
    return code["beside"]


def steps(found, name):
    """What runs of a function, event by event: the event, and the numbers of the lines of C that are marked."""
    for event in found["runs"][0]["events"]:
        for code, line in recorded(found, event):
            source = found["code"][code]
            if source["name"] == name:
                c = source["beside"]
                yield event[OP], [c["lines"][index][2] for index in c["at"].get(str(line), [])]


def recorded(found, event):
    """The frame an event is laid to, if there is one."""
    stack = found["stacks"][event[STACK]]
    return [stack[event[FRAME]]] if stack else []


def test_watch_marks_the_c_of_each_step(page, tree):
    found = told(page("example:vga", "slot:1", "--c", tree))
    assert found["c"] == f"Linux v3.12, {tree}"
    marked = [step for step in steps(found, "pci_reset_bridge_secondary_bus") if step[0] != "hw"]
    assert marked == [("r", [5, 6]), ("w", [8]), ("msleep", [9]), ("w", [12]), ("msleep", [13])]


def test_watch_has_the_c_of_other_frames_than_the_innermost(page, tree):
    source = PCI_C + "\nint pci_reset_slot(struct pci_slot *slot)\n{\n\trc = pci_slot_reset(slot, 0);\n}\n"
    (tree / "drivers/pci/pci.c").write_text(source)
    found = told(page("example:vga", "slot:1", "--c", tree))
    code = next(each for each in found["code"] if each["name"] == "pci_reset_slot")
    assert code["beside"]["place"] == "drivers/pci/pci.c:16"
    (line,) = [int(line) for line, indices in code["beside"]["at"].items() if indices == [2]]
    assert "rc = pci_slot_reset(slot, 0)" in code["lines"][line - code["first"]][0]


def test_watch_says_why_there_is_no_c(page, tree):
    found = told(page("example:vga", "slot:1", "--c", tree))
    c = beside(found, "pci_save_state")
    assert (c["lines"], c["at"]) == ([], {})
    assert c["note"] == "removed"


def test_watch_without_c_has_no_c(page):
    found = told(page("example:vga", "slot:1"))
    assert found["c"] == ""
    assert {each["beside"] for each in found["code"]} == {None}


@pytest.mark.parametrize("highlight", ["plain", "pygments"])
def test_watch_c_is_text_and_nothing_else(page, tree, monkeypatch, highlight):
    if highlight == "plain":
        monkeypatch.setattr("kernel_port.review.pages.highlight.pygments", None)
    else:
        pytest.importorskip("pygments")
    text = page("example:vga", "slot:1", "--c", tree)
    # The page's own: its data and its script.
    assert text.count("<script") == text.count("</script>") == 2
    assert "\x1b" not in text
    assert "\u202e" not in text
    shown, marks, number = beside(told(text), "pci_reset_bridge_secondary_bus")["lines"][2]
    spelled = HOSTILE.replace("\x1b", "\\x1b").replace("\u202e", "\\u202e")
    comment = f"/* {spelled} */"
    assert (shown, number) == (f"{' ' * 8}u16 toys;       {comment}", 4)
    coloured = [shown[start:end] for start, end, kind in marks if kind == "c"]
    assert coloured == ([comment] if highlight == "pygments" else [])


def test_watch_c_stands_beside_both_definitions_of_a_function(page, tree):
    source = "static int pci_dev_reset(struct pci_dev *dev, int probe)\n{\n\trc = __pci_dev_reset(dev, probe);\n}\n"
    (tree / "drivers/pci/pci.c").write_text(source)
    found = told(page("mess", "--against", "0", "--c", tree))
    codes = [code for code in found["code"] if code["name"] == "pci_dev_reset"]
    assert [code["file"].partition("_")[0] for code in codes] == ["base/pci.py", "patch/p06"]
    for code in codes:
        (line,) = [int(line) for line, indices in code["beside"]["at"].items() if indices == [2]]
        assert "__pci_dev_reset(dev, probe)" in code["lines"][line - code["first"]][0]


def test_beside_of_mails_has_the_lines_after_the_patch():
    c = Beside(open_side(str(SERIES / "merged.mbox"))).find(FILE, "pci_parent_bus_reset")
    lines = [text.strip() for text, _, _ in c["lines"]]
    assert "pci_reset_bridge_secondary_bus(dev);" in lines
    assert "toy(1);" not in lines
    marked = [lines[index] for indices in c["at"].values() for index in indices[:1]]
    assert marked[1:] == ["if (probe)", "return 0;", "pci_reset_bridge_secondary_bus(dev);", "return 0;"]
    # Numbered as they are after it: the hunk begins at 6, and 21 lines of it come before the function.
    assert [number for _, _, number in c["lines"]] == list(range(27, 39))


def test_beside_of_mails_says_what_they_do_not_show():
    c = Beside(open_side(str(SERIES / "v2.mbox"))).find("base/pci.py", "pci_save_state")
    assert c["note"] == "the patches do not touch it"


def test_beside_of_what_is_no_function_of_the_kernel_says_so():
    c = Beside(open_side(str(SERIES / "v2.mbox"))).find("kernel/sched.py", "<lambda>")
    assert c == {"place": "", "note": "a part of the port that has no C of its own", "lines": [], "at": {}}


def test_watch_command_line_on_the_page_names_the_c(page, tree):
    text = page("mess", "--c", tree)
    said = html.unescape(re.search(r"<code>(.*)</code>", text)[1])
    assert said == f"kernel-port watch mess --patches 8 --c {tree} -o page.html"


@pytest.mark.parametrize(
    ("argv", "said"),
    [
        (["--c", "no-such", "-o", "page.html"], "no-such: no such file or directory"),
        (["--c", ".", "--qemu", "page.html"], "--c is for the page"),
        (["--c", "c.mbox", "-o", "c.mbox"], "c.mbox"),
    ],
)
def test_watch_c_bad_usage_is_one_line_and_writes_nothing(capsys, tmp_path, monkeypatch, argv, said):
    monkeypatch.chdir(tmp_path)
    mailbox = (SERIES / "v2.mbox").read_bytes()
    Path("c.mbox").write_bytes(mailbox)
    assert main(["watch", "mess", *argv]) == 2
    captured = capsys.readouterr()
    assert said in captured.err
    assert captured.err.count("\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["c.mbox"]
    assert Path("c.mbox").read_bytes() == mailbox
