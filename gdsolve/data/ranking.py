"""How well probabilities put rows of a class before the others: the area under the ROC curve."""

from __future__ import annotations

import numpy as np


def area_under_curve(predicted: np.ndarray, second: np.ndarray, weight: np.ndarray | None) -> float | None:
    """The probability that a row of the class has a higher probability than one of the others; ties are half.

    It is the area under the ROC curve; None where all rows are of the class, or none. Shapes: the `predicted`
    probabilities, truths, `second`, and weights, if any, are (rows,).
    Source: Hanley and McNeil (1982), The meaning and use of the area under a ROC curve, Radiology 143(1).
    """
    if not len(predicted):
        return None
    order = np.argsort(predicted)
    second, predicted = second[order], predicted[order]
    apart = predicted[1:] != predicted[:-1]
    if weight is None and apart.all():
        # By the ranks of the rows of the class, Wilcoxon's statistic: most fits have no ties.
        places = np.flatnonzero(second)
        pairs = float(len(places) * (len(second) - len(places)))
        above = float(places.sum()) - len(places) * (len(places) - 1) / 2.0
        return above / pairs if pairs else None
    weights = np.ones(len(order)) if weight is None else weight[order]
    starts = np.flatnonzero(np.append(True, apart))
    ones, zeros = (np.add.reduceat(np.where(of, weights, 0.0), starts) for of in (second, ~second))
    below = np.cumsum(zeros) - zeros
    pairs = float(ones.sum()) * float(zeros.sum())
    return float((ones * (below + zeros / 2.0)).sum()) / pairs if pairs > 0.0 else None


def macro_area(predicted: np.ndarray, codes: np.ndarray, weight: np.ndarray | None) -> float | None:
    """The mean over the classes of the area of each against all others, (rows, C) probabilities; None if one has none.

    Source: Provost and Domingos (2000), Well-trained PETs, section 4; it is `roc_auc_score(multi_class="ovr")` of
    scikit-learn.
    """
    areas = [area_under_curve(predicted[:, one], codes == one, weight) for one in range(predicted.shape[1])]
    found = [area for area in areas if area is not None]
    return sum(found) / len(found) if len(found) == len(areas) and found else None
