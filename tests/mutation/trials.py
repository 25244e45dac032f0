# SPDX-License-Identifier: GPL-2.0-only
"""Which tests run a line, and what they say of a mutant. Everything happens in a copy of the project.

Starting pytest, importing kernel_port and collecting the tests takes longer than the tests that matter. So pytest
collects once, and each mutant gets a fork of that process, in which the functions of the module get the mutant's code.
What has been executed by then (tables, fields, defaults, and the functions they call) cannot be exchanged like that:
there the fork forgets what it has imported and begins again.
"""

import gc
import inspect
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import groupby, zip_longest
from pathlib import Path
from types import CodeType, FunctionType
from typing import NamedTuple

import pytest
from coverage import CoverageData
from mutants import Mutant

ROOT = Path(__file__).parents[2]
#: Tests that run the two sides. None that compares sources with something: any change at all would fail there.
ABOUT = re.compile(
    r"(?:base|patch|hw|recordings|scenarios)/test_\w+|kernel/test_(?:lockdep|sched)|trace/test_(?:decode|render)"
    r"|why/test_tree|c_shims/test_delay|test_(?:machine\w*|link|bisect|explore|determinism)"
)
#: Look at what modules define and call none of it, so that nobody sees which lines they are about.
HEADERS = ("tests/base/test_headers.py", "tests/hw/test_data_sheet.py")
#: The modules that are broken.
MODULE = re.compile(r"kernel_port/((?:base|patch|hw)/(?!__init__)\w+|link)\.py$")
#: Nobody reads why a test failed, and to say so takes longer than the test.
PYTEST = ("-x", "-q", "-s", "-p", "no:cacheprovider", "--tb=native", "--assert=plain")
#: Seconds. Of processor time, what a test may take beyond a mutant's budget; of time on the wall, when it waits.
LOOPS, HANGS = 10, 120


class Tests(NamedTuple):
    """What is known of the tests of a module."""

    #: Line of the module -> the tests that run it.
    lines: dict[int, set[str]]
    #: Lines that are run before any test is.
    early: set[int]
    #: Test -> how many lines of all modules it runs.
    sizes: Counter[str]
    #: The five files that are most about the module, the best first.
    about: list[str]

    def is_known(self, mutant: Mutant) -> bool:
        """Whether it is known which tests run what is broken: tables and the like have been made before any test."""
        return mutant.line not in self.early and bool(self.lines.get(mutant.line))

    def of(self, mutant: Mutant) -> list[str]:
        """The tests that run what is broken, those about the module first, and of these the small ones, but soon one of
        each file; or else whole files."""
        if not self.is_known(mutant):
            return [*HEADERS, *self.about]
        ordered = sorted(self.lines[mutant.line], key=lambda test: (file_of(test), self.sizes[test], test))
        ranked = [(rank, test) for _, tests in groupby(ordered, file_of) for rank, test in enumerate(tests, 1)]
        ranked.sort(key=lambda pair: (file_of(pair[1]) not in self.about, pair[0] * self.sizes[pair[1]]))
        return [test for _, test in ranked]


def file_of(test: str) -> str:
    """The file of a test."""
    return test.partition("::")[0]


def copy_project(place: Path) -> None:
    """Make the copy, go there, and let what is started from here on import it."""
    ignored = shutil.ignore_patterns(".git", "venv", "__pycache__", "*.egg-info", ".*_cache")
    shutil.copytree(ROOT, place, ignore=ignored)
    os.environ.update(PYTHONPATH=str(place), PYTEST_DISABLE_PLUGIN_AUTOLOAD="1")
    sys.path.insert(0, str(place))
    os.chdir(place)


def observe(place: Path, modules: list[str], data: Path) -> None:
    """Run the tests once and note in *data* which of them run which line of the modules."""
    tests = (path.relative_to(place / "tests").with_suffix("") for path in (place / "tests").rglob("test_*.py"))
    files = sorted(f"tests/{path}.py" for path in tests if ABOUT.fullmatch(path.as_posix()))
    what = [f"--cov=kernel_port.{module.replace('/', '.')}" for module in modules]
    command = [
        sys.executable,
        "-m",
        "pytest",
        *PYTEST,
        "-p",
        "pytest_cov",
        "-p",
        __name__,
        *what,
        "--cov-context=test",
        "--cov-report=",
        *files,
    ]
    path = os.pathsep.join([str(place), str(place / "tests" / "mutation")])
    env = os.environ | {"COVERAGE_FILE": str(data), "PYTHONPATH": path}
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the tests fail as they are:\n{done.stdout[-2000:]}")


def pytest_runtest_setup() -> None:
    """In observe(): each test is to run by itself what an earlier one has left in a cache of the hardware."""
    modules = [module for name, module in sys.modules.items() if name.startswith("kernel_port.hw.")]
    for value in {id(value): value for module in modules for value in vars(module).values()}.values():
        if hasattr(value, "cache_clear"):
            value.cache_clear()


def read_tests(data: Path) -> dict[str, Tests]:
    """What is known of the tests, by module."""
    coverage = CoverageData(str(data))
    coverage.read()
    found = {
        module[1]: coverage.contexts_by_lineno(module.string)
        for module in map(MODULE.search, coverage.measured_files())
        if module
    }
    lines = {
        module: {line: {name.rpartition("|")[0] for name in names if name} for line, names in contexts.items()}
        for module, contexts in found.items()
    }
    early = {module: {line for line, names in contexts.items() if "" in names} for module, contexts in found.items()}
    sizes = Counter(test for module in lines.values() for tests in module.values() for test in tests)
    return {module: Tests(lines[module], early[module], sizes, files_about(lines[module], sizes)) for module in found}


def files_about(lines: dict[int, set[str]], sizes: Counter[str]) -> list[str]:
    """The five files of which the largest part of what they run is in these lines."""
    parts: Counter[str] = Counter()
    for tests in lines.values():
        for test in tests:
            parts[file_of(test)] += 1 / sizes[test]
    return [file for file, _ in parts.most_common(5)]


def passes(run: Callable[[], int], budget: int) -> bool:
    """Whether *run*, in a process of its own, returns 0. It is ended when it takes too much processor time or hangs."""
    child = os.fork()
    if not child:
        os.setsid()
        resource.setrlimit(resource.RLIMIT_CPU, (budget + LOOPS, budget + LOOPS))
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123
            os.dup2(nowhere.fileno(), 1)
            os.dup2(nowhere.fileno(), 2)
        result = 0  # an error of ours is no test that failed
        try:
            result = run()
        finally:
            os._exit(result)
    _, status = os.waitpid(child, 0)
    with suppress(ProcessLookupError):
        os.killpg(child, signal.SIGKILL)  # what it has started
    return status == 0


def nested(code: CodeType) -> Iterator[CodeType]:
    """A piece of code and all that is defined in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from nested(constant)


class Bodies(NamedTuple):
    """The code of a module."""

    #: What is executed when it is imported.
    at_once: list[tuple[object, ...]]
    #: Name and line -> function.
    functions: dict[tuple[str, int], CodeType]


def bodies(path: Path, text: str) -> Bodies:
    """Compile a module."""
    codes = list(nested(compile(text, path, "exec", dont_inherit=True)))
    at_once = [
        (code.co_code, code.co_names, *(c for c in code.co_consts if not isinstance(c, CodeType)))
        for code in codes
        if not code.co_flags & inspect.CO_OPTIMIZED
    ]
    functions = {(c.co_qualname, c.co_firstlineno): c for c in codes if c.co_flags & inspect.CO_OPTIMIZED}
    return Bodies(at_once, functions)


def fit(old: Bodies, new: Bodies) -> bool:
    """Whether one can take the place of the other after the import."""
    if old.at_once != new.at_once or not old.functions.keys() <= new.functions.keys():
        return False
    return all(code.co_freevars == new.functions[key].co_freevars for key, code in old.functions.items())


def run(items: list[pytest.Item], budget: int) -> int:
    """Run tests until one fails or the budget is spent; how many failed."""
    end = time.process_time() + budget
    for item, following in zip_longest(items, items[1:]):
        signal.alarm(HANGS)
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if item.session.testsfailed or time.process_time() > end:
            return int(item.session.testsfailed)
    return 0


class Module(NamedTuple):
    """A module in the copy."""

    path: Path
    source: str
    tests: Tests


#: Told of each mutant whether it survives.
Report = Callable[[Mutant, bool], None]


class Trials:
    """Lets pytest collect the tests and then try mutants instead, each with some of the tests."""

    def __init__(self, modules: dict[str, Module], mutants: list[Mutant], budget: int, report: Report) -> None:
        self.modules, self.budget, self.report = modules, budget, report
        self.mutants = [(mutant, modules[mutant.module].tests.of(mutant)) for mutant in mutants]

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        items = {item.nodeid: item for item in session.items}
        functions = defaultdict(list)
        for thing in gc.get_objects():
            if isinstance(thing, FunctionType):
                functions[thing.__code__.co_filename].append(thing)
        old = {name: bodies(module.path, module.source) for name, module in self.modules.items()}
        gc.freeze()  # what is collected in a fork would be copied
        for mutant, tests in self.mutants:
            module = self.modules[mutant.module]
            new = bodies(module.path, mutant.text)
            if not module.tests.is_known(mutant) or not fit(old[mutant.module], new):
                attempt = partial(run_anew, tests, self.budget)
            else:
                chosen = [items[test] for test in tests if test in items]
                attempt = partial(run_exchanged, functions[str(module.path)], new, chosen, self.budget)
            module.path.write_text(mutant.text)
            self.report(mutant, passes(attempt, self.budget))
            module.path.write_text(module.source)
        return True


def run_exchanged(functions: list[FunctionType], new: Bodies, items: list[pytest.Item], budget: int) -> int:
    """Give the functions of a module the code they have in the mutant, and run tests."""
    for function in functions:
        function.__code__ = new.functions[function.__code__.co_qualname, function.__code__.co_firstlineno]
    return run(items, budget)


def run_anew(tests: list[str], budget: int) -> int:
    """Forget what has been imported from the copy, and collect and run tests; a test that is gone notices nothing."""
    for name, module in list(sys.modules.items()):
        if (getattr(module, "__file__", None) or "").startswith(f"{Path.cwd()}/"):
            del sys.modules[name]
    result = pytest.main([*PYTEST, *tests], plugins=[Anew(budget)])
    return int(result in (pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.INTERRUPTED))


class Anew:
    """Lets pytest run tests until one fails or the budget is spent."""

    def __init__(self, budget: int) -> None:
        self.budget = budget

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        run(session.items, self.budget)
        return True


def try_mutants(modules: dict[str, Module], mutants: list[Mutant], budget: int, report: Report) -> None:
    """Tell *report* of each mutant whether it survives so many seconds of tests."""
    trials = Trials(modules, mutants, budget, report)
    files = sorted({file_of(test) for _, tests in trials.mutants for test in tests})
    pytest.main([*PYTEST, *files], plugins=[trials])
