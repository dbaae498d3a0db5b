#include <memory>
#include <vector>

#include "metrics/counters.h"
#include "metrics/exposition.h"

namespace signalbox {
namespace metrics {
namespace {

class Board;

class OfGateway final : public Metrics {
 public:
  explicit OfGateway(const Board& board) : board_(board) {}

  void begin() override { table_.begun.add(); }

  void end(const EndedRequest& request) override {
    table_.ended.add();
    if (request.fault != FaultKind::none) table_.faults[size_t(request.fault)].add();
    Series& series = table_.series.of(key_of(request.route, request.provider));
    series.outcomes[size_t(request.outcome)].add();
    series.total.add(request.total_ms);
    if (request.first_content_ms >= 0) series.first_content.add(request.first_content_ms);
    const Usage& usage = request.usage;
    const int64_t tokens[] = {usage.input_tokens, usage.output_tokens, usage.cache_read_tokens,
                              usage.cache_creation_tokens};
    for (size_t i = 0; i < token_kinds.size(); ++i)
      if (tokens[i] > 0) series.tokens[i].add(uint64_t(tokens[i]));
  }

  void end_attempt(std::string_view provider, AttemptResult result, FaultKind kind) override {
    Attempts& attempts = table_.attempts.of(key_of(provider));
    attempts.results[size_t(result)].add();
    if (result == AttemptResult::failed) attempts.failures[size_t(kind)].add();
  }

  void write(std::string& out, Gateway& gateway, Now now) const override;

  const Table& table() const { return table_; }

 private:
  const Board& board_;
  Table table_;
};

class Board final : public MetricsBoard {
 public:
  explicit Board(uint32_t gateway_count) {
    for (uint32_t i = 0; i < gateway_count; ++i) gateways_.push_back(std::make_unique<OfGateway>(*this));
  }
  Metrics& of(uint32_t gateway) override { return *gateways_[gateway]; }

  std::vector<const Table*> tables() const {
    std::vector<const Table*> all;
    for (const auto& each : gateways_) all.push_back(&each->table());
    return all;
  }

 private:
  std::vector<std::unique_ptr<OfGateway>> gateways_;
};

void OfGateway::write(std::string& out, Gateway& gateway, Now now) const {
  write_exposition(out, board_.tables(), gateway, now);
}

}  // namespace
}  // namespace metrics

std::unique_ptr<MetricsBoard> make_metrics_board(uint32_t gateway_count) {
  return std::make_unique<metrics::Board>(gateway_count);
}

}  // namespace signalbox
