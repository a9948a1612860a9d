"""Speed and memory of jiesu beside hand-written programs for the same work: `python -m bench`.

Measures whole processes from outside and imports none of what it measures.
"""
