"""hsmith random: random bytes of the token."""

import argparse

from hsmith.cli import files, target
from hsmith.cli.output import emit, say
from hsmith.cli.parser import EXIT_OK, Usage

#: Bytes of one call, and of one command.
AT_ONCE, MOST = 1 << 20, 1 << 30


def build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.add_argument("count", type=int, metavar="BYTES", help="how many bytes")
    parser.add_argument("--base64", action="store_true", help="write base64")
    files.add_output(parser, "the bytes")
    target.add_options(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(options: argparse.Namespace) -> int:
    from hsmith.wire.client import Client
    from hsmith.wire.session import Session

    if not 1 <= options.count <= MOST:
        raise Usage(f"The number of bytes is 1 to {MOST}, not {options.count}.")
    with Client() as client, Session(client, target.choose(client, options)["slot"]) as session:
        sizes = [AT_ONCE] * (options.count // AT_ONCE) + ([options.count % AT_ONCE] if options.count % AT_ONCE else [])
        made = b"".join(bytes(session.call("C_GenerateRandom", size)) for size in sizes)
    if options.json:
        emit(options, {"bytes": len(made), "hex": made.hex()}, "")
    elif options.base64:
        from base64 import b64encode

        text = b64encode(made).decode()
        files.write_text(options, text + "\n") if options.out else say(text)
    else:
        files.write(options, made)
    return EXIT_OK
