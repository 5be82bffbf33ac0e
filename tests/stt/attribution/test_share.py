"""What an utterance has at a moment."""

from stt.attribution.ledger import Attribution
from stt.events import Final, Interim, Word


def test_it_names_the_newest_stream_that_gave_some_of_its_words():
    ledger = Attribution()
    number = ledger.began(0)
    assert (ledger.share(number).text, ledger.share(number).stream) == ("", None)
    ledger.final(Final((Word("שלום", 0, 300),), 300, stream=2), fed_ms=500)
    assert (ledger.share(number).text, ledger.share(number).stream) == ("שלום", 2)
    ledger.interim(Interim(("עולם",), 900, stream=3), fed_ms=900)
    assert (ledger.share(number).text, ledger.share(number).stream) == ("שלום עולם", 3)
