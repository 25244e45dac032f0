# SPDX-License-Identifier: GPL-2.0-only
"""One module per subcommand: arguments(parser) describes its arguments, run(args) returns the exit status."""
