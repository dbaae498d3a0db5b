// An owned resource of the host's, given back when it is destroyed. Children (a body's stream, a stream's
// pollable) go before their parents, or the host traps: members stand in that order.
#pragma once

#include <utility>

#include "imports.h"

namespace signalbox::wasi::abi {

template <void (*drop)(RawHandle)>
class Handle {
 public:
  Handle() = default;
  explicit Handle(RawHandle raw) : raw_(raw), held_(true) {}
  Handle(Handle&& other) noexcept : raw_(other.raw_), held_(std::exchange(other.held_, false)) {}
  Handle& operator=(Handle&& other) noexcept {
    reset();
    raw_ = other.raw_;
    held_ = std::exchange(other.held_, false);
    return *this;
  }
  ~Handle() { reset(); }

  explicit operator bool() const { return held_; }
  // Lends it.
  RawHandle raw() const { return raw_; }
  // Gives it away.
  RawHandle take() {
    held_ = false;
    return raw_;
  }
  void reset() {
    if (std::exchange(held_, false)) drop(raw_);
  }

 private:
  RawHandle raw_ = 0;
  bool held_ = false;
};

using Pollable = Handle<drop_pollable>;
using Fields = Handle<drop_fields>;

}  // namespace signalbox::wasi::abi
