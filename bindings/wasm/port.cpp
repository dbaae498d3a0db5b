#include "wasm/port.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/text.h"
#include "wasm/fields.h"

namespace signalbox::bindings {
namespace {

// A window smaller than this is not worth another step of growing.
constexpr size_t window_bytes_min = 4096;
// What bodies leave free, for heads and for the core's own: it has no answer to memory that is used up, and traps.
constexpr size_t spare_bytes = 4 << 20;
// A request that is translated is read into one copy at most and written into another, whose memory may move once.
constexpr size_t copies_max = 3;
// What an answer takes that is translated whole, measured: read, written, and framed for the client, each while it grows.
constexpr size_t answer_copies_max = 5;

// Whether this much can be had, and the spare beyond.
bool has_memory(size_t bytes) {
  void* volatile probe = std::malloc(bytes + spare_bytes);  // volatile, or the compiler takes the answer for granted
  std::free(probe);
  return probe;
}

// What is small has the spare.
bool has_memory_for_answer(size_t bytes) {
  return answer_copies_max * bytes <= spare_bytes || has_memory(answer_copies_max * bytes);
}

uint32_t word(int64_t number) {
  if (number < 0) return UINT32_MAX;
  return uint32_t(std::min<int64_t>(number, INT32_MAX));
}

uint32_t address(const void* memory) { return uint32_t(reinterpret_cast<uintptr_t>(memory)); }

}  // namespace

Window::~Window() { std::free(data_); }

char* Window::room(size_t count) {
  if (capacity_ - end_ >= count) return data_ + end_;
  const size_t held = end_ - begin_;
  if (capacity_ - held < count || begin_ < capacity_ / 2) {
    const size_t wanted =
        std::max({held + count, std::min(2 * capacity_, held + count + (size_t(4) << 20)), window_bytes_min});
    char* larger = has_memory(wanted) ? static_cast<char*>(std::malloc(wanted)) : nullptr;
    if (!larger) return nullptr;
    if (held) std::memcpy(larger, data_ + begin_, held);
    std::free(data_);
    data_ = larger;
    capacity_ = wanted;
  } else if (held) {
    std::memmove(data_, data_ + begin_, held);
  }
  begin_ = 0;
  end_ = held;
  return data_ + end_;
}

void Window::grew(size_t count) { end_ += std::min(count, capacity_ - end_); }

void Window::release(size_t count) {
  begin_ += std::min(count, end_ - begin_);
  if (begin_ == end_) begin_ = end_ = 0;
}

void Window::clear() {
  std::free(data_);
  data_ = nullptr;
  begin_ = end_ = capacity_ = 0;
}

Port::Port(Gateway& gateway) : exchange_(gateway), log_level_(gateway.config()->server.log_level) {}

char* Port::room(Room room, uint32_t attempt, size_t count) {
  switch (room) {
    case Room::head: coming_head_.resize(count); return coming_head_.data();
    case Room::request_body:
      // Whoever has said how much comes is refused before it comes: otherwise those that come at once take the room in
      // which any one of them could have been translated.
      if (request_.bytes().empty() && !has_memory((1 + copies_max) * count)) return nullptr;
      return request_.room(count);
    case Room::answer_body: {
      Window& window = answer_of(attempt).window;
      return has_memory_for_answer(window.bytes().size() + count) ? window.room(count) : nullptr;
    }
  }
  return nullptr;
}

const StepRecord& Port::handle(const EventRecord& event, Now now) {
  forget();
  Event told;
  read(event, told);
  const Step step = exchange_.handle(told, now);
  effects_.clear();
  pieces_.clear();
  text_.clear();
  step_ = {};
  client_out_ = {};
  size_t piece_count = 0;
  for (const Effect& effect : step.effects)
    if (const auto* open = std::get_if<OpenUpstream>(&effect)) piece_count += open->body.size();
  pieces_.reserve(piece_count);  // their addresses are given away
  for (const Effect& effect : step.effects) std::visit([this](const auto& each) { write(each); }, effect);
  // Only now do texts stand where they stay; until here they were offsets.
  for (EffectRecord& each : effects_)
    if (each.text_bytes) each.text += address(text_.data());
  step_.client_data = address(client_out_.data());
  step_.client_bytes = uint32_t(client_out_.size());
  step_.effects = address(effects_.data());
  step_.effect_count = uint32_t(effects_.size());
  step_.wake_in_ms =
      step.wake_at_ms == never_ms ? UINT32_MAX : word(std::max<int64_t>(0, step.wake_at_ms - now.monotonic_ms));
  return step_;
}

// Gives back what the step before asked to have let go, now that it has been performed.
void Port::forget() {
  if (request_released_) request_.clear();
  std::erase_if(answers_, [](const std::unique_ptr<Answer>& answer) { return answer->over; });
}

void Port::read(const EventRecord& record, Event& event) {
  const uint32_t attempt = record.attempt;
  switch (EventKind(record.kind)) {
    case EventKind::client_head: {
      client_head_ = std::move(coming_head_);
      Fields fields(std::string_view(client_head_).substr(0, record.fresh_bytes));
      ClientHead head;
      head.method = fields.next();
      head.target = fields.next();
      fields.next_headers(client_headers_);
      head.headers = client_headers_;
      head.body_bytes = int32_t(record.body_bytes);
      head.peer = PeerScope(record.peer);
      const uint32_t random[] = {record.random_0, record.random_1, record.random_2, record.random_3};
      static_assert(sizeof random == sizeof head.random);
      std::memcpy(head.random.data(), random, sizeof random);
      event = head;
      return;
    }
    case EventKind::client_body:
      request_.grew(record.fresh_bytes);
      if (record.last && !has_memory(copies_max * request_.bytes().size())) {
        event = ClientFailed{FaultKind::overloaded};
        return;
      }
      {
        event = ClientBody{request_.bytes(), record.last != 0};
        return;
      }
    case EventKind::client_gone: {
      event = ClientGone{};
      return;
    }
    case EventKind::client_failed: {
      event = ClientFailed{FaultKind(record.fault)};
      return;
    }
    case EventKind::client_taking: {
      event = ClientTaking{};
      return;
    }
    case EventKind::upstream_sent: {
      event = UpstreamSent{attempt};
      return;
    }
    case EventKind::upstream_head:
      Fields(std::string_view(coming_head_).substr(0, record.fresh_bytes)).next_headers(upstream_headers_);
      {
        event = UpstreamHead{attempt, int(record.status), upstream_headers_};
        return;
      }
    case EventKind::upstream_body: {
      Window& window = answer_of(attempt).window;
      window.grew(record.fresh_bytes);
      {
        event = UpstreamBody{attempt, window.bytes(), record.fresh_bytes};
        return;
      }
    }
    case EventKind::upstream_end: {
      Answer& answer = answer_of(attempt);
      answer.over = true;
      if (!has_memory_for_answer(answer.window.bytes().size())) {
        event = UpstreamFailed{attempt, FaultKind::overloaded};
        return;
      }
      {
        event = UpstreamEnd{attempt, answer.window.bytes()};
        return;
      }
    }
    case EventKind::upstream_failed:
      answer_of(attempt).over = true;
      {
        event = UpstreamFailed{attempt, FaultKind(record.fault)};
        return;
      }
    case EventKind::upstream_piped: {
      event = UpstreamPiped{attempt, record.body_bytes, record.complete != 0};
      return;
    }
    case EventKind::place_told: {
      event = PlaceTold{attempt};
      return;
    }
    case EventKind::woken: break;
  }
  event = Woken{};
}

EffectRecord& Port::write(EffectKind kind, uint32_t attempt) {
  EffectRecord& record = effects_.emplace_back();
  record.kind = uint32_t(kind);
  record.attempt = attempt;
  record.text = uint32_t(text_.size());
  return record;
}

void Port::add_text(std::string_view text) {
  text_ += text;
  text_ += '\0';
}

void Port::add_number(int64_t number) {
  base::append_decimal(text_, number);
  text_ += '\0';
}

// One piece stays where it is; of several a copy is made, here where it costs no object of the host's.
void Port::add_client_bytes(std::string_view bytes) {
  if (bytes.empty()) return;
  if (step_.client_pieces == 1) client_joined_.assign(client_out_);
  if (step_.client_pieces > 0) client_joined_ += bytes;
  client_out_ = step_.client_pieces == 0 ? bytes : std::string_view(client_joined_);
  step_.client_pieces += 1;
}

void Port::add_headers(std::span<const Header> headers) {
  for (const Header& header : headers) {
    add_text(header.name);
    add_text(header.value);
  }
}

void Port::write(const OpenUpstream& open) {
  EffectRecord& record = write(EffectKind::open_upstream, open.attempt);
  add_text(open.method);
  add_text(open.url);
  add_text(open.credential.provider);
  add_text(open.credential.credential);
  add_headers(open.headers);
  record.text_bytes = uint32_t(text_.size()) - record.text;
  record.data = address(pieces_.data() + pieces_.size());
  for (std::string_view piece : open.body) {
    pieces_.push_back({address(piece.data()), uint32_t(piece.size())});
    record.data_bytes += uint32_t(piece.size());
  }
  record.piece_count = uint32_t(open.body.size());
  record.place = uint32_t(open.credential.place);
  record.connect_ms = word(open.timeouts.connect_ms);
  record.first_byte_ms = word(open.timeouts.first_byte_ms);
  record.idle_ms = word(open.timeouts.idle_ms);
}

void Port::write(const CancelUpstream& cancel) {
  write(EffectKind::cancel_upstream, cancel.attempt);
  answer_of(cancel.attempt).over = true;
}

void Port::write(const SendClientHead& head) {
  EffectRecord& record = write(EffectKind::send_client_head, head.attempt);
  add_headers(head.headers);
  record.text_bytes = uint32_t(text_.size()) - record.text;
  record.status = uint32_t(head.status);
  record.body_bytes = head.body_bytes > INT32_MAX ? UINT32_MAX : word(head.body_bytes);
  record.mode = uint32_t(head.mode);
}

void Port::write(const SendClientBody& body) {
  write(EffectKind::send_client_body, 0);
  add_client_bytes(body.bytes);
}

void Port::write(const ReleaseBody& release) {
  EffectRecord& record = write(EffectKind::release_body, release.attempt);
  Window& window = answer_of(release.attempt).window;
  const std::string_view released = window.bytes().substr(0, release.bytes);
  record.data_bytes = uint32_t(released.size());
  record.to = uint32_t(release.to);
  if (release.to == ReleaseTo::client) add_client_bytes(released);
  window.release(released.size());
}

void Port::write(const DecodeRequest& decode) {
  EffectRecord& record = write(EffectKind::decode_request, 0);
  add_text(name_of(decode.coding));
  record.text_bytes = uint32_t(text_.size()) - record.text;
  record.body_bytes = word(decode.bytes_max);
}

void Port::write(const ReleaseRequest&) {
  write(EffectKind::release_request, 0);
  request_released_ = true;
}

void Port::write(const ShareState& share) {
  EffectRecord& record = write(EffectKind::share_state, 0);
  record.data = address(share.delta.data());
  record.data_bytes = uint32_t(share.delta.size());
}

void Port::write(const AwaitTurn& await) {
  EffectRecord& record = write(EffectKind::await_turn, 0);
  record.turn_0 = uint32_t(await.turn);
  record.turn_1 = uint32_t(await.turn >> 32);
}

// An instance has one gateway.
void Port::write(const GiveTurn& give) {
  EffectRecord& record = write(EffectKind::give_turn, 0);
  record.turn_0 = uint32_t(give.turn);
  record.turn_1 = uint32_t(give.turn >> 32);
}

void Port::write(const AwaitTaking&) { write(EffectKind::await_taking, 0); }

void Port::write(const SetPace& set) { write(EffectKind::set_pace, set.attempt).pace = uint32_t(set.pace); }

void Port::write(const AskPlace& ask) {
  EffectRecord& record = write(EffectKind::ask_place, 0);
  record.piece_count = ask.option_count;
  if (ask.option_count == 0) return;
  add_text(ask.queue);
  add_number(ask.waiting_max);
  add_number(ask.wait_ms);
  for (const PlaceBound& bound : ask.bounds) {
    add_number(bound.option);
    add_text(bound.name);
    add_number(bound.most);
  }
  record.text_bytes = uint32_t(text_.size()) - record.text;
}

void Port::write(const Finish& finish) {
  EffectRecord& record = write(EffectKind::finish, 0);
  record.ending = uint32_t(finish.ending);
  if (!finish.report) return;
  const LogLevel level = level_of(*finish.report);
  record.level = uint32_t(level);
  if (level < log_level_) return;
  write_json_line(text_, *finish.report);
  record.text_bytes = uint32_t(text_.size()) - record.text;
}

Port::Answer& Port::answer_of(uint32_t attempt) {
  for (auto& answer : answers_)
    if (answer->attempt == attempt) return *answer;
  answers_.push_back(std::make_unique<Answer>());
  answers_.back()->attempt = attempt;
  return *answers_.back();
}

}  // namespace signalbox::bindings
