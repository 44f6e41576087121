"""What comes with gdsolve: specs of the textbook's cases and tables of data, each by a short name.

A name stands wherever a SOURCE or SPEC does: `gdsolve trace A1`, `gdsolve fit penguins --target body_mass_g`. One more
is a line of `BUNDLED`, with its file in `configs/`.
"""

from __future__ import annotations

import difflib
import functools
import logging
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from gdsolve.paths import is_there
from gdsolve.status import GdsolveError

logger = logging.getLogger("gdsolve")

SPEC_ENDINGS = (".yaml", ".yml")


class Chapter(StrEnum):
    """The parts of the list that `gdsolve configs` prints."""

    GRAPH = "A. The computation graph"
    LINE = "B. Two points, one line"
    RATE = "C. One weight: learning rates"
    RANK = "D. Where the closed form fails"
    MATRIX = "E. The matrix form"
    CURVES = "Curves of NIST, from two starts each"
    DATA = "Data sets"


@dataclass(frozen=True, slots=True)
class Bundled:
    """A spec or a table: its `file` in `configs/`, what it `shows`, and the `verb` and `options` that run it."""

    name: str
    part: Chapter
    file: str
    shows: str
    verb: str = "fit"
    options: tuple[str, ...] = ()

    @property
    def is_spec(self) -> bool:
        """True for a YAML spec, False for a table."""
        return self.file.endswith(SPEC_ENDINGS)

    @property
    def path(self) -> Path:
        """Where its file is.

        Raises:
            GdsolveError: gdsolve was installed without it.
        """
        return _folder() / self.file

    @property
    def text(self) -> str:
        """Its file, as it is."""
        return self.path.read_text(encoding="utf-8")

    @property
    def command(self) -> str:
        """A command that runs it."""
        return " ".join(["gdsolve", self.verb, self.name, *self.options])


def _graph(name: str, file: str, shows: str) -> Bundled:
    return Bundled(name, Chapter.GRAPH, f"autograd/{file}.yaml", shows, "trace")


def _case(name: str, part: Chapter, file: str, shows: str, verb: str = "fit") -> Bundled:
    return Bundled(name, part, f"textbook/{file}.yaml", shows, verb)


def _curve(name: str, problem: str, start: int) -> Bundled:
    shows = f"{problem} from start {start}"
    return Bundled(name, Chapter.CURVES, f"nist/{problem.lower()}_start{start}.yaml", shows, options=("--report",))


def _data(name: str, file: str, shows: str, options: str = "", verb: str = "fit") -> Bundled:
    return Bundled(name, Chapter.DATA, file, shows, verb, tuple(options.split()))


MASS_OF_PENGUINS = "--target body_mass_g --categorical onehot --na drop"


BUNDLED: tuple[Bundled, ...] = (
    _graph("A1", "a01_chain", "a graph of three nodes"),
    _graph("A2", "a02_kinds", "leaf, intermediate, output"),
    _graph("A3", "a03_intermediate", "backward from any node"),
    _graph("A4", "a04_retain_grad", "a node that keeps its gradient"),
    _graph("A5", "a05_twice", "backward twice"),
    _graph("A6", "a06_accumulate", "gradients add up"),
    _graph("A7", "a07_no_grad", "under no_grad nothing is recorded"),
    _graph("A8", "a08_detach", "detach cuts the graph"),
    _graph("A9", "a09_leaves", "which nodes are leaves"),
    _graph("A10", "a10_dynamic", "the graph grows as the program runs"),
    _graph("A11", "a11_data", "the graph of a loss over data"),
    _graph("A12", "a12_three_backwards", "three backwards, zeroed before the third"),
    _graph("A13", "a13_in_place", "a value that backward needs is changed"),
    _graph("A14", "a14_leaf_in_place", "a leaf changes only under no_grad"),
    _graph("A15", "a15_hook", "a hook changes a gradient on its way"),
    _graph("A16", "a16_second_derivative", "the derivative of a derivative"),
    _graph("A17", "a17_all_require_grad", "data and rate require gradients too"),
    _case("B1", Chapter.LINE, "b1_start", "the start: SSE and gradient"),
    _case("B2", Chapter.LINE, "b2_one_step", "one step"),
    _case("B3", Chapter.LINE, "b3_one_step_half_mse", "the same step on half the mean"),
    _case("B4", Chapter.LINE, "b4_half_mse", "1000 steps"),
    _case("B4-small", Chapter.LINE, "b4_small_update", "until the updates are small"),
    _case("B5", Chapter.LINE, "b5_sse", "1000 steps on the sum of squares"),
    _case("B6", Chapter.LINE, "b6_diverges", "too large a rate"),
    _case("B7", Chapter.LINE, "b7_slow", "too small a rate"),
    _case("B8", Chapter.LINE, "b8_formula", "the same as a formula"),
    _case("C", Chapter.RATE, "c_rates", "six rates side by side", "compare-lr"),
    _case("C-converges", Chapter.RATE, "c_converges", "α = 0.01"),
    _case("C-one-step", Chapter.RATE, "c_one_step", "α = 1/28: the best rate"),
    _case("C-edge", Chapter.RATE, "c_edge", "α = 1/14: the largest stable rate"),
    _case("C-diverges", Chapter.RATE, "c_diverges", "α = 0.1"),
    _case("D1", Chapter.RANK, "d1_collinear", "collinear columns", "check"),
    _case("D2", Chapter.RANK, "d2_wide", "more columns than rows"),
    _case("D3", Chapter.RANK, "d3_ridge", "ridge makes the solution unique"),
    _case("E", Chapter.MATRIX, "e_matrix_form", "every stopping rule"),
    _curve("misra1a-1", "Misra1a", 1),
    _curve("misra1a-2", "Misra1a", 2),
    _curve("kirby2-1", "Kirby2", 1),
    _curve("kirby2-2", "Kirby2", 2),
    _curve("mgh10-1", "MGH10", 1),
    _curve("mgh10-2", "MGH10", 2),
    _data("penguins", "penguins.csv", "344 penguins of three species", MASS_OF_PENGUINS),
    _data("longley", "longley.csv", "US employment, ill-conditioned", "--report"),
    _data("norris", "norris.csv", "calibration of an ozone monitor", "--report"),
    _data("ships", "ships.csv", "damage of cargo ships", "--loss poisson --exposure months --categorical onehot"),
    _data("misra1a", "nist/misra1a.csv", "adsorption against pressure", "--model saturation"),
    _data("kirby2", "nist/kirby2.csv", "line widths by microscope", verb="check"),
    _data("mgh10", "nist/mgh10.csv", "resistance of a thermistor", verb="check"),
    _data("two_points", "two_points.csv", "the two points of part B"),
    _data("one_weight", "one_weight.csv", "the three points of part C", "--no-intercept"),
    _data("collinear", "collinear.csv", "volume = 3 × area, as in D1", verb="check"),
    _data("wide", "wide.csv", "2 rows, 3 features, as in D2"),
)


def _key(name: str) -> str:
    return name.lower().replace("_", "-")


BY_KEY = {_key(one.name): one for one in BUNDLED}
LIST = "gdsolve configs lists what has a name"


def configs(*names: str) -> tuple[Bundled, ...]:
    """What comes with gdsolve under these names, or all of it: each with `name`, `shows`, `command` and `text`.

    Raises:
        GdsolveError: a name that nothing has.
    """
    found = {name: known_as(name) for name in names}
    for name, one in found.items():
        if one is None:
            near = nearest_name(name)
            raise GdsolveError(f"nothing comes with gdsolve as {name!r}", f"did you mean {near}?" if near else LIST)
    return tuple(one for one in found.values() if one is not None) if names else BUNDLED


def known_as(name: str) -> Bundled | None:
    """What comes with gdsolve under a name, in any case of letters and with - or _; None where nothing does."""
    return BY_KEY.get(_key(name))


def named(source: str) -> Bundled | None:
    """The same of a source: None also where a file has this name."""
    found = known_as(source)
    return None if found is None or is_there(source) else found


def path_of(source: str) -> Path:
    """The path to open for a source: a file of that name, else what comes with gdsolve under it.

    Raises:
        GdsolveError: gdsolve was installed without it.
    """
    found = named(source)
    return Path(source) if found is None else found.path


def nearest_name(source: str) -> str | None:
    """The name of `BUNDLED` that was probably meant by a source that there is not."""
    path = Path(source)
    if path.parent != Path() or "*" in source:
        return None
    key = _key(path.stem if path.suffix.lower() in (*SPEC_ENDINGS, ".csv") else path.name)
    near = [key] if key in BY_KEY else difflib.get_close_matches(key, BY_KEY, n=1)
    return BY_KEY[near[0]].name if near else None


def names_from(start: str) -> list[str]:
    """The names that begin so, in any case of letters, as they are written in the list."""
    return [one.name for one in BUNDLED if _key(one.name).startswith(_key(start))]


def tell_hidden(sources: Iterable[str]) -> None:
    """Say of a file that has the name of something in `BUNDLED` that the file is what is read."""
    for source in sources:
        hidden = known_as(source)
        if hidden is not None and is_there(source):
            kind = "folder" if Path(source).is_dir() else "file"
            logger.warning(
                "%s: the %s of this name is taken, not what comes with gdsolve (gdsolve configs %s prints that)",
                source,
                kind,
                hidden.name,
            )


@functools.cache
def _folder() -> Path:
    """Where the files are: in the package, or beside it in a checkout."""
    package = Path(__file__).parent
    for folder in (package / "configs", package.parent / "configs"):
        if folder.is_dir():
            return folder
    raise GdsolveError("the specs and tables that come with gdsolve are not there", "install gdsolve anew")
