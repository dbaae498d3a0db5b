#!/usr/bin/env python3
"""A scripted Chat Completions upstream on 127.0.0.1 (scripted.py says how scripts are chosen). Prints its port.

Scripts: every answer of chat_shapes.py, error-STATUS, error-quota, error-context, error-context-other, error-first (inside a 200,
before content), error-event (after content), empty, empty-clean (a stream of nothing), role-only, no-finish,
call, no-choices, two-choices, whole-for-stream, stream-for-whole, twice, odd-cuts, drip, cut, cut-reset, cut-early, cut-clean,
close-delimited, garbage, half-head, huge-header, endless-header, smuggle, redirect, wrong-type, html-200,
empty-200, hold, silent, reset, large.
It refuses what the provider refuses (chat_refused.py): `vendor` "openai", or "deepseek".
"""
import json

import chat_refused
import chat_shapes
import scripted

ERRORS = {400: ("invalid_request_error", None), 401: ("invalid_request_error", "invalid_api_key"), 403: ("invalid_request_error", None),
          404: ("invalid_request_error", "model_not_found"), 413: ("invalid_request_error", None), 429: ("requests", "rate_limit_exceeded"),
          500: ("server_error", None), 503: ("server_error", "overloaded"), 529: ("overloaded_error", None)}
OVERLOADED = {"error": {"message": "Overloaded — scripted", "type": "server_error", "param": None, "code": 503}}


class Answer(scripted.Answer):
    request_id_header = "x-request-id"
    stream_fields = [("cache-control", "no-cache"), ("x-ratelimit-remaining-requests", "41")]

    def give(self):
        path = self.record.head.path.split("?")[0]
        if path == "/v1/models":
            return self.whole(200, b'{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"x"}]}')
        if path != "/v1/chat/completions":
            self.record.refused = "Invalid URL: " + path
            return self.whole(404, chat_refused.error_body("Invalid URL (%s %s)" % (self.record.head.method, path)))
        refused = chat_refused.refuse(self.record.head, self.request, self.record.body, self.upstream.given, **self.upstream.options)
        if refused:
            self.record.refused = refused[2]
            return self.whole(refused[0], refused[1])
        odd = self.odd()
        if odd:
            return odd()
        if self.script.startswith("error-"):
            return self.error(int(self.script[len("error-"):]))
        return self.plain()

    def error(self, status, type_=None, code=None, message=None):
        usual = ERRORS.get(status, ("server_error", None))
        body = chat_refused.error_body(message or "Scripted %d — naïve" % status, type_ or usual[0], code=code or usual[1])
        fields = [("retry-after", self.upstream.retry_after), ("x-ratelimit-limit-requests", "50")] if status == 429 else []
        return self.whole(status, body, fields=fields)

    def plain(self):
        script = self.script
        if script == "session":
            script = "tool" if asks_for_tool(self.request) else "text"
        if not self.request.get("stream"):
            return self.whole(200, self.whole_body(script))
        return self.stream(self.cut_up(self.frames(script)))

    def nonce(self, script):
        """What makes tool calls' ids differ between the answers of a session, once the reasoning beside
        them is noted as given out."""
        nonce = "_%d" % self.record.number if self.script == "session" else ""
        shape = chat_shapes.shape_of(script)
        if nonce and shape.reasoning:
            self.upstream.given.update({call[0] + nonce: shape.reasoning for call in shape.calls})
        return nonce

    def whole_body(self, script):
        return json.dumps(chat_shapes.whole(script, self.request["model"], self.nonce(script)), indent=1, ensure_ascii=False).encode()

    def frames(self, script):
        wants_usage = not self.request.get("stream") or self.request.get("stream_options", {}).get("include_usage", False)
        return chat_shapes.frames(script, self.request["model"], wants_usage, self.nonce(script))

    # Oddities of Chat.

    def odd_error_quota(self):
        return self.error(429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota")

    def odd_error_context(self):
        return self.error(400, code="context_length_exceeded", message="This model's maximum context length is 128000 tokens. However, your "
                          "messages resulted in 131072 tokens.")

    def odd_error_context_other(self):
        """In the words of DashScope."""
        return self.error(400, code="invalid_parameter_error", message="<400> InternalError.Algo.InvalidParameter: Range of input length should be [1, 98304]")

    def odd_error_first(self):
        """An error inside a 200, before any content."""
        return self.stream([self.frames("text")[0], b"data: " + json.dumps(OVERLOADED).encode() + b"\n\n"]) \
            if self.request.get("stream") else self.whole(200, json.dumps(OVERLOADED).encode())

    def odd_error_event(self):
        return self.stream(self.some_frames()[:6] + [b"data: " + json.dumps(OVERLOADED).encode() + b"\n\n"])

    def odd_empty(self):
        """A success that says nothing."""
        head = {"id": "chatcmpl-empty", "created": 1, "model": self.request["model"]}
        if self.request.get("stream"):
            chunk = {**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": {"role": "assistant", "content": ""}, "finish_reason": "stop"}]}
            return self.stream([b"data: " + json.dumps(chunk).encode() + b"\n\n", b"data: [DONE]\n\n"])
        body = {**head, "object": "chat.completion", "choices": [{"index": 0, "message": {"role": "assistant", "content": ""}, "finish_reason": "stop"}]}
        return self.whole(200, json.dumps(body).encode())

    def odd_empty_clean(self):
        return self.stream([])

    def odd_role_only(self):
        return self.stream(self.frames("text")[:1])

    def odd_no_finish(self):
        """[DONE] without a finish_reason."""
        return self.stream(self.frames("text")[:4] + [b"data: [DONE]\n\n"])

    def odd_call(self):
        """A call of the tool that the test has put into `call`: its name and arguments."""
        name, arguments = self.upstream.call
        shape = chat_shapes.Shape("", chat_shapes.THOUGHTS, [("call_%d" % self.record.number, name, json.dumps(arguments))])
        return self.stream(self.cut_up(self.frames(shape)))

    def odd_no_choices(self):
        return self.whole(200, json.dumps({"id": "chatcmpl-x", "object": "chat.completion", "created": 1, "model": "m", "choices": []}).encode())

    def odd_two_choices(self):
        """One more than was asked for: the first counts."""
        body = chat_shapes.whole("text", self.request["model"])
        body["choices"].append({"index": 1, "message": {"role": "assistant", "content": "the second"}, "finish_reason": "stop"})
        if not self.request.get("stream"):
            return self.whole(200, json.dumps(body).encode())
        frames = self.frames("text")
        second = json.dumps({"id": "chatcmpl-text", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [
            {"index": 1, "delta": {"content": "the second"}, "finish_reason": None}]})
        return self.stream(frames[:3] + [b"data: " + second.encode() + b"\n\n"] + frames[3:])

    def odd_twice(self):
        """The stream again, behind its end."""
        return self.stream(self.frames("text") + self.frames("text"))

    def odd_whole_for_stream(self):
        return self.whole(200, self.whole_body("tool"))

    def odd_stream_for_whole(self):
        return self.stream(self.frames("tool"))


def asks_for_tool(request):
    """Whether a session's request is the one that the scripted tool call answers."""
    if not any(tool["function"]["name"] == "Bash" for tool in request.get("tools", [])):
        return False
    # Instructions that stood behind the prompt may have become a user's message.
    for entry in reversed(request["messages"]):
        if entry["role"] in ("assistant", "tool"):
            return False
        if entry["role"] == "user" and "run the echo" in json.dumps(entry["content"]):
            return True
    return False


class Upstream(scripted.Upstream):
    def __init__(self, folder, script=None, **options):
        super().__init__(folder, Answer, script, **options)
        self.call = None  # for the script of that name


if __name__ == "__main__":
    scripted.serve_alone(Upstream)
