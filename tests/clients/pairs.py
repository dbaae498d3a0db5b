#!/usr/bin/env python3
"""The official SDKs on all sixteen pairs of a client's dialect and an upstream's: answers whole and streamed, the turn after tool calls in
each SDK's own way, an answer by a schema, errors before an answer and inside of one, the count of tokens and the list of models.

usage: pairs.py [--all] [--direct] [CLIENT...] [--upstream DIALECT,DIALECT]    without --all, the SDKs of CI: one of Python and one of
JavaScript for each dialect. `--direct` leaves Signalbox out, and then each SDK meets its own dialect: it tests these tests.
"""
import concurrent.futures
import json
import os
import subprocess
import sys
import time

import lanes
import messages
import pair_answers
import pair_upstreams
import sessions
import signalbox_server
from sdks import HERE, NODE, NODE_MODULES, PYTHON
from tap import Tap

LETTERS = {"anthropic": "A", "openai_chat": "C", "openai_responses": "R", "gemini": "G"}
CLIENTS = {"anthropic-python": "anthropic", "openai-chat-python": "openai_chat", "openai-responses-python": "openai_responses", "genai-python": "gemini",
           "anthropic-node": "anthropic", "openai-chat-node": "openai_chat", "openai-responses-node": "openai_responses", "genai-node": "gemini",
           "ai-anthropic": "anthropic", "ai-openai-compatible": "openai_chat", "ai-openai": "openai_responses", "ai-google": "gemini"}
IN_CI = [name for name in CLIENTS if not name.startswith("ai-")]
SECONDS_MAX = 200
# What the providers say of themselves. The one that speaks Chat is DeepSeek's, which wants its reasoning back.
FLAGS = {"openai_chat": lanes.DEEPSEEK_FLAGS}
MODELS = {"deepseek": {**lanes.DEEPSEEK_MODEL, "provider": "up"}}
CLASSES = {400: ("BadRequestError",), 404: ("NotFoundError",), 429: ("RateLimitError",), 500: ("InternalServerError",)}
GENERAL = ("APIError", "ClientError", "ServerError", "ApiError", "APICallError", "AI_APICallError")
# SDK -> what it cannot show, or does not keep, with the reason; nothing here is the gateway's.
BLIND = {"openai-chat-node": ("state",)}  # its tool runner sends no member back that its types do not have


def wanted_of(name, upstream, script):
    turn = pair_answers.LAST if script == "loop" else pair_answers.ANSWERS["text" if script == "media" else script]
    return pair_answers.seen(turn, CLIENTS[name], upstream)


def differences(name, upstream, script, seen):
    wanted = wanted_of(name, upstream, script)
    out = []
    for member in wanted:
        if member in BLIND.get(name, ()):
            continue
        one, other = wanted[member], seen.get(member)
        if member == "usage":  # Messages need not say what was thought, and not every SDK has a word for what was written
            free = {"written"} | ({"reasoning"} if CLIENTS[name] == "anthropic" or not one["reasoning"] else set())
            one = {key: value for key, value in one.items() if other.get(key) is not None or key not in free}
            other = {key: other.get(key) for key in one}
        if one != other:
            out.append("%s: wanted %s\n%s  seen   %s" % (member, json.dumps(one, ensure_ascii=False), " " * len(member), json.dumps(other, ensure_ascii=False)))
    return out


def fault(name, line):
    """What is wrong with what an SDK said, None when it is right."""
    script, upstream = line["script"], line["upstream"]
    if "broke" in line:
        return "the SDK broke: " + line["broke"]
    if script in pair_answers.ANSWERS or script in ("loop", "media"):
        return "raised %s" % line["raised"] if "raised" in line else "\n".join(differences(name, upstream, script, line["seen"])) or None
    if script == "structured":
        return None if line.get("seen") == pair_answers.OBJECT else "told: %s" % line
    if script in ("count", "models"):
        return None if line.get("seen") else "nothing: %s" % line
    raised = line.get("raised")
    if raised is None:
        return "it succeeded: %s" % json.dumps(line["seen"], ensure_ascii=False)[:300]
    status = pair_answers.ERRORS.get(script)
    if status is None:
        good = "scripted" in raised["message"] if script.startswith("error-") else raised["message"]
        if script == "error-first" and (raised["status"] or 0) < 500:
            return "nothing was said yet, and still it is no error of HTTP: %s" % raised
        return None if good else "the error's words are gone: %s" % raised
    if raised["status"] != status:
        return "status %s, not %d: %s" % (raised["status"], status, raised)
    if raised["class"] not in CLASSES[status] + GENERAL:
        return "class: %s" % raised
    if "Scripted %d" % status not in raised["message"]:
        return "the provider's words are gone: %s" % raised
    if status == 429 and raised.get("retry_after", "7") != "7":
        return "retry-after: %s" % raised
    return None


def loop_faults(dialect, upstream, name, form):
    """What is wrong with the turn that brought the results, as the upstream saw it."""
    tag = "%s/loop/%s" % (name, form)
    records = [record for record in upstream.records if getattr(record, "tag", "").rstrip(".") == tag and (record.refused or record.turn)]
    refused = [record.refused for record in records if record.refused]
    if refused or len(records) != 2:
        return ["%d requests, refused: %s" % (len(records), refused)], "-"
    request = json.loads(records[1].body)
    calls, results = pair_upstreams.paired(dialect, request)
    out, turn = [], pair_answers.ANSWERS["two-calls"]
    if calls != [[call.name, call.arguments] for call in turn.calls()]:
        out.append("calls: %s" % json.dumps(calls, ensure_ascii=False))
    if results != [[call.name, pair_answers.RESULTS[call.name]] for call in turn.calls()]:
        out.append("results: %s" % json.dumps(results, ensure_ascii=False))
    given = sessions.states(dialect, upstream.given)
    if dialect != "openai_chat":  # this session's are those named in its first answer; those of Chat are all alike
        given = {state for state in given if state.encode() in records[0].answer}
    return out, "kept" if given & {text.replace("-", "+").replace("_", "/") if dialect == "gemini" else text for text in sessions.strings_of(request)} else "lost" if given else "none given"


def run_client(name, urls, key):
    env = {**os.environ, "SIGNALBOX_NODE_MODULES": NODE_MODULES, "PYTHONPATH": HERE, "NO_PROXY": "127.0.0.1", "PAIR_URLS": json.dumps(urls), "PAIR_KEY": key,
           "PAIR_TABLE": json.dumps({"answers": list(pair_answers.ANSWERS), "errors": list(pair_answers.ERRORS), "broken": list(pair_answers.BROKEN[:1] if key == messages.KEY else pair_answers.BROKEN),
                                     "results": pair_answers.RESULTS, "tokens_wanted": pair_answers.TOKENS_WANTED, "models": pair_answers.MODELS, "schema": pair_answers.SCHEMA, "png": pair_answers.PNG, "pdf": pair_answers.PDF,
                                     "tools": pair_answers.TOOLS})}
    if name.endswith("-python"):
        command = [PYTHON, os.path.join(HERE, "pair_python.py"), name]
    else:
        command = [NODE, os.path.join(HERE, "pair_ai.mjs" if name.startswith("ai-") else "pair_node.mjs"), name]
    try:
        done = subprocess.run(command, env=env, capture_output=True, timeout=SECONDS_MAX)
        code, out, more = done.returncode, done.stdout, done.stderr
    except subprocess.TimeoutExpired as late:
        code, out, more = "none: it hangs", late.stdout or b"", late.stderr or b""
    return [json.loads(line) for line in out.decode().splitlines() if line.startswith("{")], code, more.decode("utf-8", "replace")


def check_client(tap, name, ran, upstreams, table):
    lines, code, more = ran
    client = LETTERS[CLIENTS[name]]
    tap.check("%s ran to its end" % name, code == 0, "%s\n%s\nlast: %s" % (code, more[-1500:], lines[-1:]))
    for line in lines:
        pair = client + LETTERS[line["upstream"]]
        found = fault(name, line)
        good = tap.check("%s %s, %s, %s" % (pair, name, line["script"], line["form"]), not found, found)
        cell = table.setdefault(pair, [0, 0, set()])
        cell[0] += good
        cell[1] += 1
        if line["script"] == "structured":
            asked = [pair_upstreams.schema_of(line["upstream"], json.loads(record.body)) for record in upstreams[line["upstream"]].records
                     if getattr(record, "tag", "").rstrip(".") == name + "/structured/whole"]
            cell[1] += 1
            cell[0] += tap.check("%s %s, the schema reaches the provider" % (pair, name), asked in ([sorted(pair_answers.OBJECT)], ["json"]), asked)
        if line["script"] == "media" and line["upstream"] != "openai_chat":  # its models see nothing
            body = b"".join(record.body for record in upstreams[line["upstream"]].records if getattr(record, "tag", "").rstrip(".") == name + "/media/whole")
            missing = [kind for kind, data in (("image", pair_answers.PNG), ("PDF", pair_answers.PDF)) if data.encode() not in body.replace(b"-", b"+").replace(b"_", b"/")]
            cell[1] += 1
            cell[0] += tap.check("%s %s, image and PDF reach the provider" % (pair, name), not missing, "%s\n%s" % (missing, body[:600]))
        if line["script"] == "loop":
            faults, state = loop_faults(line["upstream"], upstreams[line["upstream"]], name, line["form"])
            cell[1] += 1
            cell[0] += tap.check("%s %s, calls and results come back paired, %s" % (pair, name, line["form"]), not faults, "\n".join(faults))
            cell[2].add("no place" if "state" in BLIND.get(name, ()) else state)
            if state != "-" and "state" not in BLIND.get(name, ()):
                cell[1] += 1
                cell[0] += tap.check("%s %s, the reasoning state comes back, %s" % (pair, name, line["form"]), state == "kept", state)


def main():
    arguments = sys.argv[1:]
    direct = "--direct" in arguments
    wanted = list(pair_upstreams.ANSWERS)
    if "--upstream" in arguments:
        at = arguments.index("--upstream")
        wanted = arguments[at + 1].split(",")
        del arguments[at:at + 2]
    names = list(CLIENTS) if "--all" in arguments else [name for name in arguments if name in CLIENTS] or IN_CI
    tap, began = Tap("pairs"), time.monotonic()
    upstreams = {dialect: pair_upstreams.start(dialect, **({"vendor": "deepseek"} if dialect == "openai_chat" else {})) for dialect in wanted}
    servers = {}
    for dialect, scripted in () if direct else upstreams.items():
        more = {"flags": FLAGS[dialect]} if dialect in FLAGS else {}
        target = "deepseek" if dialect == "openai_chat" else "up/" + pair_answers.MODELS[dialect]
        provider = signalbox_server.provider(scripted, dialect=dialect, timeouts={"first_byte_ms": 5000, "idle_ms": 5000}, **more)
        servers[dialect] = signalbox_server.Server(lanes.config({"up": provider}, {match: [target] for match in [*pair_answers.MODELS.values(), "*"]}, models=MODELS), "pairs-" + dialect)
    urls = {dialect: scripted.url if direct else "http://127.0.0.1:%d" % servers[dialect].port for dialect, scripted in upstreams.items()}
    table = {}

    def run(name):
        return run_client(name, {CLIENTS[name]: urls[CLIENTS[name]]} if direct else urls, messages.KEY if direct else "any")

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for name, ran in zip(names, pool.map(run, names)):
            check_client(tap, name, ran, upstreams, table)
    for server in servers.values():
        server.stop()
    for dialect, scripted in upstreams.items():
        tap.check("the %s upstream refused nothing" % dialect, not scripted.refusals(), "\n".join(scripted.refusals()[:12]))
    if servers:
        signalbox_server.check_secrets(tap)
    print("# pairs: passed of all, and what became of the reasoning state; %.0f s" % (time.monotonic() - began))
    for client in "ACRG":
        print("# %s  %s" % (client, "  ".join("%s %-32s" % (client + up, "%d/%d %s" % (*table[client + up][:2], ",".join(sorted(table[client + up][2])))) for up in "ACRG" if client + up in table)))
    tap.exit()


if __name__ == "__main__":
    main()
