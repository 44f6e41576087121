"""The page with the tables of all machines: a run rewrites those of its own machine that it measured whole.

A table stands under a comment that names its section and its machine, and reaches to the next such comment.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from benchmarks import report
from benchmarks.cases import SUBJECTS

MARK = re.compile(r"^<!-- benchmarks: ([a-z-]+) \| ([^\n|]+) -->\n", re.MULTILINE)
END = "<!-- benchmarks: end -->"

# A section by its name, and the machine.
Place = tuple[str, str]


def machine_name(machine: dict[str, str]) -> str:
    """What machines are told apart by: the number of cores, and the GPU."""
    cores = "1 core" if machine["cores"] == "1" else f"{machine['cores']} cores"
    return f"{cores}, {machine['gpu']}" if "gpu" in machine else cores


def unreadable(path: Path) -> str | None:
    """Why a page cannot be rewritten, in a line; None where it can."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        return f"{path}: {error}"
    return None if text.count(END) == 1 else f"{path}: has no line {END}, before which the tables stand"


def rewrite(path: Path, made: dict[str, Any]) -> list[str]:
    """Put the tables of a run into a page; returns a line for every section of the run: what became of it."""
    head, tables, tail = _parted(path.read_text(encoding="utf-8"))
    machine, said = machine_name(made["machine"]), []
    for subject, cases in report.by_subject(made["cases"]):
        section = report.section_name(subject)
        if absent := report.why_absent(cases):
            said.append(f"{path}: {section}: {absent}: left as it is")
        elif subject not in made.get("complete", ()):
            said.append(f"{path}: {section}: not measured whole: left as it is")
        else:
            tables[section, machine] = table_text(subject, cases, made["machine"])
            said.append(f"{path}: {section} on {machine}: written")
    order = {report.section_name(subject): place for place, subject in enumerate(SUBJECTS)}

    def place_of(place: Place) -> tuple[int, int, str]:
        cores = re.match(r"\d+", place[1])
        return order.get(place[0], len(order)), int(cores[0]) if cores else 0, place[1]

    parts = [
        f"<!-- benchmarks: {section} | {where} -->\n{tables[section, where]}"
        for section, where in sorted(tables, key=place_of)
    ]
    partial = path.with_name(f"{path.name}.partial")
    partial.write_text("".join((head, *parts, END, tail)), encoding="utf-8")
    partial.replace(path)
    return said


def table_text(subject: str, cases: list[dict[str, Any]], machine: dict[str, str]) -> str:
    """A section with its heading, its machine and its date, and an empty line at the end."""
    heading = f"### {subject}: {machine_name(machine)}"
    return f"{heading}\n\n{report.machine_text(machine)}\n\n{report.markdown_section(cases)}\n"


def _parted(text: str) -> tuple[str, dict[Place, str], str]:
    """What stands before the tables, the tables by their place, and what stands after them."""
    before, _, tail = text.partition(END)
    found = list(MARK.finditer(before))
    head = before[: found[0].start()] if found else before
    ends = [mark.start() for mark in found[1:]] + [len(before)]
    tables = {(mark[1], mark[2]): before[mark.end() : end] for mark, end in zip(found, ends, strict=True)}
    return head, tables, tail
