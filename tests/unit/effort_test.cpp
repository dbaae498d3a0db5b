// The ladder of efforts: words, budgets, and what a model knows of it.
#include "dialects/canonical/effort.h"

#include <catch2/catch.hpp>

using namespace signalbox::canonical;

TEST_CASE("effort: budgets fall on the rungs of translation.md section 5", "[effort]") {
  struct Case {
    int64_t budget;
    Effort effort;
  };
  const Case cases[] = {{-1, Effort::unset},    {0, Effort::none},    {1, Effort::minimal},    {512, Effort::minimal},
                        {513, Effort::low},     {1024, Effort::low},  {2048, Effort::low},     {2049, Effort::medium},
                        {8192, Effort::medium}, {8193, Effort::high}, {24576, Effort::high},   {24577, Effort::xhigh},
                        {31999, Effort::xhigh},  // Claude Code's default: high or more, never medium
                        {40000, Effort::xhigh}, {40001, Effort::max}, {INT64_MAX, Effort::max}};
  for (const Case& c : cases) {
    CAPTURE(c.budget);
    CHECK(effort_of(c.budget) == c.effort);
  }
}

TEST_CASE("effort: an effort that was said goes before a budget", "[effort]") {
  CHECK(effort_of(Reasoning{Effort::low, 40000}) == Effort::low);
  CHECK(budget_of(Reasoning{Effort::low, 40000}) == 2048);
  CHECK(effort_of(Reasoning{Effort::unset, 40000}) == Effort::xhigh);
  CHECK(budget_of(Reasoning{Effort::unset, 40000}) == 40000);
  CHECK(effort_of(Reasoning{}) == Effort::unset);
  CHECK(budget_of(Reasoning{}) == -1);
}

TEST_CASE("effort: words are read and written, unknown ones are unset", "[effort]") {
  for (const Effort effort :
       {Effort::none, Effort::minimal, Effort::low, Effort::medium, Effort::high, Effort::xhigh, Effort::max}) {
    CHECK(effort_of(Escaped{word_of(effort)}) == effort);
  }
  CHECK(effort_of(Escaped{"h\\u0069gh"}) == Effort::high);
  CHECK(effort_of(Escaped{"very"}) == Effort::unset);
  CHECK(effort_of(Escaped{""}) == Effort::unset);
}

TEST_CASE("effort: what a model does not know becomes less, else more (KimiClaudeMessagesMaxClampsToHigh)",
          "[effort]") {
  constexpr uint8_t low_to_high = 0b00011100;
  CHECK(clamped(Effort::max, low_to_high) == Effort::high);
  CHECK(clamped(Effort::medium, low_to_high) == Effort::medium);
  CHECK(clamped(Effort::minimal, low_to_high) == Effort::low);
  CHECK(clamped(Effort::none, low_to_high) == Effort::low);
  CHECK(clamped(Effort::unset, low_to_high) == Effort::unset);
  CHECK(clamped(Effort::low, 0b00010001) == Effort::high);  // thinking was asked for: not none
  CHECK(clamped(Effort::high, 0) == Effort::unset);
  CHECK(clamped(Effort::high, 0b00000001) == Effort::unset);
}
