"""Which user names, e-mails and passwords can be used, and a name to begin with."""

from __future__ import annotations

import getpass
import re
import unicodedata

from smtui.domain.errors import InputInvalid

SHORTEST = 3
LONGEST = 50
SHORTEST_PASSWORD = 8
_LONGEST_EMAIL = 254  # RFC 5321, 4.5.3.1.3, without the angle brackets


def checked_username(username: str) -> str:
    """Return the name as it is kept; raises InputInvalid unless it is 3 to 50 letters or digits."""
    name = unicodedata.normalize("NFC", username.strip())
    if not (SHORTEST <= len(name) <= LONGEST and name.isalnum()):
        raise InputInvalid(
            f"A user name has {SHORTEST} to {LONGEST} letters and digits, nothing else",
            hint=f"{suggested_username(name)} would do." if name else "",
        )
    return name


def checked_email(email: str) -> str:
    """Return the e-mail as it is kept; raises InputInvalid where it cannot be one."""
    address = unicodedata.normalize("NFC", email.strip())
    plausible = re.fullmatch(r"[^\s@]+@[^\s@]+", address) and address.isprintable()
    if not plausible or len(address) > _LONGEST_EMAIL:
        raise InputInvalid("An e-mail looks like anna@example.org")
    return address


def check_password(password: str, *, guarded_by_system: bool) -> None:
    """Raise InputInvalid unless a password can be chosen.

    On shared servers whoever reaches them can try one, so it has at least 8 characters. At home the
    operating system guards the library, and any will do.
    """
    if not password:
        raise InputInvalid("A password cannot be empty")
    if not guarded_by_system and len(password) < SHORTEST_PASSWORD:
        raise InputInvalid(
            f"A password has at least {SHORTEST_PASSWORD} characters here",
            hint="Other people can reach this library too; three words will do.",
        )


def suggested_username(name: str | None = None) -> str:
    """Make a valid user name of another name, by default the system's for this person.

    `anna-lena_k` becomes `annalenak`, `jo` becomes `jouser`.
    """
    wanted = unicodedata.normalize("NFC", system_username() if name is None else name)
    kept = "".join(character for character in wanted if character.isalnum())[:LONGEST]
    return kept if len(kept) >= SHORTEST else f"{kept}user"


def system_username() -> str:
    """Return the operating system's name for this person; empty where it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        # In a container the user id may be nobody's.
        return ""
