"""Write the manual pages from the parser of the command and the table of the configuration's keys: docs/man.

python tools/manual.py            write the files
python tools/manual.py --check    exit with 1 and the names of those that are stale
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = ROOT / "docs" / "man"
sys.path.insert(0, str(ROOT / "src"))

from hsmith.cli import tree  # noqa: E402
from hsmith.cli.main import EPILOG, whole_parser  # noqa: E402
from hsmith.cli.tree import Command, Option  # noqa: E402
from hsmith.config import KEYS, toml  # noqa: E402

HEAD: Final = '.\\" Made by tools/manual.py from the parser. Not to be edited.\n.TH {} {} "" hsmith "hsmith manual"\n'


def escaped(text: str) -> str:
    """Text as troff prints it, whatever it begins with."""
    plain = text.replace("\\", "\\e").replace("-", "\\-").replace("'", "\\(aq")
    return "\n".join(f"\\&{line}" if line.startswith((".", "\\(aq")) else line for line in plain.splitlines())


def heading(command: Command) -> str:
    return "hsmith" + "".join(f"-{word}" for word in command.words)


def joined(lines: list[str]) -> str:
    """The lines of a page; a paragraph that begins a section needs no mark."""
    text = "\n".join(line.rstrip("\n") for line in lines) + "\n"
    return re.sub(r"(?m)^(\.SH .*)\n\.PP$", r"\1", text)


def option(of: Option) -> Iterator[str]:
    names = ", ".join(f"\\fB{escaped(name)}\\fR" for name in of.names)
    value = f"\\fI{escaped(of.value)}\\fR" if of.value else ""
    yield ".TP"
    yield " ".join(part for part in (names, value) if part)
    more = [of.meaning[:1].upper() + of.meaning[1:] + "."] if of.meaning else []
    if of.choices and of.value != "|".join(of.choices):
        more.append(f"One of: {', '.join(of.choices)}.")
    if of.required and of.names:
        more.append("Required.")
    yield escaped(" ".join(more))


def options(command: Command, title: str) -> Iterator[str]:
    if command.arguments or command.options:
        yield f".{title}"
        for one in (*command.arguments, *command.options):
            yield from option(one)
    for name, group in command.groups:
        if group:
            yield ".PP"
            yield escaped(f"{name[:1].upper()}{name[1:]}:")
            for one in group:
                yield from option(one)


def verbatim(text: str) -> Iterator[str]:
    yield from (".PP", ".nf", escaped(text.rstrip("\n")), ".fi")


def page(command: Command) -> str:
    """The page of a noun, with all its verbs, or that of the command itself."""
    lines = [
        HEAD.format(heading(command).upper(), 1),
        ".SH NAME",
        f"{escaped(heading(command))} \\- {escaped(command.meaning)}",
    ]
    lines += [".SH SYNOPSIS"]
    for one in [below for below in command.commands if command.words] or [command]:
        lines += [".PP", escaped(one.synopsis())]
    lines += options(command, "SH OPTIONS")
    if not command.words:
        lines += [".SH COMMANDS"]
        for below in command.commands:
            lines += [".TP", f"\\fB{escaped(heading(below))}\\fR(1)", escaped(below.meaning)]
        lines += [".SH EXIT CODES AND ENVIRONMENT", *verbatim(EPILOG)]
    else:
        for below in command.commands:
            lines += [
                f".SH {escaped(' '.join(below.words))}",
                escaped(below.meaning[:1].upper() + below.meaning[1:] + "."),
            ]
            lines += options(below, "PP\nOptions:")
            lines += verbatim(below.epilog) if below.epilog else []
        if command.epilog:
            lines += verbatim(command.epilog)
    lines += [".SH SEE ALSO", "\\fBhsmith\\fR(1), \\fBhsmith.toml\\fR(5)"]
    return joined(lines)


def configuration() -> str:
    lines = [
        HEAD.format("HSMITH.TOML", 5),
        ".SH NAME",
        "hsmith.toml \\- the configuration of hsmith",
        ".SH DESCRIPTION",
    ]
    lines += [
        escaped(
            "The file is config.toml in HSMITH_HOME, else in $XDG_CONFIG_HOME/hsmith (~/.config/hsmith). It need not "
            "exist. It is TOML; a key such as keeper.socket is the key socket of the table [keeper]. The keeper reads "
            "it when it starts. An unknown key or a wrong value is refused; 'hsmith config check' says what is wrong, "
            "and 'hsmith config show' what holds."
        ),
        ".SH KEYS",
    ]
    for known in KEYS.values():
        lines += [".TP", f"\\fB{escaped(known.name)}\\fR = {escaped(toml(known.default))}"]
        choices = f" One of: {', '.join(known.choices)}." if known.choices else ""
        lines += [escaped(known.meaning + choices)]
    lines += [".SH SEE ALSO", "\\fBhsmith\\fR(1), \\fBhsmith\\-config\\fR(1)"]
    return joined(lines)


def pages() -> dict[str, str]:
    root = tree.read(whole_parser(), meaning="a software HSM")
    found = {f"{heading(command)}.1": page(command) for command in (root, *root.commands)}
    return {**found, "hsmith.toml.5": configuration()}


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print(__doc__, file=sys.stderr)
        return 2
    wanted = pages()
    there = {path.name for path in FOLDER.glob("*") if path.is_file()}
    stale = [name for name, text in wanted.items() if name not in there or (FOLDER / name).read_text() != text]
    gone = sorted(there - wanted.keys())
    for name in stale if not arguments else ():
        FOLDER.mkdir(parents=True, exist_ok=True)
        (FOLDER / name).write_text(wanted[name])
    for name in gone if not arguments else ():
        (FOLDER / name).unlink()
    for name in (*stale, *gone):
        print(f"docs/man/{name} is stale: run python tools/manual.py" if arguments else f"wrote docs/man/{name}")
    return 1 if (stale or gone) and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
