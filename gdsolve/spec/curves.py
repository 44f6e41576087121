"""Curves that `--model` knows by name, each with its formula: help, schema, completion and docs derive from it.

A formula is of x, the feature, and of parameters; a constant that is no parameter stands in it as a number. None has a
level of its own that it stands on: `gaussian + constant` adds one, `gaussian + line` a slope.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

FEATURE = "x"
CONSTANTS = ("pi",)


@dataclass(frozen=True, slots=True)
class NamedCurve:
    """A curve: its name, its formula, what it is, where it is used, and other names that it goes by."""

    name: str
    formula: str
    says: str
    field: str
    also: tuple[str, ...] = ()

    @property
    def parameters(self) -> tuple[str, ...]:
        """The parameters, in the order of the formula."""
        words = re.findall(r"\b[a-z_]\w*\b(?!\()", self.formula)
        return tuple(dict.fromkeys(word for word in words if word not in (FEATURE, *CONSTANTS)))


PEAKS, SATURATION, DECAYS, WAVES, SUMMANDS = "peaks", "growth and saturation", "decays and powers", "waves", "summands"

CURVES: dict[str, tuple[NamedCurve, ...]] = {
    PEAKS: (
        NamedCurve(
            "gaussian",
            "height*exp(-(x - center)**2/(2*sigma**2))",
            "A bell around a center; its width at half height is 2.355*sigma, its area 2.507*height*sigma.",
            "spectra, chromatograms, beam profiles",
            ("gauss", "bell"),
        ),
        NamedCurve(
            "lorentzian",
            "height/(1 + ((x - center)/gamma)**2)",
            "A peak with long tails; its width at half height is 2*gamma, its area pi*height*gamma.",
            "spectral lines, resonances",
            ("lorentz", "cauchy"),
        ),
        NamedCurve(
            "voigt",
            "area*voigt(x - center, sigma, gamma)",
            "A Lorentzian of half width gamma, broadened by a Gaussian of standard deviation sigma.",
            "spectral lines that an instrument broadens, X-ray diffraction",
        ),
        NamedCurve(
            "pseudo-voigt",
            "height*(share/(1 + ((x - center)/width)**2) + (1 - share)*exp(-log(2)*((x - center)/width)**2))",
            "A share of a Lorentzian, and of a Gaussian the rest; both have the half width at half height, width.",
            "X-ray diffraction: cheaper than voigt, and close to it",
        ),
        NamedCurve(
            "lognormal",
            "height*exp(-log(x/center)**2/(2*sigma**2))",
            "A bell over log(x), skewed to the right over x; for x above 0.",
            "sizes of particles, absorption bands, delays",
        ),
        NamedCurve(
            "exgaussian",
            "area/(2*tau)*exp(sigma**2/(2*tau**2) - (x - center)/tau)*erfc((sigma/tau - (x - center)/sigma)/sqrt(2))",
            "A Gaussian with an exponential tail of constant tau to the right.",
            "chromatograms, reaction times",
            ("exponential-gaussian", "emg"),
        ),
    ),
    SATURATION: (
        NamedCurve(
            "logistic",
            "top/(1 + exp(-rate*(x - middle)))",
            "Growth in an S to a top; half of it is reached at x = middle.",
            "populations, market shares, titrations",
            ("sigmoid", "logistic-growth", "s-curve"),
        ),
        NamedCurve(
            "dose-response",
            "bottom + (top - bottom)/(1 + (x/ec50)**slope)",
            "From one level to another over log(x): the logistic curve with four parameters; for x above 0. "
            "The level at small x is top, at large x bottom, if slope is above 0.",
            "pharmacology, immunoassays",
            ("four-parameter-logistic", "logistic4", "4pl", "ll.4"),
        ),
        NamedCurve(
            "gompertz",
            "top*exp(-displacement*exp(-rate*x))",
            "Growth to a top, fastest before half of it, at 37 %.",
            "tumours, bacteria, mortality",
        ),
        NamedCurve(
            "richards",
            "top/(1 + shape*exp(-rate*(x - middle)))**(1/shape)",
            "Growth to a top in a skewed S: logistic where shape is 1, gompertz as it goes to 0.",
            "growth of plants and animals",
            ("generalised-logistic", "generalized-logistic"),
        ),
        NamedCurve(
            "weibull-growth",
            "top*(1 - exp(-(x/scale)**shape))",
            "Growth from 0 to a top, in an S where shape is above 1; for x of 0 and more.",
            "dissolution, germination, life times",
            ("weibull",),
        ),
        NamedCurve(
            "saturation",
            "rise*(1 - exp(-x/tau))",
            "A rise from 0 that slows down; 63 % of it is reached at x = tau.",
            "charging, heating, first-order kinetics",
            ("saturating-exponential", "exponential-rise"),
        ),
        NamedCurve(
            "bertalanffy",
            "final*(1 - exp(-rate*(x - origin)))",
            "Growth towards a final size that begins at x = origin.",
            "lengths of fish by age",
            ("von-bertalanffy",),
        ),
        NamedCurve(
            "michaelis-menten",
            "vmax*x/(km + x)",
            "The rate of an enzyme: half of vmax is reached at x = km.",
            "enzymes, uptake of nutrients (monod)",
            ("monod",),
        ),
        NamedCurve(
            "hill",
            "vmax*x**n/(k**n + x**n)",
            "Binding with cooperation: half of vmax is reached at x = k, the more steeply the larger n; for x of 0 "
            "and more.",
            "binding of ligands, transcription",
        ),
        NamedCurve(
            "langmuir",
            "capacity*affinity*x/(1 + affinity*x)",
            "The amount that a surface adsorbs at a concentration or pressure x.",
            "adsorption",
        ),
        NamedCurve(
            "step",
            "height*erfc(-(x - center)/(sqrt(2)*sigma))/2",
            "A step of a height, smeared by a Gaussian: the integral of gaussian.",
            "edges, knife-edge scans, psychometric curves",
            ("erf-step", "edge"),
        ),
    ),
    DECAYS: (
        NamedCurve(
            "exponential",
            "amplitude*exp(-rate*x)",
            "A decay; the half-life is log(2)/rate. Growth has a rate below 0.",
            "radioactivity, clearance of drugs, discharge",
            ("exponential-decay", "monoexponential"),
        ),
        NamedCurve(
            "biexponential",
            "amplitude1*exp(-rate1*x) + amplitude2*exp(-rate2*x)",
            "A fast decay and a slow one.",
            "pharmacokinetics, fluorescence",
            ("double-exponential", "two-exponentials"),
        ),
        NamedCurve(
            "stretched-exponential",
            "amplitude*exp(-(x/tau)**beta)",
            "A decay that slows down, beta below 1, or speeds up; for x of 0 and more.",
            "glasses, relaxation",
            ("kohlrausch", "kww"),
        ),
        NamedCurve(
            "power",
            "factor*x**exponent",
            "A straight line where both axes are logarithmic; for x above 0.",
            "allometry, scaling laws, learning curves",
            ("power-law", "allometric"),
        ),
        NamedCurve(
            "second-order",
            "initial/(1 + initial*rate*x)",
            "The decay of what reacts with itself: 1/y is a straight line.",
            "chemical kinetics, recombination",
        ),
        NamedCurve(
            "arrhenius",
            "factor*exp(-energy/(8.31446261815324*x))",
            "The constant of a reaction at the temperature x, in kelvins; the energy is in joules per mole.",
            "chemical kinetics, ageing",
        ),
        NamedCurve(
            "antoine",
            "10**(a - b/(c + x))",
            "The vapour pressure at the temperature x.",
            "chemical engineering",
        ),
        NamedCurve(
            "logarithm",
            "level + slope*log(x)",
            "A straight line where the axis of x is logarithmic; for x above 0.",
            "Weber and Fechner's law, wind profiles",
            ("logarithmic",),
        ),
    ),
    WAVES: (
        NamedCurve(
            "sine",
            "amplitude*sin(2*pi*frequency*x + phase)",
            "A wave; its period is 1/frequency, its phase is in radians.",
            "signals, seasons, tides",
            ("sinusoid", "sine-wave"),
        ),
        NamedCurve(
            "damped-sine",
            "amplitude*exp(-decay*x)*sin(2*pi*frequency*x + phase)",
            "A wave that dies out.",
            "vibrations, free induction decay",
            ("damped-sinusoid", "damped-oscillation"),
        ),
        NamedCurve(
            "sine-squared",
            "peak*sin(2*pi*frequency*x + phase)**2",
            "The square of a wave: it comes back after 1/(2*frequency).",
            "polarisers (Malus's law), Rabi oscillations",
            ("malus",),
        ),
        NamedCurve(
            "chirp",
            "amplitude*sin(2*pi*(frequency*x + sweep*x**2/2) + phase)",
            "A wave whose frequency grows by sweep for every unit of x.",
            "radar, sonar",
        ),
    ),
    SUMMANDS: (
        NamedCurve(
            "constant", "level", "A level that other curves stand on.", "as in gaussian + constant", ("offset",)
        ),
        NamedCurve(
            "line",
            "intercept + slope*x",
            "A straight line, by itself or below other curves.",
            "as in gaussian + line",
            ("linear", "straight-line"),
        ),
        NamedCurve(
            "parabola",
            "intercept + slope*x + curvature*x**2",
            "A parabola, by itself or below other curves.",
            "as in lorentzian + parabola",
            ("quadratic",),
        ),
    ),
}
"""All of them, by kind."""

BY_NAME: dict[str, NamedCurve] = {curve.name: curve for kind in CURVES.values() for curve in kind}
ALSO: dict[str, str] = {other: curve.name for curve in BY_NAME.values() for other in curve.also}
"""The name that each of the other names stands for."""
