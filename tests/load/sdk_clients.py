"""The official Python packages as clients of the chaos part. Started by chaos.py: argument 1 is a file of cases, 2 the
gateway's URL, 3 the seconds. Prints a line of JSON for each outcome."""
import asyncio
import contextvars
import json
import sys
import time

import anthropic
import openai

URL, SECONDS = sys.argv[2], float(sys.argv[3])
END = time.monotonic() + SECONDS
class Seen:
    def __init__(self):
        self.text, self.ended, self.status, self.provider = "", False, None, None



SEEN = contextvars.ContextVar("seen")  # of the play that a task is at


async def note_head(response):
    """Before the body has been read, which may never be whole."""
    seen = SEEN.get()
    seen.status, seen.provider = response.status_code, response.headers.get("x-signalbox-provider")


HOOKS = {"response": [note_head]}
MESSAGES = anthropic.AsyncAnthropic(api_key="any", base_url=URL, max_retries=0, timeout=30, http_client=anthropic.DefaultAsyncHttpxClient(event_hooks=HOOKS))
CHAT = openai.AsyncOpenAI(api_key="any", base_url=URL + "/v1", max_retries=0, timeout=30, http_client=openai.DefaultAsyncHttpxClient(event_hooks=HOOKS))


async def messages(body, seen):
    answer = await MESSAGES.messages.create(**body)
    if not body["stream"]:
        seen.text, seen.ended = "".join(block.text for block in answer.content), answer.stop_reason == "end_turn"
        return
    async for event in answer:
        if event.type == "content_block_delta":
            seen.text += event.delta.text
        seen.ended = seen.ended or event.type == "message_stop"


async def chat(body, seen):
    answer = await CHAT.chat.completions.create(**body)
    if not body["stream"]:
        seen.text, seen.ended = answer.choices[0].message.content, answer.choices[0].finish_reason == "stop"
        return
    async for chunk in answer:
        for choice in chunk.choices:
            seen.text += choice.delta.content or ""
            seen.ended = seen.ended or choice.finish_reason is not None


async def play(case):
    seen, detail = Seen(), ""
    SEEN.set(seen)
    try:
        await (messages if case["dialect"] == "messages" else chat)(case["body"], seen)
        ending = "success" if seen.ended else "ended without a word"
    except Exception as error:  # each is an ending; which of them are right, the judge knows
        ending = "an error behind a success" if seen.ended else "error"
        detail = repr(error)
        if isinstance(error, (anthropic.APITimeoutError, openai.APITimeoutError)):
            ending = "no ending within 30 s"
        if isinstance(error, (AttributeError, TypeError)) and case["stream"]:
            ending = "the package cannot read it: " + detail
    print(json.dumps({"number": case["number"], "ending": ending, "text": seen.text, "status": seen.status,
                      "provider": seen.provider, "detail": detail}), flush=True)


async def client(cases):
    for case in cases:
        if time.monotonic() > END:
            break
        await play(case)


async def main():
    by_client = {}
    with open(sys.argv[1]) as file:
        for case in json.load(file):
            by_client.setdefault(case["client"], []).append(case)
    await asyncio.gather(*(client(cases) for cases in by_client.values()))


asyncio.run(main())
