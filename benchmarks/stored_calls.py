"""Fills a PostgreSQL with believable calls of a year: Hebrew turns, some words in most of them, some in hardly any."""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import accumulate

from django.db import connection

from calls.core.search_text import search_text
from stt.tuning import Tuning

SENTENCES = 200_000
"""Distinct ones; one turn in ten has a number of its own behind its sentence."""
LETTERS = "אבגדהוזחטיכלמנסעפצקרשת"
COMMON = (
    "שלום אני רוצה לקבוע תור לרופא תודה רבה כן לא בסדר גמור מה השעה איפה אפשר לדבר עם נציג החשבון שלי כרטיס אשראי "
    "הזמנה משלוח כתובת רחוב הרצל דירה חניה ומעלית מחר בערב בוקר טוב יום שלישי כמה זה עולה אפשר לשנות את הטלפון"
).split()
RARE = 20_000
"""Invented words, the k-th of them said 1/k as often as the first."""
CALL_OF_2000, CALL_OF_10 = "CA" + "2" * 32, "CA" + "1" * 32
FREQUENT, SELDOM, UNSAID = "שלום", "אופניים", "צפרדעון"
"""Said in one turn of fourteen, in one of five thousand, and by nobody."""


@dataclass(frozen=True, slots=True)
class Amounts:
    calls: int
    turns: int
    """A call, on average."""


def spoken_words() -> Iterator[tuple[str, str]]:
    """What is said how often, and the search for it; from the sentences themselves for those between the extremes."""
    turns_with = Counter(word for words in _sentences() for word in set(words.split()))
    yield "frequent", FREQUENT
    invented = [word for word in turns_with if word not in COMMON and len(word) > 3]
    for one_in in (100, 300, 1000, 3000):
        word = min(invented, key=lambda word: abs(turns_with[word] - SENTENCES / one_in))
        yield f"in one turn of {SENTENCES // turns_with[word]}", word
    yield "seldom", SELDOM
    yield "never said", UNSAID
    yield "two letters", "כן"
    yield "two words", "לקבוע+תור"


def fill(amounts: Amounts) -> None:
    """Write the rows, by the server itself where it can; the tables must be empty, and are without their indexes."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT setseed(0.5)")
        cursor.execute("CREATE TEMPORARY TABLE sentence (n int, words text, plain text)")
        with cursor.copy("COPY sentence FROM STDIN") as copy:
            for number, words in enumerate(_sentences()):
                copy.write_row((number, words, search_text(words)))
        cursor.execute("ALTER TABLE sentence ADD PRIMARY KEY (n)")
        cursor.execute("ANALYZE sentence")
        tuning = json.dumps(Tuning(profile="default@1").as_dict())
        cursor.execute(_CALLS, {"n": amounts.calls, "tuning": tuning, "ten": CALL_OF_10, "many": CALL_OF_2000})
        cursor.execute(_TURNS, {"spread": 2 * amounts.turns, "ten": CALL_OF_10, "many": CALL_OF_2000})
        for rows in (_EVENTS, _CORRECTIONS, _QUEUE, _VALUES):
            cursor.execute(rows)
        cursor.execute("DROP TABLE sentence")


def without_indexes() -> list[str]:
    """Drop the indexes of the calls' tables, but those of their constraints; returns what makes them again."""
    with connection.cursor() as cursor:
        cursor.execute(_INDEXES)
        rows = cursor.fetchall()
        for name, _made in rows:
            cursor.execute(f'DROP INDEX "{name}"')
    return [made for _name, made in rows]


def build(indexes: list[str]) -> None:
    """Make them, and have PostgreSQL know its tables."""
    with connection.cursor() as cursor:
        cursor.execute("SET maintenance_work_mem = '1GB'")
        for made in indexes:
            cursor.execute(made)
        # By itself where a server vacuums, which not every one does that tests are run on.
        cursor.execute("VACUUM ANALYZE")


@cache
def _sentences() -> list[str]:
    rng = random.Random(1)
    rare = ["".join(rng.choices(LETTERS, k=rng.randint(3, 8))) for _ in range(RARE)]
    weights = list(accumulate(1 / k for k in range(1, RARE + 1)))
    sentences = []
    for number in range(SENTENCES):
        length = min(14, 1 + int(rng.expovariate(0.22)))
        words = [
            rng.choice(COMMON) if rng.random() < 0.7 else rng.choices(rare, cum_weights=weights)[0]
            for _ in range(length)
        ]
        if number % (SENTENCES // 40) == 0:
            words.insert(0, SELDOM)
        sentences.append(" ".join(words))
    return sentences


_INDEXES = """
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid IN ('calls_call'::regclass, 'calls_transcript'::regclass, 'calls_callevent'::regclass)
    AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid)
ORDER BY 1
"""

_CALLS = """
INSERT INTO calls_call (call_sid, stream_sid, from_number, to_number, started_at, ended_at, end_reason, streams,
    frames_received, frames_lost, speech_ms, frame_delay_ms, counters, tuning, process, status, status_at,
    twilio_duration_s, stt_streams, stt_stream_s, one_shots, one_shot_s, is_queued)
SELECT sid, 'MZ' || md5(sid),
    CASE WHEN r < 0.01 THEN 'Anonymous' ELSE '+9725' || lpad((r * 1e8)::int::text, 8, '0') END,
    '+9723555' || lpad((i %% 20)::text, 4, '0'), heard, heard + interval '90 s',
    CASE WHEN heard IS NULL THEN '' WHEN r < 0.98 THEN 'stop' ELSE 'lost' END,
    jsonb_build_object('MZ' || md5(sid), jsonb_build_object('started_at', heard, 'ended_at', heard + interval '90 s',
        'process', 'media:1', 'recording', 'recordings/' || sid || '.vrec', 'end_reason', 'stop',
        'counters', '{}'::jsonb, 'frames_received', 4500, 'frames_lost', 2, 'speech_ms', 31000)),
    4500, (r * 5)::int, (r * 60000)::int, '{"p50": 0.5, "p99": 2.9, "p999": 6.1, "max": 9.4}',
    CASE WHEN r < 0.05 THEN '{"frames_lost": 2, "dtmf": 1}'::jsonb ELSE '{}'::jsonb END, %(tuning)s::jsonb, 'media:1',
    CASE WHEN heard IS NULL THEN 'no-answer' WHEN r < 0.985 THEN 'completed' WHEN r < 0.995 THEN 'busy'
        ELSE 'failed' END,
    at + interval '91 s', 91, 1, 90, (r < 0.1)::int, (r < 0.1)::int * 3, true
FROM (SELECT i, random() AS r, at, CASE WHEN i %% 50 = 3 THEN NULL ELSE at END AS heard,
        CASE i WHEN %(n)s - 1 THEN %(ten)s WHEN %(n)s - 2 THEN %(many)s ELSE 'CA' || md5(i::text) END AS sid
    FROM (SELECT i, now() - (%(n)s - i) * (interval '365 days' / %(n)s) AS at
        FROM generate_series(1, %(n)s) AS i) AS times) AS calls
"""
"""One call in fifty was never heard: Twilio's status is all that is known of it."""

_TURNS = """
INSERT INTO calls_transcript (call_id, number, speaker, started_ms, ended_ms, text, revised_text, search_text, source,
    end_reason, unvoiced, rule, code, engine, model, attempts, partial_ms, final_ms, total_ms, loop_lag_ms, revision,
    heard_text)
SELECT call_id, number, CASE WHEN agents THEN 'agent' ELSE 'caller' END, number * 4000, number * 4000 + 2100,
    CASE WHEN r > 0.99 THEN '' WHEN r < 0.1 AND NOT agents THEN words || digits ELSE words END,
    CASE WHEN r BETWEEN 0.5 AND 0.52 AND NOT agents THEN words || ' בבקשה' END,
    CASE WHEN r > 0.99 OR agents THEN '' WHEN r < 0.1 THEN plain || digits
        WHEN r BETWEEN 0.5 AND 0.52 THEN plain || chr(10) || plain || ' בבקשה' ELSE plain END,
    CASE WHEN agents THEN '' WHEN r > 0.99 THEN 'none' WHEN r > 0.98 THEN 'fallback' WHEN r > 0.9 THEN 'partial'
        WHEN r > 0.4 THEN 'early' ELSE 'final' END,
    CASE WHEN agents THEN '' WHEN r < 0.97 THEN 'silence' ELSE 'hangup' END, r BETWEEN 0.6 AND 0.601, 'covering_final',
    CASE WHEN agents THEN '' WHEN r > 0.9999 THEN 'fallback_timeout' WHEN r > 0.995 THEN 'no_words'
        WHEN r > 0.99 THEN 'too_short' ELSE '' END,
    CASE WHEN r BETWEEN 0.3 AND 0.30001 THEN 'emulator' ELSE 'google' END, 'default', 1, 700,
    CASE WHEN r > 0.99 OR agents THEN NULL ELSE (250 + 400 * -ln(s + 0.0001))::int END,
    CASE WHEN agents THEN (700 + 500 * -ln(s + 0.0001))::int END, 1.5, 0, CASE WHEN agents THEN words END
FROM (SELECT id AS call_id, number, id %% 4 = 0 AND number %% 2 = 0 AS agents, random() AS r, random() AS s,
        floor(random() * 200000)::int AS pick
    FROM calls_call, LATERAL generate_series(1, CASE call_sid WHEN %(ten)s THEN 10 WHEN %(many)s THEN 2000
        ELSE CASE WHEN started_at IS NULL THEN 0 ELSE 1 + (id * 7919) %% %(spread)s END END) AS number
    ) AS turns JOIN sentence ON n = pick, LATERAL (SELECT ' ' || (r * 1e8)::int::text AS digits) AS said
"""
"""Every fourth call is answered: its every second turn is the line's."""

_EVENTS = """
INSERT INTO calls_callevent (call_id, number, at, code, detail)
SELECT id, number, started_at + number * interval '9 s',
    CASE WHEN random() < 0.9 THEN 'unavailable' ELSE 'stream_old' END, 'attempt 1'
FROM calls_call, LATERAL generate_series(1, 2) AS number WHERE id % 5 = 0 AND started_at IS NOT NULL
"""

_CORRECTIONS = """
INSERT INTO calls_correction (call_id, turn, number, text, search_text, withdrawn, turn_revision, username, made_at)
SELECT call_id, number, 1, text || ' בערך', search_text || ' בערך', false, 0, 'dana', now()
FROM calls_transcript WHERE call_id % 50 = 1 AND number = 1 AND speaker = 'caller'
"""

_QUEUE = """
INSERT INTO calls_queuedcall (call_id, line, doubt, reasons, wanted, done)
SELECT id, to_number, CASE WHEN id % 3 = 0 THEN (id * 7919) % 100 ELSE 0 END, '{}',
    CASE WHEN id % 10 = 0 THEN 2 ELSE 1 END, (id % 4 = 0)::int
FROM calls_call WHERE ended_at IS NOT NULL
"""
"""A third of the calls has doubt; every fourth has been reviewed."""

_VALUES = """
INSERT INTO calls_savedvalue (call_id, key, value, search_text, secret, number)
SELECT id, key, value, replace(value, ',', ''), false, 1
FROM calls_call, LATERAL (VALUES ('phone', '0' || right(from_number, 9)), ('sum', to_char(id % 9000, 'FM9,999')),
    ('name', 'דנה כהן')) AS said (key, value)
WHERE id % 4 = 0 AND from_number LIKE '+%' AND started_at IS NOT NULL
"""
"""Of the calls that are answered three values each."""
