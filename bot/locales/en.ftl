# Every sentence a person can read. Short, warm, concrete; one idea a message.
# Values are escaped before they come here; <b>, <i> and <blockquote> are Telegram's.

## First words

start =
    <b>Hi, I’m Refrain.</b> Sing me something, and I’ll turn it into a track with your words.

    Send a voice message to begin: sing or hum for 15 to 60 seconds. Just talking doesn’t make a song.
help =
    <b>How it works</b>
    1. Send a recording: a voice message, a music file or a video.
    2. Tell me what I hear: your voice, voice and music, or music.
    3. Send the words. You can edit them until you press Create.

    About a minute later your track is here.

    /cancel drops what you’ve begun, or stops your newest track.
    /privacy says where your recording goes.
privacy =
    <b>What happens to what you send</b>
    • Your recording goes to the music service ({ $service }) as soon as you say what I hear in it.
    • Your words go there when you press Create.
    • I keep the prepared recording for { $recordings ->
        [one] one day
       *[other] { $recordings } days
    }, and a track only until you have it, at most { $tracks ->
        [one] one day
       *[other] { $tracks } days
    }.
    • I keep the words of your tracks, and the name and Telegram’s number of each recording, with no end set. That’s how Another take works later, too. My owner can delete these notes, but only everybody’s at once.
    • Nobody but my owner can see these notes. My log has neither words nor recordings.
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
command-privacy = Where your recording goes
about = Send a recording and words, get a track back.

## Recording

# What a panel adds (a warning, a reason) comes after its text.
purpose-question =
    <b>Got it! What do I hear?</b>

    { $lines }
purpose-line = <b>{ $purpose }</b>: you get { $result }
purpose-privacy = When you press one, your recording goes to the music service, so that it’s ready when your words are.
purpose-chosen = <b>{ $purpose }.</b> You’ll get { $result }.
purpose-song = Voice and music
purpose-voice = Only my voice
purpose-instrumental = Only music
send-recording = Good words, I’ve kept them. Now send me a recording: sing or hum for 15 to 60 seconds.
send-recording-first = Send me a voice message to begin: sing or hum for 15 to 60 seconds.
send-beat = Now send <b>music without singing</b>. This voice will sing to it.
send-voice = Now send <b>singing without music</b>. That voice will sing over this music.
recording-too-short = That’s a bit short. Sing for { $least ->
        [15] 20
       *[other] 15
    } to 60 seconds.
recording-too-long = That’s too long for me. Send less than { $most } minutes; 15 to 60 seconds is best.
recording-too-big = That file is too big for me. Send one under 20 MB; a voice message always fits.
recording-empty = That file is empty. Send it once more.
recording-silent = I hear only silence. Send a recording where you can be heard.
recording-unreadable = I can’t read that file. Send a voice message, or an MP3, M4A, OGG, FLAC or WAV.
recording-not-audio = There’s no sound in that file. Send a voice message or a music file.
recording-gone = Telegram no longer has that recording. Send it once more.
lyrics-kept = Your words are kept.
hint-quiet = It’s very quiet. Send a louder one if you can, or just go on.
hint-clipped = It’s distorted: a bit too loud. Send another one if you can, or just go on.
hint-cut-off = It seems cut off: I could read only { $seconds } { $seconds ->
        [one] second
       *[other] seconds
    }. Send it again, or just go on.
hint-mostly-silent = There’s little to hear in it. Send a fuller one if you can, or just go on.
hint-talking = It sounds like talking. Singing or humming works much better: send it again, or just go on.
recording-out-of-reach = I can’t fetch recordings right now; it’s not you.{ $owner ->
        [yes] {" "}I’ve told my owner.
       *[no] {""}
    } Just go on: I’ll try again when you press Create.
recording-late = Telegram hasn’t handed me that recording yet; it’s not you. Just go on: I’ll try again when you press Create.
recording-trouble = Something went wrong on my side with that recording{ $owner ->
        [yes] , and I’ve told my owner
       *[no] {""}
    }. Please send it again later.
recording-kept = I’ve kept the recording that was in that message. To use another one, send it as a message of its own.
file-unclear = I can’t tell what’s in that file. Send words as text or a .txt file, and a recording as a voice message or a music file.
recording-replaced = Got it, I’ll use the new recording.
recording-replaced-late = Your track keeps the recording it was made from. To use the new one, send it as a message of its own.
daily-limit-recordings = I’ve taken as many recordings from you today as I can ({ $count }). Send the next one in about { $hours ->
        [0] { $minutes ->
            [one] a minute
           *[other] { $minutes } minutes
        }
       *[other] { $hours } hours
    }.
recordings-off = I’m taking no new recordings for now. Everything you have is kept.

## Lyrics

lyrics-question =
    <b>Now the words to sing</b>, all in one message or a .txt file.
    { $length }
lyrics-question-unsung =
    <b>Now some words</b>, all in one message or a .txt file. The music service wants them to shape the music; nobody sings them.
    { $length }
lyrics-refused =
    The words so far, to copy:
    <blockquote expandable>{ $lyrics }</blockquote>
lyrics-limit = Up to { $max } characters fit.
lyrics-length = Up to { $advice } characters work best; up to { $max } fit.
lyrics-empty = There are no letters in that. Send the words you want to hear.
lyrics-short = That’s { $count ->
        [one] one character
       *[other] { $count } characters
    }, and the music service wants at least { $min }. Edit your message, or send it again.
lyrics-long = That’s { $over ->
        [one] one character
       *[other] { $over } characters
    } too many. Edit your message, or send it again.
purpose-first = First tell me what I hear in your recording: press a button above.
partner-wrong-kind = I need a recording here: a voice message or a music file.
lyrics-wrong-kind = I need words here: send them in one message or a .txt file.
lyrics-file-big = That text file is too big. Send one of at most 16 kB, or paste the words here.
lyrics-file-gone = I couldn’t fetch that text file. Send it again, or paste the words here.
lyrics-file-unreadable = I can’t read that text file. Save it as UTF-8 and send it again, or paste the words here.
words-add-question =
    <b>Add this to your words, or replace them?</b>{ $over ->
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
words-asked-next = Your last message doesn’t fit with these as well: I’ll ask about it next.
words-use-question =
    <b>Are these words to sing?</b>
    <blockquote expandable>{ $words }</blockquote>
lyrics-edited-late = That track began with your words as they were before this edit. Shall I make a new one?
lyrics-edited-long-after = “{ $title }” began with your words as they were before this edit. Shall I make a new one?
edit-unknown = I can’t tell any more what that message was for. Send it as a new one, and I’ll take it from there.
button-add-words = Add
button-replace-words = Replace
button-leave-words = Leave it out
button-use-words = Use as lyrics
button-no-words = No
button-keep-words = Keep the words I have
preview =
    <b>Ready?</b> You’ll get { $result }.
    Up to { $length } seconds long. Your words: { $count } of { $max } characters.{ $advice ->
        [yes] {" "}Fewer words often come out clearer.
       *[no] {""}
    }{ $style ->
        [no] {""}
       *[other] {"\u000A"}Style: { $style }
    }
    <blockquote expandable>{ $lyrics }</blockquote>
result-song = a song in this style, sung and played
result-song-melody = a new version of this song: the melody stays, another voice sings your words
result-song-style = a new song in the style of this one, in another voice
result-voice = this voice alone, singing your words
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
status-generating-long = Making your track… { $elapsed }. This is slow today. You can leave; I’ll write to you.
status-stopping = Stopping. If it gets made all the same, I’ll keep it for you for a day.
status-sending = It’s ready. Sending it to you…
status-delivered = Done. Your track is below.
status-cancelled = Cancelled. Send a recording whenever you like.
status-cancelled-kept = You cancelled this track, but the music service finished it all the same. I’ll keep it for a day.
status-unsure = I sent your track, but Telegram never confirmed it. If it isn’t here, press the button.
status-undeliverable = I couldn’t send your track to this chat. I’ve kept it for you.
failed-recording = I can’t use that recording. Send another one; your words are kept.
failed-sensitive = The music service won’t sing these words. Change them, and we go on.
failed-invalid = The music service can’t sing these words as they are. Change them a little.
failed-voice-length = The music service finds the voice in there too short or too long. Send 15 to 60 seconds of singing; your words are kept.
failed-operator = I can’t make tracks right now; it’s not you. { $owner ->
        [yes] I’ve told my owner and kept everything.
       *[no] I’ve kept everything: try again later.
    }
failed-maintenance = The music service is being repaired right now; it’s not you. I’ve kept everything: try again in an hour or so.
failed-withdrawn = I can’t make this kind of track right now; it’s not you. { $owner ->
        [yes] I’ve told my owner and kept everything.
       *[no] I’ve kept everything: try again later.
    }
failed-upstream = The music service didn’t come up with a track this time. Everything is kept: try again.
failed-timeout = The music service took too long. Everything is kept: try again.
notice-failed = “{ $title }” didn’t work out. The message above says why; go on from here.
notice-unsure = I’m not sure that “{ $title }” has reached you. If it hasn’t, use the button above.
notice-undeliverable = I couldn’t send “{ $title }”. It’s kept: use the button above.
caption = { $take ->
        [1] Here’s your track.
       *[other] Here’s take { $take }.
    }
track-take = { $title } (take { $take })
failed-recording-refused = This recording can’t be used: the music service doesn’t take it. Send another one; your words are kept.
failed-too-large = This recording can’t be used: it’s too large for the music service. Send a shorter one; your words are kept.
failed-trouble = Something went wrong on my side{ $owner ->
        [yes] , and I’ve told my owner
       *[no] {""}
    }. Nothing you sent is lost: try again later.
button-take = Another take
button-new-lyrics = New lyrics
button-change-words = Change the words
button-use-edited = Use the edited words
button-replace = Another recording
button-retry = Try again
button-send-again = Send it again
button-send-anyway = Send it anyway

## Answers to buttons and commands

toast-stale = That button is from before. Use the newest message below.
toast-already = Got that already.
toast-not-yours = That button is for somebody else.
toast-too-many = You already have { $count ->
        [one] one track
       *[other] { $count } tracks
    } in the making. Wait for one to arrive first.
daily-limit-tracks = You’ve had { $count ->
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
toast-stopping = I’m still stopping the last one. Press again in a few minutes.
toast-too-late = Too late to stop: it’s ready, or over.
toast-gone = That track is no longer kept.
unknown-command = I don’t know that command: press a button, or see /help.
talk-thanks = You’re welcome! Want to go on?
talk-next = Want to go on from here?
talk-waiting = Your track is on its way. I’ll send it here.
talk-preview = Press Create under the words above, and I’ll make your track. Cancel drops it.
talk-cost = I never ask you for money: my owner takes care of the music service.
talk-who = I’m a bot: send me a recording and words, and I’ll have a track made of them. /help says how.
talk-when = A track takes about a minute once you press Create, and comes here by itself.
talk-data = /privacy says what I keep, and for how long. I can’t delete one person’s notes: my owner can only delete everybody’s at once.
cancel-draft = Dropped. Send a recording whenever you like.
cancel-track = Stopping your track.
cancel-nothing = There’s nothing to cancel. Send me a recording to begin.
flood = That’s more at once than I can follow, so I’ve left some of it out. Send the last one again in a moment.
trouble = Something went wrong on my side. Nothing is lost that you sent before: please send the last one again.
unread = I can’t read that kind of message. Send a recording, or the words you want to hear.
store-trouble = I can’t write anything down right now, so I can’t take that. Please try again in a few minutes.

## For the owner

owner-until = { $instead ->
        [no] Until then I can’t make tracks.
       *[other] Until then I use <b>{ $instead }</b>.
    }
owner-key = <b>{ $service }</b> refuses the key. Check { $setting } in .env, then start me again. { owner-until }
owner-balance = The balance at <b>{ $service }</b> is used up. Top it up; I’ll notice by myself. { owner-until }
owner-withdrawn = <b>{ $service }</b> no longer offers the music model. Choose another service with MUSIC_BACKEND in .env, then start me again. { owner-until }
owner-plan = Your plan at <b>{ $service }</b> doesn’t cover this. Change the plan there, or choose another service with MUSIC_BACKEND in .env. { owner-until }
owner-maintenance = <b>{ $service }</b> is being repaired. There’s nothing for you to do; I’ll write when it’s over. { owner-until }
owner-over = <b>{ $service }</b> can be used again.
owner-disk = The disk is nearly full, so I ask for no more tracks. Make room where DATA_DIR is; tracks that wait then go on by themselves.
owner-trouble =
    Something in me fails again and again, and I’ve had to give up on what somebody wanted. The log says what it is.
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
make-too-large = That recording is too large for the music service. Try a shorter one.
make-refused = The music service doesn’t take this recording or these words. Try others.
make-offline = The music service can’t be reached at { $addresses }. Is the address right, and is this machine online? Nothing was paid.
make-unanswered = The music service gave no whole answer. The call may have cost something all the same: look there before you try again.
make-late = The music service took too long. The call may have cost something all the same: look there before you try again.
make-no-track = The music service didn’t come up with a track this time. Try again.
make-maintenance = The music service is under maintenance: try again later.
backup-done = A copy of { $megabytes } MB is in { $path }.
backup-missing = There is no database at { $path } yet; the first start makes it. Is DATA_DIR right?
backup-folder = The copy can’t be written to { $path }: { $why }.
backup-failed = { $path } couldn’t be copied: { $why }.
backup-damaged = The copy of { $path } is damaged, so it was thrown away. Keep the copies you have.
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
