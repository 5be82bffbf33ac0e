"""What stands in a cell."""

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.db.models import CASCADE

from calls.desk.rows import ReadOnly, direction, percent


@pytest.mark.parametrize(
    ("said", "reads"),
    [("שלום", "rtl"), ("Wi-Fi לא עובד", "rtl"), ("050 זה המספר", "rtl"), ("hello there", "auto"), ("", "auto")],
)
def test_a_hebrew_sentence_reads_right_to_left_whatever_it_begins_with(said, reads):
    assert direction(said) == reads


def test_nothing_stands_between_a_share_and_its_sign():
    assert [percent(share) for share in (0.0, 0.9871, 1.0)] == ["0.0%", "98.7%", "100.0%"]


def test_no_row_that_nobody_may_delete_keeps_what_it_goes_with(rf):
    request = rf.get("/")
    request.user = User(is_superuser=True, is_active=True)
    registry, goes_along = admin.site._registry, set()
    for model, options in registry.items():
        of_it = (
            one for one in model._meta.related_objects if one.on_delete is CASCADE and one.related_model in registry
        )
        for one in () if isinstance(options, ReadOnly) else of_it:
            goes_along.add(one.related_model.__name__)
            other = registry[one.related_model]
            assert isinstance(other, ReadOnly) or other.has_delete_permission(request), one
    assert "WebhookDelivery" in goes_along
