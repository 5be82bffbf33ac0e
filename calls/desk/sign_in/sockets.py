"""Who sits at a page's socket: asked when it opens, and again while it is open."""

from __future__ import annotations

from typing import Any

from calls.desk.sign_in import sessions
from calls.desk.sign_in.factor import is_due


def person_at(session_key: str | None, *permissions: str) -> Any:
    """Whose session it is, if they have all of the permissions and no second factor is due; else None.

    As the database has it now. An open socket uses its session. Raises DatabaseError. Blocking.
    """
    session = sessions.read(session_key)
    person = sessions.person_of(session)
    if person is None or not person.is_staff or not person.has_perms(permissions) or is_due(person, session):
        return None
    sessions.note_use(session)
    if session.modified:
        session.save()
    return person
