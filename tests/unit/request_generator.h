// Makes requests of what two dialects can both say, for tests of round trips. The same seed makes the same request.
#pragma once

#include <deque>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "dialects/canonical/request.h"

namespace signalbox::testing {

class RequestGenerator {
 public:
  RequestGenerator(unsigned seed, Dialect from, Dialect to);

  // Once. What its views point to lives as long as this.
  canonical::Request request();

 private:
  using Block = canonical::Block;

  // What not all dialects can say.
  enum Word : unsigned {
    image_url = 1 << 0,
    image_detail = 1 << 1,
    document_title = 1 << 2,
    error_results = 1 << 3,
    image_results = 1 << 4,
    text_behind_calls = 1 << 5,
    strict_tools = 1 << 6,
    one_call_at_a_time = 1 << 7,
    search = 1 << 8,
    search_bounds = 1 << 9,
    stop_words = 1 << 10,
    top_k = 1 << 11,
    randomness = 1 << 12,  // seed, penalties
    verbosity = 1 << 13,
    service = 1 << 14,
    streaming = 1 << 15,
    caching = 1 << 16,
    json_object = 1 << 17,
    search_beside_tools = 1 << 18,
    all_efforts = 1 << 19,
    system_anywhere = 1 << 20,
  };

  static unsigned words_of(Dialect dialect);

  size_t below(size_t bound) { return random_() % bound; }
  bool some() { return below(2) == 0; }
  bool can(Word word) { return (words_ & word) && some(); }
  std::string_view one_of(std::initializer_list<std::string_view> words) { return words.begin()[below(words.size())]; }
  std::string_view keep(std::string text) { return texts_.emplace_back(std::move(text)); }
  canonical::Blocks blocks(std::vector<Block> list);

  std::string words();
  canonical::Escaped escaped() { return {keep(words())}; }
  std::string_view cache_control();
  Block text() { return {canonical::Text{escaped(), false}, {}}; }
  Block image();
  Block document();
  canonical::Thinking thinking(std::string_view place);
  std::vector<Block> user_blocks();
  std::vector<Block> assistant_blocks();
  Block result_of(const canonical::ToolCall& call);
  void add_tools(canonical::Request& r);
  void add_search(canonical::Request& r);
  void add_numbers(canonical::Request& r);

  std::mt19937 random_;
  const Dialect from_;
  const bool own_;  // one dialect alone, which gets its states of reasoning back
  const unsigned words_;
  size_t ids_ = 0;
  size_t caches_left_ = 4;
  std::deque<std::string> texts_;
  std::deque<std::vector<Block>> lists_;
  std::vector<canonical::Message> messages_;
  std::vector<canonical::Tool> tools_;
  std::vector<canonical::ServerTool> server_tools_;
  std::vector<canonical::Escaped> stop_;
};

}  // namespace signalbox::testing
