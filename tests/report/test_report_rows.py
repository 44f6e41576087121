"""The coefficients of a fit as CSV, Markdown and LaTeX, and the table of standard errors on the page of a report."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from places import CONFIGS

from gdsolve.cli.main import run
from gdsolve.report.coefficients import write_latex, write_markdown

NORRIS = str(CONFIGS / "norris.csv")


def told(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert run(arguments) == 0
    return capsys.readouterr().out


def test_csv_has_the_rows_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    """NIST's certified values of Norris, with the intervals of t on 34 degrees of freedom."""
    out = told(capsys, "fit", NORRIS, "--report", "--format", "csv")
    rows = {row["term"]: row for row in csv.DictReader(io.StringIO(out))}
    assert list(rows) == ["x", "intercept"]
    assert float(rows["x"]["estimate"]) == pytest.approx(1.00211681802045, rel=1e-10)
    assert float(rows["x"]["standard_error"]) == pytest.approx(0.429796848199937e-03, rel=1e-9)
    assert float(rows["intercept"]["standard_error"]) == pytest.approx(0.232818234301152, rel=1e-9)
    record = json.loads(told(capsys, "fit", NORRIS, "--report", "--format", "json"))["report"]["parameters"]
    for name, row in rows.items():
        assert {key: float(text) for key, text in row.items() if key != "term"} == pytest.approx(
            {key: record[name][key] for key in row if key != "term"}, rel=1e-15
        )
    plain = list(csv.DictReader(io.StringIO(told(capsys, "fit", NORRIS, "--format", "csv"))))
    assert plain == [{"term": name, "estimate": row["estimate"]} for name, row in rows.items()]


def test_markdown_and_latex_have_the_figures_of_the_table(capsys: pytest.CaptureFixture[str]) -> None:
    table = told(capsys, "fit", NORRIS, "--report", "--confidence", "0.9")
    (row,) = (line.split() for line in table.splitlines() if line.split()[:1] == ["x"] and len(line.split()) == 7)
    markdown = told(capsys, "fit", NORRIS, "--report", "--confidence", "0.9", "--format", "markdown").splitlines()
    assert markdown[0] == "| parameter | estimate | std. error | t | p-value | lower 90% | upper 90% |"
    assert markdown[1] == "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    assert markdown[2] == f"| {' | '.join(row)} |"
    latex = told(capsys, "fit", NORRIS, "--report", "--confidence", "0.9", "--format", "latex").splitlines()
    assert latex[0] == r"\begin{tabular}{lrrrrrr}"
    assert latex[2] == r"parameter & estimate & std. error & t & p-value & lower 90\% & upper 90\% \\"
    (x, estimate, error, ratio, _, lower, upper) = row
    assert latex[4] == f"{x} & {estimate} & {error} & {ratio} & $<1 \\times 10^{{-16}}$ & {lower} & {upper} \\\\"
    assert "$-1.127$" in latex[5]
    told_below = "36 rows, R² = 0.999994, half-mse loss = 0.36968609."
    assert latex[-3:] == [r"\end{tabular}", "", rf"\noindent {told_below.replace('²', '$^2$')}"]
    assert markdown[-2:] == ["", told_below]
    assert told(capsys, "fit", NORRIS, "--format", "markdown").splitlines()[:2] == [
        "| parameter | estimate |",
        "| --- | ---: |",
    ]


def test_names_are_escaped() -> None:
    record: dict[str, Any] = {"weights": {"a|b_c & 50%\n": 1.5}, "intercept": None, "report": None}
    record |= {"objective": {"kind": "linear"}, "data": {"features": ["a|b_c & 50%\n"], "rows": 1}, "trace": []}
    record |= {"descent": {"loss": "sse", "ridge": 0.0}, "loss": 2.5, "r2": None}
    out = io.StringIO()
    write_markdown(record, out)
    assert out.getvalue().splitlines()[2] == r"| a\|b_c & 50% | 1.5 |"
    out = io.StringIO()
    write_latex(record, out)
    assert out.getvalue().splitlines()[4] == r"a$|$b\_c \& 50\% & 1.5 \\"


def test_why_there_are_no_errors_is_told_beside_the_rows(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("x,y\n1,1\n2,2\n3,3.5\n4,4\n")
    code = run(["fit", str(tmp_path / "t.csv"), "--loss", "absolute", "--report", "--format", "csv", "--exit-zero"])
    out, err = capsys.readouterr()
    assert code == 0
    assert [row["standard_error"] for row in csv.DictReader(io.StringIO(out))] == ["", ""]
    assert sum("no error bar" in line or "no std. error" in line for line in err.splitlines()) == 1


@pytest.mark.parametrize("form", ["markdown", "latex"])
def test_other_verbs_say_what_they_write(capsys: pytest.CaptureFixture[str], form: str) -> None:
    assert run(["compare", NORRIS, "--format", form]) == 2
    told = f"gdsolve: error: format: compare does not write {form}\nhint: give --format table|json|csv\n"
    assert capsys.readouterr() == ("", told)


def test_the_page_has_the_table_of_the_report(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    page = told(capsys, "report", NORRIS, "-o", "-", "--report", "--confidence", "0.9")
    assert "<h2>Standard errors</h2>" in page
    assert '<th scope="col">lower 90%</th>' in page
    table = told(capsys, "fit", NORRIS, "--report", "--confidence", "0.9")
    (row,) = (line.split() for line in table.splitlines() if line.split()[:1] == ["x"] and len(line.split()) == 7)
    cells = "".join(f"<td>{cell.replace('<', '&lt;')}</td>" for cell in row[1:])
    assert f'<tr><td class="name">x</td>{cells}</tr>' in page
    assert "<dt>residual sd</dt>" in page
    assert '<th scope="col">correlation</th>' in page
    assert "Standard errors" not in told(capsys, "report", NORRIS, "-o", "-")
