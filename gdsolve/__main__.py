"""`python -m gdsolve` and the command `gdsolve`."""

from __future__ import annotations

import sys
from typing import NoReturn

from gdsolve.cli.signals import interrupted_code, listen_to_signals
from gdsolve.imports import postpone_meta_kernels


def main() -> NoReturn:
    """Run the command line on the arguments of this process, and end it."""
    try:
        listen_to_signals()
        postpone_meta_kernels()
        from gdsolve.cli.main import leave, run

        leave(run(sys.argv[1:]))
    except KeyboardInterrupt:
        raise SystemExit(int(interrupted_code())) from None


if __name__ == "__main__":
    main()
