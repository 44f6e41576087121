"""The file formats of tables: a package each, which declares itself; nothing outside asks what format a file has.

A format says in its `__init__` what is known of it before a file is opened (`TableFormat`, free of polars), and opens
files as a `gdsolve.data.source.Source`, which does all the rest: parts, sample, scan, places of cells, number of rows.
`registry` has one line for each. To add one: a package here, and that line.
"""
