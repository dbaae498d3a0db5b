// What lanes' own counts teach about our estimates.
#include <catch2/catch.hpp>
#include <string>

#include "tokens/calibration.h"

using signalbox::tokens::Calibration;

TEST_CASE("calibration: a lane that has not learnt keeps the estimate", "[calibration]") {
  Calibration calibration;
  CHECK(calibration.estimate_for("a", 1'000) == 1'000);
  CHECK(calibration.estimate_for("a", 0) == 1);
  CHECK(calibration.estimate_for("a", -5) == 1);
  calibration.learn("b", 1'000, 2'000);
  CHECK(calibration.estimate_for("a", 1'000) == 1'000);
}

TEST_CASE("calibration: the first count sets the ratio, and the answer leans to the high side", "[calibration]") {
  Calibration calibration;
  calibration.learn("a", 1'000, 1'500);
  CHECK(calibration.estimate_for("a", 1'000) == 1'575);
  CHECK(calibration.estimate_for("a", 100'000) == 157'500);
  calibration.learn("b", 4'000, 3'000);
  CHECK(calibration.estimate_for("b", 1'000) == 788);  // 787.5
  CHECK(calibration.estimate_for("b", 1) >= 1);
}

TEST_CASE("calibration: later counts move the average by an eighth", "[calibration]") {
  Calibration calibration;
  calibration.learn("a", 1'000, 1'000);
  calibration.learn("a", 1'000, 1'800);
  CHECK(calibration.estimate_for("a", 100'000) == 115'500);  // 1.1 and 5 %
  for (int i = 0; i < 200; ++i) calibration.learn("a", 1'000, 2'000);
  const int64_t settled = calibration.estimate_for("a", 100'000);
  CHECK(settled > 209'000);
  CHECK(settled <= 210'000);
}

TEST_CASE("calibration: nonsense is kept within sane ratios", "[calibration]") {
  Calibration calibration;
  for (int i = 0; i < 100; ++i) calibration.learn("much", 1'000, INT64_MAX);
  CHECK(calibration.estimate_for("much", 1'000) == 4'200);
  for (int i = 0; i < 100; ++i) calibration.learn("little", INT64_MAX, 1);
  CHECK(calibration.estimate_for("little", 1'000) == 263);  // a quarter and 5 %
  CHECK(calibration.estimate_for("much", INT64_MAX) > 0);
}

TEST_CASE("calibration: small requests and missing counts teach nothing", "[calibration]") {
  Calibration calibration;
  calibration.learn("a", Calibration::estimate_min - 1, 1'000);
  calibration.learn("a", 1'000, 0);
  calibration.learn("a", 1'000, -1);
  calibration.learn("", 1'000, 1'000);
  calibration.learn(std::string(Calibration::lane_bytes_max + 1, 'x'), 1'000, 1'000);
  CHECK(calibration.lane_count() == 0);
  calibration.learn(std::string(Calibration::lane_bytes_max, 'x'), Calibration::estimate_min, 1'000);
  CHECK(calibration.lane_count() == 1);
}

TEST_CASE("calibration: no more lanes are kept than the bound, and the active ones stay", "[calibration]") {
  Calibration calibration;
  for (size_t i = 0; i < 3 * Calibration::lanes_max; ++i) {
    calibration.learn("active", 1'000, 2'000);
    calibration.learn("invented " + std::to_string(i), 1'000, 500);
  }
  CHECK(calibration.lane_count() == Calibration::lanes_max);
  CHECK(calibration.estimate_for("active", 1'000) == 2'100);
  CHECK(calibration.estimate_for("invented 0", 1'000) == 1'000);
}

TEST_CASE("calibration: models that clients make up drive out such alone", "[calibration]") {
  Calibration calibration;
  calibration.learn("a/k/m", 1'000, 2'000);
  for (size_t i = 0; i < 2 * Calibration::lanes_max; ++i) calibration.learn("*b/k/" + std::to_string(i), 1'000, 500);
  CHECK(calibration.lane_count() == Calibration::lanes_max);
  CHECK(calibration.has_learnt("a/k/m"));
  CHECK(calibration.has_learnt("*b/k/" + std::to_string(2 * Calibration::lanes_max - 1)));
  CHECK_FALSE(calibration.has_learnt("*b/k/0"));
}
