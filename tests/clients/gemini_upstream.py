#!/usr/bin/env python3
"""A scripted Gemini upstream on 127.0.0.1 (scripted.py says how scripts are chosen). Prints its port.

Scripts: session, tool, text, error-STATUS, cut, cut-reset, cut-early, cut-clean and the other oddities of scripted.py.
It refuses what Gemini refuses (gemini_refused.py), and knows which thought signatures it gave out, and on what.
"""
import json
import re

import gemini
import gemini_refused
import scripted
import turns


class Answer(scripted.Answer):
    request_id_header = "x-goog-request-id"

    def give(self):
        path, _, query = self.record.head.path.partition("?")
        found = re.fullmatch(r"/v1(?:beta)?/models/([^/:]+):(generateContent|streamGenerateContent|countTokens)", path)
        if path in ("/v1/models", "/v1beta/models"):
            return self.whole(200, b'{"models":[{"name":"models/m","displayName":"m"}]}')
        if not found:
            self.record.refused = "Not Found: " + path
            return self.whole(404, gemini.error_body(404, "Not Found: " + path))
        self.model, operation = found.groups()
        refused = gemini_refused.refuse(self.record.head, self.model, self.request, self.record.body, self.upstream.given, operation == "countTokens")
        if refused:
            self.record.refused = refused[1]
            return self.whole(refused[0], gemini.error_body(*refused))
        odd = self.odd()
        if odd:
            return odd()
        if self.script.startswith("error-"):
            return self.error(int(self.script[len("error-"):]))
        if operation == "countTokens":
            return self.whole(200, b'{"totalTokens": 2095}')
        if operation == "generateContent":
            return self.whole(200, self.whole_body(self.script))
        if "alt=sse" in query:
            return self.stream(self.cut_up(self.frames(self.script)))
        return self.stream([json.dumps(gemini.chunks(*self.arguments(self.script)), indent=1).encode()], content_type="application/json")

    def error(self, status):
        fields = [("retry-after", self.upstream.retry_after)] if status == 429 else []
        return self.whole(status, gemini.error_body(status, "Scripted %d — naïve" % status), fields=fields)

    def arguments(self, script):
        """What an answer is made of, once the signatures in it are noted as given out."""
        turn = {"tool": turns.first("Bash"), "text": turns.LAST}.get(script) or turns.next_turn(*asked(self.request))
        parts = gemini.parts_for(turn, self.record.number)
        self.upstream.given.update({part["thoughtSignature"]: part for part in parts if "thoughtSignature" in part})
        self.record.turn = turn
        return self.model, turn, self.record.number

    def whole_body(self, script):
        return gemini.whole(*self.arguments(script))

    def frames(self, script):
        return gemini.frames(*self.arguments(script))


def asked(request):
    """The names of the functions declared, and whether a call's result stands in the request."""
    names = [declared["name"] for tool in request.get("tools", []) for declared in tool.get("functionDeclarations", [])]
    return names, any("functionResponse" in part for content in request["contents"] for part in content["parts"])


class Upstream(scripted.Upstream):
    def __init__(self, folder, script=None, **options):
        super().__init__(folder, Answer, script, **options)


if __name__ == "__main__":
    scripted.serve_alone(Upstream)
