"""Who changed what of a line, as it is read."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from calls.models import PrivacyChange

pytestmark = pytest.mark.django_db


def test_what_was_switched_is_said_in_the_pages_language(admin_client):
    common = {"line": "+97231110000", "username": "dana", "changed_at": timezone.now()}
    PrivacyChange.objects.create(setting="keeps_words", before="True", after="False", **common)
    PrivacyChange.objects.create(setting="notice", before="", after="Wi-Fi והשיחה מוקלטת", **common)
    pages = [reverse("admin:calls_privacychange_changelist")]
    pages += [reverse("admin:calls_privacychange_change", args=[one.pk]) for one in PrivacyChange.objects.all()]
    listed, notice, words = (admin_client.get(page).content.decode() for page in pages)
    for page in (listed, words):
        assert re.findall(r'icon-\w+\.svg" alt="(\w+)"', page) == ["כן", "לא"]
    for page in (listed, notice):
        assert '<bdi dir="rtl">Wi-Fi והשיחה מוקלטת</bdi>' in page
    assert not re.search(r">\s*(True|False)\s*<", listed + words)
