# SPDX-License-Identifier: GPL-2.0-only
"""Run git, only to read, on a repository that may be hostile: nothing in its configuration starts a program."""

from __future__ import annotations

import os
import subprocess
import tempfile
import threading
from pathlib import Path

from ...hw.errors import MachineError
from ...limits import SOURCES

#: No transport may fetch what a repository lacks, and nobody is asked for a password.
ENVIRONMENT = {
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_ALLOW_PROTOCOL": "",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "",
    "GIT_ATTR_NOSYSTEM": "1",
    "LC_ALL": "C.UTF-8",
}
#: Options that come before git's command, and win over any configuration.
OPTIONS = (
    "--no-pager", "--no-optional-locks", "--literal-pathspecs",
    "-c", "core.fsmonitor=", "-c", "core.hooksPath=/dev/null", "-c", "core.attributesFile=/dev/null",
    "-c", "core.sshCommand=", "-c", "core.gitProxy=", "-c", "credential.helper=", "-c", "core.alternateRefsCommand=",
)  # fmt: skip
#: How much of an error message is read.
_MESSAGE = 4096


def git(repository: Path, *arguments: str, given: bytes = b"", longest: int = SOURCES.bytes) -> bytes:
    """Run git and return its output.

    :param given: its standard input
    :param longest: how much output is read, bytes
    :raises MachineError: git is missing, refuses, takes too long or has more to say"""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")} | ENVIRONMENT
    with tempfile.TemporaryFile() as stdin, tempfile.TemporaryFile() as stderr:
        stdin.write(given)
        stdin.seek(0)
        command = ["git", *OPTIONS, "-C", str(repository), *arguments]
        try:
            process = subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=stderr, env=environment)
        except FileNotFoundError as error:
            raise MachineError("git is not installed; name a source directory or tarball") from error
        with process:
            assert process.stdout is not None
            alarm = threading.Timer(SOURCES.seconds, process.kill)
            alarm.start()
            try:
                output = process.stdout.read(longest + 1)
            finally:
                late = not alarm.is_alive()
                alarm.cancel()
                if late or len(output) > longest:
                    process.kill()
        if late or len(output) > longest:
            raise MachineError(f"{repository}: more than is read of a repository ({SOURCES}); name a source directory")
        if process.returncode:
            stderr.seek(0)
            said = stderr.read(_MESSAGE).decode("utf-8", "replace").strip().partition("\n")[0] or "no such revision"
            raise MachineError(f"{repository}: {said}; name a git repository and a revision in it")
    return output
