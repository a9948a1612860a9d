"""Cases of another system become cases of the desk."""

IMPORTED = "import:"
"""With this begins the idempotency key of an imported case: none of the intake's looks like it."""
