"""Reads numbers and addresses as people write them and as Twilio sends them, into the one form that is kept.

A number is E.164, an address (``client:``, ``sip:``, ``whatsapp:``) as Twilio says it, without what differs from call
to call. Pure.
"""

from __future__ import annotations

import re
import unicodedata

import phonenumbers
from phonenumbers import PhoneNumber, PhoneNumberFormat, PhoneNumberType

from calls.core.text import HIDDEN
from voiceapp.runtime.coded_error import CodedError

REGION = "IL"
"""The country of a number that names none."""
MAX_CHARACTERS = 64
"""An address is no longer: the columns' length."""
SHOWN_IN_PART = 10
"""Of a number that is shorter only its beginning is shown."""
MAX_TYPED_CHARACTERS = 200
"""A text that a person types is read up to this length."""
_NUMBER = re.compile(r"[\s(]*\+?[\d\s()./\-‐-―−]+")
"""Digits of any script, and what people put between them. No letters: an extension would be dialled by nobody."""
_ISRAEL = 972
_DIGIT = re.compile(r"\d")
_ISRAELI = re.compile(r"[23489]\d{7}|[57]\d{8}")
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?")
_VISIBLE_ASCII = re.compile(r"[!-~]+")


class AddressError(CodedError, ValueError):
    """The text is no number, or no address: ``bad_number``."""

    def __init__(self) -> None:
        super().__init__("bad_number")


def e164(text: str) -> str:
    """The number that a person wrote, as Twilio dials it. Raises AddressError.

    Short numbers (``*2700``, ``100``) are none: Twilio dials E.164 alone, https://www.twilio.com/docs/errors/13223.
    """
    plain = visible(text).replace("־", "-")
    if len(plain) > MAX_CHARACTERS or not _NUMBER.fullmatch(plain):
        raise AddressError
    try:
        number = phonenumbers.parse(plain, REGION)
    except phonenumbers.NumberParseException as error:
        raise AddressError from error
    if not (phonenumbers.is_valid_number(number) or _may_exist(number)):
        raise AddressError
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def address(text: str) -> str:
    """What a line can be called at: a number as E.164, or a ``client:``, ``sip:`` or ``whatsapp:`` address.

    Raises AddressError. A client's identity and a SIP user are case-sensitive, schemes and hosts are not
    (https://www.rfc-editor.org/rfc/rfc3261#section-19.1.4); a SIP address' port, parameters and headers say how it was
    reached, and are left out.
    """
    plain = visible(text)
    scheme, colon, rest = plain.partition(":")
    scheme = scheme.lower()
    if not colon:
        return e164(plain)
    if scheme == "whatsapp":
        return f"{scheme}:{e164(rest)}"
    if scheme in ("sip", "sips"):
        user, _, host = rest.partition("?")[0].rpartition("@")
        host = re.split("[;:]", host)[0].lower()
        rest = f"{user}@{host}" if user and _HOST.fullmatch(host) else ""
    elif scheme != "client":
        raise AddressError
    if not _VISIBLE_ASCII.fullmatch(rest) or len(scheme) + 1 + len(rest) > MAX_CHARACTERS:
        raise AddressError
    return f"{scheme}:{rest}"


def canonical(text: str) -> str:
    """The number or address; of what is neither (a caller id can be letters) what is visible of it. Never raises."""
    return called(text) or visible(text)


def called(text: str) -> str:
    """What a line can be called at; "" for what is no address. Never raises."""
    try:
        return address(text)
    except AddressError:
        return ""


def dialled(text: str) -> str:
    """A number as Twilio dials it; "" for what it cannot dial. Never raises."""
    try:
        return e164(text)
    except AddressError:
        return ""


def number_within(address: str) -> str:
    """The number of a number or of an address that names one (``whatsapp:+972…``, ``sip:0501234567@host``), as Twilio
    dials it; "" where there is none. Never raises."""
    _, colon, rest = address.rpartition(":")
    return dialled(rest.partition("@")[0] if colon else address)


def local_digits(number: str) -> str:
    """What every notation of a dialled number has: without ``+`` and without the country's code, where that is ours."""
    return number.removeprefix(f"+{_ISRAEL}").removeprefix("+")


def scheme_of(address: str) -> str:
    """Of an address its scheme, in small letters; "" of a number."""
    return address.rpartition(":")[0].lower()


def masked(number: str) -> str:
    """A caller's number for who may not see it: ``+9725•••••12``, also within an address. Of an address its scheme; a
    caller id that is no number, such as "Anonymous", as it is."""
    scheme, colon, rest = number.rpartition(":")
    if colon and "@" in rest:
        user, _, host = rest.rpartition("@")
        return f"{masked(f'{scheme}:{user}')}@{HIDDEN * len(host)}"
    begins = 5 if len(rest) >= SHOWN_IN_PART else 2
    ends = 2 if len(rest) >= SHOWN_IN_PART else 0
    if not _DIGIT.search(rest) and not colon:
        return number
    shown = rest[:begins] if rest.startswith("+") else ""
    end = rest[len(rest) - ends :] if shown else ""
    return f"{scheme}{colon}{shown}{HIDDEN * (len(rest) - len(shown) - len(end))}{end}"


def visible(text: str) -> str:
    """The text without marks that nobody sees (direction, byte order, zero width), wide digits and letters narrow."""
    shown = (letter for letter in unicodedata.normalize("NFKC", text) if unicodedata.category(letter) != "Cf")
    return "".join(shown).strip()


def _may_exist(number: PhoneNumber) -> bool:
    """As long as a line's or a mobile's number: a range may be newer than the table of this release."""
    if number.country_code == _ISRAEL:
        return bool(_ISRAELI.fullmatch(str(number.national_number)))
    return phonenumbers.is_possible_number_for_type(number, PhoneNumberType.FIXED_LINE_OR_MOBILE)
