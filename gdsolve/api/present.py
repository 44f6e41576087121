"""How results of every verb are told, shown, drawn and saved from Python."""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from gdsolve.extras import check_matplotlib
from gdsolve.picture import Marker, Panel, Picture, Series
from gdsolve.presented import provide
from gdsolve.spec import PLOT_KINDS, PlotKind
from gdsolve.spec.keywords import in_keywords
from gdsolve.spec.numbers import nearest, shown
from gdsolve.spec.plots import check_plot
from gdsolve.status import GdsolveError

if TYPE_CHECKING:
    import polars as pl
    from matplotlib.figure import Figure

    from gdsolve.solve.outcome import Fit

Record = dict[str, Any]


VERBS = {
    "Fit": "fit",
    "Comparison": "compare-lr",
    "MethodComparison": "compare",
    "RegularizationPath": "path",
    "Check": "check",
}
"""The verbs that return what can be drawn, by the name of its type."""


def record_of(result: Any) -> Record:
    """The record of a result of any verb, as JSON has it; of a fit without what only a saved model needs."""
    from gdsolve.groups.outcome import GroupFit, GroupFits
    from gdsolve.report.certify_record import certify_record
    from gdsolve.report.check_record import check_record
    from gdsolve.report.compare_record import method_comparison_record
    from gdsolve.report.group_record import groups_record
    from gdsolve.report.path_record import path_record
    from gdsolve.report.record import comparison_record, fit_record
    from gdsolve.report.scan_record import scan_record
    from gdsolve.report.score_record import score_record
    from gdsolve.solve.certified import Certified
    from gdsolve.solve.check import Check
    from gdsolve.solve.comparison import Comparison, MethodComparison
    from gdsolve.solve.outcome import Fit
    from gdsolve.solve.regularization_path import RegularizationPath
    from gdsolve.solve.scanned import Scan
    from gdsolve.solve.score import Score

    makers: Sequence[tuple[type, Callable[[Any], Record]]] = (
        (Fit, lambda fit: fit_record(fit, with_reason=False, as_model=False)),
        (Comparison, comparison_record),
        (MethodComparison, method_comparison_record),
        (Check, check_record),
        (RegularizationPath, path_record),
        (Score, score_record),
        (Certified, certify_record),
        (Scan, scan_record),
        (GroupFits, groups_record),
        (GroupFit, _group_record),
    )
    return next(make(result) for kind, make in makers if isinstance(result, kind))


def _group_record(one: Any) -> Record:
    """One group as `brief` and `card` read it."""
    if one.fit is not None:
        return {**record_of(one.fit), "of_group": one.group}
    kept = ("group", "message", "rows", "weights", "intercept", "sse", "rmse", "r2")
    return {"schema": "gdsolve.group/1", "status": one.status.value, **{name: getattr(one, name) for name in kept}}


def verb_of(result: Any) -> str:
    """The verb that returned a result that can be drawn."""
    return VERBS[type(result).__name__]


class Desk:
    """The presenter of all results (`gdsolve.presented.Presenter`)."""

    def text(self, result: Any) -> str:
        """The result in at most five lines."""
        from gdsolve.report.brief import brief

        return brief(record_of(result))

    def html(self, result: Any) -> str:
        """The result as a piece of HTML, with a small picture where it can be drawn."""
        from gdsolve.report.html.card import card

        picture = _small_picture(result)
        if picture is None:
            return card(record_of(result), None, "")
        # Of rates the panel that says how many iterations each needs: their curves are too many for so small a picture.
        place = -1 if verb_of(result) == "compare-lr" else 0
        return card(record_of(result), picture.panels[place], picture.title)

    def frame(self, result: Any) -> pl.DataFrame:
        """The rows of the result."""
        from gdsolve.api.frames import frame_of

        return frame_of(record_of(result))

    def figure(self, result: Any, kind: str) -> Figure:
        """The picture of this kind."""
        from gdsolve.report.draw_file import figure_of

        check_matplotlib("a figure")
        return figure_of(picture_of(result, kind))

    def predict(self, model: Any, X: Any, **options: Any) -> Any:
        """As `gdsolve.predict`."""
        from gdsolve.api.predicting import predict

        return predict(model, X, **options)

    def score(self, model: Any, X: Any, y: Any, **options: Any) -> Any:
        """As `gdsolve.score`."""
        from gdsolve.api.predicting import score

        return score(model, X, y, **options)

    def save(self, model: Any, path: str | os.PathLike[str]) -> None:
        """Write a model as `save=` does."""
        from gdsolve.outputs import check_outputs, write_outputs
        from gdsolve.report.group_record import groups_record
        from gdsolve.report.record import fit_record
        from gdsolve.solve.outcome import Fit
        from gdsolve.spec.file import at_home

        name = at_home(os.fspath(path))
        spec = replace(model.spec, save=name, history=None, plot=False, plot_kind=PlotKind.AUTO, checkpoint=None)
        check_outputs(spec)
        write_outputs(spec, fit_record(model) if isinstance(model, Fit) else groups_record(model))

    def printed(self, result: Any) -> Printed:
        """The table of `fit --report`, worked out now where it was not asked for.

        Raises:
            GdsolveError: what it needs is not kept: the rows of a large table, or the logarithms of their weights.
        """
        if result.spec.report:
            return Printed(record_of(result))
        known = result.kept is not None and result.spec.weight_column is None
        errors = result.kept.errors() if known else None
        if errors is None:
            raise GdsolveError(
                "a report needs rows, which are not kept here", "ask for it in the call: report=True", option="report"
            )
        asked = replace(result, spec=replace(result.spec, report=True), errors=errors)
        return Printed(record_of(asked))


@dataclass(frozen=True, slots=True, repr=False)
class Printed:
    """Standard errors, tests and intervals of a fit, to look at: as text, or as HTML in a notebook."""

    record: Record

    def __repr__(self) -> str:
        from gdsolve.report.inference_table import show_inference
        from gdsolve.report.page import Page
        from gdsolve.report.text import printable

        page = Page(100)
        if self.record["report"] is None:
            return printable(f"No standard errors: {self.record['message']}", "utf-8")
        show_inference(page, self.record)
        stream = io.StringIO()
        page.write(stream)
        return stream.getvalue().strip("\n")

    def _repr_html_(self) -> str:
        from gdsolve.report.html.card import card

        return card(self.record, None, "")

    def frame(self) -> pl.DataFrame:
        """A row a parameter: estimate, standard_error, statistic, p_value, lower, upper; null where there is none."""
        import polars as pl

        from gdsolve.report.coefficients import FIGURES

        found = (self.record["report"] or {}).get("parameters") or {}
        columns = {name: pl.Series([one[name] for one in found.values()], dtype=pl.Float64) for name in FIGURES}
        return pl.DataFrame({"term": pl.Series(list(found), dtype=pl.String), **columns})


def picture_of(result: Any, kind: str) -> Picture:
    """The picture of a result: what was drawn of it already, or what is drawn now.

    Raises:
        GdsolveError: a kind that there is not here, or for which the rows are not at hand any more.
    """
    verb = verb_of(result)
    kinds = PLOT_KINDS[verb]
    if kind not in (PlotKind.AUTO, *kinds):
        near = nearest(str(kind), kinds)
        remedy = f"did you mean {near}?" if near else f"give one of {', '.join(kinds)}"
        raise GdsolveError(f"{verb.replace('-', '_')} draws no {shown(kind)}", remedy, option="plot_kind")
    # What was drawn with plot= and plot_kind= is there; else the usual picture of the verb.
    own = result.spec.plot_kind if result.spec.plots and result.spec.plot_kind in kinds else kinds[0]
    wanted = own if kind == PlotKind.AUTO else PlotKind(kind)
    try:
        spec = replace(result.spec, plot=True, plot_kind=wanted, output=None)
        check_plot(spec, verb)
    except GdsolveError as fault:
        if fault.hint is not None:
            fault.hint = in_keywords(fault.hint, verb)
        raise
    if verb == "path":
        from gdsolve.pictures.draw import picture_of_path

        return picture_of_path(replace(result, spec=spec))
    if result.picture is not None and wanted == own:
        drawn: Picture = result.picture
        return drawn
    found: Picture | None = None if result.kept is None else result.kept.picture(wanted)
    if found is not None:
        return found
    if verb == "fit" and wanted is PlotKind.LOSS and result.trace.iterations:
        return picture_of_trace(result)
    raise GdsolveError(
        f"{wanted} was not drawn, and what it shows is not kept: a large problem, a scan, or one of long ago",
        f'ask for it in the call: plot="{wanted}.svg", plot_kind="{wanted}"',
        option="plot_kind",
    )


def picture_of_trace(fit: Fit) -> Picture:
    """The loss against the reported iterations: all that a fit alone can draw."""
    from gdsolve.pictures.loss import iterations_axis, log_axis

    steps = tuple(map(float, fit.trace.iterations))
    series = Series("loss", steps, fit.trace.values, marker=Marker.CIRCLE)
    title, label = (
        "Loss against iterations",
        "SSE" if fit.trace.sse[0] is not None and fit.spec.loss.info.squared else "loss",
    )
    if label == "SSE":
        series = replace(series, name=label, y=tuple(float(one or 0.0) for one in fit.trace.sse))
        title = "SSE against iterations"
    return Picture(title, (Panel("", iterations_axis(fit.trace.iterations[-1]), log_axis(label, [series]), (series,)),))


def _small_picture(result: Any) -> Picture | None:
    """The picture beside a result in a notebook; None where there is none that can be drawn."""
    if not hasattr(result, "plot"):
        return None
    try:
        return picture_of(result, PLOT_KINDS[verb_of(result)][0])
    except GdsolveError:
        return None


provide(Desk())
