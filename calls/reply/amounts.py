"""Corrections of dates, times, ranges, fractions and counts (calls/reply/corrections.py applies them). Pure."""

from __future__ import annotations

import re
from collections.abc import Callable

from calls.reply.numerals import DIGITS, small_number

Rewrite = str | Callable[[re.Match[str]], str]
MONTHS = "ינואר פברואר מרץ אפריל מאי יוני יולי אוגוסט ספטמבר אוקטובר נובמבר דצמבר".split()
_DAYS = dict(zip("אבגדהוש", "ראשון שני שלישי רביעי חמישי שישי שבת".split(), strict=True))
_ORDINALS = "ראשון שני שלישי רביעי חמישי שישי שביעי שמיני תשיעי עשירי".split()
_CURRENCIES = {"₪": "שקלים", 'ש"ח': "שקלים", "$": "דולרים", "€": "אירו", "£": "פאונד", "%": "אחוזים"}
_UNITS_AFTER = (
    r"(?!\s*(?:₪|\$|€|£|%|ש\"ח|שקל|דולר|אירו|יורו|אחוז|מיליון|מיליארד|אלף|שעות|שעה|ימים|דקות|שניות|חודשים|שנים|שבועות"
    r"|מטר|מ\"ר|מ'|ק\"מ|ק\"ג|קילו|ליטר|גרם|טון|נקודות|כוכבים|פעמים|חדרים|מעלות))"
)
_NUMBER = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_DAY_MONTH = r"(?P<day>0?[1-9]|[12]\d|3[01])[./](?P<month>0?[1-9]|1[0-2])"
_YEAR = r"(?:[./](?P<year>(?:19|20)\d\d|\d\d))?"
_NO_DATE_AFTER = rf"(?![\d]|[./]\d){_UNITS_AFTER}"
_PREFIX = "(?<![א-ת\u0591-\u05c7\\w])"
_FRACTIONS = {
    "½": "חצי", "⅓": "שליש", "⅔": "שני שליש", "¼": "רבע", "¾": "שלושת רבעי", "⅕": "חמישית", "⅛": "שמינית",
    "1/2": "חצי", "1/3": "שליש", "2/3": "שני שליש", "1/4": "רבע", "3/4": "שלושת רבעי",
}  # fmt: skip
_AND_FRACTION = {
    "½": "וחצי",
    "⅓": "ושליש",
    "⅔": "ושני שלישים",
    "¼": "ורבע",
    "¾": "ושלושה רבעים",
    "⅕": "וחמישית",
    "⅛": "ושמינית",
}
_WHOLE_OF = {"שעות": "שעה", "שעה": "שעה", "ימים": "יום", "יום": "יום", "שבועות": "שבוע", "שבוע": "שבוע"}
_WHOLE_OF |= {"חודשים": "חודש", "חודש": "חודש", "שנים": "שנה", "שנה": "שנה", "דקות": "דקה", "דקה": "דקה"}
_WHOLE_OF |= {'ק"ג': "קילו", "קילו": "קילו", "ליטר": "ליטר", "מטר": "מטר", "כוסות": "כוס", "כפיות": "כפית"}
_DUALS = {"שעה": "שעתיים", "יום": "יומיים", "שבוע": "שבועיים", "חודש": "חודשיים", "שנה": "שנתיים"}
_FEMININE = {"שעה", "שנה", "דקה", "כוס", "כפית"}
_PLURALS = {"שעה": "שעות", "יום": "ימים", "שבוע": "שבועות", "חודש": "חודשים", "שנה": "שנים", "דקה": "דקות"}
_PLURALS |= {"כוס": "כוסות", "כפית": "כפיות"}
_HALVED = "|".join(sorted(map(re.escape, _WHOLE_OF), key=len, reverse=True))
_OF_FRACTION = r"(?=\s+(?:כוס|כוסות|כפית|כף|שעה|ק\"ג|קילו|ליטר|מחיר|מה))"


def _date_words(found: re.Match[str]) -> str:
    year = found["year"] or ""
    if len(year) == 2:
        year = ("20" if int(year) < 70 else "19") + year
    day = small_number(int(found["day"]), masculine=True)
    return f"{day} ב{MONTHS[int(found['month']) - 1]}{year and ' '}{year}"


def _date(found: re.Match[str]) -> str:
    """ב-1.1.2027 -> באחד בינואר 2027, ה-3.12 -> השלישי בדצמבר."""
    prefix, words, day = found["prefix"] or "", _date_words(found), int(found["day"])
    if prefix.rstrip("- ").endswith("ה") and day <= len(_ORDINALS):
        words = words.replace(small_number(day, masculine=True), _ORDINALS[day - 1], 1)
    return prefix + words


def _century(found: re.Match[str]) -> str:
    return found[1].rstrip("-") + small_number(int(found[2]), masculine=False)


def _date_range(found: re.Match[str]) -> str:
    first = small_number(int(found["first"]), masculine=True)
    if found["first_month"]:
        first += f" ב{MONTHS[int(found['first_month']) - 1]}"
    return f"{found['prefix'] or ''}{first} עד {_date_words(found)}"


def _day_range(found: re.Match[str]) -> str:
    return f"{found[1]}{_DAYS[found[2]]} עד {_DAYS[found[3]]}"


def _lone_day(found: re.Match[str]) -> str:
    return f"{found[1]}יום {_DAYS[found[2]]}"


def _day(found: re.Match[str]) -> str:
    return f"{found[1]}{_DAYS[found[2]]}"


def _money_range(found: re.Match[str]) -> str:
    name = _CURRENCIES[found["unit"]]
    if "." in found["low"] + found["high"]:
        return f"{found['low']} {name} עד {found['high']} {name}"
    return f"{found['low'].replace(',', '')}-{found['high'].replace(',', '')} {name}"


def _with_fraction(found: re.Match[str]) -> str:
    """1½ שעות -> שעה וחצי, 3.5 חדרים -> שלושה וחצי חדרים."""
    whole, noun = int(found["whole"]), found["noun"]
    part = _AND_FRACTION[found["part"].strip() if found["part"].strip() in _AND_FRACTION else "½"]
    one = _WHOLE_OF[noun]
    if whole == 0:
        return f"חצי {one}" if part == "וחצי" else found[0]
    if whole == 1:
        return f"{one} {part}"
    if whole == 2 and one in _DUALS:
        return f"{_DUALS[one]} {part}"
    return f"{small_number(whole, masculine=one not in _FEMININE)} {part} {_PLURALS.get(one, one)}"


def _rooms(found: re.Match[str]) -> str:
    return f"{small_number(int(found[1]), masculine=True)} וחצי {found[2]}"


def _bare_fraction(found: re.Match[str]) -> str:
    whole = found["whole"]
    if whole:
        return f"{small_number(int(whole), masculine=False)} {_AND_FRACTION[found['part']]}"
    return _FRACTIONS[found["part"]]


def _half_hours(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}:00 עד {found[3]}:00"


def _score(found: re.Match[str]) -> str:
    first, second = (small_number(int(one), masculine=False) for one in (found[2], found[3]))
    return f"{found[1]}{first} ל{second}" if found[1] else f"{first} {second}"


def _over(found: re.Match[str]) -> str:
    said = [small_number(int(one), masculine=False) if int(one) < 100 else one for one in found.groups()]
    return " חלקי ".join(said)


def _times_words(found: re.Match[str]) -> str:
    return f"{DIGITS[int(found[1])]} על {DIGITS[int(found[2])]}"


AMOUNTS: tuple[tuple[str, Rewrite], ...] = (
    # Days of the week: it names the letter.
    (rf"({_PREFIX}[ובלמהש]{{0,2}}(?:ימים |ימי |יום )?)([א-ו])['׳]\s?(?:-|–|עד)\s?([א-ו])['׳]", _day_range),
    (rf"({_PREFIX}[ובלמהש]{{0,2}}(?:יום|ימי)\s+)([א-וש])['׳](?!\w)", _day),
    (rf"{_PREFIX}([ובלמהש]?)([א-ו])['׳](?=:?\s+(?:ב-?)?\d{{1,2}}:\d\d)", _lone_day),
    # Times: a range is "to", after בין it is "and to".
    (r"(בין(?: השעות)?\s+)(\d{1,2}:\d\d)\s?-\s?(\d{1,2}:\d\d)", r"\1\2 ל\3"),
    (r"(\d{1,2}:\d\d)\s?-\s?(\d{1,2}:\d\d)", r"\1 עד \2"),
    (r"((?:ב|ה)?שעות\s+(?:ה-?)?)(\d|1[0-9]|2[0-3])\s?-\s?(1[3-9]|2[0-3])(?![\d:.])", _half_hours),
    (r"(בשעה\s+)(1[3-9]|2[0-3])(?![\d:.,])(?!\s+ו)", r"\1\2:00"),
    # Dates: with a prefix it says בהראשון, and takes ב-3.12 for a decimal.
    (rf"(?P<prefix>{_PREFIX}[ובלמהשכ]{{1,3}}-?|{_PREFIX}(?:תאריך|מתאריך|בתאריך|עד|יום|[א-ת]+,)\s+)?"
     rf"(?P<first>0?[1-9]|[12]\d|3[01])(?:[./](?P<first_month>0?[1-9]|1[0-2]))?\s?-\s?{_DAY_MONTH}"
     rf"[./](?P<year>(?:19|20)\d\d)(?!\d)", _date_range),
    (rf"(?P<prefix>{_PREFIX}[ובלמהשכ]{{1,3}}-?)(?P<first>0?[1-9]|[12]\d|3[01])"
     rf"[./](?P<first_month>0?[1-9]|1[0-2])\s?-\s?{_DAY_MONTH}{_YEAR}{_NO_DATE_AFTER}", _date_range),
    (rf"(?P<prefix>{_PREFIX}[ובלמהשכ]{{1,3}}(?:-|\s(?=\d)))(?<!\d){_DAY_MONTH}{_YEAR}{_NO_DATE_AFTER}", _date),
    (rf"(?P<prefix>{_PREFIX}[ובלמהשכ]{{0,2}}(?:תאריך|יום|עד|(?:{'|'.join(_DAYS.values())}),?)\s+)"
     rf"{_DAY_MONTH}{_YEAR}{_NO_DATE_AFTER}", _date),
    (rf"(?P<prefix>(?<![\d.,/:\w])){_DAY_MONTH}{_YEAR}(?=,?\s+(?:בשעה|ב-?\d{{1,2}}:\d\d))", _date),
    (rf"({_PREFIX}[ובלמהשכ]{{1,3}})-?1 (?=ב(?:{'|'.join(MONTHS)}))", r"\1אחד "),
    # Money and shares: a range's currency, a sum below zero.
    (rf"(?<![\d.,])(?P<low>{_NUMBER})\s?-\s?(?P<high>{_NUMBER})\s?(?P<unit>₪|ש\"ח|\$|€|£|%)", _money_range),
    (rf"(?<![\d.,])(?P<unit>₪|\$|€|£)\s?(?P<low>{_NUMBER})\s?-\s?(?:₪|\$|€|£)?(?P<high>{_NUMBER})", _money_range),
    (r"(?<![\w\"'.\u0591-\u05c7])[-−]\s?(?=[₪$€£]?\s?\d)", "מינוס "),
    # Fractions: it leaves the signs, and reads 2.5 שעות as two point five hour.
    (rf"(?<![\d.,/:])(?P<whole>\d{{1,2}})(?P<part>\s?[½⅓⅔¼¾]|\.50?)\s+(?P<noun>{_HALVED})(?![א-ת\"'])", _with_fraction),
    (r"(?<![\d.,/:])(\d{1,2})\.5\s+(חדרים|כוכבים|מיליון|מיליארד|טון)(?![א-ת])", _rooms),
    (r"(?<![\d.,/:])(?P<whole>\d{0,2})\s?(?P<part>[½⅓⅔¼¾⅕⅛])", _bare_fraction),
    (rf"(?<![\d.,/:])(?P<whole>)(?P<part>1/2|1/3|2/3|1/4|3/4){_OF_FRACTION}", _bare_fraction),
    # Areas and volumes.
    (r"(?<=\d)\s?מ[²2](?![א-ת\d])", ' מ"ר'),
    (r"(?<=\d)\s?מ[³3](?![א-ת\d])", ' מ"ק'),
    # Counts that have a form of their own.
    (r"(?<![\d.,/:-])2 שעות(?![א-ת])", "שעתיים"),
    (r"(?<![\d.,/:-])2 ימים(?![א-ת])", "יומיים"),
    (r"(?<![\d.,/:-])2 שבועות(?![א-ת])", "שבועיים"),
    (r"(?<![\d.,/:-])2 חודשים(?![א-ת])", "חודשיים"),
    (r"(?<![\d.,/:-])2 שנים(?![א-ת])", "שנתיים"),
    (r"(?<![\d.,/:-])2 פעמים(?![א-ת])", "פעמיים"),
    # Ratios, scores, sizes.
    (r"((?:יחס|סיכוי)(?: של)?\s+)?(?<![\d.,/:-])(\d{1,2}):(\d|[6-9]\d)(?!\d|[:.,]\d)", _score),
    (r"(?<![\d.,/:-])24/7(?![\d/])", "עשרים וארבע שבע"),
    (r"(?<![\d.,/:-])50/50(?![\d/])", "חמישים חמישים"),
    (r"(?<![\d.,/:-])1/2(?![\d/.,])", "חצי"),
    (r"(?<![\d.,/:-])(\d{1,3})/(\d{1,3})(?![\d/]|[.,]\d)", _over),
    (r"(המאה\s+ה-?)(1[1-9]|2[0-9])(?!\d)", _century),
    (r"(?<![\d.,/:+-])(\d[\d,]*)\+(?=\s+[א-ת]{3})", r"מעל \1"),
    (r"(?<![\d.,/:+-])(\d[\d,]*)\+(?![\d+])", r"\1 ומעלה"),
    (r"(?<![\w.,])(\d)\s?[xX×]\s?(\d)(?![\w.,])", _times_words),
    (r"(?<=\d)\s?[xX×]\s?(?=\d)|(?<=[\d'\"א-ת])\s[xX×]\s(?=\d)", " על "),
    (r"(?<=\d)\s?\+\s?(?=\d)", " ועוד "),
    (r"(?<=\w)\s?=\s?(?=\w)", " שווה "),
    (r"[~≈]\s?(?=\d)", "בערך "),
    (r"(\d+)°(?!\s?[CFcf])", r"\1 מעלות"),
    (r"(?<=\d)V(?![A-Za-z])", " וולט"),
)  # fmt: skip
"""In the order in which they are applied."""
