"""Pages of the API while other processes write: each call that was there is on one page, and on one alone."""

import threading
from datetime import timedelta

from django.db import connection
from django.utils import timezone

from calls.api.models import ApiToken, Scope
from calls.api.reading import CallFilter, page_of_calls, page_of_turns
from calls.models import Call, Transcript
from tests.databases import migrated_postgres, postgresql_url, served_by, shared_database  # noqa: F401 - fixtures

CALLS, A_PAGE, WRITERS = 60, 7, 3
NOW = timezone.now()


class Writers:
    """Other processes: ``with Writers(database, write)`` each writes again and again, ``write(name, number)``, with a
    connection of its own."""

    def __init__(self, database, write):
        self._database, self._write = database, write
        self._over = threading.Event()
        self.written = 0
        self._threads = [threading.Thread(target=self._run, args=(name,)) for name in range(WRITERS)]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._over.set()
        for thread in self._threads:
            thread.join()

    def _run(self, name):
        with served_by(self._database):
            connection.ensure_connection()
            number = 0
            while not self._over.wait(0.002):
                self._write(name, number)
                number += 1
                self.written += 1


def pages(ask):
    """All of them, asked one after the other."""
    found, cursor = [], None
    while True:
        page = ask(cursor)
        found += page.get("calls") or page["turns"]
        cursor = page["next_cursor"]
        if cursor is None or len(found) > 50 * CALLS:
            return found


def test_calls_that_come_and_end_meanwhile_neither_repeat_nor_hide_others(shared_database):  # noqa: F811
    def call(sid, at):
        return Call.objects.create(call_sid=sid, started_at=at, frame_delay_ms={})

    def write(name, number):
        """One that begins now, one that began with all others and comes late, and one that goes on."""
        call(f"CAnew{name}-{number}", NOW + timedelta(seconds=1 + number))
        call(f"CAlate{name}-{number}", NOW)
        Call.objects.filter(call_sid=f"CA{number % CALLS}").update(ended_at=NOW, speech_ms=number)

    with served_by(shared_database):
        token = ApiToken.objects.create(name="CRM", scopes=Scope.values, all_lines=True, digest="x")
        for number in range(CALLS):
            # Several began in one moment.
            call(f"CA{number}", NOW - timedelta(seconds=number // 4))
        for oldest_first in (False, True):
            with Writers(shared_database, write) as writers:
                while writers.written < WRITERS:
                    pass
                until = None if not oldest_first else NOW + timedelta(seconds=1)
                asked = CallFilter(oldest_first=oldest_first, until=until)
                found = pages(lambda cursor, asked=asked: page_of_calls(token, asked, cursor, A_PAGE))
            sids = [one["call_sid"] for one in found]
            assert len(sids) == len(set(sids))
            assert {f"CA{number}" for number in range(CALLS)} <= set(sids)
            Call.objects.filter(call_sid__regex="^CA[nl]").delete()


def test_turns_of_a_call_that_goes_on_neither_repeat_nor_hide_others(shared_database):  # noqa: F811
    with served_by(shared_database):
        call = Call.objects.create(call_sid="CA1", started_at=NOW)

        def turn(number, started_ms):
            Transcript.objects.create(call=call, number=number, started_ms=started_ms, ended_ms=started_ms + 9)

        for number in range(CALLS):
            turn(number, 1000 * (number // 2))

        def write(name, number):
            turn(1000 * (1 + name) + number, 1000 * CALLS + number)
            Transcript.objects.filter(call=call, number=number % CALLS).update(revised_text=str(number))

        with Writers(shared_database, write) as writers:
            while writers.written < WRITERS:
                pass
            found, cursor = [], None
            while len(set(found) & set(range(CALLS))) < CALLS:
                page = page_of_turns(call, cursor, A_PAGE)
                found += [one["number"] for one in page["turns"]]
                cursor = page["next_cursor"]
        assert len(found) == len(set(found))
        assert [number for number in found if number < CALLS] == list(range(CALLS))
