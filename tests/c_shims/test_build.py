# SPDX-License-Identifier: GPL-2.0-only
"""The shim under stricter eyes: both compilers' warnings, the sanitizers, valgrind.

shim_driver.c runs it without Python. A tool that is not installed skips its test; .ci/run installs them.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from paths import ROOT, TESTS

SHIM = [ROOT / "c_shims" / name for name in ("config_image.c", "delay.c")]
DRIVER = TESTS / "c_shims" / "shim_driver.c"
SANITIZED = ["-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]

pytestmark = pytest.mark.slow


def need(tool):
    if shutil.which(tool) is None:
        pytest.skip(f"{tool} is not installed")


def run(*argv, **options):
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=1800, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def complaint(*argv):
    """What a program that goes wrong says of it."""
    done = subprocess.run(argv, check=False, capture_output=True, text=True, timeout=600, env=ENVIRONMENT)
    assert done.returncode
    return done.stderr


def driver(tmp_path, compiler, *flags, wrong=None):
    """Compile the driver with the shim, with a text in one of the files replaced if something is to be *wrong*."""
    program, sources = tmp_path / "driver", [*SHIM, DRIVER]
    if wrong:
        name, old, new = wrong
        changed = tmp_path / name
        (original,) = [source for source in sources if source.name == name]
        assert original.read_text().count(old) == 1
        changed.write_text(original.read_text().replace(old, new))
        sources[sources.index(original)] = changed
    run(compiler, "-std=gnu11", "-D_GNU_SOURCE", "-pthread", *flags, f"-I{ROOT / 'c_shims'}", *sources,
        "-o", program)  # fmt: skip
    return program


def watched(tmp_path, compiler, sanitizers, wrong=None):
    """The driver under sanitizers, which clang has in a package of their own."""
    need(compiler)
    flags = ("-g", "-O1", f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all")
    (tmp_path / "empty.c").write_text("int main(void) { return 0; }\n")
    if subprocess.run([compiler, *flags, tmp_path / "empty.c", "-o", tmp_path / "empty"], check=False).returncode:
        pytest.skip(f"{compiler} is installed without its sanitizers")
    return driver(tmp_path, compiler, *flags, wrong=wrong)


@pytest.mark.parametrize("level", ["-O0", "-O2", "-O3"])
@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_shim_has_no_warnings(tmp_path, compiler, level):
    need(compiler)
    strict = ["-Wall", "-Wextra", "-Werror", "-Wshadow", "-Wconversion", "-Wstrict-prototypes", "-Wmissing-prototypes"]
    # Python's own headers are not asked to be so strict.
    python = ["-isystem", sysconfig.get_path("include")]
    for source in [*SHIM, ROOT / "c_shims" / "stack.c"]:
        run(compiler, "-std=gnu11", level, *strict, *python, "-c", source, "-o", tmp_path / "shim.o")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_extension_module_has_no_warnings(tmp_path, compiler):
    need(compiler)
    build(tmp_path, CC=compiler, CFLAGS="-Werror")


@pytest.mark.parametrize("compiler", ["gcc", "clang"])
def test_driver_runs_as_it_is(tmp_path, compiler):
    need(compiler)
    run(driver(tmp_path, compiler, "-O2"))


#: Compiler and what it watches for; clang alone has the one for memory that was never written.
WATCHED = [
    ("gcc", "address,undefined"), ("gcc", "thread"),
    ("clang", "address,undefined"), ("clang", "thread"), ("clang", "memory"),
]  # fmt: skip
#: The child of a fork has no threads any more that it could join.
ENVIRONMENT = os.environ | {"TSAN_OPTIONS": "report_thread_leaks=0"}
VALGRIND = ("valgrind", "--error-exitcode=9", "--leak-check=full", "--errors-for-leak-kinds=definite,possible",
            "--track-fds=yes", "--trace-children=yes")  # fmt: skip


@pytest.mark.parametrize(("compiler", "sanitizers"), WATCHED)
def test_driver_is_clean_under_the_sanitizers(tmp_path, compiler, sanitizers):
    run(watched(tmp_path, compiler, sanitizers), env=ENVIRONMENT)


def test_driver_is_clean_under_valgrind(tmp_path):
    need("valgrind")
    run(*VALGRIND, driver(tmp_path, "gcc", "-g", "-O1"))


#: Where something is done wrong, how, and what each of the watchers that can know says of it.
USED_WHEN_FREED = ("shim_driver.c", "config_image_free(NULL);", "config_image_lost(image);")
SIGN_SHIFTED_OUT = ("config_image.c", "(uint32_t)addr[3] << 24", "(uint32_t)(addr[3] << 24)")
ONE_COUNTER_FOR_TWO = ("shim_driver.c", "{ image, 0x14 }", "{ image, 0x10 }")
NEVER_WRITTEN = ("shim_driver.c", "memset(in, 0xa5, sizeof(in));", "")


@pytest.mark.parametrize(
    ("compiler", "sanitizers", "wrong", "said"),
    [
        *((compiler, "address,undefined", USED_WHEN_FREED, "heap-use-after-free") for compiler in ("gcc", "clang")),
        *((compiler, "address,undefined", SIGN_SHIFTED_OUT, "left shift of") for compiler in ("gcc", "clang")),
        *((compiler, "thread", ONE_COUNTER_FOR_TWO, "data race") for compiler in ("gcc", "clang")),
        ("clang", "memory", NEVER_WRITTEN, "use-of-uninitialized-value"),
    ],
)
def test_sanitizers_notice_what_is_wrong(tmp_path, compiler, sanitizers, wrong, said):
    assert said in complaint(watched(tmp_path, compiler, sanitizers, wrong))


def test_valgrind_notices_what_is_wrong(tmp_path):
    need("valgrind")
    assert "Invalid read of size" in complaint(*VALGRIND, driver(tmp_path, "gcc", "-g", "-O1", wrong=USED_WHEN_FREED))


def test_suite_passes_with_the_sanitizers_in_the_extension(tmp_path):
    need("gcc")
    library = run("gcc", "-print-file-name=libasan.so").stdout.strip()
    if not Path(library).is_absolute():
        pytest.skip("gcc has no libasan")
    package = build(tmp_path, CC="gcc", CFLAGS=" ".join(SANITIZED))
    # Python itself leaves memory behind at its end; that is not what is looked for. Bus errors are for the shim.
    # Processes that tests start get all of this, too; without the safe path they would find the checkout first.
    environment = os.environ | {
        "LD_PRELOAD": library, "ASAN_OPTIONS": "detect_leaks=0:handle_sigbus=0:abort_on_error=1",
        "PYTHONPATH": str(package), "PYTHONSAFEPATH": "1",
    }  # fmt: skip
    where = "import kernel_port._shims as s; print(s.__file__)"
    assert run(sys.executable, "-c", where, cwd=ROOT, env=environment).stdout.startswith(str(package))
    done = run(sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", cwd=ROOT, env=environment)
    assert " passed" in done.stdout


def test_package_without_the_stack_extension_traces_the_same(tmp_path):
    package = build(tmp_path, stack="#error another Python\n")
    assert not list(package.glob("kernel_port/_stack*.so"))
    argv = [sys.executable, "-m", "kernel_port", "reset", "example:vga", "slot:1", "--json"]
    environment = os.environ | {"PYTHONSAFEPATH": "1"}
    with_extension = run(*argv, env=environment).stdout
    assert run(*argv, env=environment | {"PYTHONPATH": str(package)}).stdout == with_extension


def build(tmp_path, stack=None, **environment):
    """Build the package in a folder of its own; return where it can be imported from.

    :param stack: what is to stand in stack.c; otherwise both extension modules must be there in the end"""
    source, package = tmp_path / "source", tmp_path / "package"
    source.mkdir()
    for name in ("setup.py", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, source)
    for name in ("c_shims", "docs", "kernel_port"):
        shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    if stack:
        (source / "c_shims" / "stack.c").write_text(stack)
    run(sys.executable, "setup.py", "-q", "build", "--build-lib", package, cwd=source, env=os.environ | environment)
    assert list(package.glob("kernel_port/_shims*.so"))
    assert stack or list(package.glob("kernel_port/_stack*.so"))
    return package
