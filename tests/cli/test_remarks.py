"""What looks wrong around the settings: one line each, which names the setting."""

import os
from pathlib import Path

import pytest
from pydantic import SecretStr

from bot import settings
from bot.commands._remarks import all_of_them
from bot.music import BACKENDS
from bot.proxies import proxy_to
from bot.settings import Settings, SettingsError, load

TOKEN = "123456789:AAsandboxsandboxsandboxsandboxsand0"


@pytest.fixture(autouse=True)
def clean(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty folder, and an environment with nothing of ours in it."""
    monkeypatch.chdir(tmp_path)
    for name in list(os.environ):
        if name.upper() in {each.upper() for each in Settings.model_fields}:
            monkeypatch.delenv(name)
        if name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)


NEAR = {
    "TELEGRAM_TOKN": "TELEGRAM_TOKEN",
    "TELEGRAM_BOT_TOKEN": "TELEGRAM_TOKEN",
    "OWNERID": "OWNER_ID",
    "OWNER_IDS": "OWNER_ID",
    "AIML_API_KEY": "AIMLAPI_KEY",
    "GENERATE_TIMOUT": "GENERATE_TIMEOUT",
    "MUSIC_BACKENDS": "MUSIC_BACKEND",
    "REPLICATE_API_TOKEN": "REPLICATE_TOKEN",
    "DATADIR": "DATA_DIR",
    "ALLOWED_USER": "ALLOWED_USERS",
    "log_levle": "LOG_LEVEL",
}


@pytest.mark.parametrize("name", NEAR)
@pytest.mark.parametrize("place", ["environment", ".env"])
def test_a_near_miss_is_named(monkeypatch: pytest.MonkeyPatch, name: str, place: str) -> None:
    if place == "environment":
        monkeypatch.setenv(name, "5ecret")
    else:
        Path(".env").write_text(f"{name}=5ecret\n")
        Path(".env").chmod(0o600)
    (line,) = all_of_them()
    assert name.upper() in line
    assert place in line
    assert line.endswith(f"did you mean {NEAR[name]}?")
    assert "5ecret" not in line


def test_names_that_others_read_are_none_of_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "NO_PROXY", "LOG_FILE", "OPENAI_API_KEY", "HOSTNAME", "PGDATA"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    Path(".env").write_text(
        "POSTGRES_PASSWORD=x\nCOMPOSE_PROFILES=scale\nTZ=UTC\nHTTPS_PROXY=http://h:1\nOWNER_ID=1\n"
    )
    Path(".env").chmod(0o600)
    assert all_of_them() == []


def test_a_name_in_the_file_that_is_like_nothing_is_named_too() -> None:
    Path(".env").write_text("WHATEVER=1\nTOKEN=2\n")
    Path(".env").chmod(0o600)
    assert all_of_them() == [
        "TOKEN (.env) is no setting; did you mean TELEGRAM_TOKEN?",
        "WHATEVER (.env) is no setting",
    ]


def test_a_file_that_others_can_read_is_named() -> None:
    Path(".env").write_text("OWNER_ID=1\n")
    Path(".env").chmod(0o644)
    (line,) = all_of_them()
    assert "chmod 600 .env" in line
    Path(".env").chmod(0o600)
    assert all_of_them() == []


COPIED = {
    "quotes": '"{}"',
    "single quotes": "'{}'",
    "typographic quotes": "“{}”",
    "a no-break space": "{}\u00a0",
    "spaces and a tab": " {}\t",
    "a zero-width space": "\u200b{}\ufeff",
    "Bearer": "Bearer {}",
    "Bearer in quotes": "' bearer  {} '",
}


@pytest.mark.parametrize("how", COPIED)
def test_what_comes_along_when_a_key_is_copied_is_left_out(
    monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setenv("AIMLAPI_KEY", COPIED[how].format("sk-key"))
    monkeypatch.setenv("TELEGRAM_TOKEN", COPIED[how].format(TOKEN))
    monkeypatch.setenv("AIMLAPI_URL", COPIED[how].format("http://127.0.0.1:9/"))
    read = load()
    assert read.aimlapi_key == SecretStr("sk-key")
    assert read.telegram_token == SecretStr(TOKEN)
    assert read.aimlapi_url == "http://127.0.0.1:9"
    lines = all_of_them()
    assert [line.partition(" ")[0] for line in lines] == [
        "TELEGRAM_TOKEN",
        "AIMLAPI_KEY",
        "AIMLAPI_URL",
    ]
    assert "sk-key" not in "".join(lines)
    assert {"sk-key", TOKEN} <= set(read.secrets())


@pytest.mark.parametrize("letter", ["\u0430", "\u00e9", "\u2013", "\u00a0", " ", "\x07"])
def test_a_key_with_what_no_key_has_is_named(monkeypatch: pytest.MonkeyPatch, letter: str) -> None:
    for name in ("AIMLAPI_KEY", "REPLICATE_TOKEN", "ACESTEP_KEY"):
        monkeypatch.setenv(name, f"sk{letter}5ecret")
    with pytest.raises(SettingsError) as error:
        load()
    lines = str(error.value).splitlines()
    assert [line.partition(":")[0] for line in lines] == [
        "AIMLAPI_KEY",
        "REPLICATE_TOKEN",
        "ACESTEP_KEY",
    ]
    assert f"U+{ord(letter):04X}" in lines[0]
    assert "5ecret" not in str(error.value)


def test_every_bad_value_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    bad = {
        "TELEGRAM_TOKEN": "5ecret",
        "TELEGRAM_API_URL": f"https://api.telegram.org/bot{TOKEN}/getMe",
        "MUSIC_BACKEND": "aimlapi,5ecret",
        "AIMLAPI_URL": "https://api.aimlapi.com/v1/",
        "REPLICATE_URL": "https://5ecret.example/v1",
        "ACESTEP_URL": "5ecret:8001",
        "OWNER_ID": "5ecret",
        "WEBHOOK_URL": "https://example.org",
        "HTTP_PORT": "70000",
        "COVER_DATA_URI": "5ecret",
        "LOG_FORMAT": "5ecret",
    }
    for name, value in bad.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load()
    lines = str(error.value).splitlines()
    named = {line.partition(":")[0] for line in lines}
    assert named == bad.keys() - {"WEBHOOK_URL"} | {"WEBHOOK_SECRET"}
    assert len(lines) == len(named)
    assert "5ecret" not in str(error.value)
    assert TOKEN not in str(error.value)


IN_PLAIN_WORDS = [
    ("WEBHOOK_URL", "http://bot.example/", "must begin with https://: Telegram calls no other"),
    ("TRACKS_PER_DAY", "many", "must be a whole number, or none"),
    ("RECORDINGS_PER_DAY", "2.5", "must be a whole number, or none"),
    ("TRACKS_PER_DAY", "-1", "must be 0 or more"),
    (
        "ALLOWED_USERS",
        "12,@ben",
        "must be ids, whole numbers with commas between; a @name is none",
    ),
    ("HTTP_PORT", "99999", "must be 65535 or less"),
    ("LYRICS_MAX", "0", "must be 1 or more"),
    ("UPLOAD_TIMEOUT", "0", "must be more than 0"),
    ("UPLOAD_TIMEOUT", "inf", "must be a number"),
    ("KEEP_TRACKS", "-1", "must be 0 or more"),
    ("CLIPPED_SHARE", "2", "must be 1 or less"),
    ("COVER_PROMPT", "soft", "must have 10 characters or more"),
    ("ACESTEP_PROMPT", "x" * 301, "must have 300 characters or less"),
    ("OWNER_ID", "9" * 5000, "must be a whole number"),
]


@pytest.mark.parametrize(("name", "value", "line"), IN_PLAIN_WORDS)
def test_a_value_out_of_bounds_is_named_in_our_own_words(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "s")
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load()
    assert str(error.value) == f"{name}: {line}"


def test_a_bot_api_server_of_ones_own_may_call_without_tls(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("WEBHOOK_SECRET", "s")
    monkeypatch.setenv("WEBHOOK_URL", "http://bot.internal/webhook")
    monkeypatch.setenv("TELEGRAM_API_URL", "http://bot-api:8081")
    assert load().webhook_url == "http://bot.internal/webhook"


@pytest.mark.parametrize("path", ["", "/", "/proxy", "/botany", "/v1x", "/bots/x"])
def test_an_address_that_ends_otherwise_is_a_base(
    monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    monkeypatch.setenv("TELEGRAM_API_URL", f"http://127.0.0.1:9{path}")
    assert load().telegram_api_url == f"http://127.0.0.1:9{path}".rstrip("/")


def test_a_service_is_named_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MUSIC_BACKEND", "aimlapi, aimlapi")
    with pytest.raises(SettingsError, match=r"^MUSIC_BACKEND: .* once$"):
        load()


def test_settings_know_every_service() -> None:
    read = Settings(_env_file=None, music_backend=",".join(BACKENDS))
    assert set(read.music_backend) == set(BACKENDS)


@pytest.mark.parametrize(
    ("name", "value", "kind"),
    [
        ("HTTP_PROXY", "socks5://127.0.0.1:9", "socks5"),
        ("https_proxy", "socks5h://me:5ecret@127.0.0.1:9", "socks5h"),
        ("ALL_PROXY", "socks4://127.0.0.1:9", "socks4"),
        ("HTTPS_PROXY", "https://127.0.0.1:9", "https"),
    ],
)
def test_a_proxy_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, kind: str
) -> None:
    monkeypatch.setenv(name, value)
    (line,) = all_of_them()
    assert line.startswith(f"{name} is not used")
    assert f"{kind}://" in line
    assert "5ecret" not in line
    assert proxy_to("https://api.telegram.org") == ""


def test_the_proxy_on_the_way_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("ALL_PROXY", "127.0.0.1:9")
    monkeypatch.setenv("NO_PROXY", "inside.example")
    assert all_of_them() == []
    assert proxy_to("https://api.telegram.org") == "HTTPS_PROXY"
    assert proxy_to("http://127.0.0.2:8081") == "ALL_PROXY"
    assert proxy_to("https://inside.example") == ""


def test_a_file_that_cannot_be_read_is_said_by_nobody_twice() -> None:
    Path(".env").write_bytes(b"\xff\xfe")
    Path(".env").chmod(0o600)
    assert all_of_them() == []
    with pytest.raises(SettingsError, match=r"^\.env: "):
        settings.load()
