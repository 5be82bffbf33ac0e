"""Words for digits, and the groups in which they are read."""

from hypothesis import given
from hypothesis import strategies as st

from calls.reply.numerals import groups_of, groups_of_phone, in_groups, one_by_one, small_number, spelled


def test_small_numbers_have_two_genders():
    assert [small_number(value, masculine=False) for value in (0, 2, 10, 12, 17, 21, 40)] == [
        "אפס",
        "שתיים",
        "עשר",
        "שתים עשרה",
        "שבע עשרה",
        "עשרים ואחת",
        "ארבעים",
    ]
    assert [small_number(value, masculine=True) for value in (2, 10, 12, 17, 21)] == [
        "שניים",
        "עשרה",
        "שנים עשר",
        "שבעה עשר",
        "עשרים ואחד",
    ]


@given(st.text("0123456789", min_size=1, max_size=30))
def test_a_code_is_cut_into_groups_of_two_to_four(code):
    groups = groups_of(code)
    assert "".join(groups) == code
    assert all(2 <= len(one) <= 4 for one in groups) or len(code) == 1


def test_phones_are_cut_by_their_plan():
    assert groups_of_phone("031234567") == ["03", "123", "4567"]
    assert groups_of_phone("0501234567") == ["050", "123", "4567"]
    assert groups_of_phone("1800123456") == ["1800", "123", "456"]
    assert groups_of_phone("972501234567") == ["972", "50", "123", "4567"]
    assert groups_of_phone("97231234567") == ["972", "3", "123", "4567"]
    assert groups_of_phone("441234") == ["441", "234"]


def test_a_pause_stands_between_groups():
    assert in_groups(["12", "", "3"]) == "אחת שתיים, שלוש"


def test_letters_of_codes_have_names():
    assert one_by_one("A-1b") == "איי אחת בי"


def test_an_address_is_dictated():
    assert spelled("dana.k-7_x") == "dana נקודה k מקף שבע קו תחתון x"
