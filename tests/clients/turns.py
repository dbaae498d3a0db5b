"""What a model says in one turn, in no dialect's words; no sockets in here. Beside it the session of a coding agent: reasoning,
some text and a call of the agent's shell, then, once the result has come back, text.
"""
import dataclasses
import json

WORDS = "Grüße, 世界 — ok \U0001f600. "
THOUGHTS = "Let me see … 考える\nand \"quote\" it."
# What it prints is not what is written in it: a result that has it can only come from a shell. Gemini CLI runs no `$(`.
COMMAND, PRINTED = "printf '%s-%s' well done", "well-done"
# The shell tools of the agents, and what they are called with.
SHELLS = {"Bash": {"command": COMMAND, "description": "Say it — é"}, "bash": {"command": COMMAND, "description": "Say it — é"},
          "run_shell_command": {"command": COMMAND, "description": "Say it — é"}, "exec_command": {"cmd": COMMAND}}


@dataclasses.dataclass
class Usage:
    """Tokens: `cached` and `written`, those put into the cache, are some of `prompt`, `reasoning` some of `output`."""
    prompt: int
    cached: int
    output: int
    reasoning: int
    written: int = 0

    def __add__(self, other):
        return Usage(*(a + b for a, b in zip(dataclasses.astuple(self), dataclasses.astuple(other))))


NO_USAGE = Usage(0, 0, 0, 0)


@dataclasses.dataclass
class Call:
    name: str
    arguments: dict

    def text(self):
        return json.dumps(self.arguments, ensure_ascii=False)


@dataclasses.dataclass
class Turn:
    """`parts`: Reasoning and text, as ("reasoning", str) and ("text", str), and Calls, in the order in which they are said.
    `stop`: why it ends: "" as it should, "length", "refusal" by the model, whose text is what it says of it, "filter" by the provider."""
    parts: list
    usage: Usage
    stop: str = ""

    def calls(self):
        return [part for part in self.parts if isinstance(part, Call)]


TITLE = Turn([("text", "A title")], Usage(90, 0, 3, 0))
LAST = Turn([("text", WORDS * 2 + "Done.")], Usage(1300, 1200, 17, 0))


def first(shell):
    return Turn([("reasoning", THOUGHTS), ("text", "I shall run it. "), Call(shell, SHELLS[shell])], Usage(1200, 1024, 42, 30))


def next_turn(declared, answered):
    """The session's turn for a request that declares these tools; `answered`: a call's result stands in it."""
    shells = [name for name in declared if name in SHELLS]
    if not shells:
        return TITLE
    return LAST if answered else first(shells[0])


def pieces(text, size=9):
    return [text[at:at + size] for at in range(0, len(text), size)]
