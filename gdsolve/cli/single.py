"""Every SOURCE as a problem of its own: what `fit --each` is asked for, one spec a source."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from gdsolve.bundled import path_of
from gdsolve.cli.request import Request
from gdsolve.spec import Spec
from gdsolve.spec.command import Command
from gdsolve.spec.document import LARGEST_FILE
from gdsolve.spec.each import require_plain
from gdsolve.spec.file import build_spec, is_yaml, read_spec
from gdsolve.spec.located import located
from gdsolve.spec.source_name import selecting
from gdsolve.status import GdsolveError

SETTINGS = ("format", "save", "every", "report", "check_gradient", "quiet", "verbose", "exit_zero", "group_by", "each")
"""Options that are about all lines together, beside those that show one fit: where every source is a spec."""


@dataclass(frozen=True, slots=True)
class Single:
    """One source by its name, and its problem: the spec and the command that it stands for, or why there is none."""

    name: str
    spec: Spec | None
    command: Command
    fault: GdsolveError | None = None


def asked_for_each(request: Request) -> bool:
    """True where every source is a problem of its own, by the flag or by the key of the one spec that is named."""
    if request.given.get("each") or len(request.sources) != 1 or not is_yaml(request.sources[0]):
        return bool(request.given.get("each"))
    try:
        # A spec of many numbers takes long to read.
        with path_of(request.sources[0]).open("rb") as file:
            if b"each" not in file.read(LARGEST_FILE):
                return False
        return build_spec(request.sources, request.given, request.verb.name).each
    except (OSError, GdsolveError):
        # It is told where the spec is read in earnest.
        return False


def settings_of(request: Request) -> Spec:
    """The options of all lines, once they are known to go together.

    Raises:
        GdsolveError: no source, or options that contradict each other.
    """
    verb, given = request.verb.name, request.given
    if not request.sources:
        raise GdsolveError(
            "fits every SOURCE by itself, and none is named",
            f"leave --each out, or give tables, as in {request.verb.examples[0]}",
            option="each",
        )
    if len(request.sources) == 1 and is_yaml(request.sources[0]) and not given.get("each"):
        return build_spec(request.sources, given, verb)
    tables = [source for source in request.sources if not is_yaml(source)]
    if tables:
        return build_spec(tables, given, verb)
    # What else is given is for the specs, each of which is held against it.
    from gdsolve.spec.each import ONE_FIT

    return build_spec(("-",), {name: given[name] for name in (*SETTINGS, *ONE_FIT) if name in given}, verb)


def singles(request: Request, settings: Spec) -> Iterator[Single]:
    """The problems in the order given: of patterns the files in order, of a spec with the key `each` its tables.

    Raises:
        GdsolveError: standard input named twice.
    """
    from gdsolve.data.files import expand

    given = {name: value for name, value in request.given.items() if name not in ("each", "save")}
    if "-" in request.sources:
        # Named twice it has nothing left for the second.
        expand([source for source in request.sources if source == "-"])
    for source in request.sources:
        for name in _names(source):
            if isinstance(name, GdsolveError):
                yield Single(source, None, Command("fit", (source,), given), name)
            elif is_yaml(name):
                yield from _of_spec(name, given)
            else:
                spec = replace(settings, data=selecting((name,), settings), each=False, save=None)
                yield Single(name, spec, Command("fit", (name,), given))


def _names(source: str) -> list[str] | list[GdsolveError]:
    from gdsolve.data.files import expand

    try:
        return expand([source])
    except GdsolveError as fault:
        return [fault]


def _of_spec(path: str, given: Mapping[str, Any]) -> Iterator[Single]:
    command = Command("fit", (path,), given)
    try:
        spec, fixed = read_spec((path,), given, "fit")
        if not spec.each:
            require_plain(spec)
    except GdsolveError as fault:
        yield Single(path, None, command, located(fault, (path,), given))
        return
    command = replace(command, fixed=fixed)
    plain = replace(spec, each=False, save=None)
    if not spec.each or not spec.data:
        yield Single(path, plain, command)
        return
    for source in spec.data:
        for name in _names(source):
            if isinstance(name, GdsolveError):
                yield Single(source, None, command, name)
            else:
                yield Single(name, replace(plain, data=(name,)), command)
