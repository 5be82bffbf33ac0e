"""A list of the admin is narrowed by its own filters and by no other lookup: what is masked cannot be guessed."""

from urllib.parse import urlencode

import pytest
from django.contrib import admin
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from calls.models import Alarm, ApiToken, Call, Webhook, WebhookDelivery

pytestmark = pytest.mark.django_db
LOOKUPS = (
    "startswith contains icontains iexact regex iregex gt gte lt lte in range contained_by has_key len isempty "
    "overlap year__gte length__gt exact__regex"
).split()
ODD = ["(", "a", "1", "\0", "9" * 30, "²", "[1", ""]
DATES = ["x", "", "\0", "0001-01-01", "9999-12-31T23:59:59-14:00", "9999-12-31", "2026-02-30", "9" * 30]
NUMBER, SECRET = "+972501234567", "whsec_right"
REGISTERED = sorted(admin.site._registry.items(), key=lambda one: one[0]._meta.label)


def changes_of(model):
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


@pytest.fixture
def rows(admin_user):
    call = Call.objects.create(call_sid="CA1", from_number=NUMBER, started_at=timezone.now())
    webhook = Webhook.objects.create(name="CRM", url="https://x.example.org/", secret=SECRET)
    WebhookDelivery.objects.create(webhook=webhook, call=call, due_at=timezone.now())
    token = ApiToken(name="CRM")
    token.renew()
    token.save()
    return {Call: ("from_number", NUMBER), Webhook: ("secret", SECRET), ApiToken: ("digest", token.digest)}


@pytest.mark.parametrize(("model", "options"), REGISTERED, ids=lambda one: getattr(one, "__name__", ""))
def test_no_lookup_but_those_of_the_lists_own_filters_is_taken(rf, admin_user, model, options):
    """Of each field by its name, and of what the list itself counts beside its rows."""
    request = rf.get("/")
    request.user = admin_user
    own = set(options._offered(request))
    counted = options.get_queryset(request).query.annotations
    names = ["pk", "password", *counted, *(field.name for field in model._meta.get_fields())]
    for name in names:
        for lookup in [name, *(f"{name}__{one}" for one in (*LOOKUPS, "id__gt", "password__startswith"))]:
            if lookup not in own:
                for odd in ODD:
                    with pytest.raises(IncorrectLookupParameters):
                        options.lookup_allowed(lookup, odd, request)


@pytest.mark.parametrize("model", [model for model, _ in REGISTERED], ids=lambda one: one.__name__)
def test_a_refused_lookup_leads_to_all_rows(admin_client, rows, model):
    field = model._meta.get_fields()[-1].name
    for lookup in ("pk__regex", "id__range", f"{field}__contained_by"):
        answer = admin_client.get(changes_of(model), {lookup: "("})
        assert (answer.status_code, answer["Location"]) == (302, f"{changes_of(model)}?e=1"), lookup


def test_a_right_guess_is_answered_as_a_wrong_one(client, rows):
    reviewer = User.objects.create(username="r", is_staff=True)
    reviewer.groups.add(Group.objects.get(name="reviewer"))
    client.force_login(reviewer)
    assert not reviewer.has_perm("calls.see_numbers")

    def answers(model, guess):
        field = rows[model][0]
        for lookup in (
            field,
            *(f"{field}__{one}" for one in ("exact", "startswith", "contains", "gte", "in", "regex")),
        ):
            for also in ({}, {"e": "1"}):
                answer = client.get(changes_of(model), {lookup: guess, **also})
                yield answer.status_code, answer.get("Location"), also and answer.content

    assert list(answers(Call, NUMBER)) == list(answers(Call, "+1"))
    client.force_login(User.objects.get(username="admin"))
    for model, (_field, right) in rows.items():
        assert list(answers(model, right)) == list(answers(model, "+1"))
        assert list(answers(model, right[:7])) == list(answers(model, "+1"))


@pytest.mark.parametrize(("model", "options"), REGISTERED, ids=lambda one: getattr(one, "__name__", ""))
def test_every_choice_of_every_filter_narrows_its_list(admin_client, rows, model, options):
    page = admin_client.get(changes_of(model))
    changes = page.context["cl"]
    for spec in changes.filter_specs:
        for choice in spec.choices(changes):
            answer = admin_client.get(changes_of(model) + choice["query_string"])
            assert answer.status_code == 200, choice
    parts = {"year": 2026, "month": 11, "day": 27}
    if options.date_hierarchy:
        asked = urlencode({f"{options.date_hierarchy}__{part}": value for part, value in parts.items()})
        assert admin_client.get(f"{changes_of(model)}?{asked}").status_code == 200


@pytest.mark.parametrize(("model", "options"), REGISTERED, ids=lambda one: getattr(one, "__name__", ""))
def test_an_odd_value_of_an_own_filter_is_no_fault(admin_client, rf, admin_user, rows, model, options):
    request = rf.get("/")
    request.user = admin_user
    for lookup in options._offered(request):
        odd = DATES if lookup.endswith(("__gte", "__lt", "__year", "__month", "__day")) else ODD
        for value in odd:
            assert admin_client.get(changes_of(model), {lookup: value}).status_code < 500, (lookup, value)


def test_links_of_other_pages_narrow_their_lists(admin_client, rows):
    now = timezone.now()
    Alarm.objects.create(kind="line_deaf", line="+972", raised_at=now, seen_at=now)
    day = {"raised_at__gte": "2026-11-26T00:00:00+02:00", "raised_at__lt": "2026-11-27T00:00:00+02:00"}
    for model, asked in (
        (Alarm, {"over_at__isnull": "True"}),
        (Alarm, day),
        (WebhookDelivery, {"state": "waiting", "webhook__id__exact": Webhook.objects.get().pk}),
    ):
        assert admin_client.get(changes_of(model), asked).status_code == 200
