"""The command line, as a process: exit codes, one-line answers, and the whole way to an MP3."""

import argparse
import ast
import asyncio
import io
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread
from typing import ClassVar
from urllib.parse import quote

import av
import pytest
from aiohttp import web
from pydantic import SecretStr

from bot import cli, settings
from bot.audio import frames
from bot.commands import check
from bot.i18n import texts
from bot.sandbox.music.aimlapi.server import MusicApi
from bot.sandbox.telegram.api import TelegramApi
from bot.settings import Settings
from bot.store import Store
from tests.support.bot_kit import KEY, LYRICS, keys, song, voice
from tests.support.process_kit import MEASURED

HERE = Path(__file__).parents[2]
COMMANDS = ("run", "worker", "demo", "make", "check")


class Outside:
    """Both stand-ins, and `refrain` run against them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.telegram = TelegramApi()
        self.music = MusicApi(KEY, 0.0)
        self.music.stock = song(12)

    async def refrain(self, *arguments: str, **said: str) -> subprocess.CompletedProcess[str]:
        """Run a command with settings that lead to the stand-ins; "" unsets one."""
        good = {
            "TELEGRAM_TOKEN": self.telegram.token,
            "TELEGRAM_API_URL": self.telegram.url,
            "AIMLAPI_KEY": KEY,
            "AIMLAPI_URL": self.music.url,
            "DATA_DIR": str(self.folder / "data"),
            "OWNER_ID": "1001",
        }
        return await asyncio.to_thread(run, *arguments, folder=self.folder, **good | said)


@pytest.fixture
async def outside(tmp_path: Path) -> AsyncIterator[Outside]:
    outside = Outside(tmp_path)
    async with outside.telegram:
        await outside.music.start()
        try:
            yield outside
        finally:
            await outside.music.aclose()


def run(*arguments: str, folder: Path, **said: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "bot", *arguments],
        cwd=folder,
        env={"PATH": "", "COLUMNS": "200", "PYTHONPATH": str(HERE), **MEASURED, **said},
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


async def test_check_when_all_is_good(outside: Outside) -> None:
    ended = await outside.refrain("check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert "@refrain_bot" in ended.stdout
    assert "✗" not in ended.stdout
    assert outside.telegram.token not in ended.stdout + ended.stderr
    assert KEY not in ended.stdout + ended.stderr
    assert outside.music.generated == []
    say = texts(None).plain
    makes = [say(f"purpose-{purpose}") for purpose in ("song", "voice", "instrumental")]
    assert ", ".join(makes) in ended.stdout


MISSING = {
    "TELEGRAM_TOKEN": "",
    "AIMLAPI_KEY": "",
    "TELEGRAM_API_URL": "http://127.0.0.1:9",
    "DATA_DIR": "taken/data",
}


@pytest.mark.parametrize("name", MISSING)
async def test_check_names_what_is_missing(outside: Outside, name: str) -> None:
    (outside.folder / "taken").write_text("a file")
    ended = await outside.refrain("check", **{name: MISSING[name]})
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "✗" in ended.stdout
    assert name in ended.stdout
    assert "Traceback" not in ended.stderr


async def test_check_makes_nothing_and_warns_of_what_is_odd(outside: Outside) -> None:
    (outside.folder / ".env").write_text("GENERATE_TIMOUT=100\n")
    (outside.folder / ".env").chmod(0o644)
    before = sorted(outside.folder.rglob("*"))
    ended = await outside.refrain(
        "check", OWNER_ID="", AIMLAPI_KEY=f'"{KEY}"', DATA_DIR="new/data", ALL_PROXY="socks5://h:1"
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert sorted(outside.folder.rglob("*")) == before
    odd = [line for line in ended.stdout.splitlines() if line.startswith("!")]
    for each in ("GENERATE_TIMEOUT?", "AIMLAPI_KEY", "chmod 600", "ALL_PROXY", "OWNER_ID"):
        assert [line for line in odd if each in line], each
    assert len(odd) == 5
    assert "✗" not in ended.stdout


async def test_check_of_a_bot_that_was_stopped_changes_nothing(outside: Outside) -> None:
    data = outside.folder / "data"
    data.mkdir()
    store = await Store.open(f"sqlite+aiosqlite:///{data / 'refrain.sqlite3'}")
    await store.aclose()
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in data.iterdir()}
    ended = await outside.refrain("check")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    after = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in data.iterdir()}
    assert after == before


def test_check_marks_every_bad_value_and_what_may_be_the_reason(tmp_path: Path) -> None:
    ended = run("check", folder=tmp_path, HTTP_PORT="x", LOG_LEVEL="LOUD", LOG_LEVELS="INFO")
    assert ended.returncode == 2
    assert ended.stdout == ""
    port, level, meant = ended.stderr.splitlines()
    assert port.startswith("✗ HTTP_PORT: ")
    assert level.startswith("✗ LOG_LEVEL: ")
    assert meant.startswith("! LOG_LEVELS ")
    assert list(tmp_path.iterdir()) == []


class Other(BaseHTTPRequestHandler):
    """Something that is not the Bot API."""

    answers: ClassVar = {
        "page": (404, b"<h1>Not found</h1>"),
        "page of success": (200, b"<h1>Welcome</h1>"),
        "no bot": (200, b'{"ok": true, "result": {"id": 1}}'),
        "nothing": (200, b'{"ok": true}'),
        "list": (200, b"[]"),
        "broken": (502, b"<h1>Bad gateway</h1>"),
    }

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, body = self.answers[self.path.split("/")[1].replace("%20", " ")]
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.mark.parametrize("kind", Other.answers)
async def test_check_names_what_is_not_the_bot_api(outside: Outside, kind: str) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Other)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        url = f"http://127.0.0.1:{server.server_port}/{quote(kind)}"
        chosen = Settings(
            _env_file=None,
            telegram_token=SecretStr(outside.telegram.token),
            telegram_api_url=url,
        )
        line = await check._telegram(chosen, texts(None))
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
    assert line.mark is check.Mark.BAD
    assert line.detail == texts(None).plain("check-telegram-other", url=url)


@pytest.mark.parametrize(
    ("name", "value"), [("TELEGRAM_TOKEN", "1:" + "A" * 35), ("AIMLAPI_KEY", "sk-wr0ng-key")]
)
async def test_check_names_what_is_refused(outside: Outside, name: str, value: str) -> None:
    ended = await outside.refrain("check", **{name: value})
    assert ended.returncode == 1
    assert value not in ended.stdout + ended.stderr
    assert "✗" in ended.stdout


async def test_check_says_that_the_music_service_is_away(outside: Outside) -> None:
    ended = await outside.refrain("check", AIMLAPI_URL="http://127.0.0.1:9")
    assert ended.returncode == 1
    assert re.search(r"✗.*music model.*127\.0\.0\.1:9.*AIMLAPI_URL", ended.stdout)
    assert "Connect" not in ended.stdout


AWAY = {
    "aimlapi": {"AIMLAPI_URL": "http://127.0.0.2:9"},
    "aimlapi-cover": {"AIMLAPI_URL": "http://127.0.0.2:9"},
    "replicate": {"REPLICATE_URL": "http://127.0.0.2:9", "REPLICATE_TOKEN": KEY},
    "acestep": {"ACESTEP_URL": "http://127.0.0.2:9"},
}


@pytest.mark.parametrize("service", AWAY)
async def test_check_names_the_proxy_that_leads_nowhere(outside: Outside, service: str) -> None:
    ended = await outside.refrain(
        "check",
        MUSIC_BACKEND=service,
        HTTP_PROXY="http://127.0.0.1:9",
        NO_PROXY="127.0.0.1",
        **AWAY[service],
    )
    (setting, *_) = AWAY[service]
    wrong = [line for line in ended.stdout.splitlines() if line.startswith("✗ music")]
    there = f"http://127.0.0.2:9 ({setting}) cannot be reached through HTTP_PROXY"
    assert wrong == [f"✗ {'music model'.ljust(len('Decoder and encoder'))}  {there}"]


async def test_check_knows_a_model_that_is_gone(outside: Outside) -> None:
    outside.music.withdrawn = True
    ended = await outside.refrain("check")
    assert ended.returncode == 1
    outside.music.withdrawn = False
    outside.music.balance = 0.0
    assert (await outside.refrain("check")).returncode == 1


@pytest.mark.parametrize("purpose", ["song", "voice", "instrumental"])
async def test_make(outside: Outside, purpose: str) -> None:
    (outside.folder / "take.ogg").write_bytes(voice())
    (outside.folder / "words.txt").write_text(LYRICS)
    ended = await outside.refrain(
        *("make", "take.ogg", "--purpose", purpose, "--lyrics", "@words.txt", "-o", "out.mp3")
    )
    assert ended.returncode == 0, ended.stderr
    made = (outside.folder / "out.mp3").read_bytes()
    assert outside.music.stock is not None
    assert frames(made) == frames(outside.music.stock)
    with av.open(io.BytesIO(made), "r") as opened:
        assert opened.metadata["title"] == "Morning light upon the water"
    (upload,), (call,) = outside.music.uploads, outside.music.generated
    assert upload.purpose == purpose
    assert (call.voice is not None, call.beat is not None) == (
        purpose != "instrumental",
        purpose != "voice",
    )


async def test_make_reads_no_netrc_and_does_without_joiners(outside: Outside) -> None:
    (outside.folder / "take.ogg").write_bytes(voice())
    netrc = outside.folder / "netrc"
    netrc.write_text("default login somebody password else\n")
    outside.music.fail("1042")
    words = "I \u2764\ufe0f the morning"
    ended = await outside.refrain(
        *("make", "take.ogg", "--purpose", "voice", "--lyrics", words, "-o", "out.mp3"),
        NETRC=str(netrc),
    )
    assert ended.returncode == 0, ended.stderr
    assert (outside.folder / "out.mp3").exists()
    sent = [call.lyrics for call in outside.music.generated]
    assert sent == [words, words.replace("\ufe0f", "")]


async def test_make_says_what_is_too_large(outside: Outside) -> None:
    (outside.folder / "good.mp3").write_bytes(song())

    async def nginx(*_: object) -> web.StreamResponse:
        return web.Response(status=413, text="<html>413</html>", content_type="text/html")

    outside.music._early = nginx  # type: ignore[assignment,method-assign]  # a gateway before it
    ended = await outside.refrain(
        *("make", "good.mp3", "--purpose", "song", "--lyrics", LYRICS, "-o", "out.mp3")
    )
    assert ended.returncode == 1
    assert texts(None).plain("make-too-large") in " ".join(ended.stderr.split())
    assert len(outside.music.uploads) == 1


async def test_make_says_what_is_wrong_and_pays_nothing(outside: Outside) -> None:
    (outside.folder / "short.mp3").write_bytes(song(4))
    (outside.folder / "good.mp3").write_bytes(song())
    for recording, words in (
        ("none.mp3", LYRICS),
        ("short.mp3", LYRICS),
        ("good.mp3", "\u200b"),
        ("good.mp3", "la " * 300),
    ):
        ended = await outside.refrain(
            *("make", recording, "--purpose", "song", "--lyrics", words, "-o", "out.mp3")
        )
        assert ended.returncode == 1
        assert "Traceback" not in ended.stderr
        assert not (outside.folder / "out.mp3").exists()
    assert outside.music.uploads == []
    offline = {"AIMLAPI_URL": "http://127.0.0.1:9"}
    ended = await outside.refrain(
        *("make", "good.mp3", "--purpose", "song", "--lyrics", LYRICS, "-o", "out.mp3"), **offline
    )
    assert ended.returncode == 1
    assert "http://127.0.0.1:9 (AIMLAPI_URL)" in ended.stderr
    outside.music.fail("401", on="upload")
    ended = await outside.refrain(
        *("make", "good.mp3", "--purpose", "song", "--lyrics", LYRICS, "-o", "out.mp3")
    )
    assert ended.returncode == 1
    assert texts(None).plain("make-key") in ended.stderr
    for word in ("Telegram", "Send ", "chat", "message"):
        assert word not in "".join(value for key, value in english() if key.startswith("make-"))
    assert outside.music.generated == []


@pytest.mark.parametrize("name", ["note.ogg", "song.mp3"])
def test_demo_once(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(voice() if name.endswith("ogg") else song())
    ended = run(
        *("demo", "--once", name, "--purpose", "song", "--lyrics", LYRICS, "-o", "out.mp3"),
        folder=tmp_path,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    made = (tmp_path / "out.mp3").read_bytes()
    with av.open(io.BytesIO(made), "r") as opened:
        assert opened.metadata["title"] == "Morning light upon the water"
        assert (opened.duration or 0) > 10_000_000
    assert "[audio] Here" in ended.stdout
    assert "Traceback" not in ended.stderr


def test_demo_of_what_is_no_recording_ends_with_the_bots_words(tmp_path: Path) -> None:
    (tmp_path / "short.mp3").write_bytes(song(4))
    ended = run(*("demo", "--once", "short.mp3", "--purpose", "song"), folder=tmp_path)
    assert ended.returncode == 1
    assert "a bit short" in ended.stdout


@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_help(tmp_path: Path, command: str) -> None:
    ended = run(*([command] if command else []), "--help", folder=tmp_path)
    assert ended.returncode == 0
    assert "usage: refrain" in ended.stdout
    assert list(tmp_path.iterdir()) == []


def test_bare_refrain_is_its_help(tmp_path: Path) -> None:
    ended = run(folder=tmp_path)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert ended.stdout == run("--help", folder=tmp_path).stdout


def test_version(tmp_path: Path) -> None:
    ended = run("--version", folder=tmp_path)
    assert (ended.returncode, ended.stdout) == (0, f"refrain {version('refrain')}\n")


def test_every_argument_has_a_help_text() -> None:
    parsers = [cli._parser()]
    for parser in parsers:
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                parsers += action.choices.values()
                assert {each.dest for each in action._choices_actions if each.help} == set(
                    action.choices
                )
            else:
                assert action.help, (parser.prog, action.dest)
    assert len(parsers) > 6


def test_unusable_settings_are_held_until_the_stop(tmp_path: Path) -> None:
    program = [sys.executable, "-m", "bot", "run", "--hold"]
    environment = {"PYTHONPATH": str(HERE), "HTTP_PORT": "x", **MEASURED}
    held = subprocess.Popen(program, cwd=tmp_path, env=environment, stderr=subprocess.PIPE)
    assert held.stderr is not None
    assert held.stderr.readline().startswith(b"HTTP_PORT: ")
    with pytest.raises(subprocess.TimeoutExpired):
        held.wait(0.5)
    held.terminate()
    assert held.wait(20) == 2
    held.stderr.close()


@pytest.mark.parametrize(
    "arguments", [["sing"], ["make"], ["demo", "--port", "70000"], ["demo", "--purpose", "opera"]]
)
def test_wrong_arguments(tmp_path: Path, arguments: list[str]) -> None:
    ended = run(*arguments, folder=tmp_path)
    assert ended.returncode == 2
    assert "usage: refrain" in ended.stderr


def test_every_module_imports_in_an_empty_environment(tmp_path: Path) -> None:
    roots = [*HERE.joinpath("bot").rglob("*.py"), *HERE.joinpath("handlers").rglob("*.py")]
    names = [_module(path) for path in roots if "migrations" not in path.parts]
    program = (
        "import importlib, json, sys\n"
        "for name in json.load(sys.stdin):\n"
        "    name == 'bot.__main__' or importlib.import_module(name)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-W", "error::ResourceWarning", "-c", program],
        cwd=tmp_path,
        env={"PYTHONPATH": str(HERE)},
        input=json.dumps(sorted(names)),
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


def test_the_example_of_settings_is_up_to_date() -> None:
    assert (HERE / ".env.example").read_text() == settings.example()


def test_every_text_is_there_and_used() -> None:
    said, prefixes = _texts_in_python()
    source = (HERE / "bot/locales/en.ftl").read_text()
    referred = set(re.findall(r"\{ ([a-z-]+) \}", source))
    known = set(keys())
    assert said - known == set()
    built = {
        key
        for key in known
        if any(key.startswith(p) for p in prefixes - {"status-"} if re.fullmatch(r"([a-z]+-)+", p))
    }
    # Most statuses have a text of their own; the courier builds the names of these.
    built |= {f"status-{s}" for s in ("unsure", "undeliverable", "delivered", "cancelled")}
    assert known - said - referred - built == set()


def english() -> list[tuple[str, str]]:
    """Every English text by its name."""
    source = (HERE / "bot/locales/en.ftl").read_text()
    return re.findall(r"^([a-z-]+) =((?:.*\n)(?: .*\n)*)", source, re.MULTILINE)


def _texts_in_python() -> tuple[set[str], set[str]]:
    """Every string that looks like a text's name where texts are said, and beginnings of names."""
    said: set[str] = set()
    prefixes: set[str] = set()
    places = [*HERE.joinpath("bot").rglob("*.py"), *HERE.joinpath("handlers").rglob("*.py")]
    known = set(keys())
    for path in places:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and node.value in known:
                said.add(node.value)
            if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
                prefixes.add(str(node.values[0].value))
            if not isinstance(node, ast.Call):
                continue
            name = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            name = name or (node.func.id if isinstance(node.func, ast.Name) else "")
            first = node.args[0] if node.args else None
            if name not in {"say", "plain"} or first is None:
                continue
            if isinstance(first, ast.Constant):
                said.add(str(first.value))
    return said, prefixes


def _module(path: Path) -> str:
    parts = path.relative_to(HERE).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
