"""The commands as data, read from the parser: for completion, the manual pages and the tests that compare them."""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Option:
    """An option, or an argument, which has no ``names``. ``value``: what stands for its value, "" for none."""

    names: tuple[str, ...]
    value: str
    meaning: str
    choices: tuple[str, ...] = ()
    required: bool = False
    repeated: bool = False

    @property
    def is_file(self) -> bool:
        return self.value in ("FILE", "DIR")


@dataclass(frozen=True, slots=True)
class Command:
    """A command: ``words`` behind "hsmith", () for itself."""

    words: tuple[str, ...]
    meaning: str
    epilog: str
    options: tuple[Option, ...]
    groups: tuple[tuple[str, tuple[Option, ...]], ...]
    arguments: tuple[Option, ...]
    commands: tuple["Command", ...] = field(default=())

    def synopsis(self) -> str:
        """What must be given, and that there is more."""
        needed = [f"{option.names[-1]} {option.value}" for option in self.every_option() if option.required]
        given = [argument.value if argument.required else f"[{argument.value}]" for argument in self.arguments]
        return " ".join(("hsmith", *self.words, *needed, "[OPTION]...", *given))

    def every_option(self) -> Iterator[Option]:
        yield from self.options
        for _, options in self.groups:
            yield from options

    def all(self) -> Iterator["Command"]:
        yield self
        for command in self.commands:
            yield from command.all()


def read(parser: argparse.ArgumentParser, words: tuple[str, ...] = (), meaning: str = "") -> Command:
    """The tree of commands of a parser whose nouns are all filled."""
    commands: list[Command] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            commands += _commands(action, words)
    apart = (argparse._SubParsersAction, argparse._HelpAction)
    plain = [action for action in parser._actions if not isinstance(action, apart)]
    grouped = [group for group in parser._action_groups[2:] if group._group_actions]
    elsewhere = {id(action) for group in grouped for action in group._group_actions}
    return Command(
        words,
        meaning or parser.description or "",
        parser.epilog or "",
        tuple(_option(action) for action in plain if action.option_strings and id(action) not in elsewhere),
        tuple((group.title or "", tuple(map(_option, group._group_actions))) for group in grouped),
        tuple(_option(action) for action in plain if not action.option_strings),
        tuple(commands),
    )


def _commands(
    action: "argparse._SubParsersAction[argparse.ArgumentParser]", words: tuple[str, ...]
) -> Iterator[Command]:
    seen = set()
    meanings = {choice.dest.partition(" ")[0]: choice.help for choice in action._choices_actions}
    for name, parser in action.choices.items():
        if id(parser) not in seen:  # an alias comes after the name that it stands for
            seen.add(id(parser))
            yield read(parser, (*words, name), meanings.get(name) or "")


def _option(action: argparse.Action) -> Option:
    takes = action.nargs != 0
    choices = tuple(str(choice) for choice in action.choices or ())
    metavar = action.metavar if isinstance(action.metavar, str) else "|".join(choices) or action.dest.upper()
    required = action.required if action.option_strings else action.nargs not in ("?", "*")
    return Option(
        tuple(action.option_strings), metavar if takes else "", (action.help or "").replace("%%", "%"), choices,
        required, isinstance(action, argparse._AppendAction),
    )  # fmt: skip
