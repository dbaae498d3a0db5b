#!/usr/bin/env python3
"""A scripted OpenAI Responses upstream on 127.0.0.1 (scripted.py says how scripts are chosen). Prints its port.

Scripts: session, tool, text, error-STATUS, cut, cut-reset, cut-early, cut-clean and the other oddities of scripted.py.
It refuses what OpenAI refuses (responses_refused.py), and knows which reasoning it gave out.
"""
import responses
import responses_refused
import scripted
import turns


class Answer(scripted.Answer):
    request_id_header = "x-request-id"

    def give(self):
        path = self.record.head.path.split("?")[0]
        if path == "/v1/models":
            return self.whole(200, b'{"object":"list","data":[{"id":"m","object":"model","created":1,"owned_by":"x"}]}')
        if path != "/v1/responses":
            self.record.refused = "Invalid URL: " + path
            return self.whole(404, responses.error_body(404, "Invalid URL (%s %s)" % (self.record.head.method, path)))
        refused = responses_refused.refuse(self.record.head, self.request, self.record.body, self.upstream.given)
        if refused:
            self.record.refused = refused[2]
            return self.whole(refused[0], refused[1])
        odd = self.odd()
        if odd:
            return odd()
        if self.script.startswith("error-"):
            return self.error(int(self.script[len("error-"):]))
        if not self.request.get("stream"):
            return self.whole(200, self.whole_body(self.script))
        return self.stream(self.cut_up(self.frames(self.script)))

    def error(self, status):
        fields = [("retry-after", self.upstream.retry_after)] if status == 429 else []
        return self.whole(status, responses.error_body(status, "Scripted %d — naïve" % status), fields=fields)

    def arguments(self, script):
        """What an answer is made of, once the reasoning in it is noted as given out."""
        turn = {"tool": turns.first("Bash"), "text": turns.LAST}.get(script) or turns.next_turn(*asked(self.request))
        model, number, encrypted = self.request["model"], self.record.number, responses_refused.ENCRYPTED in (self.request.get("include") or [])
        self.upstream.given.update({item["id"]: item for item in responses.items_for(turn, number, encrypted) if item["type"] == "reasoning"})
        self.record.turn = turn
        return model, turn, number, encrypted

    def whole_body(self, script):
        return responses.whole(*self.arguments(script))

    def frames(self, script):
        return responses.frames(*self.arguments(script))


def asked(request):
    """The names of the functions declared, and whether a call's result stands in the request."""
    items = request["input"] if isinstance(request["input"], list) else []
    return [tool.get("name") for tool in request.get("tools") or []], any(item.get("type") == "function_call_output" for item in items)


class Upstream(scripted.Upstream):
    def __init__(self, folder, script=None, **options):
        super().__init__(folder, Answer, script, **options)


if __name__ == "__main__":
    scripted.serve_alone(Upstream)
