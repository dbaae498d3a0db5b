#!/usr/bin/env python3
"""What `signalbox explain` prints, for typical configurations: tests/explain/NAME holds config.yaml, request.json and
page.txt, the whole page as a person gets it. `--write` writes the pages anew; read them before you commit them.

A NAME with no run.json is explained by the command line alone. run.json may say:
  path, client_key, headers    what the request comes with
  before                       so many requests are sent first, to a real server
  upstreams                    {host: answers in turn, the last one for all others}, or {host: {VARIABLE: answer}} by the
                               credential that is shown; an answer is {status, headers}
  held                         {host: count}: so many requests are open while the page is made
Where a server runs, it is asked, and its answer printed with `explain --answer`. Addresses that end in .example are
upstreams of this test; keys are variables that it sets. Times that pass are made to stand still: a cool-down at its
full minute, a first content at 400 ms, a limit's return at 1 h.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import threading

import raw_upstream
import signalbox_server
import wire
from signalbox_server import BINARY, ROOT
from tap import Tap

FOLDER = os.path.join(ROOT, "tests", "explain")
COLUMNS = 100
TEXTS = {"anthropic": {"id": "msg_1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
                       "content": [{"type": "text", "text": "Hello"}], "usage": {"input_tokens": 10, "output_tokens": 20}},
         "openai_chat": {"id": "c", "object": "chat.completion", "created": 1, "model": "m", "usage": {"prompt_tokens": 10, "completion_tokens": 20, "total_tokens": 30},
                         "choices": [{"index": 0, "finish_reason": "stop", "message": {"role": "assistant", "content": "Hello"}}]}}


class Upstream:
    """One host of a configuration: answers as run.json says, holds what is to be held."""

    def __init__(self, answers, held):
        self.answers, self.held, self.arrived, self.released = answers, held, threading.Semaphore(0), threading.Event()
        self.count, self.lock = 0, threading.Lock()
        self.raw = raw_upstream.RawUpstream(self.answer)

    def chosen(self, request):
        if isinstance(self.answers, dict):
            shown = request.header("x-api-key") or request.header("authorization", "")
            return next((answer for name, answer in self.answers.items() if shown.endswith(key_of(name))), {})
        with self.lock:
            self.count += 1
            return self.answers[min(self.count, len(self.answers)) - 1] if self.answers else {}

    def answer(self, request):
        if self.held:
            self.arrived.release()
            self.released.wait(20)
        chosen = self.chosen(request)
        status = chosen.get("status", 200)
        body = json.dumps(TEXTS["openai_chat" if "chat/completions" in request.path else "anthropic"] if status == 200 else
                          {"type": "error", "error": {"type": "api_error", "message": "scripted"}}).encode()
        fields = {"content-type": "application/json", "content-length": str(len(body)), **chosen.get("headers", {})}
        yield ("HTTP/1.1 %d Scripted\r\n" % status + "".join("%s: %s\r\n" % each for each in fields.items()) + "\r\n").encode() + body


def key_of(variable):
    return "made-up-" + variable.lower().replace("_", "-")


class Case:
    def __init__(self, name):
        self.name, self.folder = name, os.path.join(FOLDER, name)
        self.config, self.request = self.read("config.yaml"), self.read("request.json")
        self.run = json.loads(self.read("run.json") or "{}")
        self.env = {variable: key_of(variable) for variable in re.findall(r"\$\{(\w+)\}", self.config)}

    def read(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            return ""
        with open(path) as file:
            return file.read()

    def command(self, *arguments, text=""):
        return subprocess.run([BINARY, "explain", *arguments], input=text, capture_output=True, text=True, timeout=30,
                              env={**os.environ, **self.env})

    def options(self):
        options = ["--config", os.path.join(self.folder, "config.yaml"), "--path", self.run.get("path", "/v1/messages")]
        if "client_key" in self.run:
            options += ["--client-key", self.run["client_key"]]
        for header in self.run.get("headers", {}).items():
            options += ["--header", "%s: %s" % header]
        return options

    def dry(self, *more):
        return self.command(os.path.join(self.folder, "request.json"), *self.options(), *more)

    def needs_server(self):
        return any(name in self.run for name in ("before", "upstreams", "held"))

    def headers(self):
        shown = [("x-api-key", key_of("CLIENT_" + self.run["client_key"].upper()))] if "client_key" in self.run else []
        return [("content-type", "application/json"), *shown, *self.run.get("headers", {}).items()]

    def told_by_server(self):
        """What a real server says after what run.json tells, as the endpoint gives it."""
        held, config, upstreams = self.run.get("held", {}), self.config, {}
        for host in sorted(set(re.findall(r"https://([a-z.]+\.example)", config))):
            upstreams[host] = Upstream(self.run.get("upstreams", {}).get(host, []), held.get(host, 0))
            config = config.replace("https://" + host, upstreams[host].raw.url)
        waiting = []
        with signalbox_server.NativeServer(config, "explain-" + self.name, ["--listen", "127.0.0.1:0"], self.env) as server:
            for _ in range(self.run.get("before", 0)):
                server.ask("POST", "/v1/messages", self.request.replace('"stream":true', '"stream":false').encode(), self.headers())
            for host, count in held.items():
                for _ in range(count):
                    thread = threading.Thread(target=server.ask, args=("POST", "/v1/messages", self.request.encode(), self.headers()))
                    thread.start()
                    waiting.append(thread)
                    assert upstreams[host].arrived.acquire(timeout=20), "a request that was to be held did not arrive"
            query = "?path=" + self.run.get("path", "/v1/messages")
            if "client_key" in self.run:
                query += "&client_key=" + self.run["client_key"]
            answer = server.ask("POST", "/signalbox/explain" + query, self.request.encode(),
                                [("content-type", "application/json"), *self.run.get("headers", {}).items()])
            for upstream in upstreams.values():
                upstream.released.set()
            for thread in waiting:
                thread.join()
        text = answer.body.decode()
        for host, upstream in upstreams.items():
            text = text.replace(upstream.raw.url, "https://" + host)
        return text

    def page(self):
        """(the page, the exit code, JSON that it is of)"""
        if self.needs_server():
            told = json.dumps(settled(json.loads(self.told_by_server())))
            done = self.command("--answer", "-", text=told)
        else:
            done, told = self.dry(), self.dry("--json").stdout
        return done.stdout + done.stderr, done.returncode, told


def settled(told):
    """What a server has told, with the times in it that pass as if they stood still: a page's lines break by its words."""
    if isinstance(told, list):
        return [settled(each) for each in told]
    if not isinstance(told, dict):
        return told
    still = {"cooling_for_ms": lambda ms: -(-ms // 60_000) * 60_000, "first_content_ms": lambda ms: 400, "reset_ms": lambda ms: 3_600_000 if ms else 0}
    return {name: still[name](value) if name in still else settled(value) for name, value in told.items()}


def check_case(tap, name, write):
    case = Case(name)
    page, code, told = case.page()
    path = os.path.join(case.folder, "page.txt")
    if write:
        with open(path, "w") as file:
            file.write(page)
    wanted = case.read("page.txt")
    if not tap.check("%s: the page is the one that is kept" % name, page == wanted):
        for seen, kept in zip(page.splitlines() + ["(end)"], wanted.splitlines() + ["(end)"]):
            if seen != kept:
                print("#   kept: %s\n#   seen: %s" % (kept, seen))
                break
    json_told = json.loads(told)
    tap.equal("%s: the exit code says whether it would be answered" % name, code, 1 if "would_answer" in json_told else 0)
    tap.check("%s: no line but that of a long address is longer than a terminal is wide, nor holds what a terminal obeys" % name,
              all((len(line) <= COLUMNS or " " not in line.strip()) and line.isprintable() for line in page.splitlines()),
              [line for line in page.splitlines() if len(line) > COLUMNS])
    for each in json_told["lanes"]:
        tap.check("%s: the lane of %s is on it" % (name, each["provider"]), '"%s"' % each["provider"] in page and '"%s"' % each["model"] in page)
    tap.check("%s: no key is on it" % name, "made-up-" not in page + told)


def check_command(tap):
    case = Case("simple")
    told = case.dry("--json").stdout
    strange = {**json.loads(told), "surprise": {"depth": [1, 2], "by": "\x1b[31mred\u202e"}, "request": {**json.loads(told)["request"], "odd": 7}}
    strange["lanes"][0]["news"] = "of a lane"
    page = case.command("--answer", "-", text=json.dumps(strange)).stdout
    tap.check("what the page does not know is shown under its own name", all(word in page for word in ("surprise.depth: [1,2]", "odd: 7", 'news: "of a lane"')), page)
    tap.check("what a terminal would obey is shown escaped", "\x1b" not in page and "\u202e" not in page and "red" in page, repr(page))
    wrong_types = {"request": {"path": 7, "stream": "maybe"}, "lanes": ["x", {"provider": 3, "bounds": [1]}], "limits": [], "edits": {}, "decided_by": 9}
    done = case.command("--answer", "-", text=json.dumps(wrong_types))
    tap.check("members of another type are shown as they are", done.returncode == 0 and all(word in done.stdout for word in ("path: 7", 'stream: "maybe"', "provider: 3", "decided_by: 9")), done)
    for text in ("", "{}", "[1]", "<html>", '{"error":{"message":"no"}}', '{"request":{},"x":%s%s}' % ("[" * 200_000, "]" * 200_000)):
        done = case.command("--answer", "-", text=text)
        tap.check("--answer with %r is told to be none" % text[:40], done.returncode == 1 and "no answer of POST" in done.stderr and not done.stdout, done)
    for arguments, code, words in (
            (("--client-key", "nobody"), 1, 'There is no client key "nobody"'), (("--address", "here"), 1, "wants an IP address"),
            (("--header", "nonsense"), 2, "--header wants"), (("--config", "/nonexistent.yaml"), 2, "nonexistent")):
        done = case.command(os.path.join(case.folder, "request.json"), *(() if "--config" in arguments else case.options()), *arguments)
        tap.check("%s: exit code %d and a sentence" % (" ".join(arguments), code), done.returncode == code and words in done.stderr and not done.stdout, done)
    for clients, options, words in (
            ("deny: [203.0.113.0/24]", ("--address", "203.0.113.9"), "Requests from this address are not taken"),
            ("each_address: {window_tokens_max: 2}", ("--address", "203.0.113.9"), "it is too long for all of them")):
        with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
            file.write(case.config + "\nserver: {clients: {%s}}\n" % clients)
            file.flush()
            done = case.command(os.path.join(case.folder, "request.json"), "--config", file.name, "--path", "/v1/messages", *options)
        tap.check("%s: what would be refused is, and the exit code says so" % clients,
                  done.returncode == 1 and "The client would be refused" in done.stdout and words in " ".join(done.stdout.split()), done)
    full = json.loads(Case("queue").page()[2])
    full["route"]["queue"]["waiting"] = full["route"]["queue"]["places_max"]
    done = case.command("--answer", "-", text=json.dumps(full))
    tap.check("nobody is promised a place in a queue that is full", done.returncode == 1 and "so many wait as may" in done.stdout, done)
    done = case.command("--answer", "-", "--body", text=told)
    tap.check("--answer takes no options of a dry run", done.returncode == 2 and "only --json goes with it" in done.stderr, done)
    tap.equal("--answer --json gives back what it was given", case.command("--answer", "-", "--json", text=told).stdout, told)
    with signalbox_server.NativeServer(None, "explain") as server:
        for query, words in (("client=x", "no client key"), ("pth=/v1/messages", 'Did you mean \\"path\\"?'), ("body=yes", "true or false"),
                             ("path=", "has no value"), ("path=/v1/messages&path=/v1/responses", "stands twice"), ("address=x", "wants an IP address")):
            answer = server.ask("POST", "/signalbox/explain?" + query, case.request.encode())
            tap.check("the endpoint refuses ?%s" % query, answer.status == 400 and words in answer.body.decode(), answer.body)


def main():
    tap = Tap("explain")
    arguments = sys.argv[1:]
    write = "--write" in arguments
    names = [each for each in arguments if each != "--write"] or sorted(os.listdir(FOLDER))
    for name in names:
        tap.run("%s ran to its end" % name, check_case, tap, name, write)
    if not arguments:
        tap.run("the command ran to its end", check_command, tap)
    tap.exit()


if __name__ == "__main__":
    main()
