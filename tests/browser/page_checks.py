"""What every page must bear: no horizontal scrolling, no serious barrier, nothing that jumps.

Asked of a page that stands: its style sheets are in, and what its scripts draw has come to rest. A form that was sent,
or a link that was followed, shows its first elements before that.
"""

import json
from contextlib import suppress

SIZES = {"desk": {}, "phone": {"width": 360, "height": 740}, "zoomed": {"zoom": 2}}
COMES_TO_REST_MS = 5000

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

MOVED = """(() => { const seen = new PerformanceObserver(() => {});
    seen.observe({ type: "layout-shift", buffered: true });
    return seen.takeRecords().filter((one) => !one.hadRecentInput).reduce((sum, one) => sum + one.value, 0); })()"""
"""How far what stood on the page has moved: Chromium's layout shift; of 0.1 people begin to take notice."""


def at_rest(page, expression, wanted):
    """What a JavaScript expression gives: ``wanted``, or what it still gives after COMES_TO_REST_MS."""
    from playwright.sync_api import TimeoutError

    page.wait_for_load_state()
    with suppress(TimeoutError):
        page.wait_for_function(
            f"JSON.stringify({expression}) === {json.dumps(json.dumps(wanted))}", timeout=COMES_TO_REST_MS
        )
    return page.evaluate(expression)


def overflow(page):
    """By how many of its points the page is wider than its window."""
    return at_rest(page, OVERFLOW, 0)


def barriers(page):
    """What axe finds serious or critical, with the elements."""
    from axe_playwright_python.sync_playwright import Axe

    page.wait_for_load_state()
    # Preloading, axe makes the admin's imported style sheets inline ones, which the policy forbids.
    found = Axe().run(page, options={"preload": False}).response["violations"]
    return [
        (one["id"], [node["html"][:120] for node in one["nodes"]][:3])
        for one in found
        if one["impact"] in ("serious", "critical")
    ]
