"""The chat in order: panels and their topics, what was handled, hints, takes, what has rung."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None


def upgrade() -> None:
    op.add_column("drafts", sa.Column("old_panel_id", sa.BigInteger(), nullable=True))
    op.add_column("drafts", sa.Column("topic_id", sa.BigInteger(), nullable=True))
    op.add_column("drafts", sa.Column("handled", sa.Text(), server_default="", nullable=False))
    # A closed draft's panel has become a status message, whose buttons are not the draft's.
    op.execute("UPDATE drafts SET panel_id = NULL WHERE step = 'closed'")
    op.add_column("references", sa.Column("hint_message_id", sa.BigInteger(), nullable=True))
    op.add_column("tracks", sa.Column("topic_id", sa.BigInteger(), nullable=True))
    op.add_column("tracks", sa.Column("pressed", sa.String(length=80), nullable=True))
    for table, name, default in (
        ("tracks", "rung", "0"),
        ("tracks", "take", "1"),
        ("users", "knows_privacy", "0"),
    ):
        op.add_column(table, sa.Column(name, sa.Integer(), server_default=default, nullable=False))
