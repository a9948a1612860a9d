"""Cases of another system become cases of the desk."""
