"""Keys are exchanged while people call: calls go on, tokens of before open their stream, people stay signed in."""

import asyncio
import secrets
import urllib.error
import urllib.request
from dataclasses import dataclass

import pytest

from calls.api.models import ApiToken
from calls.lab.call_records import score_of
from calls.lab.call_report import CallRefused, Line
from calls.lab.simulator import SimulatedCall
from calls.models import Call
from stt.emulator.recordings import Library
from tests.databases import served_by
from tests.live.test_demo import manage
from tests.live.test_process import Process
from tests.live.test_restart import Reviewer
from tests.paths import SAMPLES
from tests.waiting import eventually

pytestmark = pytest.mark.live
PUBLIC_URL = "http://voice.test"
CLIP = SAMPLES / "answers_1.wav"
DRAIN_S, PATIENCE_S = "30", 40.0
OLD = {"SECRET_KEY": "old" * 20, "TWILIO_AUTH_TOKEN": "old-token"}
NEW = {"SECRET_KEY": "new" * 20, "TWILIO_AUTH_TOKEN": "new-token"}
BOTH = {**NEW, **{f"{name}_FALLBACKS": value for name, value in OLD.items()}}
"""Of the version between."""


@dataclass
class RungElsewhere(SimulatedCall):
    """A call whose webhook another process has answered."""

    twiml: str = ""

    async def ring(self, call_sid):
        return self.twiml


class Api:
    """Another system, with a token."""

    def __init__(self):
        token = ApiToken(name="CRM", scopes=["calls:read"], all_lines=True)
        self._text = token.renew()
        token.save()

    def status_at(self, process):
        headers = {"Authorization": f"Bearer {self._text}"}
        request = urllib.request.Request(f"{process.url}/api/v1/calls", headers=headers)  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as answer:  # noqa: S310 - loopback
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


@pytest.fixture
def start(tmp_path, engine):
    """Starts a process of one box with these keys: ``with start(OLD) as process``."""

    def start(keys):
        same = {"PUBLIC_URL": PUBLIC_URL, "DRAIN_TIMEOUT_S": DRAIN_S, "STT_EMULATOR_HOST": engine}
        return Process(tmp_path, "manage.py", "serve", "--host", "127.0.0.1", "--port", **same, **keys)

    return start


def call_to(process, token, made=SimulatedCall, repeats=1, **more):
    """Of a caller who says the same sentences so often."""
    line = Line(process.url, PUBLIC_URL, token)
    sid = "CA" + secrets.token_hex(16)
    return made(line, [CLIP] * repeats, lead_s=0.2, tail_s=0.8, call_sid=sid, **more)


def words(report):
    """Said, lost and added, of a call whose row is complete."""
    closed = Call.objects.filter(call_sid=report.call_sid, ended_at__isnull=False)
    call = eventually(closed.all().first, PATIENCE_S, 0.1)
    assert call, f"{report.call_sid} was not closed"
    by_name = {recording.name: recording for recording in Library([SAMPLES]).recordings}
    scored = score_of(report, list(call.turns.heard()), by_name)
    return scored.words, scored.lost, scored.added


async def through_the_exchange(start, before, at_exchange):
    """Calls from before the exchange of keys, across it and behind it: their reports, and how both ended."""
    old, new = OLD["TWILIO_AUTH_TOKEN"], NEW["TWILIO_AUTH_TOKEN"]
    running = asyncio.create_task(call_to(before, old, repeats=3).run())
    await asyncio.sleep(1)
    with await asyncio.to_thread(lambda: start(BOTH).__enter__()) as between:
        across = call_to(between, old, RungElsewhere)
        across.twiml = await call_to(before, old).ring(across.call_sid)
        # As a balancer has it: who was at the old process is sent to the new one, while the old one drains.
        before.process.terminate()
        await asyncio.to_thread(at_exchange, between)
        reports = [await across.run()]
        # Twilio has promoted the new token.
        reports += [await call_to(between, new).run(), await running]
        codes = [await asyncio.to_thread(before.process.wait, PATIENCE_S)]
        codes.append(await asyncio.to_thread(between.ends_within, PATIENCE_S))
    return reports, codes


def test_keys_are_exchanged_under_running_calls(tmp_path, start, django_db_blocker):
    own = f"sqlite://{tmp_path}/db.sqlite3"
    with start(OLD) as before, django_db_blocker.unblock(), served_by(own):
        person = {"DJANGO_SUPERUSER_PASSWORD": "secret", **OLD}
        named = ("--noinput", "--username", "dana", "--email", "dana@example.org")
        made = manage("createsuperuser", *named, var_dir=tmp_path, **person)
        assert made.returncode == 0, made.stderr
        reviewer, api = Reviewer(before.url), Api()
        assert reviewer.log_in("dana", "secret") == 200
        assert reviewer.lands_on("/account/") == "/account/"
        assert api.status_at(before) == 200

        def at_exchange(between):
            """A browser's cookies know no ports."""
            reviewer.url = between.url
            assert reviewer.lands_on("/account/") == "/account/"
            assert api.status_at(between) == 200

        reports, codes = asyncio.run(through_the_exchange(start, before, at_exchange))
        assert codes == [0, 0], before.log.read_text()
        for report in reports:
            said, lost, added = words(report)
            assert said and (lost, added) == (0, 0)
            assert len(report.streams) == 1 and report.refusals == []

        with start(NEW) as after:
            reviewer.url = after.url
            # Seen by the version between, the session stands by the new key.
            assert reviewer.lands_on("/account/") == "/account/"
            with pytest.raises(CallRefused, match="webhook_403"):
                asyncio.run(call_to(after, OLD["TWILIO_AUTH_TOKEN"]).run())
            assert api.status_at(after) == 200
            ApiToken.objects.update(revoked_at="2026-01-01T00:00:00Z")
            assert api.status_at(after) == 401


def test_a_stream_token_of_a_key_that_was_taken_away_opens_nothing(start):
    with start(OLD) as before:
        token = NEW["TWILIO_AUTH_TOKEN"]
        with start({**NEW, "TWILIO_AUTH_TOKEN_FALLBACKS": OLD["TWILIO_AUTH_TOKEN"]}) as after:
            leaked = call_to(after, token, RungElsewhere)
            leaked.twiml = asyncio.run(call_to(before, OLD["TWILIO_AUTH_TOKEN"]).ring(leaked.call_sid))
            report = asyncio.run(leaked.run())
            # Twilio asks what follows, and gets another token: the call is heard all the same.
            assert report.refusals == ["socket_403"] and len(report.streams) == 1
