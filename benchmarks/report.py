"""The figures as a table, and what is wrong with them."""

from __future__ import annotations

import sys
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from benchmarks.cases import Case
from benchmarks.measure import Comparison

OFF_A_TERMINAL = 180


@dataclass(frozen=True, slots=True)
class Row:
    """One case and what came of it; `note` says why nothing did."""

    case: Case
    comparison: Comparison | None
    note: str = ""
    failed: bool = False

    @property
    def met(self) -> bool | None:
        """Whether the bound is kept; None where there is none, or no measurement."""
        if self.case.bound is None or self.comparison is None:
            return None
        return self.case.bound.met_by(self.comparison.ratio)


def show(machine: dict[str, str], rows: list[Row]) -> None:
    """Print machine and table on standard output."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else OFF_A_TERMINAL, highlight=False)
    for name, value in machine.items():
        console.print(f"{name + ':':14}{value}", soft_wrap=True, markup=False)
    console.print(_table(rows))


def problems(rows: list[Row]) -> list[str]:
    """One line for every bound missed and every case that could not be measured."""
    lines = [f"{row.case.name}: failed: {row.note}" for row in rows if row.failed]
    for row in rows:
        if row.met is False and row.comparison is not None:
            lines.append(f"{row.case.name}: bound missed: {row.comparison.ratio:.3f} is not {row.case.bound}")
    return lines


def quantity(value: float, unit: str) -> str:
    """A time (s) or a size (B) with a readable prefix and three significant digits."""
    steps = (("GB", 1e9), ("MB", 1e6)) if unit == "B" else (("s", 1.0), ("ms", 1e-3))
    for name, size in steps:
        if value >= size:
            return f"{value / size:#.3g} {name}".replace(". ", " ")
    return f"{value:.0f} B" if unit == "B" else f"{value / 1e-6:#.3g} µs".replace(". ", " ")


def _table(rows: list[Row]) -> Table:
    table = Table()
    for heading in ("name", "A", "B"):
        table.add_column(heading, overflow="fold")
    for heading in ("runs", "median A", "median B", "A/B", "A/B, pairs", "bound"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("met")
    for row in rows:
        case, bound = row.case, str(row.case.bound or "")
        if row.comparison is None:
            verdict = "failed" if row.failed else row.note
            table.add_row(case.name, case.a, case.b, "", "", "", "", "", bound, verdict)
            continue
        taken = row.comparison
        low, high = taken.spread()
        verdict = {True: "yes", False: "NO", None: ""}[row.met]
        medians = (quantity(taken.median_a, taken.unit), quantity(taken.median_b, taken.unit))
        ratios = (f"{taken.ratio:.3g}", f"{low:.3g} – {high:.3g}")
        table.add_row(case.name, case.a, case.b, str(len(taken.a)), *medians, *ratios, bound, verdict)
    return table
