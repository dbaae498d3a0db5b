"""What Responses and Gemini must refuse, as changes of requests that they take, for refusals.py."""
import copy
import json

import gemini
import gemini_refused
import messages
import responses
import responses_refused
import turns
import wire

TURN = turns.first("Bash")
SCHEMA = {"type": "object", "properties": {"command": {"type": "string"}}, "required": ["command"]}


def put(*path):
    """A change of a request: the last of `path` is put where the others lead; None there takes away, "+" appends."""
    *steps, key, value = path

    def change(request):
        for step in steps:
            request = request[step]
        if key == "+":
            request.append(value)
        elif value is None:
            del request[key]
        else:
            request[key] = value

    return change


THOUGHT, SAID, CALL = responses.items_for(TURN, 1)
RESPONSES_GIVEN = {THOUGHT["id"]: THOUGHT}
RESULT = {"type": "function_call_output", "call_id": CALL["call_id"], "output": "x"}
FUNCTION = {"type": "function", "name": "Bash", "description": "d", "parameters": SCHEMA, "strict": False}
RESPONSES_REQUEST = {"model": "gpt-5", "store": False, "stream": True, "include": ["reasoning.encrypted_content"], "instructions": "s", "tools": [FUNCTION],
                     "input": [{"role": "user", "content": "hi"}, THOUGHT, SAID, CALL, RESULT]}
OTHER = responses.items_for(TURN, 2)[0]
RESPONSES = [
    ("a member of Chat's", put("messages", [])), ("a member of Anthropic's", put("top_k", 5)), ("temperature of a reasoning model", put("temperature", 1)),
    ("another type", put("store", "no")), ("5 tokens of output", put("max_output_tokens", 5)), ("a response that is not stored", put("previous_response_id", "resp_1")),
    ("an effort that is none", put("reasoning", {"effort": "ultra"})), ("a member of reasoning", put("reasoning", {"budget": 5})), ("an include that is none", put("include", ["x"])),
    ("a tool of Chat's", put("tools", 0, {"type": "function", "function": {"name": "Bash"}})), ("a tool without strict", put("tools", 0, "strict", None)),
    ("strict and open", put("tools", 0, "strict", True)), ("a tool's name with a dot", put("tools", 0, "name", "a.b")), ("cache_control", put("tools", 0, "cache_control", {})),
    ("a union of parameters", put("tools", 0, "parameters", {"type": "object", "properties": {}, "anyOf": []})), ("parameters without properties", put("tools", 0, "parameters", {"type": "object"})),
    ("a choice of Chat's", put("tool_choice", {"type": "function", "function": {"name": "Bash"}})), ("a choice of no tool", put("tool_choice", {"type": "function", "name": "x"})),
    ("a role that is none", put("input", 0, "role", "tool")), ("an empty text", put("input", 0, "content", "")), ("a part of Chat's", put("input", 0, "content", [{"type": "text", "text": "x"}])),
    ("a part of another role", put("input", 2, "content", [{"type": "input_text", "text": "x"}])), ("a member in a part", put("input", 0, "content", [{"type": "input_text", "text": "x", "cache_control": {}}])),
    ("an image that is none", put("input", 0, "content", [{"type": "input_image", "image_url": "data:text/plain;base64,AAAA"}])), ("an item that is none", put("input", 3, "type", "tool_use")),
    ("an item's id of Anthropic's", put("input", 3, "id", "toolu_1")), ("a call's id of 65", put("input", 3, "call_id", "a" * 65)), ("arguments that are no object", put("input", 3, "arguments", "[]")),
    ("a reference to an item", put("input", "+", {"type": "item_reference", "id": CALL["id"]})), ("a call without result", put("input", 4, None)), ("a result of no call", put("input", 4, "call_id", "call_2")),
    ("a result twice", put("input", "+", RESULT)), ("a result before its call", lambda request: request["input"].insert(1, RESULT)), ("reasoning that leads to nothing", put("input", "+", THOUGHT)),
    ("foreign reasoning", put("input", 1, {**THOUGHT, "id": "rs_x"})), ("another's encrypted reasoning", put("input", 1, "encrypted_content", OTHER["encrypted_content"])),
    ("reasoning as it was at its item's beginning", put("input", 1, "encrypted_content", THOUGHT["encrypted_content"][:40])), ("reasoning without it", put("input", 1, "encrypted_content", None)),
    ("another summary", put("input", 1, "summary", [])), ("reasoning with content", put("input", 1, "content", [{"type": "reasoning_text", "text": "x"}])), ("an envelope", put("input", 0, "content", "sb1.x")),
]

PARTS = gemini.parts_for(TURN, 1)
GEMINI_GIVEN = {part["thoughtSignature"]: part for part in PARTS if "thoughtSignature" in part}
DECLARED = {"name": "Bash", "description": "d", "parameters": SCHEMA}
ANSWERED = {"functionResponse": {"name": "Bash", "response": {"result": "x"}}}
GEMINI_REQUEST = {"systemInstruction": {"parts": [{"text": "s"}]}, "tools": [{"functionDeclarations": [DECLARED]}], "generationConfig": {"maxOutputTokens": 4000},
                  "contents": [{"role": "user", "parts": [{"text": "hi"}]}, {"role": "model", "parts": PARTS[1:]}, {"role": "user", "parts": [ANSWERED]}]}
PARAMETERS, CONFIG = ("tools", 0, "functionDeclarations", 0, "parameters"), ("generationConfig",)
CALLED = ("contents", 1, "parts", 1)
GEMINI = [
    ("a member of Chat's", put("messages", [])), ("a member of OpenAI's in the configuration", put(*CONFIG, "max_tokens", 5)), ("another type", put(*CONFIG, "topK", "5")),
    ("a budget and a level", put(*CONFIG, "thinkingConfig", {"thinkingBudget": 1024, "thinkingLevel": "LOW"})), ("a level that is none", put(*CONFIG, "thinkingConfig", {"thinkingLevel": "XHIGH"})),
    ("a budget of 0 of a pro model", put(*CONFIG, "thinkingConfig", {"thinkingBudget": 0})), ("six stops", put(*CONFIG, "stopSequences", list("abcdef"))), ("a schema without JSON", put(*CONFIG, "responseSchema", {"type": "OBJECT"})),
    *[("%s in parameters" % name, put(*PARAMETERS, name, value)) for name, value in (("additionalProperties", False), ("$schema", "x"), ("$defs", {}), ("oneOf", []), ("const", 1), ("patternProperties", {}))],
    *[("%s in a property" % json.dumps(value), put(*PARAMETERS, "properties", "command", value)) for value in (
        {"type": "integer", "exclusiveMinimum": 0}, {"const": "x"}, {"$ref": "#/x"}, {"type": ["string", "null"]}, {"type": "integer", "enum": [1]}, {"type": "array"}, {"description": "x"}, {"type": "string", "format": "uri"})],
    ("what is required and not there", put(*PARAMETERS, "required", ["x"])), ("two kinds of parameters", put("tools", 0, "functionDeclarations", 0, "parametersJsonSchema", SCHEMA)),
    ("a tool of OpenAI's", put("tools", 0, {"type": "function"})), ("a name that begins with a digit", put("tools", 0, "functionDeclarations", 0, "name", "1a")), ("a tool twice", put("tools", 0, "functionDeclarations", "+", DECLARED)),
    ("a mode that is none", put("toolConfig", {"functionCallingConfig": {"mode": "REQUIRED"}})), ("names without ANY", put("toolConfig", {"functionCallingConfig": {"allowedFunctionNames": ["Bash"]}})),
    ("a role of OpenAI's", put("contents", 1, "role", "assistant")), ("two turns of the user's", put("contents", "+", {"role": "user", "parts": [{"text": "x"}]})),
    ("two turns of the model's", lambda request: request["contents"].insert(1, {"role": "model", "parts": [{"text": "x"}]})), ("the model's turn last", put("contents", "+", {"role": "model", "parts": [{"text": "x"}]})),
    ("a turn without parts", put("contents", 0, "parts", [])), ("an empty text", put("contents", 0, "parts", 0, "text", "")), ("an empty part", put("contents", 0, "parts", 0, {})),
    ("two data in a part", put(*CALLED, "text", "x")), ("a member in a part", put("contents", 0, "parts", 0, "cache_control", {})), ("a call without result", put("contents", 2, "parts", [{"text": "x"}])),
    ("two results of one call", put("contents", 2, "parts", "+", ANSWERED)), ("another's result", put("contents", 2, "parts", 0, "functionResponse", "name", "x")),
    ("a result with an id of its own", put("contents", 2, "parts", 0, "functionResponse", "id", "call_1")), ("a result that is no object", put("contents", 2, "parts", 0, "functionResponse", "response", "x")),
    ("a call without its signature", put(*CALLED, "thoughtSignature", None)), ("a foreign signature", put(*CALLED, "thoughtSignature", messages.signature(3))),
    ("a signature on another part", put("contents", 1, "parts", 0, "thoughtSignature", PARTS[2]["thoughtSignature"])), ("a signed call with other arguments", put(*CALLED, "functionCall", "args", {})),
    ("an envelope", put("contents", 0, "parts", 0, "text", "sb1.x")),
]


def of_responses(request):
    head = wire.Message("POST /v1/responses HTTP/1.1", [("authorization", "Bearer " + messages.KEY)], b"", b"")
    return responses_refused.refuse(head, request, json.dumps(request).encode(), RESPONSES_GIVEN)


def of_gemini(request):
    head = wire.Message("POST /v1beta/models/gemini-3-pro:generateContent HTTP/1.1", [("x-goog-api-key", messages.KEY)], b"", b"")
    return gemini_refused.refuse(head, "gemini-3-pro", request, json.dumps(request).encode(), GEMINI_GIVEN)


# (provider, what refuses, a request that it takes, changes)
VECTORS = [("Responses", of_responses, copy.deepcopy(RESPONSES_REQUEST), RESPONSES), ("Gemini", of_gemini, copy.deepcopy(GEMINI_REQUEST), GEMINI)]
