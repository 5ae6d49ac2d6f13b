"""One HTTP/2 request, frame by frame, without a library: enough to knock at Ray Client's door.

Covers: preface, settings, one request with a body, its status, data and trailers' end. Leaves out: flow control (the
answers are small), header compression (our fields are literals; of the answer only `:status` is decoded, which RFC 9113
makes the first field). Sources: RFC 9113, RFC 7541 and its appendices.
"""

import socket
import struct
from typing import Final

from rayfence.model.wire import Answer, Shot

PREFACE: Final = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, CONTINUATION = 0, 1, 3, 4, 6, 7, 9
_END_STREAM, _ACK, _END_HEADERS, _PADDED, _PRIORITY = 0x1, 0x1, 0x4, 0x8, 0x20
#: SETTINGS_HEADER_TABLE_SIZE = 0: the answer's block refers to nothing but the static table.
_NO_TABLE: Final = struct.pack("!HI", 1, 0)
_STATIC_STATUS: Final = {8: 200, 9: 204, 10: 206, 11: 304, 12: 400, 13: 404, 14: 500}
#: Huffman codes of the ten digits (RFC 7541, appendix B): bits and their number.
_DIGITS: Final = {
    **{(code, 5): str(code) for code in range(3)},
    **{(code + 0x16, 6): str(code) for code in range(3, 10)},
}
_FRAME_LIMIT: Final = 1 << 20


def http2_exchange(stream: socket.socket, shot: Shot) -> Answer:
    """Send the request on stream 1, read until it ends. Raises OSError as the socket does."""
    stream.sendall(PREFACE + frame(SETTINGS, 0, 0, _NO_TABLE) + _request(shot))
    status, body = 0, b""
    while True:
        found = _read_frame(stream)
        if found is None:
            return Answer(status, body=body, note="" if status else "closed without an answer")
        kind, flags, number, payload = found
        if kind == SETTINGS and not flags & _ACK:
            stream.sendall(frame(SETTINGS, _ACK, 0, b""))
        elif kind == PING and not flags & _ACK:
            stream.sendall(frame(PING, _ACK, 0, payload))
        elif kind == GOAWAY and not status:
            return Answer(0, note="connection refused (GOAWAY)")
        if number != 1:
            continue
        if kind == HEADERS:
            status = status or status_of(_unpadded(payload, flags))
        elif kind == DATA:
            body += _unpadded(payload, flags)
        elif kind == RST_STREAM:
            return Answer(status, body=body, note=f"stream reset ({int.from_bytes(payload[:4], 'big')})")
        if kind in (HEADERS, DATA) and flags & _END_STREAM:
            return Answer(status, body=body)


def frame(kind: int, flags: int, number: int, payload: bytes) -> bytes:
    """A frame of RFC 9113, section 4.1."""
    return len(payload).to_bytes(3, "big") + bytes([kind, flags]) + number.to_bytes(4, "big") + payload


def header_block(shot: Shot) -> bytes:
    """Pseudo-header fields first, then the others; every field a literal without indexing and without Huffman."""
    fields = [(name.lower(), value) for name, value in shot.headers]
    authority = next((value for name, value in fields if name == "host"), shot.server_name)
    pseudo = [(":method", shot.method), (":scheme", "https"), (":path", shot.target), (":authority", authority)]
    return b"".join(
        b"\x00" + _text(name) + _text(value) for name, value in [*pseudo, *(one for one in fields if one[0] != "host")]
    )


def status_of(block: bytes) -> int:
    """The status in an answer's header block; 0 when it is not where it must be."""
    while block and block[0] & 0xE0 == 0x20:  # a change of the table's size may come first
        block = block[1:]
    if not block:
        return 0
    if block[0] & 0x80:
        return _STATIC_STATUS.get(block[0] & 0x7F, 0)
    index = block[0] & (0x3F if block[0] & 0x40 else 0x0F)
    if index not in _STATIC_STATUS or len(block) < 2:
        return 0
    length = block[1] & 0x7F
    value = block[2 : 2 + length]
    text = _digits(value) if block[1] & 0x80 else value.decode("ascii", "replace")
    return int(text) if text.isdigit() else 0


def _request(shot: Shot) -> bytes:
    head = frame(HEADERS, _END_HEADERS | (0 if shot.body else _END_STREAM), 1, header_block(shot))
    return head + (frame(DATA, _END_STREAM, 1, shot.body) if shot.body else b"")


def _text(value: str) -> bytes:
    data = value.encode("latin-1")
    return _length(len(data)) + data


def _length(number: int) -> bytes:
    """An integer with a 7-bit prefix (RFC 7541, 5.1)."""
    if number < 127:
        return bytes([number])
    out, number = [127], number - 127
    while number >= 128:
        out.append(number % 128 + 128)
        number //= 128
    return bytes([*out, number])


def _digits(data: bytes) -> str:
    bits = "".join(f"{byte:08b}" for byte in data)
    text, code = "", ""
    for bit in bits:
        code += bit
        digit = _DIGITS.get((int(code, 2), len(code)))
        if digit is not None:
            text, code = text + digit, ""
    return text  # what is left over is padding


def _unpadded(payload: bytes, flags: int) -> bytes:
    if flags & _PADDED:
        payload = payload[1 : len(payload) - payload[0]]
    return payload[5:] if flags & _PRIORITY else payload


def _read_frame(stream: socket.socket) -> tuple[int, int, int, bytes] | None:
    head = _exactly(stream, 9)
    if head is None:
        return None
    length = int.from_bytes(head[:3], "big")
    payload = _exactly(stream, length) if length <= _FRAME_LIMIT else None
    if payload is None:
        return None
    return head[3], head[4], int.from_bytes(head[5:], "big") & 0x7FFFFFFF, payload


def _exactly(stream: socket.socket, count: int) -> bytes | None:
    data = b""
    while len(data) < count:
        piece = stream.recv(count - len(data))
        if not piece:
            return None
        data += piece
    return data
