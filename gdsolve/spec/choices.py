"""The words that options take."""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from gdsolve.model import Model


class Tongue(StrEnum):
    """Languages of the tour."""

    AUTO = "auto"
    EN = "en"
    ZH = "zh"


class Exercises(StrEnum):
    """What becomes of the exercises of the tour."""

    ASK = "ask"
    ANSWERS = "answers"
    NONE = "none"


class Scale(StrEnum):
    """Coordinates in which descent runs."""

    AUTO = "auto"
    NONE = "none"
    STANDARD = "standard"


class PenaltyScale(StrEnum):
    """Whose weights are penalised: the user's, or those of columns brought to spread 1."""

    USER = "user"
    STANDARD = "standard"


class Engine(StrEnum):
    """Ways to take the same steps."""

    AUTO = "auto"
    ROWS = "rows"
    TRIANGLE = "triangle"
    LEAP = "leap"
    AUTOGRAD = "autograd"

    @classmethod
    def _missing_(cls, value: object) -> Engine | None:
        return ENGINE_NAMES.get(value) if isinstance(value, str) else None


ENGINE_NAMES = {"closed-form": Engine.LEAP}
"""Other names that an engine is asked for by."""


class RateSchedule(StrEnum):
    """How the learning rate goes on from step to step (`gdsolve.descent.rates`)."""

    CONSTANT = "constant"
    INVSCALING = "invscaling"
    COSINE = "cosine"
    BACKTRACKING = "backtracking"


class Shuffle(StrEnum):
    """In which order batches take the rows: all of them shuffled, shuffled within blocks, or as they stand."""

    AUTO = "auto"
    ROWS = "rows"
    BLOCKS = "blocks"
    NONE = "none"


class Show(StrEnum):
    """What an iteration is shown with, besides its weights and its measures."""

    NOTHING = "nothing"
    GRADIENT = "gradient"


class StopAt(StrEnum):
    """What ends a descent: its rules, or the error over the folds, which is least there."""

    RULES = "rules"
    BEST = "best"


class Device(StrEnum):
    """Where tensors live."""

    AUTO = "auto"
    CPU = "cpu"
    CUDA = "cuda"


class DType(StrEnum):
    """Precision in which the iterates are computed."""

    FLOAT64 = "float64"
    FLOAT32 = "float32"


class Missing(StrEnum):
    """What to do with a missing cell in a column that is used."""

    ERROR = "error"
    DROP = "drop"
    MEAN = "mean"


class WeightKind(StrEnum):
    """What a row weight means to the error bars: 1/variance up to a factor, or how often the row was observed."""

    PRECISION = "precision"
    FREQUENCY = "frequency"


class IntervalOf(StrEnum):
    """What an interval of a prediction is to hold: a new observation of the target, or its mean."""

    AUTO = "auto"
    OBSERVATION = "observation"
    MEAN = "mean"


class Categorical(StrEnum):
    """What to do with a column of text."""

    ERROR = "error"
    ONEHOT = "onehot"
    IGNORE = "ignore"


class Dates(StrEnum):
    """What to do with a column of dates: they are numbers of days or seconds since 1970, or years with decimals."""

    ERROR = "error"
    DAYS = "days"
    SECONDS = "seconds"
    YEAR = "year"


class Header(StrEnum):
    """Whether the first line of a CSV file names its columns."""

    AUTO = "auto"
    YES = "yes"
    NO = "no"


class Select(StrEnum):
    """Which point of a path is taken: that of least error over folds, or the largest λ within a standard error."""

    NONE = "none"
    MIN = "min"
    ONE_SE = "1se"


class Format(StrEnum):
    """Form of the result on standard output."""

    TABLE = "table"
    JSON = "json"
    CSV = "csv"
    MARKDOWN = "markdown"
    LATEX = "latex"
    DOT = "dot"


class PlotKind(StrEnum):
    """What a picture shows (`gdsolve.pictures`)."""

    AUTO = "auto"
    LOSS = "loss"
    PATH = "path"
    DIRECTION = "direction"
    FIT = "fit"
    RATES = "rates"
    SPECTRUM = "spectrum"
    VALIDATION = "validation"
    COEFFICIENTS = "coefficients"
    GRAPH = "graph"


class Sought(float):
    """The strength of a penalty that is still to be found: until then it counts as any that is not 0."""

    def __repr__(self) -> str:
        return "auto"

    __str__ = __repr__


SOUGHT = Sought(1.0)
Strength = float | Sought
LearningRate = float | tuple[float, ...] | Literal["auto"]
Every = int | Literal["log", "none"]
Init = str | Model
"""Where to start: zeros, random, the file of a saved model, or a model at hand."""
Plot = str | bool
"""Whether to draw: True for a picture in the terminal, the name of a file for one there."""

CODE_KINDS = ("matrix", "autograd")
Code = str | bool
"""Whether to write a program: True for the usual kind on standard output, a kind, or a file."""

NA_VALUES = ("", "NA", "N/A", "NaN", "null", "None")
PLOT_ENDINGS = (".svg", ".png", ".pdf", ".gif")
ANIMATED = ".gif"
