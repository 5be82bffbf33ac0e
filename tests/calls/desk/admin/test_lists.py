"""What the admin's lists say of their filters."""

import html
import logging
import re
from urllib.parse import quote

import pytest
from django.urls import reverse
from twisted.protocols.basic import LineReceiver

pytestmark = pytest.mark.django_db


def summary(client, query=""):
    page = client.get(f"{reverse('admin:calls_call_changelist')}?{query}").content.decode()
    said = re.search(r'<details id="filters"[^>]*>\s*<summary>(.*?)</summary>', page, re.S)[1]
    return html.unescape(re.sub("<[^>]+>", "", said)), "ניקוי כל הסינונים" in page


def test_a_list_that_is_not_narrowed_names_no_filter(admin_client):
    assert summary(admin_client) == ("סינון", False)


def test_filters_that_leave_rows_out_are_named_while_they_are_folded(admin_client):
    said, can_be_cleared = summary(admin_client, "status=completed&turns__source=early")
    assert (said, can_be_cleared) == ("סינון: מקור = מוקדם; מצב = הסתיימה", True)


def test_a_list_without_filters_has_no_place_for_them(admin_client):
    assert 'id="filters"' not in admin_client.get(reverse("admin:calls_price_changelist")).content.decode()


def test_a_list_without_rows_says_whether_it_is_empty_or_narrowed(admin_client):
    address = reverse("admin:calls_call_changelist")
    assert "עדיין אין כאן רשומות" in admin_client.get(address).content.decode()
    narrowed = admin_client.get(f"{address}?q=zzz").content.decode()
    assert f'אין תוצאות לחיפוש ולסינון. <a href="{address}">' in narrowed


@pytest.mark.parametrize("model", ["call", "accessentry"])
def test_no_more_is_typed_into_a_search_than_an_address_holds(admin_client, model):
    page = admin_client.get(reverse(f"admin:calls_{model}_changelist")).content.decode()
    letters = int(re.search(r'id="searchbar" maxlength="(\d+)"', page)[1])
    assert len(quote("ש" * letters)) < LineReceiver.MAX_LENGTH


@pytest.mark.parametrize(("named", "status"), [("x", 400), ("number", 400), ("", 400), ("id", 200)])
def test_a_list_that_is_asked_for_by_another_field_than_the_id_is_refused_and_no_error(
    admin_client, caplog, named, status
):
    answer = admin_client.get(reverse("admin:calls_phoneline_changelist"), {"_to_field": named, "_popup": "1"})
    assert answer.status_code == status
    assert [record for record in caplog.records if record.levelno >= logging.ERROR] == []
