"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path, re_path

from jiesu.api.application import api
from jiesu.api.errors import no_such_address
from jiesu.project import health
from jiesu.project.fault_pages import fault_page

handler500 = fault_page
urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
    path("api/v1/", api.urls),
    re_path("^api/", no_such_address),
]
