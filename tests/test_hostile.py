# SPDX-License-Identifier: GPL-2.0-only
"""Input from somebody who means harm: what it says is shown, and nothing of it is done."""

import ast
from pathlib import Path

import pytest
from browser import chromium

import kernel_port
from kernel_port.census.paths import machines
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.images import load, lspci
from kernel_port.review import mbox
from kernel_port.review.tree import Directory

PACKAGE = Path(kernel_port.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
SERIES = Path(__file__).parent / "series"
#: Tags and quotes; an escape sequence, its 8-bit form and a bell; marks that turn writing around; a link of a terminal.
EVIL = "<script>window.hit=1</script>'\"&amp;`$(id)`;\x1b[2J\x9b31m\x07\u202ertl\u2066\u200f\x1b]8;;http://x\x1b\\"
#: Modules that make objects or code of data, and calls that hand text to somebody who runs it.
NEVER_IMPORTED = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "pty", "commands", "xmlrpc", "socket", "ctypes"}
NEVER_CALLED = {"eval", "exec", "__import__", "system", "popen", "startfile", "mktemp", "extractall", "execfile"}


def dump(**changed):
    """An endpoint at 00:01.0 as lspci -v shows it."""
    config = bytes.fromhex("8680d310") + bytes(60)
    title = changed.get("title", "Ethernet controller: Intel")
    return f"00:01.0 {title}\n\tKernel driver in use: {changed.get('driver', 'e1000e')}\n" + "".join(lspci.rows(config))


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_package_never_makes_code_of_data_nor_asks_a_shell(path):
    for node in ast.walk(ast.parse(path.read_text())):
        place = f"{path}:{getattr(node, 'lineno', 0)}"
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = getattr(node, "module", None) or ""
            names = {alias.name.partition(".")[0] for alias in node.names} | {module.partition(".")[0]}
            assert getattr(node, "level", 0) or not names & NEVER_IMPORTED, place
        elif isinstance(node, ast.Call):
            called = node.func
            name = called.id if isinstance(called, ast.Name) else getattr(called, "attr", "")
            assert name not in NEVER_CALLED, place
            assert not (name == "compile" and isinstance(called, ast.Name)), place
            assert not any(keyword.arg == "shell" for keyword in node.keywords), place


@pytest.mark.parametrize("argv", [["tree"], ["why"], ["why", "00:01.0"], ["reset", "00:01.0"], ["census"], ["convert"]])
def test_commands_print_nothing_that_a_terminal_obeys(tmp_path, capsys, argv):
    path = tmp_path / (EVIL.replace("/", "") + ".txt")
    path.write_text(dump(title=EVIL, driver=EVIL), encoding="utf-8")
    command, *rest = argv
    output = ["-o", str(tmp_path / "out.toml")] if command == "convert" else []
    assert main([command, str(path), *rest, *output]) in (0, 1)
    captured = capsys.readouterr()
    assert (captured.out + captured.err).replace("\n", "").isprintable()


def test_complaints_print_nothing_that_a_terminal_obeys(tmp_path, capsys):
    path = tmp_path / (EVIL.replace("/", "") + ".txt")
    path.write_text(dump() + f"40: {EVIL}\n", encoding="utf-8")
    for argv in (
        ["tree", path], ["why", path, EVIL], ["tree", EVIL], ["reset", "example:vga", EVIL], ["run", EVIL],
        ["show", EVIL], ["conform", path], ["check", path], ["reset", "example:vga", f"slot:{EVIL}"],
    ):  # fmt: skip
        try:
            status = main(list(map(str, argv)))
        except SystemExit as ended:
            status = ended.code
        assert status in (1, 2), argv
        captured = capsys.readouterr()
        assert (captured.out + captured.err).replace("\n", "").isprintable(), argv


def test_check_shows_a_hostile_series_and_does_nothing_it_says(tmp_path, capsys):
    path = tmp_path / "series.mbox"
    text = (SERIES / "v2.mbox").read_text().replace("Subject: [PATCH v2 1/8] ", f"Subject: [PATCH v2 1/8] {EVIL} ", 1)
    path.write_text(text.replace("drivers/pci/pci.c", f"drivers/pci/{EVIL}.c"), encoding="utf-8")
    assert main(["check", "-v", str(path)]) == 1
    assert capsys.readouterr().out.replace("\n", "").isprintable()


@pytest.mark.slow
def test_census_page_does_nothing_that_a_file_name_or_message_says(tmp_path):
    folder = tmp_path / "fleet"
    folder.mkdir()
    (folder / (EVIL.replace("/", "") + ".txt")).write_text(dump(title=EVIL, driver=EVIL), encoding="utf-8")
    (folder / ("bad" + EVIL.replace("/", ""))).write_text(dump() + f"40: {EVIL}\n", encoding="utf-8")
    page = tmp_path / "census.html"
    assert main(["census", str(folder), "--html", str(page)]) in (0, 1)
    with chromium(tmp_path / "profile") as browser:
        browser.get(page.as_uri())
        assert browser.execute_script("return window.hit === undefined")
        assert browser.find_elements("css selector", "script, img, a") == []
        shown = browser.find_element("css selector", "body").text
        assert "<script>window.hit=1<script>" in shown  # the file name has no slash
        assert not set(shown) & set("\x1b\x9b\x07\u202e\u2066\u200f")
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []


# -- links -----------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path):
    """A folder to be given to a command, and beside it one that nobody gave."""
    given, secret = tmp_path / "given", tmp_path / "secret"
    given.mkdir()
    secret.mkdir()
    return given, secret


def test_census_follows_no_link_out_of_a_folder(outside):
    given, secret = outside
    (given / "own.txt").write_text(dump())
    (given / "alias.txt").symlink_to("own.txt")
    (secret / "dump.txt").write_text(dump())
    (given / "file.txt").symlink_to(secret / "dump.txt")
    (given / "folder").symlink_to(secret)
    (given / "circle").symlink_to("circle")
    assert machines([str(given)], ()) == [f"{given}/alias.txt", f"{given}/own.txt"]


def test_patches_follow_no_link_out_of_a_folder(outside):
    given, secret = outside
    (secret / "secret.patch").write_text("From x\nSubject: [PATCH] secret\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    (given / "0001.patch").symlink_to(secret / "secret.patch")
    with pytest.raises(MachineError, match=r"no \.patch files in it"):
        mbox.load(given)
    (given / "0002.patch").write_text("Subject: [PATCH] own\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n+b\n")
    assert [mail.subject for mail in mbox.mails(mbox.load(given), "given")] == ["own"]


def test_kernel_tree_follows_no_link_out_of_it(outside):
    given, secret = outside
    (given / "drivers/pci").mkdir(parents=True)
    (given / "drivers/pci/pci.c").write_text("int own;\n")
    (given / "drivers/pci/alias.c").symlink_to("pci.c")
    (secret / "secret.c").write_text("int secret;\n")
    (given / "drivers/pci/secret.c").symlink_to(secret / "secret.c")
    (given / "include").symlink_to(secret)
    tree = Directory(given)
    assert tree.paths() == ["drivers/pci/alias.c", "drivers/pci/pci.c"]
    assert tree.text("drivers/pci/secret.c") is None
    assert tree.text("drivers/pci/pci.c") == "int own;\n"


@pytest.mark.parametrize("way", ["devices", "bus", "bus/pci", "bus/pci/devices"])
def test_sysfs_tree_whose_folders_are_links_out_of_it_is_none(outside, way):
    given, secret = outside
    inner = secret / Path("bus/pci/devices").relative_to(way) if way.startswith("bus") else secret
    (inner / "0000:00:01.0").mkdir(parents=True)
    (inner / "0000:00:01.0/config").write_bytes(bytes.fromhex("8680d310") + bytes(60))
    (given / way).parent.mkdir(parents=True, exist_ok=True)
    (given / way).symlink_to(secret)
    with pytest.raises(MachineError, match=r"no folder such as 0000:00:00\.0"):
        load(given)


def test_sysfs_devices_of_the_kernel_layout_that_lead_out_are_refused(outside):
    given, secret = outside
    (secret / "0000:00:01.0").mkdir()
    (secret / "0000:00:01.0/config").write_bytes(bytes.fromhex("8680d310") + bytes(60))
    (given / "bus/pci/devices").mkdir(parents=True)
    (given / "devices").symlink_to(secret)
    (given / "bus/pci/devices/0000:00:01.0").symlink_to("../../../devices/0000:00:01.0")
    with pytest.raises(MachineError, match="links out of the tree"):
        load(given)
