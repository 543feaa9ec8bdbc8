"""The page in a real browser, with the real bot behind it."""

import base64
import io
import os
from pathlib import Path

import av
import pytest
from playwright.async_api import expect

from bot.sandbox.environment import Environment
from bot.sandbox.synthesis import samples
from tests.support.browser_kit import DESK, PHONE, show

LYRICS = "Morning comes in slowly\nthe kettle starts to sing"
ATTACK = "<script>document.title = 'taken'</script><img src=x onerror=\"document.title='taken'\">"
SCRIPTS = (
    "Утро входит медленно,\nчайник начал петь",
    "الصباح يأتي هادئًا\nوالإبريق يغنّي لي",
    "清晨慢慢走来\n水壶开始歌唱",
)
LONG = "Donaudampfschifffahrtsgesellschaftskapitänsmützenabzeichen" * 3


async def test_the_whole_conversation_by_clicks() -> None:
    async with show() as it:
        await it.to_preview(LYRICS)
        await expect(it.message("Ready?").locator("blockquote")).to_contain_text("kettle")
        await it.button("Create").click()
        await expect(it.tracks).to_have_count(1)
        await expect(it.tracks.locator(".title")).to_have_text("Morning comes in slowly")
        await expect(it.tracks.locator(".performer")).to_have_text("Refrain")
        await expect(it.tracks.locator("img")).to_be_visible()
        await it.tracks.locator(".play").click()
        await expect(it.tracks.locator(".time")).to_contain_text("0:01 / 0:1")
        playing = await it.tracks.locator("audio").evaluate("sound => sound.currentTime")
        assert 0.5 < playing < 10
        await it.tracks.locator(".seek").fill("800")
        assert await it.tracks.locator("audio").evaluate("sound => sound.currentTime") > 11
        async with it.tab.expect_download() as saved:
            await it.tracks.locator(".get").click()
        file = await (await saved.value).path()
        assert file.read_bytes()[:3] == b"ID3"
        before = await it.tab.locator(".message .text").all_inner_texts()
        await it.tab.reload()
        await expect(it.tracks).to_have_count(1)
        assert await it.tab.locator(".message .text").all_inner_texts() == before


async def test_a_recording_reaches_the_bot_as_a_voice_message() -> None:
    async with show() as it:
        await it.button("Record: hold, or click").click()
        await expect(it.tab.get_by_role("timer")).to_have_text("0:03")
        loudest = max(
            float(level)
            for level in await it.tab.locator(".meter i").evaluate_all(
                "bars => bars.map((each) => each.style.getPropertyValue('--level') || '0')"
            )
        )
        assert loudest > 0.05
        await it.button("Stop and send").click()
        await expect(it.message("a bit short")).to_be_visible()
        ada = it.environment.telegram.known_person(Environment.OWNER)
        sent = next(message for message in ada.messages if message.kind == "voice")
        assert sent.file is not None
        assert sent.file.mime_type == "audio/ogg"
        assert 3 <= sent.file.duration <= 6
        with av.open(io.BytesIO(sent.file.content or b"")) as note:
            assert note.format.name == "ogg"
            assert note.streams.audio[0].codec_context.name.endswith("opus")
            assert note.streams.audio[0].layout.name == "mono"


async def test_a_recording_can_be_held_and_thrown_away() -> None:
    async with show() as it:
        microphone = it.button("Record: hold, or click")
        await microphone.hover()
        await it.tab.mouse.down()
        await expect(it.tab.get_by_role("timer")).to_have_text("0:01")
        await it.tab.mouse.up()
        await expect(it.tab.locator(".mine .player.voice")).to_have_count(1)
        await microphone.click()
        await expect(it.tab.get_by_role("timer")).to_be_visible()
        await it.tab.keyboard.press("Escape")
        await expect(microphone).to_be_visible()
        await expect(it.tab.locator(".mine .player.voice")).to_have_count(1)


async def test_a_dropped_file_and_a_hostile_name() -> None:
    async with show() as it:
        await it.tab.evaluate(
            """([name, data]) => {
                const bytes = Uint8Array.from(atob(data), (each) => each.charCodeAt(0));
                const dataTransfer = new DataTransfer();
                dataTransfer.items.add(new File([bytes], name, { type: "audio/mpeg" }));
                const drop = { dataTransfer, bubbles: true, cancelable: true };
                const stage = document.getElementById("stage");
                stage.dispatchEvent(new DragEvent("dragover", drop));
                stage.dispatchEvent(new DragEvent("drop", drop));
            }""",
            [f"{ATTACK[:40]}.mp3", base64.b64encode(samples.beat()).decode()],
        )
        await expect(it.tab.locator(".mine .title")).to_contain_text("<script>document.title")
        await it.button("Only music").click()
        await it.write(ATTACK)
        await expect(it.message("Ready?").locator("blockquote")).to_contain_text("<script>")
        assert await it.tab.title() == "Refrain · sandbox"
        assert await it.tab.locator("#messages script").count() == 0


async def test_edited_lyrics_change_the_preview_in_place() -> None:
    async with show() as it:
        await it.to_preview(LYRICS)
        count = await it.tab.locator(".message").count()
        preview = await it.message("Ready?").get_attribute("data-id")
        own = it.tab.locator(".mine", has_text="kettle")
        await own.hover()
        await own.get_by_role("button", name="Reply, edit or react").click()
        await own.get_by_role("button", name="Edit", exact=True).click()
        await it.tab.get_by_role("textbox").fill("Evening falls so quickly")
        await it.tab.keyboard.press("Enter")
        changed = it.tab.locator(f'.message[data-id="{preview}"] blockquote')
        await expect(changed).to_have_text("Evening falls so quickly")
        assert await it.tab.locator(".message").count() == count


async def test_a_fault_from_backstage_and_the_recovery() -> None:
    async with show() as it:
        await it.to_preview(LYRICS)
        order = it.tab.locator("form[data-service=music]")
        await order.get_by_label("What goes wrong").select_option("2013")
        await order.get_by_role("button").click()
        await expect(it.tab.locator(".waiting")).to_contain_text("next track: 2013")
        await it.button("Create").click()
        await expect(it.message("can’t sing these words")).to_be_visible()
        await expect(it.tab.locator(".waiting")).to_contain_text("All goes well")
        await expect(it.tab.locator(".call.music.bad .brief").first).to_contain_text("2013")
        await it.button("Try again").click()
        await expect(it.tracks).to_have_count(1)
        calls = await it.tab.locator(".calls").inner_text()
        assert it.environment.telegram.token not in calls
        assert it.environment.music.key not in calls


async def test_the_bot_restarts_and_goes_on() -> None:
    async with show() as it:
        await it.to_preview(LYRICS)
        await it.button("Restart the bot").click()
        await expect(it.tab.locator(".subtitle")).not_to_have_text("bot")
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        await it.button("Create").click()
        await expect(it.tracks).to_have_count(1)


async def test_two_people_a_group_and_commands() -> None:
    async with show() as it:
        await it.tab.get_by_role("button", name="Ben guest").click()
        await it.tab.get_by_role("textbox").fill("/st")
        await it.tab.get_by_role("option", name="/start").click()
        await expect(it.message("I’m a private bot")).to_contain_text("1002")
        await it.tab.locator(".people").get_by_role("button", name="Rehearsal room").click()
        await it.write("/start")
        await expect(it.message("I work in a private chat")).to_be_visible()
        await it.tab.get_by_role("button", name="Ada owner").click()
        await expect(it.tab.locator(".message:not(.mine) .sender").first).to_have_text("Ben")
        await it.tab.locator(".people").locator("[data-focus='chat-1001']").click()
        await expect(it.tab.get_by_role("heading", name="Make your first track")).to_be_visible()


async def test_the_page_comes_back_by_itself() -> None:
    async with show() as it:
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        await it.page._feed.aclose()
        await it.environment.telegram.known_person(Environment.OWNER).send_text("said meanwhile")
        await expect(it.message("said meanwhile")).to_be_visible()
        await expect(it.tab.locator(".subtitle")).to_have_text("bot")


@pytest.mark.parametrize(
    ("size", "scheme"), [(DESK, "light"), (PHONE, "dark"), (DESK, "dark"), (PHONE, "light")]
)
async def test_screens(size: tuple[int, int], scheme: str, tmp_path: Path) -> None:
    wanted = os.environ.get("SCREENSHOTS")
    if wanted is None and (size, scheme) not in {(DESK, "light"), (PHONE, "dark")}:
        pytest.skip("all four sets of screens are made when SCREENSHOTS names a folder")
    folder = Path(wanted or tmp_path)
    name = f"{'phone' if size == PHONE else 'desk'}-{scheme}"
    async with show(size, scheme=scheme) as it:

        async def shoot(state: str) -> None:
            wide = await it.tab.evaluate(
                "() => [...document.querySelectorAll('body, #stage, #scroll, .text, .head')]"
                ".filter((each) => each.scrollWidth > each.clientWidth + 1)"
                ".map((each) => each.className)"
            )
            assert not wide, f"too wide: {wide}"
            await it.tab.screenshot(path=folder / f"{name}-{state}.png")

        await expect(it.tab.locator(".subtitle")).to_have_text("bot")
        await shoot("empty")
        for words in (*SCRIPTS, LONG):
            await it.write(words)
            await expect(it.tab.locator(".mine", has_text=words.split("\n")[0])).to_be_visible()
        await it.tab.get_by_role("button", name="Song", exact=True).click()
        await it.button("Voice and music").click()
        await it.button("Replace").click()
        await expect(it.button("Create")).to_be_visible()
        await it.write(LYRICS)
        await expect(it.message("or replace them?")).to_contain_text("kettle")
        await it.button("Replace").click()
        await expect(it.message("Ready?")).to_contain_text("kettle")
        await shoot("preview")
        await it.button("Create").click()
        await expect(it.tracks).to_have_count(1)
        await it.tracks.locator(".play").click()
        await expect(it.tracks.locator(".time")).to_contain_text("0:02")
        await shoot("track")
        await it.button("Record: hold, or click").click()
        await expect(it.tab.get_by_role("timer")).to_have_text("0:01")
        await shoot("recording")
