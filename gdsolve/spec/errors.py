"""What `se` asks for: which errors of the weights, and by which column rows are clustered."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from gdsolve.spec.numbers import shown
from gdsolve.status import GdsolveError


class ErrorKind(StrEnum):
    """What is assumed of the errors of rows.

    `classic`: one variance, and no row knows of another; or what the likelihood says. `hc0` to `hc3`: variances of
    their own, with corrections for what the fit takes off the residuals. `cluster`: rows of one cluster may depend on
    each other.
    Source: White (1980), Econometrica 48(4); MacKinnon and White (1985), Journal of Econometrics 29(3); Cameron and
    Miller (2015), Journal of Human Resources 50(2).
    """

    CLASSIC = "classic"
    HC0 = "hc0"
    HC1 = "hc1"
    HC2 = "hc2"
    HC3 = "hc3"
    CLUSTER = "cluster"

    @property
    def of_squares_alone(self) -> bool:
        """True for the corrections by leverage, which are derived for linear models."""
        return self in (ErrorKind.HC2, ErrorKind.HC3)


@dataclass(frozen=True, slots=True)
class AskedErrors:
    """The kind of errors that is asked for, and the column of clusters, if it takes one."""

    kind: ErrorKind = ErrorKind.CLASSIC
    cluster: str | None = None

    @property
    def robust(self) -> bool:
        """True where they need the rows once more: the triangle has forgotten them."""
        return self.kind is not ErrorKind.CLASSIC


WORDS = ", ".join([*(kind for kind in ErrorKind if kind is not ErrorKind.CLUSTER), "cluster:COLUMN"])


def read_errors(text: str) -> AskedErrors:
    """What a value of `se` asks for, in any case of letters but for the name of the column.

    >>> read_errors("HC3").kind.value, read_errors("cluster:firm").cluster
    ('hc3', 'firm')

    Raises:
        GdsolveError: it is none of the words, or a cluster has no column.
    """
    word, colon, column = (part.strip() for part in text.strip().partition(":"))
    kind = next((kind for kind in ErrorKind if kind == word.lower()), None)
    if kind is None or bool(colon) is not (kind is ErrorKind.CLUSTER) or bool(colon) is not bool(column):
        example = "cluster:COLUMN" if word.lower() == ErrorKind.CLUSTER else ErrorKind.HC3
        raise GdsolveError(
            f"{shown(text)} is not one of {WORDS}", f"give one of them, as in --se {example}", option="se"
        )
    return AskedErrors(kind, column or None)
