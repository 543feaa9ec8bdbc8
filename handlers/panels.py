"""What each step of a draft says and offers."""

from telegram import InlineKeyboardMarkup, Update
from telegram.constants import ParseMode
from telegram.error import BadRequest

from bot.model import Purpose, Step
from bot.music import Abilities, Likeness
from bot.store import Draft
from bot.studio import result_of
from bot.telegram import keyboards
from bot.telegram.repeating import repeated
from bot.telegram.word_panels import about_words
from bot.texts import Html, Texts
from handlers.desk import Desk, reply


class Panels:
    """Asks for what a draft lacks, in one message with the draft's buttons."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ask(self, update: Update, draft: Draft) -> None:
        """Ask for what the draft lacks, in a new message.

        An open draft without a panel is one that has not been asked: the process died first.
        """
        say = await self._desk.texts(update)
        text, buttons = await self._shown(draft, say)
        message = await reply(update, text, buttons)
        if message:
            await self._desk.store.drafts.note_panel(draft, message.message_id)

    async def refresh(self, update: Update, draft: Draft) -> None:
        """Show the draft in the message that showed it before; in a new one if that is gone.

        A flooded edit is waited for, and never answered with a new message.
        """
        say = await self._desk.texts(update)
        text, buttons = await self._shown(draft, say)
        try:
            await repeated(
                lambda: self._desk.bot.edit_message_text(
                    text,
                    chat_id=draft.chat_id,
                    message_id=draft.panel_id,
                    parse_mode=ParseMode.HTML,
                    reply_markup=buttons,
                ),
                patient=True,
            )
        except BadRequest as error:
            if "message is not modified" not in error.message.lower():
                await self.ask(update, draft)

    def chosen(self, draft: Draft, say: Texts) -> str:
        """What the question about the recording turns into once it is answered."""
        purpose = draft.purpose or Purpose.SONG
        return say(
            "purpose-chosen",
            purpose=say.plain(f"purpose-{purpose}"),
            result=result(draft, self._desk.studio.abilities, say),
        )

    async def _shown(self, draft: Draft, say: Texts) -> tuple[str, InlineKeyboardMarkup | None]:
        """The panel; nothing is offered for a recording that is known to be of no use."""
        if asked := about_words(draft, self._desk.studio.room(draft), say):
            return asked
        bad = await self._desk.studio.recording_of(draft) if draft.step is Step.PREVIEW else None
        if bad is None:
            return self._panel(draft, say)
        return say("preview-without"), None

    def _panel(self, draft: Draft, say: Texts) -> tuple[str, InlineKeyboardMarkup | None]:
        studio = self._desk.studio
        match draft.step:
            case Step.PURPOSE:
                offered = studio.abilities.purposes
                return self._question(say), keyboards.purposes(draft, offered, say)
            case Step.LYRICS:
                most = studio.room(draft).most
                advice = min(studio.lyrics_advice, most)
                return say("lyrics-question", advice=advice, max=most), None
            case Step.PREVIEW:
                pairs = studio.abilities.pairs
                return self._preview(draft, say), keyboards.preview(draft, pairs=pairs, texts=say)
            case Step.PARTNER:
                voice = draft.purpose is Purpose.VOICE
                asked = say("send-beat" if voice else "send-voice")
                return asked, keyboards.partner(draft, say)
            case _:
                return say("send-recording" if draft.lyrics else "send-recording-first"), None

    def _question(self, say: Texts) -> str:
        """Ask what a recording is, with what each answer brings from the service in use."""
        can = self._desk.studio.abilities
        lines = [
            say(
                "purpose-line", purpose=say.plain(f"purpose-{each}"), result=brings(each, can, say)
            )
            for each in can.purposes
        ]
        return say("purpose-question", lines=Html("\n".join(lines)))

    def _preview(self, draft: Draft, say: Texts) -> str:
        studio = self._desk.studio
        count = len(draft.lyrics or "")
        can = studio.abilities
        return say(
            "preview",
            result=result(draft, can, say),
            style=can.style or "no",
            length=can.track_seconds,
            count=count,
            max=studio.room(draft).most,
            advice="yes" if count > studio.lyrics_advice else "no",
            lyrics=draft.lyrics or "",
        )


def result(draft: Draft, can: Abilities, say: Texts) -> str:
    """What will come back."""
    return say.plain("result-pair") if draft.partner_id else brings(result_of(draft), can, say)


def brings(purpose: Purpose, can: Abilities, say: Texts) -> str:
    """What a recording of this kind brings back, as the service in use makes it."""
    alike = purpose is not Purpose.SONG or can.likeness is Likeness.VOICE
    return say.plain(f"result-{purpose}" if alike else f"result-song-{can.likeness}")
