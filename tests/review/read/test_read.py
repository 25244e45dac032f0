# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port read: the series side by side, in the terminal and as a page. All C here is invented."""

import html
import re
import subprocess

import pytest
import toys
from elements import Page, dead
from paths import SERIES

from kernel_port.cli import main
from kernel_port.review.port.symbols import symbols
from kernel_port.review.read.c_side import open_side
from kernel_port.review.read.links import c_links, python_links
from kernel_port.review.read.reading import port_reasons, reading


@pytest.fixture
def tree(tmp_path):
    """An invented kernel tree."""
    return toys.make_tree(tmp_path)


@pytest.fixture(params=["plain", pytest.param("pygments", marks=pytest.mark.slow)])
def highlight(request, monkeypatch):
    """With Pygments and without."""
    if request.param == "plain":
        monkeypatch.setattr("kernel_port.review.pages.highlight.pygments", None)
    else:
        pytest.importorskip("pygments")
    return request.param


def page(tmp_path, *argv):
    path = tmp_path / "page.html"
    assert main(["read", *map(str, argv), "--one", "-o", str(path)]) == 0
    return path.read_text(encoding="utf-8")


def passage(text, name):
    """The part of a page that is about *name*, without its elements."""
    article = re.search(rf'<article id="{name}">.*?</article>', text, re.DOTALL)[0]
    return html.unescape(re.sub(r"<[^>]*>", "", article))


def told(capsys, *argv):
    assert main(["read", *map(str, argv)]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize(
    "what",
    [
        pytest.param("all", marks=pytest.mark.slow),
        *("2", "7", "init_slot", "struct_hotplug", "PCI_COMMAND", "pci_hp_mutex"),
    ],
)
def test_read_page_is_whole_and_its_links_resolve(tmp_path, capsys, what):
    if what == "struct_hotplug":
        what = "hotplug_slot_ops"
    found = Page(page(tmp_path, what))
    assert len(found.links) > 1
    assert len(set(found.ids)) == len(found.ids)
    assert dead(found) == set()


def test_read_page_with_c_is_whole_and_its_links_resolve(tmp_path, tree, highlight):
    found = Page(page(tmp_path, "6", "--c", tree))
    assert len(set(found.ids)) == len(found.ids)
    assert dead(found) == set()
    assert "pci_dev_lock.c2" in found.ids  # the line of the C
    assert found.tags.count("script") == 2  # what runs, and what the search looks in


def test_read_page_says_what_to_allow_and_fetches_nothing(tmp_path, tree):
    text = page(tmp_path, "6", "--c", tree)
    assert "default-src 'none'" in text
    body = re.sub(r"<(script|style)>.*?</\1>", "", text, flags=re.DOTALL)
    body = re.sub(r'<a class=out href="[^"]*"', "", body)  # fetched only if one follows it
    body = re.sub(r"'sha256-[^']*'", "", body)  # in base64 anything may follow anything
    assert re.findall(r"(?:https?:)?//[a-z]", body) == []


def test_read_page_links_to_the_commit_and_the_thread(tmp_path):
    text = page(tmp_path, "6")
    commits = set(re.findall(r'href="https://git\.kernel\.org/[^"]*\?id=(\w+)"', text))
    assert commits == {"77cb985ad4acbe66a92ead1bb826deffa47dd33f"}  # "PCI: Split out pci_dev lock/unlock ..."
    assert 'href="http://mail.spinics.net/lists/linux-pci/msg22084.html"' in text  # where v2's letter was read
    # The id of what patch 8 became is not verified.
    assert "git.kernel.org" not in page(tmp_path, "8")


def test_read_page_text_of_the_c_stays_text(tmp_path, tree, highlight):
    text = page(tmp_path, "6", "--c", tree)
    assert "<script>window.hit" not in text
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert "</code><script>window.hit=1</script>&amp;\\x1b[31m\\u202e" in passage(text, "pci_dev_lock")


def test_read_page_colours_only_with_pygments(tmp_path, tree, highlight):
    text = page(tmp_path, "6", "--c", tree)
    assert ("<span class=py-k>return</span>" in text) == (highlight == "pygments")
    assert ("<span class=py-c>/* toys first */</span>" in text) == (highlight == "pygments")
    assert "toys first" in text


def test_read_shows_each_patch_with_message_and_functions(capsys):
    expected = {2: ["hotplug_slot_ops"], 4: ["init_slot", "pciehp_reset_slot"], 8: ["pci_dev_save_and_disable"]}
    for number, names in expected.items():
        out = told(capsys, number)
        assert "Why: " in out
        assert re.search(r"^Upstream: +posted +merged$", out, re.MULTILINE)
        assert [name for name in names if f"── {name}, " not in out] == []
    assert told(capsys).count("══ ") == 8


def test_read_without_c_names_file_prototype_and_where_c_is_had(tmp_path, capsys):
    out = told(capsys, "5")
    text = page(tmp_path, "5")
    prototype = "static int pci_dev_reset_slot_function(struct pci_dev *dev, int probe);"
    for words in ("drivers/pci/pci.c", prototype, "b4 am", "linux-source-6.1", "a kernel tree"):
        assert words in out
        assert words in html.unescape(text)
    assert "def pci_dev_reset_slot_function(dev: pci_dev, probe: int) -> int:" in out


def test_read_puts_c_and_python_side_by_side(capsys, tree):
    out = told(capsys, "pci_dev_lock", "--c", tree)
    assert re.search(r"6 \+ +pci_cfg_access_lock\(dev\); +│ +\d+ \+ +pci_cfg_access_lock\(dev\)$", out, re.MULTILINE)
    assert re.search(r"8 \+ +device_lock\(&dev->dev\); +│ +\d+ \+ +device_lock\(dev\.dev\)$", out, re.MULTILINE)
    assert re.search(r"^ +7 \+ +toy_dance\(.* <$", out, re.MULTILINE)
    assert "C: Linux v3.12, " in out


def test_read_marks_what_the_patch_changes(capsys):
    out = told(capsys, "4", "--c", SERIES / "v2.mbox")
    added = r"^ +12 \+ +ops->reset_slot = reset_slot; +│ +\d+ \+ +ops\.reset_slot = reset_slot$"
    assert re.search(added, out, re.MULTILINE)
    assert re.search(r"^ +11 +ops->get_adapter_status = .*│ +\d+ +ops\.get_adapter_status = ", out, re.MULTILINE)
    removed = [line for line in told(capsys, "6").split("\n") if re.match(r" +- ", line)]
    assert [line.split("- ")[1].strip() for line in removed[:1]] == ["pci_cfg_access_lock(dev)"]


def test_read_finds_what_the_merged_series_calls_otherwise(capsys):
    out = told(capsys, "3", "--c", SERIES / "merged.mbox")
    assert 'pci_reset_hotplug_slot(), in "' in out


def test_read_marks_differences_with_their_reason(capsys, tree):
    c = """static void vfio_pci_disable(struct vfio_pci_device *vdev)
{
\tpci_disable_device(pdev);
\tvfio_pci_set_irqs_ioctl(vdev);
\tvfio_config_free(vdev);
\tkfree(vdev->toy);
}
"""
    (tree / "drivers/vfio/pci").mkdir(parents=True)
    (tree / "drivers/vfio/pci/vfio_pci.c").write_text(c)
    out = told(capsys, "vfio_pci_disable", "--c", tree)
    assert re.search(r"vfio_pci_set_irqs_ioctl\(vdev\); +≠", out)
    assert "≠ no vfio_pci_set_irqs_ioctl(), virq_disabled: no user has interrupts" in out
    assert "≠ memory comes from Python, is freed by it, and does not run out" in out


def test_read_marks_messages_as_in_other_words(tmp_path, capsys, tree):
    body = '\tdev_err(&dev->dev, "a %d\\n", resno);\n\treturn 0;'
    c = f"int pci_resource_bar(struct pci_dev *dev, int resno)\n{{\n{body}\n}}\n"
    with (tree / "drivers/pci/pci.c").open("a") as file:
        file.write(c)
    out = told(capsys, "pci_resource_bar", "--c", tree)
    assert re.search(r'dev_err\(&dev->dev, .* " +\d+ +dev_err\(dev\.dev, ', out)
    assert re.search(r"return 0; +│ +\d+ +return 0$", out, re.MULTILINE)
    text = page(tmp_path, "pci_resource_bar", "--c", tree)
    assert "a message: the words are ours" in passage(text, "pci_resource_bar")
    assert "<span class=ours aria-hidden=true>our words</span>" in text


def test_read_does_not_call_words_ours_that_are_the_same(capsys, tree):
    ours = re.search(r'ctrl_err\(ctrl, "(.*)"\)', told(capsys, "board_added"))[1]
    path = tree / "drivers/pci/hotplug/pciehp_ctrl.c"
    path.parent.mkdir()
    for words, mark in ((ours, "│"), ("another toy", '"')):
        path.write_text(f'static int board_added(struct slot *p_slot)\n{{\n\tctrl_err(ctrl, "{words}\\n");\n}}\n')
        out = told(capsys, "board_added", "--c", tree)
        assert re.search(rf'ctrl_err\(ctrl, "{words}\\n"\); +{mark} +\d+ +ctrl_err\(', out), out


def test_read_says_what_became_of_a_function(capsys, tree):
    out = told(capsys, "pci_hp_reset_slot", "--c", tree)
    assert "drivers/pci/pci.c:25 (now pci_reset_hotplug_slot() since v3.12: merged in pci.c, static)" in out
    assert "removed" in told(capsys, "__pci_reset_function", "--c", tree)


def test_read_resolves_function_pointers(tmp_path, capsys, tree):
    out = told(capsys, "pci_hp_reset_slot")
    assert re.search(r"\.reset_slot\(\) leads to reset_slot \(patch/p04\w+\.py:\d+\)", out)
    text = page(tmp_path, "3", "--c", tree)
    pointers = re.findall(r'<a class=pointer href="#(\w+)" title="([^"]*)">reset_slot</a>', text)
    assert {target for target, _ in pointers} == {"reset_slot"}
    assert all(hint.startswith("function pointer: reset_slot, patch/p04_") for _, hint in pointers)
    in_c = re.search(r'-&gt;</span><a class=pointer href="#reset_slot"', text)
    assert in_c
    assert "pci_hp_reset_slot through .reset_slot() (" in passage(text, "reset_slot")


def test_read_says_where_a_name_is_used(capsys):
    out = told(capsys, "pci_bus_lock")
    users = re.search(r"used by (.*)", out)[1]
    # By hand: p07 calls it in itself, in pci_slot_lock() and in pci_bus_reset().
    assert re.sub(r" \([\d, ]+\)", "", users) == "pci_bus_lock, pci_slot_lock, pci_bus_reset"


def test_callers_are_those_of_the_point():
    # pci_save_state() is called by pci_reset_function() until patch 6 and by pci_dev_save_and_disable() from there on.
    names = [{use.name for use in symbols().callers("pci_save_state", point)} for point in (5, 6)]
    assert "pci_reset_function" in names[0] - names[1]
    assert "pci_dev_save_and_disable" in names[1] - names[0]


def test_python_links_tell_parameters_from_structs():
    definition = symbols().definitions["pciehp_reset_slot"][0]
    links = python_links(definition, symbols())
    head = next(line for line in definition.text.split("\n") if line.startswith("def "))
    assert [head[link.start : link.end] for link in links[definition.line]] == ["slot"]
    assert links[definition.line][0].start == head.index(": slot") + 2


def test_c_links_tell_names_from_members_and_strings():
    body = '\tpci_dev_lock(dev->slot); /* pci_dev_lock() */\n\tg("pci_dev_lock(", a.reset_slot, PCI_COMMAND);'
    text = f"int f(struct pci_dev *dev)\n{{\n{body}\n}}"
    found = {line: [link.names for link in links] for line, links in c_links(text, symbols()).items()}
    assert found == {0: [("pci_dev",)], 2: [("pci_dev_lock",)], 3: [("reset_slot",), ("PCI_COMMAND",)]}


def test_port_reasons_go_on_below():
    text = "# PORT: one\n# and more\n#: x. PORT: two\na = 1  # PORT: three\n# no more\n"
    assert list(port_reasons(text)) == ["one and more", "two", "three"]


def test_read_in_a_pipe_is_plain(capsys, tree):
    out = told(capsys, "6", "--c", tree)
    assert "\x1b" not in out
    assert max(map(len, out.split("\n"))) <= 160


def test_read_on_a_terminal_is_coloured_and_fits(capsys, monkeypatch, tree, highlight):
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("COLUMNS", "90")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = told(capsys, "pci_dev_lock", "--c", tree)
    assert "\x1b[32m" in out  # what is added
    plain = re.sub(r"\x1b\[\d*m", "", out)
    assert "\x1b" not in plain
    body = [line for line in plain.split("\n") if " │ " in line]
    assert max(map(len, body)) <= 90


def test_read_has_the_c_of_a_git_revision(tmp_path, capsys, tree):
    git = ["git", "-C", str(tree), "-c", "user.name=T", "-c", "user.email=t@localhost"]
    for arguments in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "toy"], ["tag", "v3.12"]):
        subprocess.run([*git, *arguments], check=True)
    (tree / "drivers/pci/pci.c").write_text("")
    assert "device_unlock(&dev->dev);" in told(capsys, "pci_dev_unlock", "--c", f"{tree}@v3.12")


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (["pci_dev_lok"], "did you mean pci_dev_lock"),
        (["9"], "not a symbol, number of a patch, mend, or all"),
        (["1", "--c", "nowhere"], "nowhere: no such file"),
        (["1", "-o", "nowhere/page.html"], "choose an existing, writable folder"),
        (["all", "-o", "{tmp}/series.html"], "name a folder with -o, or all in one page with --one"),
        (["all", "--one", "-o", "{tmp}"], "a folder, and --one writes one page"),
        (["all", "--one"], "name the file with -o"),
        (["1", "--c", "{tmp}..{tmp}/empty.mbox"], "no drivers/pci with C files"),
        (["1", "--c", "{tmp}.."], "no such file"),
        (["1", "--c", "{tmp}/empty.mbox"], "no patch in it"),
    ],
)
def test_read_refuses_in_one_line(tmp_path, capsys, argv, words):
    (tmp_path / "empty.mbox").write_text("From nobody\nSubject: nothing\n\nnothing\n")
    assert main(["read", *(each.replace("{tmp}", str(tmp_path)) for each in argv)]) == 2
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""


def test_read_makes_the_folder_for_its_pages_when_they_are_there(tmp_path):
    folder = tmp_path / "pages"
    assert main(["read", "--c", "nowhere", "-o", str(folder)]) == 2
    assert not folder.exists()
    assert main(["read", "-o", str(folder)]) == 0
    assert {"index.html", "patch-8.html"} <= {path.name for path in folder.iterdir()}


def test_read_does_not_write_over_the_c(capsys):
    mailbox = SERIES / "v2.mbox"
    before = mailbox.read_bytes()
    assert main(["read", "2", "--c", str(mailbox), "-o", str(mailbox)]) == 2
    assert mailbox.read_bytes() == before


@pytest.mark.parametrize(
    "body", ["a();\n" * 3000, "goto a;\n" * 1300 + "a:\n" + "b();\n" * 1300, "(" * 9000, "\t" * 9000, "if (a)\n" * 2000]
)
def test_read_shows_c_that_is_too_much_as_it_is(capsys, tree, body):
    (tree / "drivers/pci/pci.c").write_text(f"static void pci_dev_lock(struct pci_dev *dev)\n{{\n{body}\n}}\n")
    out = told(capsys, "pci_dev_lock", "--c", tree)
    assert re.search(r"^ +2 [ +] \{", out, re.MULTILINE)
    assert "def pci_dev_lock(dev: pci_dev) -> None:" in out


def test_reading_everything_has_all_that_the_series_touches():
    found = reading("all", open_side(str(SERIES / "v2.mbox")))
    series = [chapter for chapter in found.chapters if chapter.patch]
    assert [len(chapter.passages) for chapter in series] == [
        len((*chapter.patch.adds, *chapter.patch.modifies)) for chapter in series
    ]
    names = {each.name for each in found.passages}
    # What the series calls, and what that calls in turn.
    assert {"pci_save_state", "pcie_write_cmd", "pciehp_readw", "pci_cfg_access_lock"} <= names
