"""``manage.py screenshots [NAME…]``: pictures of the pages for docs/images/, of real calls on a real server.

Starts an emulator and a server with a database of their own, places sample calls, and looks at the pages with Chromium
through Playwright (requirements-dev.txt) while they run.
"""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from calls.lab.browser import CHROMIUM_ARGUMENTS, find_chromium
from calls.lab.call_records import record_of
from calls.lab.own_database import USER, own_database, read_own_database
from calls.lab.rig import Rig, RigError, manage
from calls.lab.sample_calls import long_calls
from calls.lab.sample_conversations import FOLDER, sample_conversations
from calls.lab.simulator import SimulatedCall
from voiceapp.runtime.arguments import whole

NAME_THE_LINE = """
from calls.lines.models import PhoneLine
from stt.models import TuningProfile
profile = TuningProfile.objects.create(name="default", is_default=True)
PhoneLine.objects.create(number="+97235550100", name="דירות הרצל", profile=profile, monthly_ceiling=50)
from calls.lab.sample_conversations import put_lines, sample_conversations
put_lines(sample_conversations())
"""
ENDED = "/admin/calls/call/1/change/"
"""The first call, a conversation: it has ended, and can be listened to."""
FIRST_ANSWER = "#turn-5001"
TALKING_S = 7.0
"""Into the calls, when the pictures are taken."""


@dataclass(frozen=True, slots=True)
class Picture:
    name: str
    path: str
    """``SID`` in it is a running call's."""
    width: int = 1280
    height: int = 800
    dark: bool = False
    shows: str = ""
    """A selector; the table that holds it stands at the picture's top."""
    locale: str = "he-IL"


PICTURES = (
    Picture("first-page", "/admin/"),
    Picture("console", "/console/"),
    Picture("console-dark", "/console/", dark=True),
    Picture("console-phone", "/console/", width=360, height=740),
    Picture("console-call", "/console/calls/SID"),
    Picture("console-call-phone", "/console/calls/SID", width=360, height=740, dark=True),
    Picture("console-costs", "/console/costs"),
    Picture("call", ENDED, width=1440, height=1000, shows=FIRST_ANSWER),
    Picture("call-phone", ENDED, width=360, height=1000, dark=True, shows=FIRST_ANSWER),
)


class Command(BaseCommand):
    help = "Take pictures of the pages, with real calls running, into docs/images/."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(one.name for one in PICTURES))
        parser.add_argument("--out", type=Path, default=settings.BASE_DIR / "docs" / "images")
        parser.add_argument("--calls", type=whole(1, 100, "calls"), default=6)

    def handle(self, *args: Any, **options: Any) -> None:
        chromium = find_chromium()
        if chromium is None:
            raise CommandError("no_chromium: install Chromium (apt install chromium).")
        pictures = [one for one in PICTURES if not options["names"] or one.name in options["names"]]
        password = secrets.token_urlsafe(9)
        try:
            with own_database(password) as environment:
                read_own_database()
                manage(["shell", "-v0", "-c", NAME_THE_LINE], environment)
                folder = settings.BASE_DIR / "samples"
                log = settings.VAR_DIR / "screenshots.log"
                with Rig(folder, log, seed=1, environment=environment, more_folders=[FOLDER], speaks=True) as rig:
                    asyncio.run(self._take(rig, chromium, pictures, password, options))
        except RigError as error:
            raise CommandError(str(error)) from error

    async def _take(
        self, rig: Rig, chromium: str, pictures: list[Picture], password: str, options: dict[str, Any]
    ) -> None:
        try:
            from playwright.async_api import async_playwright
        except ImportError as error:
            raise CommandError("no_playwright: run script/setup.") from error
        options["out"].mkdir(parents=True, exist_ok=True)
        conversation, calls = sample_conversations()[0], long_calls(rig, options["calls"])
        line = replace(rig.line, to_number=conversation.to_number)
        caller = SimulatedCall(line, (), script=conversation.script, from_number=conversation.from_number)
        await record_of((await caller.run()).call_sid)
        running = [asyncio.create_task(call.run()) for call in calls]
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=chromium, args=CHROMIUM_ARGUMENTS)
            await asyncio.sleep(TALKING_S)
            for picture in pictures:
                page = await browser.new_page(
                    viewport={"width": picture.width, "height": picture.height},
                    color_scheme="dark" if picture.dark else "light",
                    locale=picture.locale,
                )
                path = picture.path.replace("SID", calls[0].call_sid)
                await page.goto(f"{rig.url}/admin/login/?next={path}")
                await page.fill("#id_username", USER)
                await page.fill("#id_password", password)
                await page.press("#id_password", "Enter")
                await page.wait_for_url(f"**{path}")
                await page.wait_for_timeout(2500)
                if picture.shows:
                    await page.locator(picture.shows).evaluate("one => one.closest('table').scrollIntoView()")
                await page.screenshot(path=options["out"] / f"{picture.name}.png")
                self.stdout.write(f"{picture.name}.png")
                await page.close()
            await browser.close()
        for call in running:
            call.cancel()
        await asyncio.gather(*running, return_exceptions=True)
