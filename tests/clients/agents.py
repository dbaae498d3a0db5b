"""The real command-line agents, headless, as one thing: each has a home and a folder of its own, runs one prompt against a base URL
and says what it showed. Versions are pinned in package.json."""
import glob
import json
import os
import subprocess
import tempfile

import claude_cli
import turns
from claude_cli import NODE_MODULES

SECONDS_MAX = 60


class Shown:
    """What an agent showed of its run: its last words, the usage (None where it shows none), its exit code, all of its output."""

    def __init__(self, text="", usage=None, exit_code=0, output=""):
        self.text, self.usage, self.exit_code, self.output = text, usage, exit_code, output


class Agent:
    """`dialect` is the one it speaks, `model` the one it is told to ask for, `shows` the members of turns.Usage that it shows."""

    shows = ()

    def __init__(self, url, key):
        self.url, self.key = url, key
        self.home, self.work = tempfile.mkdtemp(prefix="agent-home-"), tempfile.mkdtemp(prefix="agent-work-")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.home, "NO_PROXY": "127.0.0.1"}

    def write(self, folder, name, text):
        path = os.path.join(folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as file:
            file.write(text)

    def run(self, prompt):
        self.set_up()
        try:
            done = subprocess.run(self.command(prompt), env=self.env, cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, timeout=SECONDS_MAX)
        except subprocess.TimeoutExpired as late:
            return Shown(exit_code=-1, output="no end within %d s\n" % SECONDS_MAX + (late.stdout or b"").decode("utf-8", "replace") + (late.stderr or b"").decode("utf-8", "replace"))
        said, more = done.stdout.decode("utf-8", "replace"), done.stderr.decode("utf-8", "replace")
        shown = Shown(exit_code=done.returncode, output=said + more)
        try:
            shown.text, shown.usage = self.read(said)
        except (ValueError, KeyError, TypeError, IndexError) as error:
            shown.output = "unreadable: %r\n" % error + shown.output
        return shown


def lines_of(text):
    """JSON objects, one a line; other lines are left out."""
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


class Claude(Agent):
    dialect, model, shows = "anthropic", "claude-sonnet-4-5", ("prompt", "cached", "output")

    def set_up(self):
        self.env.update(ANTHROPIC_BASE_URL=self.url, ANTHROPIC_API_KEY=self.key, ANTHROPIC_MODEL=self.model, IS_SANDBOX="1",
                        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC="1", DISABLE_AUTOUPDATER="1")

    def command(self, prompt):
        return [claude_cli.CLAUDE, "-p", prompt, "--allowedTools", "Bash", "--output-format", "json"]

    def read(self, text):
        result = json.loads(text)
        used = result["usage"]
        read, written = used["cache_read_input_tokens"], used["cache_creation_input_tokens"]
        return str(result["result"]), turns.Usage(used["input_tokens"] + read + written, read, used["output_tokens"], 0)


class Codex(Agent):
    dialect, model, shows = "openai_responses", "gpt-5", ("prompt", "cached", "output", "reasoning")

    def set_up(self):
        self.env["SCRIPTED_KEY"] = self.key
        self.write(self.home, ".codex/config.toml", 'model = "%s"\nmodel_reasoning_effort = "high"\nmodel_provider = "scripted"\n\n[model_providers.scripted]\nname = "scripted"\n'
                   'base_url = "%s/v1"\nenv_key = "SCRIPTED_KEY"\nwire_api = "responses"\n' % (self.model, self.url))

    def command(self, prompt):
        # Its own sandbox wants namespaces that a container may not have.
        return ["node", os.path.join(NODE_MODULES, "@openai", "codex", "bin", "codex.js"), "exec", "--json", "--skip-git-repo-check",
                "--dangerously-bypass-approvals-and-sandbox", prompt]

    def read(self, text):
        entries = lines_of(text)
        said = [entry["item"]["text"] for entry in entries if entry["type"] == "item.completed" and entry["item"]["type"] == "agent_message"]
        used = [entry["usage"] for entry in entries if entry["type"] == "turn.completed"][-1]
        return said[-1], turns.Usage(used["input_tokens"], used["cached_input_tokens"], used["output_tokens"], used["reasoning_output_tokens"])


class Gemini(Agent):
    dialect, model, shows = "gemini", "gemini-2.5-pro", ("prompt", "cached", "output", "reasoning")

    def set_up(self):
        self.env.update(GEMINI_API_KEY=self.key, GOOGLE_GEMINI_BASE_URL=self.url)
        self.write(self.home, ".gemini/settings.json", json.dumps({"security": {"auth": {"selectedType": "gemini-api-key"}}, "general": {"disableAutoUpdate": True},
                                                                  "privacy": {"usageStatisticsEnabled": False}}))

    def command(self, prompt):
        return ["node", os.path.join(NODE_MODULES, "@google", "gemini-cli", "bundle", "gemini.js"), "-p", prompt, "--yolo", "-m", self.model, "--skip-trust",
                "--output-format", "json"]

    def read(self, text):
        result = json.loads(text[text.index("{"):])
        total = turns.NO_USAGE
        for model in result["stats"]["models"].values():
            used = model["tokens"]
            total += turns.Usage(used["prompt"], used["cached"], used["candidates"] + used["thoughts"], used["thoughts"])
        return result["response"], total


class OpenCode(Agent):
    """opencode sends thinking back only where the model's entry says how."""
    provider, model, shows = "scripted", "scripted-model", ("prompt", "cached", "output")

    def set_up(self):
        self.env.update(OPENCODE_DISABLE_AUTOUPDATE="1", OPENCODE_DISABLE_MODELS_FETCH="1", OPENCODE_DISABLE_LSP_DOWNLOAD="1")
        model = {"reasoning": True, "tool_call": True, **self.entry}
        provider = {"npm": self.package, "options": {"baseURL": self.url + "/v1", "apiKey": self.key}, "models": {self.model: model}}
        model = self.provider + "/" + self.model
        self.write(self.work, "opencode.json", json.dumps({"provider": {self.provider: provider}, "model": model, "small_model": model}))

    def command(self, prompt):
        return [*glob.glob(os.path.join(NODE_MODULES, "opencode-linux-*", "bin", "opencode")), "run", prompt, "--format", "json"]

    def read(self, text):
        entries, total = lines_of(text), turns.NO_USAGE
        for entry in entries:
            if entry["type"] == "step_finish":
                used = entry["part"]["tokens"]
                total += turns.Usage(used["input"] + used["cache"]["read"] + used["cache"]["write"], used["cache"]["read"], used["output"] + used["reasoning"], used["reasoning"])
        return [entry["part"]["text"] for entry in entries if entry["type"] == "text"][-1], total


class OpenCodeMessages(OpenCode):
    dialect, package, entry = "anthropic", "@ai-sdk/anthropic", {"options": {"thinking": {"type": "enabled", "budgetTokens": 4000}}}


class OpenCodeChat(OpenCode):
    # The SDK gives a call's state back to a provider of this name only.
    provider, dialect, package = "google", "openai_chat", "@ai-sdk/openai-compatible"
    entry = {"interleaved": {"field": "reasoning_content"}, "options": {"reasoningEffort": "high"}, "limit": {"context": 128_000, "output": 8_000}}


AGENTS = {"claude": Claude, "codex": Codex, "gemini": Gemini, "opencode-messages": OpenCodeMessages, "opencode-chat": OpenCodeChat}
