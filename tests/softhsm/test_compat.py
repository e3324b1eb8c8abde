"""SoftHSM's tools under their names: compared with Debian's own, and in scripts as CI set-ups have them."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from harness import run
from hsmith.cli import compat_tools
from hsmith.spec.constants import Fault, Mechanism
from p11 import P11, refused
from softhsm_store import MODULE, PIN, SO_PIN, Filler, softhsm, version_1

pytestmark = pytest.mark.timeout(600)

#: Of softhsm2-util: {0} is the token, {1} a folder with files. Standard output and the exit code are compared.
COMMANDS = """
--init-token --free --label test --pin 1234 --so-pin 12345678
--show-slots
--init-token --free
--init-token --label x
--init-token --slot 77 --label x --pin 1234 --so-pin 1234
--init-token --slot -3 --label x --pin 1234 --so-pin 1234
--init-token --token nobody --label x --pin 1234 --so-pin 1234
--init-token --token test --label again --pin 1234 --so-pin 99999999
--init-token --token test --label again --pin 1234 --so-pin 12345678
--init-token --free --label 123456789012345678901234567890123 --pin 1234 --so-pin 1234
--import {0}/rsa.pem --token again --label k --id a1 --pin 1234
--import {0}/rsa.pem --token again --label k --id a1 --pin 1234
--import {0}/rsa.pem --token again --label k --id A1 --pin 1234 --force
--import={0}/rsa.pem --token=again --label=k --id=a2 --pin=1234 --no-public-key
--import {0}/ec.pem --token again --label k --id a3 --pin 1234
--import {0}/rsa.pem --token again --label k --id a --pin 1234
--import {0}/rsa.pem --token again --label k --id zz --pin 1234
--import {0}/rsa.pem --token again --label k --pin 1234
--import {0}/rsa.pem --token again --id b1 --pin 1234
--import {0}/rsa.pem --label k --id b1 --pin 1234
--import {0}/encrypted.pem --token again --label k --id b1 --pin 1234
--import {0}/encrypted.pem --token again --label k --id b1 --pin 1234 --file-pin wrong
--import {0}/encrypted.pem --token again --label k --id b1 --pin 1234 --file-pin secret
--import {0}/rsa.pem --token again --label k --id b2 --pin 1234 --file-pin secret
--import {0}/nothing --token again --label k --id b2 --pin 1234
--import {0}/text --token again --label k --id b2 --pin 1234
--import {0}/rsa.pem --token again --label k --id b2 --pin 4321
--import {0}/rsa.pem --slot 4711 --label k --id b2 --pin 1234
--import {0}/aes --aes --token again --label k --id b3 --pin 1234
--delete-token
--delete-token --token nobody
--show-slots --init-token
--frobnicate
"""


@pytest.fixture
def files(tmp_path: Path) -> Path:
    rsa_key, plain = rsa.generate_private_key(65537, 2048), NoEncryption()
    (tmp_path / "rsa.pem").write_bytes(rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, plain))
    encrypted = rsa_key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret"))
    (tmp_path / "encrypted.pem").write_bytes(encrypted)
    elliptic = ec.generate_private_key(ec.SECP256R1())
    (tmp_path / "ec.pem").write_bytes(elliptic.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, plain))
    (tmp_path / "aes").write_bytes(os.urandom(32))
    (tmp_path / "text").write_text("nothing of the kind\n")
    return tmp_path


def plain(text: str) -> list[str]:
    """Without what is each one's own: names, versions, serial numbers, and numbers of slots."""
    lines = []
    for line in text.splitlines():
        if re.search(r"Description:|Manufacturer|Model:|version:|Serial number:", line):
            line = (
                line.partition(":")[0] + ":" + " " * (len(line.partition(":")[2]) - len(line.partition(":")[2].strip()))
            )
            line = line.rstrip()
        lines.append(re.sub(r"\b(slot|Slot) \d+", r"\1 N", line))
    return lines


def test_the_same_words_and_codes_as_debians_tool(
    home: Path, files: Path, capfd: pytest.CaptureFixture[str], need: Callable[..., None]
) -> None:
    need("/usr/bin/softhsm2-util")
    for command in COMMANDS.strip().splitlines():
        words = command.format(files).split()
        theirs = subprocess.run(
            ["/usr/bin/softhsm2-util", *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
        )
        capfd.readouterr()
        code = compat_tools.main(["softhsm2-util", *words])
        ours = capfd.readouterr()
        assert code == theirs.returncode, (command, ours, theirs)
        if "Usage:" in theirs.stdout:
            assert "Usage: softhsm2-util" in ours.out
            assert ours.err in theirs.stderr  # which begins with the path of the program
            continue
        assert plain(ours.out) == plain(theirs.stdout), command
        if theirs.returncode and "text" not in command:
            assert ours.err.strip() == theirs.stderr.strip(), command
    assert set(options_of(run("/usr/bin/softhsm2-util", "--help"))) <= set(
        options_of(compat_usage("softhsm2-util", capfd))
    )


def options_of(text: str) -> list[str]:
    return re.findall(r"^  (--[a-z-]+)", text, re.MULTILINE)


def compat_usage(tool: str, capfd: pytest.CaptureFixture[str]) -> str:
    capfd.readouterr()
    assert compat_tools.main([tool, "--help"]) == 0
    return capfd.readouterr().out.replace("-h, --help", "--help").replace("-v, --version", "--version")


@pytest.fixture
def tools(home: Path, need: Callable[..., None]) -> Path:
    """A folder with the tools, as `hsmith compat install` makes it."""
    folder = home / "bin"
    made = json.loads(run("hsmith", "compat", "install", folder, "--json"))["installed"]
    assert [Path(path).name for path in made] == [
        "softhsm2-util", "softhsm2-keyconv", "softhsm2-dump-file", "softhsm2-migrate",
    ]  # fmt: skip
    return folder


#: Each prints what the next lines of such scripts use; of the last line something must come.
SCRIPTS = {
    "the number of the slot, from the sentence": """
        SLOT=$(softhsm2-util --init-token --free --pin 1234 --so-pin 1234 --label ci |
            awk '/^The token has been initialized and is reassigned to slot/ { print $NF }')
        pkcs11-tool --module "$MODULE" --slot "$SLOT" --login --pin 1234 --keypairgen --key-type EC:prime256v1 --id 01
    """,
    "the number of the slot, from the label": """
        softhsm2-util --init-token --free --label "signing" --pin 1234 --so-pin 12345678 > /dev/null
        SLOT=$(softhsm2-util --show-slots |
            awk -v token=signing '/^Slot/ { slot = $2 } $0 ~ "Label:[[:space:]]*" token { print slot }')
        pkcs11-tool --module "$MODULE" --slot "$SLOT" --login --pin 1234 --list-objects --session-rw; echo "slot $SLOT"
    """,
    "the first slot": """
        softhsm2-util --init-token --slot 0 --label "first" --so-pin 123456 --pin 123456
        SLOT=$(softhsm2-util --show-slots | head -n 2 | tail -n 1 | sed 's/Slot //g')
        OTHER=$(softhsm2-util --show-slots | grep -o "Slot [0-9]*" | head -n1 | awk '{print $2}')
        THIRD=$(softhsm2-util --show-slots | grep 'Slot ' | cut -d ' ' -f2 | head -1)
        test "$SLOT" = "$OTHER" && test "$SLOT" = "$THIRD" && echo "$SLOT"
    """,
    "only when there is none": """
        for round in 1 2; do
            softhsm2-util --show-slots | grep -q "Label:[[:space:]]*once *$" ||
                softhsm2-util --init-token --free --label once --pin 1234 --so-pin 12345678
        done
        softhsm2-util --show-slots | grep -c 'Initialized:[[:space:]]*yes' | grep '^1$'
    """,
    "away with it, and anew": """
        for round in 1 2; do
            softhsm2-util --delete-token --token again > /dev/null 2>&1 || true
            softhsm2-util --init-token --free --label again --pin 1234 --so-pin 12345678
        done
        softhsm2-util --show-slots | grep -c "Label: *again" | grep '^1$'
    """,
    "a key from OpenSSL": """
        softhsm2-util --init-token --free --label keys --pin 1234 --so-pin 12345678 --module "$MODULE"
        openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out key.pem
        openssl pkey -in key.pem -pubout -out public.pem
        softhsm2-util --import key.pem --token keys --label app --id 0A --pin 1234
        echo text > data; openssl dgst -sha256 -binary data > hash
        pkcs11-tool --module "$MODULE" --token-label keys --login --pin 1234 --sign -m ECDSA --id 0A \\
            --signature-format openssl -i hash -o signature
        openssl dgst -sha256 -verify public.pem -signature signature data
    """,
    "a configuration of its own": """
        mkdir -p conf/tokens
        printf 'directories.tokendir = %s/conf/tokens\\nlog.level = ERROR\\n' "$PWD" > conf/c
        export SOFTHSM2_CONF=$PWD/conf/c
        softhsm2-util --init-token --free --label conf --so-pin 0000 --pin 0000
        pkcs11-tool --module "$(softhsm2-util --show-config default-pkcs11-lib)" -L | grep conf
    """,
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_scripts_of_ci_set_ups(name: str, tools: Path, module: Path, tmp_path: Path, need: Callable[..., None]) -> None:
    need("pkcs11-tool", "openssl", "awk")
    environment = {"PATH": f"{tools}:{os.environ['PATH']}", "MODULE": str(module)}
    out = run("sh", "-e", "-c", SCRIPTS[name], cwd=tmp_path, env=environment)
    assert out.strip().splitlines()[-1].strip()


def test_installing_keeps_what_is_not_ours(home: Path) -> None:
    folder = home / "bin"
    folder.mkdir()
    (folder / "softhsm2-keyconv").write_text("somebody's\n")
    with pytest.raises(AssertionError, match="not of hsmith"):
        run("hsmith", "compat", "install", folder)
    assert [path.name for path in folder.iterdir()] == ["softhsm2-keyconv"]
    run("hsmith", "compat", "install", folder, "--force")
    run("hsmith", "compat", "install", folder)
    assert run(folder / "softhsm2-util", "--version") == "2.7.0\n"
    assert run("hsmith", "compat", "run", "softhsm2-util", "--version") == "2.7.0\n"


def test_dumps_are_the_same(tmp_path: Path, capfd: pytest.CaptureFixture[str], need: Callable[..., None]) -> None:
    need(MODULE, "/usr/bin/softhsm2-dump-file")
    with softhsm(tmp_path) as p11, p11.open(p11.init_token("dump", pin=PIN, so_pin=SO_PIN)) as session:
        session.login(PIN)
        Filler(session).fill(10)
    paths = sorted(tmp_path.glob("tokens/*/*.object"))
    cut = tmp_path / "cut"
    cut.write_bytes(paths[0].read_bytes()[:333])
    for path in [*paths, cut, tmp_path / "nothing"]:
        theirs = subprocess.run(["/usr/bin/softhsm2-dump-file", path], capture_output=True, text=True, check=False)
        capfd.readouterr()
        code = compat_tools.main(["softhsm2-dump-file", str(path)])
        ours = capfd.readouterr()
        assert (code, ours.out.strip(), ours.err) == (theirs.returncode, theirs.stdout.strip(), theirs.stderr), path


def test_keyconv(tmp_path: Path, capfd: pytest.CaptureFixture[str], need: Callable[..., None]) -> None:
    need("ldns-keygen", "/usr/bin/softhsm2-keyconv")
    for algorithm, bits in (("RSASHA256", "2048"), ("DSA", "1024"), ("ECDSAP256SHA256", "256"), ("ED25519", "256")):
        try:
            name = run("ldns-keygen", "-a", algorithm, "-b", bits, "example.org", cwd=tmp_path).strip()
        except AssertionError:
            continue  # this build of ldns has no such algorithm any more
        source, out = tmp_path / f"{name}.private", tmp_path / f"{algorithm}.pem"
        words = ["--in", str(source), "--out", str(out)]
        assert compat_tools.main(["softhsm2-keyconv", *words]) == 0
        assert out.stat().st_mode & 0o777 == 0o600
        if algorithm == "RSASHA256":
            theirs = tmp_path / "theirs.pem"
            run("/usr/bin/softhsm2-keyconv", "--in", source, "--out", theirs)
            ours, other = (load_pem_private_key(path.read_bytes(), None) for path in (out, theirs))
            assert isinstance(ours, rsa.RSAPrivateKey) and isinstance(other, rsa.RSAPrivateKey)
            assert ours.private_numbers() == other.private_numbers()
        assert compat_tools.main(["softhsm2-keyconv", *words, "--pin", "secret"]) == 0
        load_pem_private_key(out.read_bytes(), b"secret")
    for words in (["--in", str(tmp_path / "no")], ["--out", "x"], ["--in", str(tmp_path / "no"), "--out", "x"]):
        theirs_ran = subprocess.run(["/usr/bin/softhsm2-keyconv", *words], capture_output=True, text=True, check=False)
        capfd.readouterr()
        assert compat_tools.main(["softhsm2-keyconv", *words]) == theirs_ran.returncode
        assert capfd.readouterr().err == theirs_ran.stderr


def test_migrate(home: Path, capfd: pytest.CaptureFixture[str]) -> None:
    version_1(home / "slot0.db", rsa.generate_private_key(65537, 1024))
    run("hsmith", "token", "init", "--label", "new", "--pin", PIN, "--so-pin", SO_PIN)
    given = ["softhsm2-migrate", "--db", str(home / "slot0.db"), "--token", "new"]
    assert compat_tools.main([*given, "--pin", "0000"]) == 1
    assert compat_tools.main([*given, "--pin", PIN]) == 0
    assert "The database has been migrated to the new HSM" in capfd.readouterr().out
    found = json.loads(run("hsmith", "key", "list", "--pin", PIN, "--json"))
    assert [(key["class"], key["label"]) for key in found] == [("public", "zone key"), ("private", "zone key")]


def test_what_a_configuration_does(home: Path, module: Path) -> None:
    """A list of mechanisms, and removable slots, as SoftHSM has them."""
    (home / "c").write_text("slots.removable = true\nslots.mechanisms = CKM_SHA256,CKM_MOON,CKM_AES_KEY_GEN\n")
    toml = run("hsmith", "compat", "config", home / "c", "--toml")
    assert "MOON" not in toml
    (home / "config.toml").write_text(f"{toml}pin.kdf_milliseconds = 10\n")
    p11 = P11(module)
    p11.initialize()
    try:
        slot = p11.init_token("test")
        assert p11.info("SLOT_INFO", "C_GetSlotInfo", slot).flags & 2
        assert set(p11.mechanisms(slot)) == {Mechanism.SHA256, Mechanism.AES_KEY_GEN}
        with p11.open(slot) as session:
            assert len(session.digest(Mechanism.SHA256, b"x")) == 32
            with refused(Fault.MECHANISM_INVALID):
                session.digest(Mechanism.SHA512, b"x")
    finally:
        p11.finalize()
    run("hsmith", "keeper", "stop")
    (home / "config.toml").write_text('slots.mechanisms = "CKM_SHA265"\n')
    with pytest.raises(AssertionError, match="CKM_SHA256"):
        run("hsmith", "token", "list")


def test_what_a_configuration_means(home: Path) -> None:
    (home / "c").write_text(
        "# of SoftHSM\ndirectories.tokendir = /var/lib/softhsm/tokens/\nobjectstore.backend = db\n"
        "objectstore.umask = 0007\nlog.level = WARNING\nslots.removable = true\nslots.mechanisms = -CKM_MD5\n"
        "library.reset_on_fork = true # as it is\nno.such = 1\nnonsense\n"
    )
    rows = json.loads(run("hsmith", "compat", "config", home / "c", "--json"))
    assert {row["name"] for row in rows if not row["known"]} == {"no.such", "nonsense"}
    assert run("hsmith", "compat", "config", home / "c", "--toml").splitlines() == [
        'keeper.group = "GROUP"', 'log.level = "warning"', "slots.removable = true", 'slots.mechanisms = "-CKM_MD5"',
    ]  # fmt: skip
    assert len(rows) == 9
    assert "no.such" in run("hsmith", "compat", "config", home / "c")
    with pytest.raises(AssertionError, match="cannot be read"):
        run("hsmith", "compat", "config", home / "nothing")
