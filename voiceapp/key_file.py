"""Says what is wrong with a key file of Google's before a call needs it. Asks no network."""

from __future__ import annotations

import json
import os
import warnings

MAX_KEY_FILE_BYTES = 65_536
"""No more than this is read of a file, whatever it is."""
TEXT_FIELDS = (
    "client_email",
    "token_uri",
    "token_url",
    "audience",
    "client_id",
    "client_secret",
    "refresh_token",
)
"""Google's library sends these fields as it finds them, so that only texts may stand in them."""


def flaw_of_key_file(path: str) -> str:
    """What is wrong with a file of Google's credentials; empty where a client can be made from it. Never raises."""
    if not os.path.isfile(path):
        return "a directory" if os.path.isdir(path) else "a file that cannot be read"
    try:
        with open(path, "rb") as file:
            key = json.loads(file.read(MAX_KEY_FILE_BYTES))
    except OSError as error:
        return f"a file that cannot be read ({error.strerror})"
    except (ValueError, RecursionError):
        return "a file that is empty or no JSON"
    if not isinstance(key, dict) or not isinstance(key.get("type"), str):
        return "a JSON file that holds no credentials"
    # Here, and not above: every command reads the environment, few need Google's library.
    from google.auth import load_credentials_from_dict
    from google.auth.exceptions import GoogleAuthError

    try:
        with warnings.catch_warnings():
            # It warns of files from strangers; this one is the operator's, and Google's client reads it the same way.
            warnings.simplefilter("ignore")
            # Without scopes it asks no network.
            load_credentials_from_dict(key)
    except (GoogleAuthError, ValueError, TypeError, AttributeError, KeyError) as error:
        return f"credentials that cannot be used ({type(error).__name__})"
    for field in TEXT_FIELDS:
        if not isinstance(key.get(field, ""), str):
            return f"credentials that cannot be used ({field} is no text)"
    return ""
