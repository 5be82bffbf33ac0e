"""Who answers a call."""

import pytest

from calls.lines.models import PhoneLine
from calls.process.answerers import Answerers
from calls.reply.language_models import LanguageModels
from calls.reply.phrases import PhraseCache
from calls.reply.responders import catalogue
from calls.reply.settings import AnswerPrices, AnswerSettings
from calls.reply.voices.recorded import Prompts
from calls.reply.voices.registry import Voices
from stt.tuning import Tuning
from tests.calls.reply.responders.toy import ToyResponder
from tests.calls.reply.voices.toy import ToyVoices


@pytest.fixture
def answerers(tmp_path):
    return Answerers(Voices([ToyVoices()], PhraseCache(tmp_path, 1), Prompts()), LanguageModels())


@pytest.mark.parametrize("name", catalogue.entries())
def test_a_line_is_answered_by_the_responder_it_names(answerers, name):
    noted = []
    answerer = answerers.of_line(AnswerSettings(responder=name), Tuning(), lambda *note: noted.append(note))
    assert (answerer.responder.name, noted) == (name, [])


def test_a_responder_of_another_version_is_noted_and_the_line_is_silent(answerers):
    noted = []
    answerer = answerers.of_line(AnswerSettings(responder="later"), Tuning(), lambda *note: noted.append(note))
    assert answerer.responder.name == "silent"
    assert noted == [
        ("responder_unknown", "there is no responder 'later'; there are: silent, repeat, scripted, llm"),
    ]


def test_a_row_of_the_catalogue_is_all_that_a_new_responder_needs(answerers, monkeypatch):
    toy = catalogue.ResponderEntry(name="toy", label="guesses a number", make=lambda inputs: ToyResponder())
    monkeypatch.setattr(catalogue, "ENTRIES", (*catalogue.ENTRIES, toy))
    answerer = answerers.of_line(AnswerSettings(responder="toy"), Tuning(), lambda *note: None)
    assert isinstance(answerer.responder, ToyResponder)
    assert ("toy", "guesses a number") in list(PhoneLine._meta.get_field("responder").choices)


def test_what_answers_cost_and_whether_they_are_kept_is_the_lines(answerers):
    settings = AnswerSettings(prices=AnswerPrices(7.0, 9.0), keeps_callers_words=True)
    answerer = answerers.of_line(settings, Tuning(), lambda *note: None)
    assert (answerer.prices, answerer.keeps_callers_words) == (AnswerPrices(7.0, 9.0), True)
