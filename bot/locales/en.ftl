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
recording-gone = Telegram no longer has that recording. Send it once more.
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
lyrics-short = That’s { $count } characters, and the music service wants at least { $min }. Add a few words and send it again, or edit your message.
lyrics-long = That’s { $count } characters, and the limit is { $max }. Shorten it by { $over } and send it again, or edit your message.
purpose-first = First tell me what is in your recording: press one of the buttons above.
partner-wrong-kind = I need a recording here: a voice message or a music file.
lyrics-wrong-kind = I need words here. Type the lyrics, or send a .txt file.
lyrics-file-big = That text file is too big. Send one of at most 16 kB.
lyrics-file-gone = I couldn’t fetch that text file. Send it again, or paste the words here.
lyrics-file-unreadable = I can’t read that text file. Save it as UTF-8 and send it again, or paste the words here.
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
failed-sensitive = The music service won’t sing these words. Change them and try again.
failed-invalid = The music service can’t sing these words as they are. Change them a little and try again.
failed-voice-length = The music service finds the voice in this recording too short or too long. Send one of 15 to 60 seconds; your lyrics are kept.
failed-operator = The music service won’t work for me right now. That’s not your fault; my owner has to fix it. Everything is kept: try again later.
failed-withdrawn = The music model I use is not offered any more. That’s not your fault; my owner has been told. Everything is kept.
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
toast-off = New tracks are switched off for now. Everything is kept.
toast-running = It’s already on its way.
toast-too-late = Too late to stop: it’s over already.
toast-gone = That track is no longer kept.
cancel-draft = Dropped. Send a recording whenever you like.
cancel-track = Stopping your track.
cancel-nothing = There is nothing to cancel. Send me a recording to begin.
flood = That’s more at once than I can follow. I’ve left out some of your messages; send the last one again in a moment.
trouble = Something went wrong on my side. Nothing you sent before is lost; please send that last message again.
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
owner-disk =
    The disk is nearly full, so I ask for no more tracks. Make room where DATA_DIR is; tracks that wait then go on by themselves.

## The command line

make-no-file = There is no file { $path }.
make-preparing = Reading the recording
make-not-offered = None of the music services in MUSIC_BACKEND makes a track from this: { $purpose }.
make-uploading = Sending it to the music service
make-generating = Making the track
make-done = Your track: { $path }
make-key = The music service refuses the key: run refrain check.
make-balance = The balance at the music service is used up: top it up.
make-withdrawn = The music service no longer offers this model: choose another MUSIC_BACKEND.
make-plan = The plan at the music service doesn’t cover this.
make-maintenance = The music service is under maintenance: try again later.
backup-done = A copy of { $megabytes } MB is in { $path }.
backup-postgresql = DATABASE_URL: PostgreSQL has its own tool: pg_dump --format=custom --file=FILE "$DATABASE_URL"
demo-open = Refrain is at { $url } (Ctrl-C ends it)
demo-port = Port { $port } is taken, so it’s the next free one.
demo-no-port = Port { $port } is taken, and so are the next ones. Choose another with --port.
check-title = Refrain { $version }
check-telegram = Telegram
check-telegram-good = @{ $name }
check-telegram-missing = TELEGRAM_TOKEN is empty; @BotFather gives you one
check-telegram-refused = Telegram refuses TELEGRAM_TOKEN
check-telegram-away = Telegram can’t be reached at TELEGRAM_API_URL
check-owner = Owner
check-owner-good = { $id }
check-owner-missing = OWNER_ID is empty, so nobody may use the bot yet; start it and write to it, and it tells you your id
check-owner-open = none, but everybody may use the bot
check-data = Data directory
check-data-bad = DATA_DIR { $path } can’t be written
check-store = Database
check-store-good = ready
check-store-bad = it can’t be opened: { $reason }
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
