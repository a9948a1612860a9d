"""A site that is killed again and again under load, and what must be true of it afterwards.

`python -m tests.faults --database sqlite --kills 50`; a short run is in tests/project. What each
part is for stands in its module; docs/operating.md says what the tool shows.
"""
