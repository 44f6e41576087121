"""`gdsolve configs`: what comes with gdsolve by name, listed, or one of it printed."""

from __future__ import annotations

import sys

from gdsolve.bundled import LIST, Bundled, configs
from gdsolve.cli.output import as_utf8, present, writing
from gdsolve.cli.request import Request
from gdsolve.ranks import Ranks
from gdsolve.spec import Format
from gdsolve.spec.file import build_spec
from gdsolve.status import ExitCode, GdsolveError


def run(request: Request, _ranks: Ranks) -> int:
    """List what has a name, or print the file of one; returns the exit code.

    Raises:
        GdsolveError: a name that nothing has, or several where one is printed.
    """
    spec, listed = build_spec((), request.given, request.verb.name), configs(*request.sources)
    if spec.format is Format.TABLE and request.sources:
        _print(listed)
        return int(ExitCode.OK)
    from gdsolve.report.configs_record import configs_record

    present(spec, configs_record(listed))
    return int(ExitCode.OK)


def _print(listed: tuple[Bundled, ...]) -> None:
    if len(listed) > 1:
        raise GdsolveError(f"{len(listed)} names, and one file is printed at a time", f"give one name; {LIST}")
    as_utf8()
    with writing("standard output"):
        sys.stdout.write(listed[0].text)
        sys.stdout.flush()
