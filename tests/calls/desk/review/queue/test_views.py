"""Working through calls on their pages: what is saved, what is refused, and where one goes next."""

import re
from datetime import timedelta

import pytest
from django.core.management import call_command
from django.db.models import F
from django.urls import reverse
from django.utils import timezone

from calls.desk.review.corrections import save
from calls.desk.review.queue import claims
from calls.models import AccessEntry, Call, CallNote, CallReview, CallTag, Mention, QueuedCall, ReviewSample, TurnMark

NOW = timezone.now()


def page_of(call):
    return reverse("admin:calls_call_change", args=[call.pk])


def post(user, name, call=None, **values):
    return user.client.post(reverse(name, args=[call.pk] if call else []), values)


def shown(user, call):
    return user.client.get(page_of(call)).content.decode()


def section(page):
    return re.search(r'<section id="review".*?</section>', page, re.DOTALL)[0]


def test_next_opens_the_call_that_one_then_has(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    assert post(dana, "review-next")["Location"] == f"{page_of(call)}?queue=doubt"
    assert QueuedCall.objects.get().claimed_by == dana
    page = section(shown(dana, call))
    assert "2 אמירות בזיהוי גיבוי" in page and "disabled" not in page


def test_nothing_waits(person):
    assert post(person("dana"), "review-next")["Location"] == reverse("review-queue")


def test_done_keeps_the_verdict_and_goes_on(person, waiting_call):
    dana, first, second = person("dana"), waiting_call("CA1", doubt=9), waiting_call("CA2")
    QueuedCall.objects.filter(pk=first.pk).update(reasons={"fallback": 1})
    post(dana, "review-next")
    assert "ממתינה לבדיקה כי:" in shown(dana, first)
    answer = post(dana, "review-done", first, verdict="training", queue="doubt")
    assert "ממתינה לבדיקה כי:" not in shown(dana, first)
    assert "המתינה לבדיקה כי:" in shown(dana, first)
    assert answer["Location"] == f"{page_of(second)}?queue=doubt"
    review = CallReview.objects.get()
    assert (review.call, review.user, review.verdict, review.opened_at is not None) == (first, dana, "training", True)
    queued = QueuedCall.objects.get(pk=first.pk)
    assert (queued.done, queued.last_reviewer, queued.claimed_by) == (1, dana, None)
    assert AccessEntry.objects.filter(kind="review", call_sid="CA1", user=dana).count() == 1


def test_a_verdict_that_is_thought_over_counts_once(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    for verdict in ("fine", "follow_up"):
        post(dana, "review-done", call, verdict=verdict)
    assert CallReview.objects.get().verdict == "follow_up"
    assert QueuedCall.objects.get().done == 1


def test_nothing_is_saved_of_a_call_that_somebody_else_has(person, waiting_call):
    dana, avi, call = person("dana"), person("avi"), waiting_call()
    claims.claim(call.pk, avi, timezone.now())
    answer = dana.client.post(reverse("review-done", args=[call.pk]), {"verdict": "fine"}, follow=True)
    assert not CallReview.objects.exists() and not AccessEntry.objects.filter(kind="review").exists()
    assert "פתוחה אצל מישהו אחר" in answer.content.decode()
    page = section(shown(dana, call))
    assert "<bdi>avi</bdi>" in page and "disabled" in page


@pytest.mark.parametrize("verdict", ["", "nonsense", "\0"])
def test_a_verdict_that_there_is_not_is_refused(person, waiting_call, verdict):
    call = waiting_call()
    assert post(person("dana"), "review-done", call, verdict=verdict)["Location"].startswith(page_of(call))
    assert not CallReview.objects.exists()


def test_a_skipped_call_comes_back_when_nothing_else_waits(person, waiting_call):
    dana, first, second = person("dana"), waiting_call("CA1", doubt=9), waiting_call("CA2")
    post(dana, "review-next")
    assert str(second.pk) in post(dana, "review-put-back", first)["Location"]
    assert post(dana, "review-put-back", second)["Location"] == reverse("review-queue")
    assert str(first.pk) in post(dana, "review-next")["Location"]


def test_the_open_page_keeps_its_call_and_is_told_when_it_was_freed(person, waiting_call):
    dana, boss, call = person("dana"), person("boss", "admin"), waiting_call()
    assert post(dana, "review-claim", call).json() == {"mine": True, "holder": "dana"}
    assert post(dana, "review-claim", call, renew=1).json()["mine"]
    assert post(boss, "review-claim", call).json() == {"mine": False, "holder": "dana"}
    assert "dana" in boss.client.get(reverse("review-queue")).content.decode()
    post(boss, "review-free", call)
    assert post(dana, "review-claim", call, renew=1).json() == {"mine": False, "holder": ""}


def test_a_turn_is_marked_and_the_mark_taken_off(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    address = reverse("review-mark", args=[call.pk])
    answer = dana.client.post(address, {"mark": "2 crosstalk on"}, headers={"X-Requested-With": "XMLHttpRequest"})
    assert answer.content.decode().count('aria-pressed="true"') == 1
    assert TurnMark.objects.get().turn == 2
    assert AccessEntry.objects.get(kind="review").turn == 2
    assert post(dana, "review-mark", call, mark="2 crosstalk off")["Location"].endswith("#turn-2")
    assert not TurnMark.objects.exists()
    assert post(dana, "review-mark", call, mark="9 crosstalk on").status_code == 404


def test_a_call_gets_tags_of_its_own_line_alone(person, line, waiting_call):
    dana, call = person("dana"), waiting_call()
    assert section(shown(dana, call)).count('class="mark tag"') == 2
    post(dana, "review-tag", call, on="תלונה")
    post(dana, "review-tag", call, on="שלי")
    assert [one.name for one in CallTag.objects.all()] == ["תלונה"]
    line.review_tags = ""
    line.save()
    post(dana, "review-tag", call, off="תלונה")
    assert not CallTag.objects.exists()


def test_a_note_is_found_by_whom_it_names(person, waiting_call):
    dana, sup, call = person("dana"), person("ronit.l", "supervisor"), waiting_call()
    post(dana, "review-note", call, text="@ronit.l, כדאי להקשיב. dana@example.com @ronit.l.")
    assert [one.user for one in Mention.objects.all()] == [sup]
    post(dana, "review-note", call, text="לבדיקה של@ronit.l")
    assert [one.user for one in Mention.objects.all()] == [sup, sup]
    queue = sup.client.get(reverse("review-queue")).content.decode()
    assert f"{page_of(call)}#review" in queue and "כדאי להקשיב" in queue
    page = section(shown(sup, call))
    assert "כדאי להקשיב" in page and '<bdi dir="ltr">@ronit.l</bdi>' in page
    post(sup, "review-seen", call)
    assert f"{page_of(call)}#review" not in sup.client.get(reverse("review-queue")).content.decode()


def test_a_note_that_names_nobody_who_reads_calls_is_kept_and_that_is_said(person, waiting_call, django_user_model):
    django_user_model.objects.create(username="guest", is_staff=True)
    dana, call = person("dana"), waiting_call()
    answer = post(dana, "review-note", call, text="@guest תראה")
    assert answer["Location"].startswith(page_of(call))
    assert CallNote.objects.get().text == "@guest תראה" and not Mention.objects.exists()
    assert "אין כאן מי שנקרא @guest" in shown(dana, call)


@pytest.mark.parametrize("text", ["", " \n", "א" * 2001])
def test_a_note_has_its_length(person, waiting_call, text):
    post(person("dana"), "review-note", waiting_call(), text=text)
    assert not CallNote.objects.exists()


def test_the_second_reviewer_does_not_see_what_the_first_said(person, waiting_call):
    dana, avi, call = person("dana"), person("avi"), waiting_call(wanted=2)
    turn = call.turns.get(number=1)
    save(turn, dana, seen=0, text="שלום רב")
    post(dana, "review-done", call, verdict="follow_up")
    # Not by a link of the queue either, before the page has claimed it.
    page = shown(avi, call)
    assert "שלום רב" not in page and "<strong>להמשך טיפול" not in page
    assert "<strong>להמשך טיפול" in shown(dana, call)
    assert "<strong>להמשך טיפול" in shown(person("tuner", "tuner"), call)
    post(avi, "review-next")
    page = shown(avi, call)
    assert "שלום רב" not in page and "<strong>להמשך טיפול" not in page
    answer = avi.client.post(
        reverse("review-correct", args=[call.pk, 1]),
        {"text": "שלום לך", "seen": 0},
        headers={"X-Requested-With": "XMLHttpRequest"},
    )
    assert answer.status_code == 200 and "שלום רב" not in answer.content.decode()
    post(avi, "review-done", call, verdict="fine")
    page = shown(avi, call)
    assert "שלום רב" in page and "<strong>להמשך טיפול" in page
    assert QueuedCall.objects.get().done == 2


def test_the_second_reviewer_is_told_no_mark_tag_or_note_of_the_first(person, line, waiting_call):
    dana, avi, call = person("dana"), person("avi"), waiting_call(wanted=2)
    post(dana, "review-mark", call, mark="1 unclear on")
    post(dana, "review-tag", call, on="תלונה")
    post(dana, "review-note", call, text="כדאי להקשיב")
    post(dana, "review-note", call, text="@avi מה דעתך")
    post(dana, "review-done", call, verdict="fine")
    page = shown(avi, call)
    assert 'aria-pressed="true"' not in page and "כדאי להקשיב" not in page and "מה דעתך" in page
    # What both find is each one's own.
    answer = avi.client.post(
        reverse("review-mark", args=[call.pk]), {"mark": "1 unclear on"}, headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert answer.content.decode().count('aria-pressed="true"') == 1
    post(avi, "review-mark", call, mark="1 unclear off")
    post(avi, "review-tag", call, on="תלונה")
    assert TurnMark.objects.get().user == dana and CallTag.objects.count() == 2
    post(avi, "review-done", call, verdict="fine")
    page = shown(avi, call)
    assert page.count('aria-pressed="true"') == 2 and "כדאי להקשיב" in page
    # One mark is on or off, whoever set it.
    post(avi, "review-mark", call, mark="1 unclear off")
    assert not TurnMark.objects.exists()


def test_the_second_reviewer_finds_no_corrected_word_of_the_first(person, waiting_call):
    dana, avi, call = person("dana"), person("avi"), waiting_call(wanted=2)
    save(call.turns.get(number=1), dana, seen=0, text="ארנבת")
    post(dana, "review-done", call, verdict="fine")

    def found(user):
        answer = user.client.get(reverse("admin:calls_call_changelist"), {"q": "ארנבת"})
        return list(answer.context["cl"].result_list)

    assert (found(dana), found(avi)) == ([call], [])
    post(avi, "review-done", call, verdict="fine")
    assert found(avi) == [call]


def test_a_review_of_a_moment_ago_is_taken_back(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    post(dana, "review-next")
    following = post(dana, "review-done", call, verdict="fine")["Location"]
    CallReview.objects.update(made_at=F("made_at") - timedelta(minutes=3))
    done_at = timezone.localtime(CallReview.objects.get().made_at)
    page = dana.client.get(following).content.decode()
    assert f"/calls/{call.pk}/undo" in page
    assert f'ביטול הסיום <bdi dir="ltr">{done_at:%H:%M}</bdi>' in page  # when it was done, not when the call began
    assert post(dana, "review-undo", call)["Location"].startswith(page_of(call))
    queued = QueuedCall.objects.get()
    assert not CallReview.objects.exists()
    assert (queued.done, queued.last_reviewer, queued.claimed_by) == (0, None, dana)
    # Nothing is left that could be taken back.
    post(dana, "review-undo", call)
    assert QueuedCall.objects.get().done == 0


def test_the_second_review_is_taken_back_alone(person, waiting_call):
    dana, avi, call = person("dana"), person("avi"), waiting_call(wanted=2)
    post(dana, "review-done", call, verdict="fine")
    post(avi, "review-done", call, verdict="training")
    post(avi, "review-undo", call)
    queued = QueuedCall.objects.get()
    assert (queued.done, queued.last_reviewer, CallReview.objects.get().user) == (1, dana, dana)
    assert claims.next_call(avi, timezone.now(), put_back=[]) == call.pk


def test_an_old_review_is_not_taken_back(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    post(dana, "review-done", call, verdict="fine")
    CallReview.objects.update(made_at=NOW - timedelta(minutes=11))
    assert "undo" not in section(shown(dana, call))
    post(dana, "review-undo", call)
    assert CallReview.objects.exists() and QueuedCall.objects.get().done == 1


def test_a_call_that_has_only_just_ended_can_be_done(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    QueuedCall.objects.all().delete()
    post(dana, "review-done", call, verdict="fine")
    assert QueuedCall.objects.get().done == 1 and CallReview.objects.get().user == dana


FOR_REVIEWERS = "next", "claim", "done", "undo", "put-back", "mark", "tag", "note"


@pytest.mark.parametrize("group", ["supervisor", "tuner"])
def test_who_only_reads_changes_nothing(person, waiting_call, group):
    call, user = waiting_call(), person("somebody", group)
    for name in (*FOR_REVIEWERS, "free"):
        assert post(user, f"review-{name}", None if name == "next" else call, verdict="fine").status_code == 403, name
    page = section(shown(user, call))
    assert "<button" not in page and "2 אמירות בזיהוי גיבוי" in page
    queue = user.client.get(reverse("review-queue"))
    assert queue.status_code == 200 and "CA1" not in queue.content.decode()


def test_a_reviewer_frees_no_call_and_draws_no_sample(person, waiting_call):
    dana, call = person("dana"), waiting_call()
    assert post(dana, "review-free", call).status_code == 403
    assert post(dana, "review-draw").status_code == 403
    assert "כמה בדק כל אחד" not in dana.client.get(reverse("review-queue")).content.decode()


def test_all_of_it_goes_with_its_call(person, waiting_call, settings, tmp_path):
    settings.VAR_DIR = tmp_path
    dana, boss, call = person("dana"), person("boss", "admin"), waiting_call()
    post(dana, "review-mark", call, mark="1 unclear on")
    post(dana, "review-note", call, text="@boss שלום")
    today = timezone.localdate()
    post(boss, "review-draw", since=today - timedelta(days=1), until=today, size=5)
    post(dana, "review-done", call, verdict="fine")
    Call.objects.update(ended_at=NOW - timedelta(days=40))
    call_command("purge", "--older-than", "30", "--calls")
    for model in (QueuedCall, CallReview, TurnMark, CallNote, Mention):
        assert not model.objects.exists(), model
    sample = ReviewSample.objects.get()
    assert "0 שמורות" in boss.client.get(reverse("review-sample", args=[sample.pk])).content.decode()


def test_the_queues_page_asks_as_often_for_many_calls_as_for_one(person, waiting_call, django_assert_max_num_queries):
    for n in range(30):
        waiting_call(f"CA{n}", doubt=n + 1)
    boss = person("boss", "admin")
    with django_assert_max_num_queries(20):
        page = boss.client.get(reverse("review-queue")).content.decode()
    assert page.count('class="points"') == 20
