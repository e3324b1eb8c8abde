"""hsmith import: keys and certificates from files, and whole tokens of SoftHSM."""

import argparse

from hsmith.cli import importing_keys, importing_softhsm
from hsmith.cli.parser import Parser


def build(parser: argparse.ArgumentParser) -> None:
    verbs = parser.add_subparsers(metavar="WHAT", required=True, parser_class=Parser)
    importing_keys.build(verbs)
    importing_softhsm.build(verbs)
