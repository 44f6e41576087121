"""A run as one self-contained page."""

from gdsolve.report.html.build import page_of

__all__ = ["page_of"]
