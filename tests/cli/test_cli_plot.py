"""`--plot` on the command line and from Python: where pictures go, and what is refused."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import forked
import pytest

import gdsolve
from gdsolve.cli.main import run
from gdsolve.cli.optional import join_plot
from gdsolve.spec.command import Command
from gdsolve.status import GdsolveError


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "warnoptions", ["error"])
    monkeypatch.delenv("COLUMNS", raising=False)
    (tmp_path / "two.csv").write_text("x,y\n1,2\n3,4\n")
    (tmp_path / "graph.yaml").write_text("leaves: {t: 1}\nnodes: {y: t**2, z: y + 1}\n")
    return tmp_path


@pytest.mark.parametrize(
    ("words", "joined"),
    [
        (["fit", "--plot", "two.csv"], ["fit", "--plot=true", "two.csv"]),
        (["fit", "two.csv", "--plot"], ["fit", "two.csv", "--plot=true"]),
        (["fit", "--plot", "a.SVG", "two.csv"], ["fit", "--plot=a.SVG", "two.csv"]),
        (["fit", "--plot", "a.jpg", "two.csv"], ["fit", "--plot=a.jpg", "two.csv"]),
        (["fit", "--plot=a.png", "--plot", "--tol", "0"], ["fit", "--plot=a.png", "--plot=true", "--tol", "0"]),
        (["fit", "--", "--plot", "a.svg"], ["fit", "--", "--plot", "a.svg"]),
        (["fit", "--plot-kind", "path"], ["fit", "--plot-kind", "path"]),
    ],
)
def test_a_picture_takes_no_source_for_its_file(words: list[str], joined: list[str]) -> None:
    assert join_plot(words) == joined


@pytest.mark.parametrize(
    ("arguments", "code", "title"),
    [
        (["fit", "--plot", "two.csv"], 0, "SSE against iterations"),
        (["fit", "two.csv", "--lr", "0.01", "--max-iter", "3", "--plot"], 3, "not converged after 3 updates"),
        (["fit", "two.csv", "--loss", "sse", "--lr", "0.5", "--plot"], 4, "diverged after 6 updates"),
        (["fit", "two.csv", "--plot", "--plot-kind", "path"], 0, "The path of descent over contours of the loss"),
        (["compare-lr", "two.csv", "--plot"], 0, "Learning rates compared"),
        (["compare", "two.csv", "--plot", "--methods", "gd,lm"], 0, "Methods compared"),
        (["check", "two.csv", "--plot"], 0, "The spectrum of the Hessian, raw and standardised"),
    ],
)
def test_a_picture_follows_the_table(
    arguments: list[str], code: int, title: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == code
    out, _ = capsys.readouterr()
    table, found, picture = out.partition(title)
    assert (found and "data  " in table) or "column" in table
    assert max(map(len, picture.splitlines())) <= 80
    assert "\033" not in out


@pytest.mark.parametrize("ending", ["svg", "png", "pdf"])
@pytest.mark.parametrize("form", ["table", "json", "csv"])
def test_a_file_leaves_the_stream_alone(ending: str, form: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["fit", "two.csv", "--lr", "0.1", "--format", form]) == 0
    plain = capsys.readouterr().out
    assert run(["fit", "two.csv", "--lr", "0.1", "--format", form, "--plot", f"p.{ending}"]) == 0
    drawn = capsys.readouterr().out
    if form == "json":
        plain, drawn = ({**json.loads(text), "seconds": None} for text in (plain, drawn))  # type: ignore[assignment]
    assert drawn == plain
    assert Path(f"p.{ending}").read_bytes()[:4] == {"svg": b"<?xm", "png": b"\x89PNG", "pdf": b"%PDF"}[ending]


@pytest.mark.parametrize(
    ("arguments", "error", "hint"),
    [
        (["fit", "two.csv", "--plot", "p.jpg"], "plot: p.jpg ends in none of .svg, .png, .pdf", "--plot picture.svg"),
        (["fit", "two.csv", "--plot=p"], "plot: p ends in none of .svg, .png, .pdf", "--plot picture.svg"),
        (["fit", "two.csv", "--plot-kind", "path"], "plot_kind: path is drawn only with --plot", "--plot as well"),
        (["fit", "two.csv", "--plot", "--plot-kind", "rates"], "plot_kind: fit does not draw rates", "compare-lr"),
        (["check", "two.csv", "--plot", "--plot-kind", "loss"], "plot_kind: check does not draw loss", "spectrum"),
        (["fit", "two.csv", "--plot", "--plot-kind", "pat"], "plot_kind: 'pat' is not one of", "--plot-kind path"),
        (["fit", "two.csv", "--plot", "--format", "json"], "plot: in the terminal a picture goes with a table", "file"),
        (["fit", "two.csv", "--plot", "no/p.svg"], "plot: the folder no is not there", "mkdir -p no"),
        (["trace", "graph.yaml", "--plot", "no/p.svg"], "plot: the folder no is not there", "mkdir -p no"),
        (
            ["fit", "--minimize", "a**2", "--start", "a=1", "--plot", "--plot-kind", "fit"],
            "plot_kind: fit draws data and what was fitted to them",
            "--plot-kind loss",
        ),
        (
            ["fit", "two.csv", "--loss", "absolute", "--plot", "--plot-kind", "spectrum"],
            "plot_kind: the loss absolute has no curvature",
            "--plot-kind loss",
        ),
        (["predict", "m.json", "two.csv", "--plot"], "No such option: --plot", "--plot goes with gdsolve fit"),
    ],
)
def test_what_cannot_be_drawn_is_told_before_the_run(
    arguments: list[str], error: str, hint: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"gdsolve: error: {error}")
    assert hint in err.splitlines()[1]


def test_a_spec_asks_for_pictures_beside_itself(capsys: pytest.CaptureFixture[str]) -> None:
    Path("specs").mkdir()
    spec = Path("specs/problem.yaml")
    spec.write_text("data: ../two.csv\nplot: picture.svg\nplot_kind: path\n")
    assert run(["fit", str(spec)]) == 0
    assert Path("specs/picture.svg").read_bytes().startswith(b"<?xml")
    capsys.readouterr()
    assert run(["compare-lr", str(spec)]) == 2
    assert capsys.readouterr().err.startswith(f"gdsolve: error: {spec}: line 3: plot_kind: compare-lr does not draw")
    spec.write_text("data: ../two.csv\nplot: yes\n")
    assert run(["fit", str(spec)]) == 0
    assert "SSE against iterations" in capsys.readouterr().out


def test_the_graph_is_drawn_to_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["trace", "graph.yaml", "--plot", "graph.svg"]) == 0
    assert "AddBackward0" in capsys.readouterr().out
    assert Path("graph.svg").read_bytes().startswith(b"<?xml")


def test_a_table_that_cannot_be_fitted_has_no_picture(capsys: pytest.CaptureFixture[str]) -> None:
    Path("text.csv").write_text("x,y\na,1\nb,2\nc,2\n")
    assert run(["check", "text.csv", "--plot", "p.svg"]) == 0
    assert "text" in capsys.readouterr().out
    assert not Path("p.svg").exists()


def test_a_picture_does_not_go_over_its_table() -> None:
    Path("two.svg").write_text(Path("two.csv").read_text())
    with pytest.raises(GdsolveError, match=r"plot: two\.svg is read as well"):
        gdsolve.fit("two.svg", plot="two.svg")


def test_commands_to_run_keep_what_their_verb_draws() -> None:
    command = Command("check", ("two.csv",), {"plot": "true", "plot_kind": "spectrum"})
    assert command.but(lr=0.1) == "gdsolve check two.csv --plot --plot-kind spectrum --lr 0.1"
    assert command.but("fit", lr=0.1) == "gdsolve fit two.csv --lr 0.1"
    assert Command("fit", ("t.csv",), {"plot": "p.svg"}).but() == "gdsolve fit t.csv --plot p.svg"


def test_python_draws_as_well(capsys: pytest.CaptureFixture[str]) -> None:
    found = gdsolve.fit([[1.0], [3.0]], [2.0, 4.0], lr=0.1, plot=True)
    assert found.picture is not None
    assert "SSE against iterations" in capsys.readouterr().out
    assert gdsolve.compare_lr("two.csv", plot="rates.svg").picture is not None
    assert Path("rates.svg").exists()
    gdsolve.compare("two.csv", plot=Path("methods.svg"), methods=["gd", "lm"])
    gdsolve.check("two.csv", plot="check.svg")
    assert Path("methods.svg").exists() and Path("check.svg").exists()
    assert capsys.readouterr().out == ""


def test_libraries_that_draw_are_imported_only_where_they_draw() -> None:
    code = (
        "import sys; from gdsolve.cli.main import run; run(sys.argv[1:]);"
        "print([n for n in ('matplotlib', 'plotille', 'contourpy', 'gdsolve.picture') if n in sys.modules], "
        "file=sys.stderr)"
    )
    for more, expected in (
        ([], []),
        (["--plot"], ["plotille", "gdsolve.picture"]),
        (["--plot", "p.svg"], ["matplotlib", "gdsolve.picture"]),
    ):
        done = forked.run("fit", "two.csv", *more, code=code)
        assert done.returncode == 0
        assert done.stderr.splitlines()[-1] == repr(expected)
