# SPDX-License-Identifier: GPL-2.0-only
"""The shim under stricter eyes: both compilers' warnings, the sanitizers, valgrind.

shim_driver.c runs it without Python. A tool that is not installed skips its test; .ci/run installs them.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
SHIM = [ROOT / "c_shims" / name for name in ("config_image.c", "delay.c")]
DRIVER = ROOT / "tests" / "shim_driver.c"
SANITIZED = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]

pytestmark = pytest.mark.slow


def need(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def run(*argv, **options):
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=600, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def driver(tmp_path, compiler, *flags):
    program = tmp_path / "driver"
    run(compiler, "-std=gnu11", "-D_GNU_SOURCE", "-pthread", *flags, f"-I{ROOT / 'c_shims'}", *SHIM, DRIVER,
        "-o", program)  # fmt: skip
    return program


@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_shim_has_no_warnings(tmp_path, compiler, level):
    need(compiler)
    strict = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wstrict-prototypes", "-Wmissing-prototypes"]
    for source in SHIM:
        run(compiler, "-std=gnu11", level, *strict, "-c", source, "-o", tmp_path / "shim.o")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_extension_module_has_no_warnings(tmp_path, compiler):
    need(compiler)
    build(tmp_path, CC=compiler, CFLAGS="-Werror")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_driver_runs_as_it_is(tmp_path, compiler):
    need(compiler)
    run(driver(tmp_path, compiler, "-O2"))


@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_driver_is_clean_under_the_sanitizers(tmp_path, sanitizers):
    need("gcc")
    program = driver(tmp_path, "gcc", "-g", "-O1", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all")
    # The child of a fork has no threads any more that it could join.
    run(program, env=os.environ | {"TSAN_OPTIONS": "report_thread_leaks=0"})


def test_driver_is_clean_under_valgrind(tmp_path):
    need("valgrind")
    program = driver(tmp_path, "gcc", "-g", "-O1")
    run("valgrind", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite,possible",
        "--track-fds=yes", "--trace-children=yes", program)  # fmt: skip


def test_tests_of_the_shim_pass_with_address_and_undefined_behaviour_sanitizers(tmp_path):
    need("gcc")
    library = run("gcc", "-print-file-name=libasan.so").stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("gcc has no libasan")
    package = build(tmp_path, CC="gcc", CFLAGS=" ".join(SANITIZED))
    # Python itself leaves memory behind at its end; that is not what is looked for.
    environment = {"LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "PYTHONPATH": str(package)}
    done = run(sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow",
               "tests/test_image.py", "tests/test_delay.py", "tests/test_machine.py", "tests/test_hw_fabric.py",
               "--deselect", "tests/test_image.py::test_bus_errors_of_others_stay_what_they_were",
               cwd=ROOT, env=os.environ | environment)  # fmt: skip
    assert " passed" in done.stdout
    where = "import kernel_port._shims as s; print(s.__file__)"
    used = run(sys.executable, "-P", "-c", where, env=os.environ | environment).stdout
    assert used.startswith(str(package))


def build(tmp_path, **environment):
    """Build the package, extension module and all, in a folder of its own; return where it can be imported from."""
    source, package = tmp_path / "source", tmp_path / "package"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("c_shims", "kernel_port"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    run(sys.executable, "setup.py", "-q", "build", "--build-lib", package, cwd=source, env=os.environ | environment)
    assert list(package.glob("kernel_port/_shims*.so"))
    return package
