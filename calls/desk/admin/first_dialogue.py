"""What the page of a new dialogue begins with: a small whole one, to be changed."""

TEXT = """\
# תסריט שיחה קטן ושלם: משנים את הטקסטים, מוסיפים שלבים ושומרים.
# הטקסטים מנוקדים: חלק מהקולות צריכים ניקוד.
start: name
goodbye: לֹא שָׁמַעְתִּי תְּשׁוּבָה. לְהִתְרָאוֹת.   # אחרי שתיקות חוזרות
no_match: bye                                   # אחרי תשובות שלא הובנו

steps:
  name:
    say: שָׁלוֹם, מָה הַשֵּׁם?
    again: אֶפְשָׁר לוֹמַר אֶת הַשֵּׁם שׁוּב?
    expect: open            # כל מילים; יש גם yes_no, date, time, choice, digits
    save: name              # נשמר עם השיחה, ונאמר בחזרה כ-{name}
    match: sure

  sure:
    say: "{name}, נָכוֹן?"
    expect: yes_no
    match: {"yes": bye, "no": name}

  bye:
    say: תּוֹדָה, וּלְהִתְרָאוֹת.
    next: hang_up

examples:                   # שיחות לדוגמה שנבדקות בכל שמירה
  - name: שם שאושר
    talk:
      - {caller: דני, step: sure, says: "דני, נכון"}
      - {caller: כן, says: תודה}
    saved: {name: דני}
    ends: hang_up
"""
