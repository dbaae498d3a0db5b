"""The fixed answers of the mock upstream and the requests that ask for them."""

import json
import pathlib

FRAME_COUNT = 100
_HERE = pathlib.Path(__file__).parent
_WORDS = ["signal ", "arm ", "lever ", "track ", "points ", "block ", "lamp ", "wire ", "bell ", "token "]


def _frame(name, data):
    return "event: %s\ndata: %s\n\n" % (name, json.dumps(data, separators=(",", ":")))


def _message(content, stop_reason, output_tokens):
    return {"id": "msg_01BenchBenchBenchBench0000", "type": "message", "role": "assistant",
            "model": "claude-bench-upstream", "content": content, "stop_reason": stop_reason, "stop_sequence": None,
            "usage": {"input_tokens": 12, "cache_creation_input_tokens": 0, "cache_read_input_tokens": 0,
                      "output_tokens": output_tokens}}


def whole_answer():
    text = "".join(_WORDS[i % len(_WORDS)] for i in range(24))
    return json.dumps(_message([{"type": "text", "text": text}], "end_turn", 24), separators=(",", ":")).encode()


def streamed_answer():
    """A head, FRAME_COUNT frames of text, a tail."""
    frames = [_frame("message_start", {"type": "message_start", "message": _message([], None, 1)}),
              _frame("content_block_start", {"type": "content_block_start", "index": 0,
                                             "content_block": {"type": "text", "text": ""}})]
    for i in range(FRAME_COUNT):
        frames.append(_frame("content_block_delta", {"type": "content_block_delta", "index": 0,
                                                     "delta": {"type": "text_delta", "text": _WORDS[i % len(_WORDS)]}}))
    frames += [_frame("content_block_stop", {"type": "content_block_stop", "index": 0}),
               _frame("message_delta", {"type": "message_delta",
                                        "delta": {"stop_reason": "end_turn", "stop_sequence": None},
                                        "usage": {"output_tokens": FRAME_COUNT}}),
               _frame("message_stop", {"type": "message_stop"})]
    return "".join(frames).encode()


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
