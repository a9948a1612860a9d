"""The addresses of the site."""

from django.contrib import admin
from django.urls import include, path

from jiesu.project import health

urlpatterns = [
    path("healthz", health.alive),
    path("readyz", health.ready),
    path("i18n/", include("django.conf.urls.i18n")),
    path("admin/", admin.site.urls),
]
