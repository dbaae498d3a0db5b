"""The fixed answers of the mock upstream and the requests that ask for them."""

import json
import pathlib

FRAME_COUNT = 100
WORD_COUNT = 24  # of a whole answer
_HERE = pathlib.Path(__file__).parent
_WORDS = ["signal ", "arm ", "lever ", "track ", "points ", "block ", "lamp ", "wire ", "bell ", "token "]


def word(i):
    return _WORDS[i % len(_WORDS)]


def text(word_count):
    return "".join(map(word, range(word_count)))


def _frame(name, data):
    return "event: %s\ndata: %s\n\n" % (name, json.dumps(data, separators=(",", ":")))


def _message(content, stop_reason, output_tokens):
    return {"id": "msg_01BenchBenchBenchBench0000", "type": "message", "role": "assistant",
            "model": "claude-bench-upstream", "content": content, "stop_reason": stop_reason, "stop_sequence": None,
            "usage": {"input_tokens": 12, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                      "output_tokens": output_tokens}}


def whole_answer():
    content = [{"type": "text", "text": text(WORD_COUNT)}]
    return json.dumps(_message(content, "end_turn", WORD_COUNT), separators=(",", ":")).encode()


def streamed_answer(frame_count=FRAME_COUNT):
    """A head, so many frames of text, a tail."""
    frames = [_frame("message_start", {"type": "message_start", "message": _message([], None, 1)}),
              _frame("content_block_start", {"type": "content_block_start", "index": 0,
                                             "content_block": {"type": "text", "text": ""}})]
    for i in range(frame_count):
        frames.append(_frame("content_block_delta", {"type": "content_block_delta", "index": 0,
                                                     "delta": {"type": "text_delta", "text": word(i)}}))
    frames += [_frame("content_block_stop", {"type": "content_block_stop", "index": 0}),
               _frame("message_delta", {"type": "message_delta",
                                        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                                        "usage": {"output_tokens": frame_count}}),
               _frame("message_stop", {"type": "message_stop"})]
    return "".join(frames).encode()


def _chat(object_name, choice, usage=None):
    answer = {"id": "chatcmpl-BenchBenchBenchBench", "object": object_name, "created": 1790000000,
              "model": "gpt-bench-upstream", "choices": [dict({"index": 0}, **choice)] if choice else []}
    return dict(answer, usage=usage) if usage else answer


def _chat_usage(output_tokens):
    return {"prompt_tokens": 12, "completion_tokens": output_tokens, "total_tokens": 12 + output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0}, "completion_tokens_details": {"reasoning_tokens": 0}}


def chat_whole_answer():
    """What whole_answer() says, in the words of Chat Completions."""
    message = {"role": "assistant", "content": text(WORD_COUNT), "refusal": None}
    return json.dumps(_chat("chat.completion", {"message": message, "logprobs": None, "finish_reason": "stop"},
                            _chat_usage(WORD_COUNT)), separators=(",", ":")).encode()


def chat_streamed_answer(frame_count=FRAME_COUNT):
    """What streamed_answer() says, and what goes with it."""
    def chunk(delta, finish_reason=None):
        return _chat("chat.completion.chunk", {"delta": delta, "logprobs": None, "finish_reason": finish_reason})

    chunks = [chunk({"role": "assistant", "content": "", "refusal": None})]
    chunks += [chunk({"content": word(i)}) for i in range(frame_count)]
    chunks += [chunk({}, "stop"), _chat("chat.completion.chunk", None, _chat_usage(frame_count))]
    return ("".join("data: %s\n\n" % json.dumps(c, separators=(",", ":")) for c in chunks) + "data: [DONE]\n\n").encode()


def text_of(body):
    """All text of a Messages answer, whole or streamed."""
    if body.startswith(b"{"):
        return "".join(block["text"] for block in json.loads(body)["content"])
    data = [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]
    assert data[-1]["type"] == "message_stop", data[-1]
    return "".join(d["delta"]["text"] for d in data if d["type"] == "content_block_delta")


def small_request(streamed):
    body = {"model": "claude-opus-5-5", "max_tokens": 256, "stream": streamed,
            "messages": [{"role": "user", "content": "Which signal guards the platform road?"}]}
    return json.dumps(body, separators=(",", ":")).encode()


def large_request(streamed):
    """What Claude Code sends (see README.md); it always asks for a stream, so the whole answer needs one word changed."""
    body = (_HERE / "claude_code_request.json").read_bytes()
    if streamed:
        return body
    assert body.count(b'"stream":true') == 1
    return body.replace(b'"stream":true', b'"stream":false')
