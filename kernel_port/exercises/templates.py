# SPDX-License-Identifier: GPL-2.0-only
"""The file that a student gets: our module without its bodies, functions to be mended, or a machine to go on from."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from ..choice import ALL, KernelChoice
from ..review.port.definitions import modules
from ..review.port.skeleton import newest, skeleton
from .exercise import Exercise, MachineExercise, PatchExercise, RepairExercise

EMPTY = "raise NotImplementedError  # yours"
#: Imports within the package, which a student's file is not in.
RELATIVE = re.compile(r"^from (\.{1,2})(\w*)", re.MULTILINE)


def text(exercise: Exercise, path: Path) -> str:
    """Return what `exercise N -o PATH` writes."""
    if isinstance(exercise, PatchExercise):
        return patch_text(exercise, path)
    if isinstance(exercise, RepairExercise):
        return repair_text(exercise, path)
    assert isinstance(exercise, MachineExercise)
    return "".join(f"# {line}".rstrip() + "\n" for line in head(exercise, path).splitlines()) + exercise.start


def head(exercise: Exercise, path: Path) -> str:
    """Return what is to be found out, and how to go on."""
    return f"""\
Exercise {exercise.number}: {exercise.title}

{exercise.task}
Check it: kernel-port exercise {exercise.number} --check {given(path)}
A hint:   kernel-port exercise {exercise.number} --hint
"""


def given(path: Path) -> str:
    """Return a path as a shell takes it, with a folder, so that it is no name."""
    return str(path) if path.parent != Path() else f"./{path}"


def patch_text(exercise: PatchExercise, path: Path) -> str:
    """Return the module of a patch: declarations, imports, signatures."""
    module = next(each for each in modules() if each.point == exercise.patch)
    source = exercise.solution.read_text(encoding="utf-8")
    lines = source.splitlines()
    tree = ast.parse(source)
    for node in reversed(tree.body):
        if isinstance(node, ast.FunctionDef) and node.name in exercise.given:
            _, old = newest(KernelChoice(exercise.patch - 1), node.name)
            assert old.origin
            body = old.text.replace(f", {old.origin.since}", f", patch {exercise.patch}", 1)
            lines[node.lineno - 1 : node.end_lineno] = body.splitlines()
        elif isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            lines[node.body[0].end_lineno : node.end_lineno] = emptied(node)
    docstring = tree.body[0]
    lines[docstring.lineno - 1 : docstring.end_lineno] = [f'"""{head(exercise, path).rstrip()}', '"""']
    assert module.name.startswith("patch.")
    return standing_alone("\n".join(lines) + "\n")


def emptied(node: ast.FunctionDef | ast.ClassDef) -> list[str]:
    """Return what stands where a body was."""
    return ["", "    # yours: the member"] if isinstance(node, ast.ClassDef) else [f"    {EMPTY}"]


def standing_alone(source: str) -> str:
    """Return the text of a patch as that of a file outside the package."""
    return RELATIVE.sub(absolute, source)


def absolute(match: re.Match[str]) -> str:
    """Return a relative import of a patch as an absolute one."""
    package = "kernel_port" if match[1] == ".." else "kernel_port.patch"
    return f"from {package}.{match[2]}" if match[2] else f"from {package}"


def repair_text(exercise: RepairExercise, path: Path) -> str:
    """Return the functions to be mended, as they are at +8."""
    written = skeleton(KernelChoice(ALL), path.stem, exercise.functions)
    _, quotes, rest = written.partition('"""\n\n')
    return f'"""{head(exercise, path)}"""\n\n{rest}' if quotes else written
