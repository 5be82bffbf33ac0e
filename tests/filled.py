"""``python -m tests.filled PATH PROGRAM ARGUMENT...``: a program of ours whose own database
(calls/lab/own_database.py) is a copy of the one at PATH, which has had all migrations."""

import runpy
import shutil
import sys
from functools import partial

from calls.lab import own_database

_, migrated, program, *arguments = sys.argv
own_database.own_database = partial(
    own_database.own_database, fill=lambda folder: shutil.copy(migrated, folder / "db.sqlite3")
)
sys.argv = [program, *arguments]
if program.endswith(".py"):
    runpy.run_path(program, run_name="__main__")
else:
    runpy.run_module(program, run_name="__main__", alter_sys=True)
