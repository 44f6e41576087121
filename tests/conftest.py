"""What tests share: a logger that is quiet again afterwards, and a headless Chromium for pages."""

from __future__ import annotations

import logging
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import slow
from depth import PROFILE, examples
from hypothesis import settings
from hypothesis.internal.conjecture import providers

# What Hypothesis draws is the same in every run, so that a change is judged by itself and not by luck, and nothing is
# written into the checkout; HYPOTHESIS_PROFILE=search looks where no run has looked before (`nox -s search`).
settings.register_profile(
    "steady", max_examples=examples(100), derandomize=True, database=None, deadline=None, print_blob=True
)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(PROFILE)
if PROFILE == "steady":
    os.environ.setdefault("HYPOTHESIS_STORAGE_DIRECTORY", str(Path(tempfile.gettempdir()) / "gdsolve-hypothesis"))
    # It would draw constants of the modules that happen to be imported, and read all of their source for them.
    if hasattr(providers, "is_local_module_file"):
        providers.is_local_module_file = lambda path: False  # type: ignore[assignment]

# Threads of PyTorch that have nothing to do sleep, as two workers share the cores; it is read when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Nothing of the browser's own may reach for a network.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")


def pytest_configure(config: pytest.Config) -> None:
    """Workers take files in the order in which they are collected, in place of those with the most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What was measured to be slow is marked; workers begin with what takes longest, so that none ends with it."""
    for item in items:
        if (item.path.name, getattr(item, "originalname", item.name)) in slow.slow():
            item.add_marker(pytest.mark.slow)
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (-slow.by_file().get(item.path.name, 0.0), -tests[item.path]))


@pytest.fixture(autouse=True)
def logger_of_the_library() -> None:
    """The logger as the library leaves it: the command line takes it for itself, in fixtures of a module too."""
    told = logging.getLogger("gdsolve")
    told.setLevel(logging.NOTSET)
    told.handlers, told.propagate = [], True


@pytest.fixture(scope="session", autouse=True)
def one_machine() -> Iterator[None]:
    """What is predicted is told for the same machine in every test, as two runs are compared to the letter."""
    from gdsolve.solve import prediction
    from gdsolve.solve.machine import REFERENCE

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(prediction, "measured", lambda *_: REFERENCE)
        yield


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """One browser for all tests of a session; they are skipped, and say so, where there is none."""
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield started
        started.close()
