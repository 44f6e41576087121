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
    Missing,
    Scale,
)
from gdsolve.spec.options import OptionInfo, Spec, check_format, choices, flag, only_traced, options_of

__all__ = [
    "FORMATS",
    "VERBS",
    "Categorical",
    "DType",
    "Device",
    "Engine",
    "Every",
    "Format",
    "LearningRate",
    "Loss",
    "Missing",
    "OptionInfo",
    "Scale",
    "Spec",
    "check_format",
    "choices",
    "flag",
    "only_traced",
    "options_of",
]
