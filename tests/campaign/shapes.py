"""What strangers send: for each route and message the worst shape that is known, as bytes.

A shape of HTTP is one request; `Asked` tells how to send it and what to do with its answer. All are
things that anybody may send without a log-in.
"""

import base64
import dataclasses
import itertools
import os
import random
import struct

import raw_peer
import wire

ZEROS, VALUES_MAX, USUAL_BODY, BATCH_BODY = 131_070, 16_384, 256 << 10, 4 << 20
FAR = 9_000_000_000_000_000_000


@dataclasses.dataclass(frozen=True)
class Asked:
    """`make()` gives the bytes of one request; it may give others each time."""

    name: str
    make: object
    answered: bool = True  # False: it is unfinished, and what is measured is its being held


def request(method, target, body=None, **headers):
    if isinstance(body, str):
        body = body.encode()
    fields = {"Host": "127.0.0.1"} | {name.replace("_", "-"): value for name, value in headers.items()}
    if body is not None:
        fields.setdefault("Content-Length", str(len(body)))
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields.items())]
    return "\r\n".join([*lines, "", ""]).encode() + (body or b"")


def _always(name, data):
    return Asked(name, lambda: data)


def batch(entries):
    return '{"transactions":[' + ",".join(entries) + "]}"


def with_wrong_signature(transfers):
    """Well-formed entries whose signatures are no one's: each has to be checked to be refused."""
    return ['{"raw":"' + one.unsigned().hex() + os.urandom(64).hex() + '"}' for one in transfers]


def fresh_transfers(state, count):
    sender = state.senders[1]
    nonces = itertools.count(state.nonces[sender.key])
    return [wire.Transfer(sender.key, next(nonces), sender.key, 1, 2_000) for _ in range(count)]


def wrong_log_in():
    body = '{"name":"u%08x","password":"wrong"}' % random.getrandbits(32)
    return request("POST", "/login", body)


def reading(state):
    """Every route that anybody may read."""
    full, first, some = state.full_index, state.confirmed[0], state.confirmed[len(state.confirmed) // 2]
    heavy, miner = state.heavy.address, state.miner.address
    stranger = wire.address(state.spec.prefix, os.urandom(32))
    get = lambda target, **headers: _always(f"GET {target}", request("GET", target, **headers))
    named = lambda name, target: _always(name, request("GET", target))
    return [
        get("/"), get("/healthz"), get("/readyz"), get("/status"), get("/nodes"), get("/getblocks"),
        named("GET /blocks, 1,000", "/blocks?limit=1000"),
        named("GET /blocks/N, 4 MiB", f"/blocks/{full}"),
        named("GET /blocks/N?format=hex, 4 MiB", f"/blocks/{full}?format=hex"),
        named("GET /blocks/HASH, unknown", f"/blocks/{os.urandom(32).hex()}"),
        named("GET /transactions/ID, in a full block", f"/transactions/{some}"),
        named("GET /transactions/ID, unknown", f"/transactions/{os.urandom(32).hex()}"),
        named("GET /transactions/ID, waiting", f"/transactions/{wire.shown(state.pending[-1].txid())}"),
        named("GET /transactions/ID/proof, full block", f"/transactions/{first}/proof"),
        named("GET /accounts/A, most pending", f"/accounts/{heavy}"),
        named("GET /accounts/A, never seen", f"/accounts/{stranger}"),
        named("GET /accounts/A/transactions, 1,000", f"/accounts/{miner}/transactions?limit=1000"),
        named("GET /accounts/A/transactions, full block", f"/accounts/{state.senders[1].address}/transactions?limit=1000"),
        named("GET /chain", "/chain"),
        named("GET /chain, one far block", f"/chain?from={full}&limit=1"),
        named("GET /chain, beyond its end", f"/chain?from={FAR}"),
        named("GET /pool", "/pool"),
        named("GET /inv", "/inv"),
        named("GET /inv, beyond its end", f"/inv?from={FAR}"),
        named("GET /inv, the last transfer", f"/inv?from={state.index + len(state.pending)}&limit=1"),
        _always("HEAD /chain", request("HEAD", "/chain")),
        _always("HEAD /pool", request("HEAD", "/pool")),
        _always("OPTIONS /chain", request("OPTIONS", "/chain")),
    ]


def refused(state):
    """What is refused before or in a route; also what a stranger may not do."""
    waiting = state.pending[0]
    cheap = state.heavy.transfer(waiting.nonce, state.senders[1], 2, waiting.fee)
    wrong = with_wrong_signature(fresh_transfers(state, 1))[0]
    text = lambda size: '{"recipient":"' + "x" * (size - 32) + '"}'
    post = lambda name, body, **headers: _always(name, request("POST", "/transactions/new", body, **headers))
    return [
        _always("404", request("GET", "/nothing")),
        _always("405", request("DELETE", "/chain")),
        _always("401, an operator's route", request("POST", "/restart", "{}")),
        _always("401, a made-up token", request("GET", "/users/me", Authorization="Bearer " + "A" * 43)),
        _always("421, a foreign host", request("GET", "/chain", Host="evil.example")),
        _always("403, a foreign origin", request("GET", "/chain", Origin="https://evil.example")),
        _always("a line of 8 KiB", request("GET", "/healthz?" + "x" * 8_000)),
        _always("100 header lines, 8 KiB", request("GET", "/nothing", **{f"X-{i:03}": "y" * 60 for i in range(100)})),
        _always("400, /p2p without an upgrade", request("GET", "/p2p")),
        Asked("POST /login, wrong password", wrong_log_in),
        _always("POST /login, no JSON", request("POST", "/login", "{")),
        post("POST /transactions/new, no JSON", "{"),
        post("... nesting of 33", '{"a":' + "[" * 33 + "]" * 33 + "}"),
        post("... 16,000 values", '{"a":[' + ",".join(["0"] * 16_000) + "]}"),
        post("... 16,000 members", "{" + ",".join(f'"{i:x}":0' for i in range(15_900)) + "}"),
        post("... a member twice, far apart", "{" + ",".join(f'"{i:x}":0' for i in range(8_000)) + ',"0":0}'),
        post("... a text of 256 KiB", text(USUAL_BODY)),
        post("... a form of 256 KiB", "a=" + "%41" * (USUAL_BODY // 3 - 8), Content_Type="application/x-www-form-urlencoded"),
        post("... a wrong signature", wrong),
        post("... known already", '{"raw":"' + waiting.encode().hex() + '"}'),
        post("... a replacement too cheap", '{"raw":"' + cheap.encode().hex() + '"}'),
        post("... unsigned", '{"recipient":"' + state.heavy.address + '","amount":1}'),
        _always("... a body in chunks of one byte", chunked('{"a":"' + "x" * 20_000 + '"}')),
        _always("413, a body of 5 MiB announced", request("POST", "/transactions/batch", Content_Length=str(5 << 20))),
    ]


def chunked(body):
    pieces = b"".join(b"1\r\n" + body[i:i + 1].encode() + b"\r\n" for i in range(len(body)))
    return request("POST", "/transactions/new", Transfer_Encoding="chunked") + pieces + b"0\r\n\r\n"


def batches(state, entries=4_096):
    post = lambda name, body: _always(f"POST /transactions/batch, {name}", request("POST", "/transactions/batch", body))
    known = '{"raw":"' + state.pending[0].encode().hex() + '"}'
    wrong = with_wrong_signature(fresh_transfers(state, entries))
    members = ('{"sender":"%s","recipient":"%s","amount":1,"fee":0,"nonce":1,"data":"","signature":"%s"}'
               % (state.senders[1].address, state.senders[2].address, "0" * 128))
    return [
        post(f"{ZEROS:,} zeros", batch(["0"] * ZEROS)),
        post("65,000 empty objects", batch(["{}"] * 65_000)),
        post("4,096 one-byte transfers", batch(['{"raw":"01"}'] * 4_096)),
        post(f"{entries:,} wrong signatures", batch(wrong)),
        post("4,096 times one that is known", batch([known] * 4_096)),
        post("4,096 of members", batch([members] * 4_096)),
        post("deep in each", batch(["[" * 30 + "]" * 30] * 4_000)),
        post("a text of 4 MiB", '{"transactions":["' + "x" * (BATCH_BODY - 64) + '"]}'),
        post("no JSON, at its end", batch(["0"] * 131_000) + "}"),
    ]


def unfinished():
    """What is begun and not ended."""
    half = lambda name, data: Asked(name, lambda: data, answered=False)
    return [
        half("a connection and nothing", b""),
        half("a head without end, 16 KiB", b"GET /" + b"x" * 8_000 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\nX: " + b"y" * 7_900),
        half("a body of 256 KiB less one byte",
             request("POST", "/transactions/new", Content_Length=str(USUAL_BODY)) + b" " * (USUAL_BODY - 1)),
        half("a batch of 4 MiB less one byte",
             request("POST", "/transactions/batch", Content_Length=str(BATCH_BODY)) + b" " * (BATCH_BODY - 1)),
        half("an upgrade and no handshake", upgrade()),
    ]


def pipelined(state):
    """Several requests at once whose answers nobody reads."""
    block = request("GET", f"/blocks/{state.full_index}")
    return [Asked("32 × GET /blocks/N, 4 MiB, in one write", lambda: block * 32, answered=False),
            Asked("200 × GET /status in one write", lambda: request("GET", "/status") * 200, answered=False)]


def upgrade():
    return request("GET", "/p2p", Upgrade="websocket", Connection="Upgrade", Sec_WebSocket_Version="13",
                   Sec_WebSocket_Key=base64.b64encode(os.urandom(16)).decode(), Sec_WebSocket_Protocol="cairn.1")


# Peers.


def headers_after(parent, count, mark, spec):
    """`count` headers of their own, with the work that they name, on top of `parent`."""
    made = []
    for i in range(count):
        header = wire.Header(1, parent.hash(), wire.sha256(mark + b"%d" % i), parent.time + 1, spec.bits, 0).mine()
        made.append(header)
        parent = header
    return made


def header_messages(headers, at_once=2_000):
    return [raw_peer.headers(headers[i:i + at_once]) for i in range(0, len(headers), at_once)]


def unknown_items(kind, count):
    return [(kind, os.urandom(32)) for _ in range(count)]


def addresses(count):
    made = (bytes(10) + b"\xff\xff" + bytes([44, *os.urandom(3)]) + struct.pack("<H", 5_000) for _ in range(count))
    return bytes([raw_peer.ADDR]) + wire.varint(count) + b"".join(made)
