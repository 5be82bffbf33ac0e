"""Who hears best, in Chromium: plots under the policy, on a desk, a tablet and a phone; a click that adds a hint."""

import pytest

from tests.browser.page_checks import barriers, overflow

pytestmark = pytest.mark.live
MEASURED = """
from django.utils import timezone
from calls.models import EngineMeasurement, MeasuredTurn
some, none = dict(value=0.25, low=0.1, high=0.4), dict(value=None, low=None, high=None)
names = ("wer", "cer", "short", "final_p50", "final_p95", "failed")
common = dict(way="stream", model="default", emulated=True, price_per_hour="1.44", words=8, short=2, codes=dict())
late = dict(value=1250.0, low=1100.0, high=1490.0)
estimates = {name: late if name.startswith("final") else some for name in names}
figures = [
    dict(common, engine=name, estimates=estimates, difference=one, finals_ms=list(range(300, 680, 20)))
    for name, one in (("google", none), ("other", some))
]
row = EngineMeasurement.objects.create(made_at=timezone.now(), turns=1, calls=30, figures=figures)
MeasuredTurn.objects.create(measurement=row, turn=1, engine="google stream", said="רחוב ז'בוטינסקי", heard="רחוב")
"""


SCROLLED = "[...document.querySelectorAll('.desk .scrolls')].map((one) => one.scrollWidth - one.clientWidth)"
SIZES = {"desk": {}, "tablet": {"width": 768, "height": 1024}, "phone": {"width": 360, "height": 740}}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
def test_the_plots_are_drawn_the_page_fits_and_a_click_adds_a_hint(open_tab, desk_server, size):
    desk_server.shell(MEASURED)
    tab = open_tab(**size)
    tab.sign_in()
    page = tab.go("/desk/engines/")
    page.wait_for_selector(".desk[data-plots='2']")
    assert (overflow(page), barriers(page), page.evaluate(SCROLLED)) == (0, [], [0, 0])
    button = page.locator(".confusions button")
    if button.count():  # the other size has not added it yet
        button.click()
        page.wait_for_selector(".success")
    assert "ז" in page.locator(".confusions").inner_text()
    assert page.locator(".confusions button").count() == 0
