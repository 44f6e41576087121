"""A path is drawn through every iterate, and walked in a .gif file."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from in_process import completed
from PIL import Image

import gdsolve
from gdsolve.picture import Picture, Stroke
from gdsolve.report.draw_file import render
from gdsolve.report.draw_gif import FIRST, LAST, MOST, frames_of

ROSENBROCK = {"minimize": "(1-a)**2 + 100*(b-a**2)**2", "start": "a=-1.2,b=1", "method": "adam", "lr": 0.05}


def path_of(fit: object) -> Picture:
    picture = fit.picture  # type: ignore[attr-defined]
    assert isinstance(picture, Picture)
    return picture


def test_the_line_is_through_every_iterate_of_a_method_without_a_closed_form(tmp_path: Path) -> None:
    every = gdsolve.fit(**ROSENBROCK, max_iter=60, every=1)
    drawn = gdsolve.fit(**ROSENBROCK, max_iter=60, plot=str(tmp_path / "p.svg"), plot_kind="path")
    # Of these a run keeps 14.
    assert len(drawn.trace.iterations) == 14
    (line,) = [one for one in path_of(drawn).panels[0].series if one.updates and one.stroke is not Stroke.NONE]
    assert line.updates == tuple(range(61))
    assert list(line.x) == every.trace.weights[0].tolist()
    assert list(line.y) == every.trace.weights[1].tolist()


def test_what_is_not_every_iterate_is_not_joined(tmp_path: Path) -> None:
    drawn = gdsolve.fit(**ROSENBROCK, max_iter=4000, tol=0, plot=str(tmp_path / "p.svg"), plot_kind="path")
    picture = path_of(drawn)
    (line,) = [one for one in picture.panels[0].series if one.updates and one.stroke is not Stroke.NONE]
    assert line.updates == tuple(range(2001))
    assert "Every iterate up to 2,000 is shown, and those reported after it, 2,002 in all." in picture.notes


def test_compared_methods_are_drawn_through_every_iterate(tmp_path: Path) -> None:
    methods = "gd,momentum,adam,bb"
    found = gdsolve.compare("B1", max_iter=100, methods=methods, plot=str(tmp_path / "p.svg"), plot_kind="path", tol=0)
    lines = [one for one in path_of(found).panels[0].series if one.updates and one.stroke is not Stroke.NONE]
    ends = [one.iterations for one in found.methods]
    assert [line.updates for line in lines] == [tuple(range(end + 1)) for end in ends]


def test_a_gif_walks_the_path(tmp_path: Path) -> None:
    fit = gdsolve.fit("B1", max_iter=12, plot=str(tmp_path / "path.gif"))
    assert (tmp_path / "path.gif").read_bytes() == render(path_of(fit), "gif")
    with Image.open(tmp_path / "path.gif") as film:
        assert film.n_frames == 13
        assert film.info["loop"] == 0
        frames, durations = [], []
        for number in range(film.n_frames):
            film.seek(number)
            frames.append(film.convert("RGB").tobytes())
            durations.append(film.info["duration"])
    assert len(set(frames)) == 13
    assert durations[-1] == LAST


@pytest.mark.parametrize(("count", "frames"), [(1, 1), (MOST, MOST), (MOST + 1, None), (2000, None)])
def test_frames_begin_with_every_update_and_end_with_the_last(count: int, frames: int | None) -> None:
    found = frames_of(range(count))
    assert found[: FIRST + 1] == list(range(min(count, FIRST + 1)))
    assert found[-1] == count - 1
    assert found == sorted(set(found))
    assert len(found) == frames if frames else len(found) <= MOST + 1


@pytest.mark.parametrize(
    ("words", "remedy"),
    [
        (("compare-lr", "C"), "give --plot picture.svg"),
        (("fit", "B4", "--plot-kind", "loss"), "give --plot picture.svg, or --plot-kind path"),
        (("trace", "A1"), "give --plot picture.svg"),
    ],
)
def test_other_pictures_do_not_move(words: tuple[str, ...], remedy: str, tmp_path: Path) -> None:
    done = completed(*words, "--plot", str(tmp_path / "x.gif"))
    assert done.code == 2
    assert "a .gif file is for the path of descent, which gdsolve fit and compare draw" in done.err
    assert f"hint: {remedy}\n" in done.err
    assert not list(tmp_path.iterdir())


def test_the_frames_share_their_colours(tmp_path: Path) -> None:
    fit = gdsolve.compare("B1", max_iter=3, methods="gd,momentum", plot=str(tmp_path / "two.gif"))
    with Image.open(io.BytesIO(render(path_of(fit), "gif"))) as film:
        for number in range(film.n_frames):
            film.seek(number)
            colours = {colour for _, colour in film.convert("RGB").getcolors(1 << 16) or ()}
            # The blue of the first method, in the legend of every frame.
            assert any(
                max(abs(one - other) for one, other in zip(colour, (0, 114, 178), strict=True)) <= 3
                for colour in colours
            )
