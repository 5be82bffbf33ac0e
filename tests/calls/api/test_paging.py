"""A cursor is a place between two rows."""

import re
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from calls.api import paging


@given(st.integers(0, 10**16 - 1), st.integers(0, 10**18 - 1))
def test_a_cursor_says_the_moment_and_the_key_that_it_was_made_of(us, key):
    at = paging.moment(us)
    cursor = paging.cursor_of(paging.micros(at), key)
    assert re.fullmatch(paging.CURSOR, cursor)
    value, read = paging.read(cursor)
    assert (paging.moment(value), read) == (at, key)


@given(st.from_regex(paging.CURSOR, fullmatch=True).filter(str.isascii))
def test_every_text_of_its_form_is_one(cursor):
    value, _ = paging.read(cursor.strip())
    assert paging.moment(value) - paging.EPOCH >= timedelta(0)
