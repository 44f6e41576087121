"""From a request to an exit code: one way for all verbs that read, solve and print."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from gdsolve.bundled import tell_hidden
from gdsolve.cli.bar import watching
from gdsolve.cli.cores import leave_a_core
from gdsolve.cli.messages import listen
from gdsolve.cli.output import present
from gdsolve.cli.request import Request
from gdsolve.cli.signals import with_signal
from gdsolve.imports import collector_at_rest
from gdsolve.outputs import check_outputs
from gdsolve.ranks import ALONE, Launched, Ranks
from gdsolve.room import require_start
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.spec.file import read_spec
from gdsolve.spec.located import located
from gdsolve.spec.offers import takes
from gdsolve.spec.parameters import OF_PARAMETERS
from gdsolve.spec.verbs import Does
from gdsolve.status import ExitCode, GdsolveError

if TYPE_CHECKING:
    from gdsolve.picture import Picture

Record = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a request came to: all that is printed, written and said of it; only the `speaking` rank does so."""

    spec: Spec
    command: Command
    result: Any
    record: Record
    picture: Picture | None
    speaking: bool


def show(outcome: Outcome) -> None:
    """Print the record, and the picture that was asked for."""
    present(outcome.spec, outcome.record, outcome.picture)


def nothing(outcome: Outcome) -> None:
    """What most verbs write beside what they print."""


@dataclass(frozen=True, slots=True)
class Steps:
    """What a verb does with its spec: `solve` gives a result, `record` says it as a plain dict, `picture` draws it.

    Then `show` prints; `write` writes files, also where the reader of standard output has gone away; `finish` has the
    last word.
    """

    solve: Callable[[Spec, Command, Ranks], Any]
    record: Callable[[Any], Record]
    picture: Callable[[Any], Picture | None] = attrgetter("picture")
    show: Callable[[Outcome], None] = show
    write: Callable[[Outcome], None] = nothing
    finish: Callable[[Outcome], None] = nothing


def answer(
    request: Request,
    ranks: Ranks,
    steps_for: Callable[[Spec], Steps],
    check: Callable[[Spec], object] = check_outputs,
) -> int:
    """Do what is asked for and print it; returns the exit code.

    `steps_for` imports what the steps need: by then the spec is known to be right, and its outputs to be writable.
    """
    with asked(request, ranks) as (spec, command):
        if ranks.first:
            check(spec)
        if Does.DESCENDS in request.verb.does:
            leave_a_core(ranks.local_size)
        with collector_at_rest():
            steps = steps_for(spec)
        result = steps.solve(spec, command, ranks)
        with collector_at_rest():
            record = with_signal(steps.record(result))
        picture = steps.picture(result) if ranks.first else None
        outcome = Outcome(spec, command, result, record, picture, ranks.first)
        try:
            steps.show(outcome)
        finally:
            steps.write(outcome)
        steps.finish(outcome)
        return _exit_code(request, outcome)


@contextmanager
def asked(request: Request, ranks: Ranks = ALONE) -> Iterator[tuple[Spec, Command]]:
    """The spec of a request and the command that it stands for; meanwhile a bar tells how far the run is.

    Raises:
        GdsolveError: what was asked cannot be done; a fault of the spec names its line.
    """
    spec, fixed = _read(request)
    verb, speaking = request.verb, ranks.first
    require_start(importing=bool(verb.does & (Does.MODELS | Does.CHOOSES)))
    if speaking:
        tell_hidden(request.sources)
    watched = spec.watch and takes(verb.name, "watch") and speaking
    try:
        with watching(spec.quiet or not speaking, prints_rows=verb.prints_rows, watch=watched):
            if isinstance(ranks, Launched):
                from gdsolve.cli.distributed import accept

                spec = accept(spec, ranks)
            yield spec, Command(verb.name, request.sources, request.given, fixed)
    except GdsolveError as fault:
        raise located(fault, request.sources, request.given) from None


def _read(request: Request) -> tuple[Spec, frozenset[str]]:
    verb, sources, given = request.verb, request.sources, request.given
    if not sources and given.get("minimize") is None:
        piped = sys.stdin is not None and not sys.stdin.isatty()
        hint = f"give a table, as in {verb.examples[0]}" + (", or - for standard input" if piped else "")
        raise GdsolveError(f"{verb.name}: no SOURCE is given", hint)
    try:
        spec, fixed = read_spec(sources, given, verb.name)
    except GdsolveError as fault:
        if fault.option not in OF_PARAMETERS:
            raise
        from gdsolve.solve.typed_out import as_a_curve

        raise as_a_curve(fault, sources, given, verb.name) from None
    listen(spec.quiet, spec.verbose)
    return spec, fixed


def _exit_code(request: Request, outcome: Outcome) -> int:
    code = int(outcome.record["exit_code"])
    forgiven = outcome.spec.exit_zero and takes(request.verb.name, "exit_zero") and code == ExitCode.MAX_ITER
    return int(ExitCode.OK) if forgiven else code
