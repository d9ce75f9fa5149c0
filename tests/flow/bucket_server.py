"""An S3-compatible server of its own process on this machine, from an environment of its own (`make s3`)."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SERVER = Path(sys.prefix) / "s3-server" / "bin" / "python"
BUCKET = "bucket"


def missing() -> str:
    """Why there is none; empty where there is one."""
    if importlib.util.find_spec("obstore") is None or not SERVER.exists():
        return "a lake in a bucket needs a client and a server: make s3"
    return ""


@contextmanager
def serving(log: Path) -> Iterator[dict[str, str]]:
    """The server, with an empty bucket; what a client must have in its environment."""
    with socket.socket() as asked:
        asked.bind(("127.0.0.1", 0))
        port = asked.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    with open(log, "wb") as told:
        words = [str(SERVER), "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
        server = subprocess.Popen(words, stdout=told, stderr=told, env=os.environ | {"PYTHONWARNINGS": "ignore"})
    try:
        _make_bucket(f"{address}/{BUCKET}", server)
        yield {
            "AWS_ENDPOINT_URL": address,
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "somebody",
            "AWS_SECRET_ACCESS_KEY": "a secret",
            "AWS_REGION": "us-east-1",
        }
    finally:
        server.kill()
        server.wait()


def _make_bucket(address: str, server: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + 60
    while True:
        try:
            with urllib.request.urlopen(urllib.request.Request(address, method="PUT"), timeout=10) as answer:
                assert answer.status == 200
                return
        except (urllib.error.URLError, ConnectionError):
            assert server.poll() is None and time.monotonic() < until, "the server of the bucket does not answer"
            time.sleep(0.1)
