"""More machines: whose database it is, and procrastinate's tables on PostgreSQL."""

from collections.abc import Sequence
from importlib.resources import files

import sqlalchemy as sa
from alembic import op

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels: Sequence[str] | None = None
depends_on: Sequence[str] | None = None

FIRST, LAST = "00.00.00_01", "03.04.00_50"
"""Which of procrastinate's own migrations this revision applies, both included."""


def upgrade() -> None:
    op.create_table(
        "identity",
        sa.Column("key", sa.String(length=16), nullable=False),
        sa.Column("value", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_identity")),
    )
    connection = op.get_bind()
    if connection.dialect.name != "postgresql":
        return
    # The driver's own cursor takes several statements at once and reads no % in them.
    cursor = connection.connection.cursor()
    folder = files("procrastinate") / "sql" / "migrations"
    for script in sorted(folder.iterdir(), key=lambda path: path.name):
        if script.name.endswith(".sql") and FIRST <= script.name[:11] <= LAST:
            cursor.execute(script.read_text(encoding="utf-8"))
    cursor.close()
