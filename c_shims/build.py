# SPDX-License-Identifier: GPL-2.0-only
"""Join config_image.[ch] and delay.[ch] into the extension module kernel_port._shims (cffi, API mode).

stack.c is no part of it: what it returns are Python objects, which cffi cannot hand over. setup.py builds it."""

import os
import re
import shlex
import shutil
import subprocess
import sysconfig
from pathlib import Path

from cffi import FFI

HERE = Path(__file__).parent
HEADERS = ["config_image.h", "delay.h"]
REGISTERS = (HERE / "pci_regs.cdef.h").read_text()

# Report what is missing before the compiler runs: its own message would be lost in a hundred lines from pip.
compiler = shlex.split(os.environ.get("CC") or sysconfig.get_config_var("CC") or "cc")
flags = shlex.split(os.environ.get("CFLAGS", "") + " " + os.environ.get("CPPFLAGS", ""))
if shutil.which(compiler[0]) is None:
    raise SystemExit(
        f"kernel_port needs a C compiler and {compiler[0]} is not there: "
        "install gcc and libc6-dev (Debian), gcc (Fedora) or build-base (Alpine), or set CC to yours"
    )
if not Path(sysconfig.get_path("include"), "Python.h").exists():
    raise SystemExit("kernel_port needs Python.h: install python3-dev (Debian, Alpine) or python3-devel (Fedora)")
preprocess = [*compiler, *flags, "-E", "-x", "c", "-"]
if subprocess.run(preprocess, input=b"#include <linux/pci_regs.h>\n", capture_output=True, check=False).returncode:
    raise SystemExit(
        "kernel_port needs linux/pci_regs.h: install libc6-dev (Debian), kernel-headers (Fedora)"
        " or linux-headers (Alpine)"
    )

declarations = [re.sub(r"^#.*", "", (HERE / name).read_text(), flags=re.MULTILINE) for name in HEADERS]
# A name that this machine's header lacks gets the value of 2013; the compiler compares all others.
values = re.findall(r"^#define (\w+) (\w+)$", REGISTERS, flags=re.MULTILINE)
missing = "".join(f"#ifndef {name}\n#define {name} {value}\n#endif\n" for name, value in values)

# API mode: cffi checks the arguments, and releases the interpreter lock around each call so that other threads can run.
ffibuilder = FFI()
ffibuilder.cdef("".join([*declarations, REGISTERS]))
ffibuilder.set_source(
    "kernel_port._shims",
    "".join(f'#include "{name}"\n' for name in HEADERS) + "#include <linux/pci_regs.h>\n" + missing,
    sources=["c_shims/config_image.c", "c_shims/delay.c"],
    include_dirs=["c_shims"],
    depends=[f"c_shims/{name}" for name in [*HEADERS, "pci_regs.cdef.h"]],
    extra_compile_args=["-std=gnu11", "-O3", "-Wall", "-Wextra"],
)
