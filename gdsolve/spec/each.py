"""What goes with `each`: one line for every source, and nothing that looks at a single fit."""

from __future__ import annotations

from gdsolve.spec.choices import Format, Show
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError

ONE_FIT = {"history": None, "plot": False, "code": False, "watch": False, "checkpoint": None, "resume": None}
"""Options that show or keep one fit, and their defaults."""


def check_each(spec: Options) -> None:
    """See that a spec with `each` asks for nothing that one line a source has no room for.

    Raises:
        GdsolveError: an option that does not go with many fits.
    """
    if not spec.each:
        return
    require_plain(spec)
    if spec.format in (Format.MARKDOWN, Format.LATEX):
        raise _refusal("format", f"no {spec.format} is written", "give --format table|json|csv")
    if spec.save is not None and spec.save.endswith(".json"):
        folder = spec.save.removesuffix(".json") or "models"
        raise _refusal(
            "save", f"a model is written for each, and {spec.save} is one file", f"give a folder: --save {folder}/"
        )
    # What is saved has all of this.
    if spec.save is not None or spec.format is Format.JSON:
        return
    if spec.every != "log":
        raise _refusal("every", f"{spec.format} has a line for each, and no iterations", "give --format json")
    if spec.show is not Show.NOTHING:
        raise _refusal("show", f"{spec.format} has a line for each, and no iterations", "give --format json")
    if spec.check_gradient:
        raise _refusal("check_gradient", f"{spec.format} has no room for what it finds", "give --format json")
    for name in ("cv", "holdout"):
        if getattr(spec, name) is not None:
            raise _refusal(
                name, f"{spec.format} has a line for each, and no room for what it finds", "give --format json"
            )
    if spec.report and spec.format is Format.TABLE:
        raise _refusal("report", "the table has a line for each", "give --format json|csv")


def require_plain(spec: Options) -> None:
    """See that nothing is asked for that shows or keeps a single fit, as for every spec among many sources.

    Raises:
        GdsolveError: an option that does.
    """
    if spec.group_by:
        raise _refusal("group_by", "every source is one fit", "leave --group-by out, or fit its sources without --each")
    for name, usual in ONE_FIT.items():
        if getattr(spec, name) != usual:
            raise _refusal(name, "goes with a single fit", f"leave {flag(name)} out, or fit one source alone")


def _refusal(name: str, reason: str, remedy: str) -> GdsolveError:
    return GdsolveError(f"with --each {reason}", remedy, option=name)
