"""What the limited write: nothing by which they or others would see more, and nothing that holds for other lines."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Group, User
from django.urls import reverse
from django.utils import timezone

from calls.desk.engines.gold import GoldError, taken_by
from calls.desk.line_limits.fields import set_limit
from calls.desk.line_limits.seen import ALL, seen_by
from calls.models import ApiToken, Call, CallNote, Dialogue, LineLimit, PhoneLine, ReviewSample, Trial, Webhook
from stt.models import TuningProfile
from tests.calls.desk.test_users import change
from tests.html import Page

pytestmark = pytest.mark.django_db
PASSWORD = "quite-a-long-password"
OWN, OTHER = "+97231110000", "+97231110001"


@pytest.fixture
def me(client):
    """An administrator of one of two lines."""
    for number, name in ((OWN, "own"), (OTHER, "other")):
        profile = TuningProfile.objects.create(name=name)
        profile.vad_hangover_ms = 410
        profile.save()
        dialogue = Dialogue.objects.create(name=name, text="")
        PhoneLine.objects.create(number=number, name=name, profile=profile, dialogue=dialogue)
    me = person("me", "admin", OWN)
    client.force_login(me)
    return me


def person(name, group, *numbers):
    user = User.objects.create_user(name, is_staff=True, password=PASSWORD)
    user.groups.add(Group.objects.get(name=group))
    if numbers:
        set_limit(user, PhoneLine.objects.filter(number__in=numbers))
    return user


def line(number):
    return PhoneLine.objects.get(number=number)


def again(user):
    return seen_by(User.objects.get(pk=user.pk))


def filled(client, address, **values):
    """The form of a page as it stands, with these values, sent."""
    forms = Page(client.get(address).content.decode()).forms
    form = max((one for one in forms if one.method == "post"), key=lambda one: len(one.fields))
    data = {}
    for name, value in form.fields:
        data.setdefault(name, []).append(value)
    return client.post(address, {**data, **values})


@pytest.mark.parametrize("chosen", ["", OTHER])
def test_calls_of_other_lines_are_sent_nowhere(client, me, chosen):
    chosen = line(chosen).pk if chosen else ""
    address = reverse("admin:calls_webhook_add")
    answer = filled(client, address, name="x", url="https://x.example.org/", line=chosen)
    assert (answer.status_code, Webhook.objects.count()) == (200, 0)
    assert filled(client, address, name="x", url="https://x.example.org/", line=line(OWN).pk).status_code == 200
    assert Webhook.objects.get().line.number == OWN


@pytest.mark.parametrize("chosen", [[], [OTHER], [OWN, OTHER]])
def test_a_token_reads_no_other_line(client, me, chosen):
    address = reverse("admin:calls_apitoken_add")
    said = {"name": "x", "scopes": ["calls:read"]}
    for of_all in ({}, {"all_lines": "on"}):
        client.post(address, {**said, **of_all, "lines": [line(number).pk for number in chosen]})
    assert not ApiToken.objects.exists()
    assert "all_lines" not in client.get(address).content.decode()
    client.post(address, {**said, "all_lines": "on", "lines": [line(OWN).pk]})
    token = ApiToken.objects.get()
    assert ([one.number for one in token.lines.all()], token.all_lines) == ([OWN], False)


def test_a_line_takes_neither_another_ones_number_nor_its_profile_and_dialogue(client, me):
    address = reverse("admin:calls_phoneline_change", args=[line(OWN).pk])
    answer = filled(client, address, number="+97231119999", greeting="שלום לכם")
    assert (answer.status_code, line(OWN).greeting) == (302, "שלום לכם")
    for field in ("profile", "dialogue"):
        answer = filled(client, address, **{field: getattr(line(OTHER), field).pk})
        assert answer.status_code == 200
    assert (line(OWN).profile.name, line(OWN).dialogue.name) == ("own", "own")
    assert client.get(reverse("admin:calls_phoneline_add")).status_code == 403


def test_a_trial_is_of_ones_own_line_and_its_revisions(client, me):
    own, other = (TuningProfile.objects.get(name=name).history.order_by("revision") for name in ("own", "other"))
    address = reverse("admin:calls_trial_add")
    for said in (
        {"line": line(OTHER).pk, "a": own[0].pk, "b": own[1].pk},
        {"line": line(OWN).pk, "a": own[0].pk, "b": other[1].pk},
    ):
        assert client.post(address, {**said, "share_b_percent": 50}).status_code == 200
    assert not Trial.objects.exists()
    said = {"line": line(OWN).pk, "a": own[0].pk, "b": own[1].pk, "share_b_percent": 50}
    assert client.post(address, said).status_code == 302


def test_what_another_line_uses_too_is_read_and_not_changed(client, me):
    shared = TuningProfile.objects.get(name="own")
    dialogue = line(OWN).dialogue
    PhoneLine.objects.filter(number=OTHER).update(profile=shared, dialogue=dialogue)
    for address in (
        reverse("admin:stt_tuningprofile_change", args=[shared.pk]),
        reverse("admin:calls_dialogue_change", args=[dialogue.pk]),
    ):
        assert client.get(address).status_code == 200
        assert client.post(address, {"name": "mine"}).status_code == 403
    first = shared.history.last().pk
    assert client.post(reverse("desk-back", args=[shared.pk, first])).status_code == 403
    assert client.post(reverse("desk-try", args=[shared.pk])).status_code == 403
    hint = {"word": "שלום", "profile": shared.pk, "measurement": 1}
    assert client.post(reverse("desk-engines-hint"), hint).status_code == 403
    hint["profile"] = TuningProfile.objects.get(name="other").pk
    PhoneLine.objects.filter(number=OTHER).update(profile=hint["profile"])
    assert client.post(reverse("desk-engines-hint"), hint).status_code == 404


def test_the_default_profile_is_not_theirs_to_choose(client, me):
    own = TuningProfile.objects.get(name="own")
    answer = filled(client, reverse("admin:stt_tuningprofile_change", args=[own.pk]), is_default="on", reason="כך")
    assert answer.status_code == 302
    said = {"action": "activate", "_selected_action": [own.pk], "index": 0}
    client.post(reverse("admin:stt_tuningprofile_changelist"), said)
    client.post(reverse("admin:stt_tuningprofile_changelist"), {**said, "action": "delete_selected", "post": "yes"})
    assert not TuningProfile.objects.get(name="own").is_default


@pytest.mark.parametrize("chosen", ["", OTHER])
def test_a_sample_is_drawn_of_ones_own_line(client, me, chosen):
    today = timezone.localdate()
    said = {"since": today - timedelta(days=1), "until": today, "size": 5}
    said["line"] = line(chosen).pk if chosen else ""
    assert client.post(reverse("review-draw"), said).status_code == 400
    assert not ReviewSample.objects.exists()


def test_a_note_finds_nobody_who_must_not_read_it(client, me):
    person("avi", "reviewer", OTHER)
    person("dana", "reviewer", OWN)
    call = Call.objects.create(call_sid="CA1", to_number=OWN, started_at=timezone.now(), ended_at=timezone.now())
    client.post(reverse("review-note", args=[call.pk]), {"text": "@avi @dana"})
    (note,) = CallNote.objects.all()
    assert [one.user.username for one in note.mentions.all()] == ["dana"]
    page = client.get(reverse("admin:calls_call_change", args=[call.pk])).content.decode()
    assert 'data-person="dana"' in page and 'data-person="avi"' not in page


def test_gold_is_taken_of_ones_own_lines(me):
    PhoneLine.objects.update(gold_since=timezone.now())
    with pytest.raises(GoldError, match="there is no line"):
        taken_by(User.objects.get(pk=me.pk), OTHER)
    assert taken_by(User.objects.get(pk=me.pk), OWN).turns == []


def test_nobody_lifts_their_own_limit(client, me):
    for said in ({}, {"is_limited": "", "seen_lines": []}, {"seen_lines": [line(OTHER).pk]}):
        change(client, me, **said)
        assert again(me).numbers is not None and OTHER not in again(me).numbers
    page = client.get(reverse("admin:auth_user_change", args=[me.pk])).content.decode()
    assert OTHER not in page


def test_somebody_new_sees_what_their_maker_sees(client, me):
    said = {"username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    assert client.post(reverse("admin:auth_user_add"), said).status_code == 302
    assert again(User.objects.get(username="new")).numbers == {OWN}


@pytest.mark.parametrize("numbers", [(), (OTHER,), (OWN, OTHER)])
def test_who_sees_more_is_not_changed(client, me, numbers):
    user = person("dana", "reviewer", *numbers)
    assert change(client, user, first_name="x").status_code == 403
    address = reverse("admin:auth_user_password_change", args=[user.pk])
    assert client.post(address, {"password1": PASSWORD, "password2": PASSWORD}).status_code == 403


def test_nobody_is_taken_out_of_the_group_that_limits_them(client, me):
    sales = Group.objects.create(name="sales")
    set_limit(sales, [line(OWN)])
    user = person("dana", "reviewer")
    user.groups.add(sales)
    reviewer = Group.objects.get(name="reviewer").pk
    assert change(client, user, groups=[reviewer]).status_code == 403
    assert again(user).numbers == {OWN}
    assert change(client, user, first_name="Dana").status_code == 302
    assert client.post(reverse("admin:auth_group_delete", args=[sales.pk]), {"post": "yes"}).status_code == 403
    assert Group.objects.filter(pk=sales.pk).exists()


def test_a_group_without_a_limit_is_everybodys(client, me):
    for name in ("reviewer", "admin"):
        address = reverse("admin:auth_group_change", args=[Group.objects.get(name=name).pk])
        page = client.get(address).content.decode()
        assert "רואים שיחות של" in page and "כל הקווים" in page and 'name="is_limited"' not in page  # to read
        assert client.post(address, {"name": name, "permissions": []}).status_code == 403


def test_a_limit_is_set_and_lifted_on_the_page_of_a_person_or_group(client, me):
    boss = User.objects.create_superuser("boss")
    client.force_login(boss)
    user, sales = User.objects.create_user("dana", password=PASSWORD), Group.objects.create(name="sales")
    change(client, user, is_limited="on", seen_lines=[line(OTHER).pk])
    assert again(user).numbers == {OTHER}
    change(client, user, is_limited="on")
    assert again(user).numbers == frozenset()
    change(client, user)
    assert again(user) == ALL
    address = reverse("admin:auth_group_change", args=[sales.pk])
    client.post(address, {"name": "sales", "is_limited": "on", "seen_lines": [line(OWN).pk]})
    assert [one.number for one in LineLimit.objects.get(group=sales).lines.all()] == [OWN]
    page = client.get(address).content.decode()
    assert page.count('name="is_limited"') == 1 and "רואים שיחות של" not in page


@pytest.mark.parametrize(
    ("limited_to", "says"), [([OTHER], "קו אחר אחד"), ([OWN, OTHER], f"own (\u2066{OWN}\u2069) ועוד קו אחר אחד")]
)
def test_a_page_that_is_read_names_no_line_that_its_reader_does_not_see(client, me, limited_to, says):
    for row in (User.objects.create_user("them", is_staff=True), Group.objects.create(name="sales")):
        set_limit(row, PhoneLine.objects.filter(number__in=limited_to))
        page = client.get(reverse(f"admin:auth_{row._meta.model_name}_change", args=[row.pk])).content.decode()
        assert "רואים שיחות של" in page and says in page and OTHER not in page and "other (" not in page


def test_lines_that_are_ticked_without_the_limit_are_refused_and_give_nobody_every_line(client, me):
    client.force_login(User.objects.create_superuser("boss"))
    said = {"username": "new", "usable_password": "true", "password1": PASSWORD, "password2": PASSWORD}
    lines = {"seen_lines": [line(OWN).pk]}
    dana = person("dana", "reviewer", OWN)
    answers = [
        client.post(reverse("admin:auth_user_add"), {**said, **lines}),
        change(client, dana, **lines),
        client.post(reverse("admin:auth_group_add"), {"name": "sales", **lines}),
    ]
    for answer in answers:
        (sentence,) = answer.context["adminform"].form.errors["is_limited"]
        assert "יש קווים מסומנים" in sentence and sentence in answer.content.decode()
    assert not User.objects.filter(username="new").exists() and not Group.objects.filter(name="sales").exists()
    assert again(dana).numbers == {OWN}
