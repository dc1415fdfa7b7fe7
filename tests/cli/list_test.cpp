// SPDX-License-Identifier: GPL-2.0-or-later
//
// `list` says what lsmem says, letter for letter where lsmem is right, and what lsmem does not know.
#include <gtest/gtest.h>

#include <random>

#include "cli/memhotctl.hpp"
#include "support/command.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

bool has_lsmem() { return run("lsmem --version 2>/dev/null").text.find("2.38") != std::string::npos; }

// Online and offline blocks of two nodes in several zones, with holes, the same for the same seed.
void grow(const HostTree& host, unsigned seed) {
    std::mt19937 random(seed);
    host.block_size("8000000");
    const char* zones[] = {"DMA32", "Normal", "Movable", "none"};
    for (std::uint64_t number = 0; number < 48; ++number) {
        if (number != 0 && random() % 8 == 0) continue;
        const std::uint64_t kind = number == 0 ? 0 : random() % 5;
        const std::string zone = kind < 4 ? zones[kind] : "Normal Movable";
        host.block(number, kind < 4 ? "online" : "offline", zone, number < 24 ? 0 : 1);
    }
}

class LikeLsmem : public testing::TestWithParam<const char*> {};

TEST_P(LikeLsmem, Text) {
    if (!has_lsmem()) GTEST_SKIP() << "needs lsmem 2.38";
    for (unsigned seed = 1; seed <= 2; ++seed) {
        const HostTree host;
        grow(host, seed);
        Words words{"--root", host.root(), "list"};
        for (auto& word : split(GetParam())) words.push_back(word);
        const std::string theirs = run("lsmem --sysroot " + host.root() + " " + GetParam()).text;
        EXPECT_EQ(memhotctl(words).out, theirs) << seed;
        EXPECT_FALSE(theirs.empty());
    }
}

class LikeLsmemJson : public LikeLsmem {};   // which has no summary there

TEST_P(LikeLsmemJson, RowsHaveTheSameValues) {
    if (!has_lsmem()) GTEST_SKIP() << "needs lsmem 2.38";
    const HostTree host;
    grow(host, 7);
    Words words{"--root", host.root(), "list", "--json"};
    for (auto& word : split(GetParam())) words.push_back(word);
    const auto ours = memhotctl(words).json();
    const auto theirs = nlohmann::json::parse(run("lsmem -J -b --sysroot " + host.root() + " " + GetParam()).text);
    ASSERT_EQ(ours["memory"].size(), theirs["memory"].size());
    for (std::size_t i = 0; i < theirs["memory"].size(); ++i) {
        for (const auto& [name, value] : theirs["memory"][i].items()) {
            EXPECT_EQ(ours["memory"][i][name], value) << i << " " << name;
        }
    }
}

INSTANTIATE_TEST_SUITE_P(Each, LikeLsmem,
                         testing::Values("", "-a", "-b", "-o RANGE,SIZE", "-o +NODE,ZONES", "-S none", "-S node,zones",
                                         "-a -b -o +ZONES", "--summary=never", "--summary=only", "--summary=always",
                                         "-o block,range,state"));
INSTANTIATE_TEST_SUITE_P(Each, LikeLsmemJson,
                         testing::Values("", "-a", "-o RANGE,SIZE", "-o +NODE,ZONES", "-S none", "-a -o +ZONES",
                                         "-o block,range,state"));

// The recording's own facts: RAM that ends within a block, next to persistent memory.
TEST(List, WhatLsmemDoesNotKnow) {
    const auto json = on_demo_host({"list", "-a", "--json", "-o", "OWNER,DEVICE,REASON"}).json();
    const auto block = [&](const std::string& number) {
        for (const auto& row : json["memory"]) {
            if (row["block"] == number) return row;
        }
        return nlohmann::json();
    };
    EXPECT_EQ(block("33")["owner"], nlohmann::json({"System RAM"}));
    EXPECT_TRUE(block("33")["reason"].empty());
    EXPECT_EQ(block("45")["owner"], nlohmann::json({"System RAM", "Persistent Memory (legacy)"}));
    EXPECT_EQ(block("45")["device"], nlohmann::json({"Persistent Memory (legacy)"}));
    EXPECT_EQ(block("45")["reason"][0]["rule"], "offline.holes");
    EXPECT_EQ(block("0")["reason"][0]["rule"], "offline.multizone");   // DMA and DMA32
    EXPECT_TRUE(block("41").is_null());
}

TEST(List, ReasonNamesTheBlocks) {
    const Said said = on_demo_host({"list", "-n", "-o", "BLOCK,REASON", "-S", "none"});
    EXPECT_TRUE(said.has("holes: 42,44-45")) << said.out;
}

TEST(List, HostWithoutMemoryBlocks) {
    const HostTree host;
    host.file("proc/cmdline", "quiet\n");
    const Said said = memhotctl({"--root", host.root(), "list"});
    EXPECT_EQ(said.status, 1);
    EXPECT_EQ(said.out, "");
    EXPECT_NE(said.err.find("no memory blocks"), std::string::npos) << said.err;
    EXPECT_TRUE(memhotctl({"--root", host.root(), "list", "--json"}).json()["memory"].empty());
}

TEST(List, NoLegend) {
    const Said said = on_demo_host({"list", "--no-legend"});
    EXPECT_EQ(said.out.find("RANGE"), std::string::npos);
    EXPECT_EQ(said.out.find("Total"), std::string::npos);
    EXPECT_EQ(said.out.rfind("0x", 0), 0U);
}

}   // namespace
}   // namespace memhot::test
