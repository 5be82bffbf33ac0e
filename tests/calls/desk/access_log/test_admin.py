"""The list of the access log."""

import pytest
from django.urls import reverse

from calls.desk.access_log.entries import Kind, note

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
