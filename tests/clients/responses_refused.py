"""What OpenAI's Responses endpoint refuses, as (status, body, message); no sockets in here.

The SDK's types are the rule (npm `openai`, ResponseCreateParams): members and their types, ids that fit their items, calls and
results that pair, and reasoning that comes back as this upstream gave it out or not at all.
"""
import json
import re

from chat_refused import EFFORTS, NAME, Refused, is_strict, need
from messages import KEY
from responses import error_body

MEMBERS = {"background": bool, "context_management": list, "conversation": (str, dict), "include": list, "input": (str, list), "instructions": str,
           "max_output_tokens": int, "max_tool_calls": int, "metadata": dict, "model": str, "parallel_tool_calls": bool, "previous_response_id": str,
           "prompt": dict, "prompt_cache_key": str, "prompt_cache_retention": str, "reasoning": dict, "safety_identifier": str, "service_tier": str,
           "store": bool, "stream": bool, "stream_options": dict, "temperature": (int, float), "text": dict, "tool_choice": (str, dict), "tools": list,
           "top_logprobs": int, "top_p": (int, float), "truncation": str, "user": str,
           "client_metadata": dict}  # Codex's own, in no type
ENUMS = {"service_tier": {"auto", "default", "flex", "scale", "priority"}, "truncation": {"auto", "disabled"}, "prompt_cache_retention": {"in_memory", "24h"}}
INCLUDE = {"file_search_call.results", "web_search_call.results", "web_search_call.action.sources", "message.input_image.image_url",
           "computer_call_output.output.image_url", "code_interpreter_call.outputs", "reasoning.encrypted_content", "message.output_text.logprobs"}
ENCRYPTED = "reasoning.encrypted_content"
FUNCTION = {"type", "name", "description", "parameters", "strict", "allowed_callers", "async", "defer_loading", "output_schema"}
TOOLS = {"function": FUNCTION, "custom": {"type", "name", "description", "format", "allowed_callers", "async", "defer_loading"},
         "namespace": {"type", "name", "description", "tools"}, "tool_search": {"type", "description", "execution", "parameters"},
         "web_search": {"type", "external_web_access", "filters", "search_context_size", "user_location"}}
ITEMS = {"message": {"id", "role", "content", "status", "phase"}, "function_call": {"id", "call_id", "name", "arguments", "status", "namespace", "caller", "async"},
         "function_call_output": {"id", "call_id", "output", "status", "caller", "name", "namespace"},
         "custom_tool_call": {"id", "call_id", "name", "input", "namespace", "caller", "async"}, "custom_tool_call_output": {"id", "call_id", "output", "caller"},
         "reasoning": {"id", "summary", "content", "encrypted_content", "status"}, "web_search_call": {"id", "status", "action"}, "item_reference": {"id"}}
PREFIX = {"message": "msg", "function_call": "fc", "function_call_output": "fc", "custom_tool_call": "ctc", "custom_tool_call_output": "ctc", "reasoning": "rs",
          "web_search_call": "ws"}
PARTS = {"input_text": {"text"}, "input_image": {"image_url", "file_id", "detail"}, "input_file": {"file_data", "file_id", "file_url", "filename", "detail"},
         "output_text": {"text", "annotations", "logprobs"}, "refusal": {"refusal"}}
IN_ROLE = {"user": {"input_text", "input_image", "input_file"}, "system": {"input_text"}, "developer": {"input_text"}, "assistant": {"output_text", "refusal"}}
STATUSES = {"in_progress", "completed", "incomplete", None}
INPUT_CHARACTERS_MAX = 10 << 20


def refuse(head, request, raw, given):
    """(status, body, message) for what OpenAI refuses, None when it would take the request. `given`: id of a reasoning item that
    went out -> the item."""
    if head.all("authorization") != ["Bearer " + KEY] or head.all("x-api-key") or head.all("x-goog-api-key"):
        return 401, error_body(401, "Incorrect API key provided", code="invalid_api_key"), "a foreign credential, or none"
    try:
        need(isinstance(request, dict), "We could not parse the JSON body of your request.")
        need(b"sb1." not in raw, "an envelope of reasoning state stands in the request", code="invalid_value")
        members(request)
        names = tools(request.get("tools") or [])
        choice(request, names)
        if isinstance(request["input"], list):
            history(request["input"], given)
    except Refused as refused:
        return 400, error_body(400, str(refused), param=refused.param, code=refused.code), str(refused)
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        return 400, error_body(400, "The request is malformed: %r" % error), "malformed: %r" % error
    return None


def known(place, value, allowed):
    need(set(value) <= set(allowed), "Unknown parameter: '%s.%s'." % (place, sorted(set(value) - set(allowed))), place, "unknown_parameter")


def members(request):
    for name, value in request.items():
        need(name in MEMBERS, "Unknown parameter: '%s'." % name, name, "unknown_parameter")
        right = isinstance(value, MEMBERS[name]) and not (isinstance(value, bool) and MEMBERS[name] != bool)
        need(value is None or right, "Invalid type for '%s'." % name, name, "invalid_type")
        need(value is None or name not in ENUMS or value in ENUMS[name], "Invalid value: '%s'." % name, name, "invalid_value")
    need(request.get("model"), "Missing required parameter: 'model'.", "model")
    need(request.get("input"), "Missing required parameter: 'input'.", "input")
    reasons = bool(re.match(r"o\d|gpt-5", request["model"]))
    for name, most in (("temperature", 2), ("top_p", 1)):
        value = request.get(name)
        need(value is None or not reasons, "Unsupported parameter: '%s' is not supported with this model." % name, name)
        need(value is None or 0 <= value <= most, "Invalid '%s'" % name, name)
    need((request.get("max_output_tokens") or 16) >= 16, "Invalid 'max_output_tokens': integer below minimum value.", "max_output_tokens")
    need(set(request.get("include") or []) <= INCLUDE, "Invalid value: 'include'", "include")
    need(ENCRYPTED not in (request.get("include") or []) or reasons, "Encrypted content is not supported with this model.", "include")
    reasoning = request.get("reasoning") or {}
    known("reasoning", reasoning, {"context", "effort", "generate_summary", "mode", "summary"})
    need(not reasoning or reasons, "Unsupported parameter: 'reasoning' is not supported with this model.", "reasoning")
    need(reasoning.get("effort") in EFFORTS | {None}, "Invalid value: 'reasoning.effort'", "reasoning.effort")
    need(reasoning.get("summary") in ("auto", "concise", "detailed", None), "Invalid value: 'reasoning.summary'", "reasoning.summary")
    text = request.get("text") or {}
    known("text", text, {"format", "verbosity"})
    need(text.get("verbosity") in ("low", "medium", "high", None), "Invalid value: 'text.verbosity'", "text.verbosity")
    text_format(text.get("format") or {"type": "text"})
    known("stream_options", request.get("stream_options") or {}, {"include_obfuscation"})
    need(not request.get("stream_options") or request.get("stream"), "'stream_options' is only allowed when 'stream' is enabled.", "stream_options")
    for name in ("prompt_cache_key", "safety_identifier"):
        need(len(request.get(name) or "") <= 64, "Invalid '%s': string too long." % name, name, "string_above_max_length")
    need(not request.get("previous_response_id"), "Previous response with id '%s' not found." % request.get("previous_response_id"), "previous_response_id",
         "previous_response_not_found")


def text_format(wanted):
    kind = wanted.get("type")
    need(kind in ("text", "json_object", "json_schema"), "Invalid value: 'text.format.type'.", "text.format")
    known("text.format", wanted, {"type", "name", "schema", "description", "strict"} if kind == "json_schema" else {"type"})
    if kind == "json_schema":
        need(NAME.fullmatch(wanted.get("name") or ""), "Missing required parameter: 'text.format.name'.", "text.format.name")
        need(isinstance(wanted.get("schema"), dict), "Missing required parameter: 'text.format.schema'.", "text.format.schema")
        need(not wanted.get("strict") or is_strict(wanted["schema"]), "Invalid schema for response_format: 'additionalProperties' is required to be false", "text.format")


def tools(declared, inside=None):
    """The names that a tool choice may name."""
    names = []
    for index, tool in enumerate(declared):
        place, kind = "%stools[%d]" % (inside or "", index), tool.get("type")
        need(kind in (("function", "custom") if inside else TOOLS), "Invalid value: '%s'. %s.type" % (kind, place), place, "invalid_value")
        known(place, tool, TOOLS[kind])
        if kind in ("web_search", "tool_search"):
            continue
        need(NAME.fullmatch(tool.get("name") or ""), "Invalid '%s.name': string does not match pattern." % place, place, "invalid_value")
        names.append(tool["name"])
        need(isinstance(tool.get("description") or "", str), "Invalid type for '%s.description'." % place, place)
        if kind == "namespace":
            need(tool.get("tools") and tool.get("description"), "Missing required parameter: '%s.tools'." % place, place)
            tools(tool["tools"], place + ".")
        if kind == "function":
            need(inside or {"strict", "parameters"} <= set(tool), "Missing required parameter: '%s.strict'." % place, place)
            schema = tool.get("parameters") or {"type": "object", "properties": {}}
            need(isinstance(schema, dict) and schema.get("type") == "object", "Invalid schema for function '%s': schema must be a JSON Schema of 'type: "
                 "\"object\"'." % tool["name"], place, "invalid_function_parameters")
            need(isinstance(schema.get("properties"), dict), "Invalid schema for function '%s': object schema missing properties." % tool["name"], place)
            need(not set(schema) & {"anyOf", "oneOf", "allOf", "enum", "not"}, "Invalid schema for function '%s': schema must not have 'oneOf'/'anyOf'/'allOf'"
                 "/'enum'/'not' at the top level." % tool["name"], place, "invalid_function_parameters")
            need(not tool.get("strict") or is_strict(schema), "Invalid schema for function '%s': strict" % tool["name"], place)
    need(len(set(names)) == len(names), "Tool names must be unique.", "tools")
    return names


def choice(request, names):
    wanted = request.get("tool_choice")
    need(request.get("tools") or wanted in (None, "auto", "none"), "Tool choice '%s' must be specified with 'tools' parameter." % wanted, "tool_choice")
    if isinstance(wanted, dict):
        need(wanted.get("type") in ("function", "custom", "allowed_tools", "web_search"), "Invalid value: 'tool_choice.type'", "tool_choice")
        need(wanted["type"] not in ("function", "custom") or set(wanted) == {"type", "name"} and wanted["name"] in names, "Tool choice not found in 'tools'.", "tool_choice")
    else:
        need(wanted in (None, "none", "auto", "required"), "Invalid value: 'tool_choice'", "tool_choice")


def history(items, given):
    """Items by their kinds, ids among them; calls and results; reasoning with what it led to."""
    calls, results = {}, set()
    for index, item in enumerate(items):
        place, kind = "input[%d]" % index, item.get("type", "message")
        need(kind in ITEMS, "Invalid value: '%s'. %s" % (kind, place), place, "invalid_value")
        known(place, item, ITEMS[kind] | {"type"})
        need(kind != "item_reference", "Item with id '%s' not found. Items are not persisted when `store` is set to false." % item.get("id"), place)
        identifier = item.get("id")
        need(identifier is None or identifier.startswith(PREFIX[kind]) and len(identifier) <= 64, "Invalid '%s.id': '%s'. Expected an ID that begins with '%s'." % (
            place, identifier, PREFIX[kind]), place + ".id", "invalid_value")
        need(item.get("status") in STATUSES, "Invalid value: '%s.status'" % place, place)
        if kind == "message":
            message(place, item)
        elif kind in ("function_call", "custom_tool_call"):
            call(place, item, kind)
            need(item["call_id"] not in calls, "Duplicate call id in '%s'." % place, place)
            calls[item["call_id"]] = kind
        elif kind in ("function_call_output", "custom_tool_call_output"):
            wanted = kind.removesuffix("_output")
            need(calls.get(item.get("call_id")) == wanted, "No tool call found for function call output with call_id %s." % item.get("call_id"), place)
            need(item["call_id"] not in results, "Duplicate output for call_id %s." % item["call_id"], place)
            results.add(item["call_id"])
            content(place + ".output", item.get("output"), IN_ROLE["user"], may_be_empty=True)
        elif kind == "reasoning":
            reasoning(place, item, given)
            follower = items[index + 1] if index + 1 < len(items) else {}
            led_to = follower.get("type", "message") in ("reasoning", "function_call", "custom_tool_call", "web_search_call") or follower.get("role") == "assistant"
            need(led_to, "Item '%s' of type 'reasoning' was provided without its required following item." % identifier, place)
    for call_id in calls:
        need(call_id in results, "No tool output found for function call %s." % call_id, "input")


def message(place, item):
    need(item.get("role") in IN_ROLE, "Invalid value: '%s.role'" % place, place)
    content(place + ".content", item.get("content"), IN_ROLE[item["role"]])
    need(item.get("phase") in ("commentary", "final_answer", None), "Invalid value: '%s.phase'" % place, place)


def content(place, value, kinds, may_be_empty=False):
    if isinstance(value, str):
        need(value or may_be_empty, "Invalid '%s': empty string" % place, place)
        return
    need(isinstance(value, list) and value, "Invalid type for '%s'" % place, place, "invalid_type")
    for number, part in enumerate(value):
        where, kind = "%s[%d]" % (place, number), part.get("type")
        need(kind in kinds, "Invalid value: '%s'. Supported values are: %s. %s" % (kind, sorted(kinds), where), where, "invalid_value")
        known(where, part, PARTS[kind] | {"type"})
        for name in PARTS[kind] & {"text", "refusal"}:
            need(isinstance(part.get(name), str) and (part[name] or may_be_empty), "Invalid '%s.%s': empty string" % (where, name), where)
        if kind == "input_image":
            need(re.match(r"https?://|data:image/(png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+=*$", part.get("image_url") or "") or part.get("file_id"), "Invalid '%s.image_url'." % where, where)
            need(part.get("detail", "auto") in ("low", "high", "auto", "original"), "Invalid value: '%s.detail'" % where, where)
        if kind == "input_file":
            need(part.get("file_id") or part.get("file_url") or part.get("filename") and re.match(r"data:[a-z/]+;base64,", part.get("file_data") or ""), "Invalid '%s'." % where, where)


def call(place, item, kind):
    need(isinstance(item.get("call_id"), str) and 1 <= len(item["call_id"]) <= 64, "Invalid '%s.call_id': string too long." % place, place, "string_above_max_length")
    need(NAME.fullmatch(item.get("name") or ""), "Invalid '%s.name': string does not match pattern." % place, place, "invalid_value")
    if kind == "custom_tool_call":
        need(isinstance(item.get("input"), str), "Missing required parameter: '%s.input'." % place, place)
        return
    try:
        arguments = json.loads(item.get("arguments"))
    except (ValueError, TypeError):
        arguments = None
    need(isinstance(arguments, dict), "Invalid '%s.arguments': no JSON object" % place, place)


def reasoning(place, item, given):
    need(isinstance(item.get("id"), str) and isinstance(item.get("summary"), list), "Missing required parameter: '%s.summary'." % place, place)
    wanted = given.get(item["id"])
    need(wanted is not None and item.get("encrypted_content"), "Item with id '%s' not found. Items are not persisted when `store` is set to false. Try again with "
         "`store` set to true, or remove this item from your input." % item["id"], "input")
    need(item["encrypted_content"] == wanted.get("encrypted_content"), "The encrypted content for item %s could not be verified." % item["id"], "input",
         "invalid_encrypted_content")
    need(item["summary"] == wanted["summary"], "The summary of item %s is not the one that was given: %r" % (item["id"], item["summary"]), place)
    need(not item.get("content"), "Invalid '%s.content': array too long. Expected an array with maximum length 0." % place, place)
