#include "exchange/broadcast.h"

#include <algorithm>
#include <utility>

namespace signalbox::exchange {
namespace {

// A block holds what comes in a moment; the first ones are small, because most answers to agents are not long.
constexpr size_t block_bytes_min = 1 << 10;
constexpr size_t block_bytes_max = 16 << 10;

}  // namespace

void Broadcast::Reader::leave() {
  Broadcast* const broadcast = std::exchange(broadcast_, nullptr);
  if (!broadcast) return;
  const bool was_follower = broadcast->leader_reader_ != this;
  if (was_follower) std::erase(broadcast->readers_, this);
  else broadcast->leader_reader_ = nullptr;
  if (!broadcast->joinable_) broadcast->trim();
  // A leader without a client goes on for its followers alone.
  if (was_follower && broadcast->readers_.empty() && broadcast->end_ == End::open) broadcast->wake_leader();
}

std::string_view Broadcast::Reader::next() const {
  if (!broadcast_) return {};
  uint64_t at = broadcast_->begin_offset_;
  for (const std::string& block : broadcast_->blocks_) {
    if (offset_ < at + block.size()) return std::string_view(block).substr(size_t(offset_ - at));
    at += block.size();
  }
  return {};
}

void Broadcast::Reader::let_go() {
  const uint64_t before = std::exchange(held_from_, offset_);
  if (broadcast_ && !broadcast_->joinable_ && broadcast_->is_in_oldest_block(before)) broadcast_->trim();
}

Broadcast::Broadcast(Broadcasts& all, const Sha256& key, std::shared_ptr<const Config> config, std::string_view leader,
                     uint64_t leader_ticket)
    : all_(all), key_(key), config_(std::move(config)), leader_(leader), leader_ticket_(leader_ticket) {
  all_.all_.push_back(this);
}

Broadcast::~Broadcast() {
  all_.kept_bytes_ -= kept_bytes_;
  std::erase(all_.all_, this);
}

void Broadcast::set_head(Head head) {
  head_ = std::move(head);
  wake_followers();
}

void Broadcast::append(std::string_view bytes) {
  if (end_ != End::open || bytes.empty()) return;
  if (!needed()) {
    begin_offset_ = end_offset_ += bytes.size();
    return;
  }
  follower_steps_are_over();
  if (!joinable_) trim();
  last_append_at_ = end_offset_;
  while (!bytes.empty()) {
    if (blocks_.empty() || blocks_.back().size() == blocks_.back().capacity()) {
      const size_t before = blocks_.empty() ? 0 : blocks_.back().capacity();
      std::string block;
      block.reserve(
          std::clamp(std::max(2 * before, std::min(bytes.size(), block_bytes_max)), block_bytes_min, block_bytes_max));
      kept_bytes_ += block.capacity();
      all_.kept_bytes_ += block.capacity();
      blocks_.push_back(std::move(block));
    }
    std::string& block = blocks_.back();
    const std::string_view fits = bytes.substr(0, block.capacity() - block.size());
    block.append(fits);
    end_offset_ += fits.size();
    bytes.remove_prefix(fits.size());
  }
  const Limits& limits = config_->server.limits;
  if (kept_bytes_ > size_t(limits.once_answer_bytes_max)) {
    close();
    while (kept_bytes_ > size_t(limits.once_answer_bytes_max) && give_up_slowest(Spare::those_up_to_date)) {
    }
    // While somebody keeps up the leader's client is given up as a follower is; where nobody follows it is waited for.
    if (leader_reader_ && !readers_.empty() && leader_reader_->offset_ < last_append_at_ &&
        kept_bytes_ > size_t(limits.once_answer_bytes_max))
      give_up_leaders_client();
  }
  if (all_.kept_bytes_ > size_t(limits.once_bytes_max)) all_.make_room(size_t(limits.once_bytes_max), *this);
  wake_followers();
}

void Broadcast::end(End end, Failure failure) {
  if (end_ != End::open) return;
  end_ = end;
  failure_ = std::move(failure);
  close();
  wake_followers();
}

void Broadcast::join(Reader& reader, uint64_t ticket) {
  reader.leave();
  reader.broadcast_ = this;
  reader.ticket_ = ticket;
  reader.held_from_ = reader.offset_ = 0;
  reader.awaits_more_ = reader.behind_ = false;
  readers_.push_back(&reader);
  wake_leader();
}

void Broadcast::read_as_leader(Reader& reader) {
  reader.leave();
  reader.broadcast_ = this;
  reader.held_from_ = reader.offset_ = end_offset_;
  leader_reader_ = &reader;
}

void Broadcast::read_on(Reader& reader) {
  if (leader_reader_ != &reader) return;
  leader_reader_ = nullptr;
  reader.ticket_ = leader_ticket_;
  readers_.push_back(&reader);
}

void Broadcast::wake_leader() { all_.places_.give_turn(leader_ticket_); }

bool Broadcast::takes_more() const { return joinable_ && end_ == End::open && readers_.size() < followers_max; }

void Broadcast::close() {
  const bool was_joinable = std::exchange(joinable_, false);
  trim();
  if (was_joinable) all_.drop(*this);
}

bool Broadcast::is_in_oldest_block(uint64_t offset) const {
  return !blocks_.empty() && offset < begin_offset_ + blocks_.front().size();
}

// Lets go of the blocks that nobody needs any more.
void Broadcast::trim() {
  uint64_t needed_from = end_offset_;
  for (const Reader* reader : readers_) needed_from = std::min(needed_from, reader->held_from_);
  if (leader_reader_) needed_from = std::min(needed_from, leader_reader_->held_from_);
  while (!blocks_.empty() && begin_offset_ + blocks_.front().size() <= needed_from) {
    // What the leader has not filled yet it goes on filling.
    if (blocks_.size() == 1 && needed() && end_ == End::open) break;
    begin_offset_ += blocks_.front().size();
    kept_bytes_ -= blocks_.front().capacity();
    all_.kept_bytes_ -= blocks_.front().capacity();
    blocks_.erase(blocks_.begin());
  }
}

// A host performs a batch before it tells any exchange of the gateway the next event: what followers have passed on in
// steps before the leader's nobody is still about to send.
void Broadcast::follower_steps_are_over() {
  for (Reader* reader : readers_) reader->held_from_ = reader->offset_;
}

// Likewise, and the leader's, where the exchange that has a step now is another.
void Broadcast::steps_are_over() {
  follower_steps_are_over();
  if (leader_reader_) leader_reader_->held_from_ = leader_reader_->offset_;
}

// Gives up the followers that need the oldest block. False when that has freed nothing: it is somebody who is spared, or
// the leader's client, that needs it.
bool Broadcast::give_up_slowest(Spare spare) {
  if (blocks_.empty()) return false;
  const size_t kept_before = kept_bytes_;
  const uint64_t until = begin_offset_ + blocks_.front().size();
  for (size_t i = 0; i < readers_.size();) {
    Reader& reader = *readers_[i];
    const bool up_to_date = reader.offset_ >= last_append_at_ && spare == Spare::those_up_to_date;
    if (up_to_date || (reader.offset_ >= until && blocks_.size() > 1)) {
      ++i;
      continue;
    }
    readers_.erase(readers_.begin() + std::ptrdiff_t(i));
    reader.broadcast_ = nullptr;
    reader.behind_ = true;
    all_.places_.give_turn(reader.ticket_);
  }
  trim();
  if (end_ == End::open && readers_.empty()) wake_leader();
  return kept_bytes_ < kept_before;
}

// False when that has freed nothing, or what it was sent in this very step is still on its way.
bool Broadcast::give_up_leaders_client() {
  if (!leader_reader_ || leader_reader_->holds()) return false;
  const size_t kept_before = kept_bytes_;
  Reader& reader = *std::exchange(leader_reader_, nullptr);
  reader.broadcast_ = nullptr;
  reader.behind_ = true;
  trim();
  wake_leader();
  return kept_bytes_ < kept_before;
}

void Broadcast::wake_followers() {
  for (Reader* reader : readers_)
    if (std::exchange(reader->awaits_more_, false)) all_.places_.give_turn(reader->ticket_);
}

std::shared_ptr<Broadcast> Broadcasts::find(const Sha256& key) const {
  for (const std::shared_ptr<Broadcast>& each : joinable_)
    if (each->key_ == key && each->takes_more()) return each;
  return nullptr;
}

std::shared_ptr<Broadcast> Broadcasts::begin(const Sha256& key, std::shared_ptr<const Config> config,
                                             std::string_view leader, uint64_t leader_ticket) {
  for (size_t i = 0; i < joinable_.size(); ++i) {
    if (joinable_[i]->key_ != key) continue;
    const std::shared_ptr<Broadcast> full = joinable_[i];
    full->close();
    break;
  }
  if (joinable_.size() >= joinable_max) return nullptr;
  // Not make_shared, whose block asks for a type's name, and the core has none.
  std::shared_ptr<Broadcast> made(new Broadcast(*this, key, std::move(config), leader, leader_ticket));
  joinable_.push_back(made);
  return made;
}

// What nobody follows yet goes first, the largest before the others; then those who are furthest behind, a leader's client
// last.
void Broadcasts::make_room(size_t bytes_max, const Broadcast& appending) {
  const auto larger = [](const Broadcast* a, const Broadcast* b) { return a->kept_bytes_ < b->kept_bytes_; };
  for (Broadcast* each : all_) each == &appending ? each->follower_steps_are_over() : each->steps_are_over();
  std::vector<Broadcast*> shared = all_;
  while (kept_bytes_ > bytes_max) {
    Broadcast* alone = nullptr;
    for (Broadcast* each : all_)
      if (each->readers_.empty() && !each->leader_reader_ && each->kept_bytes_ > 0 && (!alone || larger(alone, each)))
        alone = each;
    if (alone) {
      alone->close();
      continue;
    }
    if (shared.empty()) return;
    const auto largest = std::max_element(shared.begin(), shared.end(), larger);
    (*largest)->close();
    if (kept_bytes_ > bytes_max && !(*largest)->give_up_slowest(Broadcast::Spare::nobody) &&
        !(*largest)->give_up_leaders_client())
      shared.erase(largest);  // of which nothing can be freed
  }
}

void Broadcasts::drop(const Broadcast& broadcast) {
  std::erase_if(joinable_, [&](const std::shared_ptr<Broadcast>& each) { return each.get() == &broadcast; });
}

}  // namespace signalbox::exchange
