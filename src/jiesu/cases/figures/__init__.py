"""From the desk to the evaluation: the case table, the running month, claims."""
