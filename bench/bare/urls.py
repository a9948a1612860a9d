"""The addresses of the site, and the bare endpoint beside them."""

from django.http import HttpRequest
from django.urls import path
from django.utils import timezone
from ninja import NinjaAPI, Schema

from bench.bare.models import Row
from jiesu.project.urls import urlpatterns as site

api = NinjaAPI(title="bare", urls_namespace="bare", docs_url=None, openapi_url=None)


class RowIn(Schema):
    text: str


class RowOut(Schema):
    id: int


@api.post("/rows", response={201: RowOut})
def write_row(request: HttpRequest, body: RowIn) -> tuple[int, dict[str, int]]:
    """Write one row, durably, and say which."""
    row = Row(text=body.text, at=timezone.now())
    row.save(force_insert=True)
    return 201, {"id": row.pk}


urlpatterns = [*site, path("bare/", api.urls)]
