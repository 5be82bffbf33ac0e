"""Another system reads calls by its token: its scopes, its lines, and no more; each use is noted."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache
from django.utils import timezone

from calls.api import endpoints
from calls.api.models import ApiToken, Scope
from calls.models import AccessEntry, Call, Correction, PhoneLine, Transcript
from calls.storage import rows
from stt.models import TuningProfile
from tests.calls.storage.sample_records import NOW, RECORDS
from tests.databases import each_database, postgresql_url  # noqa: F401 - fixtures
from voiceapp.no_store import NO_STORE

pytestmark = pytest.mark.usefixtures("each_database")
LIST = "/api/v1/calls"
OF_CALL, OF_TURNS = f"{LIST}/CA1", f"{LIST}/CA1/turns"
PATHS = (LIST, OF_CALL, OF_TURNS)


@pytest.fixture(autouse=True)
def nobody_has_asked():
    cache.clear()


@pytest.fixture
def ask(client):
    """Asks with a token of these scopes and lines."""

    def make(*scopes, lines=()):
        of = [str(scope) for scope in scopes or Scope.values]
        token = ApiToken(name="CRM", scopes=of, all_lines=not lines)
        text = token.renew()
        token.save()
        token.lines.set(lines)

        def asks(path=LIST, **asked):
            return client.get(path, asked, HTTP_AUTHORIZATION=f"Bearer {text}")

        asks.token, asks.text = token, text
        return asks

    return make


def call(number, *, minutes_ago=0, **values):
    begun = NOW - timedelta(minutes=minutes_ago)
    common = {"from_number": "+972501234567", "to_number": "+97235550100", "started_at": begun, "ended_at": NOW}
    return Call.objects.create(call_sid=f"CA{number}", **{**common, **values})


def sids(answer):
    assert answer.status_code == 200, answer.content
    return [one["call_sid"] for one in answer.json()["calls"]]


def problem(answer):
    assert answer["Content-Type"] == "application/problem+json"
    said = answer.json()
    assert said["status"] == answer.status_code
    assert said["detail"], "it says what to do"
    return answer.status_code, said["code"]


def test_a_call_is_told_by_the_exports_names(ask):
    rows.write(RECORDS)
    answer = ask()(OF_CALL)
    assert answer.json() == {
        "call_sid": "CA1",
        "stream_sid": "MZ1",
        "from_number": "+972501234567",
        "to_number": "+97235550100",
        "started_at": "2026-11-23T10:00:00Z",
        "ended_at": "2026-11-23T10:00:00Z",
        "state": "ended",
        "status": "",
        "end_reason": "stop",
        "hearing": "degraded",
        "frames_received": 100,
        "frames_lost": 2,
        "speech_ms": 1500,
    }
    assert answer["Cache-Control"] == NO_STORE


def test_turns_come_in_the_order_in_which_they_were_spoken_with_what_was_corrected(ask):
    rows.write(RECORDS)
    said = {"turn": 1, "turn_revision": 0, "username": "dana", "made_at": timezone.now()}
    Correction.objects.create(call=Call.objects.get(), number=1, text="שלום לך", **said)
    first, second = ask()(OF_TURNS).json()["turns"]
    assert (first["text"], first["correction"]["text"], first["answer"]) == ("שלום\nלך", "שלום לך", None)
    assert (second["speaker"], second["answer"]["heard_text"], second["answer"]["answers"]) == ("agent", "שלום,", 1)


def test_what_is_masked_in_exports_is_masked_here_unless_the_line_says_otherwise(ask):
    """A card that stands in rows of before, or in a correction; 4580… has a valid check digit."""
    rows.write(RECORDS)
    card = "4580458045804580"
    Transcript.objects.filter(number=1).update(text=f"הכרטיס {card}")
    said = {"turn": 1, "turn_revision": 0, "username": "dana", "made_at": timezone.now()}
    Correction.objects.create(call=Call.objects.get(), number=1, text=card, **said)
    asks = ask()
    assert card not in asks(OF_TURNS).content.decode()
    profile = TuningProfile.objects.create(name="first")
    PhoneLine.objects.create(number="+97235550100", name="a", profile=profile, redacts=False)
    turn = asks(OF_TURNS).json()["turns"][0]
    assert (turn["text"], turn["correction"]["text"]) == (f"הכרטיס {card}", card)


def test_without_its_scope_a_number_is_masked_and_words_are_not_read(ask):
    rows.write(RECORDS)
    asks = ask(Scope.CALLS)
    assert asks(OF_CALL).json()["from_number"] == "+9725••••••67"
    assert problem(asks(OF_TURNS)) == (403, "scope_missing")
    assert problem(ask(Scope.WORDS)(OF_CALL)) == (403, "scope_missing")
    assert problem(ask(Scope.WORDS)(LIST)) == (403, "scope_missing")


@pytest.mark.parametrize("path", [*PATHS, f"{LIST}/CAnowhere"])
def test_without_a_token_that_stands_nothing_is_told(client, ask, path):
    asks = ask()
    for headers in ({}, {"HTTP_AUTHORIZATION": "Bearer no"}, {"HTTP_AUTHORIZATION": f"Basic {asks.text}"}):
        answer = client.get(path, **headers)
        assert problem(answer) == (401, "not_authenticated")
        assert answer["WWW-Authenticate"].startswith("Bearer")
    client.force_login(User.objects.create_superuser("boss"))
    assert client.get(path).status_code == 401


def test_a_revoked_token_is_worth_nothing_at_once(ask):
    asks = ask()
    assert asks().status_code == 200
    ApiToken.objects.update(revoked_at=timezone.now())
    assert problem(asks()) == (401, "not_authenticated")


def test_a_tokens_text_is_not_kept_and_its_use_is_known(ask):
    asks = ask()
    assert asks.text not in str(ApiToken.objects.values())
    assert ApiToken.objects.get().last_used_at is None
    asks()
    assert timezone.now() - ApiToken.objects.get().last_used_at < timedelta(minutes=1)


def test_a_token_of_lines_reads_their_calls_alone_and_others_are_not_there(ask):
    rows.write(RECORDS)
    call(2, to_number="+97235550102")
    profile = TuningProfile.objects.create(name="first")
    line = PhoneLine.objects.create(number="+97235550102", name="b", profile=profile)
    asks = ask(lines=[line])
    assert sids(asks()) == ["CA2"]
    assert sids(asks(line="+97235550100")) == []
    assert problem(asks(OF_CALL)) == problem(asks(OF_TURNS)) == (404, "not_found")
    line.delete()
    assert sids(asks()) == [] and problem(asks(f"{LIST}/CA2")) == (404, "not_found")


def test_pages_hold_each_call_once_while_new_ones_come(ask):
    asks = ask()
    for number in range(7):
        call(number, minutes_ago=number // 2)
    seen, cursor = [], {}
    while cursor is not None:
        page = asks(limit=2, **cursor)
        seen += sids(page)
        call(100 + len(seen), minutes_ago=-5)
        cursor = {"cursor": page.json()["next_cursor"]} if page.json()["next_cursor"] else None
    assert sorted(seen) == [f"CA{number}" for number in range(7)]
    assert seen == sorted(seen, key=lambda sid: (int(sid[2:]) // 2, -int(sid[2:])))


def test_from_the_oldest_on_new_calls_come_last(ask):
    asks = ask()
    for number in range(3):
        call(number, minutes_ago=number)
    page = asks(limit=2, order="oldest_first").json()
    assert [one["call_sid"] for one in page["calls"]] == ["CA2", "CA1"]
    call(9, minutes_ago=-1)
    assert sids(asks(order="oldest_first", cursor=page["next_cursor"])) == ["CA0", "CA9"]


def test_who_asks_as_the_page_says_gets_each_call_once_in_whatever_order_they_end(ask, settings):
    """The long call began before the short one, and ends behind it."""
    asks, got = ask(), []
    asked_at = NOW

    def fetch():
        since = asked_at - timedelta(seconds=settings.MAX_CALL_S)
        ended = sids(asks(order="oldest_first", state="ended", started_since=since.isoformat()))
        got.extend(sid for sid in ended if sid not in got)

    call("long", minutes_ago=30, ended_at=None)
    call("short", minutes_ago=5)
    fetch()
    Call.objects.update(ended_at=NOW)
    asked_at += timedelta(hours=3)
    fetch()
    assert got == ["CAshort", "CAlong"]


def test_calls_are_narrowed_by_time_line_and_state(ask):
    asks = ask()
    call(1, minutes_ago=60)
    call(2, minutes_ago=30, ended_at=None, to_number="+97235550102")
    Call.objects.create(call_sid="CArang")
    assert sids(asks()) == ["CA2", "CA1"]
    half_an_hour_ago = (NOW - timedelta(minutes=30)).isoformat()
    assert sids(asks(started_since=half_an_hour_ago)) == ["CA2"]
    assert sids(asks(started_before=half_an_hour_ago)) == ["CA1"]
    assert (sids(asks(state="live")), sids(asks(state="ended"))) == (["CA2"], ["CA1"])
    for typed in ("+97235550102", "03-555-0102", "035550102", "972-3-555-0102"):
        assert sids(asks(line=typed)) == ["CA2"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("limit", "0"), ("limit", "201"), ("limit", "x"), ("cursor", "x"), ("cursor", "1"), ("state", "dead"),
        ("order", "up"), ("started_since", "yesterday"), ("started_since", "1764230000"), ("line", "a b"),
        ("started_before", "2026-11-27T08:00:00"), ("started_since", "2026-13-01T00:00:00Z"),
        ("line", "+972\0"), ("cursor", "1-1\0"),
    ],
)  # fmt: skip
def test_a_parameter_that_cannot_be_understood_is_named(ask, name, value):
    answer = ask()(**{name: value})
    assert problem(answer) == (400, "bad_parameter")
    (fault,) = answer.json()["errors"]
    assert fault["parameter"] == name and fault["detail"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("name", ["started_sinse", ""])
def test_a_parameter_that_there_is_not_is_refused(ask, path, name):
    """A filter whose name is misspelt would give every call."""
    rows.write(RECORDS)
    answer = ask()(path, **{name: "2026-11-27T08:00:00Z"})
    assert problem(answer) == (400, "bad_parameter")
    assert [fault["parameter"] for fault in answer.json()["errors"]] == [name]


@pytest.mark.parametrize("name", ["limit", "line"])
def test_a_parameter_that_is_given_twice_is_refused(ask, name):
    answer = ask()(**{name: ["1", "2"]})
    assert problem(answer) == (400, "bad_parameter")
    (fault,) = answer.json()["errors"]
    assert (fault["parameter"], fault["detail"]) == (name, "It is given more than once.")


def test_both_kinds_of_wrong_parameters_are_named_at_once(ask):
    answer = ask()(foo="1", started_since="yesterday")
    assert problem(answer) == (400, "bad_parameter")
    assert {fault["parameter"] for fault in answer.json()["errors"]} == {"foo", "started_since"}


def test_turns_are_paged_too(ask):
    rows.write(RECORDS)
    asks = ask()
    first = asks(OF_TURNS, limit=1).json()
    second = asks(OF_TURNS, limit=1, cursor=first["next_cursor"]).json()
    assert [one["number"] for page in (first, second) for one in page["turns"]] == [1, 5001]
    assert second["next_cursor"] is None


def test_who_asks_too_often_is_told_when_to_ask_again(ask):
    asks, other = ask(), ask()
    for _ in range(int(endpoints.RATE.partition("/")[0])):
        assert asks().status_code == 200
    answer = asks()
    assert problem(answer) == (429, "too_many_requests")
    assert 0 < int(answer["Retry-After"]) <= 61
    assert other().status_code == 200


def test_every_use_is_in_the_access_log_once_while_it_lasts(ask):
    rows.write(RECORDS)
    asks = ask()
    for path in (*PATHS, *PATHS):
        asks(path)
    entries = AccessEntry.objects.order_by("pk").values_list("username", "kind", "call_sid", "calls", "detail")
    name = f"CRM ({asks.token.prefix}…)"
    assert list(entries) == [
        (name, "read", "", 0, "API: calls"),
        (name, "read", "CA1", 1, "API: call"),
        (name, "read", "CA1", 1, "API: turns"),
    ]


def test_a_page_asks_the_database_as_often_whatever_it_holds(ask, django_assert_max_num_queries):
    rows.write(RECORDS)
    for number in range(2, 40):
        call(number)
        Transcript.objects.create(call_id=Call.objects.get(call_sid="CA1").pk, number=number, started_ms=0, ended_ms=9)
    asks = ask()
    for path in (LIST, OF_TURNS):
        with django_assert_max_num_queries(9):
            asks(path)


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
@pytest.mark.parametrize("path", PATHS)
def test_nothing_is_changed_by_it(client, ask, method, path):
    asks = ask()
    answer = getattr(client, method)(path, HTTP_AUTHORIZATION=f"Bearer {asks.text}")
    assert problem(answer) == (405, "method_not_allowed")
    assert answer["Allow"] == "GET"
