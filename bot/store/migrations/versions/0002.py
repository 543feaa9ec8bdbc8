"""More machines: whose database it is, and procrastinate's tables on PostgreSQL."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

from bot.store.migrations import procrastinate_schema

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity")),
    )
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        procrastinate_schema.apply(connection)
