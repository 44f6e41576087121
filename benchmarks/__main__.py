"""`python -m benchmarks`: measure, show a table, and fail where a bound is missed."""

from __future__ import annotations

import argparse
import dataclasses
import json
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from benchmarks.cases import CASES, Case, missing
from benchmarks.data import Folder
from benchmarks.machine import describe
from benchmarks.measure import Comparison, MeasurementError
from benchmarks.report import Row, problems, show


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for; returns 1 if a bound was missed or something could not be measured."""
    parser = _parser()
    asked = parser.parse_args(words)
    if asked.list:
        for case in CASES:
            print(f"{case.name:18}{case.bound or 'no bound'!s:10}{case.a}  /  {case.b}")
        return 0
    if asked.nist is not None:
        return _nist(asked.nist, asked.json)
    machine = describe()
    cases = [case for case in CASES if not asked.only or case.name in asked.only]
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as temporary:
        folder = Folder(asked.folder or Path(temporary))
        folder.path.mkdir(parents=True, exist_ok=True)
        rows = [_measure(case, folder, asked.runs) for case in cases]
    show(machine, rows)
    if asked.json is not None:
        asked.json.write_text(json.dumps(_document(machine, rows), indent=1) + "\n")
    for problem in (found := problems(rows)):
        print(problem, file=sys.stderr)
    return 1 if found else 0


def _nist(folder: Path, written: Path | None) -> int:
    from benchmarks import nist

    try:
        return nist.run(folder, written)
    except nist.NotNistError as error:
        print(error, file=sys.stderr)
        return 1


def _measure(case: Case, folder: Folder, runs: int) -> Row:
    if lacking := missing(case):
        return Row(case, None, f"skipped: {', '.join(lacking)} not installed")
    print(f"{case.name} …", file=sys.stderr, flush=True)
    try:
        return Row(case, case.compare(folder, runs))
    except MeasurementError as error:
        return Row(case, None, str(error), failed=True)


def _document(machine: dict[str, str], rows: list[Row]) -> dict[str, Any]:
    return {"schema": "gdsolve.benchmarks/1", "machine": machine, "cases": [_as_dict(row) for row in rows]}


def _as_dict(row: Row) -> dict[str, Any]:
    case = row.case
    described: dict[str, Any] = {
        "name": case.name,
        "a": case.a,
        "b": case.b,
        "bound": str(case.bound) if case.bound else None,
        "met": row.met,
        "note": row.note or None,
    }
    return described | (_figures(row.comparison) if row.comparison is not None else {})


def _figures(comparison: Comparison) -> dict[str, Any]:
    return {
        "unit": comparison.unit,
        "median": {"a": comparison.median_a, "b": comparison.median_b},
        "ratio": comparison.ratio,
        "spread": comparison.spread(),
        "runs": {"a": comparison.a, "b": comparison.b},
        "processes": {
            side: [_without_output(dataclasses.asdict(process)) for process in processes]
            for side, processes in comparison.processes.items()
        },
    }


def _without_output(process: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in process.items() if name != "output"}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=_positive, default=5, help="runs of A and of B, by turns (default 5)")
    parser.add_argument(
        "--only", action="append", metavar="NAME", choices=[case.name for case in CASES], help="this row; repeatable"
    )
    parser.add_argument("--folder", type=Path, help="keep the tables here (default: a temporary folder, removed)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every run to this file, too")
    parser.add_argument(
        "--nist", type=Path, metavar="FOLDER", help="solve NIST's nonlinear problems in .dat files instead"
    )
    parser.add_argument("--list", action="store_true", help="list the rows and leave")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


if __name__ == "__main__":
    sys.exit(main())
