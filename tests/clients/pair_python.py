"""The official Python SDKs, each in its natural way, on every upstream; started by pairs.py, which checks what is printed.

usage: pair_python.py CLIENT    with PAIR_URLS, {upstream: base URL}, PAIR_KEY and PAIR_TABLE, the tables of pair_answers.py, in the environment.
Prints one JSON line for each answer: what was asked, and what was seen in no dialect's words, or what the SDK raised.
"""
import base64
import json
import os
import sys

KEY = os.environ["PAIR_KEY"]
FORMS = ("whole", "streamed")
TABLE = json.loads(os.environ["PAIR_TABLE"])
RESULTS, TOKENS_WANTED, MODELS = TABLE["results"], TABLE["tokens_wanted"], TABLE["models"]
SCHEMAS = {name: {"type": "object", "properties": {member: {"type": kind} for member, kind in members.items()}, "required": list(members)}
           for name, _, members in TABLE["tools"]}
DESCRIPTIONS = {name: text for name, text, _ in TABLE["tools"]}


def read(path: str, depth: int) -> str:
    """Reads a file

    Args:
        path: where
        depth: how deep
    """
    return RESULTS["read"]


def count(word: str) -> str:
    """Counts a word

    Args:
        word: which
    """
    return RESULTS["count"]


FUNCTIONS = {"read": read, "count": count}


def strictly(thing):
    """The SDK builds its objects without a look; here the same data passes the validators of its own types, and has no member that they lack,
    but those of a name that `beside` lists."""
    model = type(thing).model_validate(json.loads(thing.model_dump_json(by_alias=True, exclude_unset=True, warnings="error")))
    extras = sorted(set(unknown(thing)))
    assert not extras, "members that the SDK's types do not have: %s" % extras
    return model


BESIDE = {"reasoning_content", "extra_content", "store"}  # of Chat, and of OpenAI's own answers, in none of its types


def unknown(thing, place=""):
    if isinstance(thing, (list, tuple)):
        return [name for entry in thing for name in unknown(entry, place)]
    fields = getattr(type(thing), "model_fields", None)
    if fields is None:
        return []
    extras = [place + "." + name for name, value in (thing.model_extra or {}).items() if name not in BESIDE and value is not None]
    return extras + [name for field in fields for name in unknown(getattr(thing, field), place + "." + field)]


class Anthropic:
    dialect = "anthropic"

    def __init__(self, url):
        import anthropic
        self.sdk, self.client = anthropic, anthropic.Anthropic(api_key=KEY, base_url=url, max_retries=0, timeout=20)
        self.errors = (anthropic.APIError,)

    def body(self, prompt):
        return {"model": MODELS[self.dialect], "max_tokens": TOKENS_WANTED, "thinking": {"type": "enabled", "budget_tokens": 2048},
                "messages": [{"role": "user", "content": prompt}]}

    def answer(self, prompt, form):
        tools = [{"name": name, "description": DESCRIPTIONS[name], "input_schema": schema} for name, schema in SCHEMAS.items()]
        if form == "whole":
            return self.see(strictly(self.client.messages.create(**self.body(prompt), tools=tools)))
        with self.client.messages.stream(**self.body(prompt), tools=tools) as stream:
            return self.see(strictly(stream.get_final_message()))

    def see(self, message):
        used = message.usage
        read, written = used.cache_read_input_tokens or 0, used.cache_creation_input_tokens or 0
        assert message.id.startswith("msg_") and message.model and message.role == "assistant", message
        # Text behind thoughts, and calls behind both.
        order = [["thinking", "redacted_thinking", "text", "tool_use"].index(block.type) // 2 for block in message.content]
        assert order == sorted(order) or len([block for block in message.content if block.type == "redacted_thinking"]), message.content
        details = used.output_tokens_details
        return {"thinking": "".join(block.thinking for block in message.content if block.type == "thinking"),
                "text": "".join(block.text for block in message.content if block.type == "text"),
                "calls": [[block.name, block.input] for block in message.content if block.type == "tool_use"],
                "stop": {"end_turn": "end", "tool_use": "calls", "max_tokens": "length"}.get(message.stop_reason, message.stop_reason),
                "usage": {"prompt": used.input_tokens + read + written, "cached": read, "output": used.output_tokens,
                          "reasoning": details.thinking_tokens if details else None, "written": written}}

    def media(self, prompt):
        body = self.body([{"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": TABLE["png"]}},
                          {"type": "document", "source": {"type": "base64", "media_type": "application/pdf", "data": TABLE["pdf"]}}, {"type": "text", "text": prompt}])
        return self.see(self.client.messages.create(**body))

    def structured(self, prompt):
        message = self.client.messages.create(**self.body(prompt), output_config={"format": {"type": "json_schema", "schema": TABLE["schema"]}})
        return json.loads(message.content[-1].text)

    def loop(self, prompt, form):
        tools = [self.sdk.beta_tool(function) for function in FUNCTIONS.values()]
        runner = self.client.beta.messages.tool_runner(**self.body(prompt), tools=tools, stream=form == "streamed")
        if form == "whole":
            return self.see(runner.until_done())
        for stream in runner:
            last = stream.get_final_message()
        return self.see(last)

    def raised(self, error):
        return {"status": getattr(error, "status_code", None), "retry_after": error.response.headers.get("retry-after") if hasattr(error, "response") else None}

    def count(self):
        return self.client.messages.count_tokens(model=MODELS[self.dialect], messages=[{"role": "user", "content": "How many?"}]).input_tokens

    def models(self):
        return [model.id for model in self.client.models.list()]


class OpenAI:
    def __init__(self, url):
        import openai
        self.sdk, self.client = openai, openai.OpenAI(api_key=KEY, base_url=url + "/v1", max_retries=0, timeout=20)
        self.errors = (openai.APIError,)

    raised = Anthropic.raised

    def models(self):
        return [model.id for model in self.client.models.list()]


class OpenAIChat(OpenAI):
    dialect = "openai_chat"
    tools = [{"type": "function", "function": {"name": name, "description": DESCRIPTIONS[name], "parameters": schema}} for name, schema in SCHEMAS.items()]

    def ask(self, messages, form):
        body = {"model": MODELS[self.dialect], "max_tokens": TOKENS_WANTED, "reasoning_effort": "high", "tools": self.tools, "messages": messages}
        if form == "whole":
            return strictly(self.client.chat.completions.create(**body))
        with self.client.chat.completions.stream(**body, stream_options={"include_usage": True}) as stream:
            try:
                for event in stream:
                    pass
            except (self.sdk.LengthFinishReasonError, self.sdk.ContentFilterFinishReasonError):
                pass  # the SDK's accumulator names these endings, and has kept what came
            return stream.current_completion_snapshot

    def answer(self, prompt, form):
        return self.see(self.ask([{"role": "user", "content": prompt}], form))

    def see(self, completion):
        choice, used = completion.choices[0], completion.usage
        message = choice.message
        assert completion.id and completion.created and completion.model and len(completion.choices) == 1 and message.role == "assistant", completion
        refused = choice.finish_reason == "content_filter" or message.refusal
        return {"thinking": (message.model_extra or {}).get("reasoning_content") or "", "text": (message.content or "") + (message.refusal or ""),
                "calls": [[call.function.name, json.loads(call.function.arguments)] for call in message.tool_calls or []],
                "stop": "refusal" if refused else {"stop": "end", "tool_calls": "calls"}.get(choice.finish_reason, choice.finish_reason),
                "usage": {"prompt": used.prompt_tokens, "cached": used.prompt_tokens_details.cached_tokens, "output": used.completion_tokens,
                          "reasoning": used.completion_tokens_details.reasoning_tokens if used.completion_tokens_details else None,
                          "written": used.prompt_tokens_details.cache_write_tokens or 0}}

    def media(self, prompt):
        return self.see(self.ask([{"role": "user", "content": [
            {"type": "image_url", "image_url": {"url": "data:image/png;base64," + TABLE["png"]}},
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64," + TABLE["pdf"]}}, {"type": "text", "text": prompt}]}], "whole"))

    def structured(self, prompt):
        wanted = {"type": "json_schema", "json_schema": {"name": "told", "schema": TABLE["schema"], "strict": True}}
        completion = self.client.chat.completions.create(model=MODELS[self.dialect], messages=[{"role": "user", "content": prompt}], response_format=wanted)
        return json.loads(completion.choices[0].message.content)

    def loop(self, prompt, form):
        messages = [{"role": "user", "content": prompt}]
        while True:
            completion = self.ask(messages, form)
            message = completion.choices[0].message
            if not message.tool_calls:
                return self.see(completion)
            said = message.model_dump(exclude_none=True)
            for name in ("parsed", "annotations"):
                said.pop(name, None)
            for call in said["tool_calls"]:
                call.pop("index", None), call.pop("parsed_arguments", None), call["function"].pop("parsed_arguments", None)
            messages += [said] + [{"role": "tool", "tool_call_id": call.id, "content": FUNCTIONS[call.function.name](**json.loads(call.function.arguments))}
                                  for call in message.tool_calls]


class Failed(Exception):
    """The SDK shows a response that failed as an event, and raises nothing."""


class OpenAIResponses(OpenAI):
    dialect = "openai_responses"

    def __init__(self, url):
        super().__init__(url)
        self.errors += (Failed,)

    tools = [{"type": "function", "name": name, "description": DESCRIPTIONS[name], "parameters": schema, "strict": False} for name, schema in SCHEMAS.items()]

    def ask(self, items, form):
        body = {"model": MODELS[self.dialect], "max_output_tokens": TOKENS_WANTED, "reasoning": {"effort": "high", "summary": "auto"}, "store": False,
                "include": ["reasoning.encrypted_content"], "tools": self.tools, "input": items}
        if form == "whole":
            return strictly(self.client.responses.create(**body))
        kinds, snapshot = [], None
        with self.client.responses.stream(**body) as stream:
            for number, event in enumerate(stream):
                if event.type == "response.failed":
                    raise Failed(event.response.error.message)
                assert event.sequence_number == number, event
                kinds.append(event.type)
                if event.type in ("response.completed", "response.incomplete"):
                    snapshot = event.response
        assert kinds[:2] == ["response.created", "response.in_progress"] and snapshot and kinds[-1] in ("response.completed", "response.incomplete"), kinds
        return snapshot

    def answer(self, prompt, form):
        return self.see(self.ask([{"role": "user", "content": prompt}], form))

    def see(self, response):
        texts = [part for item in response.output if item.type == "message" for part in item.content]
        refusals = [part.refusal for part in texts if part.type == "refusal"]
        calls = [item for item in response.output if item.type == "function_call"]
        reason = response.incomplete_details.reason if response.incomplete_details else None
        assert response.status == ("incomplete" if reason else "completed") and response.object == "response" and response.id.startswith("resp_"), response
        ids = [item.id for item in response.output]
        assert all(ids) and len(set(ids)) == len(ids) and all(call.call_id for call in calls), ids
        used = response.usage
        return {"thinking": "".join(part.text for item in response.output if item.type == "reasoning" for part in item.summary),
                "text": "".join(part.text for part in texts if part.type == "output_text") + "".join(refusals),
                "calls": [[call.name, json.loads(call.arguments)] for call in calls],
                "stop": {"max_output_tokens": "length", "content_filter": "refusal"}.get(reason) or ("refusal" if refusals else "calls" if calls else "end"),
                "usage": {"prompt": used.input_tokens, "cached": used.input_tokens_details.cached_tokens, "output": used.output_tokens,
                          "reasoning": used.output_tokens_details.reasoning_tokens, "written": used.input_tokens_details.cache_write_tokens}}

    def media(self, prompt):
        return self.see(self.ask([{"role": "user", "content": [
            {"type": "input_image", "detail": "auto", "image_url": "data:image/png;base64," + TABLE["png"]},
            {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64," + TABLE["pdf"]}, {"type": "input_text", "text": prompt}]}], "whole"))

    def structured(self, prompt):
        wanted = {"format": {"type": "json_schema", "name": "told", "schema": TABLE["schema"], "strict": True}}
        return json.loads(self.client.responses.create(model=MODELS[self.dialect], input=prompt, text=wanted).output_text)

    def loop(self, prompt, form):
        items = [{"role": "user", "content": prompt}]
        while True:
            response = self.ask(items, form)
            calls = [item for item in response.output if item.type == "function_call"]
            if not calls:
                return self.see(response)
            items += [{name: value for name, value in item.model_dump(exclude_none=True).items() if name != "parsed_arguments"} for item in response.output]
            items += [{"type": "function_call_output", "call_id": call.call_id, "output": FUNCTIONS[call.name](**json.loads(call.arguments))} for call in calls]


class GenAI:
    dialect = "gemini"

    def __init__(self, url):
        from google import genai
        self.types = genai.types
        self.client = genai.Client(api_key=KEY, http_options=genai.types.HttpOptions(base_url=url, timeout=20_000))
        self.errors = (genai.errors.APIError,)

    def config(self, tools, **more):
        return self.types.GenerateContentConfig(max_output_tokens=TOKENS_WANTED, tools=tools, **more,
                                                thinking_config=self.types.ThinkingConfig(include_thoughts=True, thinking_budget=2048))

    def generate(self, prompt, form, config):
        if form == "whole":
            return [self.client.models.generate_content(model=MODELS[self.dialect], contents=prompt, config=config)]
        return list(self.client.models.generate_content_stream(model=MODELS[self.dialect], contents=prompt, config=config))

    def answer(self, prompt, form):
        declared = [self.types.FunctionDeclaration(name=name, description=DESCRIPTIONS[name], parameters_json_schema=schema) for name, schema in SCHEMAS.items()]
        off = self.types.AutomaticFunctionCallingConfig(disable=True)
        return self.see(self.generate(prompt, form, self.config([self.types.Tool(function_declarations=declared)], automatic_function_calling=off)))

    def see(self, responses):
        parts, finish = [], None
        for response in responses:
            for candidate in response.candidates or []:
                assert not finish, "a candidate behind the end: %s" % candidate
                parts += (candidate.content.parts or []) if candidate.content else []
                finish = candidate.finish_reason
            if response.prompt_feedback and response.prompt_feedback.block_reason:
                finish = self.types.FinishReason.SAFETY
        calls, used = [part.function_call for part in parts if part.function_call], responses[-1].usage_metadata
        assert responses[-1].model_version and responses[-1].response_id, responses[-1]
        assert used.total_token_count == used.prompt_token_count + used.candidates_token_count + (used.thoughts_token_count or 0), used
        stop = {"STOP": "calls" if calls else "end", "MAX_TOKENS": "length", "SAFETY": "refusal", "PROHIBITED_CONTENT": "refusal"}
        return {"thinking": "".join(part.text or "" for part in parts if part.thought), "text": "".join(part.text or "" for part in parts if not part.thought),
                "calls": [[call.name, call.args or {}] for call in calls], "stop": stop.get(finish.value if finish else None, str(finish)),
                "usage": {"prompt": used.prompt_token_count, "cached": used.cached_content_token_count or 0,
                          "output": used.candidates_token_count + (used.thoughts_token_count or 0), "reasoning": used.thoughts_token_count}}

    def media(self, prompt):
        parts = [self.types.Part.from_bytes(data=base64.b64decode(TABLE[name]), mime_type=kind) for name, kind in (("png", "image/png"), ("pdf", "application/pdf"))]
        return self.see(self.generate([*parts, prompt], "whole", self.config([])))

    def structured(self, prompt):
        config = self.types.GenerateContentConfig(response_mime_type="application/json", response_json_schema=TABLE["schema"])
        return json.loads(self.client.models.generate_content(model=MODELS[self.dialect], contents=prompt, config=config).text)

    def loop(self, prompt, form):
        answers = self.generate(prompt, form, self.config(list(FUNCTIONS.values())))
        # The SDK runs the calls itself; a stream has both answers.
        first_ends = [number for number, answer in enumerate(answers) if answer.candidates and answer.candidates[0].finish_reason]
        return self.see(answers[first_ends[-2] + 1:] if len(first_ends) > 1 else answers)

    def raised(self, error):
        headers = getattr(getattr(error, "response", None), "headers", None) or {}
        return {"status": error.code, "retry_after": headers.get("retry-after"), "word": error.status}

    def count(self):
        return self.client.models.count_tokens(model=MODELS[self.dialect], contents="How many?").total_tokens

    def models(self):
        return [model.name for model in self.client.models.list()]


CLIENTS = {"anthropic-python": Anthropic, "openai-chat-python": OpenAIChat, "openai-responses-python": OpenAIResponses, "genai-python": GenAI}


def say(asked, client, do, *arguments):
    try:
        out = {"seen": do(*arguments)}
    except client.errors as error:
        out = {"raised": {"class": type(error).__name__, "message": str(error)[:300], **client.raised(error)}}
    except Exception as error:  # what an SDK should never meet
        out = {"broke": "%s: %s" % (type(error).__name__, str(error)[:600])}
    print(json.dumps({**asked, **out}), flush=True)


def main():
    name = sys.argv[1]
    for upstream, url in json.loads(os.environ["PAIR_URLS"]).items():
        client = CLIENTS[name](url)
        for form in FORMS:
            def prompt(script):
                return "Please play %s for %s/%s/%s." % (script, name, script, form)
            for script in TABLE["answers"] + TABLE["errors"] + (TABLE["broken"] if form == "streamed" else []):
                say({"upstream": upstream, "form": form, "script": script}, client, client.answer, prompt(script), form)
            say({"upstream": upstream, "form": form, "script": "loop"}, client, client.loop, prompt("two-calls").replace("/two-calls/", "/loop/"), form)
        for script in ("structured", "media"):
            if script == "media" and upstream == client.dialect == "openai_chat":
                continue  # the provider's models see nothing, and nobody is there to say so
            say({"upstream": upstream, "form": "whole", "script": script}, client, getattr(client, script), "Please play %s for %s/%s/whole." % (
                "text" if script == "media" else script, name, script))
        for operation in ("count", "models"):
            if hasattr(client, operation):
                say({"upstream": upstream, "form": "whole", "script": operation}, client, getattr(client, operation))


if __name__ == "__main__":
    main()
