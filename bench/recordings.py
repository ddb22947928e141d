"""Makes asciicast v2 recordings of any size for benchmarks."""
import codecs
import json

from gen_terminal_output import generate

POOL_BYTES = 64 << 20
HEADER = b'{"version": 2, "width": 80, "height": 24}\n'


def event_texts(size, event_bytes, mix):
    """JSON strings of one event each, from at most `size` bytes of terminal output."""
    pool = bytearray()
    generate(pool.extend, size, mix=mix)
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for at in range(0, len(pool), event_bytes):
        yield json.dumps(decoder.decode(bytes(pool[at:at + event_bytes])), ensure_ascii=False)


def write_recording(path, size, event_bytes, mix="mixed"):
    """At least `size` bytes, 20 events a second; past POOL_BYTES the output repeats itself.

    Returns the file's size.
    """
    texts = [text.encode() for text in event_texts(min(size, POOL_BYTES), event_bytes, mix)]
    with open(path, "wb") as out:
        written = out.write(HEADER)
        at = 0
        while written < size:
            written += out.write(b'[%d.%06d, "o", %s]\n' % (at // 20, at % 20 * 50123,
                                                            texts[at % len(texts)]))
            at += 1
    return written


def write_events(path, events):
    """Of (time in seconds, text) pairs."""
    with open(path, "wb") as out:
        out.write(HEADER)
        for at, text in events:
            out.write(b'[%.6f, "o", %s]\n' % (at, json.dumps(text).encode()))
