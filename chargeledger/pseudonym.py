"""Keyed pseudonyms for user identities, and the key, which never lies in the lake.

The lake keeps the key's fingerprint: another key would take every entry back and post it again, so it is refused, and a key
is generated only for a lake without one.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import tempfile
from pathlib import Path

from chargeledger.errors import Refused, UsageError
from chargeledger.lake import Lake
from chargeledger.whole_file import write_file

KEY_VARIABLE = "CHARGELEDGER_PSEUDONYM_KEY"
KEY_BYTES = 32


def key_path() -> Path:
    """The key file below the user's configuration directory."""
    base = os.environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(base) / "chargeledger" / "pseudonym.key"


def _parse(text: str, where: str) -> bytes:
    try:
        key = bytes.fromhex(text.strip())
    except ValueError:
        key = b""
    if len(key) < KEY_BYTES:
        raise UsageError(f"the pseudonym key in {where} must be at least {KEY_BYTES} bytes in hexadecimal digits")
    return key


def fingerprint(key: bytes) -> str:
    """What the lake may know of a key."""
    return hashlib.sha256(b"chargeledger pseudonym key\0" + key).hexdigest()[:32]


def load_key(lake: Lake) -> bytes:
    """The key of this lake: from the environment, else from the key file, else generated if the lake has none yet."""
    kept = lake.root / "pseudonym_key.fingerprint"
    known = kept.read_text(encoding="ascii").strip() if kept.exists() else None
    where = key_path()
    if text := os.environ.get(KEY_VARIABLE):
        key = _parse(text, KEY_VARIABLE)
    elif where.exists():
        key = _parse(where.read_text(encoding="ascii"), str(where))
    elif known:
        raise Refused(
            f"this lake was made with a pseudonym key of fingerprint {known}, and there is none in {KEY_VARIABLE} "
            f"or {where}. Another key would take back and repost everything: restore the key."
        )
    else:
        key = _generate(where)
    if known is None:
        write_file(kept, (fingerprint(key) + "\n").encode())
    elif known != fingerprint(key):
        raise Refused(
            f"the pseudonym key at hand has fingerprint {fingerprint(key)}, the lake was made with {known}. "
            "Another key would take back and repost everything: restore the key, or use another lake."
        )
    return key


def _generate(where: Path) -> bytes:
    """Make a key and keep it, unless another process was first: then its key is the key."""
    where.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    handle, name = tempfile.mkstemp(dir=where.parent, prefix=".key-")
    try:
        with os.fdopen(handle, "w", encoding="ascii") as out:
            out.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
        os.link(name, where)
    except FileExistsError:
        pass
    finally:
        os.unlink(name)
    return _parse(where.read_text(encoding="ascii"), str(where))


def pseudonym(key: bytes, namespace: str, identity: str) -> str:
    """HMAC-SHA-256 of an identity in its namespace, 64 hexadecimal digits."""
    return hmac.digest(key, f"{namespace}\0{identity}".encode(), "sha256").hex()
