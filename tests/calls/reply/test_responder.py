from calls.reply.responder import Exchange, Occasion, ReplyCall, ResponderError


def test_errors_carry_their_code():
    assert ResponderError("responder_slow").code == "responder_slow"


def test_an_exchange_without_question_is_the_line_speaking_by_itself():
    exchange = Exchange(Occasion.OPENING, (), (), "במה אפשר לעזור?", "במה")
    assert (exchange.expected, exchange.outcomes) == (None, ())


def test_nobody_to_transfer_to_unless_the_line_has_people():
    assert ReplyCall("CA1", "", "", Occasion.TURNS).people == ()
