@0x9d77846135619bd2;
# The control protocol of asciinemad: what clients, session shims and the daemon say to each other.
#
# Messages in Cap'n Proto's standard stream framing on an AF_UNIX stream socket, no RPC layer.
# A peer sends Requests, the daemon sends Replies. docs/PROTOCOL.md states order and bounds.
#
# Evolution: new union members and fields are appended, never renumbered. The daemon answers a
# union member it does not know with an Error of code `unsupported`; a client ignores a Reply with
# id 0 that it does not know. A change that an older peer would misread raises the protocol version.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("asciinemad::schema");

const protocolMin :UInt16 = 1;
const protocolMax :UInt16 = 2;
# The range of protocol versions this schema describes. Version 2 added sessions that outlive their
# daemon and their client: what is marked so below.

struct Request {
  id @0 :UInt32;
  # Chosen by the sender and echoed in the answer. 0: an answer that says no more than ok is left out.

  fds @1 :UInt8;
  # Descriptors that belong to this message, 0 to 8. They travel by SCM_RIGHTS with the message's
  # first byte.

  union {
    hello @2 :Hello;
    # Any peer; must be the first message. Answer: hello, or error `version`.

    start @3 :Start;
    # Client. Begins a session. Answer: started.

    resume @4 :Resume;
    # Shim. Takes a session to a new daemon after its old one died. Answer: started, or an error:
    # `unsupported` from a daemon of protocol version 1.

    attachTerminal @5 :AttachTerminal;
    # The session's client. Answer: ok.

    releaseTerminal @6 :Void;
    # The session's client, before it stops (SIGTSTP). The daemon closes its descriptors of the
    # terminal and reads the PTY no more until a terminal is attached. Answer: ok, after which
    # nothing of the daemon's reads or writes the terminal.

    resize @7 :WindowSize;
    # The session's client. Answer: ok.

    stop @8 :Void;
    # The session's client. Hangs the command up as a closed terminal would. Answer: ok; `finished`
    # follows when the session has ended.

    exited @9 :Exited;
    # Shim. The command has been reaped. Answer: ok, sent when the PTY has been drained and the
    # shim may let go of the slave.

    status @10 :Void;
    # Any peer. Answer: status.

    shutdown @11 :Shutdown;
    # Any peer. Answer: ok, or error `busy` when sessions or playbacks live and `force` is not set.
    # The socket is gone when the answer arrives.

    play @12 :Play;
    # Client. Begins a playback. Answer: playing; playbackFinished follows at its end. Meanwhile the
    # connection may send attachTerminal, releaseTerminal, resize and stop, as a session's client.

    control @13 :Control;
    # Any peer. Steers a playback. Answer: ok, or error `noSession`, `busy` (not playing yet, or its
    # terminal is away), `invalid` (not of this playback) or `unsupported` (an unknown action).

    fetch @14 :Fetch;
    # Any peer that has no fetch under way. Answer: fetched, or error `invalid` or `busy`; may take
    # minutes. Closing the connection cancels.

    upload @15 :Upload;
    # Any peer. Puts a recording into the upload queue. Answer: queued, when it is there for good
    # (validated, copied, synced); or error `invalid` (not a recording that servers take), `internal`
    # (it can't be stored) or `elsewhere`. Closing the connection before the answer cancels.

    listUploads @16 :ListUploads;
    # Any peer. Answer: uploads, or error `internal` or `elsewhere`.

    changeUpload @17 :ChangeUpload;
    # Any peer. Answer: ok, when the change is stored; or error `notFound`, `invalid` (not in this
    # state), `internal`, `elsewhere` or `unsupported` (an unknown change).

    watchUploads @18 :WatchUploads;
    # Any peer. Answer: ok, or error `notFound`, `internal` or `elsewhere`. Then uploadChanged for
    # each change, until the connection ends. Several such requests add up.

    uploadServer @19 :AskUploadServer;
    # Any peer. Answer: uploadServer, or error `internal` or `elsewhere`.

    steer @20 :Steer;
    # Any peer. Version 2. Steers a recording. Answer: ok, when it is done (a marker is in the file;
    # a pause is such that it outlives the daemon), or error `noSession`, `busy` (refused at
    # present: the message says why), `invalid` or `unsupported` (an unknown action).

    watchSessions @21 :WatchSessions;
    # Any peer. Version 2. Answer: ok, or error `noSession`. Then sessionEvent for everything that
    # happens, until the connection ends. One such request a connection; a second replaces it.

    attach @22 :Attach;
    # Client. Version 2. The connection becomes the session's client. Answer: attached, or error
    # `noSession`, `busy` (it has a client) or `invalid`.

    reload @23 :Void;
    # Any peer. Version 2. Reads the daemon's configuration again. Answer: ok, or error `invalid`.
  }
}

struct Reply {
  id @0 :UInt32;
  # That of the Request answered; 0 for events.

  fds @13 :UInt8;
  # Descriptors that belong to this message, as in Request.

  union {
    error @1 :Error;
    ok @2 :Void;
    hello @3 :HelloReply;
    started @4 :Started;
    status @5 :Status;

    # Events.
    checkpoint @6 :Checkpoint;
    # To the shim, before the change it describes is acknowledged.
    terminate @7 :Void;
    # To the shim: SIGHUP to the command, SIGKILL after 5 s.
    finished @8 :Finished;
    # To the client: the session is over, every byte is written, the terminal is released.

    playing @9 :Playing;
    playbackFinished @10 :PlaybackFinished;
    # Event to the client: the playback is over, the terminal is clean and released.
    screenUndo @11 :Data;
    # Event to a playback's client: what to write to the terminal should the daemon die, so that
    # nothing stays on that the recording has turned on; replaces the one before. At most 4096 bytes.
    fetched @12 :Fetched;

    queued @14 :Queued;
    uploads @15 :Uploads;
    uploadChanged @16 :UploadInfo;
    # Event, after watchUploads or an upload with `watch`: the upload as it is now. Progress is
    # reported at most five times a second.
    uploadServer @17 :UploadServerInfo;

    journal @18 :Void;
    # Event to the shim, with one descriptor: what a new daemon needs besides the checkpoint to go
    # on without a byte lost or doubled. For `resume`; opaque. Version 2.
    attached @19 :Attached;
    sessionEvent @20 :SessionEvent;
    detached @21 :Detached;
    # Event to the client: the session goes on without it; the terminal is released.
  }
}

struct Hello {
  protocolMin @0 :UInt16;
  protocolMax @1 :UInt16;
  # The inclusive range the peer speaks. The daemon picks the highest common version.
  software @2 :Text;
  # Name and version, for logs.
}

struct HelloReply {
  protocol @0 :UInt16;
  software @1 :Text;
  pid @2 :UInt32;
}

struct Error {
  code @0 :Code;
  message @1 :Text;
  # One line for a person.
  socket @2 :Text;
  # With `elsewhere`: the control socket of the daemon to ask instead; empty: not known.

  enum Code {
    internal @0;
    invalid @1;      # malformed, out of order or out of range: the connection closes; a well-formed
                     # request that can't be carried out as it is: the connection stays
    unsupported @2;  # a message from a newer protocol; the connection stays
    version @3;      # no common protocol version; the connection closes
    busy @4;         # refused at present: live sessions or playbacks, a bound on their number
    noSession @5;    # this connection has no session
    limit @6;        # a bound was passed; the connection closes
    notFound @7;     # there is no upload of that number
    elsewhere @8;    # another daemon of this user has the upload queue: `socket`; of a session: the
                     # next daemon at this socket has it
  }
}

struct WindowSize {
  cols @0 :UInt16;   # characters, 1 to 65535
  rows @1 :UInt16;
  xpixel @2 :UInt16; # 0: unknown
  ypixel @3 :UInt16;
}

struct Terminal {
  # What stands at the user's end. Its descriptors follow those of the message it is part of: the
  # input if hasInput, then the output if hasOutput; both nonblocking, with open file descriptions
  # that nobody else uses.
  hasInput @0 :Bool;
  hasOutput @1 :Bool;
  inputIsTerminal @2 :Bool;
  # False: a pipe. At its end the daemon types the PTY's end-of-file character.
  savedTermios @3 :Data;
  # struct termios of this host, as it was before the client changed it; empty: nothing to restore.
  # The daemon puts it back when the client dies without doing so. At most 256 bytes.
}

struct Start {
  # Descriptors: PTY master, recording, the daemon's end of a socket pair to the shim, then those
  # of `terminal`.
  format @0 :Format;
  append @1 :Bool;
  # The recording stands at its end: write no header, continue at timeOffset.
  timeOffset @2 :UInt64;
  # Microseconds that the first moment of this session has on the recording's time line.
  size @3 :WindowSize;
  timestamp @4 :Int64;
  # Seconds since 1970-01-01 UTC, for the header.
  idleTimeLimit @5 :Float64;
  # Seconds, for the header; 0: none.
  title @6 :Text;
  command @7 :Text;
  # What runs, for lists and logs; not recorded.
  capturedEnv @8 :List(Variable);
  # For the header.
  captureInput @9 :Bool;
  prefixKey @10 :Text;
  pauseKey @11 :Text;
  addMarkerKey @12 :Text;
  # Key grammar as in the configuration file ("C-x" or one character); empty: none.
  terminal @13 :Terminal;
  notifications @14 :Notifications;
  path @15 :Text;
  # Where the recording goes, for lists and logs; never opened.

  # The rest: version 2.
  session @16 :Text;
  # Its id, as the command's environment has it: 8 characters of [a-z2-7]; empty: the daemon makes
  # one up.
  name @17 :Text;
  # What the user calls it; at most 64 characters, no two sessions have the same. Empty: nothing.
  file @18 :Text;
  # Absolute path of the recording, if that is a regular file: where to look for it after the machine
  # has died under the session.
  keptBytes @19 :UInt64;
  # Size of the recording that is appended to; what `discard` leaves.
  pauseAtStart @20 :Bool;
  markerLabel @21 :Text;
  # Of markers that the key sets. "{n}" is the marker's number in this session, "{time}" the time of
  # day. At most 1024 bytes.
  pauseMarkers @22 :Bool;
  # Pausing and resuming set markers "paused" and "resumed".
  outputMarkers @23 :Bool;
  # Programs may set markers in their output: OSC 7717 ; marker ; LABEL ST.
  pausedTitle @24 :Text;
  # What the terminal's title is set to in a pause, at most 1024 bytes; empty: it stays.
  onDisconnect @25 :OnDisconnect;
  detachKey @26 :Text;
  # Key grammar as above; empty: none.
  hasUpload @27 :Bool;
  upload @28 :Upload;
  # To be queued at the end; its name and title are the session's then.
  detached @29 :Bool;
  # Nobody is to be waited for: the command runs on when the connection ends.
}

enum OnDisconnect {
  hangUp @0;   # the client's death ends the command as a closed terminal does
  detach @1;   # the session goes on
}

enum Format {
  asciicastV2 @0;
  raw @1;
}

struct Variable {
  name @0 :Text;
  value @1 :Text;
}

struct Notifications {
  enabled @0 :Bool;
  command @1 :Text;
  # Run with sh -c; empty: the daemon looks for notify-send, then tmux.
  iconPath @2 :Text;
  environment @3 :List(Text);
  # NAME=VALUE: the session's environment, in which the command runs.
}

struct Started {
  session @0 :Text;
  # 8 characters of [a-z2-7].
  recovered @1 :List(Text);
  # Lines for the user about recordings that an earlier end of the machine had cut short and that were
  # repaired; told once.
}

struct AttachTerminal {
  # Descriptors: those of `terminal`.
  terminal @0 :Terminal;
  size @1 :WindowSize;
}

struct Checkpoint {
  # All that a new daemon needs to go on with a session. Times are microseconds.
  startedAt @0 :UInt64;     # CLOCK_MONOTONIC at time 0 of this session
  pausedFor @1 :UInt64;     # total of the pauses that have ended
  paused @2 :Bool;
  pausedAt @3 :UInt64;      # CLOCK_MONOTONIC; meaningful while paused
  lastEventAt @4 :UInt64;   # on the recording's time line
  size @5 :WindowSize;
  resizePending @6 :Bool;   # the size changed while paused and is not in the recording yet
  outputTail @7 :Data;      # incomplete UTF-8 character at the end of the output, at most 3 bytes
  inputTail @8 :Data;       # the same of recorded input
  inputParser @9 :Data;     # state of the hotkey scanner, at most 8192 bytes, opaque
  lostBytes @10 :UInt64;    # output bytes that could not be recorded
  lossReason @11 :Text;     # as in Finished

  # Version 2.
  attached @12 :Bool;       # the session has a client, or waits for it to come back
  markers @13 :UInt32;      # set so far
  title @14 :Text;          # as changed by `steer`
  outputFilter @15 :Data;   # unfinished private OSC at the end of the output, at most 4096 bytes
  terminating @16 :Bool;    # the command was told to go
  discarding @17 :Bool;     # the recording is to be removed
  client @18 :UInt32;       # process id of the client, to tell whether it still lives; 0: not known
  handedOver @19 :Bool;     # the daemon is about to end on purpose, and all is written
  goesOn @20 :Bool;         # without a client, whatever Start says: it was detached on purpose
  uploading @21 :Bool;      # as in Finished, when the session has ended
}

struct Resume {
  # Descriptors: PTY master, recording, then the journal if hasJournal. The connection becomes the
  # session's shim link.
  session @0 :Text;
  start @1 :Start;
  checkpoint @2 :Checkpoint;
  hasJournal @3 :Bool;
}

struct Steer {
  session @0 :Text;
  # Its whole id, or its name.
  union {
    pause @1 :Void;
    resume @2 :Void;
    toggle @3 :Void;
    mark @4 :Text;          # a marker with this label, at most 1024 bytes of UTF-8
    stop @5 :Void;          # hangs the command up
    discard @6 :Void;       # the same, and the recording is removed
    resize @7 :WindowSize;  # of the PTY; the next resize of the client's terminal changes it again
    send @8 :Data;          # types, at most 65536 bytes; no hotkeys in it
    title @9 :Text;         # for lists and an upload at the end, at most 1024 bytes
    detach @10 :Void;       # from its client
  }
}

struct WatchSessions {
  session @0 :Text;
  # The id or name of a session, or the id of a playback; empty: all, those to come included.
  present @1 :Bool;
  # First an event `present` or `presentPlayback` for each that there is.
}

struct SessionEvent {
  session @0 :Text;         # id of a session or a playback
  name @1 :Text;
  at @2 :Int64;             # milliseconds since 1970-01-01 UTC
  time @3 :UInt64;          # microseconds on the recording's time line; of a playback, its position
  union {
    present @4 :SessionInfo;    # as it is now
    started @5 :SessionInfo;
    paused @6 :Void;
    resumed @7 :Void;
    marker @8 :Text;
    resized @9 :WindowSize;
    titled @10 :Text;
    attached @11 :Void;
    detached @12 :Void;
    exited @13 :Finished;
    presentPlayback @14 :PlaybackInfo;
    playbackStarted @15 :PlaybackInfo;
    playbackEnded @16 :PlaybackFinished;
  }
}

struct Attach {
  # Descriptors: those of `terminal`.
  session @0 :Text;
  # Its whole id, or its name.
  terminal @1 :Terminal;
  size @2 :WindowSize;
  force @3 :Bool;
  # Another client is sent away.
  rejoin @4 :Bool;
  # It was the session's client when the daemon died: the terminal shows the session already.
}

struct Attached {
  session @0 :SessionInfo;
}

struct Detached {
  reason @0 :Text;
  # Empty: it was asked for.
}

struct Exited {
  union {
    code @0 :UInt8;       # exit status
    signal @1 :UInt8;     # ended by this signal
    execErrno @2 :UInt16; # the command could not be executed
  }
}

struct Finished {
  exit :union {
    unknown @0 :Void;     # the shim died first
    code @1 :UInt8;
    signal @2 :UInt8;
    execErrno @3 :UInt16;
  }
  lostBytes @4 :UInt64;
  # Output bytes that are not in the recording; of a pipe's or a network file's queue, the bytes of
  # the recording that were still in it.
  lossReason @5 :Text;
  # First error of the recording, e.g. "No space left on device"; empty: it is complete.
  discarded @6 :Bool;
  # The recording is gone.
  uploading @7 :Bool;
  # It is in the upload queue, or on its way there.
  paused @8 :Bool;
  # The pause had not ended when the session did. Version 2.
}

struct Shutdown {
  force @0 :Bool;
  # End live sessions as `stop` would.
  handOver @1 :Bool;
  # Version 2. Sessions go on and are taken over by the next daemon. Refused with `busy` while
  # something is played, or when a session's shim speaks version 1, unless `force` is set.
}

struct Status {
  software @0 :Text;
  pid @1 :UInt32;
  socket @2 :Text;
  logPath @3 :Text;
  uptime @4 :UInt64;     # microseconds
  onDemand @5 :Bool;     # exits by itself when idle
  sessions @6 :List(SessionInfo);
  playbacks @7 :List(PlaybackInfo);
  uploadsWaiting @8 :UInt32;   # queued or under way
  uploadsHeld @9 :UInt32;
  recovered @10 :List(Recovered);
  systemd @11 :Bool;           # runs as a unit of the service manager
}

struct Recovered {
  # A recording whose session ended with its machine, or with all of its processes.
  file @0 :Text;
  startedAt @1 :Int64;   # milliseconds since 1970-01-01 UTC
  cutBytes @2 :UInt64;   # what was cut off behind the last whole line
}

struct SessionInfo {
  session @0 :Text;
  command @1 :Text;
  path @2 :Text;
  paused @3 :Bool;
  duration @4 :UInt64;   # microseconds on the recording's time line
  size @5 :WindowSize;
  lostBytes @6 :UInt64;

  # Version 2.
  name @7 :Text;
  title @8 :Text;
  attached @9 :Bool;     # has a client
  markers @10 :UInt32;
  terminal @11 :Text;    # path of the PTY's slave; empty where the system does not tell
  startedAt @12 :Int64;  # milliseconds since 1970-01-01 UTC
  detachable @13 :Bool;  # goes on without a client
  file @14 :Text;        # absolute path of the recording; empty: it is no regular file, or the path
                         # has more than 200 bytes
}

struct Play {
  # Descriptors: the recording, open for reading, unless followSession is set; then those of
  # `terminal`. A regular file is read from its beginning, anything else from where it stands.
  name @0 :Text;
  # Of the recording, for lists and messages; never opened.
  terminal @1 :Terminal;
  size @2 :WindowSize;
  # The terminal's.
  speed @3 :Float64;
  # Factor, 1e-6 to 1e9.
  idleTimeLimit @4 :Float64;
  # Seconds; 0: what the recording's header says.
  loop @5 :Bool;
  pauseOnMarkers @6 :Bool;
  startAt @7 :UInt64;
  # Microseconds of playback at speed 1.
  output @8 :Output;
  stream @9 :Stream;
  trust @10 :Trust;
  resizeTerminal @11 :Bool;
  # Ask the terminal to take the recording's size, and put its own back at the end.
  follow @12 :Bool;
  # The recording is still being made: show its present screen, then what comes.
  followSession @13 :Text;
  # Follow the recording of this session of the same daemon; its whole id.
  pauseKey @14 :Text;
  stepKey @15 :Text;
  nextMarkerKey @16 :Text;
  # Key grammar as in the configuration file; empty: none.
  fit @17 :Bool;
  # Version 2. On a terminal that is smaller than the recording's, draw the part of the screen around
  # the cursor; else what was recorded is written there as it is.

  enum Output {
    screen @0;       # what the program wrote
    asciicastV2 @1;  # a header, and each event as a line
  }
  enum Stream {
    standard @0;  # output on the screen, all events in asciicast
    output @1;
    input @2;
  }
  enum Trust {
    local @0;      # all but queries is passed to the terminal
    untrusted @1;  # neither what writes the clipboard, DCS, APC... (docs/ARCHITECTURE.md)
    trusted @2;    # everything
  }
}

struct Playing {
  playback @0 :Text;
  # 8 characters of [a-z2-7], as a session's id.
}

struct PlaybackFinished {
  how :union {
    ended @0 :Void;        # of itself, or by `stop`, or by the key that quits
    interrupted @1 :Void;  # by Ctrl-C
    failed @2 :Text;       # "line N: reason", or another reason
  }
  warnings @3 :List(Text);
  # What was wrong with the recording and passed over; a line each, few.
}

struct Control {
  playback @0 :Text;
  # Its whole id.
  union {
    pause @1 :Void;
    resume @2 :Void;
    toggle @3 :Void;
    step @4 :Void;              # to the next frame; pauses
    stepBack @5 :Void;          # to the frame before; pauses
    seekTo @6 :UInt64;          # microseconds of playback at speed 1
    seekBy @7 :Int64;           # microseconds
    seekToFraction @8 :Float64; # 0 to 1 of the whole
    speed @9 :Float64;          # factor, 1e-6 to 1e9
    nextMarker @10 :Void;       # pauses there
    previousMarker @11 :Void;   # likewise
    stop @12 :Void;
  }
}

struct PlaybackInfo {
  playback @0 :Text;
  name @1 :Text;
  position @2 :UInt64;   # microseconds of playback at speed 1
  duration @3 :UInt64;   # the same; 0: not known yet
  speed @4 :Float64;
  paused @5 :Bool;
  following @6 :Bool;    # shows what is being recorded, live
  size @7 :WindowSize;   # of the recording
}

struct Fetch {
  # The environment is the client's, whose command it is.
  url @0 :Text;
  maxBytes @1 :UInt64;    # of the decoded body
  httpProxy @2 :Text;     # as in $http_proxy etc.; empty: none
  httpsProxy @3 :Text;
  noProxy @4 :Text;
  caFile @5 :Text;        # $SSL_CERT_FILE; empty: the system's
  caDirectory @6 :Text;
  ipfsGateway @7 :Text;   # empty: https://ipfs.io
}

struct Fetched {
  # Descriptor: an unlinked regular file with the body, positioned at its beginning.
  url @0 :Text;           # where it was found in the end, without credentials
  bytes @1 :UInt64;
}

struct UploadServer {
  # Where uploads go and how to get there: settings and environment of the client, frozen when it
  # asks.
  url @0 :Text;           # http or https, no slash at the end
  user @1 :Text;          # may be empty
  installId @2 :Text;
  httpProxy @3 :Text;     # as in $http_proxy etc.; empty: none
  httpsProxy @4 :Text;
  noProxy @5 :Text;
  caFile @6 :Text;        # $SSL_CERT_FILE; empty: the system's
  caDirectory @7 :Text;
}

struct Upload {
  # Descriptor: the recording, open for reading. A regular file is read from its beginning, anything
  # else from where it stands to its end. gzip and zstd are unpacked.
  name @0 :Text;
  # Of the recording, for lists and messages; never opened. At most 4096 bytes.
  server @1 :UploadServer;
  title @2 :Text;         # empty: the recording's own. At most 1024 bytes
  visibility @3 :Visibility;
  interactive @4 :Bool;
  # Somebody waits for it: before those nobody waits for, the newest first.
  watch @5 :Bool;
  # The connection gets uploadChanged for this one; while it is open there are no notifications.
  notifications @6 :Notifications;
  # Stored with the queue: its environment holds only what finding the desktop takes.
  keepFor @7 :UInt64;     # seconds that copies of what is done are kept; applies to the whole queue
  keepBytes @8 :UInt64;   # and how much of them, together
  key @9 :Text;
  # The client's name for this upload, 1 to 64 letters, digits and '-' that nobody uses twice; empty:
  # the daemon chooses. The answer to a key that is in the queue already is that one's number: so a
  # client that has lost its answer may ask again.

  enum Visibility {
    byServer @0;          # what the server or the account has as default
    public @1;
    unlisted @2;
    private @3;
  }
}

struct Queued {
  number @0 :UInt64;      # from 1; never used again
  warnings @1 :List(Text);
  # What was repaired, or makes it unlikely that the server takes it; a line each, few.
}

struct ListUploads {
  after @0 :UInt64;
  # Only numbers above this. An answer has as many as fit; ask again after the last one.
  number @1 :UInt64;
  # Only this one; 0: all.
}

struct Uploads {
  uploads @0 :List(UploadInfo);  # numbers ascend
  more @1 :Bool;
  notice @2 :Text;
  # What the user must be told about the queue: its database was damaged. Empty: nothing.
}

struct ChangeUpload {
  number @0 :UInt64;
  union {
    retry @1 :UploadServer;
    # Now. If the URL is the upload's, the rest of it takes the place of what was frozen. What was
    # held with it, because its server rejected the install id, is released too.
    cancel @2 :Void;      # unless done; its copy stays until it is forgotten
    forget @3 :Void;      # removes entry and copy of what is done, failed or cancelled
  }
}

struct WatchUploads {
  number @0 :UInt64;      # 0: all, those to come included
}

struct AskUploadServer {
  server @0 :UploadServer;
  release @1 :Bool;
  # The user is about to link the install id: what the server's rejection of it held is tried again.
}

struct UploadServerInfo {
  waiting @0 :UInt32;     # queued or under way
  held @1 :UInt32;
  lastSuccessAt @2 :Int64;    # milliseconds since 1970-01-01 UTC; 0: never
  lastRejectedAt @3 :Int64;   # the install id, by an answer 401; 0: never
  refusedBytes @4 :UInt64;    # of the smallest recording that was too large; 0: none was
}

enum UploadState {
  queued @0;              # waits for its turn or the next attempt
  uploading @1;
  done @2;
  held @3;                # until somebody does what `advice` says
  failed @4;
  cancelled @5;
}

struct UploadInfo {
  number @0 :UInt64;
  state @1 :UploadState;
  name @2 :Text;
  serverUrl @3 :Text;
  title @4 :Text;
  visibility @5 :Upload.Visibility;
  bytes @6 :UInt64;       # of the copy that is sent
  sentBytes @7 :UInt64;   # by the attempt under way
  queuedAt @8 :Int64;     # milliseconds since 1970-01-01 UTC
  changedAt @9 :Int64;    # of the state
  nextAttemptAt @10 :Int64;   # while queued; 0: as soon as there is room
  attempts @11 :UInt32;
  ambiguous @12 :Bool;
  # The answer to an attempt was lost after the whole recording had been sent: the server may have
  # it twice.
  reason @13 :Text;       # of the last failure; why it is held, or failed
  advice @14 :Text;       # what to do about it; may be empty
  url @15 :Text;          # on the server, when done
  message @16 :Text;      # the server's, when done; lines end in LF; without other control characters
  warning @17 :Text;      # the server's
  file @18 :Text;         # path of the copy; empty: it is gone
}
