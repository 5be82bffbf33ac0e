"""Every page can be had in the other language, and says so in that language."""

import pytest
from django.urls import reverse

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["admin:index", "console:wall", "admin:calls_call_changelist"])
def test_the_other_language_is_one_press_away_and_stays(admin_client, name):
    path = f"{reverse(name)}?p=1" if "list" in name else reverse(name)
    page = admin_client.get(path).content.decode()
    assert 'value="en" lang="en">English</button>' in page
    assert f'name="next" value="{path}"' in page
    answer = admin_client.post(reverse("set_language"), {"language": "en", "next": path})
    assert answer["Location"] == path
    page = admin_client.get(path).content.decode()
    assert '<html lang="en"' in page
    assert 'value="he" lang="he">עברית</button>' in page


def test_nobody_is_led_elsewhere(admin_client):
    answer = admin_client.post(reverse("set_language"), {"language": "en", "next": "https://evil.example/"})
    assert "evil" not in answer["Location"]
