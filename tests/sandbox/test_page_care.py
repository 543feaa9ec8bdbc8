"""The page for who types while things break, uses no mouse, listens, or is a guest."""

import asyncio
from typing import Any

from playwright.async_api import expect

from bot.sandbox.environment import Environment
from tests.support.browser_kit import DESK, PHONE, Show, show

ADA, BEN = 1001, 1002
FOCUS = (
    "() => document.activeElement.getAttribute('aria-label') ?? document.activeElement.innerText"
)


def keys(*rows: list[str]) -> dict[str, Any]:
    return {"inline_keyboard": [[{"text": t, "callback_data": t} for t in row] for row in rows]}


async def focused(it: Show) -> str:
    return str(await it.tab.evaluate(FOCUS))


async def pressed(it: Show) -> str:
    """Wait for a press, and answer it; gives its data."""
    while True:
        for update in await it.call("getUpdates", timeout=10):
            await it.call("getUpdates", offset=update["update_id"] + 1)
            if "callback_query" in update:
                query = update["callback_query"]
                await it.call("answerCallbackQuery", callback_query_id=query["id"])
                return str(query["data"])


async def test_words_typed_while_the_sandbox_is_away_are_kept() -> None:
    async with show(bot=False) as it:
        box = it.tab.get_by_role("textbox")
        await it.write("it is there")
        await expect(it.message("it is there")).to_be_visible()
        await it.tab.route("**/act/*", lambda route: route.abort())
        await it.write("typed while it restarts")
        await expect(it.tab.get_by_text("still in the box")).to_be_visible()
        await expect(box).to_have_value("typed while it restarts")
        await it.tab.unroute("**/act/*")
        await it.tab.reload()
        await expect(box).to_have_value("typed while it restarts")
        await it.button("Send").click()
        await expect(it.message("typed while it restarts")).to_be_visible()
        await expect(box).to_have_value("")
        await it.tab.reload()
        await expect(box).to_have_value("")


async def test_what_is_refused_goes_back_into_the_box_before_what_was_typed_since() -> None:
    async with show(bot=False) as it:
        held = asyncio.Event()

        async def hold(route: Any) -> None:
            await held.wait()
            await route.abort()

        await it.tab.route("**/act/text", hold)
        await it.write("first words")
        box = it.tab.get_by_role("textbox")
        await box.fill("more words")
        held.set()
        await expect(box).to_have_value("first words\nmore words")
        await it.tab.get_by_role("button", name="Ben guest").click()
        await expect(box).to_have_value("")
        await box.fill("of Ben")
        await it.tab.get_by_role("button", name="Ada owner").click()
        await expect(box).to_have_value("first words\nmore words")
        await it.tab.get_by_role("button", name="Ben guest").click()
        await expect(box).to_have_value("of Ben")


async def test_an_edit_that_fails_stays_an_edit_and_a_draft_survives_it() -> None:
    async with show(bot=False) as it:
        box = it.tab.get_by_role("textbox")
        await it.write("one")
        own = it.message("one")
        await box.fill("a draft")
        await own.hover()
        await own.get_by_role("button", name="Reply, edit or react").click()
        await own.get_by_role("button", name="Edit", exact=True).click()
        await expect(box).to_have_value("one")
        await it.tab.route("**/act/edit", lambda route: route.abort())
        await box.fill("two")
        await it.button("Send").click()
        await expect(box).to_have_value("two")
        await expect(it.tab.locator(".banner")).to_contain_text("Edit message")
        await it.tab.unroute("**/act/edit")
        await it.button("Send").click()
        await expect(it.message("two")).to_be_visible()
        await expect(it.tab.locator(".message")).to_have_count(1)


async def test_a_restart_of_the_bot_loses_no_words() -> None:
    async with show() as it:
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        await it.tab.get_by_role("textbox").fill("half a line")
        await it.button("Restart the bot").click()
        await expect(it.tab.locator(".subtitle")).not_to_have_text("bot")
        await it.write("/help")
        await it.tab.get_by_role("textbox").fill("half a line")
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        await expect(it.tab.locator(".message:not(.mine)")).not_to_have_count(0)
        await expect(it.tab.get_by_role("textbox")).to_have_value("half a line")


async def test_the_focus_stays_where_a_key_was_pressed() -> None:
    async with show(bot=False) as it:
        sent = await it.call("sendMessage", text="What?", reply_markup=keys(["Song"], ["Voice"]))
        here = {"message_id": sent["message_id"]}
        await it.button("Voice").focus()
        await it.tab.keyboard.press("Enter")
        assert await pressed(it) == "Voice"
        await it.call(
            "editMessageText", **here, text="Words?", reply_markup=keys(["Back"], ["Help"])
        )
        message = it.tab.locator(f'.message[data-id="{sent["message_id"]}"]')
        await expect(message).to_be_focused()  # no other button: Enter again must press nothing
        await it.button("Help").focus()
        await it.call("editMessageText", **here, text="Sure?", reply_markup=keys(["Help"], ["No"]))
        await expect(it.button("Help")).to_be_focused()
        await it.call("editMessageReplyMarkup", **here)
        await expect(message).to_be_focused()
        await it.call("sendMessage", text="Next", reply_markup=keys(["Go on"]))
        await it.button("Go on").wait_for()
        for _ in range(4):
            await it.tab.keyboard.press("Tab")
            if await focused(it) == "Go on":
                break
        assert await focused(it) == "Go on"


async def test_the_focus_does_not_fall_when_a_message_or_an_offer_goes() -> None:
    async with show(bot=False) as it:
        await it.button("Send a short song").focus()
        await it.tab.keyboard.press("Enter")
        await expect(it.tab.get_by_role("textbox")).to_be_focused()
        sent = await it.call("sendMessage", text="Gone soon", reply_markup=keys(["Go"]))
        await it.button("Go").focus()
        await it.call("deleteMessage", message_id=sent["message_id"])
        await expect(it.tab.get_by_role("textbox")).to_be_focused()
        await it.call("sendMessage", text="Stays", reply_markup=keys(["Stay"]))
        await it.button("Stay").focus()
        await it.page._feed.aclose()
        await it.environment.telegram.known_person(ADA).send_text("said meanwhile")
        await expect(it.message("said meanwhile")).to_be_visible()
        await expect(it.message("Stays")).to_be_focused()
        order = it.tab.locator("form[data-service=telegram]").get_by_role("button")
        await order.focus()
        await it.tab.keyboard.press("Enter")
        await it.button("Call off").focus()
        await it.tab.keyboard.press("Enter")
        await expect(it.tab.locator(".waiting")).to_be_focused()


async def test_a_keyboard_that_is_removed_disappears() -> None:
    async with show(bot=False) as it:
        sent = await it.call("sendMessage", text="What?", reply_markup=keys(["Song"], ["Voice"]))
        here = {"message_id": sent["message_id"]}
        await expect(it.tab.locator(".keys .key")).to_have_count(2)
        await it.call("editMessageReplyMarkup", **here)
        await expect(it.tab.locator(".keys")).to_have_count(0)
        await expect(it.message("What?")).to_be_visible()
        await it.call("editMessageText", **here, text="And?", reply_markup=keys(["Song"]))
        await expect(it.tab.locator(".keys .key")).to_have_count(1)
        await it.call("editMessageText", **here, text="Done")
        await expect(it.tab.locator(".keys")).to_have_count(0)
        below = it.tab.locator(".replykeys .key")
        asked = await it.call(
            "sendMessage", text="Which?", reply_markup={"keyboard": [["A", "B"]]}
        )
        await expect(below).to_have_count(2)
        await it.call("deleteMessage", message_id=asked["message_id"])
        await expect(below).to_have_count(0)
        await it.call("sendMessage", text="Which?", reply_markup={"keyboard": [["A", "B"]]})
        await expect(below).to_have_count(2)
        await it.call("sendMessage", text="Thanks", reply_markup={"remove_keyboard": True})
        await expect(below).to_have_count(0)


async def test_who_listens_hears_who_says_it_and_what_changes() -> None:
    async with show(bot=False) as it:
        await it.write("my words")
        sent = await it.call("sendMessage", text="Making it: 3 s")
        log = it.tab.get_by_role("log")
        await expect(log).to_have_attribute("aria-live", "polite")
        await expect(log).to_contain_text("You:my words")
        await expect(log).to_contain_text("Refrain:Making it: 3 s")
        said = it.tab.locator("#said")
        await expect(said).to_have_attribute("aria-live", "polite")
        here = {"message_id": sent["message_id"]}
        await it.call("editMessageText", **here, text="Making it: 6 s")
        await expect(it.message("Making it: 6 s")).to_be_visible()
        await expect(said).to_have_text("")  # who listens isn't told every second
        await it.call(
            "editMessageText", **here, text="Ready?", reply_markup=keys(["Create", "No"])
        )
        await expect(said).to_have_text("Refrain changed a message: Ready?, Create, No")
        edited = it.message("Ready?")
        await expect(edited).to_have_attribute("aria-live", "off")  # it isn't read twice
        await it.tab.locator(".people").get_by_role("button", name="Rehearsal room").click()
        await it.environment.telegram.known_person(BEN).send_text(
            "from Ben", chat=it.page._people.group
        )
        await expect(it.message("from Ben").locator(".sender")).to_have_text("Ben")
        await it.write("from me")
        await expect(log).to_contain_text("You:from me")
        box = await it.tab.locator(".unseen").first.bounding_box()
        assert box is not None
        assert box["width"] <= 1


async def test_a_guest_is_told_why_and_let_in_by_the_owner() -> None:
    async with show() as it:
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        gate = it.tab.locator("#gate")
        await expect(gate).to_be_hidden()
        await it.tab.get_by_role("button", name="Ben guest").click()
        await expect(it.tab.get_by_role("heading", name="Ben hasn’t been let in")).to_be_visible()
        await expect(it.button("Send a short song")).to_have_count(0)
        await expect(gate).to_contain_text("as a stranger")
        await it.button("Let Ben in").focus()
        await it.tab.keyboard.press("Enter")
        await expect(gate).to_be_hidden()
        await expect(it.tab.get_by_role("textbox")).to_be_focused()
        await expect(it.tab.get_by_role("heading", name="Make your first track")).to_be_visible()
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        await it.button("Send a short song").click()
        await expect(it.tab.locator(".message:not(.mine)")).not_to_have_count(0)
        ben = it.environment.telegram.known_person(BEN)
        await ben.wait_for(lambda message: bool(message.buttons), after=0, timeout=20)


async def test_done_but_the_answer_is_lost_is_true() -> None:
    """The message is there for the person, once, and the bot has no answer for it."""
    async with show() as it:
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        order = it.tab.locator("form[data-service=telegram]")
        await order.get_by_label("Which call").select_option("sendMessage")
        await order.get_by_label("What goes wrong").select_option("lost")
        await order.get_by_role("button").click()
        await expect(it.tab.locator(".waiting")).to_contain_text("sendMessage: lost")
        await it.write("/help")
        await expect(it.tab.locator(".message:not(.mine)").first).to_be_visible()
        await expect(it.tab.locator(".call.bad .status").first).to_have_text("lost")
        await expect(it.tab.locator(".waiting")).to_contain_text("All goes well")
        lost = [
            c for c in it.environment.telegram.calls if c.method == "sendMessage" and not c.status
        ]
        ada = it.environment.telegram.known_person(Environment.OWNER)
        first = next(message for message in ada.messages if message.from_bot)
        assert len(lost) == 1
        assert first.html.startswith(lost[0].params["text"][:20])


async def test_the_field_grows_with_its_lines_when_the_window_narrows() -> None:
    async with show(DESK, bot=False) as it:
        field = it.tab.get_by_role("textbox")
        hidden = "field => field.scrollHeight - field.clientHeight"
        for words in ("", "One line on a desk, and two of them on the screen of a phone"):
            await it.tab.set_viewport_size({"width": DESK[0], "height": DESK[1]})
            await field.fill(words)
            assert await field.evaluate(hidden) == 0
            await it.tab.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
            await expect(field).to_have_css("font-size", "16px")
            await it.tab.wait_for_function(
                f"() => ({hidden})(document.querySelector('textarea')) === 0"
            )


async def test_the_answer_to_an_old_button_is_scrolled_to() -> None:
    async with show(PHONE, bot=False) as it:
        track = await it.call("sendMessage", text="An old track", reply_markup=keys(["Again"]))
        await _fill_a_screen(it)
        panel = await it.call("sendMessage", text="A panel")
        await _fill_a_screen(it)
        await it.button("Again").click()
        assert await pressed(it) == "Again"
        await it.call("editMessageReplyMarkup", message_id=track["message_id"])
        await expect(it.tab.locator(".keys")).to_have_count(0)
        await expect(it.message("An old track")).to_be_in_viewport()
        await it.call("sendMessage", text="On its way")
        await expect(it.message("On its way")).to_be_in_viewport()
        await it.call(
            "editMessageReplyMarkup",
            message_id=track["message_id"],
            reply_markup=keys(["To the panel"]),
        )
        await it.button("To the panel").click()
        assert await pressed(it) == "To the panel"
        await it.call("editMessageText", message_id=panel["message_id"], text="A panel, changed")
        await expect(it.message("A panel, changed")).to_be_in_viewport()
        await expect(it.message("On its way")).not_to_be_in_viewport()


async def test_news_leave_those_alone_who_read_what_is_old() -> None:
    async with show(PHONE, bot=False) as it:
        await it.call("sendMessage", text="An old message", reply_markup=keys(["Again"]))
        await _fill_a_screen(it)
        await it.button("Again").scroll_into_view_if_needed()
        await expect(it.button("To the newest message")).to_be_visible()
        await it.call("sendMessage", text="Of its own accord")
        await expect(it.message("Of its own accord")).to_be_attached()
        await expect(it.message("Of its own accord")).not_to_be_in_viewport()


async def _fill_a_screen(it: Show) -> None:
    for number in range(25):
        last = await it.call("sendMessage", text=f"Meanwhile {number}")
    await expect(it.tab.locator(f'.message[data-id="{last["message_id"]}"]')).to_be_in_viewport()


async def test_a_harmless_refusal_is_shown_calmly() -> None:
    """A keyboard that is gone already, or a message that stays as it is: no trouble."""
    async with show(bot=False) as it:
        sent = await it.call("sendMessage", text="As it is")
        await it.refused("editMessageReplyMarkup", message_id=sent["message_id"])
        calm = it.tab.locator(".call.calm").first
        await expect(calm.locator(".name")).to_have_text("editMessageReplyMarkup")
        await expect(calm.locator(".status")).to_have_text("no change")
        await calm.locator("summary").click()
        await expect(calm).to_contain_text("message is not modified")
        await it.refused("editMessageText", message_id=999, text="Deleted meanwhile")
        await it.refused("answerCallbackQuery", callback_query_id="pressed before a restart")
        await expect(it.tab.locator(".call.calm")).to_have_count(3)
        await expect(it.tab.locator(".call.bad")).to_have_count(0)
        await it.refused("sendMessage", text="")
        await expect(it.tab.locator(".call.bad .name")).to_have_text("sendMessage")
        await expect(it.tab.locator(".call.bad .status")).to_have_text("400")


async def test_it_all_fits_on_a_phone() -> None:
    async with show(PHONE, bot=False) as it:
        await it.button("People and chats").click()
        await it.tab.get_by_role("button", name="Ben guest").click()
        await it.tab.locator("#veil").click(position={"x": 380, "y": 400})
        await expect(it.button("Let Ben in")).to_be_visible()
        wide = await it.tab.evaluate(
            "() => [...document.querySelectorAll('body, #stage, #gate, #scroll')]"
            ".filter((each) => each.scrollWidth > each.clientWidth + 1).map((each) => each.id)"
        )
        assert not wide
        await it.button("Let Ben in").click()
        await expect(it.tab.locator("#gate")).to_be_hidden()
