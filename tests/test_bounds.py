# SPDX-License-Identifier: GPL-2.0-only
"""Inputs without end, and outputs over inputs: refused in one line, before the memory is full or a file is lost."""

import io
import lzma
import os
import re
import subprocess
import sys
import tarfile
import zipapp
from pathlib import Path

import pytest

import kernel_port
from kernel_port import cli, limits
from kernel_port.bench import growth
from kernel_port.census.paths import machines
from kernel_port.cli import main
from kernel_port.hw.errors import MachineError
from kernel_port.review.upstream import csource

C = b"int f(void)\n{\n}\n"


def refused(capsys, *argv):
    """Run a command that must refuse its input; return the one line it says."""
    capsys.readouterr()
    assert main([str(word) for word in argv]) == 2
    (line,) = (each for each in capsys.readouterr().err.splitlines() if each.startswith("kernel-port"))  # not progress
    return line


# -- tarballs --------------------------------------------------------------------------------------------------------


def tarball(path, *members):
    """Write headers as they are given, each with its data."""
    with lzma.open(path, "wb", preset=0) as file:
        for header, data in members:
            file.write(header.tobuf(tarfile.GNU_FORMAT) + data + bytes(-len(data) % 512))
        file.write(bytes(1024))
    return path


def header(name, size, kind=tarfile.REGTYPE):
    made = tarfile.TarInfo(name)
    made.size, made.type = size, kind
    return made


def test_tarball_header_of_an_impossible_size_is_one_line(capsys, tmp_path):
    bad = tarball(tmp_path / "l.tar.xz", (header("linux/drivers/pci/pci.c", 1 << 62), C))
    assert "a size of 4611686018427387904 bytes" in refused(capsys, "check", bad)


@pytest.mark.parametrize("kind", [tarfile.GNUTYPE_LONGNAME, tarfile.XHDTYPE, tarfile.XGLTYPE])
def test_tarball_long_name_without_end_is_one_line(capsys, tmp_path, kind):
    bad = tarball(tmp_path / "l.tar.xz", (header("././@LongLink", 1 << 20, kind), bytes(1 << 20)))
    assert "a member whose header has no end" in refused(capsys, "check", bad)


def test_tarball_chain_of_long_names_is_one_line(capsys, tmp_path):
    chain = [(header("././@LongLink", 5, tarfile.GNUTYPE_LONGNAME), b"name\0")] * 5000
    assert "a member whose header has no end" in refused(capsys, "check", tarball(tmp_path / "l.tar.xz", *chain))


def test_tarball_pax_number_of_5000_digits_is_one_line(capsys, tmp_path):
    record = b" GNU.sparse.realsize=" + b"9" * 5000 + b"\n"
    record = f"{len(record) + 4}".encode() + record
    bad = tarball(tmp_path / "l.tar.xz", (header("x", len(record), tarfile.XHDTYPE), record), (header("a", 0), b""))
    assert "not a whole archive" in refused(capsys, "check", bad)


def test_tarball_of_many_long_files_is_one_line(capsys, tmp_path):
    block = bytes(4 << 20)
    files = [(header(f"linux/drivers/pci/{n}.c", len(block)), block) for n in range(40)]  # 160 MiB
    assert "more than is read of such an input" in refused(capsys, "check", tarball(tmp_path / "l.tar.xz", *files))


def test_tarball_name_does_not_reach_the_terminal_raw(tmp_path):
    evil = "linux/\x1b]0;title\x07\x1b[2J\u202eevil\nx"
    bad = tarball(tmp_path / "l.tar.xz", *[(header(evil, 0), b"")] * 3, (header("linux/drivers/pci/pci.c", 16), C))
    program = f"from kernel_port import cli, terminal; terminal.PATIENCE = 0; cli.main(['check', {str(bad)!r}])"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, check=True).stderr.decode()
    assert "evil" in said
    assert all(c.isprintable() or c == "\n" for c in said)


# -- mails -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "Subject: [PATCH 1/" + "9" * 5000 + "] x\n\nx",
        'Subject: =?a\0b?q?x?=\nContent-Type: text/plain; charset="a\0b"\n\nx',
        "Subject: [PATCH 1/8] x\n\n--- a/x.c\n+++ b/x.c\n@@ -" + "9" * 5000 + " +1 @@\n a\n",
        "Subject: " + "[a] " * 300_000 + "x\n\nx",
        "Subject: [PATCH 1/8] x\n\n" + "word\n" * 300_000,
    ],
    ids=["number", "charset", "hunk", "tags", "long"],
)
def test_mail_with_something_without_end_is_one_line(capsys, tmp_path, text):
    (tmp_path / "m.mbox").write_text(f"From x Mon Sep 17 00:00:00 2001\n{text}")
    assert "m.mbox" in refused(capsys, "check", tmp_path / "m.mbox")


def test_mailbox_of_more_mails_than_a_series_is_one_line(capsys, tmp_path):
    (tmp_path / "m.mbox").write_text("From x Mon Sep 17 00:00:00 2001\nSubject: x\n\nx\n\n" * 10_001)
    assert "more than is read of such an input" in refused(capsys, "check", tmp_path / "m.mbox")


# -- sources ---------------------------------------------------------------------------------------------------------


def tree(folder, text="int f(void)\n{\n}\n"):
    (folder / "drivers/pci").mkdir(parents=True)
    (folder / "drivers/pci/pci.c").write_text(text)
    return folder


def test_macros_that_multiply_are_one_line(capsys, tmp_path):
    text = f"#define G(a) int f##a(void) {{ {';' * 30_000}}}\n" + "".join(f"G(x{n})\n" for n in range(1000))
    assert "macros that make more than 1 MiB" in refused(capsys, "check", tree(tmp_path / "c", text))
    assert len(csource.read("#define G(a) int f##a(void) { ; }\nG(x)\n").functions) == 2


def test_folder_of_2000_levels_is_one_line(capsys, tmp_path, monkeypatch):
    top = tree(tmp_path / "c")
    (top / "include").mkdir()
    monkeypatch.chdir(top / "include")
    for _ in range(2000):
        Path("a").mkdir()
        os.chdir("a")
    monkeypatch.chdir(tmp_path)
    for argv in (["check", "c"], ["read", "1", "--c", "c"], ["census", "c"], ["census", "c/**"]):
        assert re.search("folders (more than 100 deep|without end)", refused(capsys, *argv))
    subprocess.run(["rm", "-rf", str(top)], check=True)


def test_makefile_version_of_5000_digits_is_none(capsys, tmp_path):
    top = tree(tmp_path / "c")
    (top / "Makefile").write_text("VERSION = " + "9" * 5000 + "\nPATCHLEVEL = 1\n")
    assert main(["check", str(top)]) == 1


def test_list_of_machines_whose_line_never_ends_is_refused():
    with pytest.raises(MachineError, match="a line of over 65536 characters"):
        machines(["-"], io.StringIO("a" * 70_000))


# -- outputs over inputs ---------------------------------------------------------------------------------------------


@pytest.fixture
def fleet(tmp_path, monkeypatch):
    """Two dumps in a folder, which is the current one's."""
    monkeypatch.chdir(tmp_path)
    Path("dumps").mkdir()
    for name in ("dumps/a.txt", "dumps/b.txt"):
        assert main(["convert", "example:vga", "-o", name]) == 0
    return Path("dumps/a.txt")


@pytest.mark.parametrize("paths", [["dumps"], ["dumps/*.txt"], ["-"]])
@pytest.mark.parametrize("option", ["--csv", "--html", "--jsonl"])
def test_census_output_among_the_fleet_is_refused(fleet, capsys, monkeypatch, paths, option):
    before = fleet.read_bytes()
    monkeypatch.setattr(sys, "stdin", io.StringIO("dumps/a.txt\ndumps/b.txt\n"))
    assert "of the fleet itself" in refused(capsys, "census", *paths, option, fleet)
    assert fleet.read_bytes() == before


def test_census_tells_its_own_reports_from_machines_by_content(fleet, capsys):
    reports = ["--csv", "dumps/t", "--html", "dumps/p", "--jsonl", "dumps/l"]
    assert main(["census", "dumps", "--jobs", "1", *reports]) == 0
    (fleet.parent / "t").rename(fleet.parent / "another.txt")
    capsys.readouterr()
    assert main(["census", "dumps", "--jobs", "1", *reports]) == 0
    assert capsys.readouterr().out.startswith("2 machines: 8 functions\n")


def test_outputs_of_one_name_are_refused(fleet, capsys):
    assert "named for two outputs" in refused(capsys, "census", "dumps", "--csv", "out", "--html", "out")
    assert "named for two outputs" in refused(capsys, "watch", "mess", "-o", "out", "--perfetto", "out")
    assert "named for two outputs" in refused(capsys, "reset", fleet, "slot:1", "-o", "o.toml", "--trace", "./o.toml")
    assert not Path("out").exists()


def test_output_in_what_is_read_is_refused(fleet, capsys):
    tree(Path("c"))
    config = Path("tree/0000:00:00.0/config")
    config.parent.mkdir(parents=True)
    config.write_bytes(bytes.fromhex("8680d310") + bytes(252))
    before = config.read_bytes()
    assert "is in tree, which is read" in refused(capsys, "convert", "tree", "-o", config, "--format", "lspci")
    assert "is in c, which is read" in refused(capsys, "read", "4", "--c", "c", "-o", "c/drivers/pci/pci.c")
    assert "is in c, which is read" in refused(capsys, "watch", "mess", "--c", "c", "-o", "c/page.html")
    assert (config.read_bytes(), Path("c/drivers/pci/pci.c").read_bytes()) == (before, C)


def test_census_cells_that_spreadsheets_would_run_are_text(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("=cmd()", "+1", "-1", "@a", "a\tb"):
        Path(name).write_text("no machine")
    assert main(["census", ".", "--jobs", "1", "--csv", str(tmp_path / "t.csv")]) == 0
    files = [line.partition(",")[0] for line in Path("t.csv").read_text().splitlines()[1:]]
    assert files == ["'+1", "'-1", "'=cmd()", "'@a", "a\\tb"]


# -- the rest --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("jobs", ["0", "-1", "9" * 20, "\u0663"])
def test_census_jobs_that_no_computer_has_are_refused(capsys, jobs):
    with pytest.raises(SystemExit) as exit:
        main(["census", "example:vga", f"--jobs={jobs}"])
    assert exit.value.code == 2
    assert "is not a number of processes" in capsys.readouterr().err


@pytest.mark.parametrize("bus", ["0x01", "\u0660\u0661", "+1", "1_0", "001"])
def test_bus_that_is_no_number_as_lspci_prints_it_is_refused(capsys, bus):
    assert "is not a bus such as 01" in refused(capsys, "reset", "example:vga", f"bus:{bus}")


def test_file_name_of_255_bytes_is_written(tmp_path):
    name = tmp_path / ("n" * 251 + ".txt")
    assert main(["convert", "example:vga", "-o", str(name)]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [name.name]


def test_file_name_in_another_encoding_is_a_machine(tmp_path):
    name = os.fsencode(tmp_path) + b"/m\xff.txt"
    assert main(["convert", "example:vga", "-o", os.fsdecode(name)]) == 0
    assert main(["convert", os.fsdecode(name), "-o", str(tmp_path / "m.toml")]) == 0


def test_help_that_cannot_be_written_is_one_line():
    with Path("/dev/full").open("w") as full:
        command = [sys.executable, "-m", "kernel_port", "why", "--help"]
        done = subprocess.run(command, check=False, stdout=full, stderr=subprocess.PIPE)
    assert (done.returncode, done.stderr) == (2, b"kernel-port: input or output: No space left on device\n")


def test_defect_is_one_line_and_its_traceback_behind_a_variable(capsys, monkeypatch):
    for error in (RecursionError("too deep"), MemoryError(), ValueError("x" * 5000), UnicodeError("\x1b")):
        monkeypatch.setattr("kernel_port.cli.run", lambda argv, error=error: (_ for _ in ()).throw(error))
        monkeypatch.setenv("KERNEL_PORT_DEBUG", "")
        line = refused(capsys)
        assert type(error).__name__ in line
        assert "please report it" in line
        assert len(line) < 500
        assert line.isprintable()
        monkeypatch.setenv("KERNEL_PORT_DEBUG", "1")
        with pytest.raises(type(error)):
            main([])


def test_package_in_a_zip_file_says_why_it_cannot_run(tmp_path):
    package = Path(kernel_port.__file__).parent
    zipapp.create_archive(
        package.parent, tmp_path / "k.pyz", main="kernel_port.cli:main",
        filter=lambda path: path.parts[0] == "kernel_port" and path.suffix == ".py",
    )  # fmt: skip
    done = subprocess.run([sys.executable, "-S", "-I", tmp_path / "k.pyz"], check=False, capture_output=True, text=True)
    assert done.stderr.startswith("kernel-port: verdicts read the package's own source, which is packed here")
    assert len(done.stderr.splitlines()) == 1


def test_process_that_we_start_imports_what_we_are_not_the_current_directory(tmp_path, monkeypatch):
    (tmp_path / "kernel_port").mkdir()
    (tmp_path / "kernel_port/__init__.py").write_text("raise SystemExit('the wrong package')")
    monkeypatch.chdir(tmp_path)
    (small,) = growth.in_processes((4,), lambda text: None)
    assert small.functions == 4


def test_in_place_in_a_folder_that_cannot_be_written_is_refused_at_the_start(tmp_path, capsys, monkeypatch):
    image = tmp_path / "vga.ecam"
    assert main(["convert", "example:vga", "-o", str(image)]) == 0
    before = image.read_bytes()
    monkeypatch.setattr("kernel_port.files.os.access", lambda path, mode: False)  # root may write anywhere
    monkeypatch.setattr("kernel_port.commands.reset.boot", None)
    assert "cannot be written" in refused(capsys, "reset", image, "slot:1", "--in-place")
    assert image.read_bytes() == before


def test_in_place_opens_the_image_once(tmp_path, capsys, monkeypatch):
    image = tmp_path / "vga.ecam"
    assert main(["convert", "example:vga", "-o", str(image)]) == 0
    opened, plain = [], os.open

    def noted(path, flags, mode=0o777, **about):
        opened.append(os.fspath(path))
        return plain(path, flags, mode, **about)

    monkeypatch.setattr("os.open", noted)
    assert main(["reset", str(image), "slot:1", "--in-place"]) == 0
    assert opened.count(str(image)) == 1


def test_in_place_leaves_an_image_alone_that_has_been_replaced_meanwhile(tmp_path, capsys, monkeypatch):
    image, new = tmp_path / "vga.ecam", tmp_path / "new"
    assert main(["convert", "example:vga", "-o", str(image)]) == 0
    new.write_bytes(b"new")
    monkeypatch.setattr("kernel_port.commands.reset.left", lambda machine: new.replace(image))
    assert "another process is using it" in refused(capsys, "reset", image, "slot:1", "--in-place")
    assert image.read_bytes() == b"new"


#: What a command reads -> the limits that its help must state.
READS = {
    "machine": (limits.MACHINE, limits.size(limits.DUMP), limits.size(limits.DESCRIPTION)),
    "c": (limits.SOURCES, limits.TARBALL, limits.MAILS),
    "capture": (limits.RECORDING,),
    "fleet": (limits.FLEET, limits.MACHINE, limits.size(limits.ANSWER)),
}
#: Command -> what it reads that somebody else made.
INPUTS = {
    **dict.fromkeys(("reset", "tree", "why", "convert", "shell", "bisect", "run", "bench"), ("machine",)),
    **dict.fromkeys(("conform", "compare"), ("capture",)),
    **dict.fromkeys(("check", "read"), ("c",)),
    "watch": ("machine", "c"),
    "census": ("fleet",),
}
OWN = {
    "list",
    "show",
    "diff",
    "export",
    "new",
    "generate",
    "scenarios",
    "mends",
    "explore",
    "exercise",
    "lesson",
    "manual",
}


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_help_states_the_limits_of_what_a_command_reads(command):
    assert (command in INPUTS) != (command in OWN)
    said = " ".join(cli.parser_of(command).format_help().split())
    for limit in (str(limit) for what in INPUTS.get(command, ()) for limit in READS[what]):
        assert limit in said


@pytest.mark.parametrize("word", ["a\0b", "\ud800"])
def test_argument_that_no_shell_hands_over_is_refused(capsys, word):
    assert "no system takes this as an argument" in refused(capsys, "tree", word)
