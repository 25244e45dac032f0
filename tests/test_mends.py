# SPDX-License-Identifier: GPL-2.0-only
"""What is put on top of the series: names, versions, files of one's own, their order, and what is refused."""

import json
import pickle
import re
import subprocess
import sys

import pytest

import kernel_port
from kernel_port.choice import KernelChoice
from kernel_port.cli import COMMANDS, main, parser_of
from kernel_port.hw.errors import MachineError
from kernel_port.link import link
from kernel_port.mends import PACKAGE, shipped
from kernel_port.scenarios import load, play

EXAMPLES = PACKAGE / "images" / "examples"

#: A module that changes what pci_reset_bus() returns.
CHANGED = "MODIFIES = ('pci_reset_bus',)\ndef pci_reset_bus(bus):\n    return 42\n"


@pytest.fixture
def write(tmp_path):
    """Write a module of one's own; returns its path."""

    def write(source, name="mine.py"):
        path = tmp_path / name
        path.write_text(source)
        return path

    return write


def refusal(*extra, patches=8, needs=False):
    """The line that refuses a kernel, from the name of the file on."""
    with pytest.raises(MachineError) as caught:
        link(KernelChoice.of(patches, extra, needs=needs))
    text = str(caught.value)
    assert "\n" not in text
    return re.sub(r"/\S+/", "", text)


# -- what a choice is --------------------------------------------------------------------------------------------------


def test_choice_names_the_kernel(write):
    path = write(CHANGED)
    assert KernelChoice.of(8).name == "linux-3.11+8"
    assert KernelChoice.of(0).point == "base"
    assert KernelChoice.of(8, ["tune-bus-reset-timing", path]).name == "linux-3.11+8+tune-bus-reset-timing+mine"


def test_choice_is_a_value(write):
    choice = KernelChoice.of(8, [write(CHANGED)])
    assert pickle.loads(pickle.dumps(choice)) == choice
    assert {choice, KernelChoice.of(choice)} == {choice}


def test_boot_with_a_file_reaches_it_from_unpatched_callers(write):
    source = CHANGED.replace("pci_reset_bus", "pci_dev_reset").replace("(bus)", "(dev, probe)")
    with kernel_port.boot("example:vga", extra=[write(source)]) as machine:
        assert machine.call("pci_reset_function", machine.function("01:00.0")) == 42
        assert machine.kernel.__name__ == "linux-3.11+8+mine"


def test_a_file_that_imports_all_of_a_patch_does_not_take_its_declarations(write):
    path = write("from kernel_port.patch.p07_add_slot_and_bus_reset_interfaces import *\n" + CHANGED)
    assert link(KernelChoice.of(8, [path])).pci_reset_bus(None) == 42


def test_a_file_that_changes_is_loaded_again(write):
    assert link(KernelChoice.of(8, [write(CHANGED)])).pci_reset_bus(None) == 42
    assert link(KernelChoice.of(8, [write(CHANGED.replace("42", "43"))])).pci_reset_bus(None) == 43


def test_nothing_is_written_beside_a_file(write):
    path = write(CHANGED)
    link(KernelChoice.of(8, [path]))
    assert list(path.parent.iterdir()) == [path]


def test_a_version_stands_for_all_its_mends():
    names = {mend.name for mend in shipped().values() if mend.version == "v3.12"}
    assert "tune-bus-reset-timing" in names
    assert {mend.name for mend in KernelChoice.of(8, ["v3.12"]).mends} == names


# -- what does not load ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "ADDS = ('pci_reset_bus',)\nMODIFIES = ADDS\ndef pci_reset_bus(bus): return 0\n",
            "mine.py:1: both ADDS and MODIFIES name pci_reset_bus: name it in MODIFIES alone",
        ),
        ("def f(:\n", "mine.py:1: invalid syntax"),
        ("ADDS = ()\nfrom kernel_port.base.pci import nope\n", "mine.py:2: ImportError: cannot import name 'nope'"),
        ("\nADDS = gone\n", "mine.py:2: NameError: name 'gone' is not defined"),
        ("raise SystemExit(3)\n", "mine.py:1: SystemExit: 3"),
        ("MODIFIES = ('pci_reset_bus')\n", "mine.py:1: MODIFIES is not a tuple of names"),
        ("REQUIRES = (3,)\n", "mine.py:1: REQUIRES is not a tuple of names"),
    ],
)
def test_a_file_that_does_not_load_is_refused_with_its_line(write, source, said):
    assert refusal(write(source)).startswith(said)


def test_a_file_that_is_not_text_is_refused(write):
    path = write("")
    path.write_bytes(b"\xff\xfe\0")
    assert refusal(path).startswith("mine.py")


# -- what does not fit -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "ADDS = ()\ndef pci_reset_bus(bus): return 0\n",
            "mine.py:2: defines pci_reset_bus, which is neither in ADDS nor in MODIFIES: name it in MODIFIES",
        ),
        (
            "def pci_save_state(dev): return 0\n",
            "mine.py:1: adds pci_save_state, which is in base.pci already; to change it, name it in MODIFIES",
        ),
        ("ADDS = ('new',)\n", "mine.py:1: ADDS names new, which is not defined here"),
        (
            "MODIFIES = ('pci_reset_buss',)\ndef pci_reset_buss(bus): return 0\n",
            "mine.py:2: modifies pci_reset_buss, which does not exist; the nearest is pci_reset_bus",
        ),
        (
            "ADDS = ('new',)\ndef new(dev):\n\n    return pci_dev_lok(dev)\n",
            "mine.py:4: new uses pci_dev_lok, which does not exist; the nearest is pci_dev_lock",
        ),
    ],
)
def test_a_file_that_does_not_fit_is_refused_with_line_and_symbol(write, source, said):
    assert refusal(write(source)) == said


def test_other_parameters_are_refused_while_somebody_calls_the_function(write):
    source = "MODIFIES = ('pci_bus_reset',)\ndef pci_bus_reset(bus):\n    return 0\n"
    said = "mine.py:2: pci_bus_reset takes other parameters than before (kernel_port.patch.p07_add_slot_and_bus_reset"
    assert refusal(write(source)).startswith(said)
    more = "def pci_reset_bus(bus):\n    return pci_bus_reset(bus)\n"
    link(KernelChoice.of(8, [write(source.replace("',)", "', 'pci_reset_bus')") + more)]))


def test_a_symbol_of_a_later_patch_is_said_to_be_one(write):
    said = "mine.py:2: modifies pci_reset_bus, which does not exist; patch 7 adds it: --patches 7 or more"
    assert refusal(write(CHANGED), patches=6) == said


def test_two_modules_of_one_function_need_an_order(write):
    first, second = write(CHANGED, "first.py"), write(CHANGED, "second.py")
    assert refusal(first, second).startswith("second.py:2: modifies pci_reset_bus, as first.py:2 does;")
    second.write_text(CHANGED.replace("42", "43") + "REQUIRES = ('first',)\n")
    assert link(KernelChoice.of(8, [second, first])).pci_reset_bus(None) == 43


def test_what_is_required_is_said_or_taken_along(write):
    path = write("REQUIRES = ('tune-bus-reset-timing',)\nMODIFIES = ()\n")
    said = "mine.py:1: mine REQUIRES tune-bus-reset-timing: add --with tune-bus-reset-timing, or --with-needs"
    assert refusal(path) == said
    assert KernelChoice.of(8, [path], needs=True).name == "linux-3.11+8+tune-bus-reset-timing+mine"


def test_what_nobody_has_cannot_be_required(write):
    assert refusal(write("REQUIRES = ('gone',)\n"), needs=True).startswith("mine.py:1: REQUIRES 'gone', and no mend")


def test_a_circle_is_refused(write):
    one = write("MODIFIES = ()\nREQUIRES = ('two',)\n", "one.py")
    two = write("MODIFIES = ()\nREQUIRES = ('one',)\n", "two.py")
    assert refusal(one, two) == "one.py:2: REQUIRES goes in a circle: one requires two requires one"


def test_a_mend_that_does_not_exist_is_refused_with_the_nearest():
    assert refusal("tune-bus-reset-timming").startswith(
        "there is no mend 'tune-bus-reset-timming'; did you mean tune-bus-reset-timing"
    )


# -- the command line --------------------------------------------------------------------------------------------------


def test_command_line_says_in_one_line_what_is_wrong(write, capsys):
    path = write("MODIFIES = ('pci_reset_bus',)\ndef pci_reset_bus(bus):\n    return bus.gone\n")
    assert main(["run", "bus-unmasked", "--with", str(path), "-q"]) == 2
    assert (
        capsys.readouterr().err == f"kernel-port: {path}:3: AttributeError: 'pci_bus' object has no attribute 'gone'\n"
    )


def test_command_line_blames_a_file_for_what_others_make_of_it(write, capsys):
    path = write("MODIFIES = ('pci_find_capability',)\ndef pci_find_capability(dev, cap):\n    return 'nowhere'\n")
    assert main(["reset", "example:vga", "slot:1", "--with", str(path)]) == 2
    assert re.fullmatch(
        rf"kernel-port: {path}: with this the kernel fails at kernel_port/base/\w+\.py:\d+: TypeError: .*\n",
        capsys.readouterr().err,
    )


def test_command_line_without_a_file_is_refused(capsys):
    assert main(["run", "mess", "--with", "./gone.py"]) == 2
    assert capsys.readouterr().err == "kernel-port: gone.py: No such file or directory\n"


def test_events_of_a_file_name_its_lines(write, capsys):
    source = """
from kernel_port.kernel.delay import msleep
MODIFIES = ("pci_reset_bus",)
def pci_reset_bus(bus):
    msleep(77)
    return 0
"""
    path = write(source)
    assert main(["run", "bus-unmasked", "--with", str(path)]) in (0, 1)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "sleep 77 ms" in line]
    assert "mine:5" in line


def test_every_mend_that_ships_links_and_says_what_a_reviewer_needs():
    link(KernelChoice.of(8, list(shipped())))
    for mend in shipped().values():
        assert {"Why", "What", "Look at", "Upstream", "Adapted"} <= mend.paragraphs.keys(), mend.name
        assert mend.version in mend.paragraphs["Upstream"], mend.name
        link(KernelChoice.of(8, [mend.name], needs=True))


def test_linking_the_series_imports_no_mend():
    code = "import sys, kernel_port.link; kernel_port.link.link(8); print([m for m in sys.modules if '.later.' in m])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_that_takes_patches_takes_what_is_on_top(command):
    options = {option for action in parser_of(command)._actions for option in action.option_strings}
    if command != "compare":  # its right side is a kernel that was recorded
        assert {"--with", "--with-needs"} <= options or "--patches" not in options


@pytest.mark.parametrize(
    "argv",
    [
        ("reset", "example:vga", "slot:1"),
        ("run", "calm", "-q"),
        ("explore", "calm"),
        ("why", "example:vga", "01:00.0"),
        ("tree", "example:vga"),
        ("bisect", "calm"),
        ("show", "pcie_flr"),
        ("read", "pcie_flr"),
    ],
)
def test_command_with_a_version_on_top_does_its_work(capsys, argv):
    assert main([*argv, "--with", "v3.12"]) == 0
    assert capsys.readouterr().out


def test_bisect_goes_on_through_what_is_on_top(capsys):
    main(["bisect", "trhfa", "--with", "tune-bus-reset-timing", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert [(point["patches"], point["with"]) for point in found["points"]] == [
        *((patches, []) for patches in range(9)), (8, ["tune-bus-reset-timing"]),
    ]  # fmt: skip
    assert [point["outcome"] for point in found["points"][-2:]] == ["not restored", "calm"]
    last = found["steps"][-1]
    assert (last["patch"], last["with"]) == (None, ["tune-bus-reset-timing"])
    assert last["changes"]["config space"][1] == "restored"


def test_census_resumes_only_with_the_same_kernel(tmp_path, capsys):
    report = tmp_path / "fleet.jsonl"
    (tmp_path / "vga.toml").write_text((EXAMPLES / "vga.toml").read_text())
    argv = ["census", str(tmp_path / "vga.toml"), "--resume", str(report)]
    assert main([*argv, "--with", "v3.12"]) == 0
    assert json.loads(report.read_text())["with"] == ["v3.12"]
    assert main(argv) == 0
    assert json.loads(report.read_text())["with"] == []


@pytest.mark.parametrize(
    ("scenario", "before", "after"),
    [
        # a second is 2^25 clocks at 33 MHz: what settles in it is restored
        ("trhfa", ["config space restored"], []),
        # but the removal is as false as before: v312-mess-bus has no card left either
        ("bus-unmasked", ["no false removal"], ["no false removal"]),
    ],
)
def test_v3_12_changes_what_scenarios_show(scenario, before, after):
    found = [play(load(scenario), kernel).broken for kernel in (8, KernelChoice.of(8, ["v3.12"]))]
    assert [[line.partition(":")[0] for line in broken] for broken in found] == [before, after]
