"""The admin of the working desk: Django finds its pages here.

For administrators alone, Chinese by default. What changes something goes through the actions;
everything else is read only.
"""

from jiesu.cases import (
    admin_cases,
    admin_directory,
    admin_people,
    admin_rules,
    admin_units,
)

__all__ = ["admin_cases", "admin_directory", "admin_people", "admin_rules", "admin_units"]
