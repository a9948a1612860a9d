"""The verbs of the desk: one function for each thing that can be done with a case.

Keyword-only, one transaction, permission asked, an event written, `as_of` given. Every face of
the desk (API, pages, admin, worker, command line) calls these and changes nothing by itself.
"""
