# SPDX-License-Identifier: GPL-2.0-only
"""What README.md and docs/ say is so: their commands print what follows them, their tables are those of the sources.

A line `...` stands for any number of lines, ` ...` at the end of a line for the rest of it. Line numbers of the port do
not count, they move. Names are those of IDS, as few computers have the same pci.ids.
"""

import io
import re
import shlex
import shutil
import subprocess
import sys

import pytest
from paths import ROOT

from kernel_port.cli import COMMANDS, main
from kernel_port.images import grammar, names
from kernel_port.qemu.process import PROGRAM
from kernel_port.series import PATCHES

PAGES = {
    str(path.relative_to(ROOT)): path.read_text()
    for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
}
IDS = """\
8086  Intel Corporation
\t10d3  82574L Gigabit Network Connection
\t3405  5520/5500/X58 I/O Hub to ESI Port
\t340a  5520/5500/X58 I/O Hub PCI Express Root Port 3
10de  NVIDIA Corporation
\t0a65  GT218 [GeForce 210]
\t0be3  High Definition Audio Controller
C 02  Network controller
\t00  Ethernet controller
C 03  Display controller
\t00  VGA compatible controller
C 04  Multimedia controller
\t03  Audio device
C 06  Bridge
\t00  Host bridge
\t04  PCI bridge
"""
#: Pages whose commands need files of the page; each has tests of its own.
WITH_FILES = {"docs/exercises.md", "docs/side-by-side.md", "docs/your-own-patch.md", "docs/your-own-scenario.md"}
SITE = re.compile(r"(\(\w+|\.py):\d+")


def blocks(language, page):
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGES[page], re.MULTILINE | re.DOTALL)


def runs(block):
    """Each "$ kernel-port ..." of a block, with the lines that follow it."""
    return [
        (command, output.splitlines())
        for command, output in re.findall(r"^\$ kernel-port (.*)\n((?:(?!\$ ).*\n)*)", block, re.MULTILINE)
    ]


def same(said, found):
    return found.startswith(said[:-3]) if said.endswith(" ...") else found == said


def assert_output(said, found):
    """The lines *said* are those *found*, elisions aside."""
    at, elided = 0, False
    for line in said:
        if line == "...":
            elided = True
            continue
        places = range(at, len(found)) if elided else range(at, min(at + 1, len(found)))
        match = next((place for place in places if same(line, found[place])), None)
        assert match is not None, f"{line!r} is not what follows: {found[at : at + 3]}"
        at, elided = match + 1, False
    assert elided or at == len(found), f"there is more: {found[at : at + 3]}"


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Where the pages' commands run: the machine that they describe is there."""
    (tmp_path / "pci.ids").write_text(IDS)
    monkeypatch.setattr(names, "PLACES", (tmp_path / "pci.ids",))
    names.installed.cache_clear()
    (tmp_path / "lone.toml").write_text(blocks("toml", "docs/machines.md")[0])
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    names.installed.cache_clear()


@pytest.mark.parametrize(
    "block",
    [block for page in PAGES if page not in WITH_FILES for block in blocks("console", page)],
    ids=lambda block: block.partition("\n")[0],
)
def test_command_prints_what_follows_it(folder, capsys, block):
    assert runs(block)
    if "'qemu:" in block and not shutil.which(PROGRAM):
        pytest.skip(f"no {PROGRAM}")
    for command, said in runs(block):
        main(shlex.split(command))
        out, err = capsys.readouterr()
        errors = [line for line in err.splitlines() if line.startswith("kernel-port")]  # no progress
        found = [SITE.sub(r"\1:N", line) for line in errors + out.splitlines()]
        assert_output([SITE.sub(r"\1:N", line) for line in said], found)


@pytest.mark.parametrize("code", blocks("python", "docs/python.md"))
def test_python_prints_what_it_says(folder, capsys, code):
    exec(code, {})
    assert capsys.readouterr().out.splitlines() == re.findall(r"print\(.*\)  # (.*)", code)


def test_prompt_answers_as_the_page_says(folder, capsys, monkeypatch):
    """What is wrong with a line is written to standard error, which is the same terminal."""
    (page,) = blocks("pycon", "docs/python.md")
    monkeypatch.setitem(sys.modules, "IPython.terminal.embed", None)
    monkeypatch.setattr(sys, "ps1", ">>> ", raising=False)  # IPython, once imported, has its own
    monkeypatch.setattr(
        sys, "stdin", io.StringIO("".join(f"{line}\n" for line in re.findall(r"^>>> (.*)$", page, re.MULTILINE)))
    )
    monkeypatch.setattr(sys, "stderr", sys.stdout)
    assert main(["shell", "example:vga"]) == 0
    found = re.sub(r"(>>> )+", "", capsys.readouterr().out).splitlines()[2:]  # the banner
    said = [line for line in page.splitlines() if not line.startswith(">>> ")]
    assert_output(said, [line for line in found if line])


def test_first_screen_has_two_commands_for_a_fresh_machine():
    screen = PAGES["README.md"].splitlines()[:30]
    commands = [line for line in screen if line.startswith("pip ")]
    assert commands == ["pip install . && kernel-port reset example:vga slot:1", "pip install -e '.[test]' && pytest"]


def test_commands_named_are_those_there_are():
    assert set(re.findall(r"^\| `kernel-port (\w+)` ", PAGES["docs/commands.md"], re.MULTILINE)) == set(COMMANDS)


def toml(default):
    """A default as a machine description spells it; "" for one that says nothing."""
    if default is None or default in ("", {}, []):
        return ""
    if isinstance(default, int) and default > 255:
        return f"{default:#06x}"
    return str(default).lower() if isinstance(default, bool | int | float) else f'"{default}"'


def test_every_key_of_a_machine_description_is_explained():
    rows = re.findall(r"^\| `(\w+)` \| `?(.*?)`? \| (.+) \|$", PAGES["docs/machines.md"], re.MULTILINE)
    keys = {
        name: key for name, key in {**grammar.MACHINE, **grammar.FUNCTION}.items() if name not in grammar.CAPABILITIES
    }
    assert [row[:2] for row in rows] == [(name, toml(key.default)) for name, key in keys.items()]
    for name, _, meaning in rows:
        assert name in grammar.KNOBS or meaning == keys[name].about


def test_every_option_of_a_capability_is_explained():
    for name, options in grammar.CAPABILITIES.items():
        told = [f"`{f'{key} = {toml(how.default)}'.removesuffix(' = ')}` {how.about}" for key, how in options.items()]
        assert f"\n| `{name}` | {'; '.join(told)} |\n" in PAGES["docs/machines.md"]


def test_every_kind_of_function_is_named():
    assert (
        f"Kinds: {'; '.join(f'`{name}` {kind.about}' for name, kind in grammar.KINDS.items())}."
        in PAGES["docs/machines.md"]
    )


def test_patch_table_is_that_of_the_series():
    rows = re.findall(r"^\| (\d) \| (.+?) \| `(\S+)` \| (.*?) \| (.*?) \|$", PAGES["docs/series.md"], re.MULTILINE)
    listed = [(int(n), subject, file, re.findall(r"\w+", a), re.findall(r"\w+", m)) for n, subject, file, a, m in rows]
    assert listed == [(p.number, p.subject, f"{p.module}.py", list(p.adds), list(p.modifies)) for p in PATCHES]


def test_what_is_proved_is_counted(capsys):
    traces = sum(len(path.read_text().splitlines()) for path in (ROOT / "tests/golden").glob("*.jsonl"))
    said = PAGES["docs/proof.md"]
    assert f"has {traces} traces" in said
    assert f"`identical {traces} of {traces}`" in said
    assert main(["conform", str(ROOT / "tests/live/hp.json")]) == 0
    assert f"`{capsys.readouterr().out.splitlines()[-1]}`" in said


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    """Those of docs/ stay within it, for they make a site of their own."""
    home = ROOT if page == "README.md" else ROOT / "docs"
    for path in re.findall(r"\]\(([^)#:]+)\)", PAGES[page]):
        target = (ROOT / page).parent / path
        assert target.exists(), path
        assert target.resolve().is_relative_to(home), path


def test_readme_fits_in_200_lines_and_leads_to_every_page():
    assert len(PAGES["README.md"].splitlines()) <= 200
    linked = set(re.findall(r"\]\((docs/[^)#]+\.md)\)", PAGES["README.md"]))
    assert linked >= {page for page in PAGES if page.startswith("docs/") and page.count("/") == 1} - {"docs/index.md"}


@pytest.mark.slow
def test_pages_make_a_site(tmp_path):
    pytest.importorskip("mkdocs")
    command = [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", tmp_path]
    made = subprocess.run(command, check=False, cwd=ROOT, capture_output=True, text=True)
    assert (made.returncode, made.stdout + made.stderr) == (0, "")
    assert {f"docs/{path.relative_to(tmp_path).with_suffix('.md')}" for path in tmp_path.rglob("*.html")} >= {
        page for page in PAGES if page != "README.md"
    }
    # Nothing is fetched from elsewhere when a page is looked at.
    for path in tmp_path.rglob("*.html"):
        assert re.findall(r'(?:src=|<link[^>]*href=)"(https?:)?//', path.read_text()) == [], path


def test_assert_output_tells_a_difference():
    assert_output(["a", "...", "c ..."], ["a", "b", "b", "c and more"])
    for said in (["a"], ["a", "c"], ["...", "x"], ["a", "...", "b"], ["b", "...", ""]):
        with pytest.raises(AssertionError):
            assert_output(said, ["a", "b", "c"])
