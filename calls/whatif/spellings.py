"""Hebrew words that are written in two ways: with and without vowel letters, whole and abbreviated. Pure.

Only what is surely the same word is listed: ביטוח (insurance) and בטוח (sure), חודש (month) and חדש (new), איתה (with
her) and אתה (you) are different words, and so none of them is here. What is not listed counts as another word.
"""

from __future__ import annotations

import re

from calls.reply.spoken_numbers import stem_of

_SAME = """
אישה אשה|אישתי אשתי|הייתה היתה|כולם כלם|כולנו כלנו|כולן כלן|הכול הכל|מאוד מאד|מייד מיד|ייתכן יתכן|אומנם אמנם
אליי אלי|עליי עלי|אלייך אליך|עלייך עליך|איתי אתי|איתו אתו|איתנו אתנו|איתך אתך
תוכנית תכנית|תוכניות תכניות|תוכנה תכנה|דוגמה דוגמא|דוגמאות דוגמות|סיסמה סיסמא|גרסה גירסה|אימא אמא|גברת גבירת
עניין ענין|בניין בנין|מניין מנין|קניין קנין|מצוין מצויין|מסוים מסויים|מדויק מדוייק|חניה חנייה|שנייה שניה|יישוב ישוב
צוהריים צהריים צהרים|עיתון עתון|עיתונים עתונים|זיכרון זכרון|ניסיון נסיון|ביקורת בקורת|שירות שרות|שירותים שרותים
טיפול טפול|תיקון תקון|חיבור חבור|הלוואה הלואה|הלוואות הלואות|תקווה תקוה|מצווה מצוה|שווה שוה
קווים קוים|חוויה חויה|אוויר אויר|יומיים יומים|שעתיים שעתים|אפשרויות אפשריות|בוודאי בודאי|וודאי ודאי|זוהי זהי
פייסבוק פיסבוק|ווטסאפ וואטסאפ ווצאפ|אינטרנט אנטרנט|אימייל איימייל|אוקיי אוקי|סליחה סלחה|טלוויזיה טלויזיה
"""
"""Groups of spellings; the first of a group stands for all."""
_ABBREVIATED = {
    'ד"ר': "דוקטור",
    "פרופ'": "פרופסור",
    "גב'": "גברת",
    'עו"ד': "עורך דין",
    'רו"ח': "רואה חשבון",
    'יו"ר': "יושב ראש",
    'ת"ז': "תעודת זהות",
    'ת"א': "תל אביב",
    'ב"ש': "באר שבע",
    'פ"ת': "פתח תקווה",
    'ארה"ב': "ארצות הברית",
    "רח'": "רחוב",
    "שד'": "שדרות",
    "שכ'": "שכונת",
    "מס'": "מספר",
    "טל'": "טלפון",
    "עמ'": "עמוד",
    "דק'": "דקות",
    "וכו'": "וכולי",
    "וכד'": "וכדומה",
    'ע"י': "על ידי",
    'עפ"י': "על פי",
    'ע"פ': "על פי",
    'ע"ש': "על שם",
    'אח"כ': "אחר כך",
    'בד"כ': "בדרך כלל",
    'כ"כ': "כל כך",
    'אחה"צ': "אחר הצהריים",
    'לפנה"צ': "לפני הצהריים",
    'בי"ס': "בית ספר",
    'ביה"ס': "בית הספר",
    'בי"ח': "בית חולים",
    'ביה"ח': "בית החולים",
    'ק"מ': "קילומטר",
    'ק"ג': "קילוגרם",
    'ס"מ': "סנטימטר",
    'ש"ח': "שקל",
}
"""What is spoken as whole words where it is written short. Not what is spoken as it is written: צה"ל, מע"מ, דו"ח."""
_UNITS = {
    "₪": "שקל",
    "שקלים": "שקל",
    "$": "דולר",
    "דולרים": "דולר",
    "€": "יורו",
    "אירו": "יורו",
    "אחוזים": "אחוז",
}
"""A sign says neither one nor many."""
_DOUBLE_YOD = re.compile("(?<=[^י])יי(?=[^י])(?!(?:ם|ה|ך|ו|נו)$)")
"""Within a word. Before these endings it tells words apart: זמניים (temporary) and זמנים (times), ספרייה (library) and
ספריה (her books), קניינו (our property) and קנינו (we bought)."""
LEAST_LETTERS = 6
"""Of a word in which יי and י are the same: in shorter ones they tell words apart (בין and ביין, דין and דיין)."""
_TWO_WORDS = frozenset(
    "דיירים דיירות ציירים ציירות סיירים סיירות גייסים גייסות כייסים טייסים דיינים מיילים שיירות ביירות".split()
)
"""Long words that are another word with one yod: דיירות are tenants, דירות flats."""
SAME: dict[str, str] = {word: group.split()[0] for group in re.split(r"[|\n]", _SAME.strip()) for word in group.split()}


def whole(word: str) -> str:
    """An abbreviation as it is spoken, with the letters that are written onto its front; else the word.

    ``word`` is in the form of calls/reply/spoken_numbers.py's ``words_of``. מד"ר -> מדוקטור.
    """
    if word in _UNITS:
        return _UNITS[word]
    prefix, stem = stem_of(word, _ABBREVIATED)
    return prefix + _ABBREVIATED[stem] if stem else word


def one_spelling(word: str) -> str:
    """The one spelling that stands for all in which this word is written. בתכנית -> בתוכנית, מעוניין -> מעונין."""
    prefix, stem = stem_of(word, SAME)
    if stem:
        return prefix + SAME[stem]
    if len(word) < LEAST_LETTERS or stem_of(word, _TWO_WORDS)[1]:
        return word
    return _DOUBLE_YOD.sub("י", word)
