"""The parser of the command line: argparse, which starts fast, with suggestions for wrong words."""

import argparse
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NoReturn

EXIT_OK, EXIT_FAILED, EXIT_USAGE, EXIT_NOT_RUNNING, EXIT_PIN = range(5)

EXIT_CODES = """exit codes:
  0  done
  1  failed; standard error says why
  2  wrong use
  3  no keeper runs
  4  wrong or locked PIN
"""


class Usage(Exception):
    """The command line is wrong; str() says how in a sentence."""


class Parser(argparse.ArgumentParser):
    """Takes no abbreviations; raises Usage where argparse would end the process."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str) -> NoReturn:
        raise Usage(f"{self.prog}: {message[:1].upper()}{message[1:]}.")

    def _check_value(self, action: argparse.Action, value: Any) -> None:
        if action.choices is not None and value not in action.choices:
            words = [str(choice) for choice in action.choices]
            raise argparse.ArgumentError(action, f"there is no '{value}'{suggestion(str(value), words)}")

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """Parse all arguments. Raises Usage, with the nearest option for one that does not exist."""
        options, rest = self.parse_known_args(arguments)
        if not rest:
            return options
        unknown = next((word for word in rest if word.startswith("-")), rest[0])
        near = suggestion(unknown.partition("=")[0], self._option_strings())
        raise Usage(f"hsmith: unknown argument '{unknown}'{near}.")

    def _option_strings(self) -> Iterator[str]:
        for action in self._actions:
            yield from action.option_strings
            if isinstance(action, argparse._SubParsersAction):
                for parser in action.choices.values():
                    yield from parser._option_strings()


def suggestion(word: str, known: Iterable[str]) -> str:
    """ "; did you mean 'x'?", or the list of what is known when nothing is near and the list is short."""
    from difflib import get_close_matches

    names = list(dict.fromkeys(known))
    near = get_close_matches(word, names, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; there is: {', '.join(names)}" if len(names) <= 12 else ""


def add_verb(verbs: Any, name: str, run: Any, meaning: str, **more: Any) -> argparse.ArgumentParser:
    """A verb of a noun: what it means, the function that it runs, and --json, which every verb has."""
    more.setdefault("description", meaning[:1].upper() + meaning[1:] + ".")
    verb: argparse.ArgumentParser = verbs.add_parser(name, help=meaning, **more)
    verb.set_defaults(run=run)
    verb.add_argument("--json", action="store_true", help="print JSON")
    return verb
