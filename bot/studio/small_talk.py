"""Small talk: what people say to a bot and do not want to hear sung."""

import unicodedata
from enum import StrEnum


class Talk(StrEnum):
    """What a person says besides lyrics."""

    THANKS = "thanks"
    HELLO = "hello"
    DATA = "data"
    HELP = "help"
    COST = "cost"
    WHO = "who"
    WHEN = "when"
    NOD = "nod"


# In the languages that the bot is meant to speak; without accents, apostrophes and punctuation.
_SAID: dict[Talk, str] = {
    Talk.THANKS: """
        thanks/thank you/thankyou/thx/tnx/ty/tysm/many thanks/cheers/much appreciated
        спасибо/спс/благодарю/большое спасибо/дякую/щиро дякую/дуже дякую
        gracias/muchas gracias/obrigado/obrigada/muito obrigado/muito obrigada/valeu
        danke/danke schon/danke sehr/vielen dank/merci/merci beaucoup/grazie/grazie mille
        dzieki/dziekuje/wielkie dzieki/tesekkurler/tesekkur ederim/sagol/sag ol
        ممنون/مرسی/متشکرم/سپاس/خیلی ممنون/شكرا/شكرا جزيلا/شکرا
        धनयवाद/शुकरिया/dhanyavaad/shukriya/terima kasih/makasih/trims
        谢谢/谢谢你/多谢/謝謝/ありがとう/ありがとうございます/감사합니다/고마워/고맙습니다
    """,
    Talk.HELLO: """
        hi/hello/hey/hi there/hello there/hey there/hiya/good morning/good evening/good afternoon
        yo/greetings/привет/здравствуйте/здравствуй/хай/добрый день/добрый вечер/доброе утро
        привіт/вітаю/добрий день/hola/buenas/buenos dias/buenas tardes/oi/ola/bom dia/boa tarde
        hallo/guten tag/guten morgen/guten abend/servus/moin/bonjour/salut/bonsoir/coucou
        ciao/buongiorno/buonasera/salve/czesc/dzien dobry/hej/siema/merhaba/selam
        سلام/درود/مرحبا/السلام عليكم/اهلا/नमसते/हैलो/namaste/halo/hai/selamat pagi
        你好/您好/嗨/こんにちは/こんばんは/おはよう/안녕/안녕하세요
    """,
    Talk.DATA: """
        delete my data/delete everything/delete all my data/delete me/delete my account/forget me
        remove my data/erase my data/erase everything/delete all/gdpr/privacy/privacy policy
        delete my recording/delete my recordings/delete my voice/what happens to my data
        удали мои данные/удалите мои данные/удали все/удалить данные/видали мої дані
        borra mis datos/elimina mis datos/apague meus dados/exclua meus dados
        losche meine daten/meine daten loschen/datenschutz/supprime mes donnees
        supprimer mes donnees/cancella i miei dati/elimina i miei dati/usun moje dane
        verilerimi sil/اطلاعاتم را پاک کن/احذف بياناتي/mera data delete karo/hapus data saya
        删除我的数据/データを削除して/내 데이터 삭제
    """,
    Talk.HELP: """
        help/help me/help please/how does this work/how does it work/how to use/what is this
        what can you do/what do i do/what now/how/who are you/what are you/menu
        start/помощь/помоги/помогите/как это работает/что делать/что ты умеешь/допоможи/допомога
        ayuda/como funciona/ajuda/hilfe/wie geht das/aide/comment ca marche/aiuto/come funziona
        pomoc/jak to dziala/yardim/nasil calisiyor/کمک/راهنما/مساعدة/मदद/bantuan/tolong
        帮助/怎么用/ヘルプ/使い方/도움말
    """,
    Talk.COST: """
        how much/how much does it cost/how much does this cost/how much is it/how much is this
        what does it cost/what does this cost/whats the price/what is the price/price/prices
        is it free/is this free/does it cost anything/does it cost money/do i have to pay
    """,
    Talk.WHO: """
        are you a bot/are you a robot/are you a human/are you human/are you real/are you ai
        are you an ai/are you a person/is this a bot/is this ai/is this an ai
    """,
    Talk.WHEN: """
        when is it done/when is it ready/when will it be done/when will it be ready/is it ready
        is it done/how long/how long does it take/how long does this take/how long will it take
        how much longer/when do i get it/when is my track ready/when is my song ready
        where is my track/where is my song/is my track ready/is my song ready
    """,
    Talk.NOD: """
        create/create it/create the song/create the track/create my song/create my track
        go/go ahead/go for it/do it/make it/lets go/begin/continue/next/proceed/generate
        ok/okay/okey/okej/k/kk/yes/yep/yup/yeah/no/nope/sure/fine/cool/great/nice/wow
        awesome/amazing/perfect/good/very good/lol/haha/done/good job/well done/love it/i love it
        great job/nice one/i like it/test/testing/bye/goodbye
        good night/sorry/please/wait/stop/got it/i see
        ок/окей/да/нет/хорошо/ладно/круто/класс/супер/отлично/понятно/тест/пока/стоп/так/ні/добре
        si/vale/bueno/genial/perfecto/sim/nao/legal/otimo/ja/nein/gut/super/toll/prima/oui/non
        daccord/bien/parfait/bene/perfetto/tak/nie/dobrze/spoko/tamam/evet/hayir/guzel/harika
        باشه/بله/نه/عالی/خوب/نعم/لا/حسنا/ممتاز/हा/नही/ठीक है/अचछा/ya/tidak/oke/baik/bagus
        好/好的/不/可以/はい/いいえ/了解/네/아니요/응/좋아요
    """,
}
_FILLERS = frozenset(
    """
    you so much a lot very man bro dear again bot refrain that this it is was really too and
    большое вам тебе очень огромное бот mucho muchas muy por todo schon sehr dir euch all
    beaucoup molto mille bardzo cok much
    """.split()  # noqa: SIM905 - a list of words reads best as words
)
QUESTIONS = frozenset({Talk.DATA, Talk.COST, Talk.WHO, Talk.WHEN})
"""What is asked of the bot, also where it has asked for words."""
_WEIGHT = (
    *(Talk.DATA, Talk.COST, Talk.WHO, Talk.WHEN),
    *(Talk.HELP, Talk.THANKS, Talk.HELLO, Talk.NOD),
)
_LONGEST = 60


def small_talk(text: str) -> Talk | None:
    """What somebody says who is not writing lyrics; None where they may well be.

    Only what is small talk as a whole counts: "thanks a lot!" does, "Thanks for the moonlight"
    does not.
    """
    if len(text) > _LONGEST or len(text.splitlines()) > 1:
        return None
    words = plain(text)
    if not words:
        return Talk.NOD if text.strip() else None  # emoji, or a question mark
    said: set[Talk] = set()
    while words:
        length = next((n for n in range(len(words), 0, -1) if " ".join(words[:n]) in _KNOWN), 0)
        if length:
            said.add(_KNOWN[" ".join(words[:length])])
        elif words[0] not in _FILLERS:
            return None
        words = words[length or 1 :]
    return next((talk for talk in _WEIGHT if talk in said), None)


def plain(text: str) -> list[str]:
    """A text as bare words: small letters, no accents, nothing but letters and digits."""
    parts = unicodedata.normalize("NFKD", text.casefold().replace("\u0131", "i").replace("ł", "l"))
    kept = "".join(
        c if c.isalnum() or c.isspace() else "" if unicodedata.category(c) == "Mn" else " "
        for c in parts.replace("'", "").replace("’", "")  # noqa: RUF001 - an apostrophe people type
    )
    return unicodedata.normalize("NFC", kept).split()


_KNOWN: dict[str, Talk] = {
    " ".join(plain(phrase)): talk
    for talk, phrases in _SAID.items()
    for line in phrases.split("\n")
    for phrase in line.split("/")
    if phrase.strip()
}
