"""What Gemini's generateContent refuses, as (status, message); no sockets in here.

The types of @google/genai and Google's pages are the rule: members and their types, schemas of OpenAPI's kind, turns that alternate,
calls and results that pair, and thought signatures that come back where they were given out.
"""
import json
import re

from messages import KEY

MEMBERS = {"contents": list, "systemInstruction": dict, "tools": list, "toolConfig": dict, "safetySettings": list, "generationConfig": dict, "cachedContent": str}
CONFIG = {"temperature": (int, float), "topP": (int, float), "topK": (int, float), "candidateCount": int, "maxOutputTokens": int, "stopSequences": list,
          "responseMimeType": str, "responseSchema": dict, "responseJsonSchema": dict, "presencePenalty": (int, float), "frequencyPenalty": (int, float),
          "seed": int, "responseLogprobs": bool, "logprobs": int, "responseModalities": list, "mediaResolution": str, "thinkingConfig": dict}
SCHEMA = {"anyOf", "default", "description", "enum", "example", "format", "items", "maxItems", "maxLength", "maxProperties", "maximum", "minItems", "minLength",
          "minProperties", "minimum", "nullable", "pattern", "properties", "propertyOrdering", "required", "title", "type"}
TYPES = {"STRING", "NUMBER", "INTEGER", "BOOLEAN", "ARRAY", "OBJECT", "NULL"}
FORMATS = {"STRING": {"enum", "date-time"}, "NUMBER": {"float", "double"}, "INTEGER": {"int32", "int64"}}
DECLARATION = {"name", "description", "parameters", "parametersJsonSchema", "response", "responseJsonSchema", "behavior"}
TOOLS = {"functionDeclarations", "googleSearch", "codeExecution", "urlContext"}
DATA = {"text": str, "inlineData": dict, "fileData": dict, "functionCall": dict, "functionResponse": dict, "executableCode": dict, "codeExecutionResult": dict}
BESIDE = {"thought", "thoughtSignature", "videoMetadata", "mediaResolution", "partMetadata"}
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_.:-]{0,63}")
# Takes the place of a signature that was never given out, on the first call of a step.
SENTINEL = "skip_thought_signature_validator"


class Refused(Exception):
    pass


def need(good, message, *arguments):
    if not good:
        raise Refused(message % arguments if arguments else message)


def refuse(head, model, request, raw, given, counts=False):
    """(status, message) for what Gemini refuses, None when it would take the request. `given`: a thought signature that went out
    -> the part that it stood on."""
    if head.all("x-goog-api-key") != [KEY] or head.all("authorization") or head.all("x-api-key") or "key=" in head.path:
        return 400, "API key not valid. Please pass a valid API key."
    try:
        need(isinstance(request, dict), "Invalid JSON payload received.")
        need(b"sb1." not in raw, "an envelope of reasoning state stands in the request")
        if counts and "generateContentRequest" in request:
            request = {name: value for name, value in request["generateContentRequest"].items() if name != "model"}
        typed("", request, MEMBERS)
        need(request.get("contents"), "* GenerateContentRequest.contents: contents is not specified")
        config(request.get("generationConfig", {}), model)
        names = tools(request, model)
        tool_config(request.get("toolConfig", {}), names)
        if "systemInstruction" in request:
            known("system_instruction", request["systemInstruction"], {"role", "parts"})
            need(all(set(part) == {"text"} and part["text"] for part in request["systemInstruction"]["parts"]), "system_instruction.parts: text only, and not empty")
        history(request["contents"], given)
        if re.match(r"gemini-([3-9]|\d\d)", model):
            signatures(request["contents"])
    except Refused as refused:
        return 400, str(refused)
    except (TypeError, KeyError, AttributeError, IndexError) as error:
        return 400, "malformed: %r" % error
    return None


def known(place, value, allowed):
    for name in value:
        need(name in allowed, "Invalid JSON payload received. Unknown name \"%s\" at '%s': Cannot find field.", name, place)


def typed(place, value, members):
    known(place, value, members)
    for name, entry in value.items():
        kinds = members[name] if isinstance(members[name], tuple) else (members[name],)
        right = isinstance(entry, kinds) and not (isinstance(entry, bool) and bool not in kinds)
        need(right, "Invalid value at '%s.%s' (%s)", place, name, type(entry).__name__)


def config(value, model):
    typed("generation_config", value, CONFIG)
    for name, least, most in (("temperature", 0, 2), ("topP", 0, 1), ("topK", 1, 1000), ("maxOutputTokens", 1, 65536), ("candidateCount", 1, 1)):
        need(name not in value or least <= value[name] <= most, "* GenerateContentRequest.generation_config.%s: must be in the range [%d, %d]", name, least, most)
    stops = value.get("stopSequences", [])
    need(len(stops) <= 5 and all(isinstance(stop, str) and stop for stop in stops), "* GenerateContentRequest.generation_config.stop_sequences: at most 5, none empty")
    thinking = value.get("thinkingConfig", {})
    typed("generation_config.thinking_config", thinking, {"includeThoughts": bool, "thinkingBudget": int, "thinkingLevel": str})
    need(not {"thinkingBudget", "thinkingLevel"} <= set(thinking), "You can only set only one of thinking budget and thinking level.")
    need("thinkingLevel" not in thinking or re.match(r"gemini-([3-9]|\d\d)", model), "Thinking level is not supported for this model.")
    need(thinking.get("thinkingLevel", "LOW").upper() in ("MINIMAL", "LOW", "MEDIUM", "HIGH"), "Invalid value at 'generation_config.thinking_config.thinking_level'")
    budget = thinking.get("thinkingBudget", -1)
    need(budget == -1 or (128 <= budget <= 32768 if "pro" in model else 0 <= budget <= 24576), "The thinking budget %d is invalid.", budget)
    need("responseSchema" not in value or "responseJsonSchema" not in value, "generation_config: one schema at most")
    need(not {"responseSchema", "responseJsonSchema"} & set(value) or value.get("responseMimeType") == "application/json", "response_schema wants response_mime_type")
    if "responseSchema" in value:
        schema("generation_config.response_schema", value["responseSchema"])


def schema(place, value):
    """A schema as `parameters` and `responseSchema` take it: an excerpt of OpenAPI's, of which every unknown word is an error."""
    known(place, value, SCHEMA)
    kind = value.get("type", "").upper() if isinstance(value.get("type", ""), str) else None
    need(kind is not None, "Proto field is not repeating, cannot start list at '%s.type'", place)
    need(kind in TYPES or not kind and "anyOf" in value, "* GenerateContentRequest.%s.type: must be specified", place)
    need("format" not in value or value["format"] in FORMATS.get(kind, set()), "%s.format: only 'enum' and 'date-time' are supported for STRING type", place)
    need("enum" not in value or kind == "STRING" and value["enum"] and all(isinstance(entry, str) and entry for entry in value["enum"]), "%s.enum: only allowed for "
         "STRING type, of strings, none empty", place)
    need(kind != "ARRAY" or "items" in value, "%s.items: missing field.", place)
    need(set(value.get("required", [])) <= set(value.get("properties", {})), "%s.required: property is not defined", place)
    for name, entry in value.get("properties", {}).items():
        schema("%s.properties[%s]" % (place, name), entry)
    if "items" in value:
        schema(place + ".items", value["items"])
    for index, entry in enumerate(value.get("anyOf", [])):
        schema("%s.any_of[%d]" % (place, index), entry)


def tools(request, model):
    names, kinds = [], set()
    for index, tool in enumerate(request.get("tools", [])):
        known("tools[%d]" % index, tool, TOOLS)
        need(tool, "tools[%d].tool_type: required one_of 'tool_type' must have one initialized field", index)
        kinds |= set(tool)
        for number, declared in enumerate(tool.get("functionDeclarations", [])):
            place = "tools[%d].function_declarations[%d]" % (index, number)
            known(place, declared, DECLARATION)
            need(NAME.fullmatch(declared.get("name", "")), "%s.name: Invalid function name. Must start with a letter or an underscore.", place)
            need(isinstance(declared.get("description", ""), str), "Invalid value at '%s.description'", place)
            need(not {"parameters", "parametersJsonSchema"} <= set(declared), "%s: parameters and parameters_json_schema are exclusive", place)
            need(isinstance(declared.get("parametersJsonSchema", {}), dict), "Invalid value at '%s.parameters_json_schema'", place)
            need(declared.get("parametersJsonSchema", {}).get("type", "object") == "object", "%s.parameters_json_schema: type must be object", place)
            if "parameters" in declared:
                need(declared["parameters"].get("type", "").upper() == "OBJECT", "%s.parameters.type: must be OBJECT", place)
                schema(place + ".parameters", declared["parameters"])
            names.append(declared["name"])
    need(len(set(names)) == len(names), "Duplicate function declaration found")
    need(len(kinds) < 2 or "functionDeclarations" not in kinds or re.match(r"gemini-([3-9]|\d\d)", model), "Tool use with function calling is unsupported")
    return names


def tool_config(value, names):
    known("tool_config", value, {"functionCallingConfig", "retrievalConfig"})
    calling = value.get("functionCallingConfig", {})
    known("tool_config.function_calling_config", calling, {"mode", "allowedFunctionNames"})
    need(not calling or names, "Function calling config is set without function_declarations.")
    need(calling.get("mode", "AUTO") in ("AUTO", "ANY", "NONE", "VALIDATED"), "Invalid value at 'tool_config.function_calling_config.mode'")
    allowed = calling.get("allowedFunctionNames", [])
    need(not allowed or calling.get("mode") in ("ANY", "VALIDATED"), "Allowed function names should be set only when function calling mode is ANY.")
    need(set(allowed) <= set(names), "allowed_function_names: %s not among the declarations", allowed)


def history(contents, given):
    """Turns that alternate, parts with one datum each, and results beside their calls."""
    open_calls, before = [], None
    for index, content in enumerate(contents):
        place = "contents[%d]" % index
        known(place, content, {"role", "parts"})
        role = content.get("role")
        need(role in ("user", "model"), "Please use a valid role: user, model.")
        need(role != before, "Please ensure that multiturn requests alternate between user and model: %s", place)
        need(index > 0 or role == "user", "Please ensure that the first turn is the user's.")
        need(content.get("parts"), "* GenerateContentRequest.%s.parts: contents.parts must not be empty.", place)
        for number, part in enumerate(content["parts"]):
            check_part("%s.parts[%d]" % (place, number), part, role, given)
        results = [part["functionResponse"] for part in content["parts"] if "functionResponse" in part]
        need(len(results) == len(open_calls), "Please ensure that the number of function response parts is equal to the number of function call parts of the function "
             "call turn: %s", place)
        for call, result in zip(open_calls, results):
            need(call["name"] == result["name"] and call.get("id") == result.get("id"), "%s: the response %s %s is not the call's, %s %s", place, result["name"],
                 result.get("id"), call["name"], call.get("id"))
        open_calls = [part["functionCall"] for part in content["parts"] if "functionCall" in part]
        ids = [call["id"] for call in open_calls if call.get("id")]
        need(len(set(ids)) == len(ids), "%s: function calls share an id", place)
        before = role
    need(before == "user", "Please ensure that single turn requests end with a user role or the role field is empty.")


def check_part(place, part, role, given):
    kinds = set(part) & set(DATA)
    need(len(kinds) == 1, "%s.data: required oneof field 'data' must have one initialized field", place)
    typed(place, part, {**DATA, **{name: (str, bool, dict) for name in BESIDE}})
    kind = kinds.pop()
    need(kind not in ("functionCall", "executableCode", "codeExecutionResult") or role == "model", "%s: %s is the model's", place, kind)
    need(kind not in ("functionResponse",) or role == "user", "%s: %s is the user's", place, kind)
    state = part.get("thoughtSignature")
    need(part.get("text") != "" or state, "Unable to submit request because it must have a text parameter: %s", place)
    if kind == "functionCall":
        typed(place, part[kind], {"id": str, "name": str, "args": dict})
        need(NAME.fullmatch(part[kind].get("name", "")), "%s.function_call.name: Name cannot be empty.", place)
    elif kind == "functionResponse":
        typed(place, part[kind], {"id": str, "name": str, "response": dict, "parts": list})
        need(part[kind].get("name") and "response" in part[kind], "%s.function_response.name: Name cannot be empty.", place)
    elif kind == "inlineData":
        typed(place, part[kind], {"mimeType": str, "data": str, "displayName": str})
        need(re.fullmatch(r"[A-Za-z0-9+/]+=*", part[kind]["data"]) and part[kind].get("mimeType"), "%s.inline_data: Base64 decoding failed", place)
    elif kind == "fileData":
        typed(place, part[kind], {"mimeType": str, "fileUri": str, "displayName": str})
    need(not part.get("thought") or role == "model", "%s.thought: the model's only", place)
    if state is not None and not (state == SENTINEL and kind == "functionCall"):
        need(role == "model" and state in given, "%s: Thought signature is not valid.", place)
        need(same_place(part, given[state]), "%s: the thought signature stood on another part: %s, not %s", place, json.dumps(part)[:160], json.dumps(given[state])[:160])


def same_place(part, wanted):
    """A text's signature may stand on all of it, on its last piece, or on an empty text behind it; a call has its name and arguments."""
    if "functionCall" in wanted:
        call, given = part.get("functionCall", {}), wanted["functionCall"]
        return (call.get("name"), call.get("args", {})) == (given["name"], given.get("args", {}))
    return wanted["text"].endswith(part.get("text", "\0")) and part.get("thought") == wanted.get("thought")


def signatures(contents):
    """In the turn that goes on, each step's first call has its signature."""
    begin = max(index for index, content in enumerate(contents) if content["role"] == "user" and not any("functionResponse" in part for part in content["parts"]))
    for index, content in enumerate(contents[begin:], begin):
        calls = [part for part in content["parts"] if "functionCall" in part]
        need(not calls or calls[0].get("thoughtSignature"), "Function call is missing a thought_signature in functionCall parts. This is required for tools to work "
             "correctly: contents[%d], `%s`", index, calls and calls[0]["functionCall"]["name"])
