# SPDX-License-Identifier: GPL-2.0-only
"""Input from somebody who means harm: what it says is shown, and nothing of it is done."""

import io
import json
import os
import re
import signal
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from browser import chromium
from paths import TESTS

import kernel_port
from kernel_port.census.paths import machines
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.images import load, lspci, names
from kernel_port.review.pages.html import GENERATOR
from kernel_port.review.upstream import mbox
from kernel_port.review.upstream.tree import Directory, open_tree

PACKAGE = Path(kernel_port.__file__).parent
SOURCES = sorted(PACKAGE.rglob("*.py"))
SERIES = TESTS / "series"
#: Tags and quotes; an escape sequence, its 8-bit form and a bell; marks that turn writing around; a link of a terminal.
EVIL = "<script>window.hit=1</script>'\"&amp;`$(id)`;\x1b[2J\x9b31m\x07\u202ertl\u2066\u200f\x1b]8;;http://x\x1b\\"
#: The same, as far as a machine description may say it.
PRINTABLE = "".join(filter(str.isprintable, EVIL))


def dump(**changed):
    """An endpoint at 00:01.0 as lspci -v shows it."""
    config = bytes.fromhex("8680d310") + bytes(60)
    title = changed.get("title", "Ethernet controller: Intel")
    return f"00:01.0 {title}\n\tKernel driver in use: {changed.get('driver', 'e1000e')}\n" + "".join(lspci.rows(config))


#: Who writes files, each in a way of its own: all others have files.py do it, so that nothing is ever half-written.
WRITERS = {"files.py", "hw/image.py", "census/ledger.py", "cli.py"}
WRITING = re.compile(
    r"""\.(?:write_text|write_bytes|NamedTemporaryFile|mkstemp|copyfile|copytree)\(
    |   \bopen\(.*["'](?:[wax]b?|[arw]\+b)["']
    |   \bO_(?:WRONLY|RDWR|CREAT)\b""",
    re.VERBOSE,
)


def test_package_writes_files_in_few_places():
    found = {str(path.relative_to(PACKAGE)) for path in SOURCES if WRITING.search(path.read_text())}
    assert found == WRITERS


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
    path.write_text(f"00:01.0 {EVIL}\n40: {EVIL}\n", encoding="utf-8")
    for argv in (
        ["tree", path], ["why", path, EVIL], ["tree", EVIL], ["reset", "example:vga", EVIL], ["run", EVIL],
        ["show", EVIL], ["scenarios", EVIL], [EVIL], ["conform", path], ["check", path],
        ["reset", "example:vga", f"slot:{EVIL}"],
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


# -- every output --------------------------------------------------------------------------------------------------


@pytest.fixture
def evil(tmp_path, monkeypatch):
    """A folder of inputs in which every name there can be is EVIL, and a pci.ids of that kind."""
    (tmp_path / "pci.ids").write_text(f"8086  {EVIL}\n\t10d3  {EVIL}\nC 00  {EVIL}\n\t00  {EVIL}\n", encoding="utf-8")
    monkeypatch.setattr(names, "PLACES", (tmp_path / "pci.ids",))
    names.installed.cache_clear()
    said = json.dumps(PRINTABLE)  # a string of TOML, too
    (tmp_path / "m.txt").write_text(dump(title=EVIL, driver=EVIL), encoding="utf-8")
    (tmp_path / "m.toml").write_text(
        f'name = {said}\nabout = {said}\n[[function]]\naddress = "00:01.0"\nkind = "pci"\nvendor = 0x8086\n'
        f"device = 0x10d3\ndriver = {said}\naf = {{flr = true}}\n"
    )
    trace = json.loads((TESTS / "golden/chain.jsonl").read_text().partition("\n")[0])
    wrong = [["lock", EVIL, EVIL], *trace["ops"]]
    traces = (trace | {"name": EVIL, "about": EVIL}, trace | {"name": EVIL, "ops": wrong})
    (tmp_path / "golden").write_text("".join(f"{json.dumps(each)}\n" for each in traces))
    capture = json.loads((TESTS / "live/hp.json").read_text())
    (tmp_path / "live").write_text(json.dumps(capture | dict.fromkeys(("name", "kernel", "machine"), EVIL)))
    (tmp_path / "tree/drivers/pci").mkdir(parents=True)
    (tmp_path / "tree/drivers/pci/pci.c").write_text(
        f"/* {EVIL} */\nstatic void pci_dev_lock(struct pci_dev *dev)\n{{\n\tevil('{EVIL}');\n}}\n", encoding="utf-8"
    )
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    names.installed.cache_clear()


EXPORTS = "--perfetto p.out --ftrace f.out --qemu q.out --setpci s.out"


@pytest.mark.parametrize("machine", ["m.txt", "m.toml"])
@pytest.mark.parametrize(
    "line",
    [
        "tree M", "tree M --json", "why M", "why M 00:01.0", "why M --json",
        "convert M -o o.toml", "convert M -o o.txt", "convert M -o o.toml --json",
        f"reset M 00:01.0 -v --trace t.out {EXPORTS}", "reset M 00:01.0 --json -o o.toml",
        "bisect M 00:01.0 -v", "bisect M 00:01.0 --json", f"watch M 00:01.0 -o o.html {EXPORTS}",
        "watch M 00:01.0 --patches 8 --against 0 --c tree -o o.html", "census M", "census M --jsonl o.out --html h.out",
    ],
)  # fmt: skip
def test_everything_a_command_says_of_a_machine_is_harmless(evil, capsys, machine, line):
    harmless(evil, capsys, [word.replace("M", machine) for word in line.split()])


@pytest.mark.parametrize(
    "line",
    [
        "conform golden", "conform -v golden", "conform golden --json", "conform live -v", "compare live",
        "compare live --json", "check tree -v", "check tree --json", "read 6 --c tree", "read 6 --c tree -o o.html",
    ],
)  # fmt: skip
def test_everything_a_command_says_of_recordings_and_c_is_harmless(evil, capsys, line):
    harmless(evil, capsys, line.split())


def harmless(folder, capsys, argv):
    """What a command prints and writes is text that no terminal obeys, and no page takes for its own."""
    given = set(folder.iterdir())
    assert main(argv) in (0, 1)
    captured = capsys.readouterr()
    assert (captured.out + captured.err).replace("\n", "").isprintable()
    for path in set(folder.iterdir()) - given:
        text = path.read_text(encoding="utf-8")
        assert text.translate({ord("\n"): None, ord("\t"): None}).isprintable(), path
        assert "<script>window.hit" not in text or path.suffix != ".html", path
        assert subprocess.run(["sh", "-n", path], check=False).returncode == 0 or path.name != "s.out"


# -- what never ends, or is not what it seems -----------------------------------------------------------------------


@pytest.fixture
def endless(tmp_path, request, monkeypatch):
    """A file of some kind that there is no end of, and an alarm for who waits for it."""

    def late(*_):
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(30)
    monkeypatch.chdir(tmp_path)
    if request.param == "pipe":
        os.mkfifo("endless")
    elif request.param == "device":
        Path("endless").symlink_to("/dev/zero")
    else:
        Path("endless").touch()
        os.truncate("endless", 1 << 40)
    yield "endless"
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("endless", ["pipe", "device", pytest.param("hole", marks=pytest.mark.slow)], indirect=True)
@pytest.mark.parametrize(
    "line",
    [
        "tree F", "check F", "read 2 --c F", "watch example:vga slot:1 -o o.html --c F", "conform F", "compare F",
        "reset F 00:01.0 --in-place", "census example:vga --resume F",
    ],
)  # fmt: skip
def test_file_without_an_end_is_one_line(endless, capsys, line):
    assert main([endless if word == "F" else word for word in line.split()]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_kernel_tree_with_a_pipe_in_it_is_read_without_it(tmp_path, capsys):
    (tmp_path / "drivers/pci").mkdir(parents=True)
    os.mkfifo(tmp_path / "drivers/pci/pci.c")
    (tmp_path / "drivers/pci/slot.c").write_text("int a;\n")
    assert Directory(tmp_path).paths() == ["drivers/pci/slot.c"]
    assert Directory(tmp_path).text("drivers/pci/pci.c") is None


@pytest.mark.parametrize("line", ["export 8 -o F", "convert example:vga -o F --format toml", "census m.txt --csv F",
                                  "reset example:vga slot:1 --trace F", "census m.txt --resume F"])  # fmt: skip
def test_output_that_is_a_link_in_a_circle_is_one_line(tmp_path, monkeypatch, capsys, line):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "circle").symlink_to("circle")
    (tmp_path / "m.txt").write_text(dump())
    assert main([word.replace("F", "circle") for word in line.split()]) == 2
    assert "circle: a circular link" in capsys.readouterr().err
    assert (tmp_path / "circle").is_symlink()


def test_census_list_of_impossible_names_is_a_line_each(tmp_path):
    (tmp_path / "m.txt").write_text(dump())
    (tmp_path / "circle").symlink_to("circle")
    listed = [b"caf\xe9.txt", b"a\0b.txt", b"circle", b"m.txt"]
    command = [sys.executable, "-m", "kernel_port", "census", "-", "--jobs", "1", "--jsonl", "out"]
    done = subprocess.run(command, check=False, cwd=tmp_path, input=b"\n".join(listed), capture_output=True,
                          env=os.environ | {"PYTHONIOENCODING": "utf-8"})  # fmt: skip
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
    found = list(map(json.loads, (tmp_path / "out").read_text().splitlines()))
    assert {os.fsencode(each["file"]): each["error"] is None for each in found} == dict.fromkeys(listed, False) | {
        b"m.txt": True
    }


@pytest.mark.parametrize("content", ["dear diary", "dear diary\n", '{"dear": "diary"}\n', '{"file":"x"\n'])
@pytest.mark.parametrize(("name", "option"), [("r", "--resume"), ("r.part", "--resume"), ("r.part", "--jsonl")])
def test_census_leaves_what_is_no_report_alone(tmp_path, monkeypatch, capsys, name, option, content):
    monkeypatch.chdir(tmp_path)
    Path(name).write_text(content)
    assert main(["census", "example:vga", "--jobs", "1", option, "r"]) == 2
    assert f"{name}:1: not a line of a census report" in capsys.readouterr().err
    assert Path(name).read_text() == content


def test_census_part_that_is_a_link_is_not_followed(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    Path("r.part").symlink_to("elsewhere")
    assert main(["census", "example:vga", "--jobs", "1", "--jsonl", "r"]) == 2
    assert "r.part: " in capsys.readouterr().err
    assert not Path("elsewhere").exists()


# -- links -----------------------------------------------------------------------------------------------------


@pytest.fixture
def outside(tmp_path):
    """A folder to be given to a command, and beside it one that nobody gave."""
    given, secret = tmp_path / "given", tmp_path / "secret"
    given.mkdir()
    secret.mkdir()
    return given, secret


@pytest.mark.parametrize(
    ("line", "name"),
    [
        ("read -o pages", "pages/index.html"),
        ("read -o pages", "pages/patch-3.html"),
        ("export patches -o pages", "pages/series"),
        ("watch mess", "mess.html"),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_output_named_by_us_goes_through_no_link_out_of_its_folder(tmp_path, monkeypatch, capsys, line, name, there):
    folder, victim = tmp_path / "folder", tmp_path / "victim"
    (folder / "pages").mkdir(parents=True)
    monkeypatch.chdir(folder)
    if there:
        victim.write_text(GENERATOR)
    Path(name).symlink_to(victim)
    assert main(line.split()) == 2
    assert f"{name}: a link that leads out of its folder" in capsys.readouterr().err
    assert victim.read_text() == GENERATOR if there else not victim.exists()
    assert [*map(str, Path("pages").iterdir())] == [name] * name.startswith("pages")


def test_census_follows_no_link_out_of_a_folder(outside):
    given, secret = outside
    (given / "own.txt").write_text(dump())
    (given / "alias.txt").symlink_to("own.txt")  # followed, and so the first name of the same machine
    (secret / "dump.txt").write_text(dump())
    (given / "file.txt").symlink_to(secret / "dump.txt")
    (given / "folder").symlink_to(secret)
    (given / "circle").symlink_to("circle")
    assert machines([str(given)], io.StringIO()) == [f"{given}/alias.txt"]


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


def test_tarball_members_that_lead_out_are_passed_over(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with tarfile.open("linux.tar", "w") as archive:
        for name in ("linux/drivers/pci/pci.c", "../linux/drivers/pci/out.c", "/linux/drivers/pci/out.c",
                     "linux/../drivers/pci/out.c", "../drivers/../out.c"):  # fmt: skip
            member = tarfile.TarInfo(name)
            member.size = 7
            archive.addfile(member, io.BytesIO(b"int a;\n"))
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE):
            member = tarfile.TarInfo(f"linux/drivers/pci/{kind.decode()}.c")
            member.type, member.linkname = kind, "/etc/passwd"
            archive.addfile(member)
    tree = open_tree(Path("linux.tar"))
    assert tree.paths() == ["drivers/pci/pci.c"]
    assert tree.text("drivers/pci/pci.c") == "int a;\n"
    assert os.listdir() == ["linux.tar"]  # nothing is unpacked  # noqa: PTH208


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
