"""What has to be asked for beside an option, for it to change anything.

An option is refused where what is asked already tells that it changes nothing: the other options, the kind of problem,
the form of the files. Where only the data or the outcome can tell (no cell is missing, there is nothing to warn of), it
is taken. A value that is the default is never refused, and a key of YAML that is for another verb is left alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

from gdsolve.spec.choices import Format
from gdsolve.spec.condition import Asked, Company
from gdsolve.spec.methods import WITH_MOMENTUM
from gdsolve.spec.option import OptionInfo, flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError


def require_company(asked: Asked) -> None:
    """See that no option was given that the others leave without effect.

    Raises:
        GdsolveError: naming the option, the reason, and what to do instead.
    """
    for name, info in _given(asked.spec, asked.verb):
        for company in info.goes_with:
            if not company.holds(asked):
                raise refusal(name, asked, company)


def given_with(company: Company, spec: Options, verb: str | None = None) -> str | None:
    """The first option that was given and depends on a condition; None where there is none."""
    return next((name for name, info in _given(spec, verb) if company in info.goes_with), None)


def refusal(name: str, asked: Asked, company: Company) -> GdsolveError:
    """That an option changes nothing."""
    methods = (
        f"--methods {','.join(WITH_MOMENTUM)}" if asked.verb == "compare" else f"--method {'|'.join(WITH_MOMENTUM)}"
    )
    kind = "minimize" if asked.spec.minimize is not None else "model"
    words = {"flag": flag(name), "value": getattr(asked.spec, name), "spec": asked.spec}
    history = "" if asked.spec.every == "none" else ", or give --history FILE"
    shown = "--format json" if asked.spec.each and asked.spec.format is Format.TABLE else "--report"
    words |= {"kind": kind, "methods": methods, "history": history, "shown": shown}
    message, hint = (text.format(**words) for text in (company.reason, company.remedy))
    return GdsolveError(f"{message}", hint, option=name)


def _given(spec: Options, verb: str | None) -> Iterator[tuple[str, OptionInfo]]:
    """The options of a verb that are not at their defaults."""
    for field in dataclasses.fields(spec):
        info: OptionInfo = field.metadata["option"]
        if (verb is None or not info.verbs or verb in info.verbs) and getattr(spec, field.name) != field.default:
            yield field.name, info
