"""The rules that a stream of Anthropic Messages keeps on the wire (translation.md section 11.2), checked event by
event, and the message that it adds up to. What breaks a rule raises Broken."""
import json


class Broken(Exception):
    pass


def need(good, message, *arguments):
    if not good:
        raise Broken(message % arguments)


def events(body):
    """(event, data) of every frame; comments are left out."""
    out = []
    for frame in body.decode("utf-8").replace("\r\n", "\n").split("\n\n"):
        lines = [line for line in frame.split("\n") if line and not line.startswith(":")]
        if not lines:
            continue
        name = [line[6:].strip() for line in lines if line.startswith("event:")]
        data = json.loads("\n".join(line[5:].removeprefix(" ") for line in lines if line.startswith("data:")))
        need(name == [data["type"]], "event %s with data of type %s", name, data["type"])
        out.append((name[0], data))
    return out


class Stream:
    """A stream read to its end. `message` is what it adds up to, `error` the error that ended it."""

    def __init__(self, body):
        need(body.endswith(b"\n\n"), "the stream ends inside a frame: %r", body[-80:])
        self.message, self.error, self.open, self.stopped, self.ended = None, None, None, False, False
        for name, data in events(body):
            need(not self.ended, "%s behind the end", name)
            need(self.error is None, "%s behind an error", name)
            need(name in ("message_start", "ping", "error") or self.message is not None, "%s before message_start", name)
            getattr(self, "on_" + name)(data)

    @property
    def kinds(self):
        return [block["type"] for block in self.message["content"]] if self.message else []

    def on_message_start(self, data):
        need(self.message is None, "message_start twice")
        self.message = data["message"]
        usage = self.message["usage"]
        need(self.message["content"] == [] and self.message["stop_reason"] is None, "message_start is not empty")
        need(self.message["role"] == "assistant" and self.message["type"] == "message" and self.message["id"], "message_start: %s", self.message)
        need(usage["input_tokens"] + usage.get("cache_read_input_tokens", 0) > 0, "message_start counts no input: %s", usage)

    def on_ping(self, data):
        pass

    def on_content_block_start(self, data):
        need(self.open is None and not self.stopped, "a block begins where none may")
        need(data["index"] == len(self.message["content"]), "index %s, not %d", data["index"], len(self.message["content"]))
        self.open = dict(data["content_block"])
        if self.open["type"] == "tool_use":
            need(self.open["id"] and self.open["name"] and self.open["input"] == {}, "tool_use begins as %s", self.open)
            self.open["arguments"] = ""
        self.message["content"].append(self.open)

    def on_content_block_delta(self, data):
        need(self.open is not None and data["index"] == len(self.message["content"]) - 1, "a delta outside its block: %s", data)
        delta = data["delta"]
        kind, member, key = {"text_delta": ("text", "text", "text"), "thinking_delta": ("thinking", "thinking", "thinking"),
                             "signature_delta": ("thinking", "signature", "signature"),
                             "input_json_delta": ("tool_use", "arguments", "partial_json")}[delta["type"]]
        need(self.open["type"] == kind, "%s inside %s", delta["type"], self.open["type"])
        need(not (kind == "thinking" and member == "thinking" and self.open.get("signature")), "thinking behind its signature")
        self.open[member] = self.open.get(member, "") + delta[key]

    def on_content_block_stop(self, data):
        need(self.open is not None and data["index"] == len(self.message["content"]) - 1, "a block ends that is not open: %s", data)
        if self.open["type"] == "tool_use":
            arguments = self.open.pop("arguments")
            self.open["input"] = json.loads(arguments) if arguments else {}
            need(isinstance(self.open["input"], dict), "arguments are no object: %s", arguments)
        need(self.open["type"] != "thinking" or self.open.get("signature"), "thinking without a signature")
        self.open = None

    def on_message_delta(self, data):
        need(self.open is None and not self.stopped, "message_delta where none may be")
        need(data["delta"]["stop_reason"], "no stop_reason: %s", data)
        need(isinstance(data["usage"]["output_tokens"], int), "no usage: %s", data)
        self.message.update(data["delta"])
        self.message["usage"].update({key: value for key, value in data["usage"].items() if value is not None})
        self.stopped = True

    def on_message_stop(self, data):
        need(self.stopped, "message_stop without message_delta")
        self.ended = True

    def on_error(self, data):
        need(data["error"]["type"] and data["error"]["message"], "an error that says nothing: %s", data)
        self.error = data["error"]


def success(body):
    """The message of a stream that must have ended well."""
    stream = Stream(body)
    need(stream.error is None, "an error: %s", stream.error)
    need(stream.ended, "no message_stop")
    return stream


def failure(body):
    """A stream that must have ended with an error event and no success ending."""
    stream = Stream(body)
    need(stream.error is not None, "no error event")
    need(not stream.stopped, "a success ending")
    return stream
