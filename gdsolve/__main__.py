"""`python -m gdsolve` and the command `gdsolve`."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line on the arguments of this process, and end it."""
    try:
        from gdsolve.cli.main import leave, run
    except KeyboardInterrupt:
        raise SystemExit(130) from None
    leave(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
