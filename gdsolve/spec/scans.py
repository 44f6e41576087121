"""Scans among the sources: how one is known by its name, and what has no answer without rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from gdsolve.advice import Advice
from gdsolve.spec.choices import Engine, PlotKind
from gdsolve.spec.losses import SQUARED
from gdsolve.spec.option import flag, shell_word
from gdsolve.spec.options import Options
from gdsolve.spec.verbs import VERBS, Does
from gdsolve.status import GdsolveError

ENDING = ".tri"
SETTLED = (
    *("formula", "weight", "weight_kind", "sigma", "absolute_sigma", "na", "na_values", "categorical"),
    *("where", "dates", "date_format", "delimiter", "decimal", "thousands", "comment", "sheet", "query"),
    *("encoding", "header", "no_header", "cv_by"),
)
"""Options by which a table is read: a scan has been read with its own."""
DEALT = ("cv", "seed")
"""And those by which a scan that others are merged into has been dealt."""


@dataclass(frozen=True, slots=True)
class NeedsRows:
    """An option that needs rows where it `asks` for them; what is said of it, and the remedy beside the table itself.

    In `words` and `remedy` {value} stands for the value of the option.
    """

    option: str
    asks: Callable[[Options], bool]
    words: str
    remedy: str


NEEDS_ROWS = (
    NeedsRows("group_by", lambda spec: bool(spec.group_by), "groups are made of rows", "leave --group-by out"),
    NeedsRows(
        "offset", lambda spec: spec.offset is not None, "an offset moves the target of every row", "leave --offset out"
    ),
    NeedsRows("minimize", lambda spec: spec.minimize is not None, "a formula needs rows", "leave --minimize out"),
    NeedsRows("model", lambda spec: spec.model is not None, "a curve needs rows", "leave --model out"),
    NeedsRows("holdout", lambda spec: spec.holdout is not None, "to set rows aside takes rows", "leave --holdout out"),
    NeedsRows(
        "loss", lambda spec: not spec.loss.info.squared, "{value} needs every row", f"give --loss {'|'.join(SQUARED)}"
    ),
    NeedsRows(
        "engine",
        lambda spec: spec.engine in (Engine.ROWS, Engine.AUTOGRAD),
        "{value} reads every row",
        "leave --engine out",
    ),
    NeedsRows("batch", lambda spec: spec.batch is not None, "batches are made of rows", "leave --batch out"),
    NeedsRows("se", lambda spec: spec.errors.robust, "{value} reads the residual of every row", "leave --se out"),
    NeedsRows(
        "plot_kind",
        lambda spec: spec.plot_kind is PlotKind.FIT and spec.plot is not False,
        "{value} draws rows",
        "leave --plot-kind out",
    ),
)
"""What squares cannot tell; a new option that needs rows has its line here."""


def is_scan(source: str) -> bool:
    """True for a source that `gdsolve scan` wrote, or a pattern of such.

    >>> is_scan("week.tri"), is_scan("days/*.TRI"), is_scan("week.csv")
    (True, True, False)
    """
    return source.lower().endswith(ENDING)


def require_name(path: str) -> str:
    """The path of a scan that is to be written.

    Raises:
        GdsolveError: it does not end as one.
    """
    if not is_scan(path):
        raise GdsolveError(f"{path} does not end in .tri", "give --output FILE.tri", option="output")
    return path


def reads_scans(spec: Options) -> bool:
    """True where a scan is among the sources."""
    return any(map(is_scan, spec.data))


def check_scans(spec: Options, verb: str, at_hand: str | None = None) -> None:
    """See that nothing is asked of a scan that takes rows, of one of the sources or of one `at_hand`, by its name.

    Raises:
        GdsolveError: naming what needs rows, or the option that was settled when the table was scanned.
    """
    scans = [*([] if at_hand is None else [at_hand]), *filter(is_scan, spec.data)]
    tables = [source for source in spec.data if not is_scan(source)]
    if not scans:
        return
    does = VERBS[verb].does
    if not does & (Does.MODELS | Does.CHOOSES):
        raise GdsolveError(f"{verb} {_without_rows(scans[0])}", "give the table that it was made of")
    merging = Does.CHOOSES in does
    if tables and not merging and not spec.each:
        raise _mixed(scans[0], tables[0], spec.data)
    for name in () if merging and tables else (*SETTLED, *DEALT) if merging else SETTLED:
        if getattr(spec, name) != Options.__dataclass_fields__[name].default:
            raise GdsolveError(
                f"is settled when a table is scanned, and {scans[0]} has been",
                f"leave {flag(name)} out, or scan the table anew with it",
                option=name,
            )
    for need in () if merging else NEEDS_ROWS:
        if need.asks(spec):
            words, remedy = (text.format(value=getattr(spec, need.option)) for text in (need.words, need.remedy))
            raise GdsolveError(
                f"{words}, and {scans[0]} is a scan, which holds none",
                f"{remedy}, or give the table that it was made of",
                option=need.option,
            )


def _without_rows(scan: str) -> str:
    return f"needs rows, and {scan} is a scan, which holds none"


def _mixed(scan: str, table: str, sources: Sequence[str]) -> GdsolveError:
    words = ["gdsolve", "scan", *sources, "-o", f"whole{ENDING}"]
    return GdsolveError(
        f"{scan} is a scan and {table} a table: gdsolve scan alone takes both",
        Advice("make one scan of them", " ".join(map(shell_word, words))),
    )
