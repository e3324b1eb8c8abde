"""The set-up of OpenSSL's PKCS#11 engine (libp11) that several tests of clients share."""

from pathlib import Path
from typing import NamedTuple

from harness import Token, run

ENGINE = Path("/usr/lib/x86_64-linux-gnu/engines-3/pkcs11.so")


def engine_config(token: Token, folder: Path) -> Path:
    """An OPENSSL_CONF that loads the engine with the token's module and PIN."""
    path = folder / "openssl.cnf"
    path.write_text(
        "openssl_conf = init\n"
        "[init]\nengines = engines\n"
        "[engines]\npkcs11 = pkcs11\n"
        f"[pkcs11]\nengine_id = pkcs11\nMODULE_PATH = {token.module}\nPIN = {token.pin}\ninit = 0\n"
        "[req]\ndistinguished_name = name\n[name]\n"
    )
    return path


KEYS = {"rsa": "rsa:2048", "ec": "EC:prime256v1"}


class Desk(NamedTuple):
    """A folder in which OpenSSL knows the engine, and a token with two keys and their certificates."""

    token: Token
    folder: Path

    def engine(self, *command: str) -> str:
        """Run a program for which OPENSSL_CONF loads the engine."""
        return run(*command, cwd=self.folder, env={"OPENSSL_CONF": str(self.folder / "openssl.cnf")})
