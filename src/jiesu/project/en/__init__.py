"""Django's formats for pages in English."""
