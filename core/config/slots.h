// How the tables of the schema reach the members of the structs behind them. For the files that hold
// tables; nobody else needs it.
#pragma once

#include <cstddef>
#include <string>

#include "config/schema.h"

namespace signalbox::config {

// The struct and the type of a member pointer.
template <typename T>
struct MemberOf;
template <typename C, typename T>
struct MemberOf<T C::*> {
  using Class = C;
  using Type = T;
};

// The member `M` of the struct behind `object`.
template <auto M>
void* slot(void* object) {
  return &(static_cast<typename MemberOf<decltype(M)>::Class*>(object)->*M);
}

template <typename T>
void* prototype() {
  static T object;
  return &object;
}

template <auto M>
std::string* name(void* element) {
  return &(static_cast<typename MemberOf<decltype(M)>::Class*>(element)->*M);
}

// The vector `M` of its owner.
template <auto M>
constexpr Elements elements(std::string* (*element_name)(void*) = nullptr) {
  using Owner = typename MemberOf<decltype(M)>::Class;
  return {[](void* owner, size_t count) { (static_cast<Owner*>(owner)->*M).resize(count); },
          [](void* owner, size_t index) -> void* { return &(static_cast<Owner*>(owner)->*M)[index]; }, element_name};
}

}  // namespace signalbox::config
