"""Nothing that the first of two reviewers said reaches the second before they are done, by whatever way they ask."""

from datetime import timedelta

import pytest
from asgiref.sync import async_to_sync
from django.contrib.auth.models import Permission
from django.urls import reverse
from django.utils import timezone, translation

from calls.api.reading import page_of_turns
from calls.desk.engines import gold
from calls.desk.review.corrections import save, standing_corrections
from calls.desk.review.queue import claims
from calls.desk.review.queue.blind import blind_for, told
from calls.desk.review.queue.sampling import draw
from calls.desk.review.queue.tallies import agreed, found_in
from calls.lines.exporting import exported, with_all_of_it
from calls.models import Call, CallNote, CallReview, CallTag, Correction, Mention, QueuedCall
from tests.html import Page

LIST = reverse("admin:calls_call_changelist")
SAID = ("ארנבת", "כדאי להקשיב", "follow_up", "להמשך טיפול", "תלונה", "unclear", "לא ברור", "dana")


@pytest.fixture
def dana(person):
    return person("dana")


@pytest.fixture
def avi(person):
    return person("avi")


@pytest.fixture
def call(dana, line, waiting_call):
    """That dana is done with, and said all there is to say of; the second review is to be another's."""
    call = waiting_call(wanted=2)
    save(call.turns.get(number=1), dana, seen=0, text="ארנבת")
    post(dana, "review-mark", call, mark="1 unclear on")
    post(dana, "review-tag", call, on="תלונה")
    post(dana, "review-note", call, text="כדאי להקשיב")
    post(dana, "review-done", call, verdict="follow_up")
    return call


def post(user, name, call, **values):
    return user.client.post(reverse(name, args=[call.pk]), values)


def body(answer):
    if not answer.streaming:
        return answer.content.decode()

    async def whole():
        return b"".join([piece async for piece in answer.streaming_content])

    return async_to_sync(whole)().decode()


def subtitles(kind):
    return lambda user, call: user.client.get(reverse("review-subtitles", args=[call.pk, kind]))


def export(action):
    return lambda user, call: user.client.post(LIST, {"action": action, "index": 0, "_selected_action": [call.pk]})


FILES = [subtitles("srt"), subtitles("vtt"), export("export"), export("export_table")]


@pytest.mark.parametrize("file", FILES, ids=["srt", "vtt", "jsonl", "csv"])
def test_a_file_has_nothing_of_the_first_until_the_second_is_done(dana, avi, call, file):
    assert "ארנבת" in body(file(dana, call))
    of_second = body(file(avi, call))
    assert "שתי פיצות" in of_second and not [one for one in SAID if one in of_second]
    post(avi, "review-done", call, verdict="fine")
    assert "ארנבת" in body(file(avi, call))


def test_the_list_neither_shows_nor_finds_what_was_corrected(dana, avi, call):
    def listed(user, **query):
        answer = user.client.get(LIST, query)
        return [one.corrected_n for one in answer.context["cl"].result_list]

    assert (listed(dana), listed(dana, corrected="yes"), listed(dana, corrected="no")) == ([1], [1], [])
    assert (listed(avi), listed(avi, corrected="yes"), listed(avi, corrected="no")) == ([0], [], [0])
    post(avi, "review-done", call, verdict="fine")
    assert listed(avi, corrected="yes") == [1]


def test_the_access_log_does_not_say_what_was_corrected(dana, avi, call):
    log = reverse("admin:calls_accessentry_changelist")
    dana.client.post(reverse("review-correct", args=[call.pk, 1]), {"text": "ארנבת לבנה", "seen": 1})
    for user in (dana, avi):
        user.user_permissions.add(Permission.objects.get(codename="view_accessentry"))
    assert "ארנבת לבנה" in body(dana.client.get(log))
    page = body(avi.client.get(log))
    assert "dana" in page and "ארנבת" not in page
    post(avi, "review-done", call, verdict="fine")
    assert "ארנבת לבנה" in body(avi.client.get(log))


def test_the_second_is_counted_their_own_corrections_alone(avi, call):
    page = avi.client.get(reverse("admin:calls_call_change", args=[call.pk]))
    assert 'name="seen" value="0"' in page.content.decode() and page.context["corrected_n"] == 0
    address = reverse("review-correct", args=[call.pk, 1])
    assert avi.client.post(address, {"text": "שלום לך", "seen": 0}).status_code == 302
    page = avi.client.get(reverse("admin:calls_call_change", args=[call.pk]))
    assert 'name="seen" value="1"' in page.content.decode() and page.context["corrected_n"] == 1
    # Of their own other page they are told.
    assert avi.client.post(address, {"text": "שלום לכם", "seen": 0}).status_code == 409
    assert avi.client.post(address, {"text": "שלום לכם", "seen": 1}).status_code == 302
    assert [(one.number, one.text) for one in Correction.objects.order_by("number")] == [
        (1, "ארנבת"), (2, "שלום לך"), (3, "שלום לכם"),
    ]  # fmt: skip


def withdraw(user, call):
    """By the button of the page as it is shown them."""
    page = Page(body(user.client.get(reverse("admin:calls_call_change", args=[call.pk]))))
    address = reverse("review-correct", args=[call.pk, 1])
    fields = dict(next(one.fields for one in page.forms if one.action == address))
    return user.client.post(address, {**fields, "withdrawn": "on"})


def test_who_is_blind_withdraws_their_own_and_the_others_stands_again(dana, avi, call, line):
    address = reverse("review-correct", args=[call.pk, 1])
    assert avi.client.post(address, {"text": "שלום לך", "seen": 0}).status_code == 302
    assert withdraw(avi, call).status_code == 302
    # Wherever a correction that stands is read.
    assert [one.text for one in standing_corrections(Correction.objects.all())] == ["ארנבת"]
    assert [one.search_text for one in Correction.objects.order_by("number")] == ["", "", "", "ארנבת"]
    for file in FILES:
        assert "ארנבת" in body(file(dana, call))
    (exported_call,) = with_all_of_it(Call.objects.filter(pk=call.pk))
    said = next(turn for turn in exported(exported_call)["turns"] if turn["number"] == 1)["correction"]
    first = Correction.objects.get(number=1)
    assert (said["text"], said["by"], said["made_at"]) == ("ארנבת", "dana", first.made_at)
    (turn, _other) = page_of_turns(call, None, 10)["turns"]
    assert turn["correction"]["text"] == "ארנבת"
    assert [one.text for one in gold._newest(Correction.objects.all(), None)] == ["ארנבת"]
    assert dana.client.get(LIST, {"corrected": "yes", "q": "ארנבת"}).context["cl"].result_count == 1
    # Of which the one who withdrew is told nothing, nor can they withdraw it.
    page = avi.client.get(reverse("admin:calls_call_change", args=[call.pk]))
    assert "ארנבת" not in body(page) and 'name="seen" value="2"' in body(page) and page.context["corrected_n"] == 0
    assert withdraw(avi, call).status_code == 302 and Correction.objects.count() == 4
    # Who sees all of them withdraws all of them.
    withdraw(dana, call)
    assert not standing_corrections(Correction.objects.all()).exists()


def test_of_three_each_ones_withdrawal_leaves_what_the_others_said(dana, avi, person, call):
    noa, turn = person("noa"), call.turns.get(number=1)
    for user in (avi, noa):
        save(turn, user, seen=0, text=f"של {user}", is_blind=True)

    def stands():
        return [one.text for one in standing_corrections(Correction.objects.all())]

    left = []
    for user in (avi, noa):
        save(turn, user, seen=1, withdrawn=True, is_blind=True)
        left.append(stands())
    assert left == [["של noa"], ["ארנבת"]]
    # Another's withdrawal is nothing that they have seen.
    assert save(turn, avi, seen=2, text="של avi", is_blind=True) and stands() == ["של avi"]
    dana.delete()
    save(turn, avi, seen=3, withdrawn=True, is_blind=True)
    assert stands() == ["ארנבת"]


def test_a_samples_page_and_figures_have_no_verdict_of_the_first(dana, avi, call):
    now = timezone.now()
    sample = draw(dana, now - timedelta(days=1), now + timedelta(days=1), 1)
    address = reverse("review-sample", args=[sample.pk])
    verdict = '· להמשך טיפול <span class="quiet"><bdi>dana'
    assert verdict in body(dana.client.get(address))
    page = avi.client.get(address)
    assert verdict not in body(page) and page.context["found"].reviewed == 0
    assert found_in(sample, CallReview.objects.all()).reviewed == 1


def test_while_the_first_is_at_work_nobody_looks_over_their_shoulder(dana, avi, waiting_call):
    call, now = waiting_call(wanted=2), timezone.now()
    assert claims.claim(call.pk, dana, now)
    assert list(blind_for(avi, now).values_list("pk", flat=True)) == [call.pk]
    # Nor does she read what somebody says who does not have it.
    post(avi, "review-note", call, text="כדאי להקשיב")
    assert not told(CallNote.objects.all(), dana, now).exists() and told(CallNote.objects.all(), avi, now).exists()
    QueuedCall.objects.update(wanted=1)
    assert not blind_for(avi, now).exists()


@pytest.mark.parametrize("gives_up", ["skips", "is away"])
def test_what_is_said_by_who_is_never_done_is_kept_from_the_other_as_well(dana, avi, line, waiting_call, gives_up):
    call = waiting_call(wanted=2)
    assert claims.claim(call.pk, dana, timezone.now())
    save(call.turns.get(number=1), dana, seen=0, text="ארנבת")
    post(dana, "review-tag", call, on="תלונה")
    if gives_up == "skips":
        post(dana, "review-put-back", call)
    else:
        QueuedCall.objects.update(claimed_until=timezone.now() - timedelta(minutes=1))
    for file in FILES:
        assert "ארנבת" not in body(file(avi, call))
    assert "ארנבת" not in body(avi.client.get(reverse("admin:calls_call_change", args=[call.pk])))
    post(avi, "review-done", call, verdict="fine")
    # Who gave it up is to be the second, and reads nothing of the first.
    assert not told(CallReview.objects.all(), dana, timezone.now()).exists()
    post(dana, "review-done", call, verdict="fine")
    assert [one.is_blind for one in CallReview.objects.all()] == [True, True]
    assert agreed(timezone.now()).calls == 1


def review_page(user, call):
    with translation.override("en"):
        page = reverse("admin:calls_call_change", args=[call.pk])
        return body(user.client.get(page, headers={"Accept-Language": "en"}))


COUNTS_NOT = "your review does not count in how far reviewers agree"


def test_a_second_review_that_is_taken_back_and_made_again_is_not_blind(dana, avi, call):
    post(avi, "review-done", call, verdict="fine")
    assert agreed(timezone.now()).calls == 1 and COUNTS_NOT not in review_page(avi, call)
    post(avi, "review-undo", call)
    assert agreed(timezone.now()).calls == 0 and COUNTS_NOT in review_page(avi, call)
    post(avi, "review-put-back", call)
    post(avi, "review-done", call, verdict="follow_up")
    assert agreed(timezone.now()).calls == 0 and COUNTS_NOT in review_page(avi, call)
    assert CallReview.objects.get(user=avi).is_blind is False and CallReview.objects.get(user=dana).is_blind is True


def test_a_verdict_that_is_changed_after_the_others_could_be_read_is_not_blind(dana, avi, call):
    post(dana, "review-done", call, verdict="training")  # nobody else had said anything
    post(avi, "review-done", call, verdict="fine")
    post(avi, "review-done", call, verdict="fine")  # the same: a button that was pressed twice
    assert agreed(timezone.now()).calls == 1
    post(dana, "review-done", call, verdict="fine")
    assert agreed(timezone.now()).calls == 0 and COUNTS_NOT in review_page(dana, call)


def test_the_first_who_takes_back_what_nobody_answered_stays_blind(dana, avi, waiting_call):
    call = waiting_call(wanted=2)
    for name in ("review-done", "review-undo", "review-done"):
        post(dana, name, call, verdict="fine")
    post(avi, "review-done", call, verdict="fine")
    assert agreed(timezone.now()).calls == 1 and COUNTS_NOT not in review_page(dana, call)


def test_two_reviews_of_which_one_was_wanted_are_not_blind(dana, avi, waiting_call):
    call = waiting_call()
    for user in (dana, avi):
        post(user, "review-done", call, verdict="fine")
    assert CallReview.objects.count() == 2 and agreed(timezone.now()).calls == 0
    assert COUNTS_NOT not in review_page(avi, call)


def test_who_oversees_and_could_read_the_first_is_no_blind_second(person, call):
    boss = person("boss")
    boss.user_permissions.add(Permission.objects.get(codename="oversee_reviews"))
    assert claims.claim(call.pk, boss, timezone.now())
    post(boss, "review-done", call, verdict="follow_up")
    assert CallReview.objects.get(user=boss).is_blind is False


def test_who_oversees_is_told_all_until_the_call_is_theirs(person, call):
    boss, now = person("boss"), timezone.now()
    boss.user_permissions.add(Permission.objects.get(codename="oversee_reviews"))
    assert told(CallNote.objects.all(), boss, now).exists()
    assert claims.claim(call.pk, boss, now)
    assert not told(CallNote.objects.all(), boss, now).exists()


@pytest.mark.parametrize("kind", [Correction, CallReview, CallTag, CallNote])
def test_what_a_deleted_person_said_is_kept_from_the_second_as_well(dana, avi, call, kind):
    now = timezone.now()
    dana.delete()
    assert kind.objects.filter(user=None).exists() and not told(kind.objects.all(), avi, now).exists()
    post(avi, "review-done", call, verdict="fine")
    assert told(kind.objects.filter(user=None), avi, now).exists()


def test_a_note_that_names_the_second_is_told_them_and_no_other_note(avi, call, person):
    note = CallNote.objects.create(call=call, text="ראו כאן", username="dana", made_at=timezone.now())
    Mention.objects.create(note=note, user=avi)
    assert list(told(CallNote.objects.all(), avi, timezone.now())) == [note]
    assert not told(CallNote.objects.all(), person("noa"), timezone.now()).exists()


def test_the_index_of_calls_for_two_has_all_that_may_be_kept_from_anyone(call, avi):
    (index,) = (one for one in QueuedCall._meta.indexes if one.name == "queue_of_two")
    assert QueuedCall.objects.filter(index.condition).get() == blind_for(avi, timezone.now()).get()
    QueuedCall.objects.update(wanted=1, done=1)
    assert not QueuedCall.objects.filter(index.condition).exists()
