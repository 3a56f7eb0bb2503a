"""What the team's site needs besides nginx.conf: accounts and a certificate. Made for tests; a team has its own."""

from __future__ import annotations

import base64
import ssl
import subprocess
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tools.team.packages import program

TRUST_STORE_PASSWORD = "changeit"
"""Java's customary password of a trust store, which protects nothing."""

CERTIFICATE_DAYS = "2"


@dataclass(frozen=True)
class Account:
    """A name and a password for HTTP basic authentication."""

    name: str
    password: str

    def url(self, port: int) -> str:
        """For --remote_cache."""
        return f"https://{self.name}:{self.password}@localhost:{port}"

    def header(self) -> dict[str, str]:
        """The HTTP header."""
        token = base64.b64encode(f"{self.name}:{self.password}".encode()).decode()
        return {"Authorization": f"Basic {token}"}


CI = Account("ci", "write-secret")
DEVELOPER = Account("developer", "read-secret")
STRANGER = Account("developer", "guessed")


def _run(*command: str | Path) -> str:
    return subprocess.run([str(part) for part in command], check=True, capture_output=True, text=True).stdout


def write_accounts(directory: Path) -> None:
    """`readers` and `writers` as the team's site expects them."""
    openssl = program("openssl", "openssl")
    lines = {
        account: f"{account.name}:{_run(openssl, 'passwd', '-6', account.password)}" for account in (CI, DEVELOPER)
    }
    (directory / "readers").write_text(lines[CI] + lines[DEVELOPER], encoding="utf-8")
    (directory / "writers").write_text(lines[CI], encoding="utf-8")


def write_certificate(directory: Path) -> None:
    """A certificate for `localhost`: cert.pem, key.pem."""
    names = ("-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost")
    files = ("-keyout", directory / "key.pem", "-out", directory / "cert.pem")
    key = ("-newkey", "rsa:2048", "-nodes", "-days", CERTIFICATE_DAYS)
    _run(program("openssl", "openssl"), "req", "-x509", *key, *names, *files)


def trust_store_options(directory: Path) -> tuple[str, ...]:
    """Startup options with which Bazel's Java trusts the certificate."""
    store = directory / "trust.p12"
    store.unlink(missing_ok=True)
    keytool = program("keytool", "openjdk-17-jre-headless")
    kind = ("-storetype", "PKCS12", "-storepass", TRUST_STORE_PASSWORD)
    _run(keytool, "-importcert", "-noprompt", "-file", directory / "cert.pem", "-keystore", store, *kind)
    prefix = "--host_jvm_args=-Djavax.net.ssl.trustStore"
    return (f"{prefix}={store}", f"{prefix}Password={TRUST_STORE_PASSWORD}", f"{prefix}Type=PKCS12")


def status_of(directory: Path, port: int, method: str, path: str, account: Account | None) -> int:
    """HTTP status of one request to the team's site, which is trusted by its certificate."""
    context = ssl.create_default_context(cafile=str(directory / "cert.pem"))
    request = urllib.request.Request(
        f"https://localhost:{port}{path}",
        data=b"content" if method == "PUT" else None,
        headers=account.header() if account else {},
        method=method,
    )
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def access_table(directory: Path, port: int) -> dict[str, tuple[int, ...]]:
    """HTTP status by who asks: of writing a content, reading it, and reading another path."""
    content, elsewhere = f"/cas/{'0' * 64}", "/readers"
    return {
        who: tuple(
            status_of(directory, port, method, path, account)
            for method, path in (("PUT", content), ("GET", content), ("GET", elsewhere))
        )
        for who, account in (("CI", CI), ("developer", DEVELOPER), ("wrong password", STRANGER), ("nobody", None))
    }
