"""The cases, and one home with the tokens that they presume."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from harness import BIN, PIN, stop_keepers
from p11 import P11
from profiles import cases, tokens
from profiles.cases import Step
from profiles.interpreter import run
from profiles.scope import Scope

#: The label of the token on which each case runs.
TOKENS = {"BL-M-1-32": "token1", "EXT-M-1-32": "token1", "AUTH-M-1-32": "keys", "CERT-M-1-32": "certificates"}


class Bench(NamedTuple):
    """The module, not initialised; the slots of the tokens by label; the private key of testrsa-pri; the cases."""

    p11: P11
    slots: dict[str, int]
    key: rsa.RSAPrivateKey
    folder: Path

    def text(self, case: str) -> str:
        return (self.folder / f"{case}.xml").read_text()

    def steps(self, case: str, text: str | None = None) -> list[Step]:
        """A case, or the altered text of one, with the key of the token in it."""
        steps = cases.steps(text or self.text(case))
        if case == "AUTH-M-1-32":
            tokens.rekey(steps, self.key)
        return steps

    def run(self, case: str, steps: list[Step]) -> Scope:
        """Run a case on its token; whatever happens, the module is then not initialised."""
        scope = Scope(self.slots[TOKENS[case]], {"Pin": PIN})
        try:
            run(self.p11, steps, scope)
        finally:
            self.p11.rv("C_Finalize", None)
        return scope


@pytest.fixture(scope="session")
def folder() -> Path:
    found = cases.folder()
    if found is None:
        message = "the profile cases are not there: HSMITH_PROFILES names their folder"
        if os.environ.get("HSMITH_REQUIRE_CLIENTS") == "1":
            pytest.fail(message)
        pytest.skip(message)
    return found


@pytest.fixture(scope="module")
def bench(module: Path, folder: Path) -> Iterator[Bench]:
    home = Path(tempfile.mkdtemp(prefix="hs-"))
    (home / "config.toml").write_text("[pin]\nkdf_milliseconds = 10\n")
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name in ("HSMITH_SOCKET", "HSMITH_CONFIG", "HSMITH_AUTOSTART")]:
            patch.delenv(name)
        patch.setenv("HSMITH_HOME", str(home))
        patch.setenv("PATH", f"{BIN}:{os.environ['PATH']}")
        yield _bench(P11(module), folder)
    stop_keepers(home)
    shutil.rmtree(home, ignore_errors=True)


def _bench(p11: P11, folder: Path) -> Bench:
    key = rsa.generate_private_key(65537, 2048)
    made = Bench(p11, {}, key, folder)
    p11.initialize()
    # token1 comes last, so that the slot of the case is not simply the first.
    made.slots.update({label: p11.init_token(label, pin=PIN) for label in ("keys", "certificates", "token1")})
    with p11.open(made.slots["keys"]) as session:
        session.login(PIN)
        tokens.put_keys(session, key)
    with p11.open(made.slots["certificates"]) as session:
        session.login(PIN)
        tokens.put_certificates(session, tokens.written_value(cases.steps(made.text("CERT-M-1-32")), "VALUE"))
    p11.finalize()
    return made
