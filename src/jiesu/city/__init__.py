"""A city folder and the objects it describes; runs an evaluation from it."""
