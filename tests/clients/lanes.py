"""What the tests of translation and failover share: scripted upstreams as providers, and the Signalbox before them."""
import tempfile

import chat_upstream
import claude_cli
import signalbox_server
import stream_rules
import upstream
from recorder import Recorder

# Of these two the CLI thinks with a budget on the first, and adaptively on the second.
SONNET, OPUS = "claude-sonnet-4-5", "claude-opus-5-5"

# What DeepSeek's thinking models want, said without a preset.
DEEPSEEK_FLAGS = {"needs_reasoning_content": True, "effort_style": "thinking_effort", "effort_levels": ["low", "medium", "high", "xhigh", "max"], "vision": False, "parallel_tools": False, "strip_billing": True,
                  "structured_output": "json_object"}
DEEPSEEK_MODEL = {"upstream_model": "deepseek-v4", "output_tokens_max": 8192}


def anthropic_upstream(**options):
    return upstream.Upstream(tempfile.mkdtemp(prefix="messages-"), **options)


def chat(**options):
    return chat_upstream.Upstream(tempfile.mkdtemp(prefix="chat-"), **options)


def provider(scripted, **more):
    """A provider for a scripted upstream, in its dialect."""
    dialect = "openai_chat" if isinstance(scripted, chat_upstream.Upstream) else "anthropic"
    return signalbox_server.provider(scripted, dialect=dialect, **more)


def config(providers, routes, **more):
    """`providers`: name -> provider; `routes`: pattern -> targets, in order."""
    return {"server": {"listen": ["127.0.0.1:0"]}, "providers": providers,
            "routes": [{"match": match, "targets": targets} for match, targets in routes.items()], **more}


class Stage:
    """A running Signalbox with a recorder before it and the CLI before that."""

    def __init__(self, name, configuration, **env):
        self.server = signalbox_server.Server(configuration, name)
        self.recorder = Recorder(tempfile.mkdtemp(prefix="recorder-"), self.server.port)
        self.cli = claude_cli.Claude(self.recorder.port, "any", **env)
        self.seen = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.server.stop()

    def pairs(self):
        """(request, answer) of what the CLI asked since the last time."""
        pairs = claude_cli.conversations(self.recorder)
        fresh, self.seen = pairs[self.seen:], len(pairs)
        return fresh


def broken_streams(pairs):
    """What is wrong with the answers, each of which must be a stream that ends well."""
    out = []
    for number, (_, answer) in enumerate(pairs, 1):
        try:
            if answer.status != 200:
                raise stream_rules.Broken("status %d: %r" % (answer.status, answer.body[:300]))
            stream_rules.success(answer.body)
        except (stream_rules.Broken, KeyError, ValueError) as broken:
            out.append("answer %d: %r" % (number, broken))
    return out


def foreign_state(messages_upstreams, chat_upstreams):
    """Reasoning state that reached a vendor who did not give it out."""
    given = [state for one in messages_upstreams for state in one.given]
    out = ["an envelope at Anthropic's, request %d" % record.number for one in messages_upstreams for record in one.records if b"sb1." in record.body]
    for one in chat_upstreams:
        for record in one.records:
            text = record.body.decode("utf-8", "replace")
            if "sb1." in text or any(state in text for state in given):
                out.append("state at Chat's, request %d" % record.number)
    return out


def refused(*upstreams):
    return [line for one in upstreams for line in one.refusals()]
