# SPDX-License-Identifier: GPL-2.0-only
"""What is made of the sources: sdist and wheel, each built in isolation, and the tests run from what is installed."""

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest
from paths import ROOT

LEFT_BEHIND = (".git", "venv", ".venv", "build", "dist", "__pycache__", ".*_cache", "*.so", "*.egg-info", ".coverage*")

pytestmark = pytest.mark.slow


def run(*argv, **options):
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=1200, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """The checkout, without what git does not keep."""
    return shutil.copytree(
        ROOT, tmp_path_factory.mktemp("source") / "tree", ignore=shutil.ignore_patterns(*LEFT_BEHIND)
    )


@pytest.fixture(scope="module")
def built(source, tmp_path_factory):
    """The sdist, and the wheel that was made of it, both in isolation."""
    pytest.importorskip("build")
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "build", "-o", folder, source, cwd=folder)
    (sdist,), (wheel,) = folder.glob("*.tar.gz"), folder.glob("*.whl")
    return sdist, wheel


@pytest.fixture(scope="module")
def unpacked(built, tmp_path_factory):
    """The sdist's files."""
    folder = tmp_path_factory.mktemp("unpacked")
    with tarfile.open(built[0]) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


@pytest.fixture(scope="module")
def python(built, tmp_path_factory):
    """The Python of an environment that has the wheel and what its tests need, and nothing else."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", folder)
    run(folder / "bin" / "python", "-m", "pip", "-q", "install", f"{built[1]}[test]", cwd=folder)
    return folder / "bin" / "python"


def test_sdist_has_what_git_keeps(unpacked):
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout")
    kept = run("git", "ls-files", "-z", cwd=ROOT).rstrip("\0").split("\0")
    for name in set(kept) - {".gitignore"}:
        assert (unpacked / name).read_bytes() == (ROOT / name).read_bytes(), name


def test_wheel_metadata(built):
    with zipfile.ZipFile(built[1]) as archive:
        (folder,) = {name.split("/")[0] for name in archive.namelist()} - {"kernel_port"}  # no tests, no c_shims
        found = importlib.metadata.PathDistribution(zipfile.Path(archive, f"{folder}/"))
        said = found.metadata
        assert (said["Name"], said["License-Expression"]) == ("kernel_port", "GPL-2.0-only")
        assert said.get_all("License-File") == ["LICENSE"]
        assert found.read_text("licenses/LICENSE") == (ROOT / "LICENSE").read_text()
        assert [need for need in found.requires if "extra ==" not in need] == ["cffi>=1.15"]
        assert [(entry.name, entry.value) for entry in found.entry_points] == [("kernel-port", "kernel_port.cli:main")]
        page = said.get_payload()
        assert re.findall(r"\]\(([^)]*)", page) == []  # an index has none of the files that README.md leads to
        assert "[CONTRIBUTING](.github/CONTRIBUTING.md)" in (ROOT / "README.md").read_text()
        assert "runs its tests (CONTRIBUTING):" in page
        # An address that nobody can vouch for is not given.
        assert not {"Home-page", "Download-URL", "Project-URL", "Author-email"} & set(said)
        minor = int(said["Requires-Python"].removeprefix(">=3."))
        versions = [line.removeprefix("Programming Language :: Python :: 3.") for line in said.get_all("Classifier")]
        assert [version for version in versions if version.isdigit()] == [str(n) for n in range(minor, minor + 3)]


def test_metadata_is_what_the_package_index_takes(built):
    metadata = pytest.importorskip("packaging.metadata")
    with zipfile.ZipFile(built[1]) as archive:
        (name,) = [name for name in archive.namelist() if name.endswith(".dist-info/METADATA")]
        metadata.Metadata.from_email(archive.read(name), validate=True)


def test_installed_command_resets_a_machine(python, tmp_path):
    command = python.with_name("kernel-port")
    assert run(command, "reset", "example:vga", "slot:1", cwd=tmp_path).endswith("\n0\n")


def test_installed_lessons_are_those_of_docs(python, tmp_path):
    command = python.with_name("kernel-port")
    for path in (ROOT / "docs/lessons").glob("*.md"):
        title, *_ = path.read_text().splitlines()
        assert run(command, "lesson", path.name[0], cwd=tmp_path).startswith(f"{title.removeprefix('# ')}\n")
    assert "pcie_flr" in run(command, "lesson", "glossary", "FLR", cwd=tmp_path)


def test_installed_command_writes_and_checks_an_exercise(python, tmp_path):
    command = python.with_name("kernel-port")
    assert "\n  1  1      One more operation of a slot " in run(command, "exercise", cwd=tmp_path)
    run(command, "exercise", "1", "-o", "mine.py", cwd=tmp_path)
    path = tmp_path / "mine.py"
    path.write_text(
        path.read_text().replace("# yours: the member", "reset_slot: Callable[[hotplug_slot, int], int] = NULL")
    )
    assert run(command, "exercise", "1", "--check", "mine.py", cwd=tmp_path).startswith(
        "Solved. It agrees with 18 golden"
    )
    machine = tmp_path / "mine.toml"
    run(command, "exercise", "16", "-o", "mine.toml", cwd=tmp_path)
    machine.write_text(machine.read_text().replace("number = 1,", "number = 1, surprise = true,"))
    assert run(command, "exercise", "16", "--check", "mine.toml", cwd=tmp_path).startswith("Solved.")


def test_installed_package_tells_its_types(python, tmp_path):
    pytest.importorskip("mypy")
    program = tmp_path / "program.py"
    program.write_text("import kernel_port\nreveal_type(kernel_port.boot)\nreveal_type(kernel_port.pci_reset_slot)\n")
    told = run(sys.executable, "-m", "mypy", "--strict", "--python-executable", python, program, cwd=tmp_path)
    assert "kernel_port.machine.Machine" in told
    assert '"def (slot: kernel_port.kernel.structs.pci_slot) -> int"' in told


def test_suite_passes_from_the_installed_package(python, unpacked):
    # The sources are there, for the tests that read them, but cannot be imported: they have no shim.
    safe = {"cwd": unpacked, "env": os.environ | {"PYTHONSAFEPATH": "1"}}
    program = "import kernel_port, kernel_port._shims as s; print(kernel_port.__file__, s.__file__)"
    where = run(python, "-c", program, **safe)
    assert where.count(f"{python.parents[1]}/lib") == 2
    run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", **safe)


# -- what is not there ---------------------------------------------------------------------------------------------


def without_compiler(folder):
    return {"CC": "gcc-that-is-not-there"}


def without_python_h(folder):
    """A Python at home where its library is and its headers are not."""
    (folder / "lib").symlink_to(Path(sys.base_prefix, "lib"))
    return {"PYTHONHOME": str(folder)}


def without_pci_regs_h(folder):
    """Every header of this computer but the one."""
    for header in Path("/usr/include").iterdir():
        (folder / header.name).symlink_to(header)
    (folder / "linux").unlink()
    (folder / "linux").mkdir()
    for header in Path("/usr/include/linux").iterdir():
        if header.name != "pci_regs.h":
            (folder / "linux" / header.name).symlink_to(header)
    searched = [run("gcc", "-print-file-name=include").strip(), folder, folder / "x86_64-linux-gnu"]
    return {"CC": "gcc", "CFLAGS": " ".join(["-nostdinc", *(f"-isystem {path}" for path in searched)])}


@pytest.mark.parametrize(
    ("environment", "told"),
    [
        (without_compiler, "kernel_port needs a C compiler and gcc-that-is-not-there is not there: install gcc and "),
        (without_python_h, "kernel_port needs Python.h: install python3-dev (Debian"),
        (without_pci_regs_h, "kernel_port needs linux/pci_regs.h: install libc6-dev (Debian)"),
    ],
)
def test_install_without_what_it_needs_says_in_one_line_what_to_install(source, tmp_path, environment, told):
    command = [sys.executable, "-m", "pip", "wheel", "--no-deps", "-w", tmp_path / "wheel", source]
    (tmp_path / "home").mkdir()
    env = os.environ | environment(tmp_path / "home")
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=600, env=env)
    # What pip repeats of the build between these two is all that the build said.
    _, _, said = done.stderr.partition("lines of output]\n")
    (line,) = said.partition("      [end of output]")[0].splitlines()
    assert line.strip().startswith(told)
    assert done.returncode == 1
