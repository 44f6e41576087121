"""Given weights beside the optimum as a plain dict, as a table for people, and as CSV."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any, TextIO

from gdsolve.report.figures import figures_of_fit
from gdsolve.report.grid import Column, Grid, transpose
from gdsolve.report.numbers import ABSENT, counted, figure, rows
from gdsolve.report.page import Page, page_for
from gdsolve.report.parts import (
    advise,
    chunked_tables,
    data_lines,
    labelled,
    loss_text,
    name_column,
    parameter_names,
    parameter_values,
)
from gdsolve.report.plain import has_intercept, weight_names, write_csv
from gdsolve.report.record import NO_DATA, data_record, descent_record, optimum_record, sought_record, spectrum_record
from gdsolve.report.weight_table import SCREENFUL
from gdsolve.spec.losses import LOSS_PARAMETERS, USUAL_LOSS
from gdsolve.version import __version__

if TYPE_CHECKING:
    from gdsolve.solve.certified import Certified

Record = dict[str, Any]
COLUMNS = ("weight", "optimum", "difference")
DIGITS = (12, 10, 8, 6)
LEAST = 1e-300


def certify_record(found: Certified) -> Record:
    """`gdsolve.certify/1`: gap, digits and gradient norm in the user's units; null where there is no optimum."""
    asked = descent_record(found.spec, standardised=False)
    own = (one.name for one in LOSS_PARAMETERS)
    kept = ("loss", "link", *own, "ridge", "l1", "penalty_scale", "penalize_intercept")
    return {
        "schema": "gdsolve.certify/1",
        "version": __version__,
        "message": found.message,
        "exit_code": int(found.exit_code),
        "from": found.name,
        "weights": found.weights,
        "intercept": found.intercept,
        **asdict(found.figures),
        "share_beyond_delta": found.figures.share_beyond_delta,
        "gap": found.gap,
        "relative_gap": found.relative_gap,
        "duality_gap": found.duality_gap,
        "digits": found.digits,
        "optimum": None if found.optimum is None else optimum_record(found.optimum),
        "spectrum": None if found.spectrum is None else spectrum_record(found.spectrum),
        "data": NO_DATA if found.data is None else data_record(found.data, found.spec),
        "descent": {
            **{name: asked[name] for name in kept},
            **sought_record(found.spec, sought=found.delta_found),
            "dtype": "float64",
        },
        "objective": {"kind": found.subject.kind, "formula": found.subject.formula},
        "advice": list(found.advice),
        "seconds": found.seconds,
    }


def write_certify_table(record: Mapping[str, Any], stream: TextIO) -> None:
    """What was read, the weights beside those of the optimum, the figures, and how far the loss is above it."""
    page = page_for(stream)
    descent, kind = record["descent"], record["objective"]["kind"]
    usual = kind == "formula" or (descent["loss"] == USUAL_LOSS and not descent["ridge"] and not descent["l1"])
    lines = data_lines(record, intercept=has_intercept(record))
    labelled(page, [*lines, ("loss", "" if usual else loss_text(descent)), ("weights", f"from {record['from']}")])
    page.blank()
    _show_weights(page, record)
    page.blank()
    told = [f"|gradient| {figure(record['gradient_norm'])} in the units of the columns"]
    if record["duality_gap"] is not None:
        told.append(f"duality gap {figure(record['duality_gap'], 3)}")
    page.paragraph(", ".join([*figures_of_fit({**record, "trace": []}), *told]), hanging=2)
    page.blank()
    page.paragraph(record["message"], "bold", hanging=2)
    advise(page, record["advice"])
    page.write(stream)


def write_certify_csv(record: Mapping[str, Any], stream: TextIO) -> None:
    """One row a weight: its name, the weight, that of the optimum, and the difference."""
    write_csv(("term", *COLUMNS), certify_rows(record), stream)


def certify_rows(record: Mapping[str, Any]) -> list[tuple[str, float | None, float | None, float | None]]:
    """A row a weight: its name, the weight, that of the optimum, and the difference."""
    names, given, best = _columns(record)
    return list(zip(names, given, best, _differences(given, best), strict=True))


def _show_weights(page: Page, record: Mapping[str, Any]) -> None:
    names, given, best = _columns(record)
    differences = _differences(given, best)
    chosen = _farthest(differences, best)
    shown = [names[place] for place in chosen]
    pairs = [(given[place], best[place]) for place in chosen]
    last = [_difference(differences[place]) for place in chosen]
    columns: list[list[str]] = []
    for digits in DIGITS:
        columns = [*map(list, zip(*rows(pairs, digits), strict=True)), last]
        table = Grid([name_column("parameter"), *map(Column, COLUMNS)], transpose([shown, *columns]))
        if page.fits(table):
            page.table(table)
            break
    else:
        chunked_tables(page, name_column("parameter"), shown, list(COLUMNS), columns)
    if len(chosen) < len(names):
        total = counted(len(names), "weight")
        page.paragraph(f"{len(chosen)} of {total}, those farthest from the optimum; --format csv has all", "dim")


def _farthest(differences: Sequence[float | None], best: Sequence[float | None]) -> list[int]:
    """The places of the weights to show: all that fit on a screen, or those that are farthest off for what they are."""
    places = range(len(best))
    if len(best) <= SCREENFUL:
        return list(places)
    off = [abs(one or 0.0) / max(abs(goal or 0.0), LEAST) for one, goal in zip(differences, best, strict=True)]
    return sorted(places, key=lambda place: -off[place])[: SCREENFUL - 1]


def _columns(record: Mapping[str, Any]) -> tuple[list[str], list[float | None], list[float | None]]:
    features, intercept = weight_names(record), has_intercept(record)
    names = parameter_names(record, intercept=intercept)
    given = parameter_values(record, features, intercept=intercept)
    return names, given, parameter_values(record["optimum"] or {}, features, intercept=intercept)


def _differences(given: list[float | None], best: list[float | None]) -> list[float | None]:
    return [None if value is None or goal is None else value - goal for value, goal in zip(given, best, strict=True)]


def _difference(value: float | None) -> str:
    if value is None:
        return ABSENT
    return f"{value:.1e}" if value else "0"
