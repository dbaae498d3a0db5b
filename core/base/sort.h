// Sorting in little code. std::sort is 4 KB for every type and order, and the modules of the wasm hosts have a bound: it
// is for what is sorted often and long, this for all else.
#pragma once

#include <algorithm>
#include <functional>

namespace signalbox::base {

// By `less`; equal ones in any order. At worst n log n, whoever has made the order.
template <class List, class Less = std::less<>>
void sort(List& list, Less less = {}) {
  std::make_heap(list.begin(), list.end(), less);
  std::sort_heap(list.begin(), list.end(), less);
}

}  // namespace signalbox::base
