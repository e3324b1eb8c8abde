"""hsmith completion: scripts that complete commands, options and their values in bash, zsh and fish."""

import argparse
from collections.abc import Iterator

from hsmith.cli.output import say
from hsmith.cli.parser import EXIT_OK
from hsmith.cli.tree import Command, Option, read

EPILOG = """to have it in each new shell:
  bash   hsmith completion bash > ~/.local/share/bash-completion/completions/hsmith
  zsh    hsmith completion zsh > ~/.zfunc/_hsmith    (with ~/.zfunc in fpath, before compinit)
  fish   hsmith completion fish > ~/.config/fish/completions/hsmith.fish
"""


def build(parser: argparse.ArgumentParser) -> None:
    parser.set_defaults(run=run)
    parser.epilog = EPILOG
    parser.add_argument("shell", choices=tuple(SHELLS), help="the shell")


def run(options: argparse.Namespace) -> int:
    from hsmith.cli.main import whole_parser

    say(SHELLS[options.shell](read(whole_parser())).rstrip("\n"))
    return EXIT_OK


def _values(option: Option) -> tuple[str, ...]:
    """The words that an option takes, where these are known."""
    from hsmith.cli.keytypes import KINDS, USES
    from hsmith.cli.listing import ALL_COLUMNS
    from hsmith.cli.mechanisms import HASHES, NAMES

    if option.choices:
        return option.choices
    known = {
        "--type": (*(kind.example for kind in KINDS.values()), "ec:p384", "ec:p521", "aes:128", "rsa:3072", "rsa:4096"),
        "--use": tuple(USES),
        "--hash": tuple(HASHES),
        "--mechanism": NAMES,
        "--columns": tuple(ALL_COLUMNS),
    }
    return next((known[name] for name in option.names if name in known), ())


def _words(command: Command) -> tuple[str, ...]:
    """What may come next: commands, else the choices of an argument."""
    found = tuple(below.words[-1] for below in command.commands)
    return found or tuple(choice for argument in command.arguments for choice in argument.choices)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "'\\''") + "'"


# --- bash

_BASH = """# Completion of hsmith for bash; made by: hsmith completion bash
_hsmith() {
    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} at= word values= files=
    local i
    # bash takes the colon of rsa:2048 for the end of a word
    if [[ $cur == : ]]; then cur=; fi
    for ((i = 1; i < COMP_CWORD; i++)); do
        word=${COMP_WORDS[i]}
        case "$at $word" in
%(paths)s
        esac
    done
    case "$at|$prev" in
%(values)s
    esac
    if [[ -n $values ]]; then
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    elif [[ -n $files ]]; then
        COMPREPLY=($(compgen -f -- "$cur"))
        compopt -o filenames 2>/dev/null
    else
        case "$at" in
%(words)s
        esac
        COMPREPLY=($(compgen -W "$values" -- "$cur"))
    fi
}
complete -F _hsmith hsmith
"""


def bash(root: Command) -> str:
    paths, values, words = [], [], []
    for command in root.all():
        at = " ".join(command.words)
        space = f" {at}" if at else ""
        if command.words:
            paths.append(f"            {_quoted(space)}) at={_quoted(space)} ;;")
        for option in command.every_option():
            case = " | ".join(_quoted(f"{space}|{name}") for name in option.names)
            if known := _values(option):
                values.append(f"        {case}) values={_quoted(' '.join(known))} ;;")
            elif option.is_file:
                values.append(f"        {case}) files=1 ;;")
        names = [*_words(command), *(name for option in command.every_option() for name in option.names)]
        words.append(f"            {_quoted(space)}) values={_quoted(' '.join(names))} ;;")
    return _BASH % {"paths": "\n".join(paths), "values": "\n".join(values), "words": "\n".join(words)}


# --- zsh

_ZSH = """#compdef hsmith
# Completion of hsmith for zsh; made by: hsmith completion zsh
_hsmith() {
    local at= word prev=${words[CURRENT-1]}
    local -a found
    for word in ${words[2,CURRENT-1]}; do
        case "$at $word" in
%(paths)s
        esac
    done
    case "$at|$prev" in
%(values)s
    esac
    case "$at" in
%(words)s
    esac
    _describe -o hsmith found
}
if [[ $funcstack[1] == _hsmith ]]; then
    _hsmith "$@"
else
    compdef _hsmith hsmith
fi
"""


def zsh(root: Command) -> str:
    paths, values, words = [], [], []
    for command in root.all():
        space = "".join(f" {word}" for word in command.words)
        if command.words:
            paths.append(f"            {_quoted(space)}) at={_quoted(space)} ;;")
        for option in command.every_option():
            case = " | ".join(_quoted(f"{space}|{name}") for name in option.names)
            if known := _values(option):
                values.append(f"        {case}) compadd -- {' '.join(map(_quoted, known))}; return ;;")
            elif option.is_file:
                values.append(f"        {case}) _files; return ;;")
        items = [_quoted(f"{_escaped(name)}:{meaning}") for name, meaning in _told(command)]
        words.append(f"        {_quoted(space)}) found=({' '.join(items)}) ;;")
    return _ZSH % {"paths": "\n".join(paths), "values": "\n".join(values), "words": "\n".join(words)}


def _escaped(name: str) -> str:
    return name.replace(":", "\\:")


def _told(command: Command) -> Iterator[tuple[str, str]]:
    """What may come next, each with its meaning."""
    for below in command.commands:
        yield below.words[-1], below.meaning
    if not command.commands:
        for word in _words(command):
            yield word, ""
    for option in command.every_option():
        yield option.names[-1], option.meaning


# --- fish

_FISH = """# Completion of hsmith for fish; made by: hsmith completion fish
function __hsmith_at
    set -l at
    for word in (commandline -opc)[2..]
        switch "$at $word"
            case %(paths)s
                set at "$at $word"
        end
    end
    test "$at" = "$argv[1]"
end
complete -c hsmith -f
%(lines)s
"""


def fish(root: Command) -> str:
    lines, paths = [], []
    for command in root.all():
        space = "".join(f" {word}" for word in command.words)
        head = f"complete -c hsmith -n {_quoted_fish(f'__hsmith_at {_quoted_fish(space)}')}"
        if command.words:
            paths.append(_quoted_fish(space))
        lines += [f"{head} -a {below.words[-1]} -d {_quoted_fish(below.meaning)}" for below in command.commands]
        if not command.commands and _words(command):
            lines.append(f"{head} -a {_quoted_fish(' '.join(_words(command)))}")
        lines += [f"{head} {_fish_option(option)}" for option in command.every_option()]
    return _FISH % {"paths": " ".join(paths), "lines": "\n".join(lines)}


def _fish_option(option: Option) -> str:
    named = " ".join(f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}" for name in option.names)
    told = f"-d {_quoted_fish(option.meaning)}"
    if known := _values(option):
        return f"{named} -x -a {_quoted_fish(' '.join(known))} {told}"
    if option.is_file:
        return f"{named} -r -F {told}"
    return f"{named} {'-x ' if option.value else ''}{told}"


def _quoted_fish(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


SHELLS = {"bash": bash, "zsh": zsh, "fish": fish}
