"""Tables for people, on and off a terminal."""

from __future__ import annotations

import copy
import re

import pytest
import report_records as records
from report_records import AsciiStream, FakeTerminal
from shown_records import ESCAPE, on_terminal, plain

from gdsolve.report import write_record
from gdsolve.report.compare_table import STATUS_WORDS
from gdsolve.report.iteration_table import spread_rows
from gdsolve.report.page import PIPE_WIDTH, View
from gdsolve.report.parts import ENDINGS
from gdsolve.spec import Format
from gdsolve.status import Status
from gdsolve.terminal import cells

NUMBER = r"-?[0-9.]+(?:e[-+][0-9]+)?"
SAMPLES = {
    **{f"fit of {count}": records.large(count) for count in (1, 3, 11, 40)},
    "one step": records.one_step(),
    "rates": records.textbook_rates(),
    **{f"iterates of {count}": records.many_parameters(count) for count in (2, 11)},
    "check": records.collinear(),
    "impossible": records.impossible(),
}


def test_one_step_off_a_terminal() -> None:
    assert (
        plain(records.one_step())
        == """\
data            two_points.csv: 2 rows
target          y (the column y)
features        x and an intercept
loss            sse

iteration      SSE  |gradient|  update     x  intercept
───────────────────────────────────────────────────────
        0  20.0000   30.463092       –  0.00       0.00
        1  11.8016   23.362192    0.28  0.28       0.12

parameter  weight  optimum  difference
──────────────────────────────────────
x            0.28     1.00    -7.2e-01
intercept    0.12     1.00    -8.8e-01

SSE 11.8016 (0 at the optimum), RMSE 2.4291562, R² -4.9008

NOT CONVERGED  Stopped at max_iter after 1 update, before convergence. The loss is 11.8 above its
  minimum.
Updates needed to converge: 2,617 at this rate (0.01).
Run instead:
  gdsolve fit two_points.csv --loss sse --lr auto
"""
    )


def test_textbook_rates_off_a_terminal() -> None:
    text = plain(records.textbook_rates())
    assert (
        """\
learning rate  status             iterations      SSE      gap  factor
──────────────────────────────────────────────────────────────────────
2              diverged                  178       56       56      55
0.5            diverged                  276       56       56      13
0.1            diverged                 1201       56       56     1.8
1/14           edge of stability   1,000,000       56       56       1
── stable below 0.0714285 ────────────────────────────────────────────
── best rate 0.0357142 ───────────────────────────────────────────────
1/28           converged                   2        0        0       0
0.01           converged                  70  1.5e-19  1.5e-19    0.72
0.0001         slow                     1000      0.2      0.2  0.9972
"""
        in text
    )
    assert (
        """\
iterates of x
iteration  α = 0.01  α = 1/28  α = 1/14  α = 0.1  α = 0.5   α = 2  α = 0.0001
─────────────────────────────────────────────────────────────────────────────
        0  0.000000         0         0    0.000        0       0  0.00000000
        1  0.560000         2         4    5.600       28     112  0.00560000
        2  0.963200                   0   -4.480     -336   -6048  0.01118432
        3  1.253504                   4   13.664     4396  332752
"""
        in text
    )


def test_iterates_of_few_parameters_are_tuples_and_of_many_are_blocks() -> None:
    few = plain(records.many_parameters(2))
    assert f"iterates ({records.NAME_OF_60}, x, intercept)\n" in few
    assert "  (1.234568, 1.234568, 0.4115226)" in few
    many = plain(records.many_parameters(11))
    blocks = re.findall(r"^iterates of (.*)$", many, re.MULTILINE)
    assert blocks == [*records.names(11), "intercept"]


def test_collinear_columns_off_a_terminal() -> None:
    short, text = plain(records.collinear()), plain(records.collinear(), View(verbose=True))
    singular = "XᵀX is singular (rank 2 < 3): the normal equations have no unique solution; descent from zeros on"
    assert short.count("\n") <= 40
    assert "solutions" not in short
    for shown in (short, text):
        assert "rank            2 of 3 parameters\n" in shown
        assert f"\n{singular}\n  the columns as they are reaches the minimum-norm one\n" in shown
    assert (
        """\
                         as they are  standardised
──────────────────────────────────────────────────
condition number             15625.5             1
largest stable rate        0.0714285             1
best rate                  0.0357142             –
iterations to tol 1e-10    1,234,567             3
"""
        in text
    )
    assert (
        """\
solutions
normal equations  XᵀX is singular (rank 2 < 3)
ridge λ = 0.1     solved
ridge λ = 1       solved
descent           reaches the minimum-norm solution
triangle          minimum norm

parameter  ridge λ = 0.1  ridge λ = 1  descent  triangle
────────────────────────────────────────────────────────
area                 0.3          0.3      0.3       0.3
volume               0.9          0.9      0.9       0.9
intercept              1            1        1         1
SSE                 0.25         0.75    2e-30     2e-30
"""
        in text
    )


def test_a_table_that_allows_no_model_says_why() -> None:
    text = plain(records.impossible())
    assert "NOT READY TO FIT  houses.csv: column 'city' holds text ('Ulm' in row 2)\nhint: --categorical onehot" in text
    assert "\nfinding\n  city: text, 5 levels: Ulm; the first on line 3\n" in text
    note = "  # 0/1 columns for the levels of city\n"
    assert text.endswith(f"\nto run next\n{note}  gdsolve fit houses.csv --categorical onehot\n")
    assert "condition number" not in text
    assert "solutions" not in text


@pytest.mark.parametrize("sample", SAMPLES)
@pytest.mark.parametrize("width", [40, 60, 80, 200])
def test_no_line_is_wider_than_the_terminal_and_no_value_is_cut(
    sample: str, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = ESCAPE.sub("", on_terminal(SAMPLES[sample], width, monkeypatch))
    # A single word of a command, such as a path, is never broken: it would not be the same command.
    lines = [line for line in text.splitlines() if len(line.strip(" \\").split()) > 1 or "/" not in line]
    assert max(cells(line) for line in lines) <= width
    assert "…" not in text
    assert "..." not in text


@pytest.mark.parametrize("count", [1, 3, 11, 40])
@pytest.mark.parametrize("width", [60, 80, 200])
def test_every_weight_is_shown_with_eight_digits_at_any_width(
    count: int, width: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    record = records.large(count)
    shown = on_terminal(record, width, monkeypatch, view=View(verbose=True))
    table = ESCAPE.sub("", shown).split("\nparameter ")[1].split("\n\n")[0]
    found = re.findall(rf" ({NUMBER}) +{NUMBER} +{NUMBER}$", table, re.MULTILINE)
    assert [float(text) for text in found] == pytest.approx([*record["weights"].values(), 12.5], rel=6e-8)


def iteration_heads(text: str) -> list[list[str]]:
    return [line.split() for line in text.splitlines() if line.lstrip().startswith("iteration ")]


@pytest.mark.parametrize(("width", "shown"), [(60, 0), (80, 2), (200, 12)])
def test_weights_that_do_not_fit_are_left_out_and_counted(
    width: int, shown: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    features = [f"x{n}" for n in range(40)]
    record = records.large(40, features)
    record["descent"]["ridge"] = 0.0
    text = ESCAPE.sub("", on_terminal(record, width, monkeypatch))
    (head,) = iteration_heads(text)
    assert head[:4] == ["iteration", "SSE", "|gradient|", "update"]
    assert head[4:] == [*features, "intercept"][: len(head) - 4]
    assert len(head) - 4 >= shown
    assert f"{41 - (len(head) - 4)} weights left out for width; --history FILE has all" in text


def test_a_table_that_is_a_little_too_wide_is_cut_in_two(monkeypatch: pytest.MonkeyPatch) -> None:
    record = records.large(3, ["GNP", "UNEMP", "A_RATHER_LONG_NAME"])
    record["optimum"]["weights"]["GNP"] *= 1.01
    text = ESCAPE.sub("", on_terminal(record, 40, monkeypatch))
    heads = [line.split()[1:] for line in text.splitlines() if line.startswith("parameter ")]
    assert [title for head in heads for title in head] == ["weight", "optimum", "difference", "std.", "error", "t"]
    assert len(heads) > 1


@pytest.mark.parametrize("width", [40, 60])
def test_a_narrow_page_has_gap_and_factor_in_a_second_table(width: int, monkeypatch: pytest.MonkeyPatch) -> None:
    record = copy.deepcopy(records.textbook_rates())
    for rate in record["rates"]:
        rate.update(learning_rate=rate["learning_rate"] * 1.2345678e-5, iterations=123_456_789)
    text = ESCAPE.sub("", on_terminal(record, width, monkeypatch))
    heads = [line.split("learning rate")[1].split() for line in text.splitlines() if line.startswith("learning rate ")]
    assert [title for head in heads for title in head] == ["status", "iterations", "SSE", "gap", "factor"]
    assert len(heads) > 1
    assert "left out" not in text


def test_a_heading_is_not_folded_within_a_number(monkeypatch: pytest.MonkeyPatch) -> None:
    record = copy.deepcopy(records.textbook_rates())
    for number, rate in enumerate(record["rates"]):
        rate["learning_rate"] = (number + 1) * 1.2345678e-05
    for width in range(40, 80):
        text = ESCAPE.sub("", on_terminal(record, width, monkeypatch))
        iterates = text.split("iterates")[1]
        for number in range(len(record["rates"])):
            assert f"{(number + 1) * 1.2345678e-05:.8g}" in iterates


@pytest.mark.parametrize("sample", SAMPLES)
def test_off_a_terminal_no_line_is_wider_than_a_page(sample: str) -> None:
    assert max(cells(line) for line in plain(SAMPLES[sample]).splitlines()) <= PIPE_WIDTH


@pytest.mark.parametrize("sample", SAMPLES)
def test_no_escape_code_off_a_terminal(sample: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "50")
    assert "\x1b" not in plain(SAMPLES[sample])


def test_a_terminal_gets_colour_and_the_environment_can_refuse_it(monkeypatch: pytest.MonkeyPatch) -> None:
    record = records.one_step()
    assert "\x1b[1;33mNOT CONVERGED\x1b[0m" in on_terminal(record, 80, monkeypatch)
    assert "\x1b" not in on_terminal(record, 80, monkeypatch, term="dumb")
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("NO_COLOR", "1")
    stream = FakeTerminal()
    write_record(record, Format.TABLE, stream)
    codes = {int(code) for match in re.findall(r"\x1b\[([0-9;]*)m", stream.getvalue()) for code in match.split(";")}
    assert codes <= {0, 1, 2}


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_its_words(status: Status) -> None:
    word, _, begins = ENDINGS[status]
    message = f"{word.capitalize()} after 1 update." if begins else "A sentence."
    record = {**records.one_step(), "status": status, "message": message}
    assert (f"\n{word} after 1 update.\n" if begins else f"\n{word}  A sentence.\n") in plain(record)
    rates = records.textbook_rates()
    rates["rates"][0]["status"] = status
    assert re.search(rf"^0.01 +{STATUS_WORDS[status][0]} ", plain(rates), re.MULTILINE)


def test_a_message_that_names_the_ending_is_not_repeated() -> None:
    record = {**records.one_step(), "status": "diverged", "message": "Diverged: the loss grows without bound."}
    assert "\nDIVERGED: the loss grows without bound.\n" in plain(record)


@pytest.mark.parametrize("sample", SAMPLES)
def test_an_ascii_stream_takes_every_table(sample: str) -> None:
    stream = AsciiStream()
    write_record(SAMPLES[sample], Format.TABLE, stream)
    text = stream.text()
    assert "---" in text
    assert "\\u" not in text.replace("\\u03a9", "")


def test_hostile_names_do_not_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    record = copy.deepcopy(records.one_step())
    record["data"]["target"] = "y\x1b]0;title\x07\n"
    assert "y\\x1b]0;title\\x07\\n" in plain(record)
    assert "\x07" not in on_terminal(record, 80, monkeypatch)


def test_figures_that_do_not_exist_leave_no_trace() -> None:
    nothing = dict.fromkeys(("sse", "loss", "rmse", "r2", "gap", "gradient_norm", "learning_rate", "iterations"))
    record = {**records.one_step(), **nothing, "optimum": None, "spectrum": None, "trace": []}
    text = plain(record)
    assert "None" not in text
    assert "nan" not in text
    assert "iterations      – taken\n" in plain(record, View(verbose=True))
    assert "x            0.28\n" in text


def test_model_without_an_intercept_has_no_row_for_it() -> None:
    assert "features        x, no intercept\n" in plain(records.textbook_rates())


def test_rows_dropped_and_cells_filled_are_counted() -> None:
    text = plain(records.large(3))
    told = " ".join(text.split())
    assert ": 20433 rows used, 207 dropped for missing cells, 1 missing cell filled with the mean " in told
    assert "levels          ocean_proximity: <1H OCEAN, INLAND, ISLAND, NEAR BAY, NEAR OCEAN\n" in text
    assert "ignored         id, date\n" in text
    assert "row weights     households: precision (1/variance)\n" in text


def rows_at(iterations: list[int], most: int) -> list[int]:
    return [row["iteration"] for row in spread_rows([{"iteration": k} for k in iterations], most)]


def test_iterations_are_the_first_ones_then_those_on_a_log_scale_and_the_last() -> None:
    log = [*range(11), *(digit * 10**power for power in range(1, 6) for digit in (2, 5, 10))][:26]
    assert rows_at([*log, 207_346], 12) == [0, 1, 2, 3, 10, 50, 200, 1000, 2000, 10_000, 50_000, 207_346]
    assert rows_at(list(range(14)), 12)[:4] == [0, 1, 2, 3]
    assert rows_at(list(range(14)), 12)[-1] == 13
    assert rows_at([0, 1, 2], 12) == [0, 1, 2]
    for most in range(2, 13):
        for last in (12, 40, 1000, 10**12):
            kept = rows_at([*(k for k in log if k < last), last], most)
            assert len(kept) == min(most, len([k for k in log if k < last]) + 1)
            assert kept == sorted(set(kept))
            assert (kept[0], kept[-1]) == (0, last)


def test_a_quiet_table_has_no_advice_and_a_verbose_one_says_how_it_was_computed() -> None:
    record = records.one_step()
    quiet = plain(record, View(quiet=True))
    assert quiet.endswith("The loss is 11.8 above its\n  minimum.\n")
    verbose = plain(record, View(verbose=True))
    assert (
        """\
descent         sse on the columns as they are, from zeros
stops           when no weight changes by 1e-10 or more, or after 1 iteration
loss            sse: 11.8016 (0 at the optimum)
gap             11.8: the loss above its minimum
|gradient|      23.362192
learning rate   0.01 on the columns as they are; stable below 0.0845241, best 0.0833333
condition       69.97 (rank 2 of 2)
iterations      1 taken; 2617 predicted to converge
engine          closed form on cpu in float64: the weights after any number of updates are known in
                closed form
"""
        in verbose
    )
    for label in ("engine ", "condition ", "iterations ", "gap "):
        assert f"\n{label}" not in plain(record)


def test_a_rate_and_a_method_that_were_asked_for_are_told() -> None:
    text = plain(records.one_step(), View(rate=True, method=True))
    assert "\nmethod          gd\n" in text
    assert "\nlearning rate   0.01 on the columns as they are; stable below 0.0845241, best 0.0833333\n" in text


def test_the_optimum_stands_only_where_it_differs() -> None:
    record = records.large(3)
    record["optimum"]["weights"] = dict(record["weights"])
    assert "optimum" not in plain(record).split("\nparameter ")[1].split("\n\n")[0]
    record["weights"]["x"] *= 1 + 1e-4
    assert re.search(r"^parameter +weight +optimum +difference +std. error +t$", plain(record), re.MULTILINE)


def test_what_is_left_of_a_weight_that_went_to_zero_is_no_difference() -> None:
    record = records.one_step()
    record.update(status="converged", weights={"x": 1.0}, intercept=3e-17)
    record["optimum"] = {**record["optimum"], "weights": {"x": 1.0}, "intercept": -2e-17}
    assert "difference" not in plain(record)


def test_many_weights_are_shown_largest_t_first() -> None:
    record = records.large(40, [f"x{n}" for n in range(40)])
    text = plain(record)
    table = text.split("\nparameter ")[1].split("\n\n")[0].splitlines()[2:]
    assert table[-1] == "13 of 41 weights, the largest by |t|; --verbose and --format json have all"
    statistics = [abs(float(line.split()[-1])) for line in table[:-1]]
    assert statistics == sorted(statistics, reverse=True)
    assert table[0].split()[0] == "intercept"
    assert len(text.splitlines()) <= 40
    del record["standard_errors"]
    sizes = [abs(float(line.split()[1])) for line in plain(record).split("\nparameter ")[1].splitlines()[2:15]]
    assert sizes == sorted(sizes, reverse=True)
    assert "13 of 41 weights, the largest by size" in plain(record)
    assert len(re.findall(r"^x\d+ ", plain(record, View(verbose=True)), re.MULTILINE)) == 40


def test_a_standard_error_that_does_not_exist_is_a_dash_and_says_why_once() -> None:
    record = records.large(3, ["a", "b", "c"])
    record["standard_errors"]["weights"]["b"] = None
    record["standard_errors"]["reasons"] = [{"reason": "at its bound", "weights": ["b"]}]
    text = plain(record)
    assert re.search(r"^b +\S+ +– +–$", text, re.MULTILINE)
    assert text.count("Standard errors unavailable for b: at its bound.\n") == 1
