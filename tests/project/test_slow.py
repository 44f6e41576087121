"""The table of slow tests names tests that there are."""

from __future__ import annotations

import re
from pathlib import Path

from places import ROOT
from slow import measured, slow, table


def test_slow_tests_are_those_of_today() -> None:
    """Where one was renamed or is gone, rename its line in tests/support/slow.txt or take it out."""
    texts = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "tests").rglob("test_*.py")}
    gone = [
        f"{file} {function}"
        for file, function in slow()
        if not re.search(rf"^(?:    )?def {function}\(", texts.get(file, ""), re.MULTILINE)
    ]
    assert gone == []


def test_the_quickest_are_left(tmp_path: Path) -> None:
    report = tmp_path / "report.xml"
    cases = {"test_a[1]": 20.0, "test_a[2]": 30.0, "test_b": 4.0, "test_c": 7.0}
    lines = [f'<testcase classname="tests.api.test_x" name="{name}" time="{time}"/>' for name, time in cases.items()]
    report.write_text(f"<testsuites><testsuite>{''.join(lines)}</testsuite></testsuites>")
    assert measured(report)["test_x.py", "test_a"] == 50.0
    assert table(measured(report)) == "50.00 test_x.py test_a\n"
