"""The list of the access log."""

import re

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse

from calls.desk.access_log.entries import Kind, note
from calls.models import Call

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("language", "count", "said"),
    [("en", 1, "one entry"), ("en", 3, "3 entries"), ("he", 1, "גישה אחת"), ("he", 3, "3 גישות")],
)
def test_the_foot_of_the_list_counts_entries_and_no_logs(admin_client, admin_user, language, count, said):
    for _ in range(count):
        note(Kind.READ, admin_user, call_sid="CA1")
    page = admin_client.get(reverse("admin:calls_accessentry_changelist"), headers={"Accept-Language": language})
    foot = page.content.decode().partition('<p class="paginator">')[2].partition("</p>")[0]
    assert " ".join(foot.split()) == said


def details(page):
    return re.findall(r'<td class="field-more">(.*?)</td>', page)


def test_an_entry_says_what_a_turn_was_corrected_to_for_who_may_read_calls(sign_in, call, client):
    reviewer = sign_in("reviewer")
    for text, seen in (("שלום רב", 0), ("", 1), ("שלום לך", 2)):
        reviewer.post(reverse("review-correct", args=[call.pk, 1]), {"text": text, "seen": seen})
    url, to_turn = reverse("admin:calls_accessentry_changelist"), f"/admin/calls/call/{call.pk}/change/#turn-1"
    page = sign_in("admin").get(url).content.decode()
    assert page.count(f'<a href="{to_turn}">') == 3
    assert details(page) == ['<bdi dir="auto">שלום לך</bdi>', "לא נאמר דבר", '<bdi dir="auto">שלום רב</bdi>']
    only_log = User.objects.create(username="log", is_staff=True)
    only_log.user_permissions.add(Permission.objects.get(codename="view_accessentry"))
    client.force_login(only_log)
    page = client.get(url).content.decode()
    assert (details(page), page.count(f'<a href="{to_turn}">')) == (["—"] * 3, 3)
    Call.objects.all().delete()
    assert details(sign_in("admin").get(url).content.decode()) == ["—"] * 3
