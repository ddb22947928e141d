#!/usr/bin/env python3
"""Compares Utf8Decoder with Python's incremental decoder on random bytes in random chunks.

usage: utf8_vs_python.py UTF8_DRIVER [SEED]

Every decode() must give what Python gives for the same chunk, so that not only the text but also
the moment at which a broken character is reported agrees. Exit status 0 when all streams agree.
"""

import codecs
import random
import struct
import subprocess
import sys

STREAMS = 4000
END_OF_STREAM = 0xFFFFFFFF

# Bytes on and beside the borders of the encoding; random ones rarely get past a lead byte.
BORDER_BYTES = bytes.fromhex("007f808f909fa0bfc0c1c2dfe0e1ecedeeeff0f1f3f4f5ff")
TEXTS = ["plain text\r\n", "\x1b[1;32m", "żółw ", "漢字仮名", "┌──┐", "\U0001f98a\U0001f600", "\U0010ffff"]


def random_bytes(rng):
    kind = rng.randrange(4)
    length = rng.choice([1, 3, 8, 40, 300])
    if kind == 0:
        return rng.randbytes(length)
    if kind == 1:
        return bytes(rng.choice(BORDER_BYTES) for _ in range(length))
    text = bytearray("".join(rng.choice(TEXTS) for _ in range(length // 4 + 1)).encode())
    if kind == 2:
        for _ in range(rng.randrange(1, 5)):
            text[rng.randrange(len(text))] = rng.choice(BORDER_BYTES)
    return bytes(text)


def random_chunks(rng, data):
    longest = rng.choice([1, 2, 5, 50, 400])
    chunks = []
    while data:
        size = rng.randrange(longest + 1)
        chunks.append(data[:size])
        data = data[size:]
    return chunks


def expected_texts(chunks):
    """What each chunk, and then the end of the stream, adds to the text."""
    decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")
    texts = []
    decoded = ""
    reported = ""
    for chunk, final in [(chunk, False) for chunk in chunks] + [(b"", True)]:
        decoded += decoder.decode(chunk, final)
        decided = decoded
        pending = decoder.getstate()[0]
        # For the sake of its "surrogatepass", Python alone waits for a surrogate's third byte.
        if len(pending) == 2 and pending[0] == 0xED and pending[1] >= 0xA0:
            decided += "\ufffd\ufffd"
        texts.append(decided[len(reported) :].encode())
        reported = decided
    return texts


def split_output(output):
    texts = []
    at = 0
    while at < len(output):
        (size,) = struct.unpack_from("<I", output, at)
        texts.append(output[at + 4 : at + 4 + size])
        at += 4 + size
    return texts


def main():
    driver = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    print(f"utf8_vs_python: seed {seed}", flush=True)
    rng = random.Random(seed)

    records = bytearray()
    expected = []
    where = []
    for stream in range(STREAMS):
        chunks = random_chunks(rng, random_bytes(rng))
        for chunk in chunks:
            records += struct.pack("<I", len(chunk)) + chunk
        records += struct.pack("<I", END_OF_STREAM)
        expected += expected_texts(chunks)
        where += [(stream, chunks, i) for i in range(len(chunks) + 1)]

    run = subprocess.run([driver], input=bytes(records), stdout=subprocess.PIPE, timeout=30)
    if run.returncode != 0:
        print(f"{driver}: exit status {run.returncode}")
        return 1
    got = split_output(run.stdout)
    for (stream, chunks, i), want, have in zip(where, expected, got):
        if want != have:
            print(f"stream {stream}, chunk {i}: expected {want!r}, got {have!r}")
            print(f"the chunks up to it end with {chunks[max(0, i - 8) : i + 1]!r}")
            return 1
    if len(got) != len(expected):
        print(f"expected {len(expected)} texts, got {len(got)}")
        return 1
    print(f"utf8_vs_python: {STREAMS} streams, {len(expected)} decodes agree")
    return 0


if __name__ == "__main__":
    sys.exit(main())
