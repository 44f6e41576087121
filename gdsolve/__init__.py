"""gdsolve: the gradient descent solver of the command line."""

from gdsolve.version import __version__

__all__ = ["__version__"]
