"""What Anthropic's Messages endpoint refuses, as (status, message); no sockets in here.

The rules that a gateway can break: members that are not Anthropic's, content of another shape, calls and
results that do not pair, and reasoning state that this upstream did not give out itself.
"""
import json
import re

from messages import KEY

MEMBERS = {"model", "messages", "max_tokens", "cache_control", "container", "diagnostics", "inference_geo", "metadata", "output_config",
           "service_tier", "speed", "stop_sequences", "stream", "system", "thinking", "tool_choice", "tools", "user_profile_id",
           "workspace_id", "temperature", "top_p", "top_k", "mcp_servers", "output_format", "context_management", "thread"}
# Members that want a name in anthropic-beta; the value is a part of it.
BETAS = {"context_management": "context-management", "mcp_servers": "mcp-client", "output_format": "structured-outputs", "speed": "fast-mode"}
COUNTED = {"max_tokens", "stream", "temperature", "top_p", "top_k", "stop_sequences", "metadata", "service_tier"}  # not of count_tokens
BLOCKS = {
    "text": {"text", "citations"}, "image": {"source"}, "document": {"source", "title", "context", "citations"},
    "tool_use": {"id", "name", "input", "caller", "toolset_id"}, "tool_result": {"tool_use_id", "content", "is_error"},
    "thinking": {"thinking", "signature"}, "redacted_thinking": {"data"}, "search_result": {"source", "title", "content", "citations"},
    "tool_reference": {"tool_name"}, "server_tool_use": {"id", "name", "input"}, "web_search_tool_result": {"tool_use_id", "content"},
    "container_upload": {"file_id"}}
IN_ROLE = {"user": {"text", "image", "document", "tool_result", "search_result", "container_upload"},
           "assistant": {"text", "tool_use", "thinking", "redacted_thinking", "server_tool_use", "web_search_tool_result"},
           "system": {"text"}}
NAME = re.compile(r"[a-zA-Z0-9_-]{1,128}")
ID = re.compile(r"[a-zA-Z0-9_-]+")


class Refused(Exception):
    pass


def need(good, message, *arguments):
    if not good:
        raise Refused(message % arguments)


def refuse(head, request, operation, given, rules="all"):
    """(status, message) for what Anthropic refuses, None when it would take the request. `given`: the
    reasoning state that went out -> its text. `rules` "history" leaves out what is not about messages."""
    shown = head.all("x-api-key") + [value.removeprefix("Bearer ") for value in head.all("authorization")]
    if not shown:
        return 401, "x-api-key header is required"
    if shown != [KEY]:
        return 401, "invalid x-api-key"
    try:
        need(head.header("anthropic-version") is not None, "anthropic-version: header is required")
        if operation in ("models", "model"):
            return None
        need(isinstance(request, dict), "The request body is not valid JSON")
        need(isinstance(request.get("model"), str), "model: Field required")
        if operation == "messages":
            need(isinstance(request.get("max_tokens"), int), "max_tokens: Field required")
        need(isinstance(request.get("messages"), list) and request["messages"], "messages: at least one message is required")
        if rules == "all":
            members(request, operation, head.header("anthropic-beta") or "")
            tools(request)
            need(json.dumps(request).count('"cache_control"') <= 4, "A maximum of 4 blocks with cache_control may be provided.")
        history(request, given, head.header("anthropic-beta") or "")
    except Refused as refused:
        return 400, str(refused)
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        return 400, "The request is malformed: %r" % error
    return None


def members(request, operation, betas):
    for name in request:
        need(name in MEMBERS and not (operation == "count_tokens" and name in COUNTED), "%s: Extra inputs are not permitted", name)
        need(name not in BETAS or BETAS[name] in betas, "%s: Extra inputs are not permitted", name)
    need(operation != "messages" or request["max_tokens"] > 0, "max_tokens: must be greater than or equal to 1")
    thinking = request.get("thinking") or {"type": "disabled"}
    need(thinking.get("type") in ("enabled", "adaptive", "disabled"), "thinking: Input tag %r is none of the expected ones", thinking.get("type"))
    on = thinking["type"] != "disabled"
    if thinking["type"] == "enabled":
        budget = thinking.get("budget_tokens")
        need(isinstance(budget, int) and budget >= 1024, "thinking.enabled.budget_tokens: Input should be greater than or equal to 1024")
        need(budget < request.get("max_tokens", budget + 1), "`max_tokens` must be greater than `thinking.budget_tokens`")
    else:
        need("budget_tokens" not in thinking, "thinking.%s.budget_tokens: Extra inputs are not permitted", thinking["type"])
    edits = (request.get("context_management") or {}).get("edits") or []
    need(on or not any(edit.get("type") == "clear_thinking_20251015" for edit in edits),
         "`clear_thinking_20251015` strategy requires `thinking` to be enabled or adaptive")
    for name, most in (("temperature", 1), ("top_p", 1)):
        value = request.get(name)
        need(value is None or isinstance(value, (int, float)) and 0 <= value <= most, "%s: range: 0..%d", name, most)
    need(not ("temperature" in request and "top_p" in request), "`temperature` and `top_p` cannot both be specified for this model.")
    need(not on or request.get("temperature", 1) == 1, "`temperature` may only be set to 1 when thinking is enabled.")
    need(not on or "top_k" not in request, "`top_k` must be unset when thinking is enabled.")
    need(all(isinstance(stop, str) and stop.strip() for stop in request.get("stop_sequences", [])),
         "stop_sequences: each stop sequence must contain non-whitespace")
    need(set(request.get("metadata") or {}) <= {"user_id"}, "metadata: Extra inputs are not permitted")
    system = request.get("system", "x")
    need(isinstance(system, str) or isinstance(system, list), "system: Input should be a valid list")
    for index, block in enumerate(system if isinstance(system, list) else []):
        need(block.get("type") == "text" and block.get("text"), "system.%d: text content blocks must be non-empty", index)
        need(block["text"].strip(), "system: text content blocks must contain non-whitespace text")


def tools(request):
    declared = request.get("tools", [])
    names = [tool.get("name") for tool in declared]
    for index, tool in enumerate(declared):
        need(isinstance(tool.get("name"), str) and NAME.fullmatch(tool["name"]), "tools.%d.name: String should match pattern", index)
        if tool.get("type", "custom") == "custom":
            schema = tool.get("input_schema")
            need(isinstance(schema, dict) and schema.get("type") == "object", "tools.%d.custom.input_schema.type: Field required", index)
            need(not set(schema) & {"anyOf", "oneOf", "allOf"}, "tools.%d.custom.input_schema: input_schema does not support oneOf, "
                 "allOf, or anyOf at the top level", index)
            need(not {"function", "parameters"} & set(tool), "tools.%d.custom: Extra inputs are not permitted", index)
    need(len(set(names)) == len(names), "tools: Tool names must be unique.")
    choice = request.get("tool_choice")
    if choice is not None:
        need(declared, "tool_choice may only be specified while providing tools")
        need(isinstance(choice, dict) and choice.get("type") in ("auto", "any", "tool", "none"), "tool_choice: Input should be a valid object")
        need(choice["type"] != "tool" or choice.get("name") in names, "Tool '%s' not found in provided tools", choice.get("name"))
        on = (request.get("thinking") or {}).get("type", "disabled") != "disabled"
        need(not on or choice["type"] in ("auto", "none"), "Thinking may not be enabled when tool_choice forces tool use.")


def history(request, given, betas):
    """Roles, blocks, the pairing of tools, and thinking that comes back as it was given."""
    entries, open_calls, seen, last_role = request["messages"], [], set(), None
    for index, entry in enumerate(entries):
        place, role, content = "messages.%d" % index, entry.get("role"), entry.get("content")
        # Effort may change between turns, by a beta of that name.
        allowed = {"role", "content"} | ({"output_config"} if role == "system" and "per-turn-control" in betas else set())
        need(set(entry) <= allowed, "%s: Extra inputs are not permitted", place)
        need(role in IN_ROLE, "%s.role: Input should be 'user' or 'assistant'", place)
        # A system message after the first needs a beta; the CLI asks for it under this name.
        need(role != "system" or "mid-conversation" in betas, "%s: role 'system' is not supported", place)
        need(index > 0 or role != "assistant", "messages: first message must use the \"user\" role")
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        need(blocks and all(isinstance(block, dict) for block in blocks), "%s: all messages must have non-empty content", place)
        for number, block in enumerate(blocks):
            check_block("%s.content.%d" % (place, number), block, role, given)
        if role == "system":
            continue
        kinds = [block["type"] for block in blocks]
        results = [block["tool_use_id"] for block in blocks if block["type"] == "tool_result"]
        for call in open_calls:
            need(call in results, "%s: `tool_use` ids were found without `tool_result` blocks immediately after: %s", place, call)
        for result in results:
            need(result in open_calls, "%s: unexpected `tool_use_id` found in `tool_result` blocks: %s", place, result)
            need(results.count(result) == 1, "%s: each tool_use must have a single result. Found multiple `tool_result` blocks with id: %s",
                 place, result)
        need(not open_calls or kinds[:len(results)] == ["tool_result"] * len(results), "%s: `tool_result` blocks must come first", place)
        open_calls = [block["id"] for block in blocks if block["type"] == "tool_use"]
        for call in open_calls:
            need(call not in seen, "%s: `tool_use` ids must be unique", place)
            seen.add(call)
        last_role = role
    need(not open_calls, "messages: `tool_use` ids were found without `tool_result` blocks immediately after: %s", open_calls)
    thinking = (request.get("thinking") or {}).get("type", "disabled")
    if thinking == "enabled":
        need(last_role == "user", "This model does not support assistant message prefill with thinking. The conversation must end with a user message.")
        need_thinking_first([entry for entry in entries if entry["role"] != "system"])


def need_thinking_first(entries):
    """With manual thinking, the turns of an open tool loop begin with thinking."""
    for index in range(len(entries) - 1, 0, -2):
        content, before = entries[index]["content"], entries[index - 1]["content"]
        if not isinstance(content, list) or content[0]["type"] != "tool_result":
            return
        kind = before[0]["type"]
        need(kind in ("thinking", "redacted_thinking"), "messages.%d.content.0.type: Expected `thinking` or `redacted_thinking`, but found `%s`. "
             "When `thinking` is enabled, a final `assistant` message must start with a thinking block", index - 1, kind)


def check_block(place, block, role, given):
    kind = block.get("type")
    need(kind in BLOCKS, "%s: Input tag %r found using 'type' does not match any of the expected tags", place, kind)
    extra = set(block) - BLOCKS[kind] - {"type", "cache_control"}
    need(not extra, "%s.%s: Extra inputs are not permitted: %s", place, kind, sorted(extra))
    need(role is None or kind in IN_ROLE[role], "%s: `%s` blocks are not permitted in `%s` messages", place, kind, role)
    if kind == "text":
        need(isinstance(block.get("text"), str) and block["text"], "%s: text content blocks must be non-empty", place)
        need(block["text"].strip(), "messages: text content blocks must contain non-whitespace text")
    elif kind == "tool_use":
        need(isinstance(block.get("id"), str) and ID.fullmatch(block["id"]), "%s.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'", place)
        need(isinstance(block.get("name"), str) and NAME.fullmatch(block["name"]), "%s.tool_use.name: String should match pattern", place)
        need(isinstance(block.get("input"), dict), "%s.tool_use.input: Input should be a valid dictionary", place)
    elif kind == "tool_result":
        need(isinstance(block.get("tool_use_id"), str), "%s.tool_result.tool_use_id: Field required", place)
        content = block.get("content", "")
        need(isinstance(content, (str, list)), "%s.tool_result.content: Input should be a valid list", place)
        for number, part in enumerate(content if isinstance(content, list) else []):
            need(part.get("type") in ("text", "image", "document", "search_result", "tool_reference"), "%s.tool_result.content.%d: "
                 "Input tag does not match", place, number)
            check_block("%s.content.%d" % (place, number), part, None, given)
    elif kind in ("thinking", "redacted_thinking"):
        state = block.get("signature" if kind == "thinking" else "data")
        need(isinstance(state, str) and state, "%s.%s.%s: Field required", place, kind, "signature" if kind == "thinking" else "data")
        need(state in given, "%s: Invalid `%s` in `%s` block", place, "signature" if kind == "thinking" else "data", kind)
        need(block.get("thinking", "") == given[state], "%s: `thinking` or `redacted_thinking` blocks in the latest assistant message "
             "cannot be modified", place)
    elif kind in ("image", "document"):
        source = block.get("source")
        need(isinstance(source, dict) and source.get("type") in ("base64", "url", "file", "text", "content"), "%s.%s.source: Field required", place, kind)
        need(source["type"] != "base64" or source.get("media_type") and source.get("data"), "%s.%s.source.base64: Field required", place, kind)
