"""The line that says how far a run is: its figures, its width, and that it keeps still."""

from __future__ import annotations

import pytest

from gdsolve.progress import Descending, Reading
from gdsolve.report.progress_line import LEAST_BAR, Line, Pace, _count, line_of


def shown(line: Line) -> str:
    return f"{line.title} {'=' * line.bar}  {line.figures}"


def reading(rows: int, share: float | None = None, size: float | None = None, before: int = 0) -> Pace:
    start = Reading("reading", before, None if size is None else size * before / rows, share and share * before / rows)
    return Pace(start, Reading("reading", rows, size, share), 2.0)


def descending(k: int, last: int | None, before: int = 0) -> Pace:
    return Pace(
        Descending("descending", before, 2.5, 1e-3, last), Descending("descending", k, 1.2345678e-5, 2e-7, last), 2.0
    )


def test_a_reading_of_files_of_a_known_size() -> None:
    line = line_of(reading(1_234_567, 0.25, 300e6), 120)
    assert (line.title, line.share, line.bar) == ("reading", 0.25, 40)
    assert line.figures.split("  ") == [" 25%", "1,234,567 rows", " 150 MB/s", " 0:06 left"]


def test_a_reading_of_an_unknown_size() -> None:
    assert line_of(reading(50_000), 80).figures.split() == ["50,000", "rows", "25,000", "rows/s"]
    assert line_of(reading(50_000), 80).share is None


def test_a_copying_of_bytes() -> None:
    pace = Pace(Reading("receiving", None, 0, None), Reading("receiving", None, 7.5e6, None), 2.0)
    assert line_of(pace, 80).figures.split() == ["7.5", "MB", "3.8", "MB/s"]
    known = Pace(Reading("receiving", None, 0, 0.0), Reading("receiving", None, 7.5e6, 0.5), 2.0)
    assert line_of(known, 80).figures.split() == ["50%", "7.5", "MB", "3.8", "MB/s", "0:02", "left"]


def test_a_descent_with_a_known_end() -> None:
    line = line_of(descending(20_000, 300_000), 200)
    assert line.share == pytest.approx(1 / 15)
    assert [word.strip() for word in line.figures.split("  ") if word] == [
        *("6%", "20,000 of 300,000 iterations", "loss 1.2346e-05", "|gradient| 2.00e-07", "10,000/s", "0:28 left")
    ]


def test_a_descent_without_a_known_end() -> None:
    line = line_of(descending(20_000, None), 200)
    assert line.share is None
    assert line.figures.split() == [
        *("iteration", "20,000", "loss", "1.2346e-05", "|gradient|", "2.00e-07", "10,000/s")
    ]
    assert "|gradient|" in line_of(descending(20_000, None), 78).figures
    assert "–" in line_of(Pace(d := Descending("descending", 0, None, None, None), d, 0.0), 200).figures


def test_work_of_which_nothing_is_known() -> None:
    assert line_of(None, 80) == Line("working", 40, None, "")


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.2, "0:01"), (59.5, "1:00"), (3598.5, "59:59"), (3599.5, "1:00:00"), (400_000.0, "4 days"), (None, "--:--")],
)
def test_the_time_left(seconds: float | None, text: str) -> None:
    rate = 0.0 if seconds is None else 0.5 / seconds
    pace = Pace(Reading("reading", 1, 1.0, 0.5 - rate), Reading("reading", 2, 2.0, 0.5), 1.0)
    assert line_of(pace, 200).figures.split("  ")[-1].strip() == f"{text} left"


@pytest.mark.parametrize("width", [58, 78, 118, 198])
@pytest.mark.parametrize(
    ("first", "last"),
    [
        (reading(10_000, 0.001, 1e6), reading(9_999_999, 0.999, 1e9)),
        (reading(10_000), reading(9_999_999, before=9_000_000)),
        (descending(20_000, 300_000), descending(299_999, 300_000, 290_000)),
        (descending(64, None), descending(9_999_999, None, 9_990_000)),
    ],
)
def test_a_line_fits_and_keeps_still(width: int, first: Pace, last: Pace) -> None:
    lines = [line_of(pace, width) for pace in (first, last)]
    assert len({line.bar for line in lines}) == 1
    assert len({len(shown(line)) for line in lines}) == 1
    assert all(len(shown(line)) <= width and line.bar >= LEAST_BAR for line in lines)


@pytest.mark.parametrize("width", [58, 78])
def test_what_matters_most_is_there_on_a_narrow_terminal(width: int) -> None:
    figures = line_of(reading(1_234_567, 0.25, 300e6), width).figures
    assert all(word in figures for word in ("rows", "MB/s", "left"))
    figures = line_of(descending(20_000, 1_000_000), width).figures
    assert all(word in figures for word in ("20,000", "loss", "left"))


def test_a_very_narrow_terminal_has_a_line_all_the_same() -> None:
    assert line_of(descending(20_000, 300_000), 20).bar == 0


@pytest.mark.parametrize(
    ("rate", "text"),
    [(None, "–"), (0.04, "0.0"), (1.25, "1.2"), (9.94, "9.9"), (10.0, "10"), (12.6, "13"), (12345.6, "12,346")],
)
def test_rates_below_ten_have_a_decimal(rate: float | None, text: str) -> None:
    assert _count(rate) == text
