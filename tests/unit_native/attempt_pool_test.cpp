// The pool of attempts: what is reused, what is kept, and what a trim frees.
#include "attempt_pool.h"

#include <catch2/catch.hpp>

using signalbox::native::AttemptPool;

namespace {

struct Surroundings {
  int alive = 0;
};

struct Counted {
  explicit Counted(Surroundings& s) : surroundings(s) { ++surroundings.alive; }
  ~Counted() { --surroundings.alive; }
  Surroundings& surroundings;
};

}  // namespace

TEST_CASE("attempt pool: the one given back last is taken first, and no more are kept than may be") {
  Surroundings around;
  AttemptPool<Counted> pool(2);
  Counted& a = pool.take(around);
  Counted& b = pool.take(around);
  Counted& c = pool.take(around);
  CHECK(around.alive == 3);
  pool.give_back(b);
  pool.give_back(a);
  CHECK(&pool.take(around) == &a);
  pool.give_back(a);
  pool.give_back(c);
  CHECK(around.alive == 2);
  CHECK(pool.all().size() == 2);
  CHECK(pool.free_count() == 2);
}

TEST_CASE("attempt pool: a trim frees what was not needed since the last one, and nothing in use") {
  Surroundings around;
  AttemptPool<Counted> pool(8);
  Counted* taken[4];
  for (Counted*& attempt : taken) attempt = &pool.take(around);
  for (int i = 1; i < 4; ++i) pool.give_back(*taken[i]);
  pool.trim();
  CHECK(around.alive == 4);  // they have just come
  pool.give_back(pool.take(around));
  pool.trim();
  CHECK(around.alive == 2);  // one in use, one that was needed
  CHECK(&pool.take(around) == taken[3]);
  pool.give_back(*taken[3]);
  pool.give_back(*taken[0]);
  pool.trim();
  CHECK(around.alive == 2);
  pool.trim();
  CHECK(around.alive == 0);
  pool.take(around);
  CHECK(around.alive == 1);
}
