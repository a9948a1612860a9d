"""Files of other systems in, the canonical case table out. Knows no rule of evaluation."""
