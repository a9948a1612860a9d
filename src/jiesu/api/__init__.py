"""The API under /api/v1/: parse, ask an action of `cases`, answer. Rules live below, not here."""
