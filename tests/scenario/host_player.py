#!/usr/bin/env python3
"""Plays tests/scenarios/*.scenario on real sockets against a host (SIGNALBOX_HOST, signalbox_server.py): it is the
client and the numbered upstreams. `<` lines must come true, `.` lines show what only the core can show and are passed over.

What differs from the core player, and nothing else does:
  - base URLs are made to point at 127.0.0.1, one port for each host name; where an expectation has the digits
    of the scenario's randomness, those of the answer's own request-id take their place;
  - time is real: up to 300 ms are waited for, more is passed over where nothing in the scenario hangs on it;
  - what no real host can play must be named in tests/scenarios/skips.txt with its reason, as `NAME: reason`, or
    `NAME#3: reason` for its third exchange alone; `NAME#3 (worker): reason` holds for that host alone. What is named
    there is not tried.
Each scenario is played as it is written and, when it is small, with all bytes sent one by one. Where a play was so slow
that one of the scenario's own durations may have run out under it, what it shows is no mismatch: it is played again.

usage: host_player.py [SCENARIO...]
"""
import glob
import hashlib
import json
import os
import queue
import re
import sys
import time

HERE = os.path.dirname(os.path.abspath(__file__))
SCENARIOS = os.path.join(os.path.dirname(HERE), "scenarios")
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "clients"))

import signalbox_server  # noqa: E402
import wire  # noqa: E402
from host_script import FAILURES, WAIT_MS_MAX, Scenario, milliseconds  # noqa: E402
from host_sockets import NET_SECONDS, Client, Mismatch, Upstreams  # noqa: E402
from tap import Tap  # noqa: E402

# Where a scenario says that a lane's credential goes.
CREDENTIAL_HEADERS = {"x-api-key": "x-api-key", "authorization": "bearer", "x-goog-api-key": "x-goog-api-key",
                      "api-key": "api-key"}
SIGNS_OF_LIFE = (b": keepalive\n\n", b'event: ping\ndata: {"type": "ping"}\n\n')
SMALL_BYTES_MAX = 8192  # up to here a scenario is also played byte by byte
LATE_SECONDS = 0.1  # the shortest duration that a scenario's configuration has for a gate or a time-out
PLAYS_MAX = 3


class Play:
    def __init__(self, server, upstreams, one_by_one):
        self.server, self.upstreams, self.one_by_one = server, upstreams, one_by_one
        self.began, self.waited_seconds = None, 0

    def late(self):
        """Whether the exchange and the one before it, whose rests may end in this one, took so much longer than their script
        says that a duration may have run out: up to what came and was not expected, or to the statement for which nothing
        came, which might have waited for ever."""
        return self.told - self.counted_from - self.waited_before - self.waited_seconds > LATE_SECONDS

    def exchange(self, statements):
        now = time.monotonic()
        self.counted_from, self.waited_before = self.began or now, self.waited_seconds
        self.began, self.waited_seconds = now, 0
        self.client = Client(self.server.port, self.one_by_one)
        self.attempts, self.request, self.answering, self.digits = {}, b"", None, bytes(range(16)).hex().encode()
        self.signs_of_life = set()  # that the exchange has come by, and may come by once more
        bodies = [s for s in statements if s.sigil == ">" and s.words[:2] == ["client", "body"]]
        self.deaf_hosts = hosts_that_refuse(statements)
        for host in self.deaf_hosts:
            self.upstreams.deaf(host)
        try:
            for statement in statements:
                self.told = time.monotonic()
                if statement.sigil == ">":
                    self.say(statement, bodies)
                elif statement.sigil == "<" and statement.word(0) == "client" and self.client.unread is not None:
                    self.client.unread.append(statement)
                elif statement.sigil == "<" or statement.word(0) == "credential":
                    self.meet(statement)
            if not self.upstreams.opened.empty():
                raise Mismatch("an attempt that nobody expected: " + self.upstreams.opened.get().request.start)
        finally:
            self.client.connection.close()
            for attempt in self.attempts.values():
                if not attempt.done.is_set():
                    attempt.close()
            for host in self.deaf_hosts:
                self.upstreams.listen(host)

    def meet(self, statement):
        try:
            self.expect(statement)
        except (Mismatch, wire.WireError, OSError, queue.Empty) as error:
            if not isinstance(error, (TimeoutError, queue.Empty)):
                self.told = time.monotonic()
            raise Mismatch("line %d: %s\nexpected: %s" % (
                statement.line, str(error) or type(error).__name__, statement.text)) from None

    def say(self, statement, bodies):
        who, what = statement.word(0), statement.word(1)
        if who == "client" and what == "head":
            if statement.option("random"):
                self.digits = (bytes([int(statement.option("random"))]) * 16).hex().encode()
            self.client.say_head(statement, self.server.port, bodies, self.server.client_headers)
        elif who == "client" and what == "body":
            self.request += statement.bytes()
            self.client.say_body(statement)
        elif who == "client" and what == "gone":
            self.client.leave(self.server.sees_half_close)
        elif who == "client" and what == "pauses":
            self.client.pause()
            self.answering.hold()
        elif who == "client" and what == "reads":
            if not self.answering.is_held_up():
                raise Mismatch("line %d: the upstream could send everything, though nobody reads" % statement.line)
            unread, self.client.unread = self.client.unread, None
            for expected in unread:
                self.meet(expected)
        elif who == "time":
            if milliseconds(what) <= WAIT_MS_MAX:
                time.sleep(milliseconds(what) / 1000)
                self.waited_seconds += milliseconds(what) / 1000
        elif who == "upstream" and statement.word(2) != "sent":
            attempt, what = self.attempts.get(int(statement.word(1))), statement.word(2)
            if attempt is None:
                if what == "failed" and FAILURES[statement.word(3)] is None:
                    return
                raise Mismatch("line %d: attempt %s was not opened" % (statement.line, statement.word(1)))
            if what == "head":
                attempt.head(statement, self.one_by_one)
                self.answering = attempt
            elif what == "body":
                attempt.body(statement.bytes(), self.one_by_one)
            elif what == "end":
                attempt.end()
            elif what == "failed":
                attempt.fail(statement.word(3))

    def expect(self, statement):
        who, what = statement.word(0), statement.word(1)
        if who == "credential":
            return self.expect_credential(statement)
        if who == "upstream":
            number, what = int(statement.word(1)), statement.word(2)
            if what == "open":
                return self.expect_open(number, statement)
            if what == "cancel":
                if not self.attempts[number].cancelled():
                    raise Mismatch("the attempt's connection stays open")
                return self.attempts[number].done.set()
        if who == "client" and what == "head":
            self.client.read_head()
            if self.client.head.status != int(statement.word(2)):
                raise Mismatch("came: %s\n%s" % (self.client.head.start, self.client.connection.stream.peek(600)[:600]))
            return self.expect_fields(statement, self.client.head)
        if who == "client" and what == "body":
            if statement.words[-1] == "relayed":
                wanted = bytes(self.answering.sent)[self.answering.relayed:] if self.answering else b""
            elif statement.words[-1] == "same":
                wanted = self.request
            else:
                wanted = statement.bytes()
            return self.expect_bytes(wanted)
        if who == "client" and what == "end":
            more = self.client.read_body(1 << 30)
            if more:
                raise Mismatch("more came: %r" % more[:300])
            return None
        if who == "client" and what == "cut":
            try:
                more = self.client.read_body(1 << 30)
            except (wire.WireError, OSError):
                return None
            raise Mismatch("the answer looks complete, with %r" % more[:300])
        raise Mismatch("host_player.py does not know this expectation")

    def expect_open(self, number, statement):
        if number in self.attempts:
            raise Mismatch("this attempt has been opened already")
        words = [word for word in statement.words if word != "same"]
        url = words[-1]
        host, slash, path = url.split("://", 1)[1].partition("/")
        if host in self.deaf_hosts:
            return
        attempt = self.upstreams.opened.get(timeout=NET_SECONDS)
        self.attempts[number] = attempt
        if attempt.host != host or attempt.request.path != slash + path:
            raise Mismatch("came: %s at %s" % (attempt.request.start, attempt.host))
        if len(words) > 4 and attempt.request.method != words[3]:
            raise Mismatch("came: " + attempt.request.start)
        wanted = self.request if "same" in statement.words else statement.inline
        if wanted is not None and attempt.request.body != wanted:
            raise Mismatch("came: %r" % attempt.request.body[:400])
        if attempt.request.header("host") != "127.0.0.1:%d" % self.upstreams.ports[host]:
            raise Mismatch("Host: %s" % attempt.request.header("host"))
        self.expect_fields(statement, attempt.request)

    def expect_credential(self, statement):
        """The secret stands in the header that the place is, behind its scheme, and in no other."""
        place = dict(statement.fields()).get("place")
        if not place or not self.attempts:
            return
        request = self.attempts[max(self.attempts)].request
        for header, own in CREDENTIAL_HEADERS.items():
            seen = [s for s in request.all(header) if s.removeprefix("Bearer ") in signalbox_server.SECRETS]
            wanted = own == place
            if len(seen) != wanted or wanted and seen[0].startswith("Bearer ") != (own == "bearer"):
                raise Mismatch("%d of the secret in %s" % (len(seen), header))

    def expect_fields(self, statement, message):
        for name, value in statement.fields():
            seen = message.all(name)
            if value is None and name.lower() in CREDENTIAL_HEADERS and statement.word(2) == "open":
                # The lane's own credential is the host's to add, and no client ever sent it.
                seen = [s for s in seen if s.removeprefix("Bearer ") not in signalbox_server.SECRETS]
            if value is None and seen:
                raise Mismatch("%s should be absent and is %r" % (name, seen))
            if value is not None and self.own(value.encode()).decode() not in seen:
                raise Mismatch("%s should be %r and is %r" % (name, value, seen))

    def expect_bytes(self, wanted):
        wanted = self.own(wanted)
        self.signs_of_life |= {sign for sign in SIGNS_OF_LIFE if sign in wanted}
        got = without_clock(self.client.read_body(len(wanted)))
        while got != wanted and (sooner := self.without_repeat(got, wanted)) is not None:
            got = sooner + without_clock(self.client.read_body(len(wanted) - len(sooner)))
        if got != wanted:
            raise Mismatch("came: %r" % got[:600])
        if self.answering and self.answering.sent[self.answering.relayed:].startswith(wanted):
            self.answering.relayed += len(wanted)

    def without_repeat(self, got, wanted):
        """`got` less a sign of life more than is wanted, which a busy machine's clock may give; None without one."""
        same = os.path.commonprefix([got, wanted])
        at = same.rfind(b"\n\n") + 2 if b"\n\n" in same else 0
        for sign in self.signs_of_life:
            if got[at:].startswith(sign):
                return got[:at] + got[at + len(sign):]
        return None

    def own(self, data):
        """`data` with the digits of this answer's request-id, and ids derived of it, in the place of the scenario's."""
        digits = (self.client.head and self.client.head.header("request-id") or "").removeprefix("req_").encode()
        if not re.fullmatch(b"[0-9a-f]{32}", digits):
            return data
        for what in (b"message", *(b"%d" % ordinal for ordinal in range(4))):
            data = data.replace(derived(self.digits, what), derived(digits, what))
        return data.replace(self.digits, digits)


def derived(digits, what):
    """The 24 digits of the ids that translated answers get: of a message, or of a tool call without one."""
    return hashlib.sha256(b"req_" + digits + b":" + what).hexdigest()[:24].encode()


def without_clock(data):
    """`data` with the scenario's moment in the place of the one at which an answer of OpenAI's dialects, or one of an
    administrator's, was made."""
    data = re.sub(rb'"time_unix_ms":\d{13}\b', rb'"time_unix_ms":1700000000000', data)
    return re.sub(rb'"(created|created_at)":\d{10}\b', rb'"\1":1700000000', data)


def hosts_that_refuse(statements):
    """Where the exchange's attempts that fail with upstream_connect go."""
    urls = {s.word(1): next(word for word in s.words if "://" in word) for s in statements if s.word(2) == "open"}
    return {urls[s.word(1)].split("://", 1)[1].split("/")[0] for s in statements
            if s.word(2) == "failed" and FAILURES.get(s.word(3), "") is None}


def rewritten(scenario, upstreams, env):
    """The configuration with base URLs on 127.0.0.1; fills `env` with what its ${VAR} name."""
    limit = next((s.word(2) for s in scenario.statements if s.words[:2] == ["host", "request_bytes_max"]), None)
    if not scenario.config.strip() and limit is None:
        return None
    config = json.loads(scenario.config) if scenario.config.strip() else {
        "providers": {"mock": {"builtin": "mock"}}, "routes": [{"match": "*", "targets": ["mock/*"]}]}
    for entry in config.get("providers", {}).values():
        if "base_url" in entry:
            host, slash, path = entry["base_url"].split("://", 1)[1].partition("/")
            entry["base_url"] = "http://127.0.0.1:%d%s%s" % (upstreams.port(host), slash, path)
    for name in re.findall(r"\$\{([A-Za-z0-9_]+)\}", scenario.config):
        env[name] = "secret-value-of-" + name
        signalbox_server.SECRETS.append(env[name])
    server = config.setdefault("server", {})
    server["listen"] = ["127.0.0.1:0"]
    if limit is not None:
        server.setdefault("limits", {})["request_bytes_max"] = int(limit)
    return config


class Late(Exception):
    """A mismatch in an exchange that was late."""


def play(scenario, left_out, one_by_one):
    for plays_left in reversed(range(PLAYS_MAX)):
        try:
            return play_once(scenario, left_out, one_by_one)
        except Late as late:
            if plays_left == 0:
                raise
            print("# %s was late, and is played again: %s" % (scenario.name, str(late).partition("\n")[0]), flush=True)


def play_once(scenario, left_out, one_by_one):
    upstreams, env = Upstreams(), {}
    config = rewritten(scenario, upstreams, env)
    try:
        with signalbox_server.Server(config, scenario.name, env=env) as server:
            playing, played = Play(server, upstreams, one_by_one), 0
            for number, exchange in enumerate(scenario.exchanges(), 1):
                if number not in left_out:
                    try:
                        playing.exchange(exchange)
                    except Mismatch as mismatch:
                        if playing.late():
                            raise Late(str(mismatch)) from None
                        raise
                    played += 1
                    server.settled(played)
            if not server.alive():
                raise Mismatch("the server has ended: " + server.text()[-1000:])
    finally:
        upstreams.close()


def main():
    host = signalbox_server.HOST
    tap = Tap("scenario" if host == "native" else "scenario " + host)
    paths = sys.argv[1:] or sorted(glob.glob(os.path.join(SCENARIOS, "**", "*.scenario"), recursive=True))
    skips = signalbox_server.read_skips(os.path.join(SCENARIOS, "skips.txt"))
    used = set()
    for path in paths:
        scenario = Scenario(path)
        reasons = scenario.unplayable()
        names = {scenario.name: None, **{"%s#%d" % (scenario.name, i): i for i in range(1, len(reasons) + 1)}}
        skipped = {name for name in names if name in skips}
        used |= skipped
        for name in sorted(skipped):
            print("# skipped %s: %s" % (name, skips[name]))
        if scenario.name in skipped:
            continue
        left_out = {names[name] for name in skipped}
        for number, reason in enumerate(reasons, 1):
            if reason and number not in left_out:
                tap.check("%s#%d can be played, or is named in skips.txt" % (scenario.name, number), False, reason)
                left_out.add(number)
        size = sum(len(s.bytes()) for s in scenario.statements if s.sigil == ">")
        tap.run(scenario.name, play, scenario, left_out, False)
        if size <= SMALL_BYTES_MAX:
            tap.run(scenario.name + ", byte by byte", play, scenario, left_out, True)
    print("# %s: %d scenarios or exchanges of them skipped" % (host, len(used)))
    if not sys.argv[1:]:
        tap.check("skips.txt names scenarios that exist", set(skips) <= used, set(skips) - used)
    if signalbox_server.ALL_OUTPUT:
        signalbox_server.check_secrets(tap)
    tap.check("there are scenarios", bool(paths))
    tap.exit()


if __name__ == "__main__":
    main()
