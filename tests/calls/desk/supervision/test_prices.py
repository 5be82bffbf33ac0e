"""Prices are entered beginning with those in force."""

import html
import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from calls.lines import costs
from calls.models import EnginePrice, Price
from tests.html import Page

pytestmark = pytest.mark.django_db
ADD, LIST = reverse("admin:calls_price_add"), reverse("admin:calls_price_changelist")


def opened(client):
    """What the form for a new price has in its fields."""
    page = client.get(ADD).content.decode()
    (form,) = [form for form in Page(page).forms if any(name == "since" for name, _value in form.fields)]
    return dict(form.fields)


def test_a_new_price_opens_with_the_list_prices(admin_client):
    fields = opened(admin_client)
    assert {name: fields[name] for name in ("currency", "stt_minute", "stream_minute", "million_tokens")} == {
        "currency": "USD",
        "stt_minute": "0.024",
        "stream_minute": "0.004",
        "million_tokens": "1.6",
    }
    before = costs.prices_now()
    assert admin_client.post(ADD, fields).status_code == 302
    after = costs.prices_now()
    assert (after.stt, after.twilio, after.characters) == (before.stt, before.twilio, before.characters)
    assert after.since == timezone.localdate().replace(day=1)


def test_the_next_one_opens_with_what_was_entered_and_keeps_the_engines_as_they_were(admin_client):
    this = timezone.localdate().replace(day=1)
    entered = Price.objects.create(since=this, currency="ILS", stt_minute=1, twilio_minute=2, stream_minute=3)
    EnginePrice.objects.create(price=entered, engine="soniox", minute="0.5")
    fields = opened(admin_client)
    assert (fields["currency"], Decimal(fields["twilio_minute"])) == ("ILS", 2)
    assert admin_client.post(ADD, fields).status_code == 302
    new = Price.objects.exclude(pk=entered.pk).get()
    assert new.since == (this + timedelta(days=31)).replace(day=1)
    assert list(new.engines.values_list("engine", "minute")) == [("soniox", Decimal("0.5"))]


def test_each_field_says_what_its_price_is_of(admin_client):
    page = admin_client.get(ADD).content.decode()
    for name in ("currency", "stt_minute", "twilio_minute", "stream_minute", "million_tokens", "million_characters"):
        assert re.search(f'id="id_{name}_helptext"', page), name


def test_an_empty_list_says_which_prices_are_in_force(admin_client):
    page = html.unescape(admin_client.get(LIST).content.decode())
    assert "מחירי המחירון של נובמבר 2026" in page
    assert '<bdi>Soniox v5</bdi>: <bdi dir="ltr">0.002 USD</bdi>' in page
    assert '<bdi dir="ltr">30 USD</bdi>' in page
    Price.objects.create(since="2026-01-01", stt_minute=1, twilio_minute=0, stream_minute=0)
    assert "מחירי המחירון של נובמבר 2026" not in admin_client.get(LIST).content.decode()
