"""The command line: run, worker, demo, make, backup, check."""

import argparse
import os
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

from bot import log, settings
from bot.model import Purpose

GOOD, BAD, UNUSABLE = 0, 1, 2


def main(arguments: list[str] | None = None) -> None:
    """Run a command and end the process with its exit code.

    0: done. 1: it did not work out. 2: the settings or arguments are unusable.
    """
    os.environ.setdefault("PTB_TIMEDELTA", "1")  # durations as timedelta, as PTB 23 will have them
    options = _parser().parse_args(arguments)
    try:
        chosen = settings.load()
        log.set_up(chosen.log_level, chosen.log_format, chosen.secrets())
        # A command loads what it needs and nothing more: the bot starts without the sandbox.
        command: Callable[..., int] = import_module(options.module).command
        code = command(chosen, options)
    except settings.SettingsError as error:
        print(error, file=sys.stderr)  # noqa: T201 - the one line that says what is wrong
        code = UNUSABLE
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)


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


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="refrain", description="A Telegram bot: a recording and lyrics in, a track out."
    )
    commands = parser.add_subparsers(dest="name", required=True, metavar="COMMAND")

    def add(name: str, module: str, help_text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=help_text, description=help_text)
        command.set_defaults(module=f"bot.commands.{module}")
        return command

    run = add("run", "run", "run the bot: it talks, and makes the tracks")
    run.add_argument("--no-work", action="store_true", help="only talk; workers make the tracks")
    add("worker", "worker", "make tracks for a bot on the same PostgreSQL")
    _demo_options(add("demo", "demo", "try the whole bot on this machine, without any account"))
    _recipe(add("make", "make", "make one track without Telegram"), required=True)
    backup = add("backup", "backup", "copy the database while the bot is running")
    backup.add_argument("file", type=Path, metavar="FILE", help="where the copy goes")
    add("check", "check", "say what is missing or wrong")
    return parser


def _demo_options(demo: argparse.ArgumentParser) -> None:
    demo.add_argument("--port", type=int, default=8080, help="where the page is (8080)")
    demo.add_argument("--no-browser", action="store_true", help="don't open the page")
    demo.add_argument(
        "--backend",
        default="aimlapi",
        choices=("aimlapi", "replicate", "aimlapi-cover", "acestep"),
        metavar="NAME",
        help="which stand-in: aimlapi, replicate, aimlapi-cover, acestep",
    )
    demo.add_argument(
        "--once", type=Path, nargs="?", const=Path(), metavar="RECORDING", help="one conversation"
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
    if required:
        command.add_argument("recording", type=Path, metavar="RECORDING")
    command.add_argument("--purpose", type=Purpose, choices=list(Purpose), required=required)
    command.add_argument("--lyrics", type=lyrics_argument, metavar="TEXT|@FILE", required=required)
    command.add_argument(
        "-o", "--output", type=output_argument, metavar="OUT.mp3", required=required
    )
