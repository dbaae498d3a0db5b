// Streams that are watched frame by frame: an upstream that stamps what it sends, and clients that read it through a
// gateway. Each function is one mode of bench_latency, prints lines as latency.cpp says, and gives the exit status.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

struct Target;

int serve(int64_t gap_ms, int frames);
int frames(const std::string& body, int streams, std::vector<Target> targets);
int hold(const std::string& body, int count, int port);
int gone(const std::string& body, int count);
