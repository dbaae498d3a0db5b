"""The real `claude` CLI, headless: a home and a folder of its own, in which sessions can be continued."""
import glob
import io
import json
import os
import subprocess
import tempfile

import messages
import signalbox_server
import wire

NODE_MODULES = os.environ.get("SIGNALBOX_NODE_MODULES",
                              os.path.join(signalbox_server.ROOT, "build", "clients", "node", "node_modules"))
CLAUDE = os.path.join(NODE_MODULES, "@anthropic-ai", "claude-code", "bin", "claude.exe")


class Claude:
    def __init__(self, port, key=messages.KEY, **env):
        """`env`: further variables; port: where it finds its Anthropic."""
        self.home, self.work = tempfile.mkdtemp(prefix="claude-home-"), tempfile.mkdtemp(prefix="claude-work-")
        self.env = {"PATH": os.environ["PATH"], "HOME": self.home, "ANTHROPIC_BASE_URL": "http://127.0.0.1:%d" % port,
                    "ANTHROPIC_API_KEY": key, "IS_SANDBOX": "1", "NO_PROXY": "127.0.0.1",
                    "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1", "DISABLE_AUTOUPDATER": "1", **env}

    def run(self, prompt, model=None, arguments=()):
        """One run, on the CLI's default model where `model` is None; gives (its result as a dict, everything it wrote)."""
        env = {**self.env, **({"ANTHROPIC_MODEL": model} if model else {})}
        done = subprocess.run([CLAUDE, "-p", prompt, "--allowedTools", "Bash", "--output-format", "json", *arguments], env=env,
                              cwd=self.work, stdin=subprocess.DEVNULL, capture_output=True, timeout=90)
        text = done.stdout.decode("utf-8", "replace")
        try:
            result = json.loads(text)
        except ValueError:
            result = {"is_error": True, "result": ""}
        result["exit_code"] = done.returncode
        return result, text + done.stderr.decode("utf-8", "replace")

    def carry_on(self, prompt, model=None):
        """The next turn of the session that ran last."""
        return self.run(prompt, model, ["--continue"])

    def calls(self):
        """The tool calls of the transcripts."""
        calls = []
        for path in glob.glob(os.path.join(self.home, ".claude", "projects", "*", "*.jsonl")):
            with open(path) as file:
                for line in file:
                    content = json.loads(line).get("message", {}).get("content")
                    calls += [block for block in content or [] if isinstance(block, dict) and block.get("type") == "tool_use"]
        return calls


def completed(result):
    return result.get("exit_code") == 0 and not result.get("is_error")


def conversations(recorder):
    """(request, answer) of every POST /v1/messages on the client's side."""
    pairs = []
    for sent, received in recorder.connections():
        requests, stream = wire.read_all(sent), io.BytesIO(received)
        for request in requests:
            answer = wire.read_message(stream, request.method)
            if request.method == "POST" and request.path.split("?")[0] == "/v1/messages":
                pairs.append((request, answer))
    return pairs


def blocks_of(body, kind):
    """The content blocks of one type in a Messages request."""
    return [block for entry in body["messages"] if isinstance(entry["content"], list)
            for block in entry["content"] if block.get("type") == kind]
