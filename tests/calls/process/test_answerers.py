"""Who answers a call."""

import pytest

from calls.process.answerers import Answerers
from calls.reply.language_models import LanguageModels
from calls.reply.phrases import PhraseCache
from calls.reply.settings import RESPONDERS, AnswerPrices, AnswerSettings
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import Voices
from stt.tuning import Tuning
from tests.calls.reply.voices.toy import ToyVoices


@pytest.fixture
def answerers(tmp_path):
    return Answerers(Voices([ToyVoices()], PhraseCache(tmp_path, 1), Prompts()), LanguageModels())


@pytest.mark.parametrize("name", [*RESPONDERS, "of-a-later-version"])
def test_a_line_is_answered_by_the_responder_it_names_and_an_unknown_one_is_silent(answerers, name):
    answerer = answerers.of_line(AnswerSettings(responder=name), Tuning(), lambda *note: None)
    assert answerer.responder.name == (name if name in RESPONDERS else "silent")


def test_what_answers_cost_and_whether_they_are_kept_is_the_lines(answerers):
    settings = AnswerSettings(prices=AnswerPrices(7.0, 9.0), keeps_callers_words=True)
    answerer = answerers.of_line(settings, Tuning(), lambda *note: None)
    assert (answerer.prices, answerer.keeps_callers_words) == (AnswerPrices(7.0, 9.0), True)
