#!/usr/bin/env python
"""Django's command line for this project; every script in script/ ends here."""

import os
import signal
import sys
from pathlib import Path

MADE_UP = {"test", "demo", "loadtest", "chaos", "outage", "screenshots"}
"""Commands whose calls are made up: these never go to the database that .env names."""

WITHOUT_APPS = {"speech_emulator": "stt", "tts_emulator": "calls", "llm_emulator": "calls"}
"""Commands that know no rows, each with its application: to set up all others is half of what their start takes."""

SERVERS = {"serve", "runserver"}
"""Commands that go on when nobody reads their log any more."""

INTERRUPTED = 128 + signal.SIGINT
"""Exit status: what a shell gives for a program that Ctrl-C ended."""


def main() -> None:
    from voiceapp import env_file, service_urls
    from voiceapp.runtime import piped_output

    command = sys.argv[1] if len(sys.argv) > 1 else ""
    if command not in SERVERS:
        piped_output.end_when_the_reader_leaves()
    if command in MADE_UP:
        os.environ[env_file.FILE_VARIABLE] = ""
    try:
        env_file.read_file(Path(__file__).resolve().parent / ".env")
    except env_file.EnvironmentFileError as error:
        sys.exit(str(error))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "voiceapp.settings")
    from django.conf import settings
    from django.core.management import execute_from_command_line, load_command_class
    from django.utils.log import configure_logging

    if command == "serve":
        from voiceapp.server import reactor

        reactor.install()
    for problem in settings.CONFIGURATION_PROBLEMS:
        if problem.variable in {"DATABASE_URL", "VAR_DIR"}:
            # Its default would be another database, and every command would say that all went well.
            sys.exit(problem.sentence)
    if command and (chosen := env_file.chosen_database()):
        sys.stderr.write(f"database: {service_urls.database_url(settings.DATABASES['default'])} ({chosen})\n")
    if command in WITHOUT_APPS:
        configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)
        load_command_class(WITHOUT_APPS[command], command).run_from_argv(sys.argv)
    else:
        from django.db import OperationalError

        try:
            execute_from_command_line(sys.argv)
        except KeyboardInterrupt:
            # A command that has more to say, or ends so by itself, catches it.
            sys.stderr.write(f"interrupted: {command} was broken off\n")
            sys.exit(INTERRUPTED)
        except OperationalError:
            if "--traceback" in sys.argv or not (sentence := database_away()):
                raise
            sys.exit(sentence)


def database_away() -> str:
    """What is wrong with the database, and what to do; empty where it answers, and the error was the command's own."""
    from calls.management.doctor.box import database
    from calls.management.doctor.finding import FindingState

    found = next(database())
    return f"database_away: {found.detail}: {found.advice}" if found.state is FindingState.FAILED else ""


if __name__ == "__main__":
    try:
        main()
    finally:
        # At Python's own end a reader who has left would not change the exit status any more.
        sys.stdout.flush()
