#include "stage.h"

#include <algorithm>

namespace signalbox::scenario {
namespace {

// Beyond this a body moves to fresh memory no more: it would cost its square.
constexpr size_t moved_bytes_max = 64 << 10;
// Beyond this a body is not cut at every byte but at random.
constexpr size_t cut_bytes_max = 64 << 10;

bool same_name(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (size_t i = 0; i < a.size(); ++i) {
    const char x = a[i] >= 'A' && a[i] <= 'Z' ? char(a[i] + 32) : a[i];
    const char y = b[i] >= 'A' && b[i] <= 'Z' ? char(b[i] + 32) : b[i];
    if (x != y) return false;
  }
  return true;
}

bool has_header(const std::vector<Field>& fields, std::string_view name) {
  for (const Field& field : fields)
    if (same_name(field.name, name)) return true;
  return false;
}

FaultKind fault_named(std::string_view name) {
  for (size_t i = 0; i < size_t(FaultKind::count_); ++i)
    if (row(FaultKind(i)).name == name) return FaultKind(i);
  return FaultKind::count_;
}

void overwrite(std::string& text) { std::fill(text.begin(), text.end(), char(0xDD)); }

}  // namespace

std::string_view name_of(Cut cut) {
  switch (cut) {
    case Cut::bytes: return "byte by byte";
    case Cut::frames: return "at frame borders";
    case Cut::random: return "at random cuts";
    default: return "as written";
  }
}

void Stage::OwnedHeaders::assign(const std::vector<Field>& fields) {
  text.clear();
  views.clear();
  for (const Field& field : fields) {
    text.push_back(field.name);
    text.push_back(field.value);
  }
  for (size_t i = 0; i + 1 < text.size(); i += 2) views.push_back({text[i], text[i + 1]});
}

void Stage::OwnedHeaders::overwrite() {
  for (std::string& t : text) scenario::overwrite(t);
}

Stage::Stage(std::shared_ptr<const Config> config, Cut cut, uint64_t seed)
    : config_(std::move(config)), cut_(cut), random_state_(seed) {}
Stage::~Stage() = default;

std::vector<Entry> Stage::perform(const Statement& statement) {
  entries_.clear();
  body_entry_ = SIZE_MAX;
  const std::string_view who = statement.word(0);
  if (who == "host") {
    host_statement(statement);
    return std::move(entries_);
  }
  if (!gateway_) {
    gateway_ = std::make_unique<Gateway>(config_, capabilities_, 1);
    sister_ = std::make_unique<Gateway>(config_, capabilities_, 2);
    metrics_ = make_metrics_board(2);
    gateway_->share_metrics(metrics_->of(0));
    sister_->share_metrics(metrics_->of(1));
  }
  if (who == "exchange") {
    for (Entry& entry : close()) entries_.push_back(std::move(entry));
    begin_exchange(statement.word(1) == "sister" ? *sister_ : *gateway_);
    return std::move(entries_);
  }
  if (!exchange_) begin_exchange(*gateway_);
  if (who == "client") {
    client_statement(statement);
  } else if (who == "upstream") {
    upstream_statement(statement);
  } else if (who == "time") {
    if (const auto ms = parse_duration(statement.word(1))) pass_time(*ms);
    else broken("a time is written as +500ms or +2s");
  } else {
    broken("there is no such statement");
  }
  // What the host would be woken for, when that has changed.
  if (wake_at_ms_ != wake_shown_ms_ && !finished_) {
    wake_shown_ms_ = wake_at_ms_;
    add({'.',
         wake_at_ms_ == never_ms ? "wake never" : "wake +" + write_duration(wake_at_ms_ - now_.monotonic_ms),
         {},
         {},
         Origin::own});
  }
  return std::move(entries_);
}

void Stage::begin_exchange(Gateway& gateway) {
  serving_ = &gateway;
  exchange_ = std::make_unique<Exchange>(gateway);
  attempts_.clear();
  request_ = std::make_unique<std::string>();
  request_whole_ = request_released_ = head_sent_ = finished_ = client_gone_ = false;
  relaying_ = 0;
  wake_at_ms_ = wake_shown_ms_ = never_ms;
  client_bytes_ = 0;
  announced_bytes_ = -1;
  client_answer_.clear();
}

// What the host can do, and a reload of the configuration.
void Stage::host_statement(const Statement& statement) {
  const std::string_view name = statement.word(1), value = statement.word(2);
  if (gateway_) return broken("the host is described before anything else happens");
  if (name == "request_bytes_max") capabilities_.request_bytes_max = parse_integer(value).value_or(0);
  else if (name == "upstreams_awaiting_head_max")
    capabilities_.upstreams_awaiting_head_max = parse_integer(value).value_or(0);
  else if (name == "sees_peers") capabilities_.sees_peers = value == "true";
  else if (name == "request_codings") host_codings(statement);
  else broken("there is no such capability");
}

void Stage::host_codings(const Statement& statement) {
  for (Coding coding : {Coding::gzip, Coding::deflate, Coding::br, Coding::zstd})
    for (size_t i = 2; i < statement.words.size(); ++i)
      if (statement.word(i) == name_of(coding)) codings_.push_back(coding);
  capabilities_.request_codings = codings_;
}

void Stage::client_statement(const Statement& statement) {
  const std::string_view what = statement.word(1);
  if (what == "head") {
    client_head(statement);
  } else if (what == "body") {
    const std::string bytes = statement.bytes();
    const auto pieces = cut_up(bytes);
    const bool last = statement.has("last");
    for (size_t i = 0; i < pieces.size(); ++i) client_body(pieces[i], last && i + 1 == pieces.size());
  } else if (what == "pauses" || what == "reads") {
    // Nothing that the core could see: how fast a client reads is its host's affair.
  } else if (what == "gone") {
    client_gone_ = true;
    tell(ClientGone{});
  } else if (what == "failed") {
    tell(ClientFailed{fault_named(statement.word(2))});
  } else {
    broken("there is no such statement");
  }
}

void Stage::client_head(const Statement& statement) {
  method_ = statement.word(2);
  target_ = statement.word(3);
  head_request_ = method_ == "HEAD";
  std::vector<Field> fields = statement.fields();
  // What every client sends, unless the scenario has it its own way.
  if (!has_header(fields, "host")) fields.insert(fields.begin(), {"host", "127.0.0.1:8484", false});
  ClientHead head;
  head.method = method_;
  head.target = target_;
  if (const auto announced = parse_integer(statement.option("announce"))) {
    head.body_bytes = *announced;
    fields.push_back({"content-length", std::to_string(*announced), false});
  } else if (statement.has("chunked")) {
    fields.push_back({"transfer-encoding", "chunked", false});
  }
  request_headers_.assign(fields);
  head.headers = request_headers_.views;
  const std::string_view from = statement.option("from");
  head.peer = from == "remote" ? PeerScope::remote : from == "unknown" ? PeerScope::unknown : PeerScope::loopback;
  if (head.peer == PeerScope::loopback) {
    head.address.bytes[10] = head.address.bytes[11] = 0xff;
    head.address.bytes[12] = 127;
    head.address.bytes[15] = 1;
  }
  for (size_t i = 0; i < head.random.size(); ++i) head.random[i] = uint8_t(i);
  if (const auto random = parse_integer(statement.option("random"))) head.random.fill(uint8_t(*random));
  tell(head);
}

void Stage::client_body(std::string_view piece, bool last) {
  if (request_released_ || finished_) {
    // The core wants no more of it; a host may have some on the way all the same.
    tell(ClientBody{piece, last});
    return;
  }
  if (request_->size() + piece.size() <= moved_bytes_max) {
    auto moved = std::make_unique<std::string>(*request_);
    moved->append(piece);
    overwrite(*request_);
    request_ = std::move(moved);
  } else {
    request_->append(piece);
  }
  request_whole_ = last;
  tell(ClientBody{*request_, last});
}

void Stage::upstream_statement(const Statement& statement) {
  const auto number = uint32_t(parse_integer(statement.word(1)).value_or(0));
  const std::string_view what = statement.word(2);
  if (!attempts_.count(number)) return broken("this attempt has not been opened");
  Attempt& it = attempt(number);
  auto tell_sent = [&] {
    if (it.sent_told) return;
    it.sent_told = true;
    check_request_views();
    tell(UpstreamSent{number});
  };
  if (what == "sent") {
    tell_sent();
  } else if (what == "head") {
    if (!statement.has("early")) tell_sent();  // most upstreams answer once they have heard everything
    UpstreamHead head;
    head.attempt = number;
    head.status = int(parse_integer(statement.word(3)).value_or(0));
    answer_headers_.assign(statement.fields());
    head.headers = answer_headers_.views;
    it.head_told = true;
    tell(head);
    answer_headers_.overwrite();
  } else if (what == "body") {
    const std::string bytes = statement.bytes();
    for (const std::string_view piece : cut_up(bytes)) upstream_body(number, piece);
  } else if (what == "end" || what == "failed") {
    const bool was_open = it.open;
    it.open = false;
    const bool piped = was_open && head_sent_ && answering_ == number && mode_ == BodyMode::pass;
    if (piped) {
      tell(UpstreamPiped{number, it.piped_bytes, what == "end"});
    } else if (what == "end") {
      ending_ = number;
      tell(UpstreamEnd{number, it.window});
      ending_ = 0;
    } else {
      tell(UpstreamFailed{number, fault_named(statement.word(3))});
    }
  } else {
    broken("there is no such statement");
  }
}

void Stage::upstream_body(uint32_t number, std::string_view piece) {
  Attempt& it = attempt(number);
  if (head_sent_ && mode_ == BodyMode::pass && answering_ == number) {
    // The platform's own pipe: the core sees nothing of it.
    if (!it.open || finished_) return;
    it.piped_bytes += piece.size();
    add_client_bytes(piece, Origin::relayed);
    return;
  }
  if (it.window.size() + piece.size() <= moved_bytes_max) {
    std::string moved = it.window;
    moved.append(piece);
    overwrite(it.window);
    it.window.swap(moved);
  } else {
    it.window.append(piece);
  }
  tell(UpstreamBody{number, it.window, piece.size()});
}

void Stage::pass_time(int64_t ms) {
  const int64_t target = now_.monotonic_ms + ms;
  auto go_to = [&](int64_t at) {
    if (at <= now_.monotonic_ms) return;
    now_.unix_ms += at - now_.monotonic_ms;
    now_.monotonic_ms = at;
  };
  constexpr int wakes_max = 10'000;
  for (int wakes = 0; !finished_ && wake_at_ms_ <= target; ++wakes) {
    if (wakes == wakes_max) return broken("the core asks to be woken again and again");
    go_to(wake_at_ms_);
    tell(Woken{});
  }
  go_to(target);
}

std::vector<std::string_view> Stage::cut_up(std::string_view bytes) {
  std::vector<std::string_view> pieces;
  if (bytes.size() <= 1 || cut_ == Cut::as_written) return {bytes};
  Cut cut = cut_;
  if (cut == Cut::bytes && bytes.size() > cut_bytes_max) cut = Cut::random;
  size_t at = 0;
  while (at < bytes.size()) {
    size_t end = bytes.size();
    if (cut == Cut::bytes) {
      end = at + 1;
    } else if (cut == Cut::frames) {
      const size_t border = bytes.find("\n\n", at);
      if (border != bytes.npos) end = border + 2;
    } else {
      // Mostly short pieces, now and then a long one; a large body in some hundred pieces at most.
      const uint64_t longest = std::max<uint64_t>(next_random() % 4 ? 24 : 400, bytes.size() / 100);
      end = std::min(bytes.size(), at + 1 + size_t(next_random() % longest));
    }
    pieces.push_back(bytes.substr(at, end - at));
    at = end;
  }
  return pieces;
}

// splitmix64, so that one seed means the same cuts everywhere.
uint64_t Stage::next_random() {
  uint64_t z = (random_state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

void Stage::broken(std::string rule) { add({'!', std::move(rule), {}, {}, Origin::own}); }

}  // namespace signalbox::scenario
