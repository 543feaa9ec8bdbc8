"""How often a recording has been uploaded within a day."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("uploads", sa.Column("times", sa.Integer(), nullable=False, server_default="1"))
    op.add_column("uploads", sa.Column("since", sa.Float(), nullable=False, server_default="0"))
