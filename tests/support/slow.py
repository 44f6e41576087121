"""Which tests are slow: measured, not guessed. `python tests/support/slow.py REPORT.xml` writes the table anew.

The report is that of `pytest --junit-xml=REPORT.xml`. All runs of a function of tests together are slow, or none is:
the quickest functions are left to `-m "not slow"`, as many as take a minute on one core.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from functools import cache
from pathlib import Path

TABLE = Path(__file__).with_name("slow.txt")
BUDGET = 60.0


@cache
def slow() -> dict[tuple[str, str], float]:
    """The seconds that every slow function takes, by the name of its file and its own."""
    lines = (line.split() for line in TABLE.read_text(encoding="utf-8").splitlines())
    return {(file, function): float(seconds) for seconds, file, function in lines}


@cache
def by_file() -> dict[str, float]:
    """The seconds that the slow functions of a file take together."""
    found: dict[str, float] = defaultdict(float)
    for (file, _), seconds in slow().items():
        found[file] += seconds
    return found


def measured(report: Path) -> dict[tuple[str, str], float]:
    """The seconds of every function of tests in a report."""
    from xml.etree import ElementTree

    found: dict[tuple[str, str], float] = defaultdict(float)
    for case in ElementTree.parse(report).iter("testcase"):
        file = case.attrib["classname"].rpartition(".")[2] + ".py"
        found[file, case.attrib["name"].partition("[")[0]] += float(case.attrib["time"])
    return found


def table(seconds: dict[tuple[str, str], float]) -> str:
    """All but the quickest functions, with what they take."""
    left, lines = BUDGET, []
    for (file, function), taken in sorted(seconds.items(), key=lambda one: one[1]):
        left -= taken
        if left < 0:
            lines.append(f"{taken:.2f} {file} {function}\n")
    return "".join(sorted(lines, key=lambda line: line.split()[1:]))


if __name__ == "__main__":
    TABLE.write_text(table(measured(Path(sys.argv[1]))), encoding="utf-8")
