"""Statistics that inform and never enter a score: fitted models. Reads no files."""
