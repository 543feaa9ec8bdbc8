"""SIGTERM while the bot is not even listening yet."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

PATIENCE = 30


def test_a_stop_is_obeyed_while_telegram_cannot_be_reached(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        settings = {
            "TELEGRAM_TOKEN": "1:token",
            "TELEGRAM_API_URL": f"http://127.0.0.1:{nobody.getsockname()[1]}",
            "AIMLAPI_KEY": "key",
            "DATA_DIR": str(tmp_path),
            "HTTP_PORT": "0",
        }
        with subprocess.Popen(
            [sys.executable, "-m", "bot", "run"],
            env=os.environ | settings,
            stderr=subprocess.PIPE,
            text=True,
        ) as bot:
            assert bot.stderr is not None
            try:
                assert any("cannot be reached" in line for line in bot.stderr)
                bot.send_signal(signal.SIGTERM)
                assert bot.wait(PATIENCE) == 0
            finally:
                bot.kill()
