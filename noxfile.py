"""Sessions for those who work on gdsolve: `nox -l` lists them, `nox -s lint` runs one."""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.4.15"
nox.options.sessions = ["lint", "test"]
nox.options.error_on_missing_interpreters = False

PYTHONS = ["3.11", "3.12", "3.13", "3.14"]
LINTERS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy", "--strict", "gdsolve"))
TESTS = ("python", "-m", "pytest", "-q", "-n", "2", "--dist", "loadfile")
PAGES = ("tests/docs/test_readme.py", "tests/project/test_design.py", "tests/project/test_project_files.py")


def install(session: nox.Session, *words: str) -> None:
    """Install the versions that were tested."""
    session.install("-c", "constraints.txt", *words)


@nox.session(python=PYTHONS)
def test(session: nox.Session) -> None:
    """All tests; words after -- are pytest's, as in `nox -s test-3.11 -- tests/solve/test_plan.py`."""
    install(session, "-e", ".[dev]")
    session.run(*TESTS, *session.posargs)


@nox.session
def search(session: nox.Session) -> None:
    """The property tests, each on tables that no run has drawn before."""
    install(session, "-e", ".[dev]")
    session.run(*TESTS, "-m", "hypothesis", *session.posargs, env={"HYPOTHESIS_PROFILE": "search"})


@nox.session
def lint(session: nox.Session) -> None:
    """The linters, which write nothing."""
    install(session, "-e", ".[dev]")
    for command in LINTERS:
        session.run(*command)


@nox.session
def docs(session: nox.Session) -> None:
    """Write anew what the README and docs/ show of gdsolve, and test that they speak of what is there."""
    install(session, "-e", ".[dev]")
    session.run("python", "tests/support/readme.py")
    session.run("mkdocs", "build")
    session.run("python", "-m", "pytest", "-q", *PAGES)


@nox.session
def bench(session: nox.Session) -> None:
    """Measure speed; words after -- are those of the benchmarks, as in `nox -s bench -- --list`."""
    install(session, ".[bench]")
    session.run("python", "-m", "benchmarks", *session.posargs)


@nox.session
def release(session: nox.Session) -> None:
    """Build the wheel and the source distribution in dist/, and run what was built away from the checkout."""
    install(session, "build", "packaging", ".")
    session.run("python", ".ci/packages.py", "dist")
