"""Pages write times in one way, in both languages; logs in another, with their zone."""

import logging
import re
from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.forms import DateField
from django.utils import formats, translation

from tests.paths import ROOT
from voiceapp.refusals import WithoutTokens
from voiceapp.runtime.log_context import of_call

WAYS = {"d.m.Y", "d.m.Y H:i", "d.m.Y H:i:s", "H:i", "H:i:s", "m.Y", "l, d.m.Y", "l, d.m", "c"}
"""A page's; ``c`` is for programs: it stands in ``datetime`` attributes."""


@pytest.mark.parametrize("language", ["he", "en"])
def test_a_time_is_written_as_templates_write_it(language):
    with translation.override(language):
        assert formats.date_format(datetime(2026, 11, 27, 14, 17, tzinfo=UTC), "DATETIME_FORMAT") == "27.11.2026 14:17"
        assert formats.date_format(date(2026, 11, 7), "DATE_FORMAT") == "07.11.2026"
        assert formats.localize_input(date(2026, 11, 7)) == "07.11.2026"
        assert {DateField(localize=True).clean(said) for said in ("07.11.2026", "2026-11-07")} == {date(2026, 11, 7)}


def test_templates_and_cells_have_no_other_way():
    used = set()
    for path in (ROOT / "templates").rglob("*.html"):
        used |= set(re.findall(r'\|date:"([^"]+)"', path.read_text("utf-8")))
    assert used and used <= WAYS
    for path in (ROOT / "calls" / "desk").rglob("*.py"):
        cells = re.findall(r":(%[dY][^}]*)\}", path.read_text("utf-8"))
        files = {"download.py", "spreadsheet.py"}  # a file's name; what docs/export.md promises
        assert path.name in files or set(cells) <= {"%d.%m.%Y", "%d.%m.%Y %H:%M", "%d.%m.%Y %H:%M:%S"}, path


def test_a_line_of_the_log_says_its_zone():
    record = logging.LogRecord("calls", logging.INFO, "", 0, "said", (), None)
    record.created = datetime(2026, 11, 27, 12, 17, 5, 123_000, tzinfo=UTC).timestamp()
    assert WithoutTokens("%(asctime)s %(message)s").format(record) == "2026-11-27T12:17:05.123+00:00 said"


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("Streaming started (attempt 1)", "CA12 Streaming started (attempt 1)"),
        ("CA12: it was closed", "CA12: it was closed"),
    ],
)
def test_a_line_of_a_call_says_of_which_and_says_it_once(message, said):
    record = logging.LogRecord("calls", logging.INFO, "", 0, message, (), None)
    line = WithoutTokens(settings.LOGGING["formatters"]["text"]["fmt"])
    with of_call("CA12"):
        assert line.format(record).endswith(f" INFO calls {said}")
    assert line.format(record).endswith(f" INFO calls {message}")
    record.call = "CA12"
    assert line.format(record).endswith(f" INFO calls {said}")
