# SPDX-License-Identifier: GPL-2.0-only
"""The form of an answer: a report that is gone on with is a file, and what is in a file may be anything."""

from __future__ import annotations

from typing import Any

#: What every answer has, ...
JOB = {"file": str, "size": int | None, "mtime_ns": int | None, "patches": int, "error": str | None}
#: ... and what one has that is no error.
MACHINE = {
    "machine": str, "warnings": int, "unseen": int, "alone": int, "together": int, "none": int,
    "functions": [{
        "bdf": str, "vendor": int, "device": int, "class": int, "driver": str | None, "outcome": str,
        "how": str | None, "along": int, "refused": [int],
    }],
    "groups": [{"kind": str, "name": str, "bridge": str | None, "rc": int, "refused": int | None, "takes": [str]}],
    "guards": [{
        "rung": str, "rc": int, "room": str, "line": int, "function": str, "c": str, "text": str,
        "because": str, "explanation": str,
    }],
}  # fmt: skip


def is_answer(record: Any) -> bool:
    """Whether *record* is what answer() gives."""
    if not has_form(record, JOB):
        return False
    return record["error"] is not None or (has_form(record, MACHINE) and all(map(_refers(record), record["functions"])))


def has_form(value: Any, form: Any) -> bool:
    """Whether a value of JSON has the keys of *form*, and at each of them what is to be there."""
    if isinstance(form, dict):
        return isinstance(value, dict) and all(key in value and has_form(value[key], form[key]) for key in form)
    if isinstance(form, list):
        return isinstance(value, list) and all(has_form(each, form[0]) for each in value)
    return isinstance(value, form)


def _refers(record: Any) -> Any:
    """Whether a function's outcome is one there is, has a way unless it is none, and names guards that are there."""
    guards = range(len(record["guards"]))

    def check(function: Any) -> bool:
        is_known = function["outcome"] == "none" or (function["outcome"] in ("alone", "together") and function["how"])
        return bool(is_known) and all(number in guards for number in function["refused"])

    return check
