"""Stands in for `resource` in a test: as on Windows, there is none."""

raise ImportError("no resource here")
