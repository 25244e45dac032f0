# SPDX-License-Identifier: GPL-2.0-only
"""The form of an answer. A resumed report is a file, and a file may contain anything."""

from __future__ import annotations

from typing import Any

#: Keys of every answer, ...
JOB = {"file": str, "size": int | None, "mtime_ns": int | None, "patches": int, "with": [str], "yours": [str],
       "error": str | None}  # fmt: skip
#: ... and further keys of one that is not an error.
MACHINE = {
    "machine": str, "warnings": int, "unseen": int, "untried": int, "alone": int, "together": int, "fails": int,
    "none": int, "unknown": int, "stand_ins": [str],
    "functions": [{
        "bdf": str, "vendor": int, "device": int, "class": int, "driver": str | None, "outcome": str,
        "how": str | None, "fault": str | None, "along": int, "refused": [int],
        "unknown": [str],
    }],
    "groups": [{
        "kind": str, "name": str, "bridge": str | None, "rc": int | None, "refused": int | None, "takes": [str],
        "fault": str | None,
    }],
    "guards": [{
        "rung": str, "rc": int, "file": str, "line": int, "function": str, "c": str, "text": str,
        "because": str, "explanation": str,
    }],
}  # fmt: skip


def is_answer(record: Any) -> bool:
    """Return whether *record* is an answer, as answer() makes them."""
    # reports of 0.1 have no "with", and those of 0.2.0 no "yours"
    if not (isinstance(record, dict) and has_form({"with": [], "yours": []} | record, JOB)):
        return False
    return record["error"] is not None or (has_form(record, MACHINE) and all(map(_refers(record), record["functions"])))


def has_form(value: Any, form: Any) -> bool:
    """Return whether a JSON value has the keys of *form*, and the right kind of value for each."""
    if isinstance(form, dict):
        return isinstance(value, dict) and all(key in value and has_form(value[key], form[key]) for key in form)
    if isinstance(form, list):
        return isinstance(value, list) and all(has_form(each, form[0]) for each in value)
    return isinstance(value, form)


def _refers(record: Any) -> Any:
    """Return whether a function's outcome is one, has its method or fault, and refers to existing guards."""
    guards = range(len(record["guards"]))

    def check(function: Any) -> bool:
        outcome = function["outcome"]
        is_known = outcome in ("none", "unknown") or (outcome == "fails" and function["fault"])
        is_known = is_known or (outcome in ("alone", "together") and function["how"])
        return bool(is_known) and all(number in guards for number in function["refused"])

    return check
