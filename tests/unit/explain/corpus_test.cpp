// SPDX-License-Identifier: GPL-2.0-or-later
//
// Real kernel logs from public threads, where there are any: MEMHOT_CORPUS names a directory with dmesg/*.txt. Each must be
// explained; those that cannot be are listed by name, so that the list can only shrink.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "memhot/explain.hpp"

namespace memhot {
namespace {

// A call trace without the lines in front of it.
constexpr std::array<std::string_view, 1> kNotExplained{"056-power6-kernel-bug-memory-hotplug-150.txt"};

TEST(Corpus, EveryLogIsExplained) {
    const char* corpus = std::getenv("MEMHOT_CORPUS");
    if (corpus == nullptr) GTEST_SKIP() << "MEMHOT_CORPUS names no directory with dmesg/*.txt";
    const std::string folder = std::string(corpus) + "/dmesg";
    std::size_t logs = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
        if (entry.path().extension() != ".txt") continue;
        std::ifstream in(entry.path(), std::ios::binary);
        const std::string text{std::istreambuf_iterator<char>(in), {}};
        const auto all = explain(text);
        ++logs;
        const bool listed = std::ranges::find(kNotExplained, entry.path().filename().string()) != kNotExplained.end();
        EXPECT_EQ(all.front().kind == Explanation::Kind::unknown, listed)
            << entry.path().filename() << " " << all.front().id;
        for (const auto& one : all) EXPECT_FALSE(one.cause.empty()) << entry.path().filename() << " " << one.id;
    }
    EXPECT_GT(logs, 0U) << folder;
}

}   // namespace
}   // namespace memhot
