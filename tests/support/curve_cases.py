"""Curves with a known optimum: NIST's 27 data sets of nonlinear regression, and twenty shapes that people fit daily.

Sources: `nist_curves/*.dat` are the files of NIST's Statistical Reference Datasets, nonlinear regression, as NIST
publishes them (works of the United States government, in the public domain), with both starts, certified parameters,
standard deviations and residual sum of squares. The shapes are made here, with noise of a seeded generator whose stream
NumPy has frozen (`RandomState`); their optimum is that of a long run from the parameters that made them, and
`test_curve_cases.py` holds it against SciPy.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

# The benchmarks are not part of the package that is installed.
from benchmarks import nist

NIST_FILES = Path(__file__).parent / "nist_curves"


@dataclass(frozen=True)
class CurveCase:
    """A curve, the rows that it is fitted to, and its best known optimum.

    `columns` are the features by name, (m,) each; `best` and `sse` the parameters and the sum of squares there;
    `errors` the standard errors where they are known, and `starts` the starts that come with the data: of a shape, the
    parameters that made it.
    """

    name: str
    model: str
    columns: Mapping[str, np.ndarray]
    target: np.ndarray
    best: Mapping[str, float]
    sse: float
    errors: Mapping[str, float] = field(default_factory=dict)
    starts: tuple[Mapping[str, float], ...] = ()
    exact: bool = False
    """True where the sum of squares is rounding of the target: 1e-25 beside 1."""

    @property
    def X(self) -> np.ndarray:  # noqa: N802
        """The features, (m, n)."""
        return np.column_stack(list(self.columns.values()))

    def write(self, folder: Path) -> Path:
        """The table as a CSV file whose last column is the target, y."""
        path = folder / f"{self.name}.csv"
        rows = np.column_stack([self.X, self.target])
        lines = [",".join([*self.columns, "y"]), *(",".join(map(repr, row)) for row in rows.tolist())]
        path.write_text("\n".join(lines) + "\n")
        return path

    def start(self, number: int) -> str:
        """One of the starts, counted from 1, as --start takes it."""
        return ",".join(f"{name}={value!r}" for name, value in self.starts[number - 1].items())


@functools.cache
def nist_cases() -> tuple[CurveCase, ...]:
    """The 27 data sets of NIST, in the order of their names; the target of Nelson is the logarithm that it models."""
    return tuple(_nist_case(path) for path in sorted(NIST_FILES.glob("*.dat")))


def _nist_case(path: Path) -> CurveCase:
    problem = nist.read(path)
    model = problem.model
    # The formula has no need of a constant of its own for π.
    assert set(problem.constants) <= {"pi"}
    return CurveCase(
        problem.name,
        model,
        problem.columns,
        problem.target,
        {one.name: one.value for one in problem.parameters},
        problem.sse,
        {one.name: one.deviation for one in problem.parameters},
        problem.starts,
        exact=problem.name == "Lanczos1",
    )


@dataclass(frozen=True)
class Shape:
    """How the rows of a shape are made: a curve, where it is seen, and by how much the rows are off.

    `made_with` are the parameters, by name; `deviation` is that of the noise, which is normal; `best` and `sse` are
    the optimum of the rows that this gives.
    """

    model: str
    x: np.ndarray
    made_with: Mapping[str, float]
    deviation: float
    best: tuple[float, ...]
    sse: float


FUNCTIONS: dict[str, Callable[..., np.ndarray] | float] = {
    name: getattr(np, name) for name in ("exp", "log", "sin", "cos", "sqrt")
} | {"pi": np.pi}


def in_numpy(model: str, values: Mapping[str, np.ndarray | float]) -> np.ndarray:
    """A formula of this file, or of NIST, computed by NumPy, which knows nothing of how gdsolve reads one."""
    return eval(model, {"__builtins__": {}, "arctan": np.arctan, **FUNCTIONS}, dict(values))


SHAPES: dict[str, Shape] = {
    "gaussian": Shape(
        "height*exp(-(x - center)**2/(2*width**2)) + base",
        np.linspace(400.0, 700.0, 90),
        {"height": 1250.0, "center": 532.0, "width": 14.5, "base": 80.0},
        18.0,
        (1238.08032626, 531.942653637, 14.5254821614, 79.2332661039),
        24324.1410261,
    ),
    "lorentzian": Shape(
        "height/(1 + ((x - center)/width)**2)",
        np.linspace(-4.0, 9.0, 80),
        {"height": 0.82, "center": 2.3, "width": 0.61},
        0.012,
        (0.829595146539, 2.29792128194, 0.605343124148),
        0.0128618607553,
    ),
    "pseudo_voigt": Shape(
        "height*(share/(1 + ((x - center)/width)**2) + (1 - share)*exp(-log(2)*((x - center)/width)**2))",
        np.linspace(25.0, 31.0, 121),
        {"height": 9400.0, "center": 28.44, "width": 0.42, "share": 0.55},
        60.0,
        (9389.98074464, 28.4405194023, 0.418117157091, 0.565440878998),
        418363.025924,
    ),
    "two_gaussians_on_a_slope": Shape(
        "a1*exp(-((x - c1)/s1)**2) + a2*exp(-((x - c2)/s2)**2) + slope*x + base",
        np.linspace(0.0, 100.0, 160),
        {"a1": 31.0, "c1": 34.0, "s1": 6.5, "a2": 19.0, "c2": 58.0, "s2": 9.0, "slope": 0.12, "base": 4.0},
        0.7,
        (
            30.5166709645,
            34.0350163891,
            6.65640919011,
            19.0938738084,
            58.1134962069,
            9.05154957789,
            0.11936446505,
            3.97227626318,
        ),
        71.5010167738,
    ),
    "michaelis_menten": Shape(
        "vmax*x/(km + x)",
        np.geomspace(0.02, 4.0, 24),
        {"vmax": 212.0, "km": 0.065},
        6.0,
        (211.175589812, 0.0635919349474),
        659.638678813,
    ),
    "hill": Shape(
        "top*x**n/(k**n + x**n)",
        np.geomspace(1e-9, 1e-5, 30),
        {"top": 98.0, "k": 1.8e-07, "n": 1.7},
        2.0,
        (99.9378876415, 1.85879523559e-07, 1.56177233795),
        119.368224795,
    ),
    "langmuir": Shape(
        "capacity*affinity*x/(1 + affinity*x)",
        np.linspace(1.0, 260.0, 26),
        {"capacity": 3.4, "affinity": 0.031},
        0.04,
        (3.37060470944, 0.0316337251397),
        0.0500922785338,
    ),
    "saturating_exponential": Shape(
        "base + rise*(1 - exp(-x/tau))",
        np.linspace(0.0, 0.02, 60),
        {"base": 0.3, "rise": 4.7, "tau": 0.0031},
        0.05,
        (0.279399527539, 4.72130656616, 0.00311445303359),
        0.130878458763,
    ),
    "gompertz": Shape(
        "top*exp(-b*exp(-rate*x))",
        np.linspace(0.0, 48.0, 40),
        {"top": 11.8, "b": 6.2, "rate": 0.17},
        0.15,
        (11.8264176103, 6.34105436244, 0.171839610703),
        0.66043197402,
    ),
    "logistic4": Shape(
        "bottom + (top - bottom)/(1 + (x/ec50)**slope)",
        np.geomspace(0.01, 1000.0, 36),
        {"bottom": 4.0, "top": 103.0, "ec50": 6.3, "slope": 1.25},
        2.2,
        (3.71159257799, 103.766971376, 6.46531443523, 1.160860773),
        112.018320367,
    ),
    "richards": Shape(
        "top/(1 + shape*exp(-rate*(x - middle)))**(1/shape)",
        np.linspace(0.0, 120.0, 61),
        {"top": 640.0, "shape": 0.45, "rate": 0.085, "middle": 52.0},
        7.0,
        (642.945339982, 0.348944551266, 0.0816701210433, 51.4514961793),
        2486.52940404,
    ),
    "exponential": Shape(
        "amount*exp(-rate*x) + base",
        np.linspace(0.0, 30.0, 50),
        {"amount": 860.0, "rate": 0.21, "base": 44.0},
        9.0,
        (858.40106344, 0.211931837998, 44.9333856492),
        3830.27656462,
    ),
    "biexponential": Shape(
        "fast*exp(-k1*x) + slow*exp(-k2*x)",
        np.linspace(0.0, 60.0, 120),
        {"fast": 7.1, "k1": 0.52, "slow": 3.6, "k2": 0.043},
        0.05,
        (7.10072899498, 0.526591431464, 3.63850633434, 0.0436837145278),
        0.202092357312,
    ),
    "stretched_exponential": Shape(
        "amount*exp(-(x/tau)**beta)",
        np.geomspace(1e-3, 1e2, 60),
        {"amount": 1.02, "tau": 0.74, "beta": 0.58},
        0.008,
        (1.0282314201, 0.719278432005, 0.566163197256),
        0.00247309949692,
    ),
    "power_with_offset": Shape(
        "base + factor*x**power",
        np.linspace(1.0, 90.0, 45),
        {"base": 12.0, "factor": 3.1, "power": 0.64},
        0.4,
        (12.1229164002, 3.01435164141, 0.646017800741),
        5.75349169176,
    ),
    "arrhenius": Shape(
        "factor*exp(-energy/(8.314462618*x))",
        np.linspace(290.0, 380.0, 28),
        {"factor": 320000000000.0, "energy": 74500.0},
        0.25,
        (271299160550, 74014.4037134),
        1.81305069262,
    ),
    "sine": Shape(
        "amplitude*sin(2*pi*frequency*x + phase) + base",
        np.linspace(0.0, 10.0, 120),
        {"amplitude": 3.3, "frequency": 0.83, "phase": 0.6, "base": 20.0},
        0.4,
        (3.23829526112, 0.829901215884, 0.601395728392, 20.0228251566),
        17.4535208973,
    ),
    "damped_sine": Shape(
        "amplitude*exp(-decay*x)*sin(2*pi*frequency*x + phase)",
        np.linspace(0.0, 0.05, 200),
        {"amplitude": 1.9, "decay": 62.0, "frequency": 240.0, "phase": 0.3},
        0.05,
        (1.92008532753, 62.1952683079, 239.975006049, 0.299292832689),
        0.507934400423,
    ),
    "two_frequencies": Shape(
        "a1*sin(w1*x) + b1*cos(w1*x) + a2*sin(w2*x) + b2*cos(w2*x) + base",
        np.linspace(0.0, 40.0, 200),
        {"a1": 2.0, "b1": 1.1, "w1": 0.9, "a2": -0.7, "b2": 1.3, "w2": 2.35, "base": 5.0},
        0.25,
        (2.04147600416, 1.07565442418, 0.900712242355, -0.722460134939, 1.30414115289, 2.3498891904, 5.01385996355),
        13.341823402,
    ),
    "sine_squared": Shape(
        "peak*sin(x - angle)**2 + base",
        np.linspace(0.0, 2 * np.pi, 37),
        {"peak": 4.6, "angle": 0.75, "base": 0.3},
        0.08,
        (4.60071983099, 0.757211614936, 0.307305590941),
        0.159874711398,
    ),
}
"""Peaks, saturation, decays and waves, in units as they come: moles, kelvins, seconds."""


@functools.cache
def shape_cases() -> tuple[CurveCase, ...]:
    """The twenty shapes, in the order of the table; targets have six digits, as an instrument gives them."""
    return tuple(_shape_case(name, one, seed) for seed, (name, one) in enumerate(SHAPES.items(), start=100))


def _shape_case(name: str, shape: Shape, seed: int) -> CurveCase:
    noise = shape.deviation * np.random.RandomState(seed).normal(size=len(shape.x))
    made = in_numpy(shape.model, {"x": shape.x, **shape.made_with}) + noise
    target = np.array([float(f"{value:.6g}") for value in made])
    return CurveCase(
        name,
        shape.model,
        {"x": shape.x},
        target,
        dict(zip(shape.made_with, shape.best, strict=True)),
        shape.sse,
        starts=(shape.made_with,),
    )
