"""Bad requests in the words of Responses and of Gemini: bad_input.py plays them.

A row is what is asked, the status, what the error's message must name one of (none: any), and for what is understood although it is
odd a 200. Every error is in the asker's own dialect, and nothing that is refused here reaches an upstream. Then every member
of a large request, one after the other, gets values of every wrong type: each answer is good or an error of the asker's, and
what went to an upstream is what that upstream takes.
"""
import copy
import json
import tempfile

import chat_upstream
import gemini_upstream
import responses_upstream
import signalbox_server
import wire
from bad_vectors import JSON
from upstream import Upstream

FUNCTION = {"type": "function", "name": "look", "description": "Looks.", "parameters": {"type": "object", "properties": {"at": {"type": "string"}}}}
CALL = {"type": "function_call", "call_id": "call_1", "name": "look", "arguments": "{}"}
RESULT = {"type": "function_call_output", "call_id": "call_1", "output": "seen"}
HI = {"role": "user", "content": "hi"}
SAID = {"role": "user", "parts": [{"text": "hi"}]}


def input_of(*items, **more):
    return {"model": "anthropic", "max_output_tokens": 9, "input": list(items), **more}


def contents_of(*contents, **more):
    return {"contents": list(contents), **more}


def parts(*list_):
    return contents_of({"role": "user", "parts": list(list_)})


RESPONSES = [
    ("broken JSON", b'{"model":"anthropic",,}', 400, ["20", "21"]),
    ("JSON that ends early", b'{"model":"anthropic"', 400, ["20"]),
    ("bytes behind the JSON", b'{"model":"anthropic","input":"hi"}x', 400, ["34"]),
    ("empty body", b"", 400, []),
    ("null", b"null", 400, []),
    ("an array", b"[]", 400, ["object"]),
    ("invalid UTF-8", b'{"model":"anthropic","input":"\xff"}', 400, ["30"]),
    ("no model", b'{"input":"hi"}', 400, ["model"]),
    ("model is a number", b'{"model":5,"input":"hi"}', 400, ["model"]),
    ("model of 300 bytes", {**input_of(HI), "model": "m" * 300}, 400, ["256"]),
    ("model twice", b'{"model":"anthropic","model":"mock","input":"hi"}', 400, ["model"]),
    ("stream is a text", input_of(HI, stream="yes"), 400, ["stream"]),
    ("stream twice", b'{"model":"anthropic","stream":true,"stream":false,"input":"hi"}', 400, ["stream"]),
    ("unknown model", {**input_of(HI), "model": "antropic"}, 404, ["antropic"]),
    ("no input", {"model": "anthropic"}, 400, ["input"]),
    ("input is a number", {"model": "anthropic", "input": 5}, 400, ["input"]),
    ("input is an item", {"model": "anthropic", "input": HI}, 400, ["input"]),
    ("input of numbers", input_of(1, 2), 400, ["input"]),
    ("input of texts", input_of("hi"), 400, ["input"]),
    ("an item that is empty", input_of(HI, {}), 400, ["type"]),
    ("an item of an unknown type", input_of(HI, {"type": "dream", "text": "x"}), 200, []),
    ("only items of unknown types", input_of({"type": "dream"}), 200, []),
    ("an unknown role", input_of({"role": "robot", "content": "hi"}), 400, ["role"]),
    ("a role that is a number", input_of({"role": 5, "content": "hi"}), 400, ["role"]),
    ("content is a number", input_of({"role": "user", "content": 5}), 400, ["content"]),
    ("content of numbers", input_of({"role": "user", "content": [5]}), 400, ["content"]),
    ("a part without a type", input_of({"role": "user", "content": [{"text": "hi"}]}), 400, ["type"]),
    ("a part of an unknown type", input_of({"role": "user", "content": [{"type": "dream"}, {"type": "input_text", "text": "hi"}]}), 200, []),
    ("a text without its text", input_of({"role": "user", "content": [{"type": "input_text"}]}), 400, ["text"]),
    ("an image without a place", input_of({"role": "user", "content": [{"type": "input_image"}]}), 400, ["image_url"]),
    ("a call without an id", input_of(HI, {**CALL, "call_id": None}, RESULT), 400, ["call_id"]),
    ("a call without a name", input_of(HI, {"type": "function_call", "call_id": "c", "arguments": "{}"}), 400, ["name"]),
    ("a call whose arguments are no JSON", input_of(HI, {**CALL, "arguments": "{at:"}, RESULT, tools=[FUNCTION]), 200, []),
    ("a call whose arguments are an object", input_of(HI, {**CALL, "arguments": {}}, RESULT, tools=[FUNCTION]), (200, 400), []),
    ("a call without a result", input_of(HI, CALL, HI, tools=[FUNCTION]), 200, []),
    ("a call at the end", input_of(HI, CALL, tools=[FUNCTION]), 200, []),
    ("a result without a call", input_of(HI, RESULT, tools=[FUNCTION]), 200, []),
    ("a result twice", input_of(HI, CALL, RESULT, RESULT, tools=[FUNCTION]), 200, []),
    ("a result before its call", input_of(HI, RESULT, CALL, HI, tools=[FUNCTION]), 200, []),
    ("two calls of one id", input_of(HI, CALL, CALL, RESULT, RESULT, tools=[FUNCTION]), 200, []),
    ("a result without an id", input_of(HI, CALL, {"type": "function_call_output", "output": "x"}, tools=[FUNCTION]), 200, []),
    ("an item that is kept elsewhere", input_of(HI, {"type": "item_reference", "id": "rs_1"}), 400, ["item"]),
    ("a history that is kept elsewhere", input_of(HI, previous_response_id="resp_1"), 400, ["previous_response_id"]),
    ("a conversation that is kept elsewhere", input_of(HI, conversation="conv_1"), 400, ["conversation"]),
    ("a prompt that is kept elsewhere", input_of(HI, prompt={"id": "pmpt_1"}), 400, ["prompt"]),
    ("an answer for later", input_of(HI, background=True), 400, ["background"]),
    ("temperature is a text", input_of(HI, temperature="hot"), 400, ["temperature"]),
    ("max_output_tokens is a text", {**input_of(HI), "max_output_tokens": "9"}, 400, ["max_output_tokens"]),
    ("reasoning is a text", input_of(HI, reasoning="high"), 400, ["reasoning"]),
    ("text is a text", input_of(HI, text="json"), 400, ["text"]),
    ("tools is an object", input_of(HI, tools={"look": FUNCTION}), 400, ["tools"]),
    ("a tool without a name", input_of(HI, tools=[{"type": "function", "parameters": {}}]), 400, ["name"]),
    ("a tool of an unknown type", input_of(HI, tools=[{"type": "dream"}, FUNCTION]), 200, []),
    ("a choice of no tool", input_of(HI, tools=[FUNCTION], tool_choice={"type": "function", "name": "other"}), (200, 400), []),
    ("input twice", b'{"model":"anthropic","input":5,"input":"hi"}', 400, ["input"]),
    ("tools twice", b'{"model":"anthropic","input":"hi","tools":[],"tools":[]}', 200, []),
    ("n is 2", input_of(HI, n=2), 200, []),
]
GEMINI = [
    ("broken JSON", b'{"contents":[,]}', 400, ["13"]),
    ("JSON that ends early", b'{"contents":[', 400, ["13"]),
    ("bytes behind the JSON", b'{"contents":[{"parts":[{"text":"hi"}]}]}x', 400, ["40"]),
    ("empty body", b"", 400, []),
    ("null", b"null", 400, ["object"]),
    ("an array", b"[]", 400, ["object"]),
    ("invalid UTF-8", b'{"contents":[{"parts":[{"text":"\xff"}]}]}', 400, ["32"]),
    ("no contents", b"{}", 400, ["contents"]),
    ("contents is a text", {"contents": "hi"}, 400, ["contents"]),
    ("contents of texts", {"contents": ["hi"]}, 400, ["contents"]),
    ("no content", {"contents": []}, 200, []),
    ("a content that is empty", contents_of({}, SAID), 200, []),
    ("an unknown role", contents_of({"role": "robot", "parts": [{"text": "hi"}]}), 400, ["role"]),
    ("a role that is a number", contents_of({"role": 5, "parts": [{"text": "hi"}]}), 400, ["role"]),
    ("parts is a text", contents_of({"role": "user", "parts": "hi"}), 400, ["parts"]),
    ("parts of texts", contents_of({"role": "user", "parts": ["hi"]}), 400, ["parts"]),
    ("a part of an unknown type", parts({"dream": {}}, {"text": "hi"}), 200, []),
    ("only parts of unknown types", parts({"dream": {}}), 200, []),
    ("text is a number", parts({"text": 5}), 400, ["text"]),
    ("bytes without a type", parts({"inlineData": {"data": "AAAA"}}), (200, 400), []),
    ("bytes that are a text", parts({"inlineData": "AAAA"}), 400, ["inlineData"]),
    ("a file without a place", parts({"fileData": {"mimeType": "image/png"}}), 400, ["fileData"]),
    ("a call without a name", contents_of(SAID, {"role": "model", "parts": [{"functionCall": {"args": {}}}]}), 400, ["name"]),
    ("a call that is a text", contents_of(SAID, {"role": "model", "parts": [{"functionCall": "look"}]}), 400, ["name"]),
    ("arguments that are a text", contents_of(SAID, {"role": "model", "parts": [{"functionCall": {"name": "look", "args": "{}"}}]}), 400, ["args"]),
    ("a call without a result", contents_of(SAID, {"role": "model", "parts": [{"functionCall": {"name": "look"}}]}, SAID), 200, []),
    ("a result without a call", contents_of(SAID, {"role": "user", "parts": [{"functionResponse": {"name": "look", "response": {"output": "x"}}}]}), 200, []),
    ("a result without a name", contents_of(SAID, {"role": "model", "parts": [{"functionCall": {"name": "look"}}]},
                                            {"role": "user", "parts": [{"functionResponse": {"response": {"output": "x"}}}]}), 200, []),
    ("a result that is a text", contents_of(SAID, {"role": "user", "parts": [{"functionResponse": "x"}]}), (200, 400), []),
    ("two calls of one id", contents_of(SAID, {"role": "model", "parts": [{"functionCall": {"id": "c", "name": "look"}}, {"functionCall": {"id": "c", "name": "look"}}]},
                                        {"role": "user", "parts": [{"functionResponse": {"id": "c", "name": "look", "response": {"output": "x"}}}] * 2}), 200, []),
    ("two candidates", contents_of(SAID, generationConfig={"candidateCount": 2}), 400, ["candidateCount"]),
    ("generationConfig is a text", contents_of(SAID, generationConfig="json"), 400, ["generationConfig"]),
    ("temperature is a text", contents_of(SAID, generationConfig={"temperature": "hot"}), 400, ["temperature"]),
    ("systemInstruction is a number", contents_of(SAID, systemInstruction=5), 400, ["systemInstruction"]),
    ("tools is a text", contents_of(SAID, tools="look"), 400, ["tools"]),
    ("a function without a name", contents_of(SAID, tools=[{"functionDeclarations": [{"description": "Looks."}]}]), 400, ["name"]),
    ("contents twice", b'{"contents":[],"contents":[{"parts":[{"text":"hi"}]}]}', 200, []),
    ("a text twice", b'{"contents":[{"parts":[{"text":"a","text":"b"}]}]}', 200, []),
    ("another model in the body", {**contents_of(SAID), "model": "models/other"}, 200, []),
    ("stream in the body", contents_of(SAID, stream="yes"), 200, []),
]
GOOD = json.dumps(contents_of(SAID)).encode()
# Method, path, status, what the message names: the model and the verb stand in Gemini's path.
PATHS = [
    ("POST", "/v1beta/models/:generateContent", 404, []),
    ("POST", "/v1beta/models/%s:generateContent" % ("m" * 300), 400, ["256"]),
    ("POST", "/v1beta/models/%s:generateContent" % ("%6D" * 300), 400, ["256"]),
    ("POST", "/v1beta/models/a%zz:generateContent", 404, ["a%zz"]),
    ("POST", "/v1beta/models/a%:generateContent", 404, ["a%"]),
    ("POST", "/v1beta/models/a%4:generateContent", 404, ["a%4"]),
    ("POST", "/v1beta/models/a%ff:generateContent", 400, ["UTF-8"]),
    ("POST", "/v1beta/models/%ed%a0%80:generateContent", 400, ["UTF-8"]),
    ("POST", "/v1beta/models/a%00b:generateContent", 404, []),
    ("POST", "/v1beta/models/a%0d%0ax-y%3a%20z:streamGenerateContent", 404, []),
    ("POST", "/v1beta/models/..%2f..:generateContent", 404, []),
    ("POST", "/v1beta/models/nobody:generateContent", 404, ["nobody"]),
    ("POST", "/v1beta/models/anthropic", 405, []),
    ("POST", "/v1beta/models/anthropic:embedContent", 404, []),
    ("POST", "/v1beta/models/anthropic:GenerateContent", 404, []),
    ("POST", "/v1beta/models/anthropic:generateContent/", 404, []),
    ("POST", "/v1beta/tunedModels/anthropic:generateContent", 404, []),
    ("GET", "/v1beta/models/anthropic:generateContent", 405, []),
    ("PUT", "/v1beta/models/anthropic:streamGenerateContent?alt=sse", 405, []),
    ("DELETE", "/v1beta/models/anthropic:countTokens", 405, []),
    ("POST", "/v1beta/models", 405, []),
    ("GET", "/v1/responses", 405, []),
    ("PUT", "/v1/responses", 405, []),
    ("GET", "/v1/responses/resp_1", 404, []),
    ("DELETE", "/v1/responses/resp_1", 404, []),
    ("POST", "/v1/responses/resp_1/cancel", 404, []),
    ("GET", "/v1/responses/compact", 405, []),
    ("GET", "/v1/responses/input_tokens", 405, []),
]
# A large request of each dialect, all of it good.
LARGE_RESPONSES = input_of(
    {"type": "message", "role": "developer", "content": "Be brief."},
    {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "hi"}, {"type": "input_image", "image_url": "data:image/png;base64,AAAA", "detail": "low"},
                                                    {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,AAAA"}]},
    {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "Hm"}]}, CALL, RESULT,
    {"type": "custom_tool_call", "call_id": "call_2", "name": "run", "input": "ls"}, {"type": "custom_tool_call_output", "call_id": "call_2", "output": [{"type": "input_text", "text": "x"}]},
    {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "ho", "annotations": []}]}, HI,
    instructions="Be kind.", temperature=0.5, top_p=0.9, parallel_tool_calls=False, reasoning={"effort": "low", "summary": "auto"}, include=["reasoning.encrypted_content"],
    tools=[FUNCTION, {"type": "custom", "name": "run", "format": {"type": "text"}}, {"type": "web_search"}, {"type": "namespace", "name": "box", "description": "x", "tools": [FUNCTION]}],
    tool_choice={"type": "function", "name": "look"}, text={"format": {"type": "json_schema", "name": "n", "schema": {"type": "object"}, "strict": True}, "verbosity": "low"},
    metadata={"a": "b"}, service_tier="auto", truncation="auto", user="u", prompt_cache_key="k", max_tool_calls=3, stream_options={"include_obfuscation": False}, store=False)
LARGE_GEMINI = contents_of(
    {"role": "user", "parts": [{"text": "hi"}, {"inlineData": {"mimeType": "image/png", "data": "AAAA"}}, {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x.example/a"}}]},
    {"role": "model", "parts": [{"text": "Hm", "thought": True}, {"functionCall": {"id": "c1", "name": "look", "args": {"at": "x"}}, "thoughtSignature": "AAAA"}]},
    {"role": "user", "parts": [{"functionResponse": {"id": "c1", "name": "look", "response": {"output": "seen"}, "parts": [{"inlineData": {"mimeType": "image/png", "data": "AAAA"}}]}}]},
    {"role": "model", "parts": [{"executableCode": {"language": "PYTHON", "code": "1"}}, {"codeExecutionResult": {"outcome": "OUTCOME_OK", "output": "1"}}, {"text": "ho"}]}, SAID,
    systemInstruction={"role": "user", "parts": [{"text": "Be brief."}]},
    tools=[{"functionDeclarations": [{"name": "look", "description": "Looks.", "parameters": {"type": "OBJECT", "properties": {"at": {"type": "STRING", "nullable": True, "enum": ["x"]}},
                                                                                            "required": ["at"], "propertyOrdering": ["at"]}}]}, {"googleSearch": {}}, {"urlContext": {}}],
    toolConfig={"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["look"]}}, safetySettings=[{"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}],
    generationConfig={"temperature": 0.5, "topP": 0.9, "topK": 3, "maxOutputTokens": 9, "candidateCount": 1, "stopSequences": ["x"], "seed": 1, "presencePenalty": 0.1,
                      "frequencyPenalty": 0.1, "responseMimeType": "application/json", "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "INTEGER"}}},
                      "thinkingConfig": {"includeThoughts": True, "thinkingBudget": 1024}}, cachedContent="cachedContents/x", labels={"a": "b"})
MODELS = {"anthropic": "claude-sonnet-4-5", "openai_chat": "gpt-4.1", "openai_responses": "gpt-5", "gemini": "gemini-3-pro-preview"}
# One in so many of all wrong values is played: what is made of them is the core's, which all hosts have in common.
STRIDE = 1 if signalbox_server.HOST == "native" else 10
WRONG = (None, True, -7, 1.5e300, "", "odd", [], ["odd"], [[]], {}, {"odd": {"odd": 1}})


def places(value, path=()):
    """Every place below `value`, as keys and indices."""
    for key in value if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
        yield (*path, key)
        yield from places(value[key], (*path, key))


def with_wrong(body, path, wrong):
    changed = copy.deepcopy(body)
    within = changed
    for key in path[:-1]:
        within = within[key]
    within[path[-1]] = wrong
    return changed


class Dialects:
    """`suite` is the one of bad_input.py; the server here has an upstream of each dialect."""

    def __init__(self, suite):
        self.suite, self.tap = suite, suite.tap
        self.upstreams = {"anthropic": Upstream(tempfile.mkdtemp(prefix="upstream-"), script="text"),
                          "openai_chat": chat_upstream.Upstream(tempfile.mkdtemp(prefix="upstream-"), script="text"),
                          "openai_responses": responses_upstream.Upstream(tempfile.mkdtemp(prefix="upstream-"), script="text"),
                          "gemini": gemini_upstream.Upstream(tempfile.mkdtemp(prefix="upstream-"), script="text")}
        self.server = signalbox_server.Server(self.config(), "bad-dialects")

    def config(self, **server):
        providers = {dialect: signalbox_server.provider(upstream, dialect=dialect) for dialect, upstream in self.upstreams.items()}
        providers["openai_responses"]["flags"] = {"temperature_fixed": True}  # as OpenAI's models that reason want it
        return {"server": {"listen": ["127.0.0.1:0"], **server}, "providers": {**providers, "mock": {"builtin": "mock"}},
                "routes": [{"match": "mock", "targets": ["mock/*"]}] +
                [{"match": dialect, "targets": ["%s/%s" % (dialect, model)]} for dialect, model in MODELS.items()]}

    def count(self):
        return sum(upstream.count for upstream in self.upstreams.values())

    def is_error(self, answer, path, names=()):
        """An error of the dialect that the path is of."""
        body = self.suite.refused(answer, {answer.status}, shape=None, names=names)
        error = body["error"]
        if path.startswith("/v1beta"):
            assert error["code"] == answer.status and error["status"].isupper() and "type" not in error, body
        else:
            assert isinstance(error["type"], str) and "param" in error and "code" in error and "type" not in body, body

    def asked(self, path, body, statuses, names):
        before = self.count()
        with wire.Connection(self.server.port) as connection:
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            connection.send(wire.request_bytes("POST", path, data, [JSON, *self.server.client_headers]))
            answer = connection.receive()
            assert answer is not None and answer.status in (statuses if isinstance(statuses, tuple) else (statuses,)), answer and (answer.status, answer.body[:300])
            if answer.status != 200:
                self.is_error(answer, path, names)
                assert self.count() == before, "something reached an upstream: %s" % answer.body[:300]
            connection.send(wire.request_bytes("GET", "/healthz"))
            assert connection.receive("GET").status == 200

    def path(self, method, path, status, names):
        before = self.count()
        answer = self.server.ask(method, path, GOOD if method == "POST" else b"", [JSON])
        assert answer.status == status, (answer.status, answer.body[:300])
        self.is_error(answer, path, names)
        assert status != 405 or answer.header("allow"), answer.fields
        assert self.count() == before, "something reached an upstream"

    def mock(self):
        for path, body in (("/v1/responses", {"model": "mock", "input": "hi"}), ("/v1beta/models/mock:generateContent", contents_of(SAID))):
            assert self.server.ask("POST", path, body, [JSON]).status == 200, path

    def refusals(self, upstream):
        """What is too large for one upstream may be right for another, and so may an address: such things are its own to say."""
        return [refusal for refusal in upstream.refusals() if "range" not in refusal and "Invalid image" not in refusal]

    def wrong_types(self, path, large, dialect):
        """One connection; every answer is of the asker's dialect, and the upstream refuses none of what is made of it."""
        upstream, tried, wrong = self.upstreams[dialect], 0, []
        seen = len(self.refusals(upstream))
        with wire.Connection(self.server.port) as connection:
            for place, value in [(place, value) for place in places(large) for value in WRONG][::STRIDE]:
                body = with_wrong({**large, **({"model": dialect} if "model" in large else {})}, place, value)
                connection.send(wire.request_bytes("POST", path.replace("MODEL", dialect), json.dumps(body).encode(), [JSON, *self.server.client_headers]))
                answer = connection.receive()
                tried += 1
                where = "%s = %s" % (".".join(map(str, place)), json.dumps(value))
                assert answer is not None, where
                if answer.status == 200:
                    answer.json()
                else:
                    self.is_error(answer, path)
                refusals = self.refusals(upstream)
                if refusals[seen:] or answer.status not in (200, 400) and place != ("model",):
                    wrong.append("%s: %d %s %s" % (where, answer.status, refusals[seen:], answer.body[:200]))
                    seen = len(refusals)
        return not wrong and tried > 100, "%d of %d:\n%s" % (len(wrong), tried, "\n".join(wrong))

    def keys(self):
        """Gemini's clients may show their key in the query; it goes no further."""
        key = signalbox_server.CLIENT_KEY
        upstream, path = self.upstreams["gemini"], "/v1beta/models/gemini:generateContent"
        with signalbox_server.Server(self.config(client_keys=[{"name": "anna", "key": key}]), "bad-dialects-keys") as server:
            for query in ("", "?key=", "?key=wrong", "?key=%zz", "?key=%ff", "?key=wrong&key=" + key, "?key=" + key + "x"):
                before = upstream.count
                answer = wire.ask(server.port, "POST", path + query, GOOD, [JSON])
                assert answer.status == 401 and upstream.count == before, (query, answer.status, answer.body[:300])
                self.is_error(answer, path)
                assert key not in answer.body.decode(), query
            answer = wire.ask(server.port, "POST", "/v1/responses?key=" + key, {"model": "gemini", "input": "hi"}, [JSON])
            assert answer.status == 401, (answer.status, answer.body[:300])
            for query in ("?key=" + key, "?Key=" + key, "?x=1&k%65y=" + key, "?key=" + key.replace("-", "%2d")):
                answer = wire.ask(server.port, "POST", path + query, GOOD, [JSON])
                assert answer.status == 200, (query, answer.status, answer.body[:300])
                assert b"sbk-" not in upstream.records[-1].head.raw_head, upstream.records[-1].head.start


def play(suite):
    dialects = Dialects(suite)
    tap = suite.tap
    for title, path, rows in (("Responses", "/v1/responses", RESPONSES), ("Gemini", "/v1beta/models/anthropic:generateContent", GEMINI)):
        for name, body, statuses, names in rows:
            tap.run("%s, %s: %s" % (title, name, statuses), dialects.asked, path, body, statuses, names)
    for method, path, status, names in PATHS:
        tap.run("%s %s: %d" % (method, path if len(path) < 80 else path[:60] + "...", status), dialects.path, method, path, status, names)
    for own, path, large in (("openai_responses", "/v1/responses", LARGE_RESPONSES), ("gemini", "/v1beta/models/MODEL:generateContent", LARGE_GEMINI)):
        for dialect in MODELS:
            if dialect != own:
                tap.run("%s, members of wrong types, to %s" % (own, dialect), dialects.wrong_types, path, large, dialect)
    tap.run("Gemini, keys in the query", dialects.keys)
    tap.run("the mock answers both", dialects.mock)
    tap.equal("ends with code 0, after bad requests of both dialects", dialects.server.stop(), 0) if suite.plays("ends") else dialects.server.stop()
