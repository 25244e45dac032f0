# SPDX-License-Identifier: GPL-2.0-only
"""The fuzzer itself: it fails when something is wrong, and what failed can be made again."""

from random import Random

import engine
import pytest


def test_run_names_the_case_that_fails_and_that_case_fails_again():
    def one_in_twenty(rng):
        assert rng.randrange(20), "nought"

    with pytest.raises(engine.Failure, match="nought") as failure:
        engine.run("x", one_in_twenty, 500)
    seed, _, number = str(failure.value).rpartition(" ")[2].partition(":")
    with pytest.raises(engine.Failure):
        engine.run("x", one_in_twenty, 1, seed, int(number))
    engine.run("x", one_in_twenty, 1, seed, int(number) - 1)


def test_run_stops_a_case_that_hangs(monkeypatch):
    monkeypatch.setattr(engine, "TIME_LIMIT", 0.05)

    def for_ever(_rng):
        while True:
            try:
                while True:
                    sum(range(100))
            except Exception:
                continue

    with pytest.raises(engine.Failure, match="Hang"):
        engine.run("x", for_ever, 1)


@pytest.mark.parametrize("mutate", [engine.mutated, engine.mutated_lines])
def test_mutations_are_the_same_each_time_and_differ_by_seed(mutate):
    data = b"00:01.0 x\n00: 86 80\n10: 00 00\n"
    made = [mutate(Random(seed), data, (b"one\ntwo",)) for seed in range(60)]
    assert made == [mutate(Random(seed), data, (b"one\ntwo",)) for seed in range(60)]
    assert len(set(made)) > 40
    assert isinstance(mutate(Random(1), b"", (b"",)), bytes)


def test_mutated_json_leaves_what_it_is_given():
    value = {"a": [1, 2, {"b": "c"}], "d": 4}
    made = [engine.mutated_json(Random(seed), value) for seed in range(40)]
    assert value == {"a": [1, 2, {"b": "c"}], "d": 4}
    assert sum(each != value for each in made) > 30
