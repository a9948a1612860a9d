"""The one row."""

from django.db import models


class Row(models.Model):
    """What a program that only keeps what it is sent would keep."""

    text = models.TextField()
    at = models.DateTimeField()
