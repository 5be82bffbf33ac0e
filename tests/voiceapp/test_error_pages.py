"""What a person sees when there is no page: in both languages, with the way back, whatever else has failed."""

import re

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import HttpResponse
from django.test import Client
from django.urls import path
from django.views.decorators.csrf import csrf_protect


def raises(error):
    def view(request):
        raise error

    return view


urlpatterns = [
    path("400", raises(SuspiciousOperation("odd"))),
    path("403", raises(PermissionDenied)),
    path("500", raises(ZeroDivisionError("secret"))),
    path("form", csrf_protect(lambda request: HttpResponse())),
]
PAGES = [("/400", 400), ("/403", 403), ("/nowhere", 404), ("/500", 500), ("/form", 403)]


@pytest.fixture(autouse=True)
def these_pages(settings):
    settings.ROOT_URLCONF = __name__
    settings.DEBUG = False


def ask(address, language):
    client = Client(raise_request_exception=False, enforce_csrf_checks=True, headers={"Accept-Language": language})
    return client.post(address) if address == "/form" else client.get(address)


@pytest.mark.parametrize(("address", "status"), PAGES)
@pytest.mark.parametrize(("language", "direction"), [("he", "rtl"), ("en", "ltr")])
def test_an_error_is_a_page_in_the_readers_language_and_leads_back(address, status, language, direction):
    """Without a database: a test that asks it here fails."""
    answer = ask(address, language)
    page = answer.content.decode()
    assert answer.status_code == status
    assert f'<html lang="{language}" dir="{direction}">' in page
    assert '<a href="/admin/">' in page
    assert "secret" not in page
    said = re.sub(r"<[^>]+>", "", page.split("<main>")[1])
    assert bool(re.search("[א-ת]", said)) == (language == "he")
    assert bool(re.search("[A-Za-z]", said)) == (language == "en")


def test_with_debug_a_page_that_is_not_there_is_ours_too(settings):
    settings.DEBUG = True
    settings.MIDDLEWARE = [
        *(one for one in settings.MIDDLEWARE if not one.endswith("OwnNotFound")),
        "voiceapp.own_not_found.OwnNotFound",
    ]
    answer = ask("/nowhere", "he")
    assert answer.status_code == 404 and 'dir="rtl"' in answer.content.decode()
    assert "URLconf" not in answer.content.decode()
