"""Few pages are worked on at a time, fewer sign-ins; whoever finds too many is refused without a thread, and webhooks
never wait."""

import asyncio
import contextlib
import re

import pytest
from asgiref.testing import ApplicationCommunicator
from django.conf import settings

from tests.waiting import PATIENCE_S
from voiceapp import page_lanes
from voiceapp.no_store import NO_STORE
from voiceapp.page_lanes import (
    MOST_PAGES,
    MOST_PAGES_OF_SOURCE,
    MOST_SIGN_INS,
    MOST_SIGN_INS_OF_SOURCE,
    MOST_STRANGERS_PAGES,
    MOST_STRANGERS_PAGES_OF_SOURCE,
    PAGES_AT_ONCE,
    SIGN_INS_AT_ONCE,
    STRANGERS_PAGES_AT_ONCE,
    PageLanes,
)
from voiceapp.server.lanes import Lane, LaneFull

SESSION = [(b"cookie", f"csrftoken=a; {settings.SESSION_COOKIE_NAME}=b".encode())]
"""A browser's that has signed in, or of who says so."""
both_kinds = pytest.mark.parametrize(
    ("headers", "at_once", "most", "of_source"),
    [
        (SESSION, PAGES_AT_ONCE, MOST_PAGES, MOST_PAGES_OF_SOURCE),
        ([], STRANGERS_PAGES_AT_ONCE, MOST_STRANGERS_PAGES, MOST_STRANGERS_PAGES_OF_SOURCE),
    ],
    ids=["session", "stranger"],
)


class Django:
    """In its place: a page that is worked on until it is let go."""

    def __init__(self):
        self.go, self.inside, self.streams = asyncio.Event(), 0, asyncio.Event()
        self.two = asyncio.Event()
        """Are worked on at once."""

    async def __call__(self, scope, receive, send):
        self.inside += 1
        if self.inside == 2:
            self.two.set()
        await self.go.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        if scope["path"] == "/long":
            await self.streams.wait()
        await send({"type": "http.response.body"})
        self.inside -= 1


def asked(lanes, path, method="GET", source="203.0.113.1", headers=()):
    scope = {"type": "http", "method": method, "path": path, "query_string": b"\xff", "headers": [*headers]}
    return ApplicationCommunicator(lanes, {**scope, "client": [source, 5000], "scheme": "https"})


async def status(communicator):
    return (await communicator.receive_output(PATIENCE_S))["status"]


async def ask(stack, communicator):
    """Begin, and come as far as it comes by itself."""
    stack.push_async_callback(communicator.wait, PATIENCE_S)
    await communicator.send_input({"type": "http.request"})
    await asyncio.sleep(0)
    return communicator


@contextlib.asynccontextmanager
async def crowd(longest_s=0.0):
    """However long the test takes, nobody is let in beside a page that takes long, unless ``longest_s`` says so."""
    django = Django()
    async with contextlib.AsyncExitStack() as stack:
        lanes = PageLanes(django, longest_s)
        yield django, lanes, lambda *args, **more: ask(stack, asked(lanes, *args, **more))
        django.go.set()
        django.streams.set()


async def test_few_sign_ins_are_let_in_at_once_and_few_wait_of_one_source():
    async with crowd() as (django, _, begin):
        for number in range(MOST_SIGN_INS // MOST_SIGN_INS_OF_SOURCE):
            source = f"203.0.113.{number}"
            for _ in range(MOST_SIGN_INS_OF_SOURCE):
                await begin("/admin/login/", "POST", source)
            assert await status(await begin("/admin/login/", "POST", source)) == 429
        assert await status(await begin("/admin/login/", "POST", "198.51.100.1")) == 429
        assert django.inside == SIGN_INS_AT_ONCE
        # Nobody else waits for them.
        await begin("/admin/")
        assert django.inside == SIGN_INS_AT_ONCE + 1


async def test_a_source_is_the_one_that_a_proxy_names():
    async with crowd() as (_, __, begin):
        for number in range(MOST_SIGN_INS_OF_SOURCE + 1):
            last = await begin("/admin/login/", "POST", "127.0.0.1", [(b"x-real-ip", b"192.0.2.%d" % number)])
        assert last.output_queue.empty()


def sources(number):
    return [f"203.0.113.{last}" for last in range(1, number + 1)]


@both_kinds
async def test_pages_wait_for_each_other_and_too_many_are_refused(headers, at_once, most, of_source):
    async with crowd() as (django, _, begin):
        of_sources = [source for source in sources(most // of_source + 1) for _ in range(of_source)][:most]
        pages = [await begin("/admin/", source=source, headers=headers) for source in of_sources]
        assert django.inside == at_once
        assert await status(await begin("/console/", source="198.51.100.1", headers=headers)) == 503
        for path in ("/twilio/voice", "/healthz", "/readyz", "/metrics"):
            await begin(path)
        assert django.inside == at_once + 4
        django.go.set()
        assert [await status(page) for page in pages] == [200] * most
        assert await status(await begin("/console/", headers=headers)) == 200


@both_kinds
async def test_three_sources_that_ask_for_all_they_can_leave_room_for_a_fourth(headers, at_once, most, of_source):
    async with crowd() as (django, _, begin):
        for source in sources(3):
            for _ in range(of_source):
                await begin("/nope", source=source, headers=headers)
            for _ in range(60 - of_source):
                assert await status(await begin("/admin/login/", source=source, headers=headers)) == 503
        assert django.inside == at_once
        person = await begin("/console/", source="198.51.100.1", headers=headers)
        django.go.set()
        assert await status(person) == 200


async def test_who_has_a_session_does_not_wait_for_strangers():
    async with crowd() as (django, _, begin):
        for source in [*sources(6), "198.51.100.1"]:
            for _ in range(MOST_STRANGERS_PAGES_OF_SOURCE):
                await begin("/nope", source=source)
        assert django.inside == STRANGERS_PAGES_AT_ONCE
        # Of their own address as well.
        await begin("/console/", source="198.51.100.1", headers=SESSION)
        assert django.inside == STRANGERS_PAGES_AT_ONCE + 1


async def test_an_office_behind_one_address_works():
    async with crowd() as (django, _, begin):
        pages = [await begin("/console/", headers=SESSION) for _ in range(15 * 3)]
        django.go.set()
        assert [await status(page) for page in pages] == [200] * 15 * 3


@both_kinds
async def test_what_is_sent_for_long_keeps_nobody_waiting(headers, at_once, most, of_source):
    async with crowd() as (django, _, begin):
        django.go.set()
        streams = [await begin("/long", headers=headers) for _ in range(at_once)]
        assert [await status(one) for one in streams] == [200] * at_once
        assert await status(await begin("/short", headers=headers)) == 200


async def test_a_page_that_takes_long_lets_another_one_begin():
    async with crowd(longest_s=0.01) as (django, _, begin):
        for _ in range(2):
            await begin("/slow")
        await asyncio.wait_for(django.two.wait(), PATIENCE_S)


async def test_who_leaves_while_waiting_leaves_no_place_taken():
    lane = Lane(1, 2)
    first = await lane.enter()
    waiting = asyncio.create_task(lane.enter())
    await asyncio.sleep(0)
    with pytest.raises(LaneFull):
        await lane.enter()
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    first.leave()
    first.leave()
    second = await lane.enter()
    third = asyncio.create_task(lane.enter())
    await asyncio.sleep(0)
    assert not third.done()
    second.leave()
    (await third).leave()


@pytest.mark.parametrize(("path", "method", "code"), [("/admin/login/", "POST", 429), ("/admin/", "GET", 503)])
@pytest.mark.parametrize(("language", "direction"), [("he", "rtl"), ("en", "ltr")])
async def test_a_refusal_is_a_page_in_the_readers_language(monkeypatch, path, method, code, language, direction):
    monkeypatch.setattr(page_lanes, "MOST_STRANGERS_PAGES", 1)
    monkeypatch.setattr(page_lanes, "MOST_SIGN_INS", 1)
    async with crowd() as (_, __, begin):
        await begin(path, method)
        for _ in range(2):
            refused = await begin(path, method, headers=[(b"accept-language", language.encode())])
            head, body = await refused.receive_output(PATIENCE_S), await refused.receive_output(PATIENCE_S)
            headers = dict(head["headers"])
            assert head["status"] == code and int(headers[b"Retry-After"]) > 0
            assert headers[b"Cache-Control"] == NO_STORE.encode()
            assert b"Content-Security-Policy" in headers and b"X-Content-Type-Options" in headers
            page = body["body"].decode()
            assert f'<html lang="{language}" dir="{direction}">' in page
            said = re.sub(r"<[^>]+>", "", page.split("<main>")[1])
            assert bool(re.search("[א-ת]", said)) == (language == "he")
