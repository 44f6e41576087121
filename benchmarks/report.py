"""A run's document as a table for a terminal, and as Markdown."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.padding import Padding
from rich.table import Table

OFF_A_TERMINAL = 100
HEADINGS = ("runs", "A", "B", "A/B", "pairs", "bound", "met", "peak A", "peak B")


def show(made: dict[str, Any]) -> None:
    """Print machine, figures, and what A and B are on standard output, 100 columns wide off a terminal."""
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else OFF_A_TERMINAL, highlight=False)
    for name, value in made["machine"].items():
        console.print(f"{name + ':':14}{value}", soft_wrap=True, markup=False)
    console.print(_table(made["cases"]))
    console.print(EXPLAINED, markup=False)
    console.print(_legend(made["cases"]))


EXPLAINED = (
    "A and B run by turns; A, B and peak memory are medians, A/B is that of the medians, pairs its range over "
    "neighbouring runs."
)


HEAD = ("| | A | B | " + " | ".join(HEADINGS) + " |", "|---|---|---|" + "--:|" * len(HEADINGS))


def markdown(made: dict[str, Any]) -> str:
    """Machine and figures as Markdown, what A and B are within the table."""
    lines = [
        f"One run of `python -m benchmarks` on {machine_text(made['machine'])}",
        EXPLAINED,
        "",
        *HEAD,
    ]
    shown = []
    for subject, cases in by_subject(made["cases"]):
        absent = why_absent(cases)
        words = f"**{subject}**" if absent is None else f"**{subject}**: {absent}"
        lines.append(f"| {words} " + "| " * (2 + len(HEADINGS)) + "|")
        shown += [] if absent else cases
        lines += [] if absent else map(_markdown_row, cases)
    return "\n".join([*lines, *_markdown_notes(shown)]) + "\n"


def markdown_section(cases: list[dict[str, Any]]) -> str:
    """The table of one section alone, with its notes."""
    return "\n".join([*HEAD, *map(_markdown_row, cases), *_markdown_notes(cases)]) + "\n"


def machine_text(machine: dict[str, str]) -> str:
    """Date, machine and versions in a sentence; what is not installed is left out."""
    names = list(machine)[list(machine).index("python") :]
    versions = ", ".join(f"{name} {machine[name]}" for name in names if machine[name] != "not installed")
    cores = "1 core" if machine["cores"] == "1" else f"{machine['cores']} cores"
    gpu = f"{machine['gpu']}, " if "gpu" in machine else ""
    where = f"{machine['processor']}, {cores}, {machine['memory']}, {gpu}load {machine['load']}"
    return f"{machine['date'][:10]}: {where}; {versions}."


def section_name(subject: str) -> str:
    """What `--only` calls a section."""
    return subject.lower().replace(" ", "-")


def why_absent(cases: list[dict[str, Any]]) -> str | None:
    """Why nothing of a section was measured, where that is one reason for all of it."""
    reasons = {case["note"] for case in cases}
    alike = len(cases) > 1 and len(reasons) == 1 and all(case["status"] == "skipped" for case in cases)
    return str(reasons.pop()) if alike else None


def quantity(value: float, unit: str) -> str:
    """A time (s) or a size (B) with a readable prefix and three significant digits."""
    steps = (("GB", 1e9), ("MB", 1e6)) if unit == "B" else (("s", 1.0), ("ms", 1e-3))
    for name, size in steps:
        if value >= size:
            return f"{value / size:#.3g} {name}".replace(". ", " ")
    return f"{value:.0f} B" if unit == "B" else f"{value / 1e-6:#.3g} µs".replace(". ", " ")


def _table(cases: list[dict[str, Any]]) -> Table:
    table = Table(box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
    table.add_column("", no_wrap=True)
    for heading in HEADINGS:
        table.add_column(heading, justify="right", no_wrap=True)
    for subject, group in by_subject(cases):
        absent = why_absent(group)
        table.add_row(f"[bold]{subject}[/bold]", *([] if absent is None else ["", "", "", "", absent]))
        for case in () if absent else group:
            table.add_row(f"  {case['name']}", *_cells(case))
    return table


def _legend(cases: list[dict[str, Any]]) -> Padding:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for case in (case for _, group in by_subject(cases) if not why_absent(group) for case in group):
        table.add_row(case["name"], "A", _plain(case["a"]))
        table.add_row("", "B", _plain(case["b"]))
        for note in _notes(case):
            table.add_row("", "", _plain(note))
    return Padding(table, (1, 0, 0, 0))


def _cells(case: dict[str, Any]) -> list[str]:
    """What stands under HEADINGS."""
    bound = case["bound"] or ""
    if case["status"] != "measured":
        return ["", "", "", "", case["status"], bound, "", "", ""]
    unit, (low, high) = case["unit"], case["spread"]
    medians = (quantity(case["median"][side], unit) for side in "ab")
    peaks = ("" if case["peak"][side] is None else quantity(case["peak"][side], "B") for side in "ab")
    met = {True: "yes", False: "NO", None: ""}[case["met"]]
    return [
        str(len(case["runs"]["a"])),
        *medians,
        f"{case['ratio']:.3g}",
        f"{low:.3g} – {high:.3g}",
        bound,
        met,
        *peaks,
    ]


def _notes(case: dict[str, Any]) -> Iterator[str]:
    """What the figures alone do not say."""
    if case["note"]:
        note = " ".join(case["note"].split())
        yield note if case["status"] == "measured" else f"{case['status']}: {note}"
    if apart := case.get("agreement"):
        above = apart["sse_b"] / apart["sse_a"] - 1.0
        where = "above" if above >= 0 else "below"
        yield (
            f"B's SSE is {abs(above) * 100:.2g} % {where} A's, its weights are within {apart['difference']:.1g} of A's"
        )


def _markdown_row(case: dict[str, Any]) -> str:
    cells = (f"`{case['name']}`", case["a"], case["b"], *_cells(case))
    return "| " + " | ".join(str(cell).replace("|", r"\|") for cell in cells) + " |"


def _markdown_notes(cases: list[dict[str, Any]]) -> list[str]:
    notes = [f"- `{case['name']}`: {note}" for case in cases for note in _notes(case)]
    return ["", *notes] if notes else []


def by_subject(cases: list[dict[str, Any]]) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The cases of each section, in their order."""
    for subject, group in groupby(cases, key=lambda case: str(case["subject"])):
        yield subject, list(group)


def _plain(text: str) -> str:
    """Text in which brackets mean themselves."""
    return text.replace("[", r"\[")
