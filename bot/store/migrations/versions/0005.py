"""Recordings by the file they are: the same one again, and how many a person sent."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column(
        "references",
        sa.Column("unique_id", sa.String(length=64), server_default="", nullable=False),
    )
    op.create_index("ix_references_unique_id", "references", ["unique_id"])
    op.create_index("ix_references_user_id_created_at", "references", ["user_id", "created_at"])
