"""The report on the parameters for people, on and off a terminal."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path
from typing import Any

import nist
import numpy as np
import pytest
import report_records as records
import torch
from in_process import completed
from nursery import Done
from places import ROOT
from report_records import AsciiStream
from shown_records import ESCAPE, on_terminal, plain

import gdsolve
from gdsolve.objective.inference import AT_BOUND, PENALISED, from_factor
from gdsolve.report import write_record
from gdsolve.report.inference_record import inference_record
from gdsolve.report.record import fit_record
from gdsolve.spec import Format
from gdsolve.terminal import cells


def reported(count: int, *, strong: bool = False) -> dict[str, Any]:
    """A fit of `count` features and an intercept, the first held at a bound; neighbours are much alike if `strong`."""
    rng = np.random.default_rng(count)
    names = records.names(count)
    X = rng.normal(size=(count + 50, count + 1))
    if strong:
        X[:, 1::2] = X[:, : X[:, 1::2].shape[1] * 2 : 2] + 0.05 * X[:, 1::2]
    record = records.large(count)
    w = torch.tensor([*record["weights"].values(), 12.5], dtype=torch.float64, device="cpu")
    held = {names[0]: AT_BOUND} if count > 3 else {}
    factor = torch.tensor(X, dtype=torch.float64, device="cpu")
    found = from_factor(factor, w, 1234.5, len(X), names=[*names, "intercept"], held=held)
    return {**record, "report": inference_record(found)}


def report_of(name: str, **options: Any) -> str:
    table = nist.table(name)
    return section(plain(fit_record(gdsolve.fit(table[:, :-1], table[:, -1], report=True, **options))))


def section(text: str) -> str:
    """What stands between the weights and the figures."""
    return text.split("\nparameter ", 1)[1].split("\n\n", 1)[1].split("\nSSE ", 1)[0]


def in_terminal(record: dict[str, Any], width: int, monkeypatch: pytest.MonkeyPatch) -> str:
    return ESCAPE.sub("", on_terminal(record, width, monkeypatch))


def longley(**options: Any) -> dict[str, Any]:
    table = nist.table("Longley")
    return fit_record(gdsolve.fit(table[:, :-1], table[:, -1], report=True, **options))


SAMPLES = {f"{n}{' strong' * s}": reported(n, strong=s) for n in (1, 3, 11, 40) for s in (False, True)}
SAMPLES["longley"] = longley()
SAMPLES["ridge"] = longley(ridge=1.0)


def test_norris_off_a_terminal() -> None:
    assert (
        report_of("Norris")
        == """\
parameter      estimate   std. error         t  p-value     lower 95%    upper 95%
──────────────────────────────────────────────────────────────────────────────────
x           1.002116818  0.000429797  2331.606   <1e-16   1.001243366  1.002990270
intercept  -0.262323     0.232818       -1.127   0.2677  -0.735467     0.210821

residual sd     0.8847964 on 34 degrees of freedom
F test          5.43639e+06 on 1 and 34 degrees of freedom, p <1e-16
log-likelihood  -45.646618; AIC 97.293236; BIC 102.04379

correlation       x
───────────────────
intercept    -0.774
"""
    )


def test_a_narrow_terminal_gets_the_intervals_in_a_table_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    text = section(in_terminal(longley(confidence=0.999), 80, monkeypatch))
    assert text.startswith(
        """\
parameter        estimate    std. error       t  p-value
────────────────────────────────────────────────────────
x1               15.06         84.91      0.177   0.8631
x2               -0.03582       0.03349  -1.070   0.3127
x3               -2.0202        0.4884   -4.136   0.0025
x4               -1.0332        0.2143   -4.822  9.4e-04
x5               -0.0511        0.2261   -0.226   0.8262
x6             1829.2         455.5       4.016   0.0030
intercept  -3482259        890420        -3.911   0.0036

parameter     lower 99.9%   upper 99.9%
───────────────────────────────────────
x1             -390.91        421.03
x2               -0.19594       0.12430
x3               -4.3552        0.3148
x4               -2.0577       -0.0088
x5               -1.1319        1.0297
x6             -348.5        4006.8
intercept  -7739281        774763

"""
    )


def test_errors_of_very_different_sizes_keep_their_digits() -> None:
    text = report_of("Pontius")
    assert re.search(r"^x1 +7\.32059160e-07 +1\.57817e-10 ", text, re.MULTILINE)
    assert re.search(r"^x2 +-3\.1608187e-15 +4\.86653e-17 +-64\.950 +<1e-16 ", text, re.MULTILINE)


def test_digits_that_float64_lacks_are_not_made_up() -> None:
    record = records.one_step()
    one = {"estimate": 1 / 3, "standard_error": 1e-14, "statistic": 3e13, "p_value": 0.0, "reason": None}
    one |= {"lower": 1 / 3 - 2e-14, "upper": 1 / 3 + 2e-14}
    table = {"parameters": {"x": one}, "confidence": 0.95, "statistic": "t", "correlation": None}
    report = {**table, "residual_standard_deviation": 1e-14, "degrees_of_freedom": 2.5}
    text = plain({**record, "report": report})
    assert "3.33333333333333e-01     1.0e-14  3.000e+13   <1e-16" in text
    assert "residual sd     1e-14 on 2.5 degrees of freedom\n" in text


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_no_line_is_wider_than_the_terminal_and_nothing_is_cut(
    sample: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = section(in_terminal(SAMPLES[sample], width, monkeypatch))
    assert max(cells(line) for line in text.splitlines()) <= width
    for unwanted in ("…", "...", "None", "nan"):
        assert unwanted not in text


@pytest.mark.parametrize("width", [60, 80, 100, 200])
def test_every_parameter_of_forty_has_its_row(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    text = section(in_terminal(SAMPLES["40"], width, monkeypatch))
    rows = re.findall(r"^(x\d+|intercept) +-?[\d.]+ +([\d.]+) +-?[\d.]+ +(?:[\d.e-]+|<1e-16)\b", text, re.MULTILINE)
    parameters = SAMPLES["40"]["report"]["parameters"]
    assert [name for name, _ in rows] == [name for name in parameters if re.fullmatch(r"x\d+|intercept", name)]
    for name, error in rows:
        assert float(error) == pytest.approx(parameters[name]["standard_error"], rel=5e-4)


def test_correlations_too_many_for_the_width_are_listed_if_strong(monkeypatch: pytest.MonkeyPatch) -> None:
    record = SAMPLES["40 strong"]
    text = section(in_terminal(record, 100, monkeypatch))
    listed = re.findall(r"^(\S.*?) {2,}(\S.*?) {2,}(-?0\.9\d+)$", text.split(" and ")[1], re.MULTILINE)
    table = record["report"]["correlation"]
    names = list(table)[1:]
    strong = [abs(table[a][b]) for i, a in enumerate(names) for b in names[:i] if abs(table[a][b]) > 0.9]
    assert [abs(float(value)) for *_, value in listed] == pytest.approx(sorted(strong, reverse=True)[:20], abs=1e-6)
    for a, b, value in listed:
        assert float(value) == pytest.approx(table[a][b], abs=1e-6)
    assert f"{40 * 39 // 2 - len(listed)} other pairs left out for width; --format json has all" in text
    weak = section(in_terminal(SAMPLES["40"], 100, monkeypatch))
    assert "No two parameters are correlated above 0.9 in absolute value; --format json has all." in weak


def test_on_a_wide_terminal_all_correlations_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    record = SAMPLES["40"]
    text = section(in_terminal(record, 500, monkeypatch))
    last = next(line for line in reversed(text.splitlines()) if line.startswith("intercept"))
    table = record["report"]["correlation"]
    values = [table["intercept"][name] for name in list(table)[1:-1]]
    assert [float(word) for word in last.split()[1:]] == pytest.approx(values, abs=5e-4)
    assert "left out" not in text


def test_a_correlation_short_of_one_is_told_from_one() -> None:
    assert re.search(r"^intercept .* -0\.9997$", report_of("Longley"), re.MULTILINE)


def test_what_has_no_error_bar_says_why_once() -> None:
    text = section(plain(longley(ridge=1.0)))
    assert " ".join(text.split()) == f"no std. error {PENALISED}"
    X = np.column_stack([np.arange(9.0), np.arange(9.0), np.cos(np.arange(9.0))])
    text = section(plain(fit_record(gdsolve.fit(X, np.sin(np.arange(9.0)), report=True))))
    reason = "not determined by the data: only combinations of x1 and x2 are"
    assert text.count("no std. error") == 1
    assert f"no std. error   x1, x2: {reason}\n" in text
    assert re.search(r"^x1 +\S+ +– +– +– +– +–$", text, re.MULTILINE)


def test_a_single_parameter_has_no_correlations() -> None:
    assert "correlation" not in report_of("NoInt1", no_intercept=True)


def test_an_ascii_stream_takes_the_report() -> None:
    stream = AsciiStream()
    write_record(SAMPLES["11"], Format.TABLE, stream)
    assert "\nresidual sd     4.9689033 on 50 degrees of freedom, that of a row of weight 1\n" in stream.text()


def test_without_a_report_nothing_changes() -> None:
    assert plain({**records.one_step(), "report": None}) == plain(records.one_step())


def run(*arguments: str) -> Done:
    return completed("fit", str(ROOT / "configs" / "longley.csv"), *arguments)


def test_the_command_line_gives_the_report() -> None:
    done = run("--report", "--confidence", "0.9", "--format", "json")
    assert (done.code, done.err) == (0, "")

    def refuse(word: str) -> float:
        raise AssertionError(f"{word} is not JSON")

    report = json.loads(done.out, parse_constant=refuse)["report"]
    assert report["confidence"] == 0.9
    assert report["degrees_of_freedom"] == 9
    errors = [one["standard_error"] for one in report["parameters"].values()]
    assert errors == pytest.approx(nist.CERTIFIED["Longley"].deviations, rel=1e-13)
    # Student's t at 0.95 with 9 degrees of freedom, as any table has it.
    one = report["parameters"]["x6"]
    assert (one["upper"] - one["estimate"]) / one["standard_error"] == pytest.approx(1.833113, abs=1e-6)


def test_a_confidence_of_95_is_refused() -> None:
    done = run("--report", "--confidence", "95")
    assert (done.code, done.out) == (2, "")
    assert "confidence: 95 is not strictly between 0 and 1" in done.err
    assert "--confidence 0.95" in done.err


def test_a_spec_may_ask_for_the_report(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("X: [1, 2, 3, 4]\ny: [1, 3, 2, 5]\nreport: true\nconfidence: 0.5\n")
    inference = gdsolve.fit(tmp_path / "spec.yaml").inference
    assert inference is not None
    assert inference.confidence == 0.5


def test_a_model_with_a_report_predicts_and_starts_another(tmp_path: Path) -> None:
    model = tmp_path / "model.json"
    assert run("--report", "--save", str(model)).code == 0
    assert math.isfinite(gdsolve.fit(ROOT / "configs" / "longley.csv", init=str(model)).sse)
