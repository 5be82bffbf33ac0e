"""What a recogniser wrote, what a person types, and whether the one is found by the other: on every database."""

from datetime import UTC, datetime

from django.db.models import Q

from calls.core.turns import Source, Turn
from calls.desk.admin.searching import search
from calls.models import Call
from calls.storage.records import CallStarted, TurnSaved, ValueSaved
from calls.storage.rows import write

FOUND = [
    # Gershayim, in every way to type them
    ('הוא שירת בצה"ל', "צה״ל"),
    ("הוא שירת בצה״ל", 'צה"ל'),
    ("הוא שירת בצה”ל", "צה''ל"),
    ("הוא שירת בצה״ל", "צהל"),
    ("הוא שירת בצהל", 'צה"ל'),
    ('צה"ל גובה מע״מ', 'צה"ל ומע"מ'.replace(" ו", " ")),
    ('של צה״ל ומע"מ יחד', 'צה"ל ומע"מ'),
    ('דו"ח של בע״מ וח.פ.', 'דו"ח בע"מ'),
    ('אמרו בקול "צה״ל ומע"מ" ויצאו', '"צה״ל ומע״מ"'),
    # Geresh and apostrophes
    ("ג׳ירפה וצ׳יפס", "ג'ירפה"),
    ("ג'ירפה וצ'יפס", "ג׳ירפה צ’יפס"),
    ("רחוב ז’בוטינסקי", "ז'בוטינסקי"),
    ("רחוב ז'בוטינסקי", "ז׳בוטינסקי"),
    ("ג׳ורג׳ התקשר", "ג´ורג'"),
    # Final letters
    ("יש לי קליפ חדש", "קליף"),
    ("יש לי קליף חדש", "קליפ"),
    ("הנציג באו״ם", 'או"מ'),
    ("הנציג באו״מ", 'או"ם'),
    ("שלומית התקשרה", "שלומ"),
    ("ראיתי קליפ חדש", '"קליף חדש"'),
    # Points
    ("שָׁלוֹם לְךָ", "שלום"),
    ("שלום לך", "שָׁלוֹם"),
    ("\ufb2a\ufb35\ufb3c", "שול"),  # presentation forms
    ("וּבְבֵית־הַסֵּפֶר", "בית־הספר"),
    # Maqaf, hyphen, dashes
    ("בית־ספר יסודי", "בית-ספר"),
    ("בית-ספר יסודי", "בית־ספר"),
    ("בית ספר יסודי", "בית–ספר"),
    ("תל—אביב", '"תל אביב"'),
    ("אי‑אפשר", "אי-אפשר"),
    ("טוב, בבקשה!", '"טוב בבקשה"'),
    ("בבקשה - תודה", "תודה - בבקשה"),
    # Numbers
    ("המספר שלי 052-765-4321", "0527654321"),
    ("המספר שלי 0527654321", "052-765-4321"),
    ("המספר שלי 052 765 4321", "0527654321"),
    ("המספר שלי 052 765 4321", "052 765 4321"),
    ("המספר שלי 052.7654321", "+972527654321"),
    ("המספר שלי +972-52-765-4321", "0527654321"),
    ("המספר שלי 0527654321", "+972 (52) 765-4321"),
    ("המספר שלי \u202a052-765-4321\u202c", "0527654321"),
    ("המספר שלי 052־765־4321", "052–765–4321"),
    ("המספר שלי 0527654321", "\u200f\u202a052-765-4321\u202c\u200e"),
    ("המספר שלי 0527654321", "٠٥٢٧٦٥٤٣٢١"),
    ("החשבון על 1,250 שקל", "1250"),
    ("החשבון על 12,500 שקל", "12500"),
    ("קוד 1-700-500-500", "1700500500"),
    ("הקוד הוא 007", "007"),
    ("הקוד הוא 007", "7"),
    ("המספר שלי +972-52-765-4321", "052765"),
    ("המספר שלי 052-765-4321", "+972-52-76"),
    # Marks in words, and Latin
    ("ש\u200fל\u200eום עולם", "שלום"),
    ("שלום עולם", "\u2067שלום\u2069"),
    ("ב-WhatsApp של Café", "whatsapp cafe"),
    ("Don’t panic", "don't"),
    ("ייִדיש מאַמע", "יידיש"),
]
NOT_FOUND = [
    ("הוא שירת בצה״ל", "מע״מ"),
    ("צה״ל", 'צה"ל מע"מ'),
    ("בית ספר", '"ספר בית"'),
    ("בקשה למימון", "מים"),
    ("המספר שלי 052-765-4321", "0527654322"),
    ("הקוד הוא 7", "007"),
    ("הקוד הוא 9727", "007"),
    ("הסכום הוא 52765", "052765"),
    ("שלום", "'"),
    ("שלום", "־"),
    ("שלום", "\u200f"),
    ("שלום", "ש%ם"),
    ("שלום", "של_ם"),
]


def found(query):
    """The CallSids of what the call list's search finds, the newest first."""
    return [call.call_sid for call in search(Call.objects.order_by("-pk"), query)]


def mistaken():
    """Write each of the turns as the writer does, and each as a kept value of another call; search for each: those that
    are found and should not be, or not."""
    cases = [(*case, True) for case in FOUND] + [(*case, False) for case in NOT_FOUND]
    for number, (spoken, _, _) in enumerate(cases):
        for sid in (f"CAsearch{number}", f"CAkept{number}"):
            is_kept = sid.startswith("CAkept")
            said = (
                ValueSaved(sid, "value", spoken) if is_kept else TurnSaved(sid, Turn(1, 0, 900, spoken, Source.FINAL))
            )
            write([CallStarted(sid, f"MZ{sid}", datetime.now(UTC)), said])
    calls = Call.objects.order_by("-pk")
    return [
        (sid, *case)
        for number, case in enumerate(cases)
        for sid in (f"CAsearch{number}", f"CAkept{number}")
        if search(calls, case[1]).filter(Q(call_sid=sid)).exists() is not case[2]
    ]
