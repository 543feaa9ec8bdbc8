# Every sentence a person can read. Short, warm, concrete; one idea a message.
# Values are escaped before they come here; <b>, <i> and <blockquote> are Telegram's.

## First words

start =
    <b>Hi, I’m Refrain.</b>
    I turn a recording and your words into a track.

    Send me a voice message to begin: sing or hum for 15 to 60 seconds. Talking won’t do.
help =
    <b>How it works</b>
    1. Send a recording: a voice message, a music file or a video, longer than 10 seconds.
    2. Say what is in it: singing with music, singing alone, or music alone.
    3. Type the lyrics. You can edit them until you press Create.

    A minute or so later the track is here.

    /cancel drops what you have begun or stops the track in the making.
    /privacy says what happens to your recording.
privacy =
    <b>What happens to what you send</b>
    • As soon as you say what is in a recording, it goes to the music service ({ $service }).
    • Your lyrics go there when you press Create.
    • I keep the prepared recording, as a file, for { $recordings ->
        [one] one day
       *[other] { $recordings } days
    }, and a track only until you have it, at most { $tracks ->
        [one] one day
       *[other] { $tracks } days
    }.
    • I keep the lyrics of your tracks, and the name and Telegram’s number of each recording, until my owner deletes them. So Another take works later, too.
    • Nobody but the owner of this bot can see my notes, and I log neither lyrics nor recordings.
group = I work in a private chat: { $link }
stranger =
    I’m a private bot, so I can’t make tracks for you yet.
    Ask my owner to let you in. Your id is <code>{ $id }</code>.
stranger-ownerless =
    I don’t know my owner yet, so I can’t make tracks for anybody. Your id is <code>{ $id }</code>.
    If this is your bot, put <code>OWNER_ID={ $id }</code> into .env and start me again.
command-start = Begin
command-help = How it works
command-cancel = Drop or stop
command-privacy = What happens to your recording
about = Send a recording and lyrics, get a track back.

## Recording

purpose-question =
    Got it. <b>What is in this recording?</b>

    { $lines }

    Once you choose, the recording goes to the music service, so that it’s ready when your words are.
purpose-line = <b>{ $purpose }</b>: you get { $result }
purpose-chosen = <b>{ $purpose }.</b> You’ll get { $result }.
purpose-song = Singing with music
purpose-voice = Singing alone
purpose-instrumental = Music alone
send-recording = Good words, I’ve kept them. Now send me a recording: sing or hum for 15 to 60 seconds.
send-recording-first = Send me a recording to begin: a voice message of you singing or humming.
send-beat = Now send a recording of <b>music without singing</b>. This voice will be set to it.
send-voice = Now send a recording of <b>singing without music</b>. That voice will sing over this music.
recording-too-short = That recording is too short. Send one of more than { $least } seconds; { $least ->
        [15] 20
       *[other] 15
    } to 60 is best.
recording-too-long = That recording is too long. Send one of less than { $most } minutes; 15 to 60 seconds is best.
recording-too-big = That file is too big for me. Send one under 20 MB; a voice message always fits.
recording-empty = That file is empty. Send the recording once more.
recording-silent = I hear only silence in that recording. Send one where you can be heard.
recording-unreadable = I can’t read that file. Send a voice message, or an MP3, M4A, OGG, FLAC or WAV.
recording-not-audio = There is no sound in that file. Send a voice message or a music file.
recording-out-of-reach = I can’t fetch recordings right now; it’s not you. I’ve told my owner. Just go on: I’ll try again when you press Create.
recording-late = Telegram hasn’t handed me that recording yet; it’s not you. Just go on: I keep trying.
recording-gone = Telegram no longer has that recording. Send it once more.
recording-trouble = Something went wrong on my side with that recording, and I’ve told my owner. Please send it again later.
recording-replaced = Got it, I’ll use the new recording.
recording-replaced-late = Your track keeps the recording it was made from. To use the new one, send it as a message of its own.
recordings-enough-minutes = That’s { $count } recordings in a day, as many as I can take. Send the next one in { $minutes ->
        [one] a minute
       *[other] { $minutes } minutes
    }.
recordings-enough-hours = That’s { $count } recordings in a day, as many as I can take. Send the next one in { $hours ->
        [one] an hour
       *[other] { $hours } hours
    }.
recordings-off = I’m taking no new recordings for now. Everything you have is kept.
lyrics-kept = Your lyrics are kept.
hint-quiet = That recording is very quiet. If you can, send a louder one; otherwise just go on.
hint-clipped = That recording is distorted: it was a bit too loud. If you can, send another; otherwise just go on.
hint-cut-off = That file seems cut off: I could read only { $seconds } seconds. Send it again, or just go on.
hint-mostly-silent = There is little to hear in that recording. If you can, send a fuller one; otherwise just go on.
hint-talking = That sounds like talking. Singing or humming works much better; send it again, or just go on.

## Lyrics

lyrics-question =
    <b>Now the lyrics.</b> Type them, or send a .txt file.
    Up to { $advice } characters work best; { $max } is the limit.
lyrics-empty = There are no letters in that. Type the words you want to hear.
lyrics-short = That’s { $count } { $count ->
        [one] character
       *[other] characters
    }, and it takes at least { $min }. Add a few words: edit your message, or send it again.
lyrics-long = That’s { $over } { $over ->
        [one] character
       *[other] characters
    } too many. Edit your message, or send it again.
purpose-first = First tell me what is in your recording: press one of the buttons above.
partner-wrong-kind = I need a recording here: a voice message or a music file.
lyrics-wrong-kind = I need words here: paste them, or send a .txt file.
lyrics-file-big = That text file is too big. Send one of at most 16 kB.
lyrics-file-gone = I couldn’t fetch that text file. Send it again, or paste the words here.
lyrics-file-unreadable = I can’t read that text file. Save it as UTF-8 and send it again, or paste the words here.
words-add-question =
    <b>Add this to your lyrics, or replace them?</b>{ $over ->
        [0] {""}
       *[other] {" "}Together they’d be { $over } { $over ->
            [one] character
           *[other] characters
        } too long.
    }
    So far:
    <blockquote expandable>{ $lyrics }</blockquote>
    New:
    <blockquote expandable>{ $words }</blockquote>
words-use-question =
    <b>Are these words to sing?</b>
    <blockquote expandable>{ $words }</blockquote>
lyrics-edited-late = That track began with your words as they were before this edit. Shall I make a new one?
button-add-words = Add
button-replace-words = Replace
button-leave-words = Leave it out
button-use-words = Use as lyrics
button-no-words = No
button-keep-words = Keep the words I have
preview-without =
    Good words, I’ve kept them. The recording can’t be used, though: send another one.
preview =
    <b>Ready?</b> You’ll get { $result }.
    Up to { $length } seconds long. Lyrics: { $count } of { $max } characters.{ $advice ->
        [yes] {" "}Shorter lyrics often come out clearer.
       *[no] {""}
    }{ $style ->
        [no] {""}
       *[other] {"\u000A"}Style: { $style }
    }
    <blockquote expandable>{ $lyrics }</blockquote>
result-song = a song in this style, sung and played
result-song-melody = a new version of this song: the melody stays, another voice sings your words
result-song-style = a new song in the style of this one, in another voice
result-voice = this voice alone, singing your words without music
result-instrumental = music without singing
result-pair = your words sung by this voice over that music
button-create = Create
button-cancel = Cancel
button-back = Go on without it
button-add-beat = Add music from another recording
button-add-voice = Add a voice from another recording

## Making

status-queued = Your track is next in line. It starts by itself.
status-generating = Making your track… { $elapsed } of about { $expected }
status-generating-long = Making your track… { $elapsed }. This one takes a little longer.
status-stopping = Stopping. If the service finishes it all the same, I’ll keep it for you for a day.
status-sending = It’s ready. Sending it to you…
status-delivered = Done. Your track is below.
status-cancelled = Cancelled. Send a recording whenever you like.
status-cancelled-kept = You cancelled this track, but it had already been made. I’ll keep it for a day.
status-unsure = I sent your track, but Telegram never confirmed it. If it isn’t here, press the button.
status-undeliverable = I couldn’t send your track to this chat. It’s kept for you.
failed-recording = This recording can’t be used. Send another one; your lyrics are kept.
failed-recording-refused = This recording can’t be used: the music service doesn’t take it. Send another one; your lyrics are kept.
failed-too-large = This recording can’t be used: it’s too large for the music service. Send a shorter one; your lyrics are kept.
failed-sensitive = The music service won’t sing these words. Change them and try again.
failed-invalid = The music service can’t sing these words as they are. Change them a little and try again.
failed-voice-length = The music service finds the voice in this recording too short or too long. Send one of 15 to 60 seconds; your lyrics are kept.
failed-operator = The music service won’t work for me right now. That’s not your fault; my owner has to fix it. Everything is kept: try again later.
failed-withdrawn = The music model I use is not offered any more. That’s not your fault; my owner has been told. Everything is kept.
failed-maintenance = The music service is being repaired. That’s nobody’s fault here. Everything is kept: try again in a while.
failed-trouble = Something went wrong on my side, and I’ve told my owner. Nothing you sent is lost: try again later.
failed-upstream = The music service didn’t come up with a track this time. Nothing you sent is lost: try again.
failed-timeout = The music service took too long. Nothing you sent is lost: try again.
caption = <b>{ $title }</b>
caption-note = <b>{ $title }</b>
    { $note }
button-take = Another take
button-rewrite = New lyrics
button-retry = Try again
button-send-again = Send it again
button-send-anyway = Send it anyway

## Answers to buttons and commands

toast-stale = That button is from before. Use the newest message below.
toast-not-yours = That button is for somebody else.
toast-too-many = You already have { $count } in the making. Wait for one to arrive first.
toast-day-full = You’ve had { $count ->
        [one] your track
       *[other] your { $count } tracks
    } for today. It goes on in about { $hours ->
        [0] { $minutes ->
            [one] a minute
           *[other] { $minutes } minutes
        }
       *[other] { $hours } hours
    }. Everything is kept.
toast-off = New tracks are switched off for now. Everything is kept.
toast-running = It’s already on its way.
toast-too-late = Too late to stop: it’s over already.
toast-gone = That track is no longer kept.
unknown-command = I don’t know that command: press a button, or see /help.
talk-thanks = You’re welcome! Want to go on?
talk-next = Want to go on from here?
talk-waiting = Your track is on its way. I’ll send it here.
talk-data = /privacy says what I keep, and for how long. My owner can delete it for you.
cancel-draft = Dropped. Send a recording whenever you like.
cancel-track = Stopping your track.
cancel-nothing = There is nothing to cancel. Send me a recording to begin.
flood = That’s more at once than I can follow. I’ve left out some of your messages; send the last one again in a moment.
trouble = Something went wrong on my side. Nothing you sent before is lost; please send that last message again.
unread = I can’t read that kind of message. Send a recording, or the words you want to hear.
store-trouble = I can’t write anything down right now, so I can’t take that. Please try again in a few minutes.

## For the owner

owner-key =
    <b>{ $backend }</b> refuses the key. Check it, then start me again. { $instead ->
        [no] Until then no track can be made.
       *[other] Until then I use <b>{ $instead }</b>.
    }
owner-balance =
    <b>{ $backend }</b> says that the balance is used up. Top it up. { $instead ->
        [no] Until then no track can be made.
       *[other] Until then I use <b>{ $instead }</b>.
    }
owner-withdrawn =
    <b>{ $backend }</b> no longer offers the music model. Choose another service with MUSIC_BACKEND. { $instead ->
        [no] Until then no track can be made.
       *[other] Until then I use <b>{ $instead }</b>.
    }
owner-plan =
    <b>{ $backend }</b> says that the plan doesn’t cover this. Check the plan. { $instead ->
        [no] Until then no track can be made.
       *[other] Until then I use <b>{ $instead }</b>.
    }
owner-maintenance =
    <b>{ $backend }</b> is under maintenance. { $instead ->
        [no] Until then no track can be made.
       *[other] Until then I use <b>{ $instead }</b>.
    }
owner-trouble =
    Something in me fails again and again, and I’ve had to give up on what somebody wanted. The log says what it is.
owner-disk =
    The disk is nearly full, so I ask for no more tracks. Make room where DATA_DIR is; tracks that wait then go on by themselves.
owner-files-unset =
    Your Bot API server keeps recordings on its own disk, and I read none there until you allow it. Set <code>TELEGRAM_LOCAL_DIR</code> to the folder where it keeps them (its <code>--dir</code>), or run it without <code>--local</code>; then start me again. Until then no recording can be used.
owner-files-missing =
    The recordings that your Bot API server names are not in <code>TELEGRAM_LOCAL_DIR</code>. Mount the folder where it keeps them (its <code>--dir</code>) where I run, at the same path, and set <code>TELEGRAM_LOCAL_DIR</code> to it. Until then no recording can be used.
owner-files-unreadable =
    I may not read the recordings in <code>TELEGRAM_LOCAL_DIR</code>. Let the user I run as read that folder. Until then no recording can be used.

## The command line

make-no-file = There is no file { $path }.
make-no-words = There are no letters in the lyrics. Give the words to sing after --lyrics, or @ and the name of a text file.
make-short = The lyrics have { $count } characters, and the music service wants at least { $min }.
make-long = The lyrics have { $count } characters, and the limit is { $max }: shorten them by { $over }.
make-too-short = That recording is too short: take one of more than { $least } seconds.
make-too-long = That recording is too long: take one of less than { $most } minutes; 15 to 60 seconds is best.
make-too-big = That file is too big.
make-empty = That file is empty.
make-silent = There is only silence in that file. Take one in which something can be heard.
make-unreadable = That file can’t be read as a recording. MP3, M4A, OGG, FLAC, WAV and videos can.
make-not-audio = There is no sound in that file.
make-gone = That file is gone.
make-preparing = Reading the recording
make-not-offered = None of the music services in MUSIC_BACKEND makes a track from this: { $purpose }.
make-uploading = Sending it to the music service
make-generating = Making the track
make-done = Your track: { $path }
make-key = The music service refuses the key: run refrain check.
make-balance = The balance at the music service is used up: top it up.
make-withdrawn = The music service no longer offers this model: choose another MUSIC_BACKEND.
make-plan = The plan at the music service doesn’t cover this.
make-sensitive = The music service won’t sing these words. Change them and try again.
make-invalid = The music service can’t sing these words as they are. Change them a little and try again.
make-voice-length = The music service finds the voice in that file too short or too long. Take one of 15 to 60 seconds.
make-refused = The music service doesn’t take this recording or these words. Try others.
make-offline = The music service can’t be reached at { $addresses }. Is the address right, and is this machine online? Nothing was paid.
make-unanswered = The music service gave no whole answer. The call may have cost something all the same: look there before you try again.
make-late = The music service took too long. The call may have cost something all the same: look there before you try again.
make-no-track = The music service didn’t come up with a track this time. Try again.
make-maintenance = The music service is under maintenance: try again later.
backup-done = A copy of { $megabytes } MB is in { $path }.
backup-postgresql = DATABASE_URL: PostgreSQL has its own tool: pg_dump --format=custom --file=FILE "$DATABASE_URL"
demo-open = Refrain is at { $url } (Ctrl-C ends it)
demo-port = Port { $port } is taken, so it’s the next free one.
demo-no-port = Port { $port } is taken, and so are the next ones. Choose another with --port.
check-title = Refrain { $version }
check-settings = Settings
check-misspelt = { $name } ({ $place }) is no setting; did you mean { $meant }?
check-unknown = { $name } ({ $place }) is no setting
check-trimmed = { $name } is used without the quotes, the spaces or the “Bearer” around it
check-env-open = .env can be read by others on this machine; close it with chmod 600 .env
check-proxy = { $name } is not used: it names a proxy of { $kind }://, and Refrain speaks to those of http:// alone
check-telegram = Telegram
check-telegram-good = @{ $name }
check-telegram-missing = TELEGRAM_TOKEN is empty; @BotFather gives you one
check-telegram-refused = TELEGRAM_TOKEN is refused by { $url }; is it whole, and TELEGRAM_API_URL right?
check-telegram-away = { $url } can’t be reached; is TELEGRAM_API_URL right, and this machine online?
check-telegram-nameless = { $url } has no address; is TELEGRAM_API_URL right, and this machine online?
check-telegram-behind = { $url } (TELEGRAM_API_URL) can’t be reached through { $proxy }
check-telegram-other = { $url } doesn’t answer as the Bot API does; is TELEGRAM_API_URL right?
check-owner = Owner
check-owner-good = { $id }
check-owner-missing = OWNER_ID is empty, so nobody may use the bot yet; start it and write to it, and it tells you your id
check-owner-open = none, but everybody may use the bot
check-data = Data directory
check-data-bad = DATA_DIR { $path } can’t be written
check-data-new = { $path } (the first start makes it)
check-data-open = DATA_DIR { $path } is open to others on this machine; the next start closes it
check-store = Database
check-store-good = ready
check-store-new = the first start makes it
check-store-sqlite = { $setting }: what is there can’t be read as a SQLite database
check-store-postgresql = { $setting }: PostgreSQL can’t be reached there, or doesn’t let this user in
check-store-readonly = { $setting }: { $path } can’t be written
check-audio = Decoder and encoder
check-audio-good = FFmpeg { $version }
check-audio-bad = missing: { $names }
check-music = Music service
check-services = Music services
check-column-service = Service
check-column-model = Model
check-column-makes = Makes a track from
check-column-price = A track costs about
check-column-length = Up to
check-pairs = a voice with a beat
check-free = your own machine
