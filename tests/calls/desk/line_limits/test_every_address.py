"""Whoever is limited to a line finds nothing of another one at any address, and changes nothing of it."""

import re
from urllib.parse import quote, unquote

import pytest
from asgiref.sync import async_to_sync
from django.apps import apps
from django.contrib import admin
from django.db import transaction
from django.db.models import QuerySet
from django.urls import reverse

from calls.desk.line_limits.seen import SeenLines, belongs_to_a_line
from calls.models import AccessEntry, Alarm, Call
from tests.every_address import Route, address_of, every_route, shown_models
from tests.rows import LINE
from tests.test_every_page import no_copies, rows, stream, why  # noqa: F401 - fixtures
from tests.two_lines import SECRET, hide_all, show_own, used

SAID = {
    "verdict": "fine", "mark": "1 crosstalk on", "on": "שלי", "text": "נכתב", "seen": "1", 
    "why": "כך", "sentence": "שלום", "number": "+97231234567", "other_number": "+97231234567", "word": "שלום",
    "post": "yes",  "queue": "doubt", "name": "נכתב", "_save": "1",
}  # fmt: skip
"""What forms of ours read, all at once."""
NOT_ANSWERED = {"admin:logout", "account:sign_out_everywhere"}
"""The person would be gone."""


@pytest.fixture
def lines(rows, client):  # noqa: F811
    """Of two lines, with the person signed in who sees one of them."""
    others = {model: list(used(model).order_by("pk").values_list("pk", flat=True)) for model in apps.get_models()}
    streams = Call.objects.get(call_sid="CAwhole").streams
    secrets = hide_all()
    own = show_own(streams)
    own.others, own.secrets = others, secrets
    client.raise_request_exception = False
    client.force_login(own.me)
    return own


def contents(answer):
    if not answer.streaming:
        return answer.content.decode("utf-8", "replace")

    async def gather():
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(gather)().decode("utf-8", "replace")


def told(answer, secrets, address=""):
    """What is said of the other line, but for what was asked: in the answer, or in where it leads to."""
    said = f"{contents(answer)} {answer.get('Location', '')} {answer.get('Content-Disposition', '')}"
    # As JSON and addresses write Hebrew.
    said = unquote(re.sub(r"\\u([0-9a-f]{4})", lambda found: chr(int(found[1], 16)), said))
    return sorted(secret for secret in secrets if secret in said and secret not in address)


def of_the_other_line(lines):
    """Each address with a row of the other line: (route, address)."""
    for route in every_route():
        model = None if route.key in NOT_ANSWERED or route.key.startswith("api:") else model_of(route)
        if model is None or not belongs_to_a_line(model):
            continue
        row = model._base_manager.get(pk=lines.others[model][0])
        yield route, address_of(route, lambda _, row=row: row)


def model_of(route):
    """Whose row its address names."""
    asked = []

    def pick(model):
        asked.append(model)
        return model._default_manager.first()

    address_of(route, pick)
    return asked[0] if asked else None


def is_no_row(route, answer):
    """As for a row that there is not: the admin leads to its first page, and says so; an alarm may just be over."""
    if route.pattern.startswith("admin/") or route.name == "console:acknowledge":
        return answer.status_code in (302, 403, 404, 405)
    return answer.status_code in (404, 405)


def test_every_address_of_another_lines_row_is_that_of_no_row(lines, client):
    faults, tried = [], set()
    for route, address in of_the_other_line(lines):
        answer = client.get(address)
        tried.add(route.key)
        if not is_no_row(route, answer) or (found := told(answer, lines.secrets, address)):
            faults.append((answer.status_code, address, found if answer.status_code != 200 else "shown"))
    assert {"review-audio", "console:call", "desk-trial", "admin:calls_phoneline_change", "review-sample"} <= tried
    assert not faults, "\n".join(map(str, faults))


def test_no_page_form_or_export_tells_of_another_line(lines, client):
    """Every address that is of no row, and every one of the own line's rows; lists also as they are searched."""
    faults, opened = [], set()
    for route, address in own_addresses(lines):
        answer = client.get(address)
        if answer.status_code == 200:
            opened.add(route.key)
        if answer.status_code >= 500 or (found := told(answer, lines.secrets, address)):
            faults.append((answer.status_code, address, found if answer.status_code < 500 else why(answer)))
    assert opened >= SHOWN
    assert not faults, "\n".join(map(str, faults))


SHOWN = {
    "console:state", "console:call", "console:call_state", "console:costs", "desk-profile", "desk-trial", "desk-call",
    "desk-engines", "review-audio", "review-peaks", "review-subtitles", "review-queue", "review-sample", "admin:index",
    "admin:calls_call_change", "admin:calls_phoneline_change", "admin:stt_tuningprofile_change",
}  # fmt: skip
"""The own line is seen at these, so that nothing of the other is not because nothing is."""


OF_NO_ROW = {"console:state", "console:costs", "desk-engines", "admin:index", "review-queue"}
"""Among them."""
SOUND = {"review-audio", "review-peaks"}
"""Without a word in it."""


def own_addresses(lines):
    for route in every_route():
        if route.key not in NOT_ANSWERED:
            address = address_of(route, lambda model: lines.rows.get(model) or model._default_manager.last())
            yield route, address
            if route.key.endswith("_changelist"):
                yield from ((route, f"{address}?{query}") for query in queries(route.model))
    for field in autocompleted():
        yield (
            Route("admin/autocomplete/", "admin:autocomplete", None),
            f"/admin/autocomplete/?term={SECRET[:3]}&{field}",
        )


def queries(model):
    """Of a list: what is looked for, and each of its filters at a value of the other line's."""
    yield f"q={SECRET[:3]}"
    if model is Call:
        yield from ("q=CA", "q=972", f"line={quote(LINE)}", "turns__source=final", "slowest=slow")
        yield from ("corrected=yes", "corrected=no", "started_at__year=2026", "hearing__exact=degraded", "all=")


def autocompleted():
    """Every foreign key of every model of the admin, as its field would be completed."""
    for model in shown_models():
        for field in model._meta.concrete_fields:
            if field.is_relation:
                yield f"app_label={model._meta.app_label}&model_name={model._meta.model_name}&field_name={field.name}"


def everything():
    """All rows but those by which a person stays signed in and is noted."""
    apart = {"sessions.Session", "calls.AccessEntry", "admin.LogEntry"}
    shown = [model for model in apps.get_models() if model._meta.label not in apart]
    return {model._meta.label: sorted(map(repr, model._base_manager.values_list())) for model in shown}


def test_no_form_is_taken_of_another_lines_row(lines, client):
    """With all that any form says, at every address of theirs; noted as an access of theirs neither."""
    before, noted = everything(), AccessEntry.objects.count()
    faults = []
    for route, address in of_the_other_line(lines):
        answer = client.post(address, SAID)
        if not is_no_row(route, answer) or (found := told(answer, lines.secrets, address)):
            faults.append((answer.status_code, address, found if answer.status_code != 200 else "taken"))
    for model in shown_models():
        if belongs_to_a_line(model):
            faults += actions_on_others(lines, client, model)
    assert not faults, "\n".join(map(str, faults))
    after = everything()
    assert [label for label in before if before[label] != after[label]] == []
    assert set(AccessEntry.objects.values_list("call_sid", flat=True)[: AccessEntry.objects.count() - noted]) <= {""}


def actions_on_others(lines, client, model):
    """Each action of a list, with the other line's rows selected."""
    page = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
    options = admin.site._registry[model]
    for action in {"delete_selected", *(name for name in options.actions or ())}:
        said = {"action": action, "_selected_action": lines.others[model], "post": "yes", "index": 0}
        answer = client.post(page, said)
        if answer.status_code >= 500 or (found := told(answer, lines.secrets)):
            yield answer.status_code, page, action, found if answer.status_code < 500 else why(answer)


def test_what_is_refused_of_another_line_is_taken_of_the_own(lines, client):
    """So that the refusals above are the limit's."""
    before = everything()
    statuses = {}
    for route in every_route():
        model = None if route.key in NOT_ANSWERED or route.key.startswith("api:") else model_of(route)
        if model in (Call, Alarm) and not route.pattern.startswith("admin/"):
            with transaction.atomic():
                address = address_of(route, lines.rows.__getitem__)
                statuses[route.key] = client.post(address, SAID).status_code, everything() != before
                transaction.set_rollback(True)
    refused = {name for name, (status, _changed) in statuses.items() if status in (403, 404)}
    changed = {name for name, (_status, changed) in statuses.items() if changed}
    assert refused == set(), statuses
    assert {
        "review-claim",
        "review-done",
        "review-tag",
        "review-note",
        "review-correct",
        "call-hold",
        "console:say",
    } <= changed


def test_an_open_door_would_be_seen(lines, client, monkeypatch):
    """The tests above can fail: without the limit each address of another line's row shows it."""
    monkeypatch.setattr(SeenLines, "of", lambda _, of: of if isinstance(of, QuerySet) else of._default_manager.all())
    shown = set()
    for route, address in of_the_other_line(lines):
        answer = client.get(address)
        if answer.status_code == 200 and (route.key in SOUND or told(answer, lines.secrets)):
            shown.add(route.key)
    assert shown >= SHOWN - OF_NO_ROW
    for address in ("/admin/", "/console/state.json", "/console/costs", "/review/queue/", "/admin/calls/call/?q=CA"):
        assert told(client.get(address), lines.secrets), address
