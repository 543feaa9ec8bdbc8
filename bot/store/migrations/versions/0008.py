"""The messages that a track's lyrics came in, by their numbers alone."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "tracks", sa.Column("lyrics_messages", sa.Text(), server_default="", nullable=False)
    )
