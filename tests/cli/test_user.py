"""hsmith user: the named users of a token, over a real keeper."""

import json

from hsmith.spec.constants import UserType
from hsmith.wire.client import Client
from hsmith.wire.session import Session

from .conftest import Hsmith

MAIN = ("--token", "main")


def test_a_user_from_his_making_to_his_end(cli: Hsmith) -> None:
    assert "no named users" in cli("user", "list", *MAIN).out
    added = cli("user", "add", "alice", *MAIN, "--pin", "wonderland")
    assert (added.code, "alice" in added.out) == (0, True)
    assert json.loads(cli("user", "list", *MAIN, "--json").out) == [{"name": "alice", "locked": False}]
    slot = json.loads(cli("token", "show", *MAIN, "--json").out)["slot"]
    with Client() as client, Session(client, slot) as session:
        session.call("C_LoginUser", UserType.USER, b"wonderland", b"alice")
    assert cli("user", "remove", "alice", *MAIN).code == 1  # Nobody to ask
    assert cli("user", "remove", "alice", *MAIN, "--yes").code == 0
    gone = cli("user", "remove", "alice", *MAIN, "--yes")
    assert gone.code == 1
    assert "There is no user 'alice'" in gone.err


def test_refusals_in_words(cli: Hsmith) -> None:
    wrong = cli("user", "add", "bob", *MAIN, "--so-pin", "not the one", "--pin", "1234")
    assert (wrong.code, "PIN" in wrong.err) == (4, True)
    bad = cli("user", "add", "two\nlines", *MAIN, "--pin", "1234")
    assert (bad.code, "printable" in bad.err) == (1, True)
    assert cli("user", "add", *MAIN).code == 2
