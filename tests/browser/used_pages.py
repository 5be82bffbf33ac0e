"""Pages that one test after the other has: a context of its own begins a process of Chromium's and draws its first page
there, three quarters of a second of processor time.

What a test may find of another is taken away: cookies, what an origin stores, what is routed, listened to or emulated.
A page whose WebSockets were routed is not used again: nothing takes that away.
"""

from collections import defaultdict
from contextlib import contextmanager

WATCH_THE_POLICY = """
document.addEventListener("securitypolicyviolation", (event) =>
    console.error(`policy: ${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`));
"""

ELSEWHERE = {"locale": "he-IL", "timezone_id": "America/New_York"}
"""Whoever looks reads Hebrew, and has a clock that is not the pages'."""


class UsedPages:
    """Of one Chromium."""

    def __init__(self, chromium):
        self._chromium = chromium
        self._free = defaultdict(list)
        """By how many of the screen's points are one of a page's, which is fixed when a context is made."""

    @contextmanager
    def page(self, width=1280, height=800, *, zoom=1, dark=False, wait_ms=30_000):
        """A page that looks new, and the list of what Chromium complains about, which is whole at the end."""
        page = self._free[zoom].pop() if self._free[zoom] else self._new(zoom)
        page.context.set_default_timeout(wait_ms)
        page.set_viewport_size({"width": width // zoom, "height": height // zoom})
        page.emulate_media(color_scheme="dark" if dark else "light")
        complaints = []

        def note_error(error):
            complaints.append(str(error))

        def note_console(said):
            if said.type == "error":
                complaints.append(said.text)

        sockets_routed = []

        def route_web_socket(*told):
            sockets_routed.append(told)
            type(page).route_web_socket(page, *told)

        page.route_web_socket = route_web_socket
        page.on("pageerror", note_error)
        page.on("console", note_console)
        yield page, complaints
        # Answered behind all that Chromium had to say until then.
        page.evaluate("0")
        page.remove_listener("pageerror", note_error)
        page.remove_listener("console", note_console)
        del page.route_web_socket
        if sockets_routed:
            page.context.close()
            return
        self._clear(page)
        self._free[zoom].append(page)

    def _new(self, zoom):
        page = self._chromium.new_context(**ELSEWHERE, device_scale_factor=zoom).new_page()
        page.add_init_script(WATCH_THE_POLICY)
        return page

    def _clear(self, page):
        page.unroute_all()
        page.set_extra_http_headers({})
        page.context.set_offline(False)
        page.context.clear_cookies()
        origin = page.evaluate("origin")
        page.goto("about:blank")
        protocol = page.context.new_cdp_session(page)
        if origin != "null":
            protocol.send("Storage.clearDataForOrigin", {"origin": origin, "storageTypes": "all"})
        protocol.send("Page.resetNavigationHistory")
        protocol.detach()
