# SPDX-License-Identifier: GPL-2.0-only
"""Hostile git repositories: none starts a program, none fills the memory."""

import shutil
import subprocess

import pytest

from kernel_port.cli import main
from kernel_port.review.upstream.git import git

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")
IDENTITY = ("-c", "user.name=A", "-c", "user.email=a@b")


def run(repository, *words, given=b""):
    """Run git as the attacker who makes the repository."""
    command = ["git", "-C", str(repository), *IDENTITY, *words]
    return subprocess.run(command, input=given, check=True, capture_output=True).stdout.decode().strip()


@pytest.fixture
def repository(tmp_path):
    """A kernel tree of one file, committed."""
    (tmp_path / "k/drivers/pci").mkdir(parents=True)
    (tmp_path / "k/drivers/pci/pci.c").write_text("int f(void)\n{\n}\n")
    run(tmp_path / "k", "init", "-q")
    run(tmp_path / "k", "add", "-A")
    run(tmp_path / "k", "commit", "-q", "-m", "x")
    return tmp_path / "k"


#: Configuration, and files of the repository, by which git starts a program; {} is one that leaves a trace.
WAYS = {
    "fsmonitor": {"core.fsmonitor": "{}"},
    "hooks": {"core.hooksPath": "hooks"},
    "pager": {"core.pager": "{}", "pager.ls-tree": "{}", "pager.cat-file": "{}", "pager.rev-parse": "{}"},
    "textconv": {"diff.evil.textconv": "{}"},
    "filter": {"filter.evil.smudge": "{}", "filter.evil.clean": "{}", "filter.evil.process": "{}"},
    "external": {"diff.external": "{}"},
    "alias": {"alias.rev-parse": "!{}", "alias.ls-tree": "!{}", "alias.cat-file": "!{}"},
    "askpass": {"core.askPass": "{}", "credential.helper": "!{}"},
    "ssh": {"core.sshCommand": "{}", "core.gitProxy": "{}", "remote.origin.url": "ssh://x/y"},
    "upload-pack": {"remote.origin.url": ".", "remote.origin.uploadpack": "{}; git-upload-pack"},
    "ext": {"remote.origin.url": "ext::{}", "protocol.ext.allow": "always"},
    "alternates": {"core.alternateRefsCommand": "{}"},
}


@pytest.mark.parametrize("way", WAYS)
def test_git_configuration_of_a_repository_starts_no_program(repository, tmp_path, monkeypatch, way):
    trace, program = tmp_path / "started", tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {trace}\n")
    program.chmod(0o755)
    (repository / ".gitattributes").write_text("*.c filter=evil diff=evil\n")
    (repository / "hooks").mkdir()
    for hook in ("post-index-change", "reference-transaction", "post-checkout", "fsmonitor-watchman"):
        shutil.copy(program, repository / "hooks" / hook)
    blob = run(repository, "rev-parse", "HEAD:drivers/pci/pci.c")
    (repository / ".git/objects" / blob[:2] / blob[2:]).unlink()  # to be fetched
    lazy = {"core.repositoryformatversion": "1", "extensions.partialClone": "origin", "remote.origin.promisor": "true"}
    for key, value in (lazy | WAYS[way]).items():
        run(repository, "config", key, value.format(program))
    # What the caller's own environment names must not run either.
    for name in ("GIT_PAGER", "GIT_SSH_COMMAND", "GIT_ASKPASS", "GIT_EXTERNAL_DIFF", "GIT_PROXY_COMMAND"):
        monkeypatch.setenv(name, str(program))
    assert main(["check", f"{repository}@HEAD"]) == 2
    assert main(["read", "1", "--c", f"{repository}@HEAD"]) == 2
    assert not trace.exists()


def test_git_environment_of_the_caller_names_no_other_repository(repository, tmp_path, monkeypatch):
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    assert git(repository, "rev-parse", "--verify", "HEAD").strip().decode().isalnum()


def test_git_tree_of_a_hundred_million_paths_is_one_line(repository, capsys):
    # Eight levels of ten entries, each the same tree.
    blob = run(repository, "rev-parse", "HEAD:drivers/pci/pci.c")
    tree = run(repository, "mktree", given="".join(f"100644 blob {blob}\tf{i}.c\n" for i in range(10)).encode())
    for _ in range(7):
        tree = run(repository, "mktree", given="".join(f"040000 tree {tree}\td{i}\n" for i in range(10)).encode())
    for folder in ("pci", "drivers"):
        tree = run(repository, "mktree", given=f"040000 tree {tree}\t{folder}\n".encode())
    commit = run(repository, "commit-tree", tree, "-m", "x")
    assert main(["check", f"{repository}@{commit}"]) == 2
    assert "more than is read of a repository" in capsys.readouterr().err


def test_git_file_longer_than_any_of_c_is_left_out(repository, capsys):
    blob = run(repository, "hash-object", "-w", "--stdin", given=bytes(5 << 20))
    tree = run(repository, "mktree", given=f"100644 blob {blob}\tpci.c\n".encode())
    for folder in ("pci", "drivers"):
        tree = run(repository, "mktree", given=f"040000 tree {tree}\t{folder}\n".encode())
    commit = run(repository, "commit-tree", tree, "-m", "x")
    assert main(["check", f"{repository}@{commit}"]) == 2
    assert "no drivers/pci with C files" in capsys.readouterr().err
