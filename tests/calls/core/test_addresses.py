"""Numbers and addresses as people write them and as Twilio sends them."""

import pytest

from calls.core.addresses import AddressError, address, called, canonical, dialled, e164, masked, number_within


@pytest.mark.parametrize(
    "written",
    [
        "+97235550101",
        "03-5550101",
        "03-555-0101",
        "(03) 555 0101",
        "03/5550101",
        "03.555.0101",
        "03–5550101",
        "03־5550101",
        "+972 (3) 555-0101",
        "+972-03-5550101",
        "972-3-5550101",
        "00972-3-5550101",
        "\u202a+97235550101\u202c",
        "\u200e03-5550101\u200f",
        "\ufeff03\u200b5550101",
        "+97235550101\n",
        "\u00a003\u00a0555\u00a00101 ",
        "０３-５５５-０１０１",
        "＋９７２３５５５０１０１",
        "٠٣٥٥٥٠١٠١",
    ],
)
def test_a_number_is_one_however_it_is_written(written):
    assert e164(written) == address(written) == canonical(written) == dialled(written) == "+97235550101"


@pytest.mark.parametrize(
    ("written", "number"),
    [
        ("050-123-4567", "+972501234567"),  # in no range of the table: it may be newer than that
        ("077-5550101", "+972775550101"),
        ("1-700-500-500", "+9721700500500"),
        ("1800 800 800", "+9721800800800"),
        ("+1 (212) 555-0100", "+12125550100"),
        ("+882160001234", "+882160001234"),
    ],
)
def test_numbers_of_other_kinds_and_countries_are_numbers(written, number):
    assert e164(written) == number


@pytest.mark.parametrize(
    "written",
    [
        "",
        " ",
        "\u200f",
        "abc",
        "*2700",
        "2700",
        "100",
        "+1",
        "+0123456789",
        "050-123456",
        "050-12345678",
        "03-555-01010000",
        "5550101",
        "03-5550101 ext 5",
        "03-5550101,,5",
        "1-800-FLOWERS",
        "+97250<Dial>",
        "03+5550101",
        "+972501234567 052-7654321",
        "+7378742833",  # Twilio's "restricted"
        "Anonymous",
        "9" * 10_000,
        "client:dana",
        "sip:me@example.org",
        "whatsapp:+97235550101",
    ],
)
def test_what_is_no_number_is_not_dialled(written):
    with pytest.raises(AddressError):
        e164(written)
    assert dialled(written) == ""


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("client:Dana", "client:Dana"),
        ("Client:Dana", "client:Dana"),
        ("client:dana", "client:dana"),
        ("\u2066client:dana\u2069", "client:dana"),
        ("sip:Sales@PBX.Example.org", "sip:Sales@pbx.example.org"),
        ("SIP:sales@pbx.example.org:5061;transport=tls", "sip:sales@pbx.example.org"),
        ("sip:+97235550101@x.sip.twilio.com;user=phone?X-A=b@c", "sip:+97235550101@x.sip.twilio.com"),
        ("whatsapp:+972 50-123-4567", "whatsapp:+972501234567"),
        ("client:" + 57 * "a", "client:" + 57 * "a"),
    ],
)
def test_an_address_is_kept_as_it_is_called(sent, kept):
    assert address(sent) == canonical(sent) == called(sent) == kept
    assert canonical(kept) == kept


@pytest.mark.parametrize(
    "sent",
    [
        "client:",
        "client:a b",
        "client:" + 58 * "a",
        "sip:pbx.example.org",
        "sip:@example.org",
        "sip:a@",
        "sip:a@-",
        "sip:א@example.org",
        "whatsapp:dana",
        "mailto:a@example.org",
        ":",
    ],
)
def test_what_cannot_be_called_is_no_address(sent):
    with pytest.raises(AddressError):
        address(sent)
    assert called(sent) == ""


@pytest.mark.parametrize(
    ("sent", "kept"), [("Anonymous", "Anonymous"), ("+266696687", "+266696687"), ("\u200f2700 ", "2700"), ("", "")]
)
def test_a_caller_id_that_is_no_number_is_kept_as_it_is_seen(sent, kept):
    assert canonical(sent) == kept


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+972501234567", "+9725••••••67"),
        ("+97231234567", "+9723•••••67"),
        ("+1234567", "+1••••••"),
        ("0501234567", "••••••••••"),
        ("whatsapp:+972501234567", "whatsapp:+9725••••••67"),
        ("sip:+972501234567@pbx.example.org", "sip:+9725••••••67@•••••••••••••••"),
        ("sip:0501234567@pbx", "sip:••••••••••@•••"),
        ("client:dana", "client:••••"),
        ("Anonymous", "Anonymous"),
        ("", ""),
    ],
)
def test_a_masked_number_says_where_from_and_how_it_ends(number, shown):
    assert masked(number) == shown


@pytest.mark.parametrize(
    "address",
    [
        "+972501234567",
        "whatsapp:+972501234567",
        "sip:+972501234567@pbx.example.org",
        "sips:972501234567@pbx.example.org",
        "sip:0501234567@pbx",
        "client:+972501234567",
    ],
)
def test_an_address_that_names_a_number_is_that_numbers(address):
    assert number_within(address) == "+972501234567"


@pytest.mark.parametrize(
    "address", ["", "Anonymous", "client:dana", "sip:100@pbx", "sip:sales@0501234567", "whatsapp:"]
)
def test_an_address_without_a_number_is_nobodys_number(address):
    assert number_within(address) == ""
