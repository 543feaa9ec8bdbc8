"""Every rule of the database itself: whose it is, how it is laid out and opened."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, text

from bot.store import (
    AlreadyOpen,
    NewerSchema,
    Store,
    StoreUnavailable,
)
from bot.store.db import database
from bot.store.schema import metadata
from tests.support.pg_kit import driven
from tests.support.postgres import rows
from tests.support.store_kit import (
    AT_ONCE,
    at_once,
    created,
    opened,
    previewed,
    raw_connection,
)


async def test_only_a_database_of_ones_own_is_taken_over(store: Store) -> None:
    track = await created(store)
    await store.tracks.claims.take(track.id, "dead")
    await store.take_over()
    assert bool(await store.tracks.claims.take(track.id, "new")) is store.is_sqlite


async def test_a_server_that_said_goodbye_is_noticed_before_it_is_asked(
    ready_url: str,
) -> None:
    farewell = (
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    async with opened(driven(ready_url)) as store:
        for connect in (store._database.read, store._database.single, store._database.write):
            async with connect() as connection:
                await connection.execute(text("SELECT 1"))
            rows(ready_url, farewell)
            await asyncio.sleep(0.2)
            async with connect() as connection:
                assert await connection.scalar(text("SELECT 1")) == 1


async def test_a_database_belongs_to_one_bot(store: Store) -> None:
    mine = await at_once(lambda _: store.belongs_to("111"))
    assert mine == [True] * AT_ONCE
    assert not await store.belongs_to("222")
    assert await store.belongs_to("111")


async def test_a_schema_newer_than_the_program_is_left_alone(database_url: str) -> None:
    async with opened(database_url) as store:
        await created(store)
        async with store._database.write() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(NewerSchema, match="9999"):
        await Store.open(database_url)
    async with raw_connection(database_url) as raw:
        kept = await raw.execute(text("SELECT version_num FROM alembic_version"))
        assert kept.scalar() == "9999"
        assert (await raw.execute(text("SELECT count(*) FROM tracks"))).scalar() == 1


async def test_starts_at_the_same_time_migrate_once(empty_url: str) -> None:
    stores = await at_once(lambda _: Store.open(empty_url, alone=False), 3)
    try:
        drafts = await asyncio.gather(
            *(previewed(store, n, n) for n, store in enumerate(stores, 1))
        )
        assert len({draft.id for draft in drafts}) == len(stores)
    finally:
        for store in stores:
            await store.aclose()


async def test_a_new_file_has_large_pages_and_a_log(tmp_path: Path) -> None:
    async with opened(f"sqlite+aiosqlite:///{tmp_path / 'new'}") as store:
        for connect in (store._database.read, store._database.single):
            async with connect() as connection:
                assert await connection.scalar(text("PRAGMA page_size")) == 16_384
                assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"


async def test_a_file_is_opened_once_and_a_server_often(database_url: str) -> None:
    async with opened(database_url) as store:
        if store.is_sqlite:
            with pytest.raises(AlreadyOpen, match="another refrain"):
                await Store.open(database_url)
        else:
            async with opened(database_url) as second:
                await created(second)
    async with opened(database_url) as again:
        await previewed(again, message_id=77)


async def test_the_migrations_make_what_the_tables_say(store: Store) -> None:
    def differences(connection: Connection) -> list[Any]:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        found = compare_metadata(context, metadata)
        return [one for one in found if "procrastinate" not in repr(one)]

    async with store._database.write() as connection:
        assert await connection.run_sync(differences) == []


async def test_a_wait_for_the_database_has_an_end(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    track = await created(store)
    async with store._database.write() as connection:
        await connection.execute(text("UPDATE tracks SET told = told"))
        monkeypatch.setattr(database, "_LONGEST", 0.2)
        with pytest.raises(StoreUnavailable, match="in time"):
            await store.tracks.claims.take(track.id, "a")
    assert await store.tracks.claims.take(track.id, "a")


async def test_a_server_that_is_not_there_is_one_line() -> None:
    with pytest.raises(StoreUnavailable) as failure:
        await Store.open("postgresql+psycopg://u:hush@127.0.0.1:1/nothing")
    assert "\n" not in str(failure.value)
    assert "hush" not in str(failure.value)
