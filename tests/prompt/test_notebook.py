# SPDX-License-Identifier: GPL-2.0-only
"""docs/notebook.ipynb runs, and shows what it is about."""

import pytest
from paths import ROOT


@pytest.mark.slow
def test_notebook_runs_and_shows_its_answers(tmp_path):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    notebook = nbformat.read(ROOT / "docs/notebook.ipynb", as_version=4)
    assert all(not cell.get("outputs") for cell in notebook.cells), "outputs go out of date"
    nbclient.NotebookClient(notebook, timeout=60, resources={"metadata": {"path": tmp_path}}).execute()
    shown = {cell.id: cell.outputs for cell in notebook.cells if cell.cell_type == "code"}
    html = {
        name: "".join(output.get("data", {}).get("text/html", "") for output in outputs)
        for name, outputs in shown.items()
    }
    assert html["boot"].startswith("<pre>vga, Linux 3.11")
    assert "<td>pcie_flr</td><td>-ENOTTY</td>" in html["why"]
    assert "<td>PCI_PM_CTRL</td>" in html["register"]
    assert html["reset"].startswith("<iframe ")
    removed, back = "".join(output["text"] for output in shown["poke"]).splitlines()
    assert "0000:01:00.0" not in removed
    assert "<pci_dev 0000:01:00.0 10de:0a65 slot 1>" in back


@pytest.mark.slow
def test_prompt_is_ipythons_where_it_is_installed(tmp_path):
    pytest.importorskip("IPython")
    import subprocess
    import sys

    lines = "01:00.0 COMMAND\nundo\nwait 5\nsession.now\nexit\n"
    command = [sys.executable, "-m", "kernel_port", "shell", "example:vga"]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, timeout=60, check=False, cwd=tmp_path,
                          env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "TERM": "dumb"})  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "PCI_COMMAND=0x0007 IO+ MEMORY+ MASTER+" in done.stdout
    assert "there is nothing to undo" in done.stdout + done.stderr
    assert "5.0" in done.stdout
