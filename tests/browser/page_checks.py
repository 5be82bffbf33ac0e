"""What every page must bear: no horizontal scrolling, no serious barrier, nothing that jumps.

Asked of a page that stands: its style sheets are in, and what its scripts draw has come to rest. A form that was sent,
or a link that was followed, shows its first elements before that.
"""

import json
from contextlib import suppress

SIZES = {"desk": {}, "phone": {"width": 360, "height": 740}, "zoomed": {"zoom": 2}}
COMES_TO_REST_MS = 20_000
"""A busy machine takes seconds; only what stays as it is, and is then told of, is waited for to the end."""

OVERFLOW = "document.documentElement.scrollWidth - document.documentElement.clientWidth"

MOVED = """(() => { const seen = new PerformanceObserver(() => {});
    seen.observe({ type: "layout-shift", buffered: true });
    return seen.takeRecords().filter((one) => !one.hadRecentInput).reduce((sum, one) => sum + one.value, 0); })()"""
"""How far what stood on the page has moved: Chromium's layout shift; of 0.1 people begin to take notice."""


def at_rest(page, expression, wanted, within_ms=COMES_TO_REST_MS):
    """What a JavaScript expression gives: ``wanted``, or what it still gives after that time."""
    from playwright.sync_api import TimeoutError

    page.wait_for_load_state()
    with suppress(TimeoutError):
        page.wait_for_function(f"JSON.stringify({expression}) === {json.dumps(json.dumps(wanted))}", timeout=within_ms)
    return page.evaluate(expression)


def overflow(page, **within):
    """By how many of its points the page is wider than its window."""
    return at_rest(page, OVERFLOW, 0, **within)


BARRIERS = """axe.run(%s).then(({ violations }) => violations
    .filter(({ impact }) => ["serious", "critical"].includes(impact))
    .map(({ id, nodes }) => [id, nodes.slice(0, 3).map(({ html }) => html.slice(0, 120))]))"""
OPTIONS = {
    # Preloading, axe makes the admin's imported style sheets inline ones, which the policy forbids.
    "preload": False,
    # Else it tells of all that passed as well, which takes as long to bring here as the page takes to check.
    "resultTypes": ["violations"],
}


def barriers(page):
    """What axe finds serious or critical, with the elements."""
    from axe_playwright_python.base import AXE_SCRIPT

    page.wait_for_load_state()
    page.evaluate(AXE_SCRIPT)
    return page.evaluate(BARRIERS % json.dumps(OPTIONS))
