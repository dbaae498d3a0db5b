"""An upstream of each dialect that gives the answers of pair_answers.py, and what came back of them in its own dialect.

The prompt says which answer: `play NAME for TAG`. Once results of calls stand in a request, the answer is the last one. Each refuses
what its provider refuses (messages_refused.py and its sisters), and knows the reasoning state that it gave out.
"""
import base64
import json
import re
import tempfile

import chat_upstream
import gemini
import gemini_upstream
import messages
import pair_answers
import responses
import responses_upstream
import scripted
import sessions
import upstream


class Playing:
    """What the four have in common, before a dialect's own class of answers; that writes `whole_of`, `frames_of`, `inside`."""

    def give(self):
        found = re.search(rb"play ([a-z0-9-]+) for ([A-Za-z0-9_./-]+)", self.record.body)
        self.playing, self.record.tag = (part.decode() for part in found.groups()) if found else ("text", "")
        self.record.turn = None
        return super().give()

    def _script(self):
        found = re.search(rb"play ([a-z0-9-]+) for ", self.record.body)
        script = found.group(1).decode() if found else "text"
        return "text" if script in (*pair_answers.ANSWERS, "structured") else script

    def turn(self):
        named = {**pair_answers.ANSWERS, "structured": pair_answers.STRUCTURED}
        answered = self.record.turn = named.get(self.playing, pair_answers.LONG)
        if self.results():
            answered = self.record.turn = pair_answers.LAST
        return answered

    def some_frames(self):
        return self.frames("")

    def odd_error_inside(self):
        """An error as the provider puts it into a stream, behind content."""
        frames = self.some_frames()
        return self.stream(frames[:len(frames) // 2] + [self.inside()])

    def odd_error_first(self):
        return self.stream([self.inside()])

    def results(self):
        return paired(self.dialect, self.request)[1]


class MessagesAnswer(Playing, upstream.Answer):
    dialect = "anthropic"

    def plain(self):
        if not self.request.get("stream"):
            return self.whole(200, self.whole_body(""))
        return self.stream(self.cut_up(self.frames("")))

    def give(self):
        # As for whom nothing is stored: the SDK's tool runner then sends the history itself.
        if isinstance(self.request, dict) and "thread" in self.request:
            body = json.loads(messages.error_body(400, "threads are not supported for this request"))
            body["error"]["details"] = {"error_code": "thread_unsupported_request", "unsupported": ["thread"]}
            return self.whole(400, json.dumps(body).encode())
        return super().give()

    def whole_body(self, script):
        return super().whole_body(self.turn())

    def frames(self, script):
        return super().frames(self.turn())

    def inside(self):
        return messages.frame("error", error={"type": "overloaded_error", "message": "Overloaded — scripted"})


class ChatAnswer(Playing, chat_upstream.Answer):
    dialect = "openai_chat"

    def give(self):
        if b"openai-chat-node" in self.record.body:  # its tool runner sends nothing back that its types do not have
            for entry in self.request["messages"]:
                for call in entry.get("tool_calls") or []:
                    entry["reasoning_content"] = self.upstream.given[call["id"]]
        return super().give()

    def shape(self):
        shape = sessions.shape_of(self.turn(), self.record.number)
        self.upstream.given.update({call[0]: shape.reasoning for call in shape.calls})
        return shape

    def whole_body(self, script):
        return super().whole_body(self.shape())

    def frames(self, script):
        return super().frames(self.shape())

    def inside(self):
        return b"data: " + json.dumps(chat_upstream.OVERLOADED).encode() + b"\n\n"


class ResponsesAnswer(Playing, responses_upstream.Answer):
    dialect = "openai_responses"

    def arguments(self, script):
        turn, number = self.turn(), self.record.number
        self.upstream.given.update({item["id"]: item for item in responses.items_for(turn, number) if item["type"] == "reasoning"})
        return self.request["model"], turn, number, True

    def inside(self):
        failed = {**responses.response("gpt-5", self.turn(), self.record.number, done=False), "status": "failed",
                  "error": {"code": "server_error", "message": "Overloaded — scripted"}}
        return ("event: response.failed\ndata: %s\n\n" % json.dumps({"type": "response.failed", "sequence_number": 99, "response": failed})).encode()


class GeminiAnswer(Playing, gemini_upstream.Answer):
    dialect = "gemini"

    def give(self):
        self.request = in_camel_case(self.request)
        if b"genai" in self.record.body:  # Google's own SDK: it sends back each piece of a stream as a content
            self.request["contents"] = one_of_each_role(self.request["contents"])
        return super().give()

    def arguments(self, script):
        turn = self.turn()
        given = {part["thoughtSignature"]: part for part in gemini.parts_for(turn, self.record.number) if "thoughtSignature" in part}
        self.upstream.given.update(given)
        # google-genai for Python writes bytes with the other alphabet.
        self.upstream.given.update({base64.urlsafe_b64encode(base64.b64decode(state)).decode(): part for state, part in given.items()})
        return self.model, turn, self.record.number

    def inside(self):
        return b"data: " + gemini.error_body(503, "Overloaded — scripted") + b"\r\n\r\n"


def in_camel_case(value):
    """Google reads names in both spellings and base64 in both alphabets, and google-genai for Python writes them; what is a caller's own
    stays."""
    if isinstance(value, list):
        return [in_camel_case(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    spelt = {re.sub("_([a-z])", lambda found: found.group(1).upper(), name): entry for name, entry in value.items()}
    if isinstance(spelt.get("data"), str):
        spelt["data"] = spelt["data"].replace("-", "+").replace("_", "/")
    return {name: entry if name in ("args", "response", "properties", "parametersJsonSchema") else in_camel_case(entry) for name, entry in spelt.items()}


def one_of_each_role(contents):
    out = []
    for content in contents:
        if out and out[-1].get("role") == content.get("role"):
            out[-1] = {**out[-1], "parts": out[-1]["parts"] + content["parts"]}
        else:
            out.append(content)
    return out


ANSWERS = {answer.dialect: answer for answer in (MessagesAnswer, ChatAnswer, ResponsesAnswer, GeminiAnswer)}


def start(dialect, **options):
    return scripted.Upstream(tempfile.mkdtemp(prefix="pairs-" + dialect + "-"), ANSWERS[dialect], **options)


def schema_of(dialect, request):
    """The names of what a schema in the request asks for, None without one; "json" where the provider takes none."""
    if dialect == "anthropic":
        schema = request.get("output_config", {}).get("format", {}).get("schema")
    elif dialect == "openai_chat":
        wanted = request.get("response_format", {})
        if wanted.get("type") == "json_object":
            return "json"
        schema = wanted.get("json_schema", {}).get("schema")
    elif dialect == "openai_responses":
        schema = request.get("text", {}).get("format", {}).get("schema")
    else:
        config = request.get("generationConfig", {})
        schema = config.get("responseJsonSchema") or config.get("responseSchema")
    return schema and sorted(schema["properties"])


def text_of(content):
    if isinstance(content, str):
        return content
    return "".join(part.get("text", "") for part in content or [])


def result_text(response):
    """The text of a Gemini result, which an object holds under a name of its writer's."""
    values = [value for value in response.values()]
    return values[0] if len(values) == 1 and isinstance(values[0], str) else json.dumps(response, ensure_ascii=False)


def without_name(text):
    """The AI SDK tells Gemini results as {name, content}, which others get as the text that it is."""
    if text.startswith("{"):
        told = json.loads(text)
        return told["content"] if set(told) == {"name", "content"} else text
    return text


def paired(dialect, request):
    """The calls in a request as [name, arguments], and the results as [name of their call, text]; which belongs to which is said by ids, and
    where Gemini has none, by order."""
    calls, results, names = [], [], {}
    if dialect == "anthropic":
        for block in (block for entry in request["messages"] if isinstance(entry["content"], list) for block in entry["content"]):
            if block["type"] == "tool_use":
                names[block["id"]] = block["name"]
                calls.append([block["name"], block["input"]])
            elif block["type"] == "tool_result":
                results.append([names[block["tool_use_id"]], text_of(block["content"])])
    elif dialect == "openai_chat":
        for entry in request["messages"]:
            for call in entry.get("tool_calls") or []:
                names[call["id"]] = call["function"]["name"]
                calls.append([call["function"]["name"], json.loads(call["function"]["arguments"])])
            if entry["role"] == "tool":
                results.append([names[entry["tool_call_id"]], text_of(entry["content"])])
    elif dialect == "openai_responses":
        for item in request["input"] if isinstance(request["input"], list) else []:
            if item.get("type") == "function_call":
                names[item["call_id"]] = item["name"]
                calls.append([item["name"], json.loads(item["arguments"])])
            elif item.get("type") == "function_call_output":
                results.append([names[item["call_id"]], text_of(item["output"])])
    else:
        for part in (part for content in request["contents"] for part in content["parts"]):
            call, result = part.get("functionCall"), part.get("functionResponse")
            if call:
                calls.append([call["name"], call.get("args", {})])
            elif result:
                results.append([result["name"], result_text(result["response"])])
    return calls, [[name, without_name(text)] for name, text in results]
