"""Random values of the request types that the official Python SDKs declare: TypedDicts, literals, unions, lists, and the
pydantic models of google-genai. Every text and number is one of its own, so that what becomes of each can be seen.

What a type does not say (that arguments are JSON, that a file's data is base64) stands in TEXTS by the member's name.
"""
import base64
import collections.abc
import datetime
import enum
import json
import typing

import pydantic
import typing_extensions

LISTS = (list, collections.abc.Iterable, collections.abc.Sequence)
NUMBERS = {  # of a member's name: the least and the greatest
    "max_tokens": (3000, 4000), "max_output_tokens": (3000, 4000), "max_completion_tokens": (3000, 4000), "maxOutputTokens": (3000, 4000),
    "budget_tokens": (1024, 2900), "temperature": (0, 1), "top_p": (0, 1), "presence_penalty": (-2, 2), "frequency_penalty": (-2, 2),
    "n": (1, 1), "candidate_count": (1, 1), "top_logprobs": (1, 20), "thinking_budget": (512, 2900),
}
NEEDED = {  # what the types leave open, and the providers do not
    "Blob": ("data", "mime_type"), "FileData": ("file_uri", "mime_type"), "FunctionCall": ("name", "args"),
    "FunctionResponse": ("name", "response"), "ExecutableCode": ("code", "language"), "CodeExecutionResult": ("outcome", "output"),
    "FunctionResponseBlob": ("data", "mime_type"), "FunctionResponseFileData": ("file_uri", "mime_type"), "FunctionDeclaration": ("name",), "Schema": ("type",), "SafetySetting": ("category", "threshold"),
    "FileFile": ("file_data", "filename"), "ResponseInputImageParam": ("image_url",), "ResponseInputImageContentParam": ("image_url",),
    "ResponseInputFileParam": ("file_data", "filename"), "ResponseInputFileContentParam": ("file_data", "filename"), "ResponseReasoningItemParam": ("encrypted_content",),
}
SCHEMAS = ("schema", "input_schema", "parameters", "parameters_json_schema", "response_json_schema", "output_schema")


class Values:
    def __init__(self, random, optional=0.3):
        self.random, self.optional, self.count, self.own = random, optional, 0, set()

    def number(self):
        self.count += 1
        return self.count

    def text(self, name="", prefix="w"):
        """One that there is once, and that stands in `own`."""
        unique = "%s%d" % (prefix, self.number())
        coded = base64.b64encode(unique.encode()).decode()
        texts = {
            "arguments": json.dumps({"k": unique}), "data": coded, "file_data": "data:application/pdf;base64," + coded, "signature": "EqQB" + coded,
            "image_url": "https://%s.example/a.png" % unique,
            **dict.fromkeys(("url", "uri", "file_uri", "file_url", "server_url"), "https://%s.example/a.pdf" % unique),
        }
        choices = {"media_type": ["text/plain"], "mime_type": ["image/png", "application/pdf", "audio/wav"],
                   "response_mime_type": ["application/json", "text/plain", "text/x.enum"]}
        if name in choices:
            return self.random.choice(choices[name])
        self.own.add(texts.get(name, unique))
        return texts.get(name, unique)

    def schema(self):
        return {"type": "object", "properties": {self.text(): {"type": "string"}}, "additionalProperties": False}

    def of(self, kind, name="", depth=0):
        origin, args = typing.get_origin(kind), typing.get_args(kind)
        if name in SCHEMAS and origin is not typing.Literal and not self.is_record(self.plain(kind)):
            return self.schema()
        if origin in (typing.Annotated, typing_extensions.Required, typing_extensions.NotRequired, typing.Required, typing.NotRequired):
            return self.of(args[0], name, depth)
        if origin is typing.Literal:
            return self.random.choice(args)
        if origin is typing.Union or type(kind).__name__ == "UnionType":
            return self.of(self.random.choice(self.branches(args)), name, depth)
        if origin in LISTS:
            return [self.of(args[0], name, depth + 1) for _ in range(self.random.choice([1, 1, 2]))]
        if origin in (dict, collections.abc.Mapping):
            key = str(1000 + self.number()) if name == "logit_bias" else self.text()
            return {key: self.of(args[1], "", depth + 1)}
        if self.is_record(kind):
            return self.record(kind, depth)
        if isinstance(kind, type) and issubclass(kind, enum.Enum):
            return self.random.choice([word.value for word in kind if "unspecified" not in word.value.lower()])
        if kind is bool:
            return self.random.random() < 0.5
        if kind in (int, float):
            least, greatest = NUMBERS.get(name, (2, 90))
            if kind is int or greatest > 2:
                return self.random.randint(least, greatest)
            return round(self.random.uniform(least, greatest), 3)
        if kind is datetime.datetime:
            return "2026-01-%02dT00:00:00Z" % (1 + self.number() % 28)
        if kind is bytes:
            return base64.b64encode(("b%d" % self.number()).encode()).decode()
        return self.text(name)

    def branches(self, args):
        """Of a union: not null, and not the SDK's own answers, which say the same as its parameters do."""
        kept = [arg for arg in args if arg is not type(None)]
        return [arg for arg in kept if not self.is_answer(arg)] or kept

    def is_answer(self, kind):
        kind = self.plain(kind)
        if typing.get_origin(kind) is typing.Union:
            return all(self.is_answer(arg) for arg in typing.get_args(kind))
        return isinstance(kind, type) and issubclass(kind, pydantic.BaseModel) and "google" not in kind.__module__

    @staticmethod
    def plain(kind):
        return typing.get_args(kind)[0] if typing.get_origin(kind) is typing.Annotated else kind

    @staticmethod
    def is_record(kind):
        return typing_extensions.is_typeddict(kind) or typing.is_typeddict(kind) or (
            isinstance(kind, type) and issubclass(kind, pydantic.BaseModel))

    def record(self, kind, depth=0, leave_out=(), keep=()):
        """An object of `kind`: what it must have, and some of what it may have, less the deeper it stands."""
        if isinstance(kind, type) and issubclass(kind, pydantic.BaseModel):
            members = {name: field.annotation for name, field in kind.model_fields.items()}
            needed = set()
        else:
            members = typing.get_type_hints(kind, include_extras=True)
            word, other = (typing.NotRequired, False) if kind.__total__ else (typing.Required, True)
            needed = {name for name, member in members.items() if (typing.get_origin(member) in (word, getattr(typing_extensions, word._name))) == other}
        needed |= set(NEEDED.get(kind.__name__, ()))
        out = {}
        for name, member in members.items():
            wanted = name in needed or name in keep or self.random.random() < self.optional / (1 + depth / 4)
            if name not in leave_out and wanted and (depth < 9 or name in needed):
                out[name] = self.of(member, name, depth + 1)
        return out
