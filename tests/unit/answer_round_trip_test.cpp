// Round trips of generated answers through the encoder and the decoder of each dialect.
//
//   what a dialect can say comes back as it was said, streamed and whole
//   whatever is said, in whatever order: the stream put together is the whole answer, and both are read alike
//
// Deltas are compared as the text of answer_player.h, which says nothing of how texts were cut. Besides, for the same
// are held: names of the answer and of searches, which not all dialects carry; arguments that there are none of, and
// {}; and no tokens of a cache, and none said.
//
// SIGNALBOX_ROUND_TRIPS is how many answers each dialect gets, SIGNALBOX_SEED the first seed.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <initializer_list>
#include <random>
#include <string>
#include <vector>

#include "answer_player.h"
#include "anthropic_stream_checker.h"
#include "chat_answer.h"
#include "dialects/dialect.h"
#include "gemini_answer.h"
#include "responses_answer.h"

using namespace signalbox;
using namespace signalbox::testing;
using namespace signalbox::canonical;

namespace {

// A block or a search, with what is said in it.
struct Said {
  BlockKind kind = BlockKind::text;
  bool search = false;
  std::string id, name;  // of a call; of a search the id, and what it asked
  std::string sources;   // of a search
  std::vector<std::string> fragments;
  std::string state;
};

struct Answer {
  std::vector<Said> blocks;
  Usage usage;
  StopReason stop = StopReason::end_turn;
  bool cut_off = false;               // in its last call
  size_t failed_behind = size_t(-1);  // the deltas after which the answer fails
};

class AnswerGenerator {
 public:
  explicit AnswerGenerator(unsigned seed) : random_(seed) {}

  // What `dialect` says itself, in the order in which it can say it.
  Answer of(Dialect dialect) {
    Answer answer;
    switch (dialect) {
      case Dialect::openai_chat:
        if (some()) answer.blocks.push_back(spoken(BlockKind::thinking));
        if (some()) answer.blocks.push_back(spoken(some() ? BlockKind::text : BlockKind::refusal));
        for (size_t count = below(4); count > 0; --count) answer.blocks.push_back(call());
        break;
      case Dialect::gemini: gemini_blocks(answer); break;
      default:
        for (size_t count = below(6); count > 0; --count) add_block(answer, dialect);
        // State alone is said behind a text only where something follows.
        if (!answer.blocks.empty() && answer.blocks.back().kind == BlockKind::redacted_thinking)
          answer.blocks.push_back(call());
    }
    end(answer);
    return answer;
  }

  // Anything, in any order, by `upstream`.
  Answer any(Dialect upstream) {
    Answer answer;
    for (size_t count = below(8); count > 0; --count) {
      switch (below(6)) {
        case 0: answer.blocks.push_back(call()); break;
        case 1: answer.blocks.push_back(search(upstream)); break;
        case 2: answer.blocks.push_back(spoken(BlockKind::refusal)); break;
        case 3: answer.blocks.push_back(reasoning(upstream)); break;
        default: answer.blocks.push_back(spoken(BlockKind::text)); break;
      }
    }
    end(answer);
    if (below(8) == 0) {  // cut off in the midst of a call
      answer.blocks.push_back(call());
      answer.blocks.back().fragments = {"{\\\"a\\\":", "\\\"größ"};
      answer.stop = StopReason::max_tokens;
      answer.cut_off = true;
    }
    if (below(8) == 0) answer.failed_behind = 1 + below(12);
    return answer;
  }

 private:
  size_t below(size_t bound) { return random_() % bound; }
  bool some() { return below(2) == 0; }
  std::string one_of(std::initializer_list<const char*> words) { return words.begin()[below(words.size())]; }

  std::vector<std::string> pieces(std::initializer_list<const char*> first, std::initializer_list<const char*> more) {
    std::vector<std::string> list{one_of(first)};
    for (size_t count = below(5); count > 0; --count) {
      if (some()) list.emplace_back();
      list.back() += one_of(more);
    }
    return list;
  }

  Said spoken(BlockKind kind) {
    Said said;
    said.kind = kind;
    said.fragments = pieces({"Hello", " then", "größer", "😀", "\\u20ac", "{"},
                            {" ", "\\n", "\\n\\n", "日本", "\\ud83d\\ude00", "\\\"x\\\"", "\\\\", "</think>"});
    return said;
  }

  Said call() {
    Said said;
    said.kind = BlockKind::tool_call;
    said.id = one_of({"toolu_", "call_"}) + std::to_string(++ids_);
    said.name = one_of({"Bash", "read_file", "mcp__x__y"});
    switch (below(4)) {
      case 0: break;
      case 1: said.fragments = {"{\\\"a\\\":", "1.50,\\\"n\\\":1234567", "8901234567890}"}; break;
      case 2: said.fragments = {"{", "\\\"größe\\\":\\\"ä😀", "\\\\n\\\",\\\"l\\\":[null,{}]}"}; break;
      default: said.fragments = {"{}"}; break;
    }
    return said;
  }

  Said search(Dialect vendor) {
    Said said;
    said.search = true;
    said.sources = vendor != Dialect::openai_responses ? R"([{"url":"https://a.example/x","title":"A"}])"
                                                       : R"([{"url":"https://a.example/x"}])";
    said.id = "srvtoolu_" + std::to_string(++ids_);
    said.name = one_of({"weather Zürich", "q"});
    return said;
  }

  Said reasoning(Dialect vendor) {
    Said said = spoken(BlockKind::thinking);
    if (vendor == Dialect::anthropic) {
      if (some()) said.kind = BlockKind::redacted_thinking, said.fragments.clear();
      said.state = "EqQBCkYIBRgCKkAnative";
    } else if (vendor == Dialect::openai_responses) {
      said.fragments = pieces({"Let"}, {" me", " see", "…"});
      std::string summary;
      for (const std::string& piece : said.fragments) summary += piece;
      said.state = R"({\"id\":\"rs_)" + std::to_string(++ids_) +
                   R"(\",\"type\":\"reasoning\",\"summary\":[{\"type\":\"summary_text\",\"text\":\")" + summary +
                   R"(\"}],\"encrypted_content\":\"gAAAAABo\"})";
    } else if (vendor == Dialect::gemini && some()) {
      said.state = "thought:CpwBAVSoXO5=";
    }
    return said;
  }

  Said signature(const char* place) {
    Said said;
    said.kind = BlockKind::redacted_thinking;
    said.state = std::string(place) + "CpwBAVSoXO5=";
    return said;
  }

  void add_block(Answer& answer, Dialect dialect) {
    switch (below(4)) {
      case 0: answer.blocks.push_back(call()); break;
      case 1: answer.blocks.push_back(reasoning(dialect)); break;
      case 2: answer.blocks.push_back(search(dialect)); break;
      default: {
        const bool refusal = dialect == Dialect::openai_responses && below(4) == 0;
        answer.blocks.push_back(spoken(refusal ? BlockKind::refusal : BlockKind::text));
      }
    }
  }

  // Thoughts, a text, calls, each with a signature or without. A call's is the state of the thought before it.
  void gemini_blocks(Answer& answer) {
    std::vector<Said>& blocks = answer.blocks;
    if (some()) blocks.push_back(reasoning(Dialect::gemini));
    if (some()) {
      blocks.push_back(spoken(BlockKind::text));
      if (some()) blocks.push_back(signature("text:"));
    }
    for (size_t count = below(4); count > 0; --count) {
      const bool thought = !blocks.empty() && blocks.back().kind == BlockKind::thinking && blocks.back().state.empty();
      if (some() && thought) blocks.back().state = "call:CpwBAVSoXO5=";
      else if (some() && !thought) blocks.push_back(signature("call:"));
      blocks.push_back(call());
    }
  }

  void end(Answer& answer) {
    answer.usage = {int64_t(10 + below(90)), int64_t(20 + below(9)), int64_t(below(9)), -1, int64_t(1 + below(9))};
    bool calls = false;
    for (const Said& said : answer.blocks) calls = calls || said.kind == BlockKind::tool_call;
    const StopReason reasons[] = {StopReason::end_turn, StopReason::max_tokens, StopReason::refusal};
    answer.stop = calls ? StopReason::tool_use : reasons[below(3)];
    for (const Said& said : answer.blocks)
      if (said.kind == BlockKind::refusal && !calls) answer.stop = StopReason::refusal;
  }

  std::mt19937 random_;
  size_t ids_ = 0;
};

// `answer` as deltas; views into it.
std::vector<Delta> deltas_of(const Answer& answer, Dialect upstream) {
  std::vector<Delta> deltas{AnswerBegin{"msg_1"}};
  for (const Said& said : answer.blocks) {
    if (said.search) {
      deltas.push_back(WebSearch{said.id, {said.name}, said.sources});
      continue;
    }
    deltas.push_back(BlockBegin{said.kind, said.id, said.name});
    for (const std::string& piece : said.fragments) deltas.push_back(Fragment{{piece}});
    BlockEnd end;
    if (!said.state.empty()) end.from = {upstream, {}, {said.state}};
    deltas.push_back(end);
  }
  deltas.push_back(UsageSeen{answer.usage});
  deltas.push_back(Stopped{answer.stop, {}});
  deltas.push_back(AnswerEnd{});
  if (answer.failed_behind < deltas.size()) {
    deltas.resize(answer.failed_behind);
    deltas.push_back(AnswerFailed{Fault{FaultKind::upstream_broken, "broken off"}});
  }
  return deltas;
}

std::string encoded(const std::vector<Delta>& deltas, Dialect upstream, Dialect client, Form form) {
  Losses losses;
  const EncodeContext context{"model-x", "req_0123456789abcdef", "00000000", upstream,
                              7,         1'700'000'000'000,      true,       losses};
  const auto encoder = dialects::row_of(client).make_encoder(context, form);
  std::string bytes;
  for (const Delta& delta : deltas) encoder->encode(delta, bytes);
  return bytes;
}

// Without what the head of this file names.
std::string alike(std::string text) {
  if (text.rfind("begin", 0) == 0) text.erase(0, text.find('\n') + 1);
  const auto replace_all = [&](const std::string& from, const std::string& to) {
    for (size_t at = text.find(from); at != text.npos; at = text.find(from, at + to.size()))
      text.replace(at, from.size(), to);
  };
  replace_all(" \"\"\n", " \"{}\"\n");
  replace_all(" cache_read 0", "");
  replace_all(" cache_creation 0", "");
  for (size_t at = text.find("search "); at != text.npos; at = text.find("search ", at + 1))
    text.erase(at + 7, text.find('"', at) - at - 7);
  return text;
}

std::string text_of(const std::vector<Delta>& deltas) {
  DeltaText text;
  for (const Delta& delta : deltas) text.add(delta);
  return alike(text.text());
}

std::string read_stream(Dialect dialect, const std::string& bytes) {
  return alike(Play{dialects::row_of(dialect)}.stream(bytes).deltas);
}

std::string read_whole(Dialect dialect, const std::string& bytes) {
  return alike(Play{dialects::row_of(dialect)}.whole(bytes).deltas);
}

// What is wrong with the stream, or in what it is another answer than the whole one; empty when nothing is. `whole` is
// empty for an answer that failed.
std::string compared(Dialect client, const std::string& streamed, const std::string& whole) {
  std::string wrong;
  const auto same = [&](bool is) { wrong += is ? "" : "not the whole answer"; };
  if (client == Dialect::anthropic) {
    const AnthropicAnswer answer = check_anthropic_stream(streamed);
    for (const std::string& problem : answer.problems) wrong += problem + "; ";
    same(whole.empty() ? answer.failed : answer.same_content(read_anthropic_message(whole)));
  } else if (client == Dialect::openai_chat) {
    const ChatAnswer answer = chat_answer_of_stream(streamed);
    wrong = answer.wrong;
    same(whole.empty() ? !answer.error.empty() : answer == chat_answer_of_whole(whole));
  } else if (client == Dialect::openai_responses) {
    const ResponsesAnswer answer = responses_answer_of_stream(streamed);
    wrong = answer.wrong;
    same(whole.empty() ? answer.status == "failed" : answer.response == whole);
  } else {
    const GeminiAnswer answer = gemini_answer_of_stream(streamed);
    wrong = answer.wrong;
    same(whole.empty() ? !answer.error.empty() : answer == gemini_answer_of_whole(whole));
  }
  return wrong;
}

unsigned number_in_environment(const char* name, unsigned otherwise) {
  const char* const value = std::getenv(name);
  return value ? unsigned(std::strtoul(value, nullptr, 10)) : otherwise;
}

constexpr Dialect dialects_all[] = {Dialect::anthropic, Dialect::openai_chat, Dialect::openai_responses,
                                    Dialect::gemini};

const unsigned first_seed = number_in_environment("SIGNALBOX_SEED", 1);
const unsigned rounds = number_in_environment("SIGNALBOX_ROUND_TRIPS", 60);

}  // namespace

TEST_CASE("round trips: what a dialect says of an answer is read as it was said, streamed and whole") {
  for (const Dialect dialect : dialects_all) {
    for (unsigned seed = first_seed; seed < first_seed + rounds; ++seed) {
      INFO("SIGNALBOX_SEED=" << seed << " " << name_of(dialect));
      const Answer answer = AnswerGenerator(seed).of(dialect);
      const std::vector<Delta> deltas = deltas_of(answer, dialect);
      const std::string expected = text_of(deltas);
      const std::string streamed = encoded(deltas, dialect, dialect, Form::streamed);
      const std::string whole = encoded(deltas, dialect, dialect, Form::whole);
      CHECK(read_stream(dialect, streamed) == expected);
      CHECK(read_whole(dialect, whole) == expected);
    }
  }
}

TEST_CASE("round trips: whatever an upstream says, a client's stream is its whole answer, and both are read alike") {
  for (const Dialect upstream : dialects_all) {
    for (const Dialect client : dialects_all) {
      for (unsigned seed = first_seed; seed < first_seed + rounds; ++seed) {
        INFO("SIGNALBOX_SEED=" << seed << " " << name_of(upstream) << " to " << name_of(client));
        const Answer answer = AnswerGenerator(seed).any(upstream);
        const std::vector<Delta> deltas = deltas_of(answer, upstream);
        const std::string streamed = encoded(deltas, upstream, client, Form::streamed);
        const std::string whole = encoded(deltas, upstream, client, Form::whole);
        INFO(text_of(deltas));
        CHECK(compared(client, streamed, whole) == "");
        const bool failed = std::holds_alternative<AnswerFailed>(deltas.back());
        CHECK(whole.empty() == failed);
        const std::string read = read_stream(client, streamed);
        // Chat's whole form has no order, and an input of Anthropic's is an object, where a stream's may be cut off.
        const bool comparable = client != Dialect::openai_chat && !(client == Dialect::anthropic && answer.cut_off);
        if (failed) CHECK(("\n" + read).find("\nfailed ") != std::string::npos);
        else if (comparable) CHECK(read_whole(client, whole) == read);
      }
    }
  }
}
