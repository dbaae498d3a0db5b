"""What the lanes of faulty_upstream.py say, in the four dialects: the parts of a right answer, each with the nonce of its request in
it, and errors. No sockets in here."""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "clients"))

import gemini  # noqa: E402
import responses  # noqa: E402
import turns  # noqa: E402
from cases import text_of  # noqa: E402


def event(type_, **data):
    return ("event: %s\ndata: %s\n\n" % (type_, json.dumps({"type": type_, **data}))).encode()


class Messages:
    def __init__(self, nonce, pieces):
        self.nonce, self.pieces = nonce, pieces
        self.message = {"id": "msg_" + nonce, "type": "message", "role": "assistant", "model": "m", "content": [], "stop_reason": None,
                        "stop_sequence": None, "usage": {"input_tokens": 5, "output_tokens": 1}}

    def frames(self):
        """(before content, content, behind it)"""
        return ([event("message_start", message=self.message),
                 event("content_block_start", index=0, content_block={"type": "text", "text": ""})],
                [event("content_block_delta", index=0, delta={"type": "text_delta", "text": "%s:%d " % (self.nonce, number)})
                 for number in range(self.pieces)],
                [event("content_block_stop", index=0),
                 event("message_delta", delta={"stop_reason": "end_turn", "stop_sequence": None}, usage={"output_tokens": 9}),
                 event("message_stop")])

    def whole(self):
        return json.dumps(dict(self.message, stop_reason="end_turn", content=[{"type": "text", "text": text_of(self.nonce, self.pieces)}])).encode()

    def error(self, message, type_="overloaded_error"):
        return json.dumps({"type": "error", "error": {"type": type_, "message": message}}).encode()

    def error_frame(self, message="Overloaded"):
        return b"event: error\ndata: " + self.error(message) + b"\n\n"


class Chat:
    def __init__(self, nonce, pieces):
        self.nonce, self.pieces = nonce, pieces
        self.head = {"id": "chatcmpl-" + nonce, "created": 1, "model": "m"}

    def chunk(self, delta, finish=None):
        return b"data: " + json.dumps({**self.head, "object": "chat.completion.chunk", "choices": [
            {"index": 0, "delta": delta, "finish_reason": finish}]}).encode() + b"\n\n"

    def frames(self):
        return ([self.chunk({"role": "assistant", "content": ""})],
                [self.chunk({"content": "%s:%d " % (self.nonce, number)}) for number in range(self.pieces)],
                [self.chunk({}, "stop"), b"data: [DONE]\n\n"])

    def whole(self):
        return json.dumps({**self.head, "object": "chat.completion", "usage": {"prompt_tokens": 5, "completion_tokens": 9, "total_tokens": 14}, "choices": [
            {"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": text_of(self.nonce, self.pieces)}}]}).encode()

    def error(self, message, type_="server_error"):
        return json.dumps({"error": {"message": message, "type": type_, "param": None, "code": None}}).encode()

    def error_frame(self, message="Overloaded"):
        return b"data: " + self.error(message) + b"\n\n"


def turn_of(nonce, pieces):
    return turns.Turn([("text", text_of(nonce, pieces))], turns.Usage(5, 0, 9, 0))


class Responses:
    def __init__(self, nonce, pieces):
        self.nonce, self.pieces, self.turn = nonce, pieces, turn_of(nonce, pieces)

    def response(self, done=True):
        return {**responses.response("m", self.turn, 0, done), "id": "resp_" + self.nonce, "output": [self.item()] if done else []}

    def item(self):
        return {**responses.items_for(self.turn, 0)[0], "id": "msg_" + self.nonce}

    def frames(self):
        begun = {"response": self.response(done=False)}
        events = responses.events_of_item(0, self.item())
        deltas = [at for at, (name, _) in enumerate(events) if name == "response.output_text.delta"]
        first, last = deltas[0], deltas[-1]
        content = [(events[first][0], {**events[first][1], "delta": "%s:%d " % (self.nonce, number)}) for number in range(self.pieces)]
        parts = ([("response.created", begun), ("response.in_progress", begun), *events[:first]], content,
                 [*events[last + 1:], ("response.completed", {"response": self.response()})])
        order, out = 0, []
        for part in parts:
            out.append([event(name, sequence_number=order + at, **data) for at, (name, data) in enumerate(part)])
            order += len(part)
        return tuple(out)

    def whole(self):
        return json.dumps(self.response()).encode()

    def error(self, message, type_="server_error"):
        return json.dumps({"error": {"message": message, "type": type_, "param": None, "code": None}}).encode()

    def error_frame(self, message="Overloaded"):
        failed = {**self.response(done=False), "status": "failed", "error": {"code": "server_error", "message": message}}
        return event("response.failed", sequence_number=999, response=failed)


class Gemini:
    def __init__(self, nonce, pieces):
        self.nonce, self.pieces, self.turn = nonce, pieces, turn_of(nonce, pieces)

    def chunk(self, text, finish=None):
        body = gemini.body("m", [{"text": text}], 0, self.turn.usage, finish)
        return b"data: " + json.dumps({**body, "responseId": self.nonce}).encode() + b"\r\n\r\n"

    def frames(self):
        return [self.chunk("")], [self.chunk("%s:%d " % (self.nonce, number)) for number in range(self.pieces)], [self.chunk("", "STOP")]

    def whole(self):
        return json.dumps({**gemini.body("m", [{"text": text_of(self.nonce, self.pieces)}], 0, self.turn.usage, "STOP"), "responseId": self.nonce}).encode()

    def error(self, message, type_="UNAVAILABLE"):
        return json.dumps({"error": {"code": 503, "message": message, "status": type_}}).encode()

    def error_frame(self, message="Overloaded"):
        return b"data: " + self.error(message) + b"\r\n\r\n"


# What a request's path says -> (the answers, where its key stands, and behind what).
DIALECTS = {"/v1/messages": (Messages, "x-api-key", ""), "/v1/chat/completions": (Chat, "authorization", "Bearer "),
            "/v1/responses": (Responses, "authorization", "Bearer "), "/v1beta/models/": (Gemini, "x-goog-api-key", "")}


def dialect_of(line):
    """The entry of DIALECTS for a request's first line; None when it is no request of ours."""
    method, path = line.split(" ")[:2]
    return next((entry for begin, entry in DIALECTS.items() if method == "POST" and path.startswith(begin)), None)
