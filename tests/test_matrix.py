# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port mends: the matrix of scenarios by kernels. What it must be is in matrix.txt, which is read by hand:
a line for each scenario, its verdicts at base, +1 ... +8, then what differs from +8, by kernel."""

import json
import re

import pytest
from browser import SIZES, axe, chromium, errors, show
from paths import TESTS

from kernel_port.cli import main
from kernel_port.matrix import FAILS, HOLDS, NOT_THERE, cell, columns
from kernel_port.scenarios import names

SIGNS = {HOLDS: ".", FAILS: "X", NOT_THERE: "-"}
LINES = dict(line.split(None, 1) for line in (TESTS / "matrix.txt").read_text().splitlines() if line[0] != "#")
#: Cells that a reader of the mends can say beforehand: scenario, kernel.
KNOWN = [
    ("mess", "+4", FAILS),
    ("mess", "+5", HOLDS),
    ("empty-polled", "+6", NOT_THERE),
    ("empty-polled", "+8", FAILS),
    ("empty-polled", "reset-lock", HOLDS),
    ("removed-twice", "hotplug-lock", FAILS),
    ("removed-twice", "all", HOLDS),
    ("nested-removal", "+8", HOLDS),
    ("nested-removal", "lock-rescan-remove", FAILS),
]


def line_of(scenario):
    """The line of a scenario in matrix.txt, by playing it."""
    cells = [cell(scenario, column) for column in columns()]
    series, mended = cells[:9], cells[9:]
    differs = [f"{each.column.label}{SIGNS[each.verdict]}" for each in mended if each.verdict != series[8].verdict]
    return " ".join(["".join(SIGNS[each.verdict] for each in series), *differs])


@pytest.mark.parametrize(("scenario", "label", "verdict"), KNOWN)
def test_cell_has_the_verdict(scenario, label, verdict):
    (column,) = (column for column in columns() if column.label == label)
    assert cell(scenario, column).verdict == verdict


@pytest.mark.parametrize("scenario", names())
def test_matrix_has_the_cell_of_all_mends(scenario):
    *_, everything = columns()
    series, *differs = LINES[scenario].split()
    told = next((word[-1] for word in differs if word[:-1] == everything.label), series[8])
    assert SIGNS[cell(scenario, everything).verdict] == told


@pytest.mark.slow
@pytest.mark.parametrize("scenario", names())
def test_matrix_has_the_row(scenario):
    assert line_of(scenario) == LINES[scenario]


def test_page_leads_from_each_cell_to_its_run(tmp_path, capsys):
    file = tmp_path / "mends.html"
    assert main(["mends", "empty-polled", "--html", str(file), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    written = file.read_text()
    links = re.findall(r'href="#([^"]+)" title="[^"]+" aria-label="[^"]+: (\w+)">[✓✗]<', written)
    assert [verdict for _, verdict in links] == [each["verdict"] for each in found if each["verdict"] != NOT_THERE]
    assert all(f'<div class="run" id="{target}"' in written for target, _ in links)
    (command,) = re.findall(r"kernel-port (run empty-polled --with reset-lock --with-needs)<", written)
    assert main([*command.split(), "-q"]) == 0
    assert main(["run", "empty-polled", "--patches", "8", "-q"]) == 1


@pytest.mark.slow
def test_page_fits_the_screen_and_shows_the_run_of_a_mark(tmp_path):
    file = tmp_path / "mends.html"
    assert main(["mends", "mess", "ari", "--html", str(file)]) == 0
    with chromium(tmp_path / "profile") as browser:
        for size in SIZES:
            for scheme in ("light", "dark"):
                show(browser, *size, scheme)
                browser.get("about:blank")
                browser.get(f"{file.as_uri()}#mess-4")
                html = "const html = document.documentElement; return "
                assert browser.execute_script(f"{html} [html.scrollWidth, html.scrollHeight]") == list(size)
                shown = [each.text for each in browser.find_elements("css selector", ".run") if each.is_displayed()]
                assert len(shown) == 1
                assert shown[0].startswith("mess, +4: fails\n")
                assert axe(browser) == []
        assert errors(browser) == []


def test_terminal_says_what_a_sign_means(capsys):
    assert main(["mends", "empty-polled"]) == 0
    *_, head, row = capsys.readouterr().out.splitlines()
    by_number = {number: row[head.index(f" {number:>2}") + 2 :][:1] for number in range(9)}
    assert by_number[8] == "X"
    assert by_number[6] == " "


def test_scenario_that_does_not_exist_is_refused(capsys):
    assert main(["mends", "gone"]) == 2
    assert "there is no scenario 'gone'" in capsys.readouterr().err
