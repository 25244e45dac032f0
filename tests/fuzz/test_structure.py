# SPDX-License-Identifier: GPL-2.0-only
"""Hypothesis looks for structure, and makes what it finds small: pip install 'kernel_port[fuzz]'; pytest -m fuzz."""

import io
import json
import os
from contextlib import contextmanager

import inputs
import machines
import pytest
import texts

from kernel_port.hw.address import Address
from kernel_port.hw.description import FunctionDescription, MachineDescription
from kernel_port.hw.errors import MachineError
from kernel_port.images import dump, machine_toml
from kernel_port.images.doubts import guess_sizes, refuse_nonsense, warnings
from kernel_port.recordings import golden
from kernel_port.recordings.golden_replay import replay
from kernel_port.review.pages.html import data, text
from kernel_port.review.upstream import csource, mbox
from kernel_port.terminal import clean

hypothesis = pytest.importorskip("hypothesis")
st = hypothesis.strategies

pytestmark = pytest.mark.fuzz
#: A tenth of the campaign is Hypothesis's; it is a hundred times slower.
EXAMPLES = max(20, int(os.environ.get("FUZZ_CASES", "10000")) // 100)
hypothesis.settings.register_profile(
    "campaign", max_examples=EXAMPLES, deadline=None, derandomize=True, database=None,
    suppress_health_check=list(hypothesis.HealthCheck),
)  # fmt: skip
hypothesis.settings.load_profile("campaign")

addresses = st.builds(Address, st.integers(0, 0xFFFF), st.integers(0, 255), st.integers(0, 31), st.integers(0, 7))
configs = st.sampled_from((64, 128, 256, 4096)).flatmap(lambda size: st.binary(min_size=size, max_size=size))
functions = st.builds(
    lambda address, config: FunctionDescription(address, config, size=4096 if len(config) > 256 else 256),
    addresses,
    configs,
)
lines = st.lists(st.sampled_from(texts.C.split(b"\n")) | st.binary(max_size=30), max_size=30)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@contextmanager
def refused():
    """The body works, or says what is wrong with its input, which is called "any"."""
    try:
        yield
    except MachineError as error:
        assert str(error).startswith("any")  # noqa: PT017 - it need not be raised


@hypothesis.given(st.lists(functions, max_size=4, unique_by=lambda function: function.address))
def test_any_bytes_are_refused_or_read_back_as_written(found):
    machine = MachineDescription("any", sorted(found, key=lambda function: function.address))
    try:
        refuse_nonsense(machine.functions, "any")
    except MachineError:
        return
    guess_sizes(machine.functions)
    warnings(machine.functions)
    if found:
        inputs.whole(machine)


@hypothesis.given(st.text())
def test_any_text_is_a_dump_or_refused(source):
    with refused():
        dump.read(io.BytesIO(source.encode("utf-8", "replace")), "any")


@hypothesis.given(st.dictionaries(st.sampled_from(sorted(machine_toml.grammar.FUNCTION)), values, max_size=5))
def test_any_table_is_a_function_or_refused(table):
    with refused():
        machine_toml.build({"function": [{"address": "01:00.0", **table}]}, "any")


@hypothesis.given(st.integers(0, 40), st.lists(st.integers(0, 2**16), min_size=3, max_size=3), values)
def test_any_value_in_a_golden_trace_is_replayed_or_refused(trace, way, value):
    at = trace = json.loads(json.dumps(texts.traces()[trace]))
    for step in way:
        keys = list(at) if isinstance(at, dict) else range(len(at))
        if not keys:
            break
        key = keys[step % len(keys)]
        if step is not way[-1] and isinstance(at[key], dict | list):
            at = at[key]
        else:
            at[key] = value
            break
    with refused():
        replay(golden.parse(json.dumps(trace), "any:1"))


@hypothesis.given(lines)
def test_any_lines_of_c_have_their_definitions_in_the_text(found):
    source = b"\n".join(found).decode("utf-8", "replace")
    for function in csource.read(source).functions:
        assert function.text in source
        assert source.split("\n")[function.line - 1 : function.end_line] == function.text.split("\n")


@hypothesis.given(st.text())
def test_any_text_is_a_mailbox_or_refused(source):
    with refused():
        mbox.mails(source, "any")


@hypothesis.given(st.randoms(use_true_random=False))
def test_any_cycles_leave_what_is_fixed(rng):
    machines.hardware(rng)


@hypothesis.given(st.text() | st.text("<>&\"'/-!\u202e\u2066\u2028\x1b\x9b\x00script"))
def test_any_text_is_harmless_on_a_page_and_a_terminal(source):
    assert not set(text(source)) & set("<>\"'")
    element = data("x", {source: [source]})
    assert "<" not in element.removeprefix("<script ").removesuffix("</script>")
    assert "\u2028" not in element
    assert clean(source).isprintable()
