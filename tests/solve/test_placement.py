"""Where `--device auto` descends and factorises: on CUDA, where that is there, has room, and costs less."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from elsewhere import ELSEWHERE, Elsewhere

import gdsolve
from gdsolve.ranks import Launched
from gdsolve.solve import device
from gdsolve.solve.device import costs_of_rows, costs_of_triangle, place_rows, place_triangle
from gdsolve.spec import Device, Spec
from gdsolve.status import GdsolveError

FIVE_MILLION = {"rows": 5_000_000, "p": 21, "size": 8}
TWO_RANKS = Launched(0, 2, 0, 2)


def spec_of(**options: Any) -> Spec:
    return Spec(data=("two.csv",), **options)


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A device with 8 GB free, for eyes that do not look closer."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda _where: (8 << 30, 80 << 30))
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: (8, 9))
    monkeypatch.setattr(device, "_accelerator", lambda: ELSEWHERE)
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)


@pytest.mark.parametrize(
    ("updates", "threads", "pays"),
    [(1, 1, False), (10, 1, True), (10, 2, False), (10, 16, False), (100, 2, True), (100, 16, True)],
)
def test_rows_pay_on_cuda_where_there_are_updates_enough(updates: int, threads: int, pays: bool) -> None:
    costs = costs_of_rows(**FIVE_MILLION, updates=updates, threads=threads)
    assert costs.pays is pays
    # 146 ms on a thread and 0.95 ms there were measured for one of these, where a core and a card were fast.
    one = costs_of_rows(**FIVE_MILLION, updates=updates + 1, threads=1)
    assert one.host - costs_of_rows(**FIVE_MILLION, updates=updates, threads=1).host == pytest.approx(0.146, rel=0.2)


@pytest.mark.parametrize(
    ("rows", "columns", "threads", "pays"),
    [(200_000, 502, 1, True), (200_000, 502, 16, False), (1_000_000, 12, 1, False), (2_000_000, 1_002, 16, True)],
)
def test_a_triangle_pays_on_cuda_where_it_is_wide_and_long(rows: int, columns: int, threads: int, pays: bool) -> None:
    costs = costs_of_triangle(rows, columns, threads)
    assert costs.pays is pays
    assert costs_of_triangle(rows, columns, threads, full=False).cuda > costs.cuda


def test_small_tables_pay_nowhere_but_on_the_host() -> None:
    assert not costs_of_rows(100, 4, 10_000, 8, 1).pays
    assert not costs_of_triangle(100, 5, 1).pays


def test_the_device_is_the_cheaper_one_and_the_sentence_says_so(there: None) -> None:
    spec = spec_of()
    few, many = (place_rows(spec, 5_000_000, 21, updates) for updates in (1, 1_000))
    assert few.device.type == "cpu"
    assert few.reason == "on the host, as a copy to CUDA is predicted to cost more than it saves"
    assert many.device == ELSEWHERE
    assert many.reason == "on CUDA, as the copy to it is predicted to cost less than it saves"
    # As large as can be: 8 GB are free, and some of them stay so.
    large = place_rows(spec, 50_000_000, 21, 1_000)
    assert (large.device.type, large.reason) == ("cpu", "on the host, as the CUDA device has no room for all rows")
    narrow, wide = (place_triangle(spec, 2_000_000, columns) for columns in (3, 1_002))
    assert (narrow.device.type, wide.device) == ("cpu", ELSEWHERE)
    assert narrow.reason.startswith("on the host, ")
    assert place_triangle(spec, None, 1_002).device.type == "cpu"


@pytest.mark.parametrize("asked", [Device.CPU, Device.CUDA])
def test_what_is_asked_for_is_taken_without_a_word(there: None, asked: Device) -> None:
    expected = ELSEWHERE if asked is Device.CUDA else torch.device("cpu")
    for place in (place_rows(spec_of(device=asked), 5_000_000, 21, 1), place_triangle(spec_of(device=asked), 5, 2)):
        assert (place.device, place.reason) == (expected, "")


def test_among_ranks_no_device_is_taken_unasked(there: None) -> None:
    place = place_rows(spec_of(), 5_000_000, 21, 10_000, TWO_RANKS)
    assert (place.device.type, place.reason) == ("cpu", "")


def test_without_cuda_there_is_nothing_to_choose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for place in (place_rows(spec_of(), 10**9, 21, 10**6), place_triangle(spec_of(), 10**9, 1_002)):
        assert (place.device.type, place.reason) == ("cpu", "")
    with pytest.raises(GdsolveError, match="sees no CUDA device"):
        place_rows(spec_of(device=Device.CUDA), 10, 2, 1)


@pytest.mark.parametrize("pays", [True, False])
@pytest.mark.parametrize(
    "options",
    [
        {"engine": "rows", "lr": 0.1},
        {"engine": "autograd", "lr": 0.1},
        {"engine": "rows", "method": "adam"},
        {"loss": "logistic"},
        {"loss": "huber", "dtype": "float32"},
    ],
    ids=["rows", "autograd", "adam", "logistic", "huber"],
)
def test_rows_go_where_they_cost_less_and_the_plan_says_why(
    there: None, monkeypatch: pytest.MonkeyPatch, options: dict[str, Any], pays: bool
) -> None:
    rng = np.random.default_rng(9)
    X = rng.normal(size=(40, 2))
    y = X @ [1.0, 2.0] + rng.normal(size=40)
    target = (y > 0.0).astype(float) if options.get("loss") == "logistic" else y
    monkeypatch.setattr(device, "BEGINNING", -1.0 if pays else 1.0)
    here = gdsolve.fit(X, target, device="cpu", max_iter=20, **options)
    with Elsewhere():
        found = gdsolve.fit(X, target, max_iter=20, **options)
    assert found.device == (ELSEWHERE.type if pays else "cpu")
    assert ("on CUDA, " in found.plan.why[-1]) is pays
    assert ("on the host, " in found.plan.why[-1]) is not pays
    assert (found.status, found.iterations) == (here.status, here.iterations)
    assert found.weights == pytest.approx(here.weights, rel=1e-6)
    told = [part for part in found.plan.why if not isinstance(part, str)]
    assert [one.work.device for one in told] == [found.device] * len(told)


@pytest.mark.parametrize("options", [{}, {"engine": "triangle"}, {"engine": "leap"}])
def test_what_is_small_stays_on_the_host(there: None, options: dict[str, Any]) -> None:
    found = gdsolve.fit([[1.0], [3.0], [4.0]], [2.0, 4.0, 3.0], **options)
    assert found.device == "cpu"
    assert "CUDA" not in found.plan.reason
