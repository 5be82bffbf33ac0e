"""What the application answers is kept by nobody; what is the same for everybody is (tests/test_every_page.py has the
pages)."""

import pytest
from django.http import HttpRequest, HttpResponse

from voiceapp.no_store import NO_STORE, NoStore


@pytest.mark.django_db
def test_a_page_is_not_kept_and_a_style_sheet_is(client):
    assert client.get("/admin/login/")["Cache-Control"] == NO_STORE
    assert client.get("/admin/")["Cache-Control"] == NO_STORE
    kept = client.get("/static/calls/error.css")
    kept.close()
    assert kept.status_code == 200
    assert "no-store" not in kept.get("Cache-Control", "")


def test_a_view_that_says_otherwise_is_overruled():
    answer = NoStore(lambda request: HttpResponse(headers={"Cache-Control": "public, max-age=600"}))(HttpRequest())
    assert answer["Cache-Control"] == NO_STORE
