"""The floor of the desk's requests: one endpoint that writes one row, on the same server."""
