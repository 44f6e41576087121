"""`--code`: which program is asked for, and where it goes."""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.choices import CODE_KINDS, Format
from gdsolve.spec.option import flag
from gdsolve.spec.options import Options
from gdsolve.status import GdsolveError

ENDING = ".py"
BESIDE = ("plot", "save", "history", "report", "check_gradient", "checkpoint", "resume", "watch")
"""What a fit shows or writes, where there is one: a program alone is printed without."""


@dataclass(frozen=True, slots=True)
class AskedCode:
    """A program by hand (`matrix`), by `autograd`, or None for the usual kind; in a file, or None to print it."""

    kind: str | None
    file: str | None


def read_code(value: str | bool) -> AskedCode | None:
    """What a value of `--code` asks for; None for nothing.

    >>> read_code(True), read_code("autograd=run.py")
    (AskedCode(kind=None, file=None), AskedCode(kind='autograd', file='run.py'))

    Raises:
        GdsolveError: it is neither a kind nor a file of Python.
    """
    if value is False:
        return None
    if value is True or value in CODE_KINDS:
        return AskedCode(None if value is True else str(value), None)
    kind, equals, file = str(value).partition("=")
    if not equals or kind not in CODE_KINDS:
        kind, file = "", str(value)
    if not file.lower().endswith(ENDING):
        raise GdsolveError(
            f"{value} is neither {' nor '.join(CODE_KINDS)}, nor a file that ends in {ENDING}",
            "give --code, --code autograd, --code run.py or --code autograd=run.py",
            option="code",
        )
    return AskedCode(kind or None, file)


def code_beside(value: str, folder_of: object) -> str:
    """The same value with its file taken from a folder: `folder_of` gives a path for a name."""
    asked = read_code(value)
    if asked is None or asked.file is None:
        return value
    path = folder_of(asked.file)  # type: ignore[operator]
    return f"{asked.kind}={path}" if asked.kind else str(path)


def check_code(spec: Options) -> None:
    """See that a program that is printed has standard output for itself.

    Raises:
        GdsolveError: another option wants a result, which there is none of.
    """
    asked = read_code(spec.code)
    if asked is None:
        return
    if "-" in spec.data:
        raise GdsolveError(
            "a program cannot read the same standard input again",
            "write the table to a file, and give that in place of -",
            option="code",
        )
    if asked.file is not None:
        return
    fields = type(spec).__dataclass_fields__
    given = [name for name in BESIDE if getattr(spec, name) != fields[name].default]
    if spec.format is not Format.TABLE:
        given.append("format")
    if given:
        raise GdsolveError(
            "--code prints a program in place of a result",
            f"leave {flag(given[0])} out, or give the program a file, as in --code run.py",
            option=given[0],
        )
