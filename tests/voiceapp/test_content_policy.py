"""Nothing on a page is inline or evaluated, and the policy says so."""

import re

import pytest
from django.urls import reverse

from calls.models import Call

pytestmark = pytest.mark.django_db
PAGES = (
    "admin:index admin:login admin:logout admin:password_change admin:calls_call_changelist admin:calls_phoneline_add "
    "admin:stt_tuningprofile_add admin:auth_user_changelist admin:auth_user_add admin:auth_group_add console:wall "
    "console:costs"
).split()
INLINE = re.compile(
    r"""<script(?![^>]*\bsrc=)(?![^>]*type="application/json")[^>]*>|<style|\sstyle="|\son\w+="|javascript:""", re.I
)


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_under_the_policy_and_has_nothing_inline(admin_client, name):
    answer = admin_client.get(reverse(name), follow=True)
    policy = answer["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert INLINE.findall(answer.content.decode()) == []


def test_a_calls_pages_have_nothing_inline(admin_client):
    call = Call.objects.create(call_sid="CA1")
    for address in (reverse("admin:calls_call_change", args=[call.pk]), reverse("console:call", args=["CA1"])):
        assert INLINE.findall(admin_client.get(address).content.decode()) == []
