"""Subtitles, as players read them."""

from calls.desk.review.captions import Caption, srt, vtt

HELLO = Caption(1000, 2250, "המתקשר", "שלום")


def test_srt_counts_its_captions_and_writes_a_comma():
    assert "".join(srt([HELLO, Caption(3_723_004, 3_724_000, "הקו", "כן")])) == (
        "1\n00:00:01,000 --> 00:00:02,250\nהמתקשר: שלום\n\n2\n01:02:03,004 --> 01:02:04,000\nהקו: כן\n\n"
    )


def test_vtt_has_a_head_a_point_and_voices():
    assert "".join(vtt([HELLO])) == "WEBVTT\n\n00:00:01.000 --> 00:00:02.250\n<v המתקשר>שלום\n\n"


def test_what_was_said_ends_no_caption_and_is_no_markup():
    said = Caption(0, 10, "x", "a\n\n2\n00:00 --> <b>&")
    assert "".join(vtt([said])).endswith("<v x>a 2 00:00 --&gt; &lt;b&gt;&amp;\n\n")
    assert "".join(srt([said])).count("\n\n") == 1


def test_a_turn_without_words_is_not_shown_and_takes_no_number():
    assert "".join(srt([Caption(0, 5, "x", " "), HELLO])).startswith("1\n00:00:01")


def test_a_turn_that_began_before_its_recording_begins_with_it():
    assert "".join(srt([Caption(-400, -100, "x", "כן")])).startswith("1\n00:00:00,000 --> 00:00:00,001\n")
