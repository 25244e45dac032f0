# SPDX-License-Identifier: GPL-2.0-only
"""Make up a machine: root ports, switches, hot-plug slots, cards of one to 256 functions, conventional bridges.

The same size and seed give the same bytes on every computer. Sizes go up to a full segment: 256 buses, 65,536
functions. A raw ECAM image cannot hold drivers and sizes of BARs; it is sparse, 4 KiB per function.

Example: kernel-port generate --functions 1000 --seed 7 -o thousand.toml
"""

from __future__ import annotations

import argparse
from pathlib import Path

from ..files import refuse_outputs, write_whole
from ..images import generate, machine_toml
from ..images.save import FORMATS, format_of, save
from ..terminal import clean


def arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the arguments of generate."""
    parser.add_argument("--functions", metavar="N", type=int, default=50, help="how many, to 65536; default: 50")
    parser.add_argument("--seed", metavar="S", type=int, default=1, help="which one of that size, 0 and up; default: 1")
    parser.add_argument("-o", "--output", metavar="FILE", required=True, help="the file to write")
    parser.add_argument("--format", choices=FORMATS, help="default: by FILE's ending, .txt .ecam .toml")


def run(args: argparse.Namespace) -> int:
    """Write the machine."""
    path = Path(args.output)
    format = format_of(path, args.format)
    refuse_outputs([path])
    document = generate.draw(args.functions, args.seed)
    if format == "toml":
        write_whole(path, lambda file: file.writelines(map(str.encode, generate.text(document))))
    else:
        save(machine_toml.build(document, document["name"]), path, format)
    count = len(document["function"])
    print(f"{clean(args.output)}: {count} function{'s' * (count != 1)}")
    return 0
