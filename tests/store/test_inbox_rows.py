"""Every rule of the inbox, on both databases."""

from bot.store import (
    Store,
)


async def test_an_update_is_kept_once_and_comes_back_until_it_is_done(store: Store) -> None:
    assert await store.inbox.keep([(2, "b"), (1, "a")]) == [2, 1]
    assert await store.inbox.keep([(2, "b"), (3, "c")], done=[1]) == [2, 3]
    await store.inbox.keep([], done=[2])
    assert await store.inbox.keep([(1, "a"), (2, "b")]) == []
    assert await store.inbox.leftovers() == [(3, "c")]


async def test_a_leftover_comes_twice_at_most(store: Store) -> None:
    await store.inbox.keep([(1, "a")])
    assert await store.inbox.leftovers() == [(1, "a")]
    assert await store.inbox.leftovers() == []
    assert await store.inbox.keep([(1, "a")]) == []


async def test_a_leftover_that_was_not_begun_is_not_counted(store: Store) -> None:
    await store.inbox.keep([(1, "a")])
    for _ in range(3):
        assert await store.inbox.leftovers() == [(1, "a")]
        await store.inbox.put_back([1])


async def test_an_old_update_is_forgotten_and_a_new_one_is_not(store: Store) -> None:
    await store.inbox.keep([(1, "a"), (2, "b")])
    await store.inbox.keep([], done=[1])
    await store.tidy()
    assert await store.inbox.keep([(1, "a")]) == []
