#!/usr/bin/env python
"""Django's command line for this project; every script in script/ ends here."""

import os
import sys
from pathlib import Path

MADE_UP = {"test", "demo", "loadtest", "chaos", "outage", "screenshots"}
"""Commands whose calls are made up: these never go to the database that .env names."""


def main() -> None:
    from voiceapp import environment, service_urls

    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command in MADE_UP:
        os.environ[environment.FILE_VARIABLE] = ""
    try:
        environment.read_file(Path(__file__).resolve().parent / ".env")
    except environment.EnvironmentFileError as error:
        sys.exit(str(error))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line

    if command == "serve":
        from voiceapp.server import reactor

        reactor.install()
    for problem in settings.CONFIGURATION_PROBLEMS:
        if problem.variable in {"DATABASE_URL", "VAR_DIR"}:
            # Its default would be another database, and every command would say that all went well.
            sys.exit(problem.sentence)
    if command and (chosen := environment.chosen_database()):
        sys.stderr.write(f"database: {service_urls.database_url(settings.DATABASES['default'])} ({chosen})\n")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
