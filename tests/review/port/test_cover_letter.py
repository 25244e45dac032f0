# SPDX-License-Identifier: GPL-2.0-only
"""kernel-port show --cover. Oracles: the modules, the linked kernel, the scenarios there are, and the real counts."""

import importlib
import json
import re

import pytest

from kernel_port import scenarios
from kernel_port.cli import main
from kernel_port.link import link
from kernel_port.review.port.cover_letter import PARAGRAPHS
from kernel_port.series import PATCHES

CLAIMS = [claim for paragraph in PARAGRAPHS for claim in paragraph.claims]


def out(capsys, *options):
    assert main(["show", "--cover", *options]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says[:30])
def test_claim_names_code_and_scenarios_that_exist(claim):
    for module, names in claim.code.items():
        defined = {
            name for name, each in vars(importlib.import_module(f"kernel_port.{module}")).items()
            if getattr(each, "__module__", "") == f"kernel_port.{module}"
        }  # fmt: skip
        assert set(names) <= defined
    assert set(claim.scenarios) <= set(scenarios.names())
    assert claim.scenarios
    assert claim.code


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.says[:30])
def test_claim_calls_functions_by_names_that_the_kernel_has(claim):
    kernel = link(len(PATCHES))
    called = re.findall(r"(\w+)\(\)", f"{claim.says} {claim.found}")
    assert [name for name in called if not hasattr(kernel, name)] == []


def test_every_patch_is_part_of_a_claim():
    told = {module.partition("patch.p")[2][:2] for claim in CLAIMS for module in claim.code}
    assert {f"{patch.number:02}" for patch in PATCHES} <= told


def test_text_has_each_claim_with_its_code_and_scenarios(capsys):
    text = out(capsys)
    assert text.startswith(
        "[PATCH v2 0/8] pci: bus and slot reset interface (Alex Williamson, Tue 7 May 2013 22:57:40 EST)\n"
    )
    assert re.findall(r"^(\d)  \w", text, re.MULTILINE) == ["1", "2", "3", "4", "5"]
    assert text.count("\n    claim     ") == text.count("\n    found     ") == len(CLAIMS)
    assert "\n    code      base/pci.py: pci_pm_reset\n    scenarios vga, asleep\n" in text
    assert max(map(len, text.splitlines())) <= 120
    assert "\033" not in text


def test_json_has_the_letter_and_its_paragraphs(capsys):
    shown = json.loads(out(capsys, "--json"))
    assert (shown["version"], shown["insertions"], shown["deletions"]) == (2, 370, 26)
    assert sum(shown["lines"].values()) == 370 + 26
    claims = [claim for paragraph in shown["paragraphs"] for claim in paragraph["claims"]]
    assert len(claims) == len(CLAIMS)
    (vga,) = [claim for claim in claims if claim["scenarios"] == ["vga", "asleep"]]
    assert vga["code"] == [{"file": "base/pci.py", "functions": ["pci_pm_reset"]}]


@pytest.mark.parametrize("arguments", [["show"], ["show", "--cover", "pci_reset_slot"]])
def test_show_takes_a_symbol_or_the_letter(capsys, arguments):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
