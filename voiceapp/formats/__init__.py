"""How pages write a day and a time, in either language: ``27.11.2026 14:17``, as templates and cells do.

Commands, logs and exports write ISO 8601 with a zone. Days typed either way are read.
"""

DATE_FORMAT = SHORT_DATE_FORMAT = "d.m.Y"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = "d.m.Y H:i"
TIME_FORMAT = "H:i"
MONTH_DAY_FORMAT, YEAR_MONTH_FORMAT = "d.m", "m.Y"
DATE_INPUT_FORMATS = ["%d.%m.%Y", "%Y-%m-%d"]
