// Every sentence of the page. The bot's own sentences come from the bot.

export const words = {
  // People and chats
  youAre: "You are",
  owner: "owner",
  guest: "guest",
  speaks: "Your app’s language",
  chats: "Chats",
  group: "Group · Ada, Ben and the bot",
  privateChat: "Private chat",
  people: "People and chats",
  nothingYet: "Nothing yet",
  sandboxNote: "Everything here happens on your machine. Nothing is sent anywhere, and nothing costs anything.",
  unread: (count) => `${count} unread`,

  // Head of the chat
  status: { running: "bot", starting: "waking up…", stopped: "the bot has stopped" },
  groupStatus: "3 members",
  actions: {
    typing: "is typing…",
    record_voice: "is making a track…",
    upload_voice: "is sending sound…",
    upload_document: "is sending a file…",
  },
  offline: "Lost touch with the sandbox. Trying again…",
  openBackstage: "Backstage",
  closeBackstage: "Close backstage",
  close: "Close",

  // The empty chat
  emptyTitle: "Make your first track",
  emptyText: "Send a recording, say what’s in it, add a few words. Seconds later you have a track.",
  emptyOr: "or hold the microphone and hum, or drop a sound file here",
  emptyGroup: "In a group the bot answers commands only. Try /start.",
  sendHum: "Send a hummed tune",
  sendBeat: "Send a beat",
  sendSong: "Send a short song",
  hum: "Hum",
  beat: "Beat",
  song: "Song",
  lyrics: "Lyrics",
  titles: { beat: "A beat", song: "A short song" },
  samples: "Samples to send",

  // Somebody whom the bot doesn’t know
  closedTitle: (name) => `${name} hasn’t been let in`,
  closedText: "This bot is private, and its owner, Ada, decides who may use it. Try /start to read what a stranger reads.",
  closed: (name) => `The bot answers ${name} as a stranger: its owner, Ada, hasn’t let ${name} in.`,
  letIn: (name) => `Let ${name} in`,
  lettingIn: (name) => `Ada has let ${name} in. The bot restarts to take note.`,

  // Messages
  you: "You",
  changed: (name, text, buttons) => [`${name} changed a message: ${text}`, ...buttons].join(", "),
  edited: "edited",
  today: "Today",
  messageMenu: "Reply, edit or react",
  reply: "Reply",
  edit: "Edit",
  copied: "Copied",
  copyFailed: "The browser doesn’t let this page copy.",
  toNewest: "To the newest message",
  unsupportedMessage: "The sandbox can’t show this kind of message.",
  unsupportedButton: (what) => `The sandbox doesn’t have this kind of button (${what}).`,
  unsupportedMethod: (method) => `The bot called ${method}, which the sandbox doesn’t have.`,
  noAnswer: "The bot hasn’t answered that button.",
  blockedNote: "You’ve blocked the bot.",
  kinds: {
    audio: "Music", voice: "Voice message", document: "File", photo: "Photo", video: "Video",
    video_note: "Video note", sticker: "Sticker", unknown: "Message",
  },
  more: "Show all",
  less: "Show less",
  ok: "OK",

  // Player
  play: (title) => `Play ${title}`,
  pause: (title) => `Pause ${title}`,
  seek: (title) => `Position in ${title}`,
  download: (title) => `Download ${title}`,
  noBytes: "name and size only",

  // Composer
  write: "Write a message",
  send: "Send",
  attach: "Attach",
  attachAudio: "Music or voice file",
  attachFile: "Any file",
  attachNote: "Video note",
  commands: "Commands",
  replyTo: (name) => `Reply to ${name}`,
  editing: "Edit message",
  cancelMode: "Never mind",
  drop: "Drop it here to send it",
  sending: "Sending…",

  // Recording
  record: "Record: hold, or click",
  recording: "Recording",
  recordSend: "Stop and send",
  recordCancel: "Throw away",
  level: "Level",
  noMic: "The browser doesn’t let this page hear you. Allow the microphone, or send a sample instead.",
  noRecorder: "This browser can’t record here. Drop a file, or send a sample instead.",
  tooShort: "That was too short. Hold the button while you hum, or click it once.",

  // What the sandbox refuses
  errors: {
    "too-big": "That file is over 20 MB.",
    "no-sound": "There is no sound in that recording.",
    "too-long": "That’s longer than a message can be.",
    empty: "There’s nothing in that.",
    "not-yours": "Only your own messages can be edited.",
    restarting: "The bot is already being restarted.",
    refused: "The sandbox can’t do that.",
    unreachable: "The sandbox doesn’t answer. Is `refrain demo` still running?",
    kept: "The sandbox doesn’t answer. What you wrote is still in the box: send it again in a moment.",
  },
  claimed: "That file is over 20 MB, so only its name and size were sent. The bot would get no more than that either.",

  // Backstage
  backstage: "Backstage",
  knobs: "Knobs",
  latency: "A track takes",
  seconds: (count) => `${count} s`,
  music: "Music service",
  telegram: "Telegram",
  on: { generate: "next track", upload: "next upload" },
  anyMethod: "any call",
  fileMethod: "file download",
  order: "Let it happen",
  call: "Which call",
  fault: "What goes wrong",
  waiting: "About to go wrong",
  allWell: "All goes well.",
  clear: "Call off",
  bot: "Bot",
  restart: "Restart the bot",
  restarted: "The bot is being restarted.",
  calls: "Calls",
  polls: "Show polling",
  noCalls: "Calls of the bot show up here.",
  lost: "lost",
  noChange: "no change",
  complaints: "Telegram would ignore",
  families: {
    verdicts: "Says no inside HTTP 200", statuses: "HTTP status", refusals: "Other refusals",
    pages: "A web page instead of JSON", before: "Connection, nothing charged",
    after: "Connection, already charged", audio: "Broken audio, charged",
    empty: "No audio, charged", address: "An address instead of audio", others: "Others",
  },
  faults: {
    maintenance: "under maintenance", "text-status": "429, status as text", "retry-after": "429 with Retry-After",
    "html-200": "a page with status 200", reset: "connection reset", hang: "never answers",
    "reset-after": "made, then reset", "hang-after": "made, then silence", "504-after": "made, then 504",
    "cut-body": "answer cut off", "slow-body": "answer stalls", "big-body": "far too big an answer",
    "audio-odd": "odd number of digits", "audio-not-hex": "not hexadecimal", "audio-not-mp3": "not an MP3",
    "audio-undecodable": "an MP3 that won’t decode", "data-null": "data is null", "audio-null": "audio is null",
    "audio-empty": "audio is empty", "in-progress": "says it’s still at it", "empty-200": "nothing at all",
    "no-ids": "no ids", "audio-url": "a good address", "audio-url-elsewhere": "an address elsewhere",
    "audio-url-gone": "an address with nothing there",
  },
  telegramFaults: {
    404: "404 Not Found", unavailable: "file temporarily unavailable",
    429: "429 Too Many Requests", 500: "500 Internal Server Error", 502: "502 Bad Gateway",
    lost: "done, but the answer is lost", reset: "connection reset", hang: "never answers",
    timeout: "done, but never answers",
  },
};

export const languages = {
  en: "English", ar: "العربية", de: "Deutsch", es: "Español", fr: "Français", ja: "日本語",
  pt: "Português", ru: "Русский", uk: "Українська", zh: "中文", "": "(doesn’t say)",
};

// One after another for each press of the button: words of our own in four scripts.
export const sampleLyrics = [
  "Morning comes in slowly\nThe kettle starts to sing\n\nI hum along beside it\nAnd wonder what you’ll bring",
  "Утро входит медленно,\nЧайник начал петь\n\nЯ тихонько подпою\nИ буду вдаль смотреть",
  "الصباح يأتي هادئًا\nوالإبريق يغنّي لي\n\nأدندن معه قليلًا\nوأنتظر أن تأتي",
  "清晨慢慢走来\n水壶开始歌唱\n\n我轻轻跟着哼\n想着你的方向",
];
