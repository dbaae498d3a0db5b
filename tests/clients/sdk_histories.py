"""Requests as the types of the official SDKs allow them, with histories that hold together: results answer calls, and who may
choose a tool has one. `REQUESTS` has a function for each dialect."""
import json
import re
import typing

import httpx2
from anthropic.types import message_create_params
from google import genai
from google.genai import types as gemini_types
from openai.types.chat import completion_create_params
from openai.types.responses import response_create_params

from sdk_types import Values


def hints(kind):
    return typing.get_type_hints(kind, include_extras=True)


def leaves_of_union(kind):
    """The records of a union of whatever depth."""
    if Values.is_record(kind):
        return [kind]
    return [record for arg in typing.get_args(kind) for record in leaves_of_union(arg)]


def records_by(kind, member, values):
    """The records of a list's union by the word that `member` has."""
    found = {}
    for record in leaves_of_union(kind):
        if not values.is_answer(record):
            word = typing.get_args(hints(record).get(member, typing.Any))
            while word and not isinstance(word[0], str):
                word = typing.get_args(word[0])
            found.setdefault(word[0] if word else "", record)
    return found


def settle_choice(request, names):
    """Lets `tool_choice` name tools that there are; without any there is nothing to choose."""
    choice = request.get("tool_choice")
    if choice is None:
        return
    if not names:
        del request["tool_choice"]
    elif isinstance(choice, dict):
        for holder in (choice, choice.get("function"), choice.get("custom")):
            if isinstance(holder, dict) and "name" in holder:
                holder["name"] = names[0]


def settle_files(value):
    """A file has its data or its name in the provider's store, not both."""
    if isinstance(value, dict):
        for one in ("file_data", "file_url", "image_url"):
            if isinstance(value.get(one), str):
                for other in {"file_data", "file_url", "file_id"} - {one}:
                    value.pop(other, None)
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        settle_files(inner)


def some(values, kinds, count=(1, 2)):
    return [values.random.choice(kinds) for _ in range(values.random.randint(*count))]


def anthropic(values):
    kind = message_create_params.MessageCreateParamsNonStreaming
    request = values.record(kind, leave_out=("messages", "model", "user_profile_id", "workspace_id"))
    request["model"] = "m"
    names = [tool["name"] for tool in request.get("tools", []) if "input_schema" in tool]
    if (request.get("tool_choice") or {}).get("type") != "tool":
        names = [tool.get("name") or tool["type"] for tool in request.get("tools", [])]
    settle_choice(request, names)
    blocks = records_by(hints(records_by(hints(kind)["messages"], "role", values)["user"])["content"], "type", values)
    say = lambda word, **more: {**values.record(blocks[word], 3), **more}
    user = ["text", "image", "document", "search_result", "container_upload"]
    hosted = {word: blocks[word] for word in blocks if word.endswith("_tool_result")}
    messages = []
    for _ in range(values.random.randint(0, 2)):
        messages.append({"role": "user", "content": values.text() if values.random.random() < 0.3 else [say(word) for word in some(values, user)]})
        said, answers = [], []
        for word in some(values, ["text", "thinking", "redacted_thinking", "tool_use", "server_tool_use"], (1, 3)):
            said.append(say(word))
            if word in ("tool_use", "server_tool_use"):
                said[-1]["id"] = values.text(prefix="toolu_" if word == "tool_use" else "srvtoolu_")
            if word == "tool_use":
                answers.append(say("tool_result", tool_use_id=said[-1]["id"]))
            if word == "server_tool_use":
                result = said[-1]["name"] + "_tool_result"
                result = "tool_search_tool_result" if result.startswith("tool_search") else result
                said.append(say(result if result in hosted else "web_search_tool_result", tool_use_id=said[-1]["id"]))
        messages.append({"role": "assistant", "content": said})
        if answers:
            messages.append({"role": "user", "content": answers})
    messages.append({"role": "user", "content": [say(word) for word in some(values, user)]})
    request["messages"] = messages
    return request


def openai_chat(values):
    kind = completion_create_params.CompletionCreateParamsNonStreaming
    request = values.record(kind, leave_out=("messages", "model", "stream_options"))
    request["model"] = "m"
    if "tools" in request:
        request.pop("functions", None)
        request.pop("function_call", None)
    if "functions" not in request:
        request.pop("function_call", None)
    elif isinstance(request.get("function_call"), dict):
        request["function_call"]["name"] = request["functions"][0]["name"]
    tools = request.get("tools", [])
    if isinstance(request.get("tool_choice"), dict) and request["tool_choice"]["type"] == "allowed_tools":
        request["tool_choice"]["allowed_tools"]["tools"] = [
            {"type": tool["type"], tool["type"]: {"name": tool[tool["type"]]["name"]}} for tool in tools[:1]]
    if isinstance(request.get("tool_choice"), dict) and tools:
        if request["tool_choice"]["type"] in ("function", "custom"):
            word = tools[0]["type"]
            request["tool_choice"] = {"type": word, word: {"name": tools[0][word]["name"]}}
    elif not tools:
        request.pop("tool_choice", None)
    if not tools and "functions" not in request:
        request.pop("parallel_tool_calls", None)
    if "max_completion_tokens" in request:
        request.pop("max_tokens", None)
    if "top_logprobs" in request:
        request["logprobs"] = True
    roles = records_by(hints(kind)["messages"], "role", values)
    say = lambda role, **more: {**values.record(roles[role], 2), **more}
    messages = [say(role) for role in some(values, ["system", "developer"], (0, 1))]
    for _ in range(values.random.randint(0, 2)):
        messages.append(say("user"))
        said = say("assistant")
        if "tool_calls" in said:
            said.pop("function_call", None)
        if not said.get("tool_calls") and not said.get("function_call"):
            said.setdefault("content", values.text())
        messages.append(said)
        for call in said.get("tool_calls", []):
            call["id"] = values.text(prefix="call_")
            messages.append(say("tool", tool_call_id=call["id"]))
        if said.get("function_call"):
            messages.append(say("function", name=said["function_call"]["name"]))
        messages += [say(role) for role in some(values, ["system", "developer"], (0, 1)) if values.random.random() < 0.2]
    request["messages"] = [*messages, say("user")]
    settle_files(request)
    return request


# What answers a call, by the call's type.
ANSWERS = {"function_call": "function_call_output", "custom_tool_call": "custom_tool_call_output", "computer_call": "computer_call_output",
           "local_shell_call": "local_shell_call_output", "shell_call": "shell_call_output", "apply_patch_call": "apply_patch_call_output"}
# Of the dialect's own store or its own endpoint: a single one makes a request that is answered with a 400 alone.
STORED = ("previous_response_id", "conversation", "prompt", "background")


def openai_responses(values):
    kind = response_create_params.ResponseCreateParamsNonStreaming
    stored = [name for name in STORED if values.random.random() > 0.02]
    request = values.record(kind, leave_out=("input", "model", "stream_options", *stored))
    request["model"] = "m"
    tools = request.get("tools", [])
    named = [tool for tool in tools if tool["type"] in ("function", "custom")]
    choice = request.get("tool_choice")
    if isinstance(choice, dict) and choice["type"] in ("function", "custom"):
        request["tool_choice"] = {"type": named[0]["type"], "name": named[0]["name"]} if named else "auto"
    if isinstance(choice, dict) and choice["type"] == "allowed_tools":
        choice["tools"] = [{"type": tool["type"], "name": tool["name"]} for tool in named[:1]]
        if not named:
            del request["tool_choice"]
    if not tools:
        request.pop("tool_choice", None)
    if not named:
        request.pop("parallel_tool_calls", None)
    items = records_by(hints(kind)["input"], "type", values)
    say = lambda word, **more: {**values.record(items[word], 2, keep=("type",)), **more}
    user = lambda: say("message", role=values.random.choice(["user", "system", "developer", "user"]))
    loose = [word for word in items if word and word not in (*ANSWERS, *ANSWERS.values(), "message", "item_reference", "compaction")]
    if values.random.random() < 0.02:
        loose += ["item_reference", "compaction"]
    said = [user()]
    for _ in range(values.random.randint(0, 2)):
        if values.random.random() < 0.7:
            said.append(say(values.random.choice([*loose, "reasoning", "reasoning"])))
        calls = [say(word, call_id=values.text(prefix="call_")) for word in some(values, [*ANSWERS, "function_call", "function_call"])]
        said += calls
        said += [say(ANSWERS[call["type"]], call_id=call["call_id"]) for call in calls]
        said += [{"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": values.text(), "annotations": []}]}, user()]
    request["input"] = said
    settle_files(request)
    return request


def sent_by_gemini(contents, config, vertex):
    """The body that google-genai makes of it. What it refuses to send to an endpoint is left out, by the name that it says."""
    sent = []
    answer = lambda request: sent.append(request.content) or httpx2.Response(200, json={"candidates": []})
    options = gemini_types.HttpOptions(client_args={"transport": httpx2.MockTransport(answer)})
    client = genai.Client(api_key="k", vertexai=vertex, http_options=options)
    while not sent:
        try:
            client.models.generate_content(model="m", contents=contents, config=config)
        except ValueError as refused:
            name = str(refused).split(" ")[0]
            names = (name, re.sub("([A-Z])", r"_\1", name).lower())
            if not sum(without(where, each) for where in (contents, config) for each in names):
                raise
    return json.loads(sent[0])


def without(value, name):
    """Takes every member `name` out of `value`; gives how many there were."""
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else []
    own = 1 if isinstance(value, dict) and value.pop(name, None) is not None else 0
    return own + sum(without(each, name) for each in list(inner))


def gemini(values):
    unsent = ("http_options", "should_return_http_response", "automatic_function_calling", "automatic_continuation", "continuation_token",
              "tools", "system_instruction", "response_schema", "speech_config", "image_config")
    config = {**values.record(gemini_types.GenerateContentConfig, leave_out=unsent), "automatic_function_calling": {"disable": True}}
    part = hints(gemini_types.Part)
    beside = {"inline_data": ("video_metadata", "media_resolution"), "file_data": ("video_metadata", "media_resolution"),
              "text": (), "function_call": ("thought_signature",), "function_response": ()}

    def say(word, **more):
        out = {word: values.of(part[word], word, 3), **more}
        for name in (*beside.get(word, ()), "part_metadata"):
            if values.random.random() < 0.15:
                out[name] = values.of(part[name], name, 3)
        return out

    if values.random.random() < 0.4:
        config["system_instruction"] = {"parts": [say("text")]}
    if values.random.random() < 0.5:
        config["tools"] = [values.record(gemini_types.Tool, 1, leave_out=("mcp_servers",)) for _ in range(values.random.randint(1, 2))]
    if values.random.random() < 0.2:
        config["response_schema"], config["response_mime_type"] = values.record(gemini_types.Schema, 5), "application/json"
        config.pop("response_json_schema", None)
    for tool in config.get("tools", [])[1:]:  # each of Google's own once
        for name in set(tool) - {"function_declarations"}:
            del tool[name]
    for tool in config.get("tools", []):
        if "google_search" in tool:
            tool.pop("google_search_retrieval", None)
        for function in tool.get("function_declarations", []):
            if "parameters_json_schema" in function:
                function.pop("parameters", None)
    config["tools"] = [tool for tool in config.get("tools", []) if tool]
    names = [each["name"] for tool in config.get("tools", []) for each in tool.get("function_declarations", [])]
    calling = config.get("tool_config", {}).get("function_calling_config", {})
    if "allowed_function_names" in calling:
        calling["allowed_function_names"] = names[:1]
    contents = []
    for _ in range(values.random.randint(0, 2)):
        contents.append({"role": "user", "parts": [say(word) for word in some(values, ["text", "inline_data", "file_data"])]})
        said = [say(word) for word in some(values, ["text", "function_call", "function_call", "executable_code"])]
        if values.random.random() < 0.3:
            said.insert(0, {"text": values.text(), "thought": True})
        said += [say("code_execution_result") for each in said if "executable_code" in each]
        calls = [each["function_call"] for each in said if "function_call" in each]
        for call in calls:
            call["name"] = values.text()
        contents.append({"role": "model", "parts": said})
        answers = [say("function_response") for _ in calls]
        for call, answer in zip(calls, answers):
            answer["function_response"]["name"] = call["name"]
            answer["function_response"].pop("id", None)
            if "id" in call:
                answer["function_response"]["id"] = call["id"]
        if answers:
            contents.append({"role": "user", "parts": answers})
    contents.append({"role": "user", "parts": [say(word) for word in some(values, ["text", "inline_data", "file_data"])]})
    return sent_by_gemini(contents, config, values.random.random() < 0.5)


REQUESTS = {"anthropic": anthropic, "openai": openai_chat, "openai_responses": openai_responses, "gemini": gemini}
