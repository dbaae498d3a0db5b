"""Random requests as the types of the official SDKs allow them (sdk_histories.py), from every dialect to every other.

usage: sdk_requests.py [--seeds N] [--first SEED] [--from DIALECT] [--to DIALECT]

Each is translated, twice with the same bytes; and then once without every single member: where that changes neither what the
upstream would get nor what is named as lost, the member was lost in silence, unless `CARRIED_ELSEWHERE` says why it may.
To its own dialect a request goes on as it came. By hand: build/clients/venv/bin/python tests/clients/sdk_requests.py --seeds 200
"""
import argparse
import concurrent.futures
import copy
import fnmatch
import json
import os
import random
import re
import subprocess
import sys

import sdk_histories
from sdk_types import Values
from tap import Tap

BINARY = os.environ.get("SIGNALBOX_BINARY") or os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../build/native/signalbox")


# Members whose absence says the same, or that none but the vendor's own endpoint heeds: a pattern of the member, the value or * for
# any, and why. A member is "FROM:PATH <TYPES> to TO"; TYPES are those of the objects it is in.
HEEDED_ELSEWHERE = [
    ("*:model <*> to gemini", "*", "stands in the address"),
    ("*:stop <*> to openai_responses", "*", "looked for in the answer"),
    ("*:stop.* <*> to openai_responses", "*", "looked for in the answer"),
    ("anthropic:stop_sequences.* <*> to openai_responses", "*", "looked for in the answer"),
    ("*cache_control.* <*> to *", "*", "a hint for Anthropic's cache"),
    ("*:prompt_cache_* <*> to *", "*", "a hint for OpenAI's cache"),
    ("*:user <*> to *", "*", "who asks: the vendor's own"),
    ("*:safety_identifier <*> to *", "*", "who asks: the vendor's own"),
    ("*:metadata.user_id <*> to *", "*", "who asks: the vendor's own"),
    ("*:service_tier <*> to *", "auto", "what holds without it"),
    ("*:service_tier <*> to *", "default", "what holds without it"),
    ("openai_responses:truncation <*> to *", "*", "how OpenAI shortens what is too long"),
    ("openai_responses:max_tool_calls <*> to *", "*", "bounds tools of the provider's, and none of them goes along"),
    ("openai_responses:include.* <*> to *", "reasoning.encrypted_content", "comes with every answer"),
    ("openai_responses:reasoning.summary <*> to *", "*", "without an effort nothing is said of thinking"),
    ("openai_responses:include.* <*> to *", "web_search_call.results", "come with every answer that has some"),
    ("openai_responses:include.* <*> to *", "web_search_call.action.sources", "come with every answer that has some"),
    ("openai_responses:input.*.name <function_call_output> to *", "*", "said by the call that it answers"),
    ("openai_responses:input.*.namespace <function_call_output> to *", "*", "said by the call that it answers"),
    ("openai_responses:input.*.namespace <custom_tool_call_output> to *", "*", "said by the call that it answers"),
    ("openai_responses:input.* <tool_search_call> to *", "*", "every tool is sent, and so what was found"),
    ("openai:tools.*.custom.format.type <custom/text> to *", "text", "what holds without it"),
    ("openai_responses:tools.*.format.type <custom/text> to *", "text", "what holds without it"),
    ("openai_responses:*.detail <*> to *", "auto", "what holds without it"),
    ("openai:*.detail <*> to *", "auto", "what holds without it"),
    ("*:parallel_tool_calls <> to *", True, "what holds without it"),
    ("openai_responses:reasoning.generate_summary <> to *", "*", "without an effort nothing is said of thinking"),
    ("openai_responses:input.*.call_id <tool_search_output> to *", "*", "the search that it answers is left out"),
    ("openai_responses:input.*.execution <tool_search_output> to *", "*", "every tool is sent, whoever found it"),
    ("anthropic:tools.*.eager_input_streaming <*> to *", "*", "arguments are passed on as they come"),
    ("anthropic:thinking.budget_tokens <*> to *", "*", "the effort that may stand beside it counts more"),
    ("openai:tool_choice.type <*> to *", "*", "told by the member beside it"),
    ("openai_responses:input.*.role <additional_tools> to *", "developer", "goes with the type"),
    ("anthropic:thinking.display <*> to openai", "omitted", "Chat shows no thinking of its own"),
    ("openai:web_search_options.search_context_size <> to *", "medium", "what holds without it"),
    ("openai:tool_choice.allowed_tools.tools.*.type <*> to *", "*", "told by the member beside it"),
    ("openai_responses:tools.*.execution <tool_search> to *", "server", "what holds without it"),
    ("gemini:generationConfig.thinkingConfig.thinking_budget <> to *", "*", "the level that may stand beside it counts more"),
    ("*:tool_choice <> to *", "auto", "what holds without it"),
    ("*:text.format.strict <*> to *", True, "what the others do anyway"),
    ("*:response_format.json_schema.strict <*> to *", True, "what the others do anyway"),
    ("*:text.format.name <*> to *", "*", "a name that only OpenAI asks for"),
    ("*:response_format.json_schema.name <*> to *", "*", "a name that only OpenAI asks for"),
    ("openai_responses:input.*.type <*> to *", "message", "what an item without a type is"),
    ("openai_responses:input.*.id <*> to *", "*", "the item's name in OpenAI's store"),
    *(("openai_responses:input.*.status <*> to *", word, "of OpenAI's own bookkeeping") for word in ("completed", "in_progress", "incomplete")),
    ("*:*.tool_calls.*.type <*> to *", "*", "told by the member beside it"),
    ("openai:tools.*.type <function> to *", "*", "what a tool without a type is"),
    ("anthropic:*.caller.type <*> to *", "direct", "what holds without it"),
    ("anthropic:*.allowed_callers.* <*> to *", "direct", "what holds without it"),
    ("anthropic:tools.* <tool_search_tool_*> to *", "*", "every tool is sent: none is left to be searched for"),
    ("anthropic:tools.*.defer_loading <*> to *", "*", "every tool is sent"),
    ("anthropic:tools.*.name <*_20*> to *", "*", "goes with the type"),
    ("anthropic:service_tier <> to *", "standard_only", "what holds without it"),
    ("anthropic:thinking.display <*> to *", "summarized", "what is asked for without it"),
    ("anthropic:*.source.media_type <*> to *", "text/plain", "goes with the type"),
    ("*.user_location.type <> to *", "approximate", "goes with the member"),
    ("gemini:contents.*.role <*> to *", "user", "who speaks where nobody is said to"),
    ("gemini:*.mime*type <*> to *", "application/pdf", "what a file without a type is"),
    ("gemini:generationConfig.responseMimeType <> to *", "application/json", "said by the schema beside it"),
    ("gemini:*.fileData.mime*type <*> to openai_responses", "*", "the address tells"),
    ("gemini:generationConfig.responseMimeType <> to *", "text/plain", "what holds without it"),
    ("gemini:*.property*rdering.* <*> to *", "*", "the order that the properties have"),
    ("gemini:generationConfig.thinkingConfig.include*houghts <> to *", "*", "without an effort nothing is said of thinking"),
    ("gemini:generationConfig.stopSequences.* <> to openai_responses", "*", "looked for in the answer"),
    ("gemini:serviceTier <> to *", "standard", "what holds without it"),
    ("*:stream <> to gemini", "*", "stands in the address"),
]
# What asks for something by being there, whatever is in it.
ASKING = ("web_search_options", "googleSearch", "googleMaps", "urlContext", "codeExecution", "computerUse", "fileSearch", "googleSearchRetrieval", "retrieval")
# What a 400 may say, and why no other answer is right.
REFUSED = [
    (r'"(previous_response_id|conversation|prompt|background)"', "what it names is kept by the vendor"),
    (r"the items themselves|the history in words", "what it names is kept by the vendor"),
]
# Losses have one name whatever dialect the request is in: that of a type or a member here.
ALIASES = {
    "imageurl": ["image"], "inputimage": ["image"], "inlinedata": ["image", "document", "mediatype"], "filedata": ["image", "document", "mediatype"],
    "file": ["document"], "inputfile": ["document"], "reasoning": ["thinking"], "developer": ["system"], "assistant": ["prefill"],
    "executablecode": ["codeexecution"], "codeexecutionresult": ["codeexecution"], "googlesearch": ["websearch"], "googlesearchretrieval": ["websearch", "googlesearch"],
    "filename": ["title"], "displayname": ["title"], "urlcontext": ["webfetch"], "thoughtsignature": ["thinking", "redactedthinking"],
}


def run(body, source, target):
    """What is printed, and what is named as lost; of a request that is refused, nothing and the reason."""
    model = ["--model", "m"] if source == "gemini" else []  # stands in the address there
    done = subprocess.run([BINARY, "transform", "--from", source, "--to", target, *model], input=json.dumps(body).encode(), capture_output=True)
    if done.returncode not in (0, 1):
        return None, "ended with %d" % done.returncode
    said = done.stderr.decode()
    return (done.stdout, frozenset(re.findall(r"^lost: (.*)$", said, re.M))) if done.returncode == 0 else (None, said.strip())


def members(value, path=()):
    """Every leaf's path: members and elements that are no objects or lists, or empty ones."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in pairs:
        if isinstance(inner, (dict, list)) and inner:
            yield from members(inner, (*path, key))
        else:
            yield (*path, key)


def at(value, path):
    for key in path:
        value = value[key]
    return value


def removed(body, path):
    body = copy.deepcopy(body)
    del at(body, path[:-1])[path[-1]]
    return body


def changed(body, path, own):
    """With another value of the same type, or nothing where the type has only words."""
    body = copy.deepcopy(body)
    holder, was = at(body, path[:-1]), at(body, path)
    if not isinstance(was, (bool, int, float)) and not (isinstance(was, str) and was in own):
        return None
    holder[path[-1]] = not was if isinstance(was, bool) else was + "x" if isinstance(was, str) else was + 1
    return body


def plain(word):
    return re.sub(r"_\d{8}$", "", word).replace("_", "").lower()


def holders(body, path):
    """The objects that a member is in, from without."""
    return [holder for holder in (at(body, path[:i]) for i in range(len(path))) if isinstance(holder, dict)]


def is_named(body, path, losses):
    """Whether a loss names the member, or what it is in, by its key or by its type."""
    words = {plain(key) for key in path if isinstance(key, str)}
    words |= {plain(holder[name]) for holder in holders(body, path) for name in ("type", "role") if isinstance(holder.get(name), str)}
    if any(holder.get("thought") for holder in holders(body, path)):
        words.add("thinking")
    words |= {alias for word in words for alias in ALIASES.get(word, ())}
    return any(plain(re.sub(r"\.(file|media_type)$", "", loss).split(".")[-1]) in words for loss in losses)


def is_excepted(body, path, source, target, value):
    if value in ({}, []) and path[-1] not in ASKING:
        return True  # says nothing
    types = "/".join(holder["type"] for holder in holders(body, path) if isinstance(holder.get("type"), str))
    name = "%s:%s <%s> to %s" % (source, ".".join(map(str, path)), types, target)
    return any(fnmatch.fnmatchcase(name, pattern) and wanted in ("*", value) for pattern, wanted, _reason in HEEDED_ELSEWHERE)


def judge(body, own, source, target):
    """What is wrong with how `body` is translated, a line each; and how many members were tried. Of the texts in `own` there is one each."""
    whole = run(body, source, target)
    if whole[0] is None:
        good = any(re.search(pattern, whole[1]) for pattern, _ in REFUSED)
        return ([] if good else ["refused: " + whole[1]]), 0
    try:
        json.loads(whole[0])
    except ValueError as problem:
        return ["no JSON: %s" % problem], 0
    wrong = [] if run(body, source, target) == whole else ["not the same bytes twice"]
    if source == target:
        return wrong + ([] if whole[0].strip() == json.dumps(body).encode() else ["changed on its way to its own dialect"]), 0
    tried, output = 0, whole[0].decode()
    for path in members(body):
        tried += 1
        value = at(body, path)
        if isinstance(value, str) and value in own and value in output:
            continue
        if is_named(body, path, whole[1]) or is_excepted(body, path, source, target, value):
            continue
        # What holds without a member is seen only where it says something else.
        same = run(removed(body, path), source, target)
        if same == whole or same[0] is None:
            other = changed(body, path, own)
            same = run(other, source, target) if other else same
        if same == whole:
            wrong.append("in silence: %s = %r" % (".".join(map(str, path)), value))
    return wrong, tried


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--seeds", type=int, default=12)
    options.add_argument("--first", type=int, default=1)
    options.add_argument("--from", dest="source", choices=sdk_histories.REQUESTS)
    options.add_argument("--to", choices=sdk_histories.REQUESTS)
    options = options.parse_args()
    tap = Tap("sdk-requests")
    seeds = range(options.first, options.first + options.seeds)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for source, make in sdk_histories.REQUESTS.items():
            if options.source not in (None, source):
                continue
            values = {seed: Values(random.Random(seed)) for seed in seeds}
            bodies = {seed: make(values[seed]) for seed in seeds}
            for target in sdk_histories.REQUESTS:
                if options.to not in (None, target):
                    continue
                found = list(pool.map(lambda seed: judge(bodies[seed], values[seed].own, source, target), seeds))
                wrong = ["seed %d: %s" % (seed, line) for seed, (lines, _) in zip(seeds, found) for line in lines]
                tap.check("%s to %s, seeds %d to %d: %d members" % (source, target, seeds[0], seeds[-1], sum(n for _, n in found)),
                          not wrong, "\n".join(wrong))
    tap.exit()


if __name__ == "__main__":
    main()
