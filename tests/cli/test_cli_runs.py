"""The verbs from arguments to output, in one process: exit codes, formats, files, and YAML against flags."""

from __future__ import annotations

import csv
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from places import CONFIGS

from gdsolve.cli.main import run


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    (tmp_path / "two.csv").write_text("x,y\n1,2\n3,4\n")
    return tmp_path


class Shell:
    """Runs gdsolve and keeps what it wrote."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self.capsys = capsys

    def __call__(self, *arguments: str) -> tuple[int, str, str]:
        code = run(arguments)
        return code, *self.capsys.readouterr()

    def json(self, *arguments: str) -> tuple[int, dict[str, Any]]:
        code, out, _ = self(*arguments, "--format", "json")
        return code, json.loads(out)


@pytest.fixture
def shell(capsys: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capsys)


def test_one_step_of_the_textbook(shell: Shell) -> None:
    code, record = shell.json("fit", "two.csv", "--loss", "sse", "--lr", "0.01", "--max-iter", "1")
    assert code == record["exit_code"] == 3
    assert (record["weights"]["x"], record["intercept"]) == pytest.approx((0.28, 0.12))
    assert record["sse"] == pytest.approx(11.8016)
    assert record["gradient_norm"] == pytest.approx((21.44**2 + 9.28**2) ** 0.5)


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (["--lr", "auto"], 0, "converged"),
        (["--lr", "0.01", "--max-iter", "5"], 3, "max_iter"),
        (["--lr", "0.01", "--max-iter", "5", "--exit-zero"], 0, "max_iter"),
        (["--lr", "0.5", "--loss", "sse"], 4, "diverged"),
    ],
)
def test_exit_codes_are_the_statuses(shell: Shell, arguments: list[str], code: int, status: str) -> None:
    given, record = shell.json("fit", "two.csv", "--quiet", *arguments)
    assert (given, record["status"]) == (code, status)


def test_a_rate_that_must_diverge_is_announced_unless_quiet(shell: Shell) -> None:
    warned = shell("fit", "two.csv", "--lr", "0.5", "--loss", "sse")
    silent = shell("fit", "two.csv", "--lr", "0.5", "--loss", "sse", "--quiet")
    assert warned[0] == silent[0] == 4
    assert warned[2].startswith("gdsolve: warning: ")
    assert silent[2] == ""


@pytest.mark.parametrize("form", ["json", "csv"])
@pytest.mark.parametrize(("options", "code"), [(("--lr", "0.01", "--max-iter", "3"), 3), (("--lr", "9"), 4)])
def test_what_only_a_table_says_goes_to_standard_error(
    shell: Shell, form: str, options: tuple[str, ...], code: int
) -> None:
    found, out, err = shell("fit", "two.csv", *options, "--format", form)
    assert found == code
    warning, *hints = [line for line in err.splitlines() if "will diverge" not in line]
    assert warning.startswith("gdsolve: warning: Stopped at max_iter" if code == 3 else "gdsolve: warning: Diverged")
    assert any(line.startswith("hint: Run instead: gdsolve fit two.csv") for line in hints)
    if form == "json":
        assert hints == [f"hint: {advice}" for advice in json.loads(out)["advice"]]
    found, _, err = shell("fit", "two.csv", *options, "--format", form, "--quiet")
    assert (found, err) == (code, "")
    assert "hint" not in shell("fit", "two.csv", *options)[2]


def test_a_table_that_cannot_be_fitted_is_told_beside_its_csv(shell: Shell, here: Path) -> None:
    (here / "text.csv").write_text("x,y\na,1\nb,2\n")
    code, out, err = shell("check", "text.csv", "--format", "csv")
    assert (code, out.count("\n")) == (0, 3)
    assert err.splitlines() == [
        "gdsolve: warning: text.csv: row 1 (line 2), column 'x': 'a' is text",
        "hint: --ignore x, or --categorical onehot|ignore",
    ]


def test_unusable_data_is_one_line_and_a_hint(shell: Shell, here: Path) -> None:
    (here / "hole.csv").write_text("x,y\n1,2\n,4\n")
    code, out, err = shell("fit", "hole.csv")
    assert (code, out) == (5, "")
    error, hint = err.splitlines()
    assert error.startswith("gdsolve: error: hole.csv: row 2")
    assert "'x'" in error
    assert "--na" in hint


def test_flags_and_yaml_give_the_same_run(shell: Shell, here: Path) -> None:
    (here / "specs").mkdir()
    (here / "specs" / "p.yaml").write_text(
        "data: ../two.csv\nloss: sse\nlr: 1/28\nmax-iter: 3\nevery: 1\niterates: 9\n"
    )
    _, flags = shell.json("fit", "two.csv", "--loss", "sse", "--lr", "1/28", "--max-iter", "3", "--every", "1")
    _, keys = shell.json("fit", "specs/p.yaml")
    for record in (flags, keys):
        del record["seconds"], record["advice"]
        record["data"].pop("source")
    assert keys == flags
    assert shell.json("fit", "specs/p.yaml", "--max-iter", "2")[1]["iterations"] == 2


def test_inline_numbers_run(shell: Shell, here: Path) -> None:
    (here / "p.yaml").write_text("X: [1, 3]\ny: [[2], [4]]\n")
    code, record = shell.json("fit", "p.yaml")
    assert code == 0
    assert [*record["weights"].values(), record["intercept"]] == pytest.approx([1, 1])


def test_files_hold_what_was_printed(shell: Shell, here: Path) -> None:
    _, record = shell.json(
        *("fit", "two.csv", "--lr", "0.1", "--max-iter", "4", "--every", "1"),
        *("--save", "m.json", "--history", "h.csv"),
    )
    assert json.loads((here / "m.json").read_text()) == record
    rows = list(csv.DictReader((here / "h.csv").read_text().splitlines()))
    assert [int(row["iteration"]) for row in rows] == [0, 1, 2, 3, 4]


def test_a_saved_model_goes_on_and_predicts(shell: Shell, here: Path) -> None:
    step = ("fit", "two.csv", "--lr", "0.1", "--quiet", "--max-iter")
    shell(*step, "4", "--save", "m.json")
    _, twice = shell.json(*step, "4", "--init", "m.json")
    _, once = shell.json(*step, "8")
    assert twice["weights"]["x"] == pytest.approx(once["weights"]["x"], rel=1e-14)
    (here / "new.csv").write_text("x,z\n1,a\n,b\n")
    code, out, err = shell("predict", "m.json", "new.csv")
    rows = list(csv.reader(out.splitlines()))
    assert code == 0
    assert rows[0] == ["x", "z", "prediction"]
    assert [row[:2] for row in rows[1:]] == [["1", "a"], ["", "b"]]
    assert rows[2][2] == ""
    assert err == (
        "gdsolve: warning: no prediction for 1 of 2 rows: a cell that the model needs is missing "
        "(first: new.csv: row 2 (line 3), column 'x')\n"
    )


def test_compare_lr_shows_table_c(shell: Shell) -> None:
    code, record = shell.json(
        *("compare-lr", str(CONFIGS / "one_weight.csv"), "--no-intercept", "--loss", "sse"),
        *("--lr", "0.01", "--lr", "1/28,1/14", "--iterates", "3"),
    )
    assert code == 0
    found = {rate["learning_rate"]: [row["weights"]["x"] for row in rate["trace"]] for rate in record["rates"]}
    assert found[0.01] == pytest.approx([0, 0.56, 0.9632, 1.253504])
    assert found[1 / 28][:2] == pytest.approx([0, 2])
    assert found[1 / 14] == pytest.approx([0, 4, 0, 4])


@pytest.mark.parametrize("verb", ["fit", "compare-lr", "check"])
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_every_verb_has_every_format(shell: Shell, verb: str, form: str) -> None:
    code, out, err = shell(verb, "two.csv", "--format", form)
    assert (code, err) == (0, "")
    first = out.splitlines()[0]
    if form == "json":
        assert json.loads(out)["schema"] == f"gdsolve.{verb}/1"
    elif form == "csv":
        assert len({len(row) for row in csv.reader(out.splitlines())}) == 1
    else:
        assert not first.startswith("{")


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("textbook/*.yaml")), ids=lambda path: path.stem)
def test_every_spec_in_configs_can_be_read(shell: Shell, path: Path) -> None:
    code, record = shell.json("compare-lr", str(path), "--quiet")
    assert code == 0
    assert record["rates"]


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("textbook/[!b]*.yaml")), ids=lambda path: path.stem)
def test_every_spec_in_configs_can_be_checked(shell: Shell, path: Path) -> None:
    code, record = shell.json("check", str(path), "--quiet")
    assert code == 0
    assert {column["role"] for column in record["columns"]} == {"feature", "target"}
    assert record["rank"] >= 1
    assert shell(*record["commands"][0].split()[1:], "--max-iter", "3")[0] in (0, 3, 4)


@pytest.mark.parametrize("cell", ["-999", "-inf", "1e400"])
def test_a_number_can_mean_missing(shell: Shell, here: Path, cell: str) -> None:
    (here / "t.csv").write_text(f"x,y\n1,2\n{cell},1\n3,4\n5,{cell}\n")
    code, record = shell.json("fit", "t.csv", f"--na-values={cell}", "--na", "drop")
    assert (code, record["data"]["rows"], record["data"]["rows_dropped"]) == (0, 2, 2)
    assert record["weights"]["x"] == pytest.approx(1.0)


def test_a_first_line_of_numbers_is_said_to_be_data(shell: Shell, here: Path) -> None:
    (here / "t.csv").write_text("1,2\n3,4\n5,7\n")
    code, out, err = shell("fit", "t.csv", "--verbose")
    assert code == 0
    assert "t.csv: 3 rows, no header: the first line is data" in out
    assert "y (the last column)" in out
    assert "t.csv: no header: the first line is data" in err
    for verb in ("fit", "compare-lr", "check"):
        record = shell.json(verb, "t.csv")[1]
        assert (record["data"]["has_header"], record["data"]["target_reason"]) == (False, "the last column")
    assert shell.json("fit", "two.csv")[1]["data"]["has_header"] is True
    assert "no header" not in shell("fit", "two.csv", "--verbose")[1]


@pytest.mark.parametrize(
    ("lines", "flags", "message"),
    [
        ("target: z\n", [], "p.yaml: line 3: target: two.csv has no column 'z'"),
        ("features: [x, y]\n", [], "p.yaml: line 3: features: the target 'y' (the column y) is named in --features"),
        ("format: xml\n", [], "p.yaml: line 3: format: 'xml' is not one of table, json, csv, markdown, latex\n"),
        ("format: dot\n", [], "p.yaml: line 3: format: fit does not write dot"),
        ("target: z\n", ["--target", "w"], "--target: two.csv has no column 'w'"),
    ],
)
def test_what_shows_only_with_the_data_names_the_line_of_the_spec(
    shell: Shell, here: Path, lines: str, flags: list[str], message: str
) -> None:
    (here / "p.yaml").write_text(f"# a problem\ndata: two.csv\n{lines}")
    code, out, err = shell("fit", "p.yaml", *flags)
    assert (code, out) == (2, "")
    assert err.startswith(f"gdsolve: error: {message}")


def test_a_formula_is_nothing_to_check(shell: Shell) -> None:
    path = str(CONFIGS / "textbook/b8_formula.yaml")
    assert shell("check", path) == (
        2,
        "",
        f"gdsolve: error: {path}: line 2: minimize: check looks at tables, and this is a formula without one\n"
        "hint: gdsolve fit\n",
    )


def test_a_format_is_one_of_those_of_the_verb(shell: Shell) -> None:
    assert "not one of table, json, csv, markdown, latex\n" in shell("fit", "two.csv", "--format", "xml")[2]
    assert (
        "not one of table, json, dot\n" in shell("trace", str(CONFIGS / "autograd/a01_chain.yaml"), "--format", "x")[2]
    )


def test_a_json_array_gets_a_command_that_runs(shell: Shell, here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (here / "some rows.json").write_text('[{"x": 1, "y": 2}]')
    assert shell("fit", "some rows.json")[2].endswith(
        "hint: give one object a line: jq -c '.[]' 'some rows.json' > rows.ndjson\n"
    )
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b'[{"x": 1, "y": 2}]')))
    assert shell("fit", "-")[2].endswith("hint: give one object a line: put jq -c '.[]' before gdsolve\n")


@pytest.mark.parametrize("problem", [["two.csv"], ["--minimize", "(a - 1)**2", "--start", "a=0"]])
def test_what_an_interrupted_comparison_reached_is_shown(
    shell: Shell, monkeypatch: pytest.MonkeyPatch, problem: list[str]
) -> None:
    from gdsolve.solve import compare_rates

    monkeypatch.setattr(compare_rates, "AT_ONCE", 1)
    reached = 0

    def until_the_third(do: Any) -> Any:
        def run(*arguments: Any) -> Any:
            nonlocal reached
            reached += 1
            if reached == 3:
                raise KeyboardInterrupt
            return do(*arguments)

        return run

    for name in ("_foreseen", "_descend"):
        monkeypatch.setattr(compare_rates, name, until_the_third(getattr(compare_rates, name)))
    code, record = shell.json("compare-lr", *problem, "--lr", "0.1,0.2,0.3,0.4")
    assert code == record["exit_code"] == 130
    assert [rate["learning_rate"] for rate in record["rates"]] == [0.1, 0.2]
    assert record["message"] == "Interrupted after 2 of 4 rates."


def test_sums_and_counts_read_well(shell: Shell, here: Path) -> None:
    (here / "sum.csv").write_text("p,q,r,s,y\n1,2,3,-1,1\n2,5,7,-3,3\n3,1,4,2,2\n7,1,8,6,3\n1,1,2,0,9\n4,4,8,0,2\n")
    out = shell("check", "sum.csv")[1]
    assert "\n  r = p + q\n  s = p - q\n" in out
    (here / "flat.csv").write_text("x,y\n1,2\n1,4\n")
    assert "after 1 update, to tol 1e-10\n" in shell("check", "flat.csv", "--verbose")[1]


def test_what_is_said_of_tol_is_true_of_the_verb(shell: Shell) -> None:
    told = {verb: " ".join(shell(verb, "--help")[1].split()) for verb in ("fit", "compare-lr", "compare", "check")}
    assert ["with --lr auto smaller if ten digits" in text for text in told.values()] == [True, False, True, False]
    assert ["0 for bb, lbfgs, newton and lm" in text for text in told.values()] == [True, False, True, False]
    assert "[default: 1e-10, in float32 1e-6, the same for every rate]" in told["compare-lr"]
    longley = str(CONFIGS / "longley.csv")
    assert shell.json("compare-lr", longley, "--lr", "auto")[1]["descent"]["tol"] == 1e-10
    one = shell.json("fit", longley)[1]["descent"]["tol"]
    assert one < 1e-14
    compared = shell.json("compare", longley, "--methods", "gd,lbfgs", "--max-iter", "9")[1]
    assert [method["tol"] for method in compared["methods"]] == [one, 0.0]
    assert compared["descent"]["tol"] is None


def test_check_says_to_which_tol_its_descents_go(shell: Shell) -> None:
    out = shell("check", str(CONFIGS / "collinear.csv"), "--verbose")[1]
    assert "iterations to tol 1e-10         7126            22\n" in out
    assert "descent --lr auto  converged after 23 updates, to tol 3.33e-11\n" in out
    assert (
        "descent --lr auto  converged after 12 updates, to tol 1e-05\n"
        in shell("check", str(CONFIGS / "collinear.csv"), "--verbose", "--tol", "1e-5")[1]
    )


def test_the_rates_of_compare_lr_are_described(shell: Shell) -> None:
    help = " ".join(shell("compare-lr", "--help")[1].split())
    assert "--lr RATES|auto" in help
    assert "1e-4..1:20" in help
    assert "1e-4..1:20" not in shell("fit", "--help")[1]
