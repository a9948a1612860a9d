"""The synthetic city: made-up cases on Beijing's real streets, the same for the same seed.

For demonstrations, benchmarks and tests. Nothing in it comes from a real case.
"""
