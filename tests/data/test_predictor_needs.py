"""What a table must have for a model: its features, and the target and weights beside them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from gdsolve.data.predictor import require_beside, require_columns
from gdsolve.status import DataError


def model(**change: Any) -> Any:
    beside = SimpleNamespace(columns=("price", "mass"), target="price", weight="mass")
    return SimpleNamespace(**({"needed": ("rooms", "area"), "beside": beside} | change))


@pytest.mark.parametrize(
    ("names", "option", "message", "hint"),
    [
        (["rooms", "mass"], "", "has no column 'price', the target of the model", "add the column 'price'"),
        (["rooms", "prices", "mass"], "", "has no column 'price', the target of the model", "rename 'prices'?"),
        (
            ["rooms", "mass"],
            "residuals",
            "has no column 'price', the target of the model, which --residuals needs",
            "add the column 'price', or leave --residuals out",
        ),
        (
            ["price", "masses"],
            "",
            "has no column 'mass', the row weights",
            "choose another with --weight, or leave it out",
        ),
        (
            ["price", "masses"],
            "cooks_distance",
            "has no column 'mass', the row weights, which --cooks-distance needs",
            "rename 'masses'?, or leave --cooks-distance out",
        ),
    ],
)
def test_what_is_lacking_beside_the_features(names: list[str], option: str, message: str, hint: str) -> None:
    with pytest.raises(DataError) as caught:
        require_beside("t.csv", names, model(), option)
    assert (caught.value.message, str(caught.value.hint)) == (f"t.csv: {message}", hint)
    require_beside("t.csv", [*names, "price", "mass"], model(), option)


def test_a_feature_is_no_misspelt_target() -> None:
    with pytest.raises(DataError) as caught:
        require_beside("t.csv", ["prices", "mass"], model(needed=("prices",)))
    assert caught.value.hint == "add the column 'price'"


@pytest.mark.parametrize(
    ("names", "hint"),
    [
        (["rooms", "aria"], "rename 'aria'?"),
        (["rooms", "z"], "the model needs: rooms, area"),
    ],
)
def test_what_is_lacking_of_the_features(names: list[str], hint: str) -> None:
    with pytest.raises(DataError) as caught:
        require_columns("t.csv", names, model())
    assert caught.value.message == "t.csv: has no column 'area', which the model needs"
    assert caught.value.hint == hint


@pytest.mark.parametrize(("count", "more"), [(12, ""), (13, ", and 1 more"), (2000, ", and 1,988 more")])
def test_only_twelve_features_are_listed(count: int, more: str) -> None:
    needed = tuple(f"feature{number}" for number in range(count))
    with pytest.raises(DataError) as caught:
        require_columns("t.csv", ["q", "r"], model(needed=needed))
    assert caught.value.hint == f"the model needs: {', '.join(needed[:12])}{more}"
