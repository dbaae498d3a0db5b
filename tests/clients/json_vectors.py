#!/usr/bin/env python3
"""JSON as others get it wrong: every text of json_texts.py as a request's body and inside of one, on both kinds of lane.

In one's own dialect what is no JSON is 400 with its offset, and all else arrives byte for byte. Between dialects it is
400, and all else arrives as the same value: no digit of a number is changed. Arguments that are no JSON arrive as the text
they are. Never a status of 500 of our own, and the next request is served on the same connection. Print the number of
texts with `json_vectors.py count`.
"""
import json
import re
import sys

import signalbox_server
import wire
from http_answers import BODY as MESSAGE
from json_texts import TEXTS
from raw_upstream import RawUpstream
from tap import Tap

sys.set_int_max_str_digits(0)
sys.setrecursionlimit(20_000)
COMPLETION = (b'{"id":"c_1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"x"},'
              b'"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1,"total_tokens":2}}')
MESSAGES, CHAT = "/v1/messages", "/v1/chat/completions"
# Bodies with a place for the text: an unknown member, which is nobody's but the upstream's.
PASSED = {MESSAGES: b'{"model":"to-messages","max_tokens":9,"x":@@,"messages":[{"role":"user","content":"x"}]}',
          CHAT: b'{"model":"to-chat","x":@@,"messages":[{"role":"user","content":"x"}]}'}
SCHEMA = b'{"type":"object","properties":{"a":{"type":"string","default":@@}}}'
# Two places that the other dialect has, too: what a tool is described with, and what it was called with.
TRANSLATED = {
    MESSAGES: b'{"model":"to-chat","max_tokens":9,"tools":[{"name":"t","input_schema":' + SCHEMA + b'}],"messages":[{"role":"user","content":"x"},'
              b'{"role":"assistant","content":[{"type":"tool_use","id":"toolu_1","name":"t","input":{"v":@@}}]},'
              b'{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_1","content":"y"}]}]}',
    CHAT: b'{"model":"to-messages","tools":[{"type":"function","function":{"name":"t","parameters":' + SCHEMA + b'}}],"messages":[{"role":"user","content":"x"},'
          b'{"role":"assistant","content":null,"tool_calls":[{"id":"call_1","type":"function","function":{"name":"t","arguments":$$}}]},'
          b'{"role":"tool","tool_call_id":"call_1","content":"y"}]}',
}


DEPTH_MAX = 512  # of core/json
# Of a bad number we name where a digit is due, Python what goes before; of a short `\u` we name the backslash, Python what follows.
OFFSETS_BEFORE, OFFSETS_BEHIND = 1, 2


class Number(str):
    """A number as it is written."""


def refuse_constant(text):
    raise ValueError(text)


def read(text):
    """The value, with its numbers and its members as they stand; surrogates only where they are escaped."""
    return json.loads(text.decode() if isinstance(text, bytes) else text, parse_int=Number, parse_float=Number, parse_constant=refuse_constant,
                      object_pairs_hook=lambda pairs: ("object", pairs))


def member(value, *path):
    for step in path:
        value = dict(value[1])[step] if isinstance(step, str) else value[step]
    return value


def fault(body):
    """Where Python's reader finds the fault, in bytes; and where it goes deeper than we do, for what is open is never closed before."""
    openings = [match.start() for match in re.finditer(rb"[\[{]", body)]
    if len(openings) > DEPTH_MAX:
        return openings[DEPTH_MAX]
    found = []
    try:
        body.decode()
    except UnicodeDecodeError as error:
        found.append(error.start)
    try:
        read(body.decode("latin-1"))  # a character for each byte
    except json.JSONDecodeError as error:
        found.append(error.pos)
    except ValueError as error:
        found.append(body.index(str(error).encode()))  # a constant that Python has and JSON has not
    return min(found)


class Suite:
    def __init__(self, tap):
        self.tap = tap
        self.upstreams = {MESSAGES: RawUpstream(lambda _: self.answer(MESSAGE)), CHAT: RawUpstream(lambda _: self.answer(COMPLETION))}
        config = signalbox_server.config_for(self.upstreams[MESSAGES], server={"threads": 2})
        config["providers"] = {"messages": signalbox_server.provider(self.upstreams[MESSAGES]),
                               "chat": signalbox_server.provider(self.upstreams[CHAT], dialect="openai_chat")}
        config["routes"] = [{"match": "to-messages", "targets": ["messages/*"]}, {"match": "to-chat", "targets": ["chat/*"]}]
        self.server = signalbox_server.Server(config, "json-vectors")
        self.connection = wire.Connection(self.server.port)

    @staticmethod
    def answer(body):
        return [b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n" % len(body) + body]

    def ask(self, path, body):
        """The answer, and the bodies that went upstream; always on the same connection."""
        before = {name: upstream.count for name, upstream in self.upstreams.items()}
        self.connection.send(wire.request_bytes("POST", path, body, [("content-type", "application/json"), ("x-api-key", "any"), ("anthropic-version", "2023-06-01")]))
        answer = self.connection.receive()
        assert answer, "the connection was closed without an answer"
        assert answer.status in (200, 400), (answer.start, answer.body[:300])
        sent = [(name, request.body) for name, upstream in self.upstreams.items() for _, request in upstream.requests[before[name]:]]
        assert len(sent) == (answer.status == 200), (answer.start, answer.body[:200], sent)
        return answer, sent[0] if sent else None

    def refused(self, path, answer, body=None):
        """In the asker's dialect; where the body is given, with the offset of the fault in it."""
        assert answer.status == 400, (answer.start, answer.body[:300])
        error = answer.json()
        assert (error.get("type") == "error") == (path == MESSAGES) and error["error"]["type"] == "invalid_request_error", error
        if body is not None:
            named, known = re.search(r" at byte (\d+)\.$", error["error"]["message"]), fault(body)
            assert named and known - OFFSETS_BEFORE <= int(named[1]) <= known + OFFSETS_BEHIND, (known, error["error"]["message"])

    def as_body(self, text):
        """None of them is a request, not even of those that are JSON."""
        for path in (MESSAGES, CHAT):
            self.refused(path, self.ask(path, text)[0])

    def passed(self, kind, text):
        for path, form in PASSED.items():
            body = form.replace(b"@@", text)
            answer, sent = self.ask(path, body)
            if kind in "yi":
                assert answer.status == 200 and sent == (path, body), (answer.body[:300], sent and sent[1][:300])
            else:
                self.refused(path, answer, body)

    def translated(self, kind, text):
        for path, form in TRANSLATED.items():
            arguments = json.dumps('{"v":%s}' % text.decode() if kind in "yi" else '{"v":1}').encode()
            body = form.replace(b"@@", text).replace(b"$$", arguments)
            answer, sent = self.ask(path, body)
            if kind in "yi":
                assert answer.status == 200, answer.body[:300]
                self.same_value(text, *sent)
            else:
                self.refused(path, answer, body)

    def same_value(self, text, path, body):
        wanted, seen = read(text), read(body)
        if path == CHAT:
            found = [member(seen, "tools", 0, "function", "parameters"), read(member(seen, "messages", 1, "tool_calls", 0, "function", "arguments"))]
        else:
            found = [member(seen, "tools", 0, "input_schema"), member(seen, "messages", 1, "content", 0, "input")]
        for each in member(found[0], "properties", "a", "default"), member(found[1], "v"):
            assert each == wanted, "%r became %r" % (text[:100], str(each)[:200])

    def arguments(self, text):
        """A call whose arguments are no JSON is the model's fault: what arrives is an object with the text as it was."""
        try:
            arguments = '{"v":%s}' % text.decode()
        except UnicodeDecodeError:
            return
        answer, sent = self.ask(CHAT, TRANSLATED[CHAT].replace(b"@@", b"1").replace(b"$$", json.dumps(arguments).encode()))
        assert answer.status == 200, answer.body[:300]
        found = member(read(sent[1]), "messages", 1, "content", 0, "input")
        assert found == ("object", [("arguments", arguments)]), "%r became %r" % (arguments[:100], str(found)[:200])

    def play(self, kind, text):
        try:
            self.as_body(text)
            self.passed(kind, text)
            self.translated(kind, text)
            if kind == "n":
                self.arguments(text)
        except Exception:
            self.connection.close()  # what it stands at is unknown
            self.connection = wire.Connection(self.server.port)
            raise

    def run(self):
        for group, texts in TEXTS.items():
            for name, text in texts.items():
                self.tap.run("%s, %s" % (group, name[:60]), self.play, name[0], text)
        self.tap.equal("all that upstreams were sent were requests", sum((upstream.broken for upstream in self.upstreams.values()), []), [])
        self.connection.close()
        code = self.server.stop()
        if signalbox_server.HOST == "native":
            self.tap.equal("ends with code 0", code, 0)


def check_texts(tap):
    """Another reader takes and refuses the same."""
    wrong = []
    for group, texts in TEXTS.items():
        for name, text in texts.items():
            try:
                taken = read(text.decode()) is not None or text.strip() == b"null"
            except (ValueError, RecursionError):
                taken = False
            if name[0] in "yi" and not taken or name[0] == "n" and taken:
                wrong.append((group, name))
    tap.equal("the texts are what their names say", wrong, [])


def main():
    if sys.argv[1:] == ["count"]:
        for group, texts in TEXTS.items():
            kinds = [name[0] for name in texts]
            print("%4d  %s: %s" % (len(kinds), group, ", ".join("%d %s_" % (kinds.count(kind), kind) for kind in "ynic" if kind in kinds)))
        print("%4d  in all" % sum(map(len, TEXTS.values())))
        return
    if sys.argv[1:]:
        sys.exit(__doc__)
    tap = Tap("json vectors")
    check_texts(tap)
    Suite(tap).run()
    signalbox_server.check_secrets(tap)
    tap.exit()


if __name__ == "__main__":
    main()
