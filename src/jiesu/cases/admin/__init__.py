"""The admin of the working desk: Django finds its pages here.

For administrators alone, Chinese by default. What changes something goes through the actions;
everything else is read only.
"""

from jiesu.cases.admin import cases, directory, people, rules, units

__all__ = ["cases", "directory", "people", "rules", "units"]
