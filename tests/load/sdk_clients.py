"""The official Python packages as clients of the chaos parts. Started by players.py: argument 1 is a file of cases, 2 the
gateway's URL, 3 the seconds. Prints a line of JSON for each outcome."""
import asyncio
import contextvars
import json
import sys
import time

import anthropic
import openai

with open(sys.argv[1]) as FILE:
    CASES = json.load(FILE)
URL, SECONDS = sys.argv[2], float(sys.argv[3])
TIMEOUT = 60  # seconds: a net, never a measure
CASES_MIN = 3  # of each client, however busy the machine is
TRIES_MAX, PAUSE = 200, 0.1  # of a case that is to be tried again while the gateway is away; seconds between two


class Seen:
    def __init__(self):
        self.text, self.ended, self.status, self.provider = "", False, None, None


class Failed(Exception):
    """An error event that the package hands on as any other."""


SEEN = contextvars.ContextVar("seen")  # of the play that a task is at


async def note_head(response):
    """Before the body has been read, which may never be whole."""
    seen = SEEN.get()
    seen.status, seen.provider = response.status_code, response.headers.get("x-signalbox-provider")


HOOKS = {"response": [note_head]}
MESSAGES = anthropic.AsyncAnthropic(api_key="any", base_url=URL, max_retries=0, timeout=TIMEOUT, http_client=anthropic.DefaultAsyncHttpxClient(event_hooks=HOOKS))
CHAT = openai.AsyncOpenAI(api_key="any", base_url=URL + "/v1", max_retries=0, timeout=TIMEOUT, http_client=openai.DefaultAsyncHttpxClient(event_hooks=HOOKS))
if any(case["dialect"] == "gemini" for case in CASES):  # it takes seconds to load
    import google.genai

    GEMINI = google.genai.Client(api_key="any", http_options=google.genai.types.HttpOptions(
        base_url=URL, timeout=1000 * TIMEOUT, async_client_args={"event_hooks": HOOKS})).aio.models


async def messages(body, seen, headers):
    answer = await MESSAGES.messages.create(**body, extra_headers=headers)
    if not body["stream"]:
        seen.text, seen.ended = "".join(block.text for block in answer.content), answer.stop_reason == "end_turn"
        return
    async for event in answer:
        if event.type == "content_block_delta":
            seen.text += event.delta.text
        seen.ended = seen.ended or event.type == "message_stop"


async def chat(body, seen, headers):
    answer = await CHAT.chat.completions.create(**body, extra_headers=headers)
    if not body["stream"]:
        seen.text, seen.ended = answer.choices[0].message.content, answer.choices[0].finish_reason == "stop"
        return
    async for chunk in answer:
        for choice in chunk.choices:
            seen.text += choice.delta.content or ""
            seen.ended = seen.ended or choice.finish_reason is not None


async def responses(body, seen, headers):
    answer = await CHAT.responses.create(**body, extra_headers=headers)
    if not body["stream"]:
        seen.text, seen.ended = answer.output_text, answer.status == "completed"
        return
    async for event in answer:
        if event.type == "response.output_text.delta":
            seen.text += event.delta
        if event.type in ("error", "response.failed"):
            raise Failed(event.type)
        seen.ended = seen.ended or event.type == "response.completed"


async def gemini(body, seen, headers):
    config = google.genai.types.GenerateContentConfig(max_output_tokens=4096, http_options=google.genai.types.HttpOptions(headers=headers))
    asked = {"model": body["model"], "contents": body["contents"], "config": config}

    def read(answer):
        seen.text += "".join(part.text or "" for candidate in answer.candidates or [] for part in (candidate.content and candidate.content.parts) or [])
        seen.ended = seen.ended or any(candidate.finish_reason == "STOP" for candidate in answer.candidates or [])

    if not body["stream"]:
        return read(await GEMINI.generate_content(**asked))
    async for chunk in await GEMINI.generate_content_stream(**asked):
        read(chunk)


async def ask(case):
    """(what was seen, how it ended, a detail) of one try."""
    seen, detail = Seen(), ""
    SEEN.set(seen)
    asking = {"messages": messages, "chat": chat, "responses": responses, "gemini": gemini}[case["dialect"]]
    leaves_after = case.get("leaves_after_ms")
    try:
        await asyncio.wait_for(asking(case["body"], seen, case.get("headers", {})), leaves_after / 1000 if leaves_after else TIMEOUT + 5)
        ending = "success" if seen.ended else "ended without a word"
    except asyncio.TimeoutError:
        ending = "left" if leaves_after else "no ending within %d s" % TIMEOUT
    except Exception as error:  # each is an ending; which of them are right, the judge knows
        ending = "an error behind a success" if seen.ended else "error"
        detail = repr(error)
        if seen.status in (None, 200) and "Timeout" in type(error).__name__:  # not an answer of status 504, which has such a name too
            ending = "no ending within %d s" % TIMEOUT
        if isinstance(error, (AttributeError, TypeError)) and case["body"]["stream"]:
            ending = "the package cannot read it: " + detail
    return seen, ending, detail


async def play(case):
    for tries in range(TRIES_MAX):
        seen, ending, detail = await ask(case)
        # An error of HTTP is an answer; a connection that broke, or never came to be, is none.
        if not case.get("retried") or ending not in ("error", "an error behind a success") or seen.status not in (None, 200):
            break
        await asyncio.sleep(PAUSE)
    print(json.dumps({"number": case["number"], "ending": ending, "text": seen.text, "status": seen.status,
                      "provider": seen.provider, "detail": detail, "retries": tries}), flush=True)


async def client(cases, end):
    for number, case in enumerate(cases):
        if time.monotonic() > end and number >= CASES_MIN:
            break
        await play(case)
        await asyncio.sleep(case.get("pause_ms", 0) / 1000)


async def main():
    by_client, end = {}, time.monotonic() + SECONDS
    for case in CASES:
        by_client.setdefault(case["client"], []).append(case)
    await asyncio.gather(*(client(cases, end) for cases in by_client.values()))


asyncio.run(main())
