// Who answers what: the user's rules and tasks as data. What they mean stands in docs/routing.md.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace signalbox {

// What a request is for, as far as it shows. In the order in which tasks are asked (translation.md section 14).
enum class Task : uint8_t { subagent, long_context, web_search, image, background, think, count_ };
inline constexpr size_t task_count = size_t(Task::count_);

// A set of tasks: bit n is the n-th.
using TaskSet = uint8_t;
constexpr TaskSet bit_of(Task task) { return TaskSet(1u << unsigned(task)); }

// What is read of a request's substance only where a rule, a task or a target asks for it.
enum class Fact : uint16_t {
  effort = 1,       // how hard the model should think
  web_search = 2,   // whether the provider is to search the web
  image_asked = 4,  // an image in the user's last turn
  subagent = 8,     // the client's own word that this is a subagent
  tools = 16,       // whether there are tools
  media = 32,       // images and documents, wherever they stand
  tokens = 64,      // about how many tokens there are
  session = 128,    // what is the same in all requests of a session
  tags = 256,       // tags that name who answers
};
using FactSet = uint16_t;
constexpr FactSet bit_of(Fact fact) { return FactSet(fact); }

// Whether there is something; either, where that is all the same.
enum class Presence : uint8_t { either, present, absent };

// A header with its value, or with a pattern over it.
struct ExtraHeader {
  std::string name;
  std::string value;
};

// When a rule holds: all that is said, and of several patterns one. What is empty holds always.
struct RuleWhen {
  std::vector<std::string> model;  // patterns over the client's name for the model
  std::vector<std::string> path;   // over the request's path, without its query
  std::vector<std::string> session;
  std::vector<std::string> client_key;  // names of server.client_keys
  std::vector<ExtraHeader> headers;     // patterns over their values; all of them
  Presence tools = Presence::either;
  TaskSet tasks = 0;       // one of them
  int64_t tokens_min = 0;  // 0: none
  int64_t tokens_max = 0;  // 0: none

  // What it needs to be read.
  FactSet facts() const;
};

// Who answers where a rule, a task or a tag says so: an index into Config::routes.
inline constexpr uint32_t no_route = UINT32_MAX;

struct Rule {
  std::string name;  // the user's, or its place: "rules[0]"
  RuleWhen when;
  uint32_t route = no_route;
  // As the file has them, until they are resolved into `route`.
  std::string route_name;
  std::vector<std::string> targets;
};

// Whether tags that name who answers are read, and taken out.
enum class Tags : uint8_t { off, on };

struct LongContext {
  std::vector<std::string> targets;
  int64_t threshold = 60'000;
};

struct Tasks {
  std::vector<std::string> subagent, web_search, image, background, think, otherwise;
  LongContext long_context;
  std::vector<std::string> background_models{"*haiku*", "*small-fast*"};
  uint8_t think_effort_min = 5;  // canonical::Effort; high
  Tags tags = Tags::on;
  uint32_t route_of[task_count] = {no_route, no_route, no_route, no_route, no_route, no_route};
  uint32_t default_route = no_route;
};

std::string_view name_of(Task task);

}  // namespace signalbox
