"""`--dates`: dates and times are numbers of days or seconds since 1970, or years, against Python's own datetime."""

from __future__ import annotations

import calendar
from datetime import UTC, date, datetime, time, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from depth import examples
from hypothesis import given, settings
from hypothesis import strategies as st
from in_process import completed

import gdsolve
from gdsolve.api import fit
from gdsolve.data.dates import as_numbers, forms_of, moments, naive, seconds_of
from gdsolve.spec.choices import Dates
from gdsolve.status import DataError, GdsolveError

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
DAYS = [date(2024, 1, 1), date(2024, 1, 2), date(2024, 1, 4), date(2024, 2, 29), date(2024, 12, 31)]
NUMBERS = [19723.0, 19724.0, 19726.0, 19782.0, 20088.0]
Y = [1.0, 2.5, 3.0, 9.0, 12.0]
OPTIONS: dict[str, Any] = {"features": "d", "target": "y", "dates": "days"}


def year_of(moment: datetime) -> float:
    """The year with its part that has passed, with Python's own calendar."""
    first = datetime(moment.year, 1, 1, tzinfo=UTC)
    return moment.year + (moment - first) / timedelta(days=366 if calendar.isleap(moment.year) else 365)


def numbers(texts: list[str | None], unit: Dates = Dates.DAYS, form: str | None = None) -> list[float | None]:
    return as_numbers(moments(pl.Series(texts, dtype=pl.String), form), unit).to_list()


zones = st.one_of(st.none(), st.integers(-23 * 60, 23 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes))))


@settings(max_examples=examples(150), deadline=None)
@given(
    moment=st.datetimes(datetime(1000, 1, 2), datetime(9000, 1, 1)),
    zone=zones,
    between=st.sampled_from(["T", " ", " T", ", "]),
    spec=st.sampled_from(["minutes", "seconds", "milliseconds", "microseconds"]),
)
def test_moments_are_those_of_python(moment: datetime, zone: timezone | None, between: str, spec: str) -> None:
    told = moment.isoformat(sep="\x00", timespec=spec)
    known = datetime.fromisoformat(told.replace("\x00", "T")).replace(tzinfo=zone or UTC)
    offset = "" if zone is None else known.isoformat()[-6:]
    text = told.replace("\x00", between) + offset
    since = known - EPOCH
    assert numbers([text], Dates.SECONDS) == [pytest.approx(since.total_seconds(), rel=1e-15, abs=1e-9)]
    assert numbers([text]) == [pytest.approx(since / timedelta(days=1), rel=1e-15, abs=1e-12)]
    assert numbers([text], Dates.YEAR) == [pytest.approx(year_of(known.astimezone(UTC)), rel=1e-15)]


@settings(max_examples=examples(60), deadline=None)
@given(day=st.dates(date(1, 1, 1), date(9999, 12, 31)))
def test_days_are_whole_and_those_of_python(day: date) -> None:
    expected = float(day.toordinal() - date(1970, 1, 1).toordinal())
    texts = [
        day.isoformat(),
        day.isoformat().replace("-", "/"),
        f"{day:%d} {calendar.month_abbr[day.month]} {day.year:04}",
        f"{day.day}-{calendar.month_name[day.month]}-{day.year:04}",
        f"{calendar.month_name[day.month]} {day.day}, {day.year:04}",
        f"{day.isoformat()}T00:00:00Z",
    ]
    assert numbers([*texts]) == [expected] * len(texts)
    assert numbers([f"{day:%d/%m/}{day.year:04}"], form="%d/%m/%Y") == [expected]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2024-01-01", 2024.0),
        ("2024-07-02", 2024.5),
        ("2023-07-02T12:00:00", 2023.5),
        ("2000-12-31T12:00", 2000 + 365.5 / 366),
        ("1900-12-31", 1900 + 364 / 365),
        ("2024-12-31T24:00", None),
    ],
)
def test_decimal_years_know_leap_years(text: str, expected: float | None) -> None:
    assert numbers([text], Dates.YEAR) == [expected]


@pytest.mark.parametrize(
    "text", ["2024-02-30", "2023-02-29", "03/04/2024", "2024", "2024-13-01", "abc", "12:30", "2024-01-01x"]
)
def test_what_is_no_date_beyond_doubt_is_none(text: str) -> None:
    assert numbers([text]) == [None]


def test_months_days_alone_and_missing_ones() -> None:
    assert numbers(["2024-03", None, "2024-1-5", " 2024.01.05 "]) == [19783.0, None, 19727.0, 19727.0]
    assert numbers(["5/1/24 10:30"], form="%d/%m/%y %H:%M") == [19727.4375]


def test_times_of_day_and_durations_are_seconds() -> None:
    texts = ["12:30", "1:02:03.5", "24:00", "P1DT2H", "-PT0.5S", "P2W", "PT1M", "x", None]
    found = seconds_of(pl.Series(texts)).to_list()
    assert found == [45000.0, 3723.5, None, 93600.0, -0.5, 1209600.0, 60.0, None, None]


@pytest.mark.parametrize(
    ("cell", "form", "other"),
    [
        ("31/01/2024", "%d/%m/%Y", False),
        ("01/31/24", "%m/%d/%y", False),
        ("03.04.2024", "%d.%m.%Y", True),
        ("03/04/2024 10:30", "%d/%m/%Y %H:%M", True),
        ("31-01-2024T10:30:15.5", "%d-%m-%YT%H:%M:%S%.f", False),
    ],
)
def test_a_form_that_is_proposed_reads_the_cell(cell: str, form: str, other: bool) -> None:
    found = forms_of(cell)
    assert found is not None and (found[0], bool(found[1])) == (form, other)
    assert numbers([cell], form=found[0]) != [None]


def tables(folder: Path) -> dict[str, Any]:
    """The same days in every form that has dates."""
    plain = pl.DataFrame({"d": DAYS, "y": Y})
    zoned = plain.with_columns(pl.col("d").cast(pl.Datetime("ns")).dt.replace_time_zone("UTC"))
    abroad = zoned.with_columns(pl.col("d").dt.convert_time_zone("America/New_York"))
    found: dict[str, Any] = {"frame": plain, "zone": zoned, "abroad": abroad}
    for name, frame in (
        ("plain", plain),
        ("zoned", abroad),
        ("ms", plain.with_columns(pl.col("d").cast(pl.Datetime("ms")))),
    ):
        for form in ("parquet", "arrow", "csv", "ndjson"):
            path = folder / f"{name}.{form}"
            written = frame if form in ("parquet", "arrow") else frame.with_columns(pl.col("d").cast(pl.String))
            {
                "parquet": written.write_parquet,
                "arrow": written.write_ipc,
                "csv": written.write_csv,
                "ndjson": written.write_ndjson,
            }[form](path)
            if (name, form) not in (("zoned", "csv"), ("zoned", "ndjson")):
                found[path.name] = str(path)
    found["pandas"] = plain.to_pandas()
    found["pandas with a zone"] = pd.DataFrame({"d": pd.to_datetime(DAYS).tz_localize("UTC"), "y": Y})
    found["objects"] = pd.DataFrame({"d": DAYS, "y": Y})
    return found


def test_every_form_has_the_same_days(tmp_path: Path) -> None:
    expected = fit(pl.DataFrame({"d": NUMBERS, "y": Y}), features="d", target="y")
    for name, source in tables(tmp_path).items():
        found = fit(source, **OPTIONS)
        assert found.weights == expected.weights and found.intercept == expected.intercept, name
        assert found.data.dates.record() == {"unit": "days", "columns": {"d": "date"}, "format": None}, name


def test_a_model_keeps_the_dates_for_new_rows(tmp_path: Path) -> None:
    path = str(tmp_path / "m.json")
    found = fit(pl.DataFrame({"d": DAYS, "y": Y}), save=path, **OPTIONS)
    expected = [found.weights["d"] * number + found.intercept for number in NUMBERS]
    for name, source in tables(tmp_path).items():
        assert gdsolve.predict(path, source) == pytest.approx(expected, rel=1e-12), name
    told = completed("predict", path, str(tmp_path / "plain.csv")).out.splitlines()
    # The rows come back as they were.
    assert told[0] == "d,y,prediction" and told[1].startswith("2024-01-01,1.0,")
    # Written otherwise, as is said.
    (tmp_path / "de.csv").write_text("d\n01.01.2024\n02.01.2024\n")
    done = gdsolve.predict(path, str(tmp_path / "de.csv"), date_format="%d.%m.%Y")
    assert done == pytest.approx(expected[:2], rel=1e-12)
    with pytest.raises(
        DataError, match=r"row 1 .line 2., column 'd': '01.01.2024' may have the day or the month first"
    ):
        gdsolve.predict(path, str(tmp_path / "de.csv"))
    with pytest.raises(DataError, match="row 2, column 'd': 'soon' is not a date"):
        gdsolve.predict(path, pl.DataFrame({"d": ["2024-01-01", "soon"]}))
    assert np.isnan(gdsolve.predict(path, pl.DataFrame({"d": ["2024-01-01", None]}))[1])


def test_the_target_a_formula_and_a_curve_take_dates(tmp_path: Path) -> None:
    frame = pl.DataFrame({"d": DAYS, "x": Y})
    aim = fit(frame, target="d", features="x", dates="days")
    assert aim.weights == fit(pl.DataFrame({"d": NUMBERS, "x": Y}), target="d", features="x").weights
    assert fit(frame, formula="x ~ d", dates="days").weights == pytest.approx(
        dict(fit(frame, target="x", dates="days").weights)
    )
    curve = fit(frame, model="a*(d - 19700) + b", target="x", dates="days")
    assert curve.weights["a"] == pytest.approx(fit(frame, target="x", dates="days").weights["d"], rel=1e-6)
    path = tmp_path / "t.csv"
    frame.write_csv(path)
    said = completed("fit", str(path), "--dates", "year", "--target", "x").out
    assert "dates           d in years, with decimals; its weight is per year\n" in said
    said = completed("fit", str(path), "--dates", "days", "--target", "d").out
    assert "dates           d in days since 1970-01-01 (UTC)\n" in said


def test_durations_and_times_of_day(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {
            "w": [timedelta(hours=6), timedelta(days=1), timedelta(days=-2)],
            "c": [time(6), time(12), time(18, 30)],
            "y": [1.0, 2.0, 4.0],
        }
    )
    frame.write_parquet(tmp_path / "t.parquet")
    (tmp_path / "t.csv").write_text("w,c,y\nPT6H,06:00,1\nP1D,12:00,2\n-P2D,18:30,4\n")
    plain = fit(pl.DataFrame({"w": [0.25, 1.0, -2.0], "c": [0.25, 0.5, 18.5 / 24], "y": [1.0, 2.0, 4.0]}), ridge=1.0)
    for source in (frame, str(tmp_path / "t.parquet")):
        found = fit(source, dates="days", ridge=1.0)
        assert found.weights == pytest.approx(dict(plain.weights), rel=1e-12)
        assert found.data.dates.record()["columns"] == {"w": "duration", "c": "duration"}
    assert (
        fit(str(tmp_path / "t.csv"), dates="days", features="c").weights["c"]
        == fit(frame, dates="days", features="c").weights["c"]
    )
    with pytest.raises(DataError) as caught:
        fit(str(tmp_path / "t.parquet"), dates="year", features="w")
    assert str(caught.value.hint).startswith("--dates days reads it as a number")


def test_missing_and_bad_dates(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("d,y\n2024-01-01,1\n,2\n2024-01-03,3\n2024-01-07,4\n")
    with pytest.raises(DataError, match=r"row 2 .line 3., column 'd': the cell is missing"):
        fit(str(path), **OPTIONS)
    assert fit(str(path), na="drop", **OPTIONS).data.rows == 3
    filled = fit(str(path), na="mean", **OPTIONS)
    assert filled.weights == pytest.approx(
        dict(
            fit(
                pl.DataFrame(
                    {"d": [19723.0, (19723 + 19725 + 19729) / 3, 19725.0, 19729.0], "y": [1.0, 2.0, 3.0, 4.0]}
                ),
                features="d",
            ).weights
        )
    )
    path.write_text("d,y\n2024-01-01,1\nsoon,2\n2024-01-03,3\n2024-02-30,4\n")
    with pytest.raises(DataError) as caught:
        fit(str(path), **OPTIONS)
    assert caught.value.message == f"{path}: row 2 (line 3), column 'd': 'soon' is not a date"
    assert caught.value.hint == "--na-values soon --na drop if it means missing, or leave the column out of --features"
    # A number that means a missing one is no date of that number.
    path.write_text("d,y\n1969-12-31,1\n1970-01-01,2\n1970-01-03,3\n")
    assert fit(str(path), na_values="-1", na="drop", **OPTIONS).data.rows == 3


def test_dates_whose_day_may_be_the_month(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("d,y\n03/04/2024,1\n04/04/2024,2\n06/05/2024,4\n")
    with pytest.raises(DataError) as caught:
        fit(str(path), features="d", target="y")
    assert caught.value.message == f"{path}: row 1 (line 2), column 'd': '03/04/2024' is a date"
    assert "--dates days --date-format %d/%m/%Y reads it as a number where the day comes first" in str(
        caught.value.hint
    )
    with pytest.raises(DataError) as caught:
        fit(str(path), **OPTIONS)
    assert caught.value.message.endswith("'03/04/2024' may have the day or the month first")
    assert caught.value.hint == "--date-format %d/%m/%Y where the day comes first, or '%m/%d/%Y' where the month does"
    first = fit(str(path), date_format="%d/%m/%Y", **OPTIONS)
    days = [date(2024, 4, 3), date(2024, 4, 4), date(2024, 5, 6)]
    assert first.weights == fit(pl.DataFrame({"d": days, "y": [1.0, 2.0, 4.0]}), **OPTIONS).weights
    with pytest.raises(GdsolveError, match=r"column 'd' of .* holds dates that do not begin with the year"):
        fit(str(path), where="d > '2024-04-03'", features="d", target="y")
    some = fit(str(path), where="d > '2024-04-03'", date_format="%d/%m/%Y", **OPTIONS)
    assert (some.data.rows, some.data.rows_read) == (2, 3)


def test_without_dates_the_error_says_what_reads_them(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text("d,y\n2024-01-01,1\n2024-01-02,2\n2024-01-04,3\n")
    with pytest.raises(DataError) as caught:
        fit(str(path), target="y")
    assert caught.value.message == f"{path}: row 1 (line 2), column 'd': '2024-01-01' is a date"
    assert caught.value.hint == "--dates days reads it as a number, or --ignore d, or --categorical onehot|ignore"
    with pytest.raises(GdsolveError, match="says how dates are written"):
        fit(str(path), target="y", categorical="onehot", date_format="%d/%m/%Y")


def test_groups_and_scans(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    path.write_text(
        "g,d,y\n" + "".join(f"{g},{day},{value}\n" for g in "ab" for day, value in zip(DAYS, Y, strict=True))
    )
    groups = fit(str(path), group_by="g", **OPTIONS)
    alone = fit(pl.DataFrame({"d": DAYS, "y": Y}), **OPTIONS)
    first = groups.groups[0].found
    assert first is not None and first.weights["d"] == pytest.approx(alone.weights["d"], rel=1e-9)
    by_day = fit(str(path), group_by="d", target="y", features="g", categorical="onehot", dates="days")
    assert [one.group for one in by_day.groups][:2] == ["2024-01-01", "2024-01-02"]
    scan = str(tmp_path / "t.tri")
    gdsolve.scan(str(path), ignore="g", target="y", dates="days").save(scan)
    found = fit(scan, target="y")
    assert found.weights == pytest.approx(dict(fit(str(path), ignore="g", target="y", dates="days").weights), rel=1e-9)
    assert found.data.dates.record()["columns"] == {"d": "date"}


def test_moments_of_any_unit_and_zone() -> None:
    for unit in ("ms", "us", "ns"):
        times = pl.Series([datetime(2024, 1, 1, 12), None]).cast(pl.Datetime(unit)).dt.replace_time_zone("Asia/Kolkata")
        assert as_numbers(naive(times), Dates.DAYS).to_list() == [19723 + 6.5 / 24, None]
