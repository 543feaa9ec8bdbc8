"""Arguments that are looked at before anything is paid for."""

import argparse
from pathlib import Path

import pytest

from bot.cli import output_argument


def test_the_folder_of_a_track_is_made(tmp_path: Path) -> None:
    wanted = tmp_path / "new" / "track.mp3"
    assert output_argument(str(wanted)) == wanted
    assert wanted.parent.is_dir()


@pytest.mark.parametrize("place", ["folder", "file/track.mp3"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path: Path, place: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    with pytest.raises(argparse.ArgumentTypeError):
        output_argument(str(tmp_path / place))
