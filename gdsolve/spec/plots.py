"""Which pictures a spec asks for, and whether its verb can draw them."""

from __future__ import annotations

from gdsolve.spec.choices import ANIMATED, PlotKind, StopAt
from gdsolve.spec.option import enumerated
from gdsolve.spec.scans import reads_scans
from gdsolve.spec.spec import Spec
from gdsolve.spec.verbs import PLOT_KINDS
from gdsolve.status import GdsolveError


def kind_of_plot(spec: Spec, verb: str) -> PlotKind:
    """What the picture of a verb shows, as asked for or as is usual there."""
    if spec.plot_kind is not PlotKind.AUTO:
        return spec.plot_kind
    return PlotKind.PATH if spec.is_animated and PlotKind.PATH in PLOT_KINDS[verb] else PLOT_KINDS[verb][0]


def kinds_drawn(spec: Spec) -> tuple[PlotKind, ...]:
    """The pictures of a fit: the one that is asked for, or for a page all that there can be."""
    if spec.output is None:
        return (kind_of_plot(spec, "fit"),) if spec.plots else ()
    formula, cornered = spec.minimize is not None, not spec.loss.info.smooth and spec.minimize is None
    unvalidated = spec.stop is not StopAt.BEST
    without = {
        PlotKind.FIT: formula or reads_scans(spec),
        PlotKind.SPECTRUM: cornered,
        PlotKind.VALIDATION: unvalidated,
    }
    return tuple(kind for kind in PLOT_KINDS["fit"] if not without.get(kind, False))


def check_plot(spec: Spec, verb: str) -> None:
    """See that a verb can draw what is asked for, where it is asked for.

    Raises:
        GdsolveError: it cannot.
    """
    if not spec.plots or verb not in PLOT_KINDS:
        return
    kinds = PLOT_KINDS[verb]
    if spec.plot_kind is not PlotKind.AUTO and spec.plot_kind not in kinds:
        others = [home for home, drawn in PLOT_KINDS.items() if spec.plot_kind in drawn]
        raise GdsolveError(
            f"{verb} does not draw {spec.plot_kind}",
            f"give --plot-kind {'|'.join(kinds)}; {spec.plot_kind} goes with gdsolve {enumerated(others)}",
            option="plot_kind",
        )
    if spec.is_animated and kind_of_plot(spec, verb) is not PlotKind.PATH:
        homes = [home for home, drawn in PLOT_KINDS.items() if PlotKind.PATH in drawn]
        raise GdsolveError(
            f"a {ANIMATED} file is for the path of descent, which gdsolve {enumerated(homes)} draw",
            "give --plot picture.svg" + (", or --plot-kind path" if verb in homes else ""),
            option="plot",
        )
    if spec.plot_kind is PlotKind.VALIDATION:
        _check_validation(spec, verb)


def _check_validation(spec: Spec, verb: str) -> None:
    """See that there is an error over folds to draw."""
    if verb == "path" and spec.cv is None:
        raise GdsolveError(
            "validation draws the error over folds, and there are none",
            "give --cv 5, say, or --plot-kind coefficients",
            option="plot_kind",
        )
    if verb != "path" and spec.stop is not StopAt.BEST:
        raise GdsolveError(
            "validation draws the error over folds by updates, which is found with --stop best",
            "give --cv 5 --stop best, or --plot-kind loss",
            option="plot_kind",
        )
