# SPDX-License-Identifier: GPL-2.0-only
"""Would a test notice? Break the port in one place at a time and run the tests that run that place.

    python tests/mutation/mutate.py                       base/, patch/, hw/ and link.py
    python tests/mutation/mutate.py base/slot link        these modules
    python tests/mutation/mutate.py --since v1.0          the modules that changed since then
    python tests/mutation/mutate.py --sample 40 hw/slot   some of the mutants, the same ones each time

Prints the survivors that survivors.toml does not list, ready to be listed there with a reason, then those listed that
are noticed by now or gone, and at the end "killed N of M". Exit status 0 if at least 85 % of those not listed were
killed. Ctrl-C ends it early, with what is known by then. See mutants.py for what is broken, and trials.py for how a
mutant is tried. Needs the extra `mutation`.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path

import trials
from mutants import Mutant, mutants

LIST = Path(__file__).with_name("survivors.toml")


def modules_since(revision: str) -> list[str]:
    """The modules that differ from a revision."""
    command = ["git", "-C", str(trials.ROOT), "diff", "--name-only", "--diff-filter=d", revision, "--", "kernel_port"]
    names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    return [module[1] for module in map(trials.MODULE.search, names) if module]


def all_modules() -> list[str]:
    """Every module that is broken."""
    names = sorted(str(path) for path in trials.ROOT.glob("kernel_port/**/*.py"))
    return [module[1] for module in map(trials.MODULE.search, names) if module]


def report(
    tried: list[Mutant], survivors: list[Mutant], every: set[tuple[str, str]], reasons: dict[str, dict[str, str]]
) -> bool:
    """Print what came out; whether that is good enough."""
    names = {(mutant.module, mutant.name) for mutant in tried}
    alive = {(mutant.module, mutant.name) for mutant in survivors}
    listed = {(module, name) for module in reasons for name in reasons[module]}
    for module in sorted({module for module, _ in alive - listed}):
        print(f"\n[{json.dumps(module)}]")
        for name in sorted(name for where, name in alive - listed if where == module):
            print(f'{json.dumps(name, ensure_ascii=False)} = ""')
    print()
    modules = {mutant.module for mutant in tried}
    for module, name in sorted(
        pair for pair in listed if pair[0] in modules and (pair in names - alive or pair not in every)
    ):
        print(f"{LIST.name}: {module}: {name}: {'is noticed' if (module, name) in names else 'is no mutant any more'}")
    killed, explained = len(tried) - len(survivors), sum((m.module, m.name) in listed for m in survivors)
    print(f"killed {killed} of {len(tried)}; of the {len(survivors)} survivors {explained} are listed with a reason")
    return killed >= 0.85 * (len(tried) - explained)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("modules", nargs="*", metavar="MODULE", help="such as base/slot; all if none is given")
    parser.add_argument("--since", metavar="REV", help="the modules that changed since a revision")
    parser.add_argument("--sample", type=int, metavar="N", help="at most so many mutants")
    parser.add_argument("--listed", action="store_true", help="those alone that survivors.toml lists")
    parser.add_argument(
        "--budget", type=int, default=5, metavar="S", help="seconds of processor time each (%(default)s)"
    )
    parser.add_argument("--coverage", type=Path, metavar="FILE", help="what runs which lines; made if it is missing")
    args = parser.parse_args(argv)
    modules = args.modules or (modules_since(args.since) if args.since else all_modules())
    if not modules:
        print("no module has changed")
        return 0
    sources = {module: (trials.ROOT / f"kernel_port/{module}.py").read_text() for module in modules}
    every = {module: list(mutants(module, sources[module])) for module in modules}
    reasons = tomllib.loads(LIST.read_text())
    wanted = [m for module in modules for m in every[module] if not args.listed or m.name in reasons.get(module, {})]
    chosen = random.Random(0).sample(wanted, min(len(wanted), args.sample or len(wanted)))
    tried: list[Mutant] = []
    survivors: list[Mutant] = []

    def note(mutant: Mutant, survives: bool) -> None:
        tried.append(mutant)
        survivors.extend([mutant] * survives)
        if survives or len(tried) % 50 == 0:
            what = f"{mutant.module}:{mutant.line}: {mutant.name}" if survives else "..."
            print(f"{len(tried)} of {len(chosen)}: {what}", file=sys.stderr, flush=True)

    with tempfile.TemporaryDirectory() as folder:
        data = (args.coverage or Path(folder) / "coverage").resolve()
        place = Path(folder) / "copy" / "project"
        trials.copy_project(place)
        if not data.exists():
            trials.observe(place, modules, data)
        tests = trials.read_tests(data)
        known = {
            module: trials.Module(place / f"kernel_port/{module}.py", sources[module], tests[module])
            for module in modules
        }
        trials.try_mutants(known, chosen, args.budget, note)
        os.chdir(trials.ROOT)
    return int(not report(tried, survivors, {(m.module, m.name) for module in modules for m in every[module]}, reasons))


if __name__ == "__main__":
    sys.exit(main())
