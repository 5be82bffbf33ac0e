"""What heb-tts-normalizer 0.2.0 reads wrongly, put right before it reads: a table of patterns. Pure.

Each row rewrites what it knows into words, or into a form that the normalizer reads rightly; the rows stand in the
order in which they are applied, and what a row has put into words has no digits left for a later one. The faults were
found by reading its answers to the phrases of tests/calls/reply/speakable_phrases.py.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from calls.reply.amounts import AMOUNTS
from calls.reply.numerals import groups_of, groups_of_phone, in_groups, one_by_one, spelled

Rewrite = str | Callable[[re.Match[str]], str]
_POINTS = "[\u0591-\u05bd\u05bf\u05c1\u05c2\u05c7]*"
_BEFORE = "(?<![א-ת\u0591-\u05c7\\w])"
_AFTER = "(?![א-ת\u0591-\u05c7\\w])"


def pointed(words: str) -> str:
    """A pattern that finds these words with points and without."""
    return "".join(f"(?:{one}{_POINTS})" if "א" <= one <= "ת" else one for one in words)


_STRONG_CODES = pointed(
    "קוד|סיסמה|סיסמא|תעודת ה?זהות|אסמכתא|"
    "מספר ה?(?:הזמנה|לקוח|פנייה|פניה|אישור|כרטיס|חשבון|משלוח|מעקב|רכב|רישוי|זהות|מנוי|פוליסה|קבלה|חשבונית|עוסק|קריאה|"
    "תיק|מזהה|אימות|דרכון|שלוחה|אסמכתא|סידורי)|מיקוד|דרכון|שלוחה|עוסק מורשה|חברה פרטית|ה?ספרות ה?אחרונות|"
    "ש?(?:מסתיים|מסתיימת|נגמר|נגמרת) ב"
)
_WEAK_CODES = pointed("מספר|הזמנה|הזמנתך|הזמנתכם|פנייתך|פנייתכם|חשבונית|פנייה|פניה|פוליסה|כרטיס|חשבון|תיק|קריאה")
_FILLERS = pointed(
    "שלך|שלכם|שלכן|שלי|שלנו|שלו|שלה|הוא|היא|הינו|הינה|ה?אימות|ה?גישה|ה?כניסה|ה?קופון|הסודי|החדש|החדשה|הזמני|מספר|הבא|הן|הם|זה"
)
_TO_CODE = rf"(?:\s+(?:{_FILLERS})){{0,3}}\s*[:\-]?\s*(?:מספר\s+)?#?"
_NO_QUANTITY = r"(?!\w|[.:/,]\d|-\w|\s*(?:₪|\$|€|%|ש\"ח|שקל|דולר|אחוז|ספרות))"
_CODE = rf"(?=[A-Za-z-]*\d)[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*{_NO_QUANTITY}"
_LONG_CODE = rf"(?=(?:[A-Za-z-]*\d){{4}})[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*{_NO_QUANTITY}"

_TOP_LEVEL = {"com": "קום", "org": "אורג", "net": "נט", "gov": "גוב", "co": "קו", "il": "איי אל", "io": "איי או"}
_TOP_LEVEL |= {"ac": "איי סי", "info": "אינפו", "biz": "ביז", "muni": "מוני", "edu": "אדיו", "uk": "יו קיי"}
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,40}[A-Za-z0-9])?"
_HOST = rf"(?:{_LABEL}\.){{1,4}}(?:com|org|net|gov|il|io|info|biz|edu|uk)"
_ENGLISH = {
    "whatsapp": "וואטסאפ",
    "wi-fi": "ווי פיי",
    "wifi": "ווי פיי",
    "ok": "אוקיי",
    "email": "אימייל",
    "e-mail": "אימייל",
    "google": "גוגל",
    "bit": "ביט",
    "paybox": "פייבוקס",
    "waze": "ווייז",
}


def _code(found: re.Match[str]) -> str:
    before = found["before"].rstrip(" #-")
    return before + ("" if before.endswith(" ב") else " ") + in_groups(groups_of(found["code"].replace("-", "")))


def _thousands(found: re.Match[str]) -> str:
    """$1.5M, as dashboards write it."""
    unit = {"₪": " שקלים", "$": " דולר", "€": " אירו", "£": " פאונד", "": ""}[found["unit"]]
    return f"{found['number']} {'אלף' if found['size'] == 'K' else 'מיליון'}{unit}"


def _bare_code(found: re.Match[str]) -> str:
    return in_groups(groups_of(found[0].replace("-", "")))


def _phone(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9]", "", found[0])
    if not found[0].startswith("+"):
        return in_groups(groups_of_phone(digits))
    written = re.split(r"[-\s]+", found[0][1:])
    abroad = len(written) > 1 and not digits.startswith("972")
    return "פלוס " + in_groups(written if abroad else groups_of_phone(digits))


def _star_number(found: re.Match[str]) -> str:
    return f"{'כוכבית' if found[1] == '*' else 'סולמית'} {one_by_one(found[2])}"


def _host(found: re.Match[str]) -> str:
    *labels, top = found["host"].lower().removeprefix("www.").split(".")
    words = [
        _TOP_LEVEL.get(one, spelled(one)) if at else spelled(one)
        for at, one in enumerate([*labels, top])
        if len(one) <= 30
    ]
    return " נקודה ".join(words)


def _mail(found: re.Match[str]) -> str:
    return f"{spelled(found['local'])} שטרודל {_host(found)}"


def _acronym(found: re.Match[str]) -> str:
    return one_by_one(found[0])


def _english(found: re.Match[str]) -> str:
    return _ENGLISH.get(found[0].lower(), found[0])


def _mixed(found: re.Match[str]) -> str:
    """Letters and digits in one word, such as A1234: as a code where it has four characters, else part by part."""
    if len(found[0]) >= 4:
        return in_groups(groups_of(found[0].replace("-", "")))
    return one_by_one(found[0])


def _single_digits(found: re.Match[str]) -> str:
    return one_by_one(found[0])


ABBREVIATIONS: tuple[tuple[str, Rewrite], ...] = (
    (rf'{_BEFORE}([ובלמהש]{{0,2}})(?:ת"ז|ת\.\s?ז\.?){_AFTER}', r"\1תעודת זהות"),
    (rf'{_BEFORE}([ובלמהש]{{0,2}})(?:ת"ד|ת\.\s?ד\.?){_AFTER}', r"\1תיבת דואר"),
    (rf"{_BEFORE}([ובלמהש]{{0,2}})טל'(?=\s*[:.]?\s*[\d+*(])\s*[:.]?", r"\1טלפון "),
    (rf"{_BEFORE}([ובלמהש]{{0,2}})נייד'?(?=\s*:)", r"\1נייד"),
    (rf"{_BEFORE}([ובלמהש]{{0,2}})מס'\s*", r"\1מספר "),
    (rf'{_BEFORE}(?:ח"פ|ח\.\s?פ\.?){_AFTER}', "חברה פרטית"),
    (rf'{_BEFORE}מק"ט{_AFTER}', "מספר מזהה"),
    (rf'{_BEFORE}לפנה"צ{_AFTER}', "לפני הצהריים"),
    (rf'{_BEFORE}אחה"צ{_AFTER}', "אחר הצהריים"),
    (rf'{_BEFORE}([וב]?)חו"ל{_AFTER}', r"\1חוץ לארץ"),
    (rf'{_BEFORE}([ובלה]{{0,2}})דוא"ל{_AFTER}', r"\1דואר אלקטרוני"),
    (rf'{_BEFORE}סה"כ{_AFTER}', "סך הכול"),
    (rf"{_BEFORE}שכ'{_AFTER}", "שכונת"),
    (rf'{_BEFORE}([ובלמהש]{{0,2}})מע"מ{_AFTER}', r"\1מעם"),
    (rf'{_BEFORE}([ובלמהש]{{0,2}})ב"כ{_AFTER}', r"\1בא כוח"),
    (r'(?<=[א-ת] )ש"ח(?![א-ת])', "שקלים"),
    (r"(?<![\w.,])(?P<unit>[₪$€£]?)\s?(?P<number>\d+(?:\.\d+)?)\s?(?P<size>[KM])(?![\w])", _thousands),
    (rf"{_BEFORE}(?:דק')", "דקות"),
    (rf"{_BEFORE}(?:שנ')", "שניות"),
    (rf'(?:ק"מ/ש|קמ"ש|km/h){_AFTER}', 'קמ"ש'),
)
"""Short forms that it leaves or misreads. They come first: what follows them may be a number of another kind."""

ADDRESSES: tuple[tuple[str, Rewrite], ...] = (
    (rf"(?P<local>[A-Za-z0-9](?:[A-Za-z0-9._+-]{{0,60}}[A-Za-z0-9_+])?)@(?P<host>{_HOST})\b", _mail),
    (rf"(?<![\w.@/-])(?P<host>(?:www\.)?{_HOST})\b(?:/[^\s\"')\]]*)?", _host),
    (r"\S*(?:@\S|://|\bwww\.)\S*", " "),
)
"""E-mail and sites as they are dictated; an address of another kind cannot be spoken."""

CODES: tuple[tuple[str, Rewrite], ...] = (
    (rf"(?P<before>{_BEFORE}[ובלמהשכ]{{0,3}}(?:{_STRONG_CODES}){_TO_CODE})(?P<code>{_CODE})", _code),
    (rf"(?P<before>{_BEFORE}[ובלמהשכ]{{0,3}}(?:{_WEAK_CODES}){_TO_CODE})(?P<code>{_LONG_CODE})", _code),
    (r"\((0\d{1,2})\)\s*(?=\d)", r"\1-"),
    (r"(\+\d{1,3})\s?\((\d{1,4})\)\s?(?=\d)", r"\1-\2-"),
    (r"(?<=[\dא-ת])#(?!\w)", " סולמית"),
    (r"(?<!\S)\*(?!\S|\s*\d)|(?<!\S)\*(?=[.,!?;](?:\s|$))", "כוכבית"),
    (r"(?<!\S)#(?!\S|\s*\d)|(?<!\S)#(?=[.,!?;](?:\s|$))", "סולמית"),
    (r"(?<![\w.,/:+])\+(?:[-\s]?\d){8,14}(?![\d])", _phone),
    (r"(?<![\w.,/:+-])(?:972[- ]?\d(?:[- ]?\d){7,8})(?!\d|[.,:/]\d)", _phone),
    (r"(?<![\d.,/:+*])(?<!\d-)0[2-9]\d?(?:[- ]?\d){7}(?!\d|[.,:/-]\d)", _phone),
    (r"(?<![\d.,/:+*])(?<!\d-)1[- ]?(?:800|700|599|90[0-3]|80[19]|212|222)(?:[- ]?\d){6}(?!\d|[.,:/-]\d)", _phone),
    (r"(?<![\w*#])([*#])(\d{1,6})(?![\d*#])", _star_number),
    (r"(?<![\d.,/:])(?<!\d-)\d(?:-\d){2,}(?![\d]|-\d|[.,:/]\d)", _bare_code),
    (r"(?<![\d.,/:])(?<!\d-)0\d+(?:-\d+)*(?![\d]|-\d|[.,:/]\d|\s*(?:₪|%))", _bare_code),
    (r"(?<![\d.,/:$€£₪-])(?<![$€£₪]\s)\d{7,}(?<!000)(?!\d|[.,:/-]\d|\s*(?:₪|\$|€|%|ש\"ח|שקל|דולר|אירו))", _bare_code),
    (r"(?<![\d.,/:])\d{16,}", _bare_code),
    (r"(?<![\d.,/:-])(?!(?:19|20)\d\d-\d\d-\d\d(?!\d))\d{3,}(?:-\d{2,}){2,}(?![\d]|-\d|[.,:/]\d)", _bare_code),
    (r"(?<![A-Za-z\d-])(?!\d+[xX]\d+(?!\w))(?=[A-Za-z-]*\d)(?=[\d-]*[A-Za-z])[A-Za-z\d]{1,12}(?:-[A-Za-z\d]{1,12}){0,4}(?![A-Za-z\d])"
     r"(?<!\dGB)(?<!\dMB)(?<!\dTB)(?<!\dkg)(?<!\dkm)(?<!\dcm)(?<!\dmm)(?<!\d[xX]\d)(?<!\dV)", _mixed),
)  # fmt: skip
"""What is read digit by digit: codes, order and ID numbers in groups, phones by their plan."""

WORDS: tuple[tuple[str, Rewrite], ...] = (
    (r"(?<![A-Za-z])(?!OK|[KMGT]B)[A-Z]{2,4}(?![A-Za-z])", _acronym),
    (r"(?<![A-Za-z])[A-Za-z]+(?:-[A-Za-z]+)?(?![A-Za-z])", _english),
    (r"ו/או", "או"),
    (r"(?<=[א-ת'\"])\s?/\s?(?=[א-ת])", " או "),
    (r"(?<=\w)\s*&\s*(?=[א-ת])", " ו"),
    (r"\s+&\s+", " and "),
)

TABLE: tuple[tuple[re.Pattern[str], Rewrite], ...] = tuple(
    (re.compile(pattern), rewrite) for pattern, rewrite in (*ABBREVIATIONS, *ADDRESSES, *CODES, *AMOUNTS, *WORDS)
)


def corrected(text: str) -> str:
    """The text with every row of the table applied."""
    text = re.sub(r"(?<=[א-ת\u0591-\u05c7\d])[־–](?=\d)", "-", text)
    text = re.sub(r"(?<=[א-ת]{3})(?=\d)", " ", text)
    text = re.sub(r"(?<=[\u0591-\u05c7])-(?=\d)", "", text)
    text = re.sub(r"(?<=\d)\s?[–—]\s?(?=\d)", "-", text)
    for pattern, rewrite in TABLE:
        text = pattern.sub(rewrite, text)
    return joined_prefixes(text)


def joined_prefixes(text: str) -> str:
    """ב-אחת, as a row may leave it: the prefix is said with its word."""
    return re.sub(r"(?<![א-ת\u0591-\u05c7])([ובלמהשכ]{1,2})-(?=[א-ת])", r"\1", text)
