"""What was asked: one frozen, validated spec, the same whether it comes from flags, from YAML or from Python.

Every option of the project is one field of `Spec`. Its help text, the panel it is shown in and the verbs that take it
stand beside it; the flags, the YAML keys, the JSON Schema and docs/reference.md are made from these fields.
"""

from __future__ import annotations

from dataclasses import dataclass

from gdsolve.spec.choices import (
    ANIMATED,
    Header,
    Scale,
    Sought,
)
from gdsolve.spec.errors import AskedErrors, read_errors
from gdsolve.spec.missing import missing_texts
from gdsolve.spec.options_result import ResultOptions
from gdsolve.spec.parameter import DOTS


@dataclass(frozen=True, slots=True, kw_only=True)
class Options(ResultOptions):
    """All options, each with what is said of it; what they are together, once they are checked, is a `Spec`."""

    @property
    def missing_texts(self) -> tuple[str, ...]:
        """All texts of a cell that mean that it is missing."""
        return missing_texts(self.na_values)

    @property
    def offsets(self) -> tuple[str, ...] | None:
        """The columns that offsets come from; None where there are none."""
        return tuple(name for name in (self.offset, self.exposure) if name is not None) or None

    @property
    def weight_option(self) -> str:
        """The option that names the column by which rows are weighed, where one does."""
        return "weight" if self.sigma is None else "sigma"

    @property
    def weight_column(self) -> str | None:
        """The column by which rows are weighed: of weights, or of standard deviations."""
        return self.weight if self.sigma is None else self.sigma

    @property
    def errors(self) -> AskedErrors:
        """Which errors of the weights are asked for."""
        return read_errors(self.se)

    @property
    def first_line(self) -> Header:
        """What was said of the first line, by either name."""
        if self.no_header is None or self.header is not Header.AUTO:
            return self.header
        return Header.NO if self.no_header else Header.YES

    @property
    def is_dealt(self) -> bool:
        """True where rows are dealt into folds, or some are held out."""
        return self.cv is not None or self.holdout is not None

    @property
    def is_spread(self) -> bool:
        """True where starts are spread over ranges."""
        ranged = any(DOTS in text for text in self.start) or any(one.span is not None for one in self.parameters)
        return ranged or self.starts is not None

    @property
    def finds_starts(self) -> bool:
        """True where parameters need no start: those of a curve are found from the data, unless weights are given."""
        return self.model is not None and self.weights is None

    @property
    def is_least_squares(self) -> bool:
        """True for a linear model with a squared loss, of which everything is known beforehand."""
        return self.minimize is None and self.model is None and self.loss.info.squared

    @property
    def is_penalised(self) -> bool:
        """True where large weights cost something."""
        return self.ridge > 0.0 or self.l1 > 0.0

    @property
    def sought(self) -> str | None:
        """The penalty whose strength is to be found, by the name of its option."""
        return next((name for name in ("l1", "ridge") if isinstance(getattr(self, name), Sought)), None)

    @property
    def plots(self) -> bool:
        """True where a picture is asked for, or a page of them."""
        return self.plot is not False or self.output is not None

    @property
    def plot_file(self) -> str | None:
        """The file that a picture goes to; None for the terminal, or where there is none."""
        return self.plot if isinstance(self.plot, str) else None

    @property
    def is_animated(self) -> bool:
        """True where the picture is one that moves."""
        return self.plot_file is not None and self.plot_file.lower().endswith(ANIMATED)

    @property
    def auto_rate(self) -> bool:
        """True where gdsolve chooses the learning rate itself."""
        return self.lr == "auto"

    @property
    def standardise(self) -> bool:
        """True when descent runs in standardised coordinates."""
        # A formula is descended on as it is, unless it is asked for otherwise.
        return self.scale is Scale.STANDARD or (self.scale is Scale.AUTO and self.auto_rate and self.minimize is None)
