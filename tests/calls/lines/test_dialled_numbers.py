"""A line's numbers: how a form keeps them, who may change where calls are dialled to, and what is left of a change."""

import pytest
from django.contrib.auth.models import Group, User
from django.core.exceptions import ValidationError
from django.urls import reverse

from calls.models import Call, LinePerson, NumberChange, PhoneLine
from stt.models import TuningProfile
from tests.rows import ANSWERING

pytestmark = pytest.mark.django_db


def member(group):
    user = User.objects.create(username=group, is_staff=True)
    user.groups.add(Group.objects.get(name=group))
    return user


@pytest.fixture
def line():
    profile = TuningProfile.objects.create(name="p")
    return PhoneLine.objects.create(
        number="+97235550100", name="מכירות", profile=profile, follow_number="+97235550111", fallback_number=""
    )


@pytest.fixture
def dana(line):
    return line.people.create(name="דנה", number="+97231234567")


def save(client, line, people=(), **changes):
    """The line's form as a browser sends it."""
    fields = {name: getattr(line, name) for name in ("name", "number", "greeting", "follow_number", "fallback_number")}
    kept = list(line.people.all()) if line.pk else []
    people = people or [{"name": one.name, "number": one.number} for one in kept]
    form = {**ANSWERING, **fields, "profile": line.profile_id, **changes}
    form |= {"people-TOTAL_FORMS": len(people), "people-INITIAL_FORMS": len(kept)}
    for index, person in enumerate(people):
        ids = {"id": kept[index].pk} if index < len(kept) else {}
        form |= {f"people-{index}-{name}": value for name, value in {**ids, "line": line.pk or "", **person}.items()}
    url = reverse("admin:calls_phoneline_change", args=[line.pk]) if line.pk else reverse("admin:calls_phoneline_add")
    return client.post(url, form)


@pytest.mark.parametrize(
    ("number", "kept"),
    [
        ("03-5550101", "+97235550101"),
        ("\u202a+97235550302\u202c", "+97235550302"),
        ("  +972 - (3) - 555 - 01 - 01  \u200f\u200f\u200f", "+97235550101"),
        ("client:" + 57 * "a", "client:" + 57 * "a"),
        ("SIP:sales@PBX.example.org;transport=tls", "sip:sales@pbx.example.org"),
        ("whatsapp:0501234567", "whatsapp:+972501234567"),
    ],
)
def test_a_line_is_kept_as_twilio_calls_it(admin_client, line, number, kept):
    assert save(admin_client, line, number=number).status_code == 302
    line.refresh_from_db()
    assert line.number == kept


@pytest.mark.parametrize("field", ["number", "follow_number", "fallback_number"])
@pytest.mark.parametrize("written", ["abc", "*2700", "client:", "9" * 300])
def test_what_is_no_number_is_not_saved(admin_client, line, field, written):
    response = save(admin_client, line, **{field: written})
    assert [error.code for error in response.context["adminform"].form.errors.as_data()[field]] == ["bad_number"]


@pytest.mark.parametrize("field", ["follow_number", "fallback_number"])
def test_what_is_dialled_is_a_number_and_no_address(admin_client, line, field):
    assert save(admin_client, line, **{field: "sip:me@example.org"}).status_code == 200
    assert save(admin_client, line, **{field: "\u200e03-555 0101"}).status_code == 302
    line.refresh_from_db()
    assert getattr(line, field) == "+97235550101"


def test_a_number_is_one_line_however_it_is_written(admin_client, line):
    another = PhoneLine(number="03-5550100", name="שוב", profile=line.profile)
    response = save(admin_client, another)
    assert "number" in response.context["adminform"].form.errors
    assert PhoneLine.objects.count() == 1


def test_a_person_is_listed_once_however_the_number_is_written(admin_client, line, dana):
    people = [{"name": "דנה", "number": "03-1234567"}, {"name": "שוב דנה", "number": "+972 3 1234567"}]
    assert save(admin_client, line, people).status_code == 200
    assert LinePerson.objects.get().number == "+97231234567"


def test_code_that_checks_a_row_gets_the_number_as_it_is_dialled(line):
    person = LinePerson(line=line, name="דנה", number="03-1234567")
    person.full_clean()
    assert person.number == "+97231234567"
    with pytest.raises(ValidationError):
        LinePerson(line=line, name="דנה", number="client:dana").full_clean()


def test_a_tuner_changes_a_line_and_not_where_its_calls_are_dialled_to(client, line, dana):
    client.force_login(member("tuner"))
    assert save(
        client, line, greeting="שָׁלוֹם", follow_number="+882160001234", fallback_number="+882160001234"
    ).status_code in (302, 200)
    line.refresh_from_db()
    assert (line.greeting, line.follow_number, line.fallback_number) == ("שָׁלוֹם", "+97235550111", "")
    page = client.get(reverse("admin:calls_phoneline_change", args=[line.pk])).content.decode()
    assert "+97235550111" in page and dana.number in page
    assert 'name="greeting"' in page
    assert 'name="follow_number"' not in page and 'name="people-0-number"' not in page
    assert not NumberChange.objects.exists()


def test_a_tuner_saves_a_line_whose_numbers_nobody_can_read(client, line):
    PhoneLine.objects.filter(pk=line.pk).update(follow_number="abc")
    client.force_login(member("tuner"))
    assert save(client, line, greeting="שָׁלוֹם").status_code == 302
    line.refresh_from_db()
    assert (line.greeting, line.follow_number) == ("שָׁלוֹם", "abc")


def changes():
    return list(NumberChange.objects.order_by("pk").values_list("kind", "before", "after", "username", "line"))


def test_each_number_that_was_changed_is_a_row_of_who_did_it(client, line, dana):
    client.force_login(member("admin"))
    people = [{"name": "דנה", "number": "03-7654321"}, {"name": "רון", "number": "+882160001234"}]
    save(client, line, people, follow_number="", fallback_number="03-5550122", greeting="שָׁלוֹם")
    who = ("admin", "+97235550100")
    assert changes() == [
        ("fallback_number", "", "+97235550122", *who),
        ("follow_number", "+97235550111", "", *who),
        ("person", "+97231234567 דנה", "+97237654321 דנה", *who),
        ("person", "", "+882160001234 רון", *who),
    ]


def test_what_was_not_changed_is_no_row(client, line, dana):
    client.force_login(member("admin"))
    save(client, line, greeting="שָׁלוֹם", number="03-5550199", follow_number="03-555-0111")
    assert changes() == []


def test_a_new_line_and_one_that_goes_leave_rows(client, line, dana):
    client.force_login(member("admin"))
    added = PhoneLine(number="client:new", name="חדש", profile=line.profile, fallback_number="03-5550133")
    save(client, added)
    client.post(reverse("admin:calls_phoneline_delete", args=[line.pk]), {"post": "yes"})
    chosen = {"action": "delete_selected", "_selected_action": PhoneLine.objects.get().pk, "post": "yes"}
    client.post(reverse("admin:calls_phoneline_changelist"), chosen)
    assert not PhoneLine.objects.exists()
    assert changes() == [
        ("fallback_number", "", "+97235550133", "admin", "client:new"),
        ("follow_number", "+97235550111", "", "admin", "+97235550100"),
        ("person", "+97231234567 דנה", "", "admin", "+97235550100"),
        ("fallback_number", "+97235550133", "", "admin", "client:new"),
    ]


def test_the_rows_are_read_by_all_and_changed_by_none(client, line, dana):
    client.force_login(member("admin"))
    save(client, line, follow_number="03-5550122")
    client.force_login(member("reviewer"))
    page = client.get(reverse("admin:calls_numberchange_changelist")).content.decode()
    assert '<bdi dir="ltr">+97235550122</bdi>' in page
    row = NumberChange.objects.get()
    assert client.get(reverse("admin:calls_numberchange_change", args=[row.pk])).status_code == 200
    assert client.post(reverse("admin:calls_numberchange_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    assert client.get(reverse("admin:calls_numberchange_add")).status_code == 403


def test_numbers_that_nobody_can_read_are_named_until_they_are_mended(admin_client, line, dana):
    url = reverse("admin:calls_phoneline_changelist")
    assert "אינם תקינים" not in admin_client.get(url).content.decode()
    PhoneLine.objects.filter(pk=line.pk).update(number="abc", fallback_number="*2700")
    LinePerson.objects.filter(pk=dana.pk).update(number="03-1234567")
    page = admin_client.get(url).content.decode()
    assert all(f"\u2066{number}\u2069" in page for number in ("abc", "*2700", "03-1234567"))
    save(admin_client, line, number="03-5550100", fallback_number="03-5550122")
    assert "אינם תקינים" not in admin_client.get(url).content.decode()


def test_a_number_that_had_calls_becomes_a_lines_only_when_somebody_says_so(admin_client, line):
    """Calls belong to a line by its number: a line that gets another's number shows that one's calls."""
    Call.objects.create(call_sid="CA1", to_number="+97235550101")
    refused = save(admin_client, line, number="03-5550101")
    shown = refused.content.decode()
    assert refused.status_code == 200 and 'name="takes_calls"' in shown and "למספר הזה כבר יש שיחות" in shown
    line.refresh_from_db()
    assert line.number == "+97235550100"
    assert save(admin_client, line, number="03-5550101", takes_calls="on").status_code == 302
    line.refresh_from_db()
    assert line.number == "+97235550101"
    # Its own number asks nothing, nor does one that never was called.
    assert save(admin_client, line, name="אחר").status_code == 302
    assert save(admin_client, line, number="03-5550199").status_code == 302


def test_a_new_line_asks_too(admin_client, line):
    Call.objects.create(call_sid="CA1", to_number="+97235550101")
    new = PhoneLine(number="+97235550101", name="חדש", profile=line.profile)
    assert save(admin_client, new).status_code == 200 and PhoneLine.objects.count() == 1
    assert save(admin_client, new, takes_calls="on").status_code == 302 and PhoneLine.objects.count() == 2
