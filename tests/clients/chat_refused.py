"""What a Chat Completions endpoint refuses, as (status, body); no sockets in here.

OpenAI's types are the rule (npm `openai`, ChatCompletionCreateParams). With vendor "deepseek" those of
DeepSeek's thinking models: text only, its own members, and reasoning_content wanted back.
"""
import json
import re

from messages import KEY

MEMBERS = {
    "openai": {"messages", "model", "audio", "frequency_penalty", "logit_bias", "logprobs", "max_completion_tokens", "max_tokens",
               "metadata", "modalities", "n", "parallel_tool_calls", "prediction", "presence_penalty", "prompt_cache_key",
               "prompt_cache_retention", "reasoning_effort", "response_format", "safety_identifier", "seed", "service_tier", "stop",
               "store", "stream", "stream_options", "temperature", "tool_choice", "tools", "top_logprobs", "top_p", "user", "verbosity",
               "web_search_options"},
    "deepseek": {"messages", "model", "thinking", "reasoning_effort", "frequency_penalty", "max_tokens", "presence_penalty",
                 "response_format", "stop", "stream", "stream_options", "temperature", "top_p", "tools", "tool_choice", "logprobs",
                 "top_logprobs"}}
MESSAGE = {"system": {"role", "content", "name"}, "developer": {"role", "content", "name"}, "user": {"role", "content", "name"},
           "assistant": {"role", "content", "name", "tool_calls", "refusal", "audio"}, "tool": {"role", "content", "tool_call_id"}}
EFFORTS = {"none", "minimal", "low", "medium", "high", "xhigh", "max"}
DEEPSEEK_TOKENS_MAX = 8192
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
STATE_KEYS = {"signature", "thinking", "redacted_thinking", "cache_control", "tool_use_id", "input_schema"}


class Refused(Exception):
    def __init__(self, message, param=None, code=None):
        super().__init__(message)
        self.param, self.code = param, code


def need(good, message, param=None, code=None):
    if not good:
        raise Refused(message, param, code)


def error_body(message, type_="invalid_request_error", param=None, code=None):
    return json.dumps({"error": {"message": message, "type": type_, "param": param, "code": code}}).encode()


def refuse(head, request, raw, given, vendor="openai"):
    """(status, body, message) for what the provider refuses, None when it would take the request. `given`:
    id of a tool call -> the reasoning text that went out with it."""
    if head.all("authorization") != ["Bearer " + KEY] or head.all("x-api-key"):
        return 401, error_body("Incorrect API key provided", code="invalid_api_key"), "a foreign credential, or none"
    try:
        need(isinstance(request, dict), "We could not parse the JSON body of your request.")
        need(b"sb1." not in raw, "an envelope of reasoning state stands in the request", code="invalid_value")
        members(request, vendor)
        tools(request)
        history(request, given, vendor)
    except Refused as refused:
        return 400, error_body(str(refused), param=refused.param, code=refused.code), str(refused)
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        return 400, error_body("The request is malformed: %r" % error), repr(error)
    return None


def members(request, vendor):
    for name in request:
        need(name in MEMBERS[vendor], "Unrecognized request argument supplied: %s" % name, code="unknown_parameter")
    need(isinstance(request.get("model"), str) and request["model"], "you must provide a model parameter")
    reasons = bool(re.match(r"o\d|gpt-5", request["model"]))
    for name in ("max_tokens", "max_completion_tokens"):
        value = request.get(name, 1)
        need(isinstance(value, int) and value >= 1, "Invalid '%s': integer below minimum value." % name, name, "integer_below_min_value")
    need(not ("max_tokens" in request and (reasons or "max_completion_tokens" in request)),
         "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", "max_tokens",
         "unsupported_parameter")
    need(vendor != "deepseek" or request.get("max_tokens", 1) <= DEEPSEEK_TOKENS_MAX,
         "Invalid max_tokens value, the valid range of max_tokens is [1, %d]" % DEEPSEEK_TOKENS_MAX)
    for name, most in (("temperature", 2), ("top_p", 1)):
        value = request.get(name, 1)
        need(isinstance(value, (int, float)) and 0 <= value <= most, "Invalid '%s'" % name, name)
        need(not reasons or value == 1, "Unsupported value: '%s'" % name, name, "unsupported_value")
    need("stream_options" not in request or request.get("stream") is True,
         "The 'stream_options' parameter is only allowed when 'stream' is enabled.", "stream_options")
    need(set(request.get("stream_options", {})) <= {"include_usage", "include_obfuscation"}, "Unknown parameter", "stream_options")
    need(isinstance(request.get("stream", False), bool), "Invalid type for 'stream'", "stream")
    stop = request.get("stop", "x")
    need(isinstance(stop, str) and stop or isinstance(stop, list) and 1 <= len(stop) <= 4 and all(isinstance(s, str) and s for s in stop),
         "Invalid 'stop': array too long. Expected an array with maximum length 4", "stop")
    need(request.get("n", 1) == 1, "n")
    need(request.get("reasoning_effort", "low") in EFFORTS, "Invalid value: 'reasoning_effort'", "reasoning_effort")
    thinking = request.get("thinking", {"type": "enabled"})
    need(set(thinking) == {"type"} and thinking["type"] in ("enabled", "disabled"), "thinking: unknown variant", "thinking")
    need(not (thinking["type"] == "disabled" and request.get("reasoning_effort", "none") != "none"), "thinking is disabled", "reasoning_effort")
    need(len(request.get("safety_identifier", "")) <= 64, "safety_identifier", "safety_identifier")
    need(len(request.get("prompt_cache_key", "")) <= 64, "prompt_cache_key", "prompt_cache_key")
    need(request.get("service_tier", "auto") in ("auto", "default", "flex", "scale", "priority"), "service_tier", "service_tier")
    response_format(request.get("response_format", {"type": "text"}))


def response_format(wanted):
    need(wanted.get("type") in ("text", "json_object", "json_schema"), "Invalid value: response_format.type", "response_format")
    if wanted["type"] == "json_schema":
        schema = wanted.get("json_schema", {})
        need(set(wanted) == {"type", "json_schema"} and set(schema) <= {"name", "description", "schema", "strict"}, "Unknown parameter", "response_format")
        need(NAME.fullmatch(schema.get("name", "")), "Missing required parameter: 'response_format.json_schema.name'.", "response_format")
        need(not schema.get("strict") or is_strict(schema["schema"]), "Invalid schema for response_format: 'additionalProperties' is required to be "
             "supplied and to be false", "response_format")
    else:
        need(set(wanted) == {"type"}, "Unknown parameter", "response_format")


def is_strict(schema):
    """Whether strict mode takes the schema: every object is closed and has all its keys required."""
    if isinstance(schema, list):
        return all(map(is_strict, schema))
    if not isinstance(schema, dict):
        return True
    if "properties" in schema and (schema.get("additionalProperties") is not False or set(schema.get("required", [])) != set(schema["properties"])):
        return False
    return all(map(is_strict, schema.values()))


def tools(request):
    names = []
    if "tools" in request:
        need(isinstance(request["tools"], list) and 1 <= len(request["tools"]) <= 128, "Invalid 'tools': empty array.", "tools", "empty_array")
    for index, tool in enumerate(request.get("tools", [])):
        place = "tools[%d]" % index
        need(set(tool) == {"type", "function"} and tool["type"] == "function", "Unknown parameter: '%s'" % place, place, "unknown_parameter")
        function = tool["function"]
        need(set(function) <= {"name", "description", "parameters", "strict"}, "Unknown parameter: '%s.function'" % place, place, "unknown_parameter")
        need(NAME.fullmatch(function.get("name", "")), "Invalid '%s.function.name': string does not match pattern" % place, place, "invalid_value")
        names.append(function["name"])
        need(isinstance(function.get("description", ""), str), "Invalid type for '%s.function.description'" % place, place)
        schema = function.get("parameters", {"type": "object", "properties": {}})
        need(isinstance(schema, dict) and schema.get("type") == "object", "Invalid schema for function '%s': schema must be a JSON Schema of "
             "'type: \"object\"', got 'type: \"%s\"'." % (function["name"], schema.get("type")), place, "invalid_function_parameters")
        need(isinstance(schema.get("properties"), dict), "Invalid schema for function '%s': object schema missing properties." % function["name"],
             place, "invalid_function_parameters")
        need(not set(schema) & {"anyOf", "oneOf", "allOf", "enum", "not"}, "Invalid schema for function '%s': schema must not have "
             "'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top level." % function["name"], place, "invalid_function_parameters")
        need(not function.get("strict") or is_strict(schema), "Invalid schema for function '%s': strict" % function["name"], place)
    need(len(set(names)) == len(names), "Tool names must be unique.", "tools")
    choice = request.get("tool_choice")
    need(names or choice is None, "Invalid value for 'tool_choice': 'tool_choice' is only allowed when 'tools' are specified.", "tool_choice")
    need(names or "parallel_tool_calls" not in request, "'parallel_tool_calls' is only allowed when 'tools' are specified.", "parallel_tool_calls")
    if isinstance(choice, dict):
        need(set(choice) == {"type", "function"} and choice["function"].get("name") in names, "Tool choice not found in 'tools'", "tool_choice")
    else:
        need(choice in (None, "none", "auto", "required"), "Invalid value: 'tool_choice'", "tool_choice")


def history(request, given, vendor):
    entries = request.get("messages")
    need(isinstance(entries, list) and entries, "Invalid 'messages': empty array.", "messages", "empty_array")
    open_calls = []
    for index, entry in enumerate(entries):
        place, role = "messages[%d]" % index, entry.get("role")
        need(role in MESSAGE, "Invalid value: '%s'. Supported values are: 'system', 'assistant', 'user', 'tool', and 'developer'." % role, place)
        allowed = MESSAGE[role] | ({"reasoning_content"} if vendor == "deepseek" and role == "assistant" else set())
        need(set(entry) <= allowed, "Unknown parameter: '%s.%s'." % (place, sorted(set(entry) - allowed)), place, "unknown_parameter")
        need("content" in entry or "tool_calls" in entry, "Missing required parameter: '%s.content'." % place, place)
        if role == "tool":
            need(entry.get("tool_call_id") in open_calls, "Invalid parameter: messages with role 'tool' must be a response to a preceeding "
                 "message with 'tool_calls'.", place)
            open_calls.remove(entry["tool_call_id"])
        else:
            need(not open_calls, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id'. "
                 "The following tool_call_ids did not have response messages: %s" % open_calls, place)
        if role == "assistant" and "tool_calls" in entry:
            open_calls = check_calls(place, entry)
            check_reasoning(index, entry, given, vendor, request)
        check_content(place, entry, vendor)
        keys = keys_of(entry)
        need(not keys & STATE_KEYS, "Unknown parameter: '%s.%s'" % (place, sorted(keys & STATE_KEYS)), place, "unknown_parameter")
    need(not open_calls, "An assistant message with 'tool_calls' must be followed by tool messages responding to each 'tool_call_id': %s" % open_calls)


def keys_of(value):
    if isinstance(value, list):
        return set().union(*map(keys_of, value)) if value else set()
    if isinstance(value, dict):
        return set(value).union(*map(keys_of, value.values())) if value else set()
    return set()


def check_calls(place, entry):
    calls = entry["tool_calls"]
    need(isinstance(calls, list) and calls, "Invalid '%s.tool_calls': empty array." % place, place, "empty_array")
    for number, call in enumerate(calls):
        where = "%s.tool_calls[%d]" % (place, number)
        need(set(call) == {"id", "type", "function"} and call["type"] == "function", "Unknown parameter: '%s'" % where, where)
        need(isinstance(call["id"], str) and 1 <= len(call["id"]) <= 40, "Invalid '%s.id': string too long. Expected a string with maximum "
             "length 40, but got a string with length %d instead." % (where, len(call["id"])), where, "string_above_max_length")
        need(set(call["function"]) == {"name", "arguments"}, "Unknown parameter: '%s.function'" % where, where)
        need(NAME.fullmatch(call["function"]["name"]), "Invalid '%s.function.name'" % where, where)
        try:
            arguments = json.loads(call["function"]["arguments"])
        except ValueError:
            arguments = None
        need(isinstance(arguments, dict), "Invalid '%s.function.arguments': no JSON object" % where, where)
    ids = [call["id"] for call in calls]
    need(len(set(ids)) == len(ids), "Duplicate ids in '%s.tool_calls'" % place, place)
    return ids


def check_reasoning(index, entry, given, vendor, request):
    if vendor != "deepseek" or request.get("thinking", {}).get("type") == "disabled":
        return
    said = entry.get("reasoning_content")
    need(isinstance(said, str) and said, "Missing `reasoning_content` field in the assistant message at message index %d. For more information, "
         "please refer to the thinking mode guide" % index)
    for call in entry["tool_calls"]:
        wanted = given.get(call["id"], said)
        need(said == wanted, "the `reasoning_content` at message index %d is not the one that was given: %r, not %r" % (index, said, wanted))


def check_content(place, entry, vendor):
    role, content = entry["role"], entry.get("content")
    if content is None or content == "":
        need(role == "assistant" and "tool_calls" in entry or role == "tool" and content == "", "Invalid value for '%s.content': expected a string, got null." % place, place)
        return
    if isinstance(content, str):
        return
    need(isinstance(content, list) and content, "Invalid type for '%s.content'" % place, place)
    for number, part in enumerate(content):
        where, kind = "%s.content[%d]" % (place, number), part.get("type")
        allowed = {"text": {"type", "text"}, "image_url": {"type", "image_url"}, "file": {"type", "file"}, "refusal": {"type", "refusal"}}
        kinds = {"user": {"text", "image_url", "file"}, "assistant": {"text", "refusal"}}.get(role, {"text"})
        need(kind in (kinds if vendor == "openai" else {"text"}), "Invalid value: '%s'. %s: unknown variant" % (kind, where), where)
        need(set(part) == allowed[kind], "Unknown parameter: '%s.%s'" % (where, sorted(set(part) - allowed[kind])), where, "unknown_parameter")
        if kind == "text":
            need(isinstance(part["text"], str) and part["text"], "Invalid '%s.text': empty string" % where, where)
        if kind == "image_url":
            image = part["image_url"]
            need(set(image) <= {"url", "detail"} and re.match(r"https?://|data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$", image["url"]),
                 "Invalid image: '%s.image_url.url'" % where, where, "invalid_image_url")
        if kind == "file":
            file = part["file"]
            need(set(file) in ({"filename", "file_data"}, {"file_id"}), "Invalid file: '%s'" % where, where)
            need("file_data" not in file or file["file_data"].startswith("data:application/pdf;base64,"), "Invalid file_data: '%s'" % where, where)
