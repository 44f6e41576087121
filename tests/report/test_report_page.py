"""The page of `gdsolve report`, opened in a real browser."""

from __future__ import annotations

import json
import math
import re
import subprocess
from pathlib import Path
from typing import Any

import forked
import pytest
from in_process import completed
from places import CONFIGS

from gdsolve.cli.main import run

pytestmark = pytest.mark.slow

LARGEST = 1_500_000


def made(tmp_path: Path, *words: str) -> tuple[Path, int]:
    page = tmp_path / "run.html"
    return page, run(["report", *words, "-o", str(page), "--quiet"])


def fitted(*words: str) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(completed("fit", *words, "--format", "json", "--quiet").out)
    return record


def result(record: dict[str, Any]) -> dict[str, Any]:
    """All of a record but the time that it took and was to take, and advice, which repeats the command."""
    kept = {name: value for name, value in record.items() if name not in ("seconds", "advice")}
    return {**kept, "descent": {name: value for name, value in record["descent"].items() if name != "reason"}}


def embedded(page: Path) -> dict[str, Any]:
    text = page.read_text(encoding="utf-8")
    found = re.search(r'<script type="application/json" id="run">(.*?)</script>', text, re.DOTALL)
    assert found is not None
    data: dict[str, Any] = json.loads(found[1])
    return data


class Opened:
    """A page in the browser, and everything that it complained of."""

    def __init__(self, browser: Any, path: Path, **context: Any) -> None:
        self.page = browser.new_page(**context)
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self.page.on("console", lambda message: self.complaints.append(message.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(path.as_uri())

    def __enter__(self) -> Opened:
        return self

    def __exit__(self, *_: object) -> None:
        self.page.close()

    def drawn(self, name: str) -> str:
        text: str = self.page.locator(f"#{name}").get_attribute("d")
        return text

    def set_rate(self, rate: float) -> None:
        self.page.locator("#rate-field").fill(repr(rate))
        self.page.locator("#rate-field").press("Enter")


SPECS = {
    "textbook/b4_half_mse.yaml": 3,
    "textbook/b6_diverges.yaml": 4,
    "textbook/b8_formula.yaml": 3,
    "textbook/c_edge.yaml": 3,
    "textbook/d1_collinear.yaml": 0,
}


@pytest.mark.parametrize(("spec", "code"), SPECS.items())
def test_page_is_whole_small_and_quiet(browser: Any, tmp_path: Path, spec: str, code: int) -> None:
    page, exit_code = made(tmp_path, str(CONFIGS / spec))
    assert exit_code == code
    assert page.stat().st_size < LARGEST
    with Opened(browser, page) as opened:
        assert opened.complaints == []
        assert opened.requests == [page.as_uri()]
        assert opened.page.locator("figure").count() == opened.page.locator("figure > svg").count() > 0
    # A page is no model: what intervals are made from is left out of it.
    assert result(embedded(page)["record"]) == {**result(fitted(str(CONFIGS / spec))), "covariance": None}


@pytest.mark.parametrize("source", ["two_points.csv", "textbook/b8_formula.yaml"])
@pytest.mark.parametrize("rate", ["1e100", "1e160", "1e300"])
def test_what_overflows_has_its_page_as_well(browser: Any, tmp_path: Path, source: str, rate: str) -> None:
    page, code = made(tmp_path, str(CONFIGS / source), "--lr", rate)
    assert code == 4
    with Opened(browser, page) as opened:
        assert opened.complaints == []
        assert opened.page.locator(".ending.diverged, .ending.failed").count() == 1


def test_sigterm_ends_a_report_with_what_was_reached(tmp_path: Path) -> None:
    page = tmp_path / "run.html"
    words = ["report", str(CONFIGS / "two_points.csv"), "--engine", "triangle", "--lr", "1e-9", "--tol", "0"]
    words += ["--max-iter", "1e12", "-o", str(page)]
    child = forked.start(*words, code=forked.TELLS_STEP, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    while "a thousand steps" not in child.stderr.readline():
        assert child.poll() is None
    child.terminate()
    child.stderr.read()
    child.stderr.close()
    assert child.wait(timeout=60) == 143
    assert embedded(page)["record"]["status"] == "interrupted"
    assert embedded(page)["record"]["exit_code"] == 143


def test_figures_shown_are_those_of_the_json(browser: Any, tmp_path: Path) -> None:
    spec = str(CONFIGS / "textbook/b4_half_mse.yaml")
    page, _ = made(tmp_path, spec)
    record = fitted(spec)
    with Opened(browser, page) as opened:
        for name in ("largest_stable_lr", "best_lr"):
            shown = opened.page.locator(f"[data-figure={name}]").inner_text()
            assert 0.0 <= record["spectrum"][name] - float(shown) < 1e-7 * record["spectrum"][name]
        text = opened.page.locator("main").inner_text()
        assert "0.0032407459" in text  # configs/textbook, B4
        assert f"{record['weights']['x']:.9f}" in text
        assert float(opened.page.locator("#rate-field").input_value()) == record["learning_rate"]


def test_closed_form_of_the_page_is_the_trace_of_the_run(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, str(CONFIGS / "textbook/b4_half_mse.yaml"))
    with Opened(browser, page) as opened:
        for row, gap in zip(embedded(page)["record"]["trace"], embedded(page)["gaps"], strict=True):
            k = row["iteration"]
            found = opened.page.evaluate(f"gdsolve.gap(gdsolve.run.course, 0.01, {k})")
            assert found == pytest.approx(gap, rel=1e-9)
            across, up = opened.page.evaluate(f"gdsolve.position(gdsolve.run.course, 0.01, {k})")
            assert (across, up) == pytest.approx((row["weights"]["x"], row["intercept"]), abs=1e-12)


def test_slider_moves_path_loss_and_verdict(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, str(CONFIGS / "textbook/b4_half_mse.yaml"))
    with Opened(browser, page) as opened:
        before = opened.drawn("path-line"), opened.drawn("loss-line")
        opened.page.locator("#rate-slider").focus()
        opened.page.keyboard.press("ArrowRight")
        after = opened.drawn("path-line"), opened.drawn("loss-line")
        assert all(one != other for one, other in zip(before, after, strict=True))
        rate = float(opened.page.locator("#rate-field").input_value())
        assert rate > 0.01
        verdict = opened.page.locator("#rate-verdict")
        assert verdict.inner_text().startswith("converges")
        opened.page.get_by_text("the stability limit", exact=True).click()
        assert "edge" in verdict.get_attribute("class")
        opened.page.get_by_text("beyond it").click()
        assert verdict.inner_text().startswith("diverges: the error grows by a factor of 1.2 ")
        assert opened.complaints == []


@pytest.mark.parametrize("rate", [1e-3, 0.05, 0.2, 0.3])
def test_any_rate_of_the_page_is_what_a_run_at_it_reaches(browser: Any, tmp_path: Path, rate: float) -> None:
    points = str(CONFIGS / "two_points.csv")
    page, _ = made(tmp_path, points, "--lr", "0.01", "--max-iter", "50")
    there = fitted(points, "--lr", repr(rate), "--max-iter", "50", "--tol", "0")
    with Opened(browser, page) as opened:
        opened.set_rate(rate)
        told = opened.page.locator("#rate-after").inner_text()
        shown = re.match(r"after 50 updates, as many as the run took: (\S+) above", told)
        assert shown is not None
        assert float(shown[1]) == pytest.approx(there["gap"], rel=1e-5)


def test_dark_and_light_print_and_phone(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, str(CONFIGS / "penguins.csv"), "--na", "drop", "--categorical", "onehot")
    papers = {}
    for scheme in ("light", "dark"):
        with Opened(browser, page, color_scheme=scheme, viewport={"width": 390, "height": 800}) as opened:
            papers[scheme] = opened.page.evaluate("getComputedStyle(document.body).backgroundColor")
            # A phone scrolls down, not sideways.
            assert opened.page.evaluate("document.documentElement.scrollWidth") <= 390
            opened.page.emulate_media(media="print")
            assert opened.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
            assert not opened.page.locator(".rate").is_visible()
            assert opened.page.locator("#path > svg").is_visible()
    assert papers == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}


def test_hostile_names_stay_text(browser: Any, tmp_path: Path) -> None:
    """A column, a level and a file, each of which ends the text, the attribute and the script that it stands in."""
    column = "</script><script>window.ran = 1</script><img src=x onerror='window.ran = 2'>"
    level = "\"'`</title></style></code><svg onload='window.ran = 3'>"
    unseen = "\u202e\x1b]0;x\x07\x9b"
    table = tmp_path / "\"'><script>window.ran = 4<!-- &lt; ${1}.csv"
    cell = (level + unseen).replace('"', '""')
    table.write_text(f'"{column}",g,y\n1,"{cell}",2\n2,b,4\n3,"{cell}",9\n4,b,5\n6,b,5\n')
    page, code = made(tmp_path, str(table), "--categorical", "onehot", "--report")
    assert code == 0
    with Opened(browser, page) as opened:
        assert opened.complaints == []
        assert opened.page.evaluate("window.ran") is None
        assert opened.page.locator("img, svg[onload]").count() == 0
        assert opened.page.locator("script").count() == 2
        shown = opened.page.locator("main").inner_text()
        for text in (column, level + "\\u202e\\x1b]0;x\\x07\\x9b"):
            assert text in shown
        assert table.name in opened.page.title()
    # What scripts read has the names themselves.
    record = embedded(page)["record"]
    assert list(record["weights"]) == [column, "g=b"]
    assert record["data"]["levels"]["g"] == [level + unseen, "b"]


def test_every_picture_of_a_fit_is_on_the_page(browser: Any, tmp_path: Path) -> None:
    kinds = {
        "B4": ["loss", "path", "direction", "fit", "spectrum", "rates"],
        "B8": ["loss", "path", "direction", "spectrum"],
    }
    for name, expected in kinds.items():
        page, _ = made(tmp_path, name)
        with Opened(browser, page, java_script_enabled=False) as opened:
            drawn = opened.page.locator(".drawings figure")
            assert [one.get_attribute("id") for one in drawn.all()] == expected
            # Without scripts there is no slider, and all pictures are there.
            assert not opened.page.locator("#rate-slider").is_visible()
            assert all(one.locator("svg").is_visible() for one in drawn.all())
        text = page.read_text(encoding="utf-8").partition("<script")[0]
        identifiers = re.findall(r' id="([^"]+)"', text)
        assert len(identifiers) == len(set(identifiers))
        assert set(re.findall(r"url\(#([^)]+)\)", text)) <= set(identifiers)


def test_the_pictures_are_those_of_plot_in_the_colours_of_the_page(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, "B4")
    ink = {}
    for scheme in ("light", "dark"):
        with Opened(browser, page, color_scheme=scheme) as opened:
            label = opened.page.locator("#direction text", has_text="line of steepest descent").first
            assert label.is_visible()
            ink[scheme] = label.evaluate("(one) => getComputedStyle(one).fill")
    assert ink == {"light": "rgb(27, 31, 36)", "dark": "rgb(232, 235, 238)"}
    svg = page.read_text(encoding="utf-8")
    assert "#000000" not in svg[svg.index('class="drawings"') : svg.index('id="run"')]


def test_hovering_tells_the_figures(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, "B4")
    with Opened(browser, page) as opened:
        start = opened.page.locator("#rate-path circle.open")
        start.scroll_into_view_if_needed()
        box = start.bounding_box()
        opened.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        told = opened.page.locator("#rate-path .told").inner_text()
        assert told == "after 0 updates: (0, 0), 5 above the minimum"  # case B1: half of the mean of 20


@pytest.mark.parametrize(
    ("method", "words"), [("momentum", "momentum (heavy ball)"), ("nesterov", "Nesterov's momentum")]
)
def test_momentum_of_the_page_is_the_trace_of_a_run_with_it(
    browser: Any, tmp_path: Path, method: str, words: str
) -> None:
    asked = (
        str(CONFIGS / "two_points.csv"),
        "--method",
        method,
        "--momentum",
        "0.8",
        "--lr",
        "0.1",
        "--max-iter",
        "200",
    )
    page, _ = made(tmp_path, *asked, "--tol", "0")
    plain, _ = (
        tmp_path / "plain.html",
        run(["report", asked[0], "--lr", "0.1", "-o", str(tmp_path / "plain.html"), "--quiet"]),
    )
    with Opened(browser, page) as opened:
        assert opened.page.get_by_label(words).is_checked()
        motion = json.dumps({"kind": method, "beta": 0.8})
        for row, gap in zip(embedded(page)["record"]["trace"], embedded(page)["gaps"], strict=True):
            found = opened.page.evaluate(f"gdsolve.gap(gdsolve.run.course, 0.1, {row['iteration']}, {motion})")
            assert found == pytest.approx(gap, rel=1e-6, abs=1e-24)
        stable = opened.page.evaluate(f"gdsolve.stableRate(gdsolve.run.course, {motion})")
        assert stable == pytest.approx(embedded(page)["record"]["descent"]["stable_below"], rel=1e-12)
        best = opened.page.evaluate(f"gdsolve.bestRate(gdsolve.run.course, {motion})")
        factors = [
            opened.page.evaluate(f"gdsolve.factor(gdsolve.run.course, {best * share!r}, {motion})")
            for share in (0.99, 1, 1.01)
        ]
        assert factors[1] <= min(factors) * (1.0 + 1e-4)
        assert opened.complaints == []
    # Beside the slider of a plain run there is the same momentum.
    with Opened(browser, plain) as opened:
        assert not opened.page.locator("#momentum").is_visible()
        opened.page.get_by_label(words).check()
        assert opened.page.locator("#momentum-slider").is_visible()
        opened.page.locator("#momentum-field").fill("0.8")
        opened.page.locator("#momentum-field").press("Enter")
        told = opened.page.locator("#rate-limit").inner_text()
        assert told.startswith(f"stable below {float(f'{stable:.6g}'):g}, fastest at ")


def test_play_walks_the_path_through_every_update(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, "B4")
    with Opened(browser, page) as opened:
        first = opened.page.locator("main section h2").first
        assert first.inner_text() == "What the learning rate does"
        # A step is joined to the next one: 1000 updates and the start, and as many again until nothing is to be seen.
        assert opened.drawn("path-line").count("L") >= 1000
        bar = opened.page.locator("#walk-slider")
        bar.focus()
        opened.page.keyboard.press("ArrowRight")
        told = opened.page.locator("#walk-told")
        gap = next(
            gap
            for row, gap in zip(embedded(page)["record"]["trace"], embedded(page)["gaps"], strict=True)
            if row["iteration"] == 1
        )
        assert told.inner_text() == f"after 1 update: {gap:.4g} above the minimum"
        assert opened.page.locator(".walker").is_visible()
        opened.page.locator("#walk-play").click()
        # However slow the browser is, and whichever update it shows by then.
        opened.page.locator("#walk-told", has_text=re.compile(r"after ([4-9]|\d\d+) updates")).wait_for()
        opened.page.locator("#walk-play").click()
        assert opened.page.locator("#walk-play").inner_text() == "▶ play"


def test_a_step_across_is_as_long_as_one_upwards(browser: Any, tmp_path: Path) -> None:
    page, _ = made(tmp_path, "B5")
    with Opened(browser, page) as opened:
        texts = opened.page.locator("#rate-path > svg > text").all()
        ticks = [
            (
                one.inner_html(),
                float(one.get_attribute("x")),
                float(one.get_attribute("y")),
                one.get_attribute("text-anchor"),
            )
            for one in texts[:-2]
        ]
        across = {float(text): x for text, x, _, anchor in ticks if anchor == "middle"}
        up = {float(text): y for text, _, y, anchor in ticks if anchor == "end"}
        assert across[1.0] - across[0.0] == pytest.approx(up[0.0] - up[1.0], rel=1e-6)


def test_standard_output_takes_the_page(capsys: pytest.CaptureFixture[str]) -> None:
    code = run(["report", str(CONFIGS / "two_points.csv"), "-o", "-"])
    out, err = capsys.readouterr()
    assert (code, err) == (0, "")
    assert out.startswith("<!doctype html>") and out.endswith("</html>\n")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "output: a report needs a file"),
        (["-o", "run.pdf"], "output: run.pdf does not end in .html"),
        (["-o", "nowhere/run.html"], "output: the folder nowhere is not there"),
    ],
)
def test_a_place_that_cannot_be_written_is_told_at_once(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["report", str(CONFIGS / "two_points.csv"), *words]) == 2
    assert message in capsys.readouterr().err


def test_a_page_is_never_half_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = tmp_path / "run.html"
    page.write_text("as it was")
    table = tmp_path / "table.csv"
    table.write_text("x,y\n1,2\n3,oops\n4,9\n5,1\n6,2\n")
    assert run(["report", str(table), "-o", str(page)]) == 5
    assert page.read_text() == "as it was"
    assert [entry.name for entry in tmp_path.iterdir() if entry.name.endswith(".tmp")] == []


def test_long_traces_are_thinned(tmp_path: Path) -> None:
    page, _ = made(tmp_path, str(CONFIGS / "two_points.csv"), "--lr", "0.01", "--max-iter", "5000", "--every", "1")
    trace = embedded(page)["record"]["trace"]
    assert len(trace) == len(embedded(page)["gaps"]) == 400
    assert (trace[0]["iteration"], trace[-1]["iteration"]) == (0, 5000)
    assert page.stat().st_size < LARGEST
    assert all(math.isfinite(gap) for gap in embedded(page)["gaps"])
