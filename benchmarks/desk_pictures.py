"""Pictures of the desk for docs/images, of the calls that benchmarks/foretold.py has left in VAR_DIR.

``python -m benchmarks.desk_pictures``: starts a server over them and looks at its pages with Chromium.
"""

from __future__ import annotations

import argparse
import os
import secrets
import shutil
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
# Playwright's loop runs in this thread.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
django.setup()

from django.conf import settings  # noqa: E402
from django.urls import reverse  # noqa: E402

from calls.lab.rig import Rig  # noqa: E402
from calls.management.commands.demo import login  # noqa: E402
from calls.models import Call, Trial  # noqa: E402
from stt.models import TuningProfile  # noqa: E402

ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-sync"]
DESK, PHONE = {"width": 1280, "height": 980}, {"width": 360, "height": 980}


def pages() -> list[tuple[str, str, dict[str, int], bool]]:
    """Name, path, size, dark."""
    a, b = (TuningProfile.objects.get(name=name) for name in "AB")
    compared = f"{reverse('desk-profile', args=[b.pk])}?a={a.pk}.{a.revision}&b={b.pk}.{b.revision}"
    call = Call.objects.filter(tuning_profile=a.pk).earliest("pk")
    return [
        ("desk-profile", compared, DESK, False),
        ("desk-profile-phone", compared, PHONE, True),
        ("desk-trial", reverse("desk-trial", args=[Trial.objects.latest("pk").pk]), DESK, False),
        ("desk-call", f"{reverse('desk-call', args=[call.call_sid])}?profile={b.pk}", DESK, True),
    ]


def main() -> None:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    from playwright.sync_api import sync_playwright

    folder = settings.BASE_DIR / "docs" / "images"
    cookie, wanted = login(secrets.token_urlsafe(9)), pages()
    with (
        Rig(settings.BASE_DIR / "samples", Path(settings.VAR_DIR) / "pictures.log") as server,
        sync_playwright() as p,
    ):
        browser = p.chromium.launch(executable_path=shutil.which("chromium"), args=ARGUMENTS)
        for name, path, size, dark in wanted:
            scheme = "dark" if dark else "light"
            context = browser.new_context(viewport=size, color_scheme=scheme, locale="he-IL")  # type: ignore[arg-type]
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": server.url}])
            page = context.new_page()
            page.goto(server.url + path)
            if page.locator("#plots").count():
                page.wait_for_selector(".desk[data-plots]")
            page.screenshot(path=folder / f"{name}.png")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
