#!/usr/bin/env python3
"""A scripted Anthropic Messages upstream on 127.0.0.1 (scripted.py says how scripts are chosen). Prints its port.

Scripts: text, tool, two-tools, thinking, no-arguments, text-and-call, length, context-full, stop-sequence, refusal,
error-STATUS, error-context, error-event, error-first, odd-cuts, drip, cut, cut-reset, cut-early,
cut-clean, close-delimited, garbage, half-head, huge-header, endless-header, smuggle, redirect, wrong-type,
html-200, empty-200, hold, silent, reset, large.
It refuses what Anthropic refuses (messages_refused.py), and knows which signatures it gave out.
"""
import json

import messages
import messages_refused
import scripted


OVERLOADED = messages.frame("error", error={"type": "overloaded_error", "message": "Overloaded — scripted"})


class Answer(scripted.Answer):
    stream_fields = [("cache-control", "no-cache"), ("anthropic-ratelimit-requests-remaining", "41"), ("x-new-header", "kept")]

    def give(self):
        path = self.record.head.path.split("?")[0]
        operation = {"/v1/messages": "messages", "/v1/messages/count_tokens": "count_tokens", "/v1/models": "models"}.get(path)
        if operation is None and path.startswith("/v1/models/"):
            operation = "model"
        if operation is None:
            self.record.refused = "Not Found: " + path
            return self.whole(404, messages.error_body(404, "Not Found: " + path))
        refused = messages_refused.refuse(self.record.head, self.request, operation, self.upstream.given, **self.upstream.options)
        if refused:
            self.record.refused = refused[1]
            return self.whole(refused[0], messages.error_body(*refused))
        if self.script.startswith("error-") and self.odd() is None:
            return self.error(int(self.script[len("error-"):]))
        if operation == "count_tokens":
            return self.whole(200, b'{"input_tokens": 2095}')
        if operation != "messages":
            return self.models(path)
        odd = self.odd()
        return odd() if odd else self.plain()

    def error(self, status):
        fields = []
        if status == 429:
            fields = [("retry-after", self.upstream.retry_after), ("anthropic-ratelimit-requests-limit", "50"),
                      ("anthropic-ratelimit-requests-remaining", "0"), ("x-should-retry", "true")]
        return self.whole(status, messages.error_body(status, "Scripted %d — naïve" % status), fields=fields)

    def models(self, path):
        entries = [{"type": "model", "id": name, "display_name": name, "created_at": "2025-09-29T00:00:00Z"}
                   for name in messages.MODELS]
        if path == "/v1/models":
            body = {"data": entries, "has_more": False, "first_id": entries[0]["id"], "last_id": entries[-1]["id"]}
            return self.whole(200, json.dumps(body).encode())
        return self.whole(200, json.dumps(entries[0]).encode())

    def plain(self):
        script = self.script
        if script == "session":
            script = "tool" if messages.asks_for_tool(self.request) else "text"
        if not self.request.get("stream"):
            return self.whole(200, self.whole_body(script))
        return self.stream(self.cut_up(self.frames(script)))

    def noted(self, script):
        """The number that answers are made from, once the state among them is noted as given out."""
        number = self.record.number
        self.upstream.given.update(messages.state_of(script, number))
        return number

    def whole_body(self, script):
        return messages.whole(self.request["model"], script, self.noted(script))

    def frames(self, script):
        return messages.frames(self.request["model"], script, self.noted(script))

    # Oddities of Messages.

    def odd_error_context(self):
        return self.whole(400, messages.error_body(400, "prompt is too long: 205000 tokens > 200000 maximum"))

    def odd_error_event(self):
        return self.stream(self.some_frames()[:6] + [OVERLOADED])

    def odd_error_first(self):
        """An error inside a 200, before any content."""
        if self.request.get("stream"):
            return self.stream([self.some_frames()[0], OVERLOADED])
        return self.whole(200, messages.error_body(529, "Overloaded — scripted"))


class Upstream(scripted.Upstream):
    def __init__(self, folder, script=None, **options):
        super().__init__(folder, Answer, script, **options)


if __name__ == "__main__":
    scripted.serve_alone(Upstream)
