"""What tests of several clients begin with."""

from collections.abc import Callable
from pathlib import Path

import pytest

from clients.openssl_engine import ENGINE, KEYS, Desk, engine_config
from harness import Token, run


@pytest.fixture
def desk(token: Token, tmp_path: Path, need: Callable[..., None]) -> Desk:
    need("openssl", "pkcs11-tool", ENGINE)
    engine_config(token, tmp_path)
    made = Desk(token, tmp_path)
    for number, (label, key_type) in enumerate(KEYS.items(), start=1):
        of = ("--id", f"0{number}", "--label", label)
        token.tool("--keypairgen", "--key-type", key_type, *of, "--usage-sign")
        key = ("-engine", "pkcs11", "-keyform", "engine", "-key", token.uri(label))
        made.engine(
            "openssl", "req", "-x509", "-new", "-subj", f"/CN={label}", "-days", "30", *key, "-out", f"{label}.pem"
        )
        run("openssl", "x509", "-in", f"{label}.pem", "-outform", "DER", "-out", f"{label}.der", cwd=tmp_path)
        token.tool("--write-object", str(tmp_path / f"{label}.der"), "--type", "cert", *of)
    return made
