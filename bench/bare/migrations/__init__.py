"""The table of the bare endpoint."""
