"""What tests share: a logger that is quiet again afterwards, and a headless Chromium for pages."""

from __future__ import annotations

import logging
import os
import shutil
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import settings

# What Hypothesis draws is the same in every run, so that a change is judged by itself and not by luck, and nothing is
# written into the checkout; HYPOTHESIS_PROFILE=search looks where no run has looked before (`nox -s search`).
settings.register_profile("steady", derandomize=True, database=None, deadline=None, print_blob=True)
settings.register_profile("search", deadline=None, print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "steady"))

# Threads of PyTorch that have nothing to do sleep, as two workers share the cores; it is read when PyTorch is imported.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
# Nothing of the browser's own may reach for a network.
ARGUMENTS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
# Files of few tests that take long, most of them with processes of their own.
LONG = (
    "test_watch.py",
    "test_readme.py",
    "test_ranks_process.py",
    "test_checkpoint_process.py",
    "test_cli_process.py",
    "test_progress_terminal.py",
    "test_report_page.py",
    "test_benchmarks.py",
    "test_imports.py",
    "test_memory.py",
)


def pytest_configure(config: pytest.Config) -> None:
    """Workers take files in the order in which they are collected, in place of those with the most tests first."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Workers begin with what takes long, so that none of them is left with it at the end."""
    if hasattr(config, "workerinput"):
        tests = Counter(item.path for item in items)
        items.sort(key=lambda item: (item.path.name not in LONG, -tests[item.path]))


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
