"""Other gateways on the same work, in front of the same mock: LiteLLM and claude-code-router, at pinned versions.

They are installed into build/bench/peers, by the flag only. A shape that one of them does not answer has a dash.
"""

import json
import pathlib
import subprocess
import sys

import answers
import cpu
import load
import process
import tables
from run import DIALECTS, ROOT, SHAPES, say

FOLDER = ROOT / "build" / "bench" / "peers"
LITELLM, ROUTER = "1.106.0", "1.0.73"
PEERS = ("LiteLLM", "claude-code-router")
INSTALL_SECONDS_MAX = 600
START_SECONDS_MAX = 120


def installed():
    """Both programs, by name."""
    litellm, router = FOLDER / ("litellm-" + LITELLM), FOLDER / ("claude-code-router-" + ROUTER)
    programs = {"litellm": litellm / "bin" / "litellm", "ccr": router / "node_modules" / ".bin" / "ccr"}
    steps = []
    if not programs["litellm"].exists():
        steps += [[sys.executable, "-m", "venv", str(litellm)],
                  [str(litellm / "bin" / "pip"), "install", "-q", "litellm[proxy]==" + LITELLM]]
    if not programs["ccr"].exists():
        steps += [["npm", "install", "--no-audit", "--no-fund", "--silent", "--prefix", str(router),
                   "@musistudio/claude-code-router@" + ROUTER]]
    for step in steps:
        say("installing, some minutes the first time:", *step)
        FOLDER.mkdir(parents=True, exist_ok=True)
        subprocess.run(step, check=True, stdout=sys.stderr, timeout=INSTALL_SECONDS_MAX)
    return programs


def start_litellm(name, folder, program, upstream_port, dialect):
    """One worker, no database, no log of requests."""
    model = {"anthropic": ("anthropic/claude-bench-upstream", ""), "openai_chat": ("openai/gpt-bench-upstream", "/v1")}[dialect]
    config = pathlib.Path(folder) / (name + ".json")  # which is YAML too
    config.write_text(json.dumps({
        "model_list": [{"model_name": "claude-opus-5-5", "litellm_params": {
            "model": model[0], "api_base": "http://127.0.0.1:%d%s" % (upstream_port, model[1]),
            "api_key": "bench-upstream-credential"}}],
        "general_settings": {"dangerously_permit_weak_or_unset_master_key": True},  # as Signalbox here: no client keys
        "litellm_settings": {"telemetry": False, "drop_params": True, "use_chat_completions_url_for_anthropic_messages": True}}))
    port = process.free_port()
    # Nothing is asked of the network: the table of prices is the one that came with it.
    return process.Server(name, [str(program), "--config", str(config), "--host", "127.0.0.1", "--port", str(port),
                                 "--num_workers", "1"], port, str(config) + ".log", folder,
                          {"LITELLM_LOCAL_MODEL_COST_MAP": "True", "LITELLM_LOG": "ERROR"}, seconds_max=START_SECONDS_MAX)


def start_router(name, folder, program, upstream_port):
    home = pathlib.Path(folder) / name
    (home / ".claude-code-router").mkdir(parents=True)
    port = process.free_port()
    (home / ".claude-code-router" / "config.json").write_text(json.dumps({
        "PORT": port, "HOST": "127.0.0.1", "LOG": False, "NON_INTERACTIVE_MODE": True,
        "Providers": [{"name": "mock", "api_base_url": "http://127.0.0.1:%d/v1/chat/completions" % upstream_port,
                       "api_key": "bench-upstream-credential", "models": ["gpt-bench-upstream"]}],
        "Router": {"default": "mock,gpt-bench-upstream"}}))
    return process.Server(name, [str(program), "start"], port, str(home / "log"), folder, {"HOME": str(home)},
                          seconds_max=START_SECONDS_MAX)


def section(run):
    programs = installed()
    lines = ["## Other gateways", "",
             "LiteLLM %s (one worker) and claude-code-router %s on the same work, in the same run: CPU of the process tree per "
             "request, and multiples of nginx. %d connections, %d s a cell, %s. A dash is a shape that was not answered "
             "as the mock says. The clients of these two finish what they began, where wrk leaves at its end: "
             "claude-code-router does not survive that, and LiteLLM finishes too little in a second."
             % (LITELLM, ROUTER, load.CONNECTIONS, run.args.seconds, tables.rounds(run.args.rounds)), ""]
    messages = run.mocks("anthropic")
    nginx = {answer: run.nginx(mock) for answer, mock in messages.items()}
    for dialect, label in (("anthropic", "Messages in and out"), ("openai_chat", "Messages in, Chat out")):
        mocks = messages if dialect == "anthropic" else run.mocks(dialect)
        rows = {}
        for answer, mock in mocks.items():
            rows[answer] = [("nginx", nginx[answer])] + run.signalboxes(mock, dialect)
            rows[answer].append((PEERS[0], run.keep(start_litellm(run.name("litellm"), run.folder, programs["litellm"],
                                                                   mock.port, dialect))))
            if dialect == "openai_chat":
                rows[answer].append((PEERS[1], run.keep(start_router(run.name("router"), run.folder,
                                                                                 programs["ccr"], mock.port))))
        spent = cpu.measured(run, serving(run, rows), mocks, lambda name: (
            load.cpu_us_per_finished_request if name in PEERS else load.cpu_us_per_request))
        labels = [name for name, _ in rows["whole"]]
        lines += ["### " + label, ""] + cpu.cells(spent, labels)
        lines += tables.table(["", "resident after load, MiB"], [
            [name, tables.mebibytes(server.rss_bytes())] for name, server in rows["stream"]])
    return lines


def serving(run, rows):
    """{shape: [(label, server)]}: who answers it rightly, of {answer: [(label, server)]}."""
    found = {shape: [] for shape, _, _ in SHAPES}
    for shape, size, answer in SHAPES:
        expected = DIALECTS["anthropic"].answer(answer)
        for label, server in rows[answer]:
            try:
                load.check(server, run.requests[size, answer].read_bytes(), expected, answers.text_of)
                found[shape].append((label, server))
            except (Exception, SystemExit) as problem:  # of somebody else's program: whatever it is, it is a dash
                say("%s, %s: %s" % (label, shape, str(problem)[:400]))
    return found
