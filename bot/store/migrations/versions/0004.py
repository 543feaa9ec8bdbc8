"""Recordings: until when Telegram has asked for a pause before one is fetched."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "references", sa.Column("wake_at", sa.Float(), server_default="0", nullable=False)
    )
