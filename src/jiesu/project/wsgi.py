"""The WSGI application that the server's processes load. Starts nothing by itself."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiesu.project.settings")

application = get_wsgi_application()
