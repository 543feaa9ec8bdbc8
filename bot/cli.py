"""The command line: run, worker, demo, make, backup, check."""

import argparse
import os
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from importlib.metadata import version
from pathlib import Path

from bot import log, settings
from bot.file_permissions import keep_private
from bot.model import Purpose

GOOD, BAD, UNUSABLE = 0, 1, 2
_LAST_PORT = 65_535


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end the process with its exit code.

    0: done. 1: it did not work out. 2: the settings or arguments are unusable.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # durations as timedelta, as PTB 23 will have them
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.name is None:
        parser.print_help()
        sys.exit(GOOD)
    try:
        code = _run(options)
    except settings.SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the lines that say what is wrong
        code = UNUSABLE
        if options.hold and not isinstance(error, settings.CannotStart):
            _until_stopped()
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


def _run(options: argparse.Namespace) -> int:
    """Run a command with the settings there are.

    Raises:
        SettingsError: they are unusable.
    """
    if options.private:
        keep_private()
    try:
        chosen = settings.load()
    except settings.SettingsError as error:
        # A name that nobody knows is often the reason; `check` marks its lines.
        more = import_module("bot.commands._remarks").misspelt()
        mark = ("✗ ", "! ") if options.name == "check" else ("", "")
        lines = [f"{mark[0]}{line}" for line in str(error).splitlines()]
        raise settings.SettingsError("\n".join([*lines, *(mark[1] + m for m in more)])) from None
    log.set_up(chosen.log_level, chosen.log_format, chosen.secrets())
    # A command loads what it needs and nothing more: the bot starts without the sandbox.
    command: Callable[[settings.Settings, argparse.Namespace], int]
    command = import_module(f"bot.commands.{options.name}").command
    return command(chosen, options)


def _until_stopped() -> None:
    """Wait for the order to stop, so that nothing starts this again before it is mended."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        while True:
            time.sleep(3600)


def lyrics_argument(text: str) -> str:
    """Lyrics as given, or from a file named after an @."""
    if not text.startswith("@"):
        return text
    try:
        return Path(text[1:]).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"cannot read {text[1:]}") from error


def output_argument(text: str) -> Path:
    """A place a track can be written to, looked at before it is paid for; its folder is made."""
    path = Path(text)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise argparse.ArgumentTypeError(f"cannot make {path.parent}") from error
    if path.is_dir() or not os.access(path if path.exists() else path.parent, os.W_OK):
        raise argparse.ArgumentTypeError(f"cannot write {text}")
    return path


def port_argument(text: str) -> int:
    """A port of this machine."""
    if not (text.isascii() and text.isdigit() and int(text) <= _LAST_PORT):
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to {_LAST_PORT}")
    return int(text)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="refrain", description="A Telegram bot: a recording and lyrics in, a track out."
    )
    parser.add_argument(
        "--version",
        action="version",
        version=f"refrain {version('refrain')}",
        help="show the version and exit",
    )
    parser.set_defaults(hold=False, private=False)
    commands = parser.add_subparsers(dest="name", metavar="COMMAND", title="commands")

    def add(name: str, help_text: str, *, private: bool = True) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(private=private)
        return command

    run = add("run", "run the bot: it talks, and makes the tracks")
    run.add_argument("--no-work", action="store_true", help="only talk; workers make the tracks")
    worker = add("worker", "make tracks for a bot on the same PostgreSQL")
    for service in (run, worker):
        service.add_argument(
            "--hold",
            action="store_true",
            help="with unusable settings, say so and wait to be stopped, for a container",
        )
    _demo_options(
        add("demo", "try the whole bot on this machine, without any account", private=False)
    )
    _recipe(add("make", "make one track without Telegram", private=False), required=True)
    backup = add("backup", "copy the database while the bot is running")
    backup.add_argument("file", type=Path, metavar="FILE", help="where the copy goes")
    add("check", "say what is missing or wrong")
    return parser


def _demo_options(demo: argparse.ArgumentParser) -> None:
    demo.add_argument(
        "--port", type=port_argument, default=8080, metavar="N", help="where the page is (8080)"
    )
    demo.add_argument("--no-browser", action="store_true", help="don't open the page")
    demo.add_argument(
        "--backend",
        default="aimlapi",
        choices=("aimlapi", "replicate", "aimlapi-cover", "acestep"),
        metavar="NAME",
        help="which stand-in: aimlapi, replicate, aimlapi-cover, acestep",
    )
    demo.add_argument(
        "--once",
        type=Path,
        nargs="?",
        const=Path(),
        metavar="RECORDING",
        help="no page: play one conversation with this recording, or with a sample",
    )
    demo.add_argument(
        "--beat",
        type=Path,
        nargs="?",
        const=Path(),
        metavar="RECORDING",
        help="with --once: a beat for the voice in the first recording",
    )
    _recipe(demo, required=False)


def _recipe(command: argparse.ArgumentParser, *, required: bool) -> None:
    once = "" if required else "with --once: "
    if required:
        command.add_argument(
            "recording", type=Path, metavar="RECORDING", help="a file with sound: music or a video"
        )
    command.add_argument(
        "--purpose",
        type=Purpose,
        choices=list(Purpose),
        required=required,
        help=f"{once}what is in the recording: singing with music, singing alone, or music alone",
    )
    command.add_argument(
        "--lyrics",
        type=lyrics_argument,
        metavar="TEXT|@FILE",
        required=required,
        help=f"{once}the words to sing, or @ and the name of a text file with them",
    )
    command.add_argument(
        "-o",
        "--output",
        type=output_argument,
        metavar="OUT.mp3",
        required=required,
        help=f"{once}where the track goes",
    )
