"""Reads scenarios, as tests/scenarios/README.md describes them, and says what no real host can play."""
import json
import os

# Real time: a scenario that is meant for real hosts keeps its durations below this.
WAIT_MS_MAX = 300
# How a failure is brought about: what is sent before the connection is broken off; None: nothing listens
# there; "wait": nothing is done, the configured time runs out.
FAILURES = {"upstream_reset": b"", "upstream_protocol": b"no HTTP at all\r\n\r\n", "upstream_connect": None,
            "upstream_head_too_large": b"HTTP/1.1 200 OK\r\nx-long: " + b"a" * (1 << 20),
            "upstream_first_byte_timeout": "wait", "upstream_idle_timeout": "wait"}


class Statement:
    def __init__(self, line, sigil, text):
        self.line, self.sigil, self.text = line, sigil, text
        self.words, self.inline, self.block, self.config = [], None, [], ""
        rest = text.strip(" ")
        while rest:
            if rest[0] in '"{[':
                # Python's reader finds where the value ends; the bytes are those of the file.
                value, end = json.JSONDecoder(strict=False).raw_decode(rest)
                self.inline = value.encode("utf-8", "surrogatepass") if rest[0] == '"' else rest[:end].encode()
            else:
                end = (rest + " ").index(" ")
                word = rest[:end]
                if word.startswith("hex:"):
                    self.inline = bytes.fromhex(word[4:])
                else:
                    self.words.append(word)
            rest = rest[end:].lstrip(" ")

    def word(self, index):
        return self.words[index] if index < len(self.words) else ""

    def option(self, name):
        return self.words[self.words.index(name) + 1] if name in self.words[:-1] else None

    def bytes(self):
        data = self.inline if self.inline is not None else "".join(line + "\n" for line in self.block).encode()
        return data * int(self.option("times") or 1)

    def fields(self):
        """(name, value); the value of `!name`, what must be absent, is None."""
        out = []
        for line in self.block:
            if line.startswith("!"):
                out.append((line[1:], None))
            else:
                name, _, value = line.partition(":")
                out.append((name, value.strip(" ")))
        return out


class Scenario:
    def __init__(self, path):
        self.name, self.config, self.statements = os.path.basename(path).removesuffix(".scenario"), "", []
        with open(path, encoding="utf-8", newline="\n") as file:
            for number, line in enumerate(file.read().split("\n"), 1):
                if not line or line[0] == "#":
                    continue
                sigil, text = line[0], line[2:]
                last = self.statements[-1] if self.statements else None
                if sigil == "|" and last:
                    last.config += text + "\n"
                elif sigil == "|":
                    self.config += text + "\n"
                elif sigil == ":":
                    last.block.append(text)
                else:
                    self.statements.append(Statement(number, sigil, text))

    def exchanges(self):
        """The statements of each exchange, in order."""
        out = [[]]
        for statement in self.statements:
            if statement.sigil == ">" and statement.word(0) == "exchange":
                if out[-1]:
                    out.append([])
                continue
            out[-1].append(statement)
        return [exchange for exchange in out if exchange]

    def unplayable(self):
        """For each exchange the reason why no real host can play it, or None."""
        reasons, slept = [], None
        for exchange in self.exchanges():
            reason = slept
            for index, statement in enumerate(exchange):
                if statement.sigil != ">":
                    continue
                first, second, why = statement.word(0), statement.word(1), None
                if first == "host" and second != "request_bytes_max":
                    why = "another host is described"
                elif first == "client" and second == "failed":
                    why = "what the host itself refuses (bad_input.py tests it)"
                elif first == "client" and statement.option("from") not in (None, "loopback"):
                    why = "a client that is not on loopback"
                elif first == "upstream" and statement.word(2) == "failed" and statement.word(3) not in FAILURES:
                    why = statement.word(3) + " cannot be brought about on loopback"
                elif statement.config:
                    why = "a reload (lifecycle.py tests it)"
                elif first == "time" and milliseconds(second) > WAIT_MS_MAX:
                    slept = "line %d: it comes after %s of virtual time" % (statement.line, second)
                    if any(later.sigil == "<" for later in exchange[index + 1:next(
                            (i for i in range(index + 1, len(exchange)) if exchange[i].sigil == ">"), len(exchange))]):
                        why = "something hangs on %s of virtual time" % second
                reason = reason or (why and "line %d: %s" % (statement.line, why))
            reasons.append(reason)
        return reasons


def milliseconds(text):
    text = text.lstrip("+")
    return int(text[:-2]) if text.endswith("ms") else 1000 * int(text[:-1])
