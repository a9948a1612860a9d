"""Counting: canonical cases to facts to integers, and with `core` to an Evaluation."""
