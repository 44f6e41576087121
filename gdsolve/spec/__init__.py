"""What was asked: one frozen, validated spec, the same whether it comes from flags, from YAML or from Python."""

from gdsolve.spec.choices import (
    Categorical,
    Device,
    DType,
    Engine,
    Every,
    Format,
    Header,
    LearningRate,
    Missing,
    PenaltyScale,
    Plot,
    PlotKind,
    RateSchedule,
    Scale,
)
from gdsolve.spec.losses import Loss
from gdsolve.spec.methods import Method
from gdsolve.spec.offers import check_format, choices, only_traced, options_of
from gdsolve.spec.option import OptionInfo, flag
from gdsolve.spec.parameter import Constant, Parameter
from gdsolve.spec.plots import check_plot, kind_of_plot, kinds_drawn
from gdsolve.spec.spec import Spec
from gdsolve.spec.verbs import FORMATS, PLOT_KINDS, VERBS, Verb

__all__ = [
    "FORMATS",
    "PLOT_KINDS",
    "VERBS",
    "Categorical",
    "Constant",
    "DType",
    "Device",
    "Engine",
    "Every",
    "Format",
    "Header",
    "LearningRate",
    "Loss",
    "Method",
    "Missing",
    "OptionInfo",
    "Parameter",
    "PenaltyScale",
    "Plot",
    "PlotKind",
    "RateSchedule",
    "Scale",
    "Spec",
    "Verb",
    "check_format",
    "check_plot",
    "choices",
    "flag",
    "kind_of_plot",
    "kinds_drawn",
    "only_traced",
    "options_of",
]
