# SPDX-License-Identifier: GPL-2.0-only
"""docs/side-by-side.md says what the command prints, beside a toy's kernel."""

import html
import re
import shlex

import pytest
import toys
from paths import ROOT

from kernel_port.cli import main
from kernel_port.review.read.page import LEGEND

PAGE = (ROOT / "docs" / "side-by-side.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```console\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
RUNS = [run for block in BLOCKS for run in re.split(r"^\$ kernel-port ", block, flags=re.MULTILINE)[1:]]


def unplaced(text):
    """Text without line numbers, which change with the modules, and the width that they take."""
    return re.sub(r" +", " ", re.sub(r"\d+", "N", text))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: run.partition("\n")[0])
def test_command_prints_what_follows_it(tmp_path, monkeypatch, capsys, run):
    toys.make_tree(tmp_path)
    monkeypatch.chdir(tmp_path)
    command, _, said = run.partition("\n")
    main(shlex.split(command))
    captured = capsys.readouterr()
    assert unplaced(captured.err + captured.out) == unplaced(said)


def test_picture_is_there_and_1280_wide():
    (name,) = re.findall(r"!\[[^]]*\]\((.*?)\)", PAGE)
    data = (ROOT / "docs" / name).read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    assert int.from_bytes(data[16:20], "big") == 1280  # the width, in the first chunk


def test_marks_of_the_table_are_those_of_the_pages():
    table = PAGE.partition("## Marks")[2].partition("\n## ")[0]
    assert [mark for mark, _ in LEGEND if f"`{html.unescape(mark)}`" not in table] == []
