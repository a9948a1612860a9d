"""The arithmetic and the rules: plain values in, plain values out.

Standard library only; no input or output, no clock, no settings. What counts cases,
reads files or writes documents lies in the packages above.
"""
