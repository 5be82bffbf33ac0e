"""The list of calls when there are many: what is shown, what is found, and what is not asked."""

from datetime import UTC, datetime, timedelta

import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from calls.core.search_text import search_text, value_search_text
from calls.desk import rows
from calls.desk.admin import calls as calls_module
from calls.desk.admin import listing, searching
from calls.models import Call, SavedValue, Transcript
from tests.databases import each_database, postgresql_url  # noqa: F401 - fixtures

pytestmark = pytest.mark.django_db
NEWEST = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def call(sid, *words, hours_ago=0, **changes):
    """A call with a turn for each of the words."""
    one = Call.objects.create(call_sid=sid, started_at=NEWEST - timedelta(hours=hours_ago), **changes)
    for number, text in enumerate(words, 1):
        turn(one, number, text)
    return one


def turn(one, number, text="שלום", **changes):
    values = {"started_ms": number, "ended_ms": number + 1, "source": "final", "engine": "google", **changes}
    values["search_text"] = search_text(text, values.get("revised_text"))
    return Transcript.objects.create(call=one, number=number, text=text, **values)


@pytest.fixture
def page(admin_client):
    """The change list at a query."""

    def page(query=""):
        response = admin_client.get(f"{reverse('admin:calls_call_changelist')}?{query}")
        assert response.status_code == 200, response.headers.get("Location")
        return response

    return page


def listed(response):
    return [one.call_sid for one in response.context["cl"].result_list]


@pytest.fixture
def small(monkeypatch):
    """Pages of two calls, six calls in all."""
    monkeypatch.setattr(calls_module.CallAdmin, "list_per_page", 2)
    monkeypatch.setattr(listing, "MOST_LISTED", 6)


def test_a_long_list_ends_with_the_newest_and_says_so(page, small):
    for hours in range(9):
        call(f"CA{hours}", hours_ago=hours)
    response = page("p=3")
    assert listed(response) == ["CA4", "CA5"]
    assert "6 החדשות" in response.content.decode()
    assert page().context["cl"].paginator.num_pages == 3


def test_a_list_that_is_whole_says_how_many(page, small):
    for hours in range(5):
        call(f"CA{hours}", hours_ago=hours)
    response = page("p=3")
    assert listed(response) == ["CA4"]
    assert "5 שיחות" in response.content.decode()


def test_a_filtered_list_keeps_its_order_from_page_to_page(page, small):
    for hours in range(5):
        call(f"CA{hours}", "לא" if hours == 2 else "שלום", hours_ago=hours)
    assert [listed(page(f"q=שלום&p={p}")) for p in (1, 2)] == [["CA0", "CA1"], ["CA3", "CA4"]]


def test_no_list_counts_or_joins_the_whole_table(page):
    call("CA1", "שלום")
    for query in ("", "turns__source=final", "q=שלום", "delay=slow"):
        with CaptureQueriesContext(connection) as asked:
            page(query)
        for sql in (query["sql"] for query in asked.captured_queries if '"calls_call"."id"' in query["sql"]):
            assert "DISTINCT" not in sql
            assert "JOIN" not in sql
            assert "COUNT(*)" not in sql


def test_calls_that_were_never_heard_come_last(page):
    Call.objects.create(call_sid="CAbusy", status="busy")
    call("CA1")
    assert listed(page()) == ["CA1", "CAbusy"]


def test_the_days_from_the_first_call_to_the_last_are_offered(page):
    call("CAold", hours_ago=24 * 2)
    call("CAnew")
    content = page("started_at__year=2026&started_at__month=11").content.decode()
    assert [f"started_at__day={day}" in content for day in (20, 21, 22, 23, 24)] == [False, True, True, True, False]
    assert listed(page("started_at__year=2026&started_at__month=11&started_at__day=21")) == ["CAold"]


def test_the_months_of_a_year_are_offered_once_each(page):
    call("CAold", hours_ago=24 * 60)
    call("CAnew")
    content = page("started_at__year=2026").content.decode()
    assert [content.count(f"started_at__month={month}") for month in (8, 9, 10, 11, 12)] == [0, 1, 1, 1, 0]


def test_known_values_are_those_that_occur():
    one = call("CA1")
    for number, code in enumerate(("", "too_short", "no_words", "too_short"), 1):
        turn(one, number, code=code)
    assert listing.known_values(Transcript, "code") == ["no_words", "too_short"]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("פיצות", True),
        ("יצו", True),
        ("פיצות קולות", True),
        ("פיצות גבינה", False),
        ('"שתי פיצות"', True),
        ('"פיצות שתי"', False),
        ("שלוש", True),  # as it was revised
        ("בבקשה", True),
        ("whatsapp", True),
        ("3606316", True),
        ("+972501234567", True),
        ("0501234567", True),
        ("050-1234567", True),
        ("972501234567", True),
        ("97235550100", True),
        ("0599999999", False),
        ("05012", True),
        ("+9725012", True),
        ("0097250123", True),
        ("0567", False),
        ("001234567", False),
        ("CA12", True),
        ("CA12…", True),
        ("A12", False),
        ("'", False),
    ],
)
def test_a_call_is_found_by_what_was_said_and_who_spoke(query, found):
    one = call("CA123", "שתי פיצות", "ב WhatsApp 3606316", from_number="+972501234567", to_number="+97235550100")
    turn(one, 3, "שלוש קולות", revised_text="ארבע קולות בבקשה")
    call("CB1", "משהו אחר", from_number="Anonymous")
    assert list(searching.search(Call.objects.all(), query)) == ([one] if found else [])


def test_a_caller_id_of_letters_is_found():
    one = call("CA1", from_number="Anonymous")
    assert list(searching.search(Call.objects.all(), "anonymous")) == [one]


@pytest.fixture
def narrow(monkeypatch):
    """Two calls are walked, then windows begin with a few; of a window three candidates are looked through."""
    monkeypatch.setattr(searching, "NEWEST_CALLS", 2)
    monkeypatch.setattr(searching, "FIRST_WALKED", 2)
    monkeypatch.setattr(searching, "FURTHER_WALKED", 2)
    monkeypatch.setattr(searching, "SAMPLED_CALLS", 1)
    monkeypatch.setattr(searching, "MOST_CANDIDATES", 3)
    monkeypatch.setattr(searching, "LATER_CALLS", 1)
    monkeypatch.setattr(searching, "FURTHER", 2)


@pytest.mark.parametrize(
    ("every", "most"),
    [(1, 3), (1, 100), (3, 2), (3, 4), (3, 100), (7, 2), (7, 100), (19, 1), (19, 2), (100, 5)],
)
def test_the_newest_with_a_word_are_found_however_common_it_is(every, most, narrow):
    calls = [call(f"CA{n}", "פיצות" if n % every == every - 1 else "קולה", hours_ago=40 - n) for n in range(40)]
    found = searching.search(Call.objects.order_by("-started_at"), "פיצות", most=most)
    assert list(found) == calls[every - 1 :: every][::-1][:most]


def test_what_is_found_enough_of_is_not_looked_for_further_back(narrow):
    for number in range(40):
        call(f"CA{number}", "פיצות", hours_ago=40 - number)
    with CaptureQueriesContext(connection) as asked:
        assert len(searching.search(Call.objects.order_by("-started_at"), "פיצות", most=2)) == 2
    assert len(asked) == 2  # the newest with the word, and the calls themselves


def test_a_call_that_came_late_into_the_table_is_found(narrow):
    call("CAnewest", "משהו אחר")
    for number in range(5):
        call(f"CBbetween{number}", "משהו אחר", hours_ago=2)
    late = call("CAlate", "פיצות", hours_ago=3)
    assert list(searching.search(Call.objects.order_by("-started_at"), "פיצות")) == [late]


@pytest.mark.usefixtures("each_database", "narrow")
def test_a_narrowed_list_is_searched_to_its_end_and_walked_once():
    Call.objects.create(call_sid="CAunheard", to_number="+97231234567")
    for number in range(40):
        call(f"CA{number}", f"שתי פיצות {number}", hours_ago=40 - number, to_number=f"+9723123456{number % 2}")
    line = Call.objects.filter(to_number="+97231234560").order_by(F("started_at").desc(nulls_last=True))
    with CaptureQueriesContext(connection) as asked:
        assert [one.call_sid for one in searching.search(line, "פיצות שתי")] == [f"CA{n}" for n in range(38, -1, -2)]
    walks = sum(
        query["sql"].count("NULLS LAST LIMIT 2)") + query["sql"].endswith("NULLS LAST LIMIT 2") for query in asked
    )
    assert connection.vendor == "sqlite" or walks == 1
    assert [one.call_sid for one in searching.search(line, "פיצות 38")] == ["CA38"]
    assert [one.call_sid for one in searching.search(line, "פיצות 37")] == []
    unheard = Call.objects.filter(to_number__endswith="7").order_by(F("started_at").desc(nulls_last=True))
    assert [one.call_sid for one in searching.search(unheard, "CAunheard")] == ["CAunheard"]


def test_words_of_different_turns_and_numbers_are_found_together(narrow):
    calls = [call(f"CA{n}", "שתי פיצות", "וקולה", from_number=f"+97250123456{n}") for n in range(7)]
    found = searching.search(Call.objects.order_by("-started_at"), "פיצות קולה 0501234563")
    assert list(found) == [calls[3]]


def test_a_number_that_was_spoken_long_ago_is_found(narrow):
    old = call("CA1", "ב 3606316", hours_ago=9)
    for hours in range(5):
        call(f"CB{hours}", "משהו אחר", hours_ago=hours)
    assert list(searching.search(Call.objects.all(), "3606316")) == [old]


def test_a_search_looks_only_some_pages_ahead_and_says_so(page, monkeypatch):
    monkeypatch.setattr(calls_module.CallAdmin, "list_per_page", 2)
    monkeypatch.setattr(listing, "PAGES_AHEAD", 1)
    monkeypatch.setattr(listing, "MOST_LISTED", 8)
    calls = [call(f"CA{hours}", "שלום", hours_ago=hours).call_sid for hours in reversed(range(9))]
    seen = []
    for number, (pages, said) in enumerate([(2, "יותר מ-4"), (3, "יותר מ-6"), (4, "8 החדשות"), (4, "8 החדשות")], 1):
        response = page(f"q=שלום&p={number}")
        seen += listed(response)
        assert response.context["cl"].paginator.num_pages == pages
        assert said in response.content.decode()
    assert seen == calls[:0:-1]


def test_an_action_on_all_that_was_searched_is_for_all_of_the_list(admin_client, monkeypatch):
    monkeypatch.setattr(calls_module.CallAdmin, "list_per_page", 2)
    monkeypatch.setattr(listing, "PAGES_AHEAD", 1)
    calls = [call(f"CA{hours}", "שלום", hours_ago=hours) for hours in range(9)]
    sent = {"action": "export", "select_across": "1", "index": "0", "_selected_action": [calls[0].pk]}
    response = admin_client.post(f"{reverse('admin:calls_call_changelist')}?q=שלום", sent)
    assert len(b"".join(async_to_sync(_all)(response)).splitlines()) == 9


def value(one, key, value, **changes):
    found = value_search_text(value, secret=changes.get("secret", False))
    return SavedValue.objects.create(call=one, key=key, value=value, search_text=found, **changes)


@pytest.mark.parametrize(
    ("query", "found"),
    [("0527654321", True), ("052-765-4321", True), ("7654321", True), ("2026-12-31", True), ("דנה כהן", True),
     ("דנה", True), ("5555", False), ("12345678", False)],
)  # fmt: skip
def test_a_call_is_found_by_what_was_kept_of_an_answer_but_not_by_a_secret(query, found):
    one = call("CA1", "אפס חמש שתיים שבע שש חמש ארבע שלוש שתיים אחת")
    value(one, "phone", "+972527654321")
    value(one, "day", "2026-12-31")
    value(one, "name", "דנה כהן")
    value(one, "card", "12345678", secret=True)
    call("CB1", "משהו אחר")
    assert list(searching.search(Call.objects.all(), query)) == ([one] if found else [])


@pytest.mark.parametrize(
    ("query", "by_caller", "by_line", "by_anyone"),
    [
        ("תספורת", [], ["CA1"], ["CA1"]),
        ("תור", ["CA1"], [], ["CA1"]),
        ("תור תספורת", [], [], ["CA1"]),
        ("לשלומ", [], ["CA2"], ["CA2"]),  # written with points, and another last letter
        ("להתראות", [], ["CA2"], ["CA2"]),
        ("לא נשמע", [], [], []),  # cut off before it
    ],
)
def test_the_lines_words_are_found_where_they_are_asked_for(page, query, by_caller, by_line, by_anyone):
    first, second = call("CA1", "אני רוצה תור"), call("CA2", hours_ago=1)
    turn(first, 2, "לאיזה טיפול? תִּסְפּוֹרֶת אוֹ צֶבַע", speaker="agent", source="", played_text=None)
    turn(second, 1, "לֵךְ לְשָׁלוֹם וּלְהִתְרָאוֹת, לֹא נִשְׁמַע", speaker="agent", source="", played_text="לֵךְ לְשָׁלוֹם וּלְהִתְרָאוֹת")
    Transcript.objects.filter(speaker="agent").update(search_text="")
    assert [listed(page(f"q={query}{said}")) for said in ("", "&said=line", "&said=anyone")] == [
        by_caller, by_line, by_anyone,
    ]  # fmt: skip


def test_whose_words_are_searched_is_said_and_a_choice_that_there_is_not_refused(page, admin_client):
    call("CA1", "שלום")
    assert "נאמרו על ידי הקו" in page("q=שלום&said=line").content.decode()
    assert admin_client.get(f"{reverse('admin:calls_call_changelist')}?q=שלום&said=nobody").status_code == 302


async def _all(response):
    return [piece async for piece in response]


@pytest.mark.parametrize("word", ["כן", "555"])
def test_a_short_word_is_looked_for_in_the_newest_calls_of_the_list(word, monkeypatch):
    monkeypatch.setattr(searching, "NEWEST_CALLS", 2)
    calls = [call(f"CA{hours}", f"אז {word}", hours_ago=hours) for hours in range(4)]
    newest_first = Call.objects.order_by("-started_at")
    assert list(searching.search(newest_first, word)) == calls[:2]
    yesterday = newest_first.filter(started_at__lt=NEWEST - timedelta(hours=1))
    assert list(searching.search(yesterday, word)) == calls[2:]


def test_a_call_of_many_turns_is_read_in_pages(admin_client, monkeypatch):
    monkeypatch.setattr(rows, "ROWS_A_PAGE", 2)
    one = call("CA1", "אחת", "שתיים", "שלוש", "ארבע", "חמש")
    url = reverse("admin:calls_call_change", args=[one.pk])
    first = admin_client.get(url).content.decode()
    assert ["שתיים" in first, "שלוש" in first, "1–2 / 5" in first] == [True, False, True]
    last = admin_client.get(f"{url}?turns=3").content.decode()
    assert ["ארבע" in last, "חמש" in last, "turns=2#turns-group" in last] == [False, True, True]
