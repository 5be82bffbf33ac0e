"""Only this server's own pages open a watcher's socket."""

import pytest

from calls.desk.supervision.own_origin import is_own


@pytest.fixture(autouse=True)
def public(settings):
    settings.PUBLIC_URL = "https://voice.example.org"
    settings.ALLOWED_HOSTS = ["voice.example.org", "127.0.0.1", "localhost", "[::1]"]


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("https://voice.example.org", "voice.example.org"),
        ("https://VOICE.example.org", "10.0.0.7:8000"),
        ("http://localhost:8000", "localhost:8000"),
        ("http://[::1]:8000", "[::1]:8000"),
    ],
)
def test_our_own_pages_are_let_in(origin, host):
    assert is_own({b"origin": origin.encode(), b"host": host.encode()})


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("http://localhost:9999", "voice.example.org"),
        ("http://localhost:9999", "localhost:8000"),
        ("http://voice.example.org", "voice.example.org:8000"),
        ("https://voice.example.org:444", "voice.example.org"),
        ("https://voice.example.org.evil.example", "voice.example.org"),
        ("https://evil.example", "evil.example"),
        ("null", "voice.example.org"),
        ("", "voice.example.org"),
        ("http://[::1", "[::1"),
        ("file://localhost:8000", "localhost:8000"),
        ("\u05d0", "voice.example.org"),
    ],
)
def test_others_are_not(origin, host):
    assert not is_own({b"origin": origin.encode(), b"host": host.encode()})


def test_who_says_no_origin_is_no_browser_of_ours():
    assert not is_own({b"host": b"voice.example.org"})
