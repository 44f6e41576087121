"""What was asked: one frozen, validated spec, the same whether it comes from flags, from YAML or from Python."""

from gdsolve.spec.choices import (
    FORMATS,
    VERBS,
    Categorical,
    Device,
    DType,
    Engine,
    Every,
    Format,
    LearningRate,
    Loss,
    Method,
    Missing,
    Plot,
    PlotKind,
    RateSchedule,
    Scale,
)
from gdsolve.spec.option import OptionInfo, flag
from gdsolve.spec.options import Spec, check_format, check_plot, choices, kind_of_plot, only_traced, options_of
from gdsolve.spec.parameters import Constant, Parameter

__all__ = [
    "FORMATS",
    "VERBS",
    "Categorical",
    "Constant",
    "DType",
    "Device",
    "Engine",
    "Every",
    "Format",
    "LearningRate",
    "Loss",
    "Method",
    "Missing",
    "OptionInfo",
    "Parameter",
    "Plot",
    "PlotKind",
    "RateSchedule",
    "Scale",
    "Spec",
    "check_format",
    "check_plot",
    "choices",
    "flag",
    "kind_of_plot",
    "only_traced",
    "options_of",
]
