"""What is likely of a descent on rows before anything is known of it: how often they are read, and what that repays."""

from __future__ import annotations

from gdsolve.spec import Method, Spec

MOST_BEFORE = 200_000
"""Of so many numbers it is found before the first step whether the loss has a minimum: that takes milliseconds. In a
larger table the place where descent ends proves it faster."""
# Updates by methods that search for every step, and by those with a rate.
SEARCHING, STEADY = 100, 1_000


def likely_updates(spec: Spec) -> int:
    """How often the rows are likely to be read, for the choice of a device: nobody knows before."""
    method = spec.method
    usual = STEADY if not spec.auto_rate or (method is not Method.AUTO and method.info.rated) else SEARCHING
    return usual if spec.max_iter is None else min(usual, spec.max_iter)
