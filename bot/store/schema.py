"""The tables. Times are seconds since 1970 (UTC); ids of Telegram need 64 bits."""

from sqlalchemy import (
    BigInteger,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_Id = BigInteger().with_variant(Integer, "sqlite")


def _claim() -> tuple[Column[str], Column[float]]:
    return Column("claimed_by", String(64)), Column("claimed_until", Float)


inbox = Table(
    "inbox",
    metadata,
    Column("update_id", BigInteger, primary_key=True, autoincrement=False),
    Column("received_at", Float, nullable=False),
    Column("raw", Text),
    Column("tries", Integer, nullable=False, server_default="1"),
    Column("done_at", Float),
    Index("ix_inbox_done_at", "done_at"),
)

identity = Table(
    "identity",
    metadata,
    Column("key", String(16), primary_key=True),
    Column("value", String(64), nullable=False),
)

users = Table(
    "users",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("language", String(16)),
    Column("settings", Text),
    Column("access", String(16)),
    Column("knows_privacy", Integer, nullable=False, server_default="0"),
    Column("seen_at", Float, nullable=False),
)

notices = Table(
    "notices",
    metadata,
    Column("kind", String(64), primary_key=True),
    Column("told_at", Float, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("step", String(16), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("reference_id", _Id),
    Column("purpose", String(16)),
    Column("partner_id", _Id),
    Column("lyrics", Text),
    Column("lyrics_message_id", BigInteger),
    Column("panel_id", BigInteger),
    Column("old_panel_id", BigInteger),
    Column("topic_id", BigInteger),
    Column("album", String(64)),
    Column("handled", Text, nullable=False, server_default=""),
    Column("changed_at", Float, nullable=False),
    Column("words", Text),
    UniqueConstraint("chat_id", "user_id"),
)

references = Table(
    "references",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("message_id", BigInteger, nullable=False),
    Column("file_id", Text, nullable=False),
    Column("unique_id", String(64), nullable=False, server_default=""),
    Column("title", Text, nullable=False),
    Column("seconds", Float),
    Column("level", Float),
    Column("findings", Text, nullable=False, server_default=""),
    Column("purpose", String(16)),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("hint_message_id", BigInteger),
    Column("created_at", Float, nullable=False),
    Column("wake_at", Float, nullable=False, server_default="0"),
    *_claim(),
    UniqueConstraint("chat_id", "message_id"),
    Index("ix_references_status", "status", "told"),
    Index("ix_references_unique_id", "unique_id"),
    Index("ix_references_user_id_created_at", "user_id", "created_at"),
)

uploads = Table(
    "uploads",
    metadata,
    Column("reference_id", _Id, ForeignKey("references.id"), primary_key=True),
    Column("purpose", String(16), primary_key=True),
    Column("backend", String(32), primary_key=True),
    Column("voice_id", Text),
    Column("beat_id", Text),
    Column("url", Text),
    Column("expires_at", Float),
    Column("refusal", String(32)),
    Column("uploaded_at", Float, nullable=False),
    Column("times", Integer, nullable=False, server_default="1"),
    Column("since", Float, nullable=False, server_default="0"),
)

tracks = Table(
    "tracks",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("draft_id", _Id),
    Column("draft_revision", Integer),
    Column("origin", String(80), unique=True),
    Column("predecessor_id", _Id),
    Column("chat_id", BigInteger, nullable=False),
    Column("user_id", BigInteger, nullable=False),
    Column("voice_ref", _Id),
    Column("beat_ref", _Id),
    Column("lyrics", Text, nullable=False),
    Column("lyrics_messages", Text, nullable=False, server_default=""),
    Column("status", String(16), nullable=False),
    Column("reason", String(32)),
    Column("stop_wanted", Integer, nullable=False, server_default="0"),
    Column("told", Integer, nullable=False, server_default="0"),
    Column("rung", Integer, nullable=False, server_default="0"),
    Column("pressed", String(80)),
    Column("take", Integer, nullable=False, server_default="1"),
    Column("panel_id", BigInteger),
    Column("topic_id", BigInteger),
    Column("file_id", Text),
    Column("seconds", Float),
    Column("created_at", Float, nullable=False),
    Column("finished_at", Float),
    Column("wake_at", Float, nullable=False, server_default="0"),
    *_claim(),
    UniqueConstraint("draft_id", "draft_revision"),
    Index("ix_tracks_user_id_status", "user_id", "status"),
    Index("ix_tracks_told_status", "told", "status"),
    Index("ix_tracks_predecessor_id", "predecessor_id"),
)

sounds = Table(
    "sounds",
    metadata,
    Column("track_id", _Id, ForeignKey("tracks.id"), primary_key=True, autoincrement=False),
    Column("audio", LargeBinary, nullable=False),
    Column("cover", LargeBinary, nullable=False),
    Column("note", Text, nullable=False, server_default=""),
    Column("kept_until", Float, nullable=False),
    Index("ix_sounds_kept_until", "kept_until"),
)

attempts = Table(
    "attempts",
    metadata,
    Column("track_id", _Id, ForeignKey("tracks.id"), primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("backend", String(32), nullable=False),
    Column("request_id", String(128), nullable=False),
    Column("outcome", String(16)),
    Column("ticket", Text),
    Column("provider_request_id", Text),
    Column("cost_usd", Float),
    Column("detail", Text),
    Column("opened_at", Float, nullable=False),
    Column("closed_at", Float),
    Index("ix_attempts_opened_at", "opened_at"),
)
