"""What is wrong with a command line, in our form, with the option or verb that was probably meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import typer

from gdsolve.advice import Advice
from gdsolve.bundled import named
from gdsolve.paths import is_file
from gdsolve.quoting import quoted
from gdsolve.spec import VERBS, flag, options_of
from gdsolve.spec.file import nearest_option
from gdsolve.spec.option import enumerated
from gdsolve.status import GdsolveError


def usage_error(fault: typer.TyperException, arguments: Sequence[str]) -> GdsolveError:
    """What Typer says of the arguments."""
    verb = _verb_among(arguments)
    option, context = getattr(fault, "option_name", None), getattr(fault, "ctx", None)
    if isinstance(option, str) and context is not None and not _has(context, option):
        return GdsolveError(fault.message, _option_hint(option, verb, context.parent is None) or _help_of(verb))
    return GdsolveError(fault.format_message().rstrip("."), _help_of(verb))


def unknown_verb(words: Sequence[str]) -> GdsolveError:
    """That the first of the words is no verb."""
    return GdsolveError(f"No such command {words[0]!r}", _verb_hint(words[0]) or _help_of(_verb_among(words)))


def _verb_among(words: Sequence[str]) -> str | None:
    return next((word for word in words if word in VERBS), None)


def _help_of(verb: str | None) -> Advice:
    return Advice("", f"gdsolve {verb} --help" if verb else "gdsolve --help")


def _has(context: Any, option: str) -> bool:
    """True for an option of the command of a context, which then was given in a wrong way."""
    return any(option in parameter.opts for parameter in context.command.get_params(context))


def _option_hint(option: str, verb: str | None, before_the_verb: bool) -> str | None:
    homes = [home for home in VERBS if option in map(flag, options_of(home))]
    if before_the_verb and verb in homes:
        return Advice("options come after the verb", f"gdsolve {verb} {option}")
    if homes:
        return f"{option} goes with gdsolve {enumerated(homes)}"
    near = nearest_option(option, ["version", "help"] if before_the_verb or verb is None else list(options_of(verb)))
    return f"did you mean {flag(near)}?" if near else None


def _verb_hint(word: str) -> str | None:
    if is_file(word):
        return f"did you mean gdsolve fit {quoted(word)}?"
    bundled = named(word)
    if bundled is not None:
        return f"did you mean {bundled.command}?"
    near = nearest_option(word, [name.replace("-", "_") for name in VERBS])
    return f"did you mean gdsolve {near.replace('_', '-')}?" if near else None
