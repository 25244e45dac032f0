# SPDX-License-Identifier: GPL-2.0-only
"""Would a test notice? Break a room in one place at a time and run the tests that are about it.

    python tests/mutate.py base/slot patch/p07_add_slot_and_bus_reset_interfaces link
    python tests/mutate.py --sample 40 hw/slot         some of its mutants, the same ones each time
    python tests/mutate.py --since v1.0                the rooms of base/, patch/, hw/ and link.py that changed

A mutant is a comparison, constant or operator exchanged, a condition turned round, or a statement left out; what is
only said (docstrings, messages, annotations) is left alone. It is killed if a test fails or takes much longer than it
should. Everything happens in a copy of the project. The last line is "killed N of M"; survivors are named above it,
with the line. Exit status 0 if at least 85 % were killed.
"""

import argparse
import ast
import copy
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Operators and what is put in their place.
SWAPS = {
    ast.Eq: ast.NotEq, ast.NotEq: ast.Eq, ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt,
    ast.Is: ast.IsNot, ast.IsNot: ast.Is, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.And: ast.Or, ast.Or: ast.And,
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Add, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
    ast.BitXor: ast.BitOr, ast.LShift: ast.RShift, ast.RShift: ast.LShift, ast.FloorDiv: ast.Mult,
}  # fmt: skip
#: Calls that only say something, which no test need hold word for word.
SAID = re.compile(r"(?:\w+\.)*(?:dev_\w+|printk|WARN_ON|EXPORT_SYMBOL\w*|might_sleep|cast|MachineError|happened)\(")
#: Tests of the kernel side that run it.
ABOUT_KERNEL = re.compile(r"test_(?:p\d\d|pci\w*|slot|probe|remove|access|machine|lockdep|sched|scenarios)")
#: What a mutant is given, times what the tests take without, and at least so many seconds.
PATIENCE, LEAST = 6, 30


def mutants(source):
    """Every mutant of a room: (line, what was there, what is there now, the whole text)."""
    tree = ast.parse(source)
    for node in ast.walk(tree):
        for field, value in ast.iter_fields(node):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    child.parent, child.field = node, field
    lines = [line.encode() for line in source.splitlines(keepends=True)]
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line))
    data = source.encode()
    for node in ast.walk(tree):
        if not hasattr(node, "lineno") or is_said(node, source):
            continue
        start = starts[node.lineno - 1] + node.col_offset
        end = starts[node.end_lineno - 1] + node.end_col_offset
        for changed in changes(node):
            new = changed if isinstance(changed, str) else f"({ast.unparse(changed)})"
            text = (data[:start] + new.encode() + data[end:]).decode()
            try:
                ast.parse(text)
            except SyntaxError:
                continue
            yield node.lineno, data[start:end].decode().partition("\n")[0], new.strip("()"), text


def is_said(node, source):
    """Whether the node is only there for readers."""
    node = node.value if isinstance(node, ast.Expr) else node
    while hasattr(node, "parent"):
        if isinstance(node, ast.JoinedStr) or node.field in ("annotation", "returns", "decorator_list"):
            return True
        if isinstance(node, ast.Call) and SAID.match(ast.get_source_segment(source, node) or ""):
            return True
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            return True
        node = node.parent
    return False


def changes(node):
    """What the node could be instead: other nodes, or text."""
    match node:
        case ast.Compare(ops=[op]) if type(op) in SWAPS:
            yield with_field(node, "ops", [SWAPS[type(op)]()])
        case ast.BoolOp() | ast.BinOp() | ast.AugAssign() if type(node.op) in SWAPS:
            changed = with_field(node, "op", SWAPS[type(node.op)]())
            yield ast.unparse(changed) if isinstance(node, ast.AugAssign) else changed
        case ast.UnaryOp(op=ast.Not() | ast.Invert()):
            yield node.operand
        case ast.Constant(value=bool()):
            yield str(not node.value)
        case ast.Constant(value=int()):
            yield str(node.value + 1)
    if isinstance(node, ast.expr) and getattr(node, "field", "") == "test" and not isinstance(node, ast.Compare):
        yield ast.UnaryOp(ast.Not(), node)
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise | ast.Continue | ast.Break):
        yield "pass"
    if isinstance(node, ast.Assign) and not isinstance(node.parent, ast.Module | ast.ClassDef):
        yield "pass"
    if isinstance(node, ast.Return) and node.value is not None and not isinstance(node.value, ast.Constant):
        yield "return None"


def with_field(node, field, value):
    """The node with another value in a field."""
    changed = copy.copy(node)
    setattr(changed, field, value)
    return changed


def tests_of(room, source):
    """The test files that are about a room: those of its name, the recordings, those that name what it defines. None
    that compares sources with something: any change at all would fail there."""
    folder, _, stem = room.rpartition("/")
    if folder == "hw":
        chosen = [path.stem for path in sorted((ROOT / "tests").glob("test_hw_*.py"))]
        return [f"tests/{name}.py" for name in (*chosen, "test_p01", "test_p04", "test_scenarios")]
    if room == "link":
        return ["tests/test_link.py", "tests/test_layering.py", "tests/test_machine.py"]
    stem = stem[:3] if folder == "patch" else stem
    defined = {node.name for node in ast.parse(source).body if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    words = re.compile(rf"\b(?:{'|'.join(map(re.escape, sorted(defined))) or 'no such name'})\b")
    files = [path for path in sorted((ROOT / "tests").glob("test_*.py")) if ABOUT_KERNEL.fullmatch(path.stem)]
    first = [path.stem for path in files if path.stem.startswith(f"test_{stem}")]
    then = [path.stem for path in files if words.search(path.read_text())]
    return [f"tests/{name}.py" for name in dict.fromkeys([*first, "test_golden", *then])]


def run(place, tests, limit):
    """Run tests in the copy; whether they pass, and how long they took. A process each, with pytest loaded."""
    start = time.monotonic()
    child = os.fork()
    if not child:
        os.setsid()
        os.chdir(place)
        sys.path.insert(0, str(place))
        sys.dont_write_bytecode = True
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        os.environ["PYTHONPATH"] = str(place)
        os._exit(int(pytest.main(["-x", "-q", "-p", "no:cacheprovider", *tests])))
    while time.monotonic() - start < limit:
        done, status = os.waitpid(child, os.WNOHANG)
        if done:
            return status == 0, time.monotonic() - start
        time.sleep(0.02)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False, limit


def mutate(place, room, sample, seed):
    """Try the mutants of a room; (how many were killed, how many there were)."""
    path = place / f"kernel_port/{room}.py"
    source = path.read_text()
    tests = tests_of(room, source)
    passes, took = run(place, tests, 600)
    if not passes:
        raise SystemExit(f"{room}: its tests fail as it is: {' '.join(tests)}")
    tried = list(mutants(source))
    if sample and len(tried) > sample:
        tried = sorted(random.Random(seed).sample(tried, sample), key=lambda mutant: mutant[0])
    killed = 0
    for line, old, new, text in tried:
        path.write_text(text)
        survives, _ = run(place, tests, max(LEAST, PATIENCE * took))
        killed += not survives
        if survives:
            print(f"{room}.py:{line}: survives: {old}  ->  {new}", flush=True)
    path.write_text(source)
    print(f"{room}: killed {killed} of {len(tried)} ({took:.1f} s of tests each)", flush=True)
    return killed, len(tried)


def changed_since(revision):
    """The rooms that differ from a revision."""
    command = ["git", "-C", str(ROOT), "diff", "--name-only", revision, "--", "kernel_port"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    rooms = (re.fullmatch(r"kernel_port/((?:base|patch|hw)/\w+|link)\.py", name) for name in names)
    return [room[1] for room in rooms if room and not room[1].endswith("__init__")]


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help="such as base/slot")
    parser.add_argument("--since", metavar="REV", help="the rooms that changed since a revision")
    parser.add_argument("--sample", type=int, metavar="N", help="at most so many mutants of each room")
    parser.add_argument("--seed", type=int, default=0, help="which ones")
    args = parser.parse_args(argv)
    rooms = [*args.rooms, *(changed_since(args.since) if args.since else [])]
    killed = of = 0
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "copy" / "project"
        ignored = shutil.ignore_patterns(".git", "venv", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, place, ignore=ignored)
        for room in rooms:
            some_killed, some = mutate(place, room, args.sample, args.seed)
            killed, of = killed + some_killed, of + some
    print(f"killed {killed} of {of}")
    return int(killed < 0.85 * of)


if __name__ == "__main__":
    sys.exit(main())
