# SPDX-License-Identifier: GPL-2.0-only
"""Write a machine in another form: lspci -xxxx text, a raw ECAM image, or a machine description to edit (TOML).

The file is written whole or not at all. lspci -F FILE prints the same for the text as lspci for the machine; pciutils
3.14 and later read the raw ECAM image with lspci -A ecam -O devmem.path=FILE.

Example: kernel-port convert host -o mine.toml
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from ..files import refuse_outputs
from ..images import FORMATS, save
from ..terminal import clean
from . import _machine


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of convert."""
    _machine.argument(parser)
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write")
    parser.add_argument("--format", choices=FORMATS, help="default: by FILE's ending, .txt .ecam .toml")
    parser.add_argument("--json", action="store_true", help="an object on standard output: output, functions, warnings")


def run(args: argparse.Namespace) -> int:
    """Write the machine, and its warnings to standard error."""
    machine = _machine.loaded(args)
    refuse_outputs([Path(args.output)], args.machine)
    save(machine, args.output, args.format)
    if args.json:
        done = {"output": args.output, "functions": len(machine.functions), "warnings": machine.warnings}
        print(json.dumps(done, indent=1))
        return 0
    for warning in machine.warnings:
        print(f"warning: {clean(warning)}", file=sys.stderr)
    count = len(machine.functions)
    print(f"{clean(args.output)}: {count} function{'s' * (count != 1)}")
    return 0
