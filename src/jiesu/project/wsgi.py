"""The WSGI application that the server's processes load. Refuses settings that are not safe."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

from jiesu.project.safety import require_safe

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "jiesu.project.settings")

require_safe(settings.JIESU)
application = get_wsgi_application()
