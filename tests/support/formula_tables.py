"""Small tables that are in the documentation of R and in every textbook, for formulas whose results are published."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path

import nist


def table(names: str, *columns: Sequence[object]) -> str:
    """The text of a CSV file: the names of the columns, with blanks between them, and their cells."""
    rows = (",".join(map(str, row)) for row in zip(*columns, strict=True))
    return "\n".join([",".join(names.split()), *rows]) + "\n"


def _numbers(text: str) -> list[float]:
    return [float(word) for word in text.split()]


WOMEN = table("height weight", range(58, 73), _numbers("115 117 120 123 126 129 132 135 139 142 146 150 154 159 164"))
"""Heights (in) and weights (lb) of American women, World Almanac 1975; R's `women`."""

_BREAKS = """
26 30 54 25 70 52 51 26 67 18 21 29 17 12 18 35 30 36 36 21 24 18 10 43 28 15 26
27 14 29 19 29 31 41 20 44 42 26 19 16 39 28 21 39 29 20 21 24 17 13 15 15 16 28
"""
WARPBREAKS = table("breaks wool tension", _numbers(_BREAKS), "A" * 27 + "B" * 27, ("L" * 9 + "M" * 9 + "H" * 9) * 2)
"""Breaks in yarn; R's `warpbreaks`, from Tippett 1950."""

PLANTS = table(
    "weight group",
    _numbers("4.17 5.58 5.18 6.11 4.50 4.61 5.17 4.53 5.33 5.14 4.81 4.17 4.41 3.59 5.87 3.83 6.03 4.89 4.32 4.69"),
    ["Ctl"] * 10 + ["Trt"] * 10,
)
"""Weights of plants; the example of R's `lm`, from Dobson 1990, page 9."""

_SPEED = """
4 4 7 7 8 9 10 10 10 11 11 12 12 12 12 13 13 13 13 14 14 14 14 15 15 15 16 16 17 17 17 18 18 18 18 19 19 19 20 20 20
20 20 22 23 24 24 24 24 25
"""
_DISTANCE = """
2 10 4 22 16 10 18 26 34 17 28 14 20 24 28 26 34 34 46 26 36 60 80 20 26 54 32 40 32 40 50 42 56 76 84 36 46 68 32 48
52 56 64 66 54 70 92 93 120 85
"""
CARS = table("speed dist", _numbers(_SPEED), _numbers(_DISTANCE))
"""Speed (mph) and stopping distance (ft) of cars; R's `cars`, from Ezekiel 1930."""

_GIRTH = """
8.3 8.6 8.8 10.5 10.7 10.8 11.0 11.0 11.1 11.2 11.3 11.4 11.4 11.7 12.0 12.9 12.9 13.3 13.7 13.8 14.0 14.2 14.5 16.0
16.3 17.3 17.5 17.9 18.0 18.0 20.6
"""
_HEIGHT = "70 65 63 72 81 83 66 75 80 75 79 76 76 69 75 74 85 86 71 64 78 80 74 72 77 81 82 80 80 80 87"
_VOLUME = """
10.3 10.3 10.2 16.4 18.8 19.7 15.6 18.2 22.6 19.9 24.2 21.0 21.4 21.3 19.1 22.2 33.8 27.4 25.7 24.9 34.5 31.7 36.3
38.3 42.6 55.4 55.7 58.3 51.5 51.0 77.0
"""
TREES = table("Girth Height Volume", _numbers(_GIRTH), _numbers(_HEIGHT), _numbers(_VOLUME))
"""Black cherry trees; R's `trees`, from Ryan et al. 1976."""

_YIELD = """
49.5 62.8 46.8 57.0 59.8 58.5 55.5 56.0 62.8 55.8 69.5 55.0 62.0 48.8 45.5 44.2 52.0 51.5 49.8 48.8 57.2 59.0 53.2
56.0
"""
NPK = table(
    "block N P K yield",
    [block for block in range(1, 7) for _ in range(4)],
    "010111000110110010101100",
    "110001011100010110010110",
    "100101100101011000111010",
    _numbers(_YIELD),
)
"""A factorial experiment on peas; R's `npk`, from Venables and Ripley 2002, page 165."""

_LENGTHS = """
4.2 11.5 7.3 5.8 6.4 10 11.2 11.2 5.2 7 16.5 16.5 15.2 17.3 22.5 17.3 13.6 14.5 18.8 15.5 23.6 18.5 33.9 25.5 26.4
32.5 26.7 21.5 23.3 29.5 15.2 21.5 17.6 9.7 14.5 10 8.2 9.4 16.5 9.7 19.7 23.3 23.6 26.4 20 25.2 25.8 21.2 14.5 27.3
25.5 26.4 22.4 24.5 24.8 30.9 26.4 27.3 29.4 23
"""
TEETH = table(
    "len supp dose",
    _numbers(_LENGTHS),
    ["VC"] * 30 + ["OJ"] * 30,
    [dose for _ in range(2) for dose in (0.5, 1, 2) for _ in range(10)],
)
"""Length of teeth of guinea pigs by vitamin C; R's `ToothGrowth`, from Crampton 1947."""

_MPG = """
21 21 22.8 21.4 18.7 18.1 14.3 24.4 22.8 19.2 17.8 16.4 17.3 15.2 10.4 10.4 14.7 32.4 30.4 33.9 21.5 15.5 15.2 13.3
19.2 27.3 26 30.4 15.8 19.7 15 21.4
"""
_HP = """
110 110 93 110 175 105 245 62 95 123 123 180 180 180 205 215 230 66 52 65 97 150 150 245 175 66 91 113 264 175 335 109
"""
_WT = """
2.62 2.875 2.32 3.215 3.44 3.46 3.57 3.19 3.15 3.44 3.44 4.07 3.73 3.78 5.25 5.424 5.345 2.2 1.615 1.835 2.465 3.52
3.435 3.84 3.845 1.935 2.14 1.513 3.17 2.77 3.57 2.78
"""
_QSEC = """
16.46 17.02 18.61 19.44 17.02 20.22 15.84 20 22.9 18.3 18.9 17.4 17.6 18 17.98 17.82 17.42 19.47 18.52 19.9 20.01
16.87 17.3 15.41 17.05 18.9 16.7 16.9 14.5 15.5 14.6 18.6
"""
MTCARS = table(
    "mpg cyl hp wt qsec am gear",
    _numbers(_MPG),
    "66468684466888888444488884448684",
    _numbers(_HP),
    _numbers(_WT),
    _numbers(_QSEC),
    "11100000000000000111000001111111",
    "44433334444333333444333334555554",
)
"""Cars of 1974; R's `mtcars`, from Henderson and Velleman 1981."""

_SWISS = """
80.2 17 15 12 9.96 22.2; 83.1 45.1 6 9 84.84 22.2; 92.5 39.7 5 5 93.4 20.2; 85.8 36.5 12 7 33.77 20.3;
76.9 43.5 17 15 5.16 20.6; 76.1 35.3 9 7 90.57 26.6; 83.8 70.2 16 7 92.85 23.6; 92.4 67.8 14 8 97.16 24.9;
82.4 53.3 12 7 97.67 21; 82.9 45.2 16 13 91.38 24.4; 87.1 64.5 14 6 98.61 24.5; 64.1 62 21 12 8.52 16.5;
66.9 67.5 14 7 2.27 19.1; 68.9 60.7 19 12 4.43 22.7; 61.7 69.3 22 5 2.82 18.7; 68.3 72.6 18 2 24.2 21.2;
71.7 34 17 8 3.3 20; 55.7 19.4 26 28 12.11 20.2; 54.3 15.2 31 20 2.15 10.8; 65.1 73 19 9 2.84 20;
65.5 59.8 22 10 5.23 18; 65 55.1 14 3 4.52 22.4; 56.6 50.9 22 12 15.14 16.7; 57.4 54.1 20 6 4.2 15.3;
72.5 71.2 12 1 2.4 21;
74.2 58.1 14 8 5.23 23.8; 72 63.5 6 3 2.56 18; 60.5 60.8 16 10 7.72 16.3; 58.3 26.8 25 19 18.46 20.9;
65.4 49.5 15 8 6.1 22.5; 75.5 85.9 3 2 99.71 15.1; 69.3 84.9 7 6 99.68 19.8; 77.3 89.7 5 2 100 18.3;
70.5 78.2 12 6 98.96 19.4; 79.4 64.9 7 3 98.22 20.2; 65 75.9 9 9 99.06 17.8; 92.2 84.6 3 3 99.46 16.3;
79.3 63.1 13 13 96.83 18.1; 70.4 38.4 26 12 5.62 20.3; 65.7 7.7 29 11 13.79 20.5; 72.7 16.7 22 13 11.22 18.9;
64.4 17.6 35 32 16.92 23; 77.6 37.6 15 7 4.97 20; 67.6 18.7 25 7 8.65 19.5; 35 1.2 37 53 42.34 18;
44.7 46.6 16 29 50.43 18.2; 42.8 27.7 22 29 58.33 19.3
"""
SWISS = table(
    "Fertility Agriculture Examination Education Catholic Infant.Mortality",
    *zip(*(one.split() for one in _SWISS.replace("\n", " ").split(";")), strict=True),
)
"""Fertility in Switzerland, 1888; R's `swiss`, from Mosteller and Tukey 1977."""

_DEAD = (1, 4, 9, 13, 18, 20, 0, 2, 6, 10, 12, 16)
_DOSED = list(itertools.product("MF", range(6)))
BUDWORM = table(
    "sex ldose dead moths",
    [sex for sex, _ in _DOSED] * 2,
    [dose for _, dose in _DOSED] * 2,
    [1] * 12 + [0] * 12,
    [*_DEAD, *(20 - dead for dead in _DEAD)],
)
"""Moths by dose, dead or alive, and how many; Venables and Ripley 2002, pages 190 to 192."""

WAMPLER1 = table("x y", range(21), [sum(x**k for k in range(6)) for x in range(21)])
"""NIST StRD Wampler1: y = 1 + x + … + x⁵, certified weights 1."""
PONTIUS = table("x y", *zip(*((row[0], row[2]) for row in nist.ROWS["Pontius"]), strict=True))
"""NIST StRD Pontius: a quadratic, from the calibration of a load cell."""
LONGLEY = (Path(nist.CONFIGS) / "longley.csv").read_text()

TABLES = {
    "women": WOMEN,
    "warpbreaks": WARPBREAKS,
    "plants": PLANTS,
    "cars": CARS,
    "trees": TREES,
    "npk": NPK,
    "teeth": TEETH,
    "mtcars": MTCARS,
    "swiss": SWISS,
    "budworm": BUDWORM,
    "wampler1": WAMPLER1,
    "pontius": PONTIUS,
    "longley": LONGLEY,
}
