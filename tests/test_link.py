# SPDX-License-Identifier: GPL-2.0-only
"""The linker: every name resolves, patched callees reach unpatched callers, modules that do not fit are refused."""

import builtins
import dis
import sys
from functools import cache
from itertools import pairwise
from types import CodeType, FunctionType, ModuleType

import pytest

import kernel_port
from kernel_port.choice import KernelChoice
from kernel_port.hw.clock import Clock
from kernel_port.kernel.system import System
from kernel_port.link import LinkError, check, contents, link, relocate

POINTS = range(9)

LOADS = {"LOAD_GLOBAL", "LOAD_NAME"}


@cache
def global_names(code):
    """Every name that *code*, or code nested in it, looks up outside itself."""
    names = {instruction.argval for instruction in dis.get_instructions(code) if instruction.opname in LOADS}
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            names |= global_names(constant)
    return names


@pytest.mark.parametrize("point", POINTS)
def test_link_leaves_no_undefined_symbol(point):
    symtab = vars(link(point))
    undefined = {
        f"{name}: {used}"
        for name, function in symtab.items()
        if isinstance(function, FunctionType) and function.__globals__ is symtab
        for used in global_names(function.__code__)
        if used not in symtab and not hasattr(builtins, used)
    }
    assert undefined == set()


def test_global_names_are_found_in_nested_functions():
    def outer():
        return lambda: [undefined_here for _ in ()]  # noqa: F821

    assert "undefined_here" in global_names(outer.__code__)


@pytest.mark.parametrize("point", POINTS)
def test_link_points_data_at_its_own_functions(point):
    kernel, other = link(point), link(point)
    resets = [row.reset for row in kernel.pci_dev_reset_methods]
    assert [reset.__name__ for reset in resets] == [
        "reset_intel_82599_sfp_virtfn", "reset_ivb_igd", "reset_ivb_igd", "reset_intel_generic_dev",
    ]  # fmt: skip
    assert all(reset is getattr(kernel, reset.__name__) for reset in resets)
    assert not {*resets} & {row.reset for row in other.pci_dev_reset_methods}


@pytest.mark.parametrize("point", POINTS)
def test_link_relocates_every_function_of_a_module(point):
    kernel = link(point)
    functions = [getattr(kernel, name) for name in kernel.symbols if isinstance(getattr(kernel, name), FunctionType)]
    assert len(functions) > 300
    assert all(function.__globals__ is vars(kernel) for function in functions)


@pytest.mark.parametrize("point", POINTS)
def test_no_module_keeps_functions_in_its_data(point):
    """A function in a variable or a table would not be relocated: it would call the base for ever."""
    kernel = link(point)

    def functions_in(value):
        if isinstance(value, dict):
            value = [*value.keys(), *value.values()]
        if isinstance(value, (list, tuple, set, frozenset)):
            return [function for item in value for function in functions_in(item)]
        return [value] if isinstance(value, FunctionType) and value.__module__.startswith("kernel_port.") else []

    kept = {
        name: found
        for name, value in vars(kernel).items()
        if not isinstance(value, FunctionType) and (found := functions_in(value))
    }
    assert kept == {}


def test_link_patched_callee_is_reached_by_an_unpatched_caller():
    # pci_reset_function() is base code up to +5; __pci_dev_reset() is patched at +5.
    four, five = link(4), link(5)
    assert four.pci_dev_reset.__code__ is five.pci_dev_reset.__code__
    assert four.symbols["__pci_dev_reset"] == "base.pci"
    assert five.symbols["__pci_dev_reset"].startswith("patch.p05_")
    found = five.pci_dev_reset.__globals__["__pci_dev_reset"]
    assert found is getattr(five, "__pci_dev_reset")
    assert found.__code__ is not getattr(four, "__pci_dev_reset").__code__


def test_link_kernels_have_their_own_data():
    one, other = link(0), link(0)
    one.pci_root_buses.append("a bus")
    assert other.pci_root_buses == []
    assert link(0).pci_root_buses == []


def test_link_a_global_statement_changes_that_kernel_alone():
    def turn_on():
        global pciehp_debug  # noqa: PLW0603
        pciehp_debug = 1

    one, other = link(0), link(0)
    relocate(turn_on, vars(one))()
    assert (one.pciehp_debug, other.pciehp_debug) == (1, 0)


def test_link_runs_on_the_system_it_is_given():
    first, second = System(Clock()), System(Clock())
    one, other = link(0, first), link(0, second)
    one.msleep(1)
    other.msleep(2)
    assert [event.args for event in first.events] == [(1,)]
    assert [event.args for event in second.events] == [(2,)]


def test_link_each_point_adds_what_its_patch_declares():
    symbols = [set(link(point).symbols) for point in POINTS]
    added = [sorted(later - before) for before, later in pairwise(symbols)]
    assert added == [
        ["pci_reset_bridge_secondary_bus"],
        [],
        ["pci_hp_reset_slot"],
        ["pciehp_reset_slot", "reset_slot"],
        ["pci_dev_reset_slot_function"],
        ["pci_dev_lock", "pci_dev_restore", "pci_dev_save_and_disable", "pci_dev_unlock"],
        [
            "pci_bus_lock", "pci_bus_reset", "pci_bus_restore", "pci_bus_save_and_disable", "pci_bus_unlock",
            "pci_reset_bus", "pci_reset_slot",
            "pci_slot_lock", "pci_slot_reset", "pci_slot_restore", "pci_slot_save_and_disable", "pci_slot_unlock",
        ],
        [],
    ]  # fmt: skip


def test_link_exports_what_is_marked():
    # include/linux/pci.h of v3.12 has both with EXPORT_SYMBOL_GPL in pci.c
    assert "pci_reset_slot" in link(7).exports
    assert "pci_reset_bus" in link(7).exports
    assert "pci_reset_slot" not in link(6).exports
    assert "pci_dev_reset" not in link(8).exports


@pytest.mark.parametrize("point", [-1, 9])
def test_link_no_such_point_is_refused(point):
    with pytest.raises(ValueError, match=f"no point {point} of the series: it runs from 0 .base. to 8"):
        link(point)


def test_kernel_port_offers_the_patched_kernel_and_names_what_it_has_not():
    assert kernel_port.pci_reset_bus.__name__ == "pci_reset_bus"
    with pytest.raises(AttributeError, match="no_such_function"):
        _ = kernel_port.no_such_function
    with pytest.raises(AttributeError, match=r"linux-3.11\+3 has no symbol pci_reset_bus"):
        _ = link(3).pci_reset_bus


# -- refusals ----------------------------------------------------------------------------------------------------


def patch(source):
    """A patch module with this text, as the linker sees it."""
    module = ModuleType("p09")
    module.__file__, module.__annotations__ = "p09.py", {}
    exec("from __future__ import annotations\n" + source, vars(module))
    return contents(module)


def refusal(source, known=None, symtab=None):
    with pytest.raises(LinkError) as caught:
        check(patch(source), known or {}, symtab or {})
    return str(caught.value)


def test_check_module_that_defines_what_it_does_not_declare_is_refused():
    text = refusal("ADDS = ('one',)\ndef one(): return 1\ndef two(): return 2\n")
    assert text == "p09.py:1: defines two, which is neither in ADDS nor in MODIFIES: name it in ADDS"


def test_check_module_that_declares_what_it_does_not_define_is_refused():
    assert refusal("ADDS = ('one',)\n") == "p09.py:1: ADDS names one, which is not defined here"


def test_check_module_that_adds_what_exists_is_refused():
    text = refusal("ADDS = ('msleep',)\ndef msleep(): return 1\n", {"msleep": "kernel.delay"})
    assert text == "p09.py:1: adds msleep, which is in kernel.delay already; to change it, name it in MODIFIES"


def test_check_module_with_a_variable_that_exists_is_refused():
    text = refusal("pci_root_buses: list = []\n", {"pci_root_buses": "base.probe"})
    assert text == ("p09.py:1: adds pci_root_buses, which is in base.probe already; to change it, name it in MODIFIES")


def test_check_module_that_modifies_what_does_not_exist_is_refused():
    text = refusal("ADDS, MODIFIES = (), ('gone',)\ndef gone(): return 1\n")
    assert text == "p09.py:1: modifies gone, which does not exist"


def test_check_module_with_another_value_for_a_constant_is_refused():
    assert refusal("HZ = 100\n", symtab={"HZ": 1000}) == "p09.py:1: HZ is 100, elsewhere it is 1000"


def test_check_module_that_fits_is_accepted():
    source = "HZ = 1000\nADDS, MODIFIES = ('one',), ('two',)\ndef one(): return 1\ndef two(): return 2\n"
    check(patch(source), {"two": "base.pci"}, {"HZ": 1000})


def test_relocate_changes_nothing_but_where_names_are_looked_up():
    def original(first, second=2, *, third=3):
        """What it is for."""
        return first, second, third

    original.exported = "GPL"
    new = relocate(original, {"__name__": "elsewhere"})
    assert new(1) == (1, 2, 3)
    for name in ("__doc__", "__module__", "__qualname__", "__name__", "__annotations__", "__kwdefaults__", "exported"):
        assert getattr(new, name) == getattr(original, name), name
    assert new.__globals__ == {"__name__": "elsewhere"}


def test_link_refuses_patches_that_do_not_apply(monkeypatch):
    choice = sys.modules["kernel_port.choice"]
    monkeypatch.setattr(choice, "PATCHES", choice.PATCHES[7:])
    with pytest.raises(LinkError, match=r"p08_\w+\.py:\d+: modifies pci_dev_save_and_disable, which does not exist"):
        link(1)


STAND_IN = """
from kernel_port.kernel.structs import *
ADDS = ("pci_hp_reset_slot",)
MODIFIES = ()
def pci_hp_reset_slot(hotplug: hotplug_slot, probe: int) -> int:
    return RESULT
"""


def test_link_file_in_the_place_of_a_patch_is_called_by_the_patches_after_it(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(STAND_IN.replace("RESULT", "-77"))
    kernel = link(KernelChoice(8, instead=((3, str(path)),)), System(Clock()))
    assert kernel.symbols["pci_hp_reset_slot"].startswith("yours.mine_")
    assert kernel.pci_slot_reset(kernel.pci_slot(kernel.pci_bus(), 1), 1) == -77
    assert link(8).symbols["pci_hp_reset_slot"] == "patch.p03_add_pci_hp_reset_slot"
    assert KernelChoice.of(KernelChoice(8, instead=((3, "x.py"),)), ["tune-bus-reset-timing"]).instead == ((3, "x.py"),)


def test_link_file_in_the_place_of_a_patch_is_checked_as_one_on_top(tmp_path):
    path = tmp_path / "mine.py"
    path.write_text(STAND_IN.replace("RESULT", "module_putt(0)"))
    with pytest.raises(
        LinkError, match=r"mine\.py:6: pci_hp_reset_slot uses module_putt, .* the nearest is module_put$"
    ):
        link(KernelChoice(8, instead=((3, str(path)),)))


def test_kernel_without_a_machine_says_what_to_do(monkeypatch):
    monkeypatch.delattr(System, "latest", raising=False)
    with pytest.raises(RuntimeError, match=r"^no machine is running: call kernel_port\.boot\(\) first$"):
        link().msleep(1)
