#!/usr/bin/env python3
"""Limits for clients against the native server: official SDKs in parallel, which honour a 429 and its retry-after; exact
counts over threads; crowds at a full door, which get honest answers while who is inside goes on; memory that stays within
its bound. With a number as its argument: a crowd of so many connections alone. Waits are nets; that an SDK has waited is seen by the server's own clock."""
import collections
import concurrent.futures
import hashlib
import json
import resource
import selectors
import socket
import sys
import tempfile
import time

import anthropic
import openai
from google import genai
from google.genai import errors as genai_errors

import signalbox_server
import wire
from signalbox_server import CLIENT_KEY, Server, provider
from tap import Tap
from upstream import Upstream

DIGEST = "sha256:" + hashlib.sha256(CLIENT_KEY.encode()).hexdigest()
VERSION = ("anthropic-version", "2023-06-01")
HI = [{"role": "user", "content": "hi"}]
MODELS = {"providers": {"mock": {"builtin": "mock", "dialect": "anthropic"}}}


def config(limits=None, clients=None, server=None, **more):
    key = {"name": "anna", "key": DIGEST}
    if limits is not None:
        key["limits"] = limits
    return {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "client_keys": [key], "clients": clients or {}, **(server or {})},
            **MODELS, **more}


def catalogue(server, headers=()):
    return server.ask("GET", "/v1/models", b"", [("x-api-key", CLIENT_KEY), *headers])


def sdks(tap):
    """One a second, one at once: SDKs that ask four at a time are all served, because they come again when they are told to."""
    limits = {"requests_per_minute": 60, "burst": 1}
    anthropic_body = {"model": "claude-x", "max_tokens": 9, "messages": HI}
    with Server(config(limits), "limits-sdks") as server:
        url = "http://127.0.0.1:%d" % server.port
        patient = anthropic.Anthropic(api_key=CLIENT_KEY, base_url=url, max_retries=20, timeout=60)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(lambda _: patient.messages.create(**anthropic_body).content[0].text, range(4)))
        tap.check("anthropic: all are served by coming again", len(texts) == 4 and all(texts), texts)
        tap.check("anthropic: some were told to", server.text().count("client_limited") >= 1, server.text())
        other = openai.OpenAI(api_key=CLIENT_KEY, base_url=url + "/v1", max_retries=20, timeout=60)
        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            texts = list(pool.map(lambda _: other.chat.completions.create(model="m", messages=HI).choices[0].message.content, range(4)))
        tap.check("openai: all are served by coming again", len(texts) == 4 and all(texts), texts)

        # Without retries: what the error says.
        def refused(kind, ask):
            for _ in range(5):
                try:
                    ask()
                except kind as error:
                    return error
            raise AssertionError("never refused")
        error = refused(anthropic.RateLimitError, lambda: patient.with_options(max_retries=0).messages.create(**anthropic_body))
        tap.equal("anthropic: the type", error.body["error"]["type"], "rate_limit_error")
        tap.equal("anthropic: retry-after", error.response.headers["retry-after"], "1")
        tap.equal("anthropic: how many at once, and how many left",
                  [error.response.headers["x-signalbox-ratelimit-" + name] for name in ("limit", "remaining")], ["1", "0"])
        error = refused(openai.RateLimitError, lambda: other.with_options(max_retries=0).responses.create(model="m", input="hi"))
        tap.equal("openai: retry-after", error.response.headers["retry-after"], "1")
        google = genai.Client(api_key=CLIENT_KEY, http_options={"base_url": url})
        error = refused(genai_errors.ClientError, lambda: google.models.generate_content(model="m", contents="hi"))
        tap.equal("google: code and status", (error.code, error.status), (429, "RESOURCE_EXHAUSTED"))
        details = error.details["error"]["details"]
        tap.equal("google: RetryInfo", [(d["@type"], d["retryDelay"]) for d in details], [("type.googleapis.com/google.rpc.RetryInfo", "1s")])


def exact(tap):
    """All threads count on one account: of 200 requests at once over fresh connections exactly `burst` are let in."""
    with Server(config({"requests_per_minute": 1, "burst": 37}, server={"threads": 4}), "limits-exact") as server:
        with concurrent.futures.ThreadPoolExecutor(32) as pool:
            statuses = collections.Counter(pool.map(lambda _: catalogue(server).status, range(200)))
        tap.equal("exactly so many are let in, whichever thread they meet", statuses, {200: 37, 429: 163})
        server.switch_config(config({"requests_per_minute": 1, "burst": 37}, server={"threads": 4, "log_level": "info"}))
        tap.equal("a reload keeps the account", catalogue(server).status, 429)


def concurrency(tap):
    upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"))
    held = {"model": "script-hold", "max_tokens": 9, "stream": True, "messages": HI}
    headers = [("content-type", "application/json"), ("x-api-key", CLIENT_KEY), VERSION]
    setup = {**config({"concurrent_max": 2}), "providers": {"up": provider(upstream)}, "routes": [{"match": "*", "targets": ["up/*"]}]}
    with Server(setup, "limits-concurrency") as server:
        def begin():
            connection = wire.Connection(server.port)
            connection.send(wire.request_bytes("POST", "/v1/messages", json.dumps(held).encode(), headers))
            return connection, wire.read_head(connection.stream)
        first, second, third = begin(), begin(), begin()
        tap.equal("two are open, a third is refused", [b" 200 " in x[1][:20] or b" 429 " in x[1][:20] and 429 for x in (first, second, third)], [True, True, 429])
        first[0].close()
        tap.check("who leaves makes room", wire.wait_until(lambda: b" 200 " in begin()[1][:20], 10), server.text())
        for each in (second, third):
            each[0].close()


def early(tap):
    """A refused request costs no body: the answer is there before a byte of it was sent."""
    with Server(config({"requests_per_minute": 1, "burst": 1}), "limits-early") as server:
        catalogue(server)
        before = server.rss_kb()
        for _ in range(20):
            connection = wire.Connection(server.port)
            connection.send(("POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nx-api-key: %s\r\nContent-Length: 30000000\r\n\r\n" % CLIENT_KEY).encode())
            answer = connection.receive("POST")
            if answer.status != 429:
                return tap.check("429 before the body", False, answer.start)
            connection.close()
        tap.check("429 before the body", True)
        tap.check("and no memory for it", signalbox_server.sanitized() or server.rss_kb() - before < 4096, server.rss_kb() - before)


def addresses(tap):
    """A crowd of addresses behind a trusted proxy: memory stays, and who has used up his bucket stays without."""
    clients = {"each_address": {"requests_per_minute": 1, "burst": 1}, "trusted_proxies": ["127.0.0.1"], "addresses_max": 1024}
    with Server(config(clients=clients), "limits-addresses") as server:
        mine = [("x-forwarded-for", "203.0.113.9")]
        tap.equal("one is let in", catalogue(server, mine).status, 200)
        connection = wire.Connection(server.port)
        def crowd(first, count):
            seen = collections.Counter()
            for n in range(first, first + count):
                connection.send(wire.request_bytes("GET", "/v1/models", headers=[("x-api-key", CLIENT_KEY), ("x-forwarded-for", "2001:db8:%x:%x::1" % (n >> 16, n & 0xffff))]))
                seen[connection.receive("GET").status] += 1
            return seen
        crowd(0, 1500)
        before = server.rss_kb()
        seen = crowd(10_000, 4000)
        tap.check("beyond the bound newcomers share", seen[429] > 3000, seen)
        tap.check("memory stays", signalbox_server.sanitized() or server.rss_kb() - before < 2048, server.rss_kb() - before)
        tap.equal("and nobody has got rid of his bucket", catalogue(server, mine).status, 429)


def stampede(tap, connections=1000, inside_max=50):
    """Many more connections than there are places. Each gets an answer: served, or 503 (529 in Anthropic's words) with
    retry-after; nobody is closed silently. Who is inside goes on."""
    upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"))
    setup = {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "limits": {"connections_max": inside_max}},
             "providers": {"up": provider(upstream)}, "routes": [{"match": "*", "targets": ["up/*"]}]}
    with Server(setup, "limits-stampede") as server:
        inside = []
        def enter():
            connection = wire.Connection(server.port)
            connection.send(wire.request_bytes("GET", "/healthz"))
            if connection.receive("GET").status == 200:
                inside.append(connection)
            return len(inside) == inside_max
        # The connection on which the server was asked whether it is ready may still have a place.
        tap.check("the first are served", wire.wait_until(enter, 20), len(inside))
        before = server.rss_kb()
        body = json.dumps({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "x" * 40_000}]}).encode()
        anthropics = wire.request_bytes("POST", "/v1/messages", body, [("content-type", "application/json")])
        chats = wire.request_bytes("POST", "/v1/chat/completions", body, [("content-type", "application/json")])
        def ask(n):
            with socket.create_connection(("127.0.0.1", server.port), 60) as each:
                try:
                    each.sendall(chats if n % 2 else anthropics)
                except OSError:
                    pass
                seen = b""
                try:
                    while True:
                        piece = each.recv(65536)
                        if not piece:
                            break
                        seen += piece
                except ConnectionError:
                    seen += b" (reset)"
                return n % 2, seen
        with concurrent.futures.ThreadPoolExecutor(64) as pool:
            answers = list(pool.map(ask, range(connections)))
        kinds = collections.Counter((kind, seen[9:12]) for kind, seen in answers)
        tap.equal("each has an answer in its words", kinds, {(0, b"529"): connections // 2, (1, b"503"): connections // 2})
        tap.check("with the time to come again", all(b"\r\nretry-after: 1\r\n" in seen for _, seen in answers))
        tap.check("and all of it", all(seen.endswith(b"}") for _, seen in answers), [seen for _, seen in answers if not seen.endswith(b"}")][:1])
        tap.check("memory stays within the bound", signalbox_server.sanitized() or server.rss_kb("VmHWM") - before < 16 * 1024, server.rss_kb("VmHWM") - before)
        for connection in inside:
            connection.send(wire.request_bytes("GET", "/healthz"))
        tap.equal("who is inside goes on", {c.receive("GET").status for c in inside}, {200})
        tap.equal("the log says it, and not a thousand times", server.text().count("connections_max"), 1)
        inside.pop().close()
        tap.check("a place that is free is served", wire.wait_until(lambda: server.ask("GET", "/healthz").status == 200, 10))
        # Who is turned away and says nothing is told all the same.
        inside.append(wire.Connection(server.port))
        inside[-1].send(wire.request_bytes("GET", "/healthz"))
        inside[-1].receive("GET")
        silent = wire.Connection(server.port)
        tap.equal("who says nothing is answered too", silent.receive("GET").status, 503)
        for connection in inside:
            connection.close()


def crowd(tap, count):
    """`count` connections opened before any of them is read, each with a request: by hand, for docs/under-load.md."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(count + 200, resource.getrlimit(resource.RLIMIT_NOFILE)[1]),) * 2)
    setup = {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "limits": {"connections_max": count // 10}}, **MODELS}
    body = json.dumps({"model": "m", "max_tokens": 9, "messages": HI}).encode()
    request = wire.request_bytes("POST", "/v1/messages", body, [("content-type", "application/json"), VERSION])
    with Server(setup, "limits-crowd") as server:
        server.ask("GET", "/healthz")
        before, began = server.rss_kb(), time.monotonic()
        waiting, answers = selectors.DefaultSelector(), {}
        for _ in range(count):
            each = socket.socket()
            each.setblocking(False)
            each.connect_ex(("127.0.0.1", server.port))
            waiting.register(each, selectors.EVENT_WRITE)
            answers[each] = b""
        while waiting.get_map() and time.monotonic() - began < 120:
            for key, events in waiting.select(1):
                if events & selectors.EVENT_WRITE:
                    try:
                        key.fileobj.send(request)
                    except OSError:
                        pass
                    waiting.modify(key.fileobj, selectors.EVENT_READ)
                    continue
                try:
                    piece = key.fileobj.recv(65536)
                except OSError:
                    piece, answers[key.fileobj] = b"", answers[key.fileobj] + b" (reset)"
                answers[key.fileobj] += piece
                # Who is served leaves only with all the others: a full door stays full.
                if b" 200 " in answers[key.fileobj][:20]:
                    waiting.unregister(key.fileobj)
                elif not piece:
                    waiting.unregister(key.fileobj)
                    key.fileobj.close()
        seconds = time.monotonic() - began
        kinds = collections.Counter(seen[9:12].decode() or "nothing" for seen in answers.values())
        print("# a crowd of %d: %s in %.1f s; RSS %d KB before, %d KB at the peak" % (count, dict(kinds), seconds, before, server.rss_kb("VmHWM")))
        # Whose request was not there within half a second is told in no dialect's words.
        tap.equal("each of the crowd has an answer", set(kinds) - {"200", "529", "503"}, set())
        tap.equal("as many are served as there are places", kinds["200"], count // 10)
        tap.check("none is cut", not any(seen.endswith(b"(reset)") for seen in answers.values()))
        for each in answers:
            each.close()


def places(tap):
    """server.limits.exchanges_max: requests beyond it are answered at once, the open ones go on."""
    upstream = Upstream(tempfile.mkdtemp(prefix="upstream-"))
    setup = {"server": {"listen": ["127.0.0.1:0"], "threads": 2, "limits": {"exchanges_max": 1}},
             "providers": {"up": provider(upstream)}, "routes": [{"match": "*", "targets": ["up/*"]}]}
    with Server(setup, "limits-places") as server:
        url = "http://127.0.0.1:%d" % server.port
        connection = wire.Connection(server.port)
        connection.send(wire.request_bytes("POST", "/v1/messages", json.dumps({"model": "script-hold", "max_tokens": 9, "stream": True, "messages": HI}).encode(), [("content-type", "application/json"), VERSION]))
        head = wire.read_head(connection.stream)
        try:
            anthropic.Anthropic(api_key="any", base_url=url, max_retries=0).messages.create(model="m", max_tokens=9, messages=HI)
            seen = None
        except anthropic.APIStatusError as error:
            seen = (error.status_code, error.body["error"]["type"], error.response.headers["retry-after"])
        tap.equal("anthropic is told in its words", seen, (529, "overloaded_error", "1"))
        for path in ("/healthz", "/signalbox/state", "/metrics"):
            tap.equal("who watches is answered: " + path, server.ask("GET", path).status, 200)
        tap.check("the open one goes on to its end", b" 200 " in head[:20])
        upstream.release.set()
        out = bytearray()
        wire.read_chunked(connection.stream, out)
        tap.check("whole", b"message_stop" in out, bytes(out[-200:]))
        connection.close()


def main():
    tap = Tap("limits")
    if len(sys.argv) > 1:
        tap.run("a crowd", crowd, tap, int(sys.argv[1]))
        return tap.exit()
    for part in (exact, early, concurrency, places, addresses, stampede, sdks):
        tap.run(part.__name__ + " ran to its end", part, tap)
    for _, text in signalbox_server.ALL_OUTPUT:
        if CLIENT_KEY in text or "203.0.113.9" in text:
            tap.check("no key and no address in a log", False, text)
            break
    else:
        tap.check("no key and no address in a log", True)
    tap.exit()


if __name__ == "__main__":
    main()
