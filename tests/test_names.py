# SPDX-License-Identifier: GPL-2.0-only
"""Every command with names from somebody who means harm, wherever a name can be: a terminal obeys nothing of it.

The door (terminal.Door) is open here: each place that prints a name must make it harmless itself, so that it stays in
its line, too.
"""

import gzip
import io
import json
import os
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from paths import TESTS

from kernel_port import cli, terminal
from kernel_port.images import lspci, names

KINDS = {
    "escape": "\x1b[2J\x1b]0;title\x07\x1b]8;;http://x\x1b\\",
    "c1": "\x9b31m\x90q\x9d0;title\x9c\x85",
    "bidi": "\u202egnp\u2066\u2069\u200f\u2028",
    "newline": "a\nFORGED\r\nFORGED\rFORGED\vFORGED\f",
    "surrogate": "\udc80\udcff\ud800",
    "nul": "a\0b",
    "controls": "\b\x7f\x1f\x01",
    "long": "n" * 5000,
}
CONFIG = bytes.fromhex("8680d310") + bytes(60)
#: A module of the user's, with a name in every place that a name can have in one.
MODULE = "{0!r}\nfrom kernel_port.base.pci import pci_reset_bus\nADDS = ({1!r},)\nREQUIRES = ({1!r},)\n"
#: One that links.
GOOD = "{0!r}\nADDS = ('new_one',)\n\n\ndef new_one() -> str:\n    {0!r}\n    return {0!r}\n"
CONFIG_ROWS = "".join(lspci.rows(CONFIG))


def sayable(text):
    """*text* without what no shell hands over."""
    return text.replace("\0", "").replace("\ud800", "")


def file_name(evil, suffix):
    """A name that a file can have: bytes but for NUL and the slash, 255 at most."""
    return os.fsencode(sayable(evil).replace("/", ""))[: 200 - len(suffix)] + os.fsencode(suffix)


def put(evil, suffix, data):
    """Write a file of such a name."""
    name = file_name(evil, suffix)
    with open(name, "wb") as file:  # noqa: PTH123 - bytes that are no text
        file.write(data.encode("utf-8", "surrogateescape" if "\ud800" not in data else "replace")
                   if isinstance(data, str) else data)  # fmt: skip
    return os.fsdecode(name)


def tar(members):
    buffer = io.BytesIO()
    with tarfile.open(None, "w", buffer, format=tarfile.GNU_FORMAT, errors="surrogateescape") as made:
        for name, data in members:
            info = tarfile.TarInfo(sayable(name))
            info.size = len(data)
            made.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def machines(evil):
    """Machines with *evil* in every place that a name has in one."""
    title = f"00:01.0 {evil}: {evil} (rev 01)\n\tSubsystem: {evil}\n\tKernel driver in use: {evil}\n"
    said = json.dumps("".join(filter(str.isprintable, evil)) or "x")
    toml = (
        f'name = {said}\nabout = {said}\n[[function]]\naddress = "00:01.0"\nkind = "pci"\nvendor = 0x8086\n'
        f"device = 0x10d3\ndriver = {said}\naf = {{flr = true}}\n"
    )
    raw = json.dumps(evil, ensure_ascii=False)
    folder = Path(os.fsdecode(file_name(evil, ".tree")), "0000:00:01.0")
    folder.mkdir(parents=True)
    (folder / "config").write_bytes(CONFIG)
    os.symlink(b"../drivers/" + file_name(evil, ""), os.fsencode(folder / "driver"))  # noqa: PTH211
    zipped = io.BytesIO()
    with zipfile.ZipFile(zipped, "w") as made:
        made.writestr(evil.replace("\ud800", "").encode("utf-8", "replace").decode()[:1000] + "/x", b"")
    members = [(f"{evil[:90]}/0000:00:01.0/{file}", data) for file, data in (
        ("config", CONFIG), ("uevent", f"DRIVER={evil}\n".encode("utf-8", "replace")), ("x", b""))]  # fmt: skip
    return [
        put(evil, ".txt", title + CONFIG_ROWS), put(evil, ".words", title), put(evil, ".toml", toml),
        put(evil, ".bad.toml", toml.replace("driver = ", f"{raw} = ") + f"\n[[{evil}]]\n{evil} = {evil}\n"),
        put(evil, ".rows", f"00:01.0 {evil}\n40: {evil}\n"), str(folder.parent), put(evil, ".tar", tar(members)),
        put(evil, ".other.tar", tar([(evil[:90], b"")])), put(evil, ".zip", zipped.getvalue()),
        *(sayable(f"{where}{evil}") for where in ("", "example:", "qemu:")),
    ]  # fmt: skip


def mails(evil):
    """Series with *evil* in the subjects, authors, file names and charsets, in mailboxes and in a folder."""
    text = (TESTS / "series/v2.mbox").read_text()
    text = text.replace("Subject: [PATCH v2 1/8] ", f"Subject: [PATCH v2 1/8] {evil} ", 1)
    text = text.replace("drivers/pci/pci.c", f"drivers/pci/{evil}.c")
    text = text.replace("From: ", f"From: {evil} ").replace("Subject: [PATCH v2 2/8]", f"Subject: [{evil} v2 2/8]")
    folder = Path(os.fsdecode(file_name(evil, ".patches")))
    folder.mkdir()
    (folder / "0001.patch").write_text(f"Subject: {evil}\n\n--- a/x\n+++ b/x\n@@ -1 +1 @@ {evil}\n {evil}\n",
                                       encoding="utf-8", errors="replace")  # fmt: skip
    cover = f"[PATCH v2 0/8] {evil}\n\nFrom: {evil}\n\n{evil} (8):\n{evil}\n\n{evil} | 3 +++\n2 files changed\n"
    return [put(evil, ".mbox", text), put(evil, ".mbox.gz", gzip.compress(text.encode("utf-8", "replace"))),
            put(evil, ".cover", cover), str(folder)]  # fmt: skip


def kernels(evil):
    """Kernel trees with *evil* in names of files and in the C: a folder and tarballs, one of them cut off."""
    top = Path(os.fsdecode(file_name(evil, ".linux")))
    (top / "drivers/pci").mkdir(parents=True)
    c = f"/* {evil} */\n#define {evil} {evil}\nstatic void pci_dev_lock(struct pci_dev *dev)\n{{\n\tf('{evil}');\n}}\n"
    data = c.encode("utf-8", "replace")
    (top / "drivers/pci/pci.c").write_bytes(data)
    with open(os.fsencode(top) + b"/drivers/pci/" + file_name(evil, ".c"), "wb") as file:  # noqa: PTH123
        file.write(data)
    (top / "Makefile").write_bytes(b"VERSION = " + data)
    whole = tar([("linux/drivers/pci/pci.c", data), (f"linux/drivers/pci/{evil[:80]}.c", data), (evil[:90], data)])
    return [
        str(top),
        put(evil, ".linux.tar", whole),
        put(evil, ".cut.tar", whole[:700]),
        sayable(f"{top}@{evil}"),
    ]


def recordings(evil):
    """Golden traces, captures and recordings with *evil* wherever they have text."""
    trace = json.loads((TESTS / "golden/chain.jsonl").read_text().partition("\n")[0])
    wrong = [["lock", evil, evil], *trace["ops"]]
    traces = (trace | {"name": evil, "about": evil}, trace | {"name": evil, "ops": wrong}, trace | {evil: evil})
    live = json.loads((TESTS / "live/vga.json").read_text())
    live["ops"] = live["ops"][:40]
    real = json.loads(gzip.decompress((TESTS / "real/v311-lone.json.gz").read_bytes()))
    told = {key: evil if isinstance(value, str) and key != "format" else value for key, value in real.items()}
    lines = "".join(f"{json.dumps(each)}\n" for each in traces)
    return [
        put(evil, ".golden", lines), put(evil, ".golden.bad", lines + evil),
        put(evil, ".live", json.dumps(live | dict.fromkeys(("name", "kernel", "machine"), evil))),
        put(evil, ".live.bad", json.dumps(live | {"ops": [["mark", evil], [evil, evil, evil, evil, evil]]})),
        put(evil, ".real", json.dumps(told)), put(evil, ".real.bad", json.dumps(real | {evil: evil, "ops": [[evil]]})),
    ]  # fmt: skip


def lines(evil):
    """Command lines of every command, with *evil* in all inputs that they take."""
    on, c, old = machines(evil), mails(evil) + kernels(evil), recordings(evil)
    content, evil = evil, sayable(evil)
    module = put(content, ".py", MODULE.format(content, content))
    raising = put(content, "2.py", f"raise ValueError({content!r})\n")
    good = f"./{put(content, '3.py', GOOD.format(content))}"
    mine = [good, f"./{module}", f"./{raising}", evil]
    report = put(evil, ".jsonl", json.dumps({"file": content}) + "\n")
    every = [["--with", each] for each in mine] + [["--schedule", evil]]
    return {
        "reset": [["reset", m, t] for m in on for t in ("00:01.0", evil)]
        + [["reset", on[2], "00:01.0", "--call", evil], ["reset", on[2], "00:01.0", "-v", "--json"],
           ["reset", on[2], "00:01.0", "--trace", f"no/{evil}"], ["reset", on[2], f"slot:{evil}"]],
        "watch": [["watch", m, "00:01.0", "-o", "o.html"] for m in on]
        + [["watch", on[2], "00:01.0", "-o", "o.html", "--c", each] for each in c]
        + [["watch", each, "-o", "o.html"] for each in mine],
        "list": [["list"], ["list", "--json"]],
        "show": [["show", evil], ["show", "pci_reset_bus", *every[0]], ["show", "--doc", "new_one", *every[0]],
                 ["show", good], ["show", "pci_reset_bus", *every[1]]],
        "read": [["read", "6", "--c", each] for each in c] + [["read", each] for each in mine]
        + [["read", "6", "--c", c[0], "-o", f"no/{evil}"]],
        "diff": [["diff", each] for each in mine],
        "export": [["export", evil], ["export", "8", *every[0]], ["export", "patches", "-o", f"no/{evil}"]],
        "new": [["new", evil, "--modifies", "pci_reset_bus"], ["new", "x.py", "--modifies", evil],
                ["new", "x.py", "--modifies", "pci_reset_bus", *every[0]]],
        "check": [["check", "-v", each] for each in c] + [["check", kernels_folder, "--rev", evil]
                                                        for kernels_folder in c[4:5]],
        "tree": [["tree", m] for m in on] + [["tree", on[2], "--json"], ["tree", on[0], "--at", evil]],
        "why": [["why", m] for m in on] + [["why", on[0], "00:01.0"], ["why", on[0], evil], ["why", on[2], "--json"]],
        "convert": [["convert", m, "-o", "o.toml"] for m in on] + [["convert", on[2], "-o", f"no/{evil}.txt"]],
        "generate": [["generate", "--functions", "4", "-o", f"no/{evil}"], ["generate", evil]],
        "census": [["census", *on, "--jobs", "1"], ["census", on[0], "--resume", report],
                   ["census", ".", "--jobs", "1", "--csv", "o.csv", "--html", "o.html", "--jsonl", "o.jsonl"],
                   ["census", "o.jsonl", f"{evil}*", "--jobs", "1"], ["census", on[0], "--jobs", evil],
                   ["census", on[0], "--dask", evil], ["census", on[2], "--jobs", "1", *every[0]]],
        "bench": [["bench", "--quick", "--dump", on[4]], ["bench", "--dump", evil]],
        "conform": [["conform", "-v", each] for each in old] + [["conform", old[0], "--only", evil], ["conform", evil]],
        "scenarios": [["scenarios", evil]],
        "run": [["run", each] for each in mine] + [["run", "mess", "--machine", m] for m in on]
        + [["run", "calm", *each] for each in every],
        "bisect": [["bisect", m, "00:01.0"] for m in on] + [["bisect", "calm", *every[0]]],
        "mends": [["mends", evil]],
        "explore": [["explore", each, "--limit", "1"] for each in mine],
        "compare": [["compare", each] for each in old],
        "shell": [["shell", m] for m in on],
        "exercise": [["exercise", evil], ["exercise", "1", "--check", evil], ["exercise", "1", "-o", f"no/{evil}"],
                     ["exercise", "1", "--check", mine[0]]],
        "lesson": [["lesson", evil], ["lesson", "glossary", evil], ["lesson", "1", "-o", f"no/{evil}"]],
        "manual": [["manual", evil], ["manual", "words", "reset", "target", on[0]]],
    }  # fmt: skip


@pytest.fixture
def opened(tmp_path, monkeypatch):
    """A folder of one's own, the door open, and nothing on standard input."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(terminal, "harmless", lambda text: text)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO()))
    monkeypatch.setenv("KERNEL_PORT_DEBUG", "")
    yield tmp_path
    names.installed.cache_clear()


def drive(opened, monkeypatch, capsys, evil, command):
    (opened / "pci.ids").write_text(f"8086  {evil}\n\t10d3  {evil}\nC 00  {evil}\n\t00  {evil}\n",
                                    encoding="utf-8", errors="replace")  # fmt: skip
    monkeypatch.setattr(names, "PLACES", (opened / "pci.ids",))
    names.installed.cache_clear()
    for argv in lines(evil)[command]:
        try:
            status = cli.main(argv)
        except SystemExit as ended:
            status = ended.code
        said = capsys.readouterr()
        assert status in (0, 1, 2), argv
        assert "this is a defect" not in said.err, (argv, said.err)
        for stream in said:
            text = stream.replace("\n", "").replace("\t", "") if command == "export" else stream.replace("\n", "")
            assert text.isprintable(), (argv, [c for c in text if not c.isprintable()][:5], stream[:2000])
            assert not any(line.startswith("FORGED") for line in stream.split("\n")), argv
        assert status != 2 or said.err.count("\n") == 1, (argv, said.err)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_names_of_every_kind_at_once_are_harmless(opened, monkeypatch, capsys, command):
    drive(opened, monkeypatch, capsys, "".join(KINDS[kind][:40] for kind in sorted(KINDS)), command)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("command", cli.COMMANDS)
def test_names_of_one_kind_are_harmless(opened, monkeypatch, capsys, command, kind):
    drive(opened, monkeypatch, capsys, KINDS[kind], command)
