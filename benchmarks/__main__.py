"""`python -m benchmarks`: measure, show a table, and fail where a bound is missed."""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from benchmarks import document, page, report
from benchmarks.cases import SUBJECTS
from benchmarks.data import Folder
from benchmarks.document import Row
from benchmarks.kinds import Case, missing
from benchmarks.machine import busy, describe
from benchmarks.measure import MeasurementError, SkippedError
from benchmarks.report import section_name
from benchmarks.worker import end_workers

JSON = Path("benchmarks.json")
INTERRUPTED = 130


def main(words: Sequence[str] | None = None) -> int:
    """Measure what is asked for.

    Returns 1 if a bound was missed or something could not be measured, 130 if it was interrupted; what was measured
    until then is shown and written.
    """
    parser = _parser()
    asked = parser.parse_args(words)
    if asked.list:
        _list()
        return 0
    if asked.nist is not None:
        return _nist(asked.nist, asked.json)
    if asked.document is not None and (wrong := page.unreadable(asked.document)):
        parser.error(wrong)
    if asked.show is not None:
        return _show(parser, asked)
    written: Path = asked.json or JSON
    if not written.parent.is_dir():
        parser.error(f"{written}: there is no folder {written.parent}")
    chosen = _chosen(parser, asked, [(subject, case.name) for subject, case in _cases()])
    return _run([row for row in _cases() if row[1].name in chosen], asked, written)


def _chosen(parser: argparse.ArgumentParser, asked: argparse.Namespace, there: list[tuple[str, str]]) -> set[str]:
    """The names of the rows that are asked for, of those that are there: their section and their name."""
    only = {name.strip() for words in asked.only or () for name in words.split(",") if name.strip()}
    sections = list(dict.fromkeys(section_name(subject) for subject, _ in there))
    if unknown := sorted(only - {name for _, name in there} - {*sections}):
        listed = f"sections: {', '.join(sections)}; --list shows the rows"
        parser.error(f"there is no section and no row {', '.join(unknown)}; {listed}")
    return {name for subject, name in there if not only or only & {name, section_name(subject)}}


def _run(cases: list[tuple[str, Case]], asked: argparse.Namespace, written: Path) -> int:
    machine = describe()
    if warning := busy(machine):
        print(warning, file=sys.stderr)
    rows: list[Row] = []
    absent: dict[str, str] = {}
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as temporary:
        folder = Folder(asked.folder or Path(temporary))
        folder.path.mkdir(parents=True, exist_ok=True)
        interrupted = False
        try:
            for subject, case in cases:
                rows.append(_measure(subject, case, folder, asked.runs, absent))
        except KeyboardInterrupt:
            interrupted = True
            rows += [Row(subject, case, None, "not run", "interrupted") for subject, case in cases[len(rows) :]]
        finally:
            end_workers()
    made = document.document(machine, folder.made, rows, _complete(rows))
    document.write(written, made)
    _print(made, asked)
    for line in (found := document.problems(made)):
        print(line, file=sys.stderr)
    print(f"every run: {written}", file=sys.stderr)
    return INTERRUPTED if interrupted else 1 if found else 0


def _measure(subject: str, case: Case, folder: Folder, runs: int, absent: dict[str, str]) -> Row:
    """Measure a case, unless its section is `absent`, for a reason that is found out and told once."""
    if subject in absent:
        return Row(subject, case, None, "skipped", absent[subject])
    if lacking := missing(case):
        note = f"{', '.join(lacking)} not installed (pip install '.[bench]')"
        print(f"{case.name}: skipped: {note}", file=sys.stderr)
        return Row(subject, case, None, "skipped", note)
    print(f"{case.name} …", file=sys.stderr, flush=True)
    began = time.perf_counter()
    try:
        taken = case.compare(folder, runs)
        row = Row(subject, case, taken, note=taken.note)
    except SkippedError as error:
        absent[subject] = str(error)
        print(f"{section_name(subject)}: skipped: {error}", file=sys.stderr, flush=True)
        return Row(subject, case, None, "skipped", str(error))
    except (MeasurementError, OSError) as error:
        row = Row(subject, case, None, "failed", str(error))
    print(f"{case.name}: {row.status}, {time.perf_counter() - began:.0f} s in all", file=sys.stderr, flush=True)
    return row


def _complete(rows: list[Row]) -> list[str]:
    """The sections of which every case was run."""
    run = {row.case.name for row in rows if row.status != "not run"}
    return [subject for subject, cases in SUBJECTS.items() if {case.name for case in cases} <= run]


def _list() -> None:
    for subject, cases in SUBJECTS.items():
        print(section_name(subject))
        for case in cases:
            print(f"  {case.name:20} {case.bound or 'no bound'!s:10}{case.a}  /  {case.b}")


def _show(parser: argparse.ArgumentParser, asked: argparse.Namespace) -> int:
    try:
        made = document.read(asked.show)
    except document.NotADocumentError as error:
        print(error, file=sys.stderr)
        return 1
    chosen = _chosen(parser, asked, [(case["subject"], case["name"]) for case in made["cases"]])
    cases = [case for case in made["cases"] if case["name"] in chosen]
    whole = {case["subject"] for case in cases} - {case["subject"] for case in made["cases"] if case not in cases}
    complete = [subject for subject in made.get("complete", ()) if subject in whole]
    _print({**made, "cases": cases, "complete": complete}, asked)
    return 0


def _print(made: dict[str, object], asked: argparse.Namespace) -> None:
    if asked.markdown:
        print(report.markdown(made), end="")
    else:
        report.show(made)
    if asked.document is not None:
        for line in page.rewrite(asked.document, made):
            print(line, file=sys.stderr)


def _nist(folder: Path, written: Path | None) -> int:
    from benchmarks import nist

    try:
        return nist.run(folder, written)
    except nist.NotNistError as error:
        print(error, file=sys.stderr)
        return 1


def _cases() -> list[tuple[str, Case]]:
    return [(subject, case) for subject, cases in SUBJECTS.items() for case in cases]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--runs", type=_positive, default=5, help="runs of A and of B, by turns (default 5)")
    parser.add_argument(
        "--only", action="append", metavar="NAMES", help="these sections and rows alone, by comma; repeatable"
    )
    parser.add_argument(
        "--folder", type=Path, help="keep the tables here, 2.3 GB (default: a temporary folder, removed at the end)"
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help=f"write every run here (default {JSON})")
    parser.add_argument("--markdown", action="store_true", help="print Markdown instead of a table")
    parser.add_argument(
        "--document",
        type=Path,
        metavar="FILE",
        help="rewrite the tables of the sections that were measured whole in this page, those of this machine alone",
    )
    parser.add_argument("--show", type=Path, metavar="FILE", help="show what an earlier run wrote, and measure nothing")
    parser.add_argument(
        "--nist", type=Path, metavar="FOLDER", help="solve NIST's nonlinear problems in .dat files instead"
    )
    parser.add_argument("--list", action="store_true", help="list sections and rows, and leave")
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return number


if __name__ == "__main__":
    # A polite kill, too, removes the tables and shows what was measured.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sys.exit(main())
