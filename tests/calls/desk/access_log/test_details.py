"""What the access log's details are on a page."""

from html import unescape

import pytest
from django.utils import translation
from django.utils.html import strip_tags

from calls.desk.access_log.details import Detail, _pattern, shown_detail
from calls.desk.access_log.models import AccessEntry

VALUES = {"who": "דנה: <b>", "line": "+97231234567", "name": "crm"} | dict.fromkeys(
    ("days", "files", "taken", "sessions", "left"), 7
)


def shown(detail, kind="account"):
    return shown_detail(AccessEntry(kind=kind, detail=detail))


@pytest.mark.parametrize("detail", Detail)
def test_each_is_said_in_hebrew_with_its_values_isolated(detail):
    with translation.override("he"):
        said = shown(detail.of(**VALUES))
    assert any("א" <= letter <= "ת" for letter in said.replace(VALUES["who"][:3], ""))
    assert "<b>" not in said
    for name in ("who", "line", "name"):
        assert (f"%({name})s" in detail) == (f">{VALUES[name].replace('<b>', '&lt;b&gt;')}</bdi>" in said)


@pytest.mark.parametrize("detail", Detail)
def test_each_is_told_from_the_others(detail):
    written = detail.of(**VALUES)
    with translation.override("en"):
        assert unescape(strip_tags(shown(written))) == written
    assert next(one for one in Detail if _pattern(one.value).fullmatch(written)) is detail


def test_a_path_keeps_its_first_slash_and_a_reason_its_words():
    with translation.override("he"):
        assert shown("/var/גיבוי", "export") == '<bdi dir="ltr">/var/גיבוי</bdi>'
        assert shown(".csv", "export") == '<bdi dir="ltr">.csv</bdi>'
        assert shown("new recovery codes", "hold") == '<bdi dir="auto">new recovery codes</bdi>'
        assert shown("תביעה 5", "hold") == '<bdi dir="rtl">תביעה 5</bdi>'
        assert shown("") == "—"
