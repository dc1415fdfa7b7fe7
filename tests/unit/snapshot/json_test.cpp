// SPDX-License-Identifier: GPL-2.0-or-later
//
// Snapshots as JSON: round trips, and every way to be wrong is refused with the path of the field.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <rapidcheck/gtest.h>

#include "host/memory_blocks.hpp"
#include "memhot/snapshot.hpp"
#include "samples.hpp"

namespace memhot {
namespace {

using nlohmann::json;
using testing::HasSubstr;

std::string error_of(const std::string& text) {
    const auto snapshot = snapshot_from_json(text);
    return snapshot ? "no error" : snapshot.error().message();
}

// All fields, for want of an operator; those of a host that are in the JSON and those that are not.
auto fields_of(const Snapshot& s) {
    return std::tuple_cat(std::tie(s.hostname, s.release, s.version_text, s.version, s.arch, s.page_size, s.cmdline,
                                   s.section_size_bits, s.max_physmem_bits, s.struct_page_size, s.features),
                          std::tie(s.memory_block_size, s.iomem, s.iomem_hidden, s.blocks, s.block_nodes,
                                   s.possible_nodes, s.zones, s.auto_online_blocks, s.parameters, s.probe,
                                   s.firmware_ram));
}

TEST(SnapshotJson, EverythingComesBack) {
    const auto snapshot = test::full_snapshot();
    const auto back = snapshot_from_json(to_json(snapshot));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_TRUE(fields_of(*back) == fields_of(snapshot)) << to_json(*back);
}

TEST(SnapshotJson, AnEmptySnapshotComesBack) {
    const auto back = snapshot_from_json(to_json(Snapshot{}));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_TRUE(fields_of(*back) == fields_of(Snapshot{})) << to_json(*back);
}

RC_GTEST_PROP(SnapshotJsonProperty, AnyValidOneComesBack, ()) {
    auto snapshot = test::arbitrary_snapshot();
    const auto text = to_json(snapshot);
    const auto back = snapshot_from_json(text);
    if (!back) RC_FAIL(back.error().message());
    for (auto& range : snapshot.firmware_ram) range = to_string(*parse_range(range, {}));
    RC_ASSERT(fields_of(*back) == fields_of(snapshot));
    RC_ASSERT(to_json(*back) == text);
}

TEST(SnapshotJson, IsWhatTheManualSays) {
    const auto document = json::parse(to_json(test::full_snapshot()));
    EXPECT_EQ(document.at("format"), "memhot-snapshot/1");
    EXPECT_EQ(document.at("kernel").at("version"), "6.1.190");
    EXPECT_EQ(document.at("kernel").at("features").at("subsection_map"), true);
    EXPECT_EQ(document.at("memory_block_size"), 134217728);
    EXPECT_EQ(document.at("blocks").at(1), (json{{"first", 1},
                                                 {"last", 2},
                                                 {"state", "online"},
                                                 {"valid_zones", "DMA32"},
                                                 {"removable", true},
                                                 {"node", 0}}));
    EXPECT_EQ(document.at("blocks").size(), 4U);
    EXPECT_EQ(document.at("firmware_ram").at(0), "0x0-0x9fbff");
    EXPECT_EQ(document.at("block_nodes").at("100"), 1);
}

TEST(SnapshotJson, BytesThatAreNoUtf8AreReplaced) {
    Snapshot snapshot;
    snapshot.iomem = "00000000-00000fff : \xff\xfe\n";
    const auto back = snapshot_from_json(to_json(snapshot));
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(back->iomem, "00000000-00000fff : \xef\xbf\xbd\xef\xbf\xbd\n");
}

TEST(SnapshotJson, WhatIsNoSnapshotIsRefused) {
    const std::pair<std::string, const char*> table[] = {
        {"", "snapshot: not JSON in UTF-8, or cut short"},
        {"{", "not JSON"},
        {"[]", "expected a JSON object"},
        {"null", "expected a JSON object"},
        {"{}", "snapshot: format: missing"},
        {R"({"format":7})", "format: number, expected a string"},
        {R"({"format":"memhot-snapshot/2"})", R"(format: "memhot-snapshot/2", expected "memhot-snapshot/1")"},
        {R"({"format":"memhot-snapshot/1","format":"x"})", "field \"format\" given twice"},
        {"{\"format\":\"\xff\"}", "not JSON in UTF-8"},
        {R"({"format":"memhot-snapshot/1"})", "iomem: missing, and iomem_hidden as well"},
        {R"({"format":"memhot-snapshot/1","iomem":""})", "kernel: missing"},
        {std::string(100000, '['), "nested more than 8 deep"},
        {R"({"a":)" + std::string(100000, '{'), "snapshot: "},
        {R"({"format":1e999})", "snapshot: "},
        {to_json(test::full_snapshot()) + "x", "not JSON"},
    };
    for (const auto& [text, says] : table) EXPECT_THAT(error_of(text), HasSubstr(says)) << text.substr(0, 80);
}

struct Change {
    const char* pointer;
    json value;
    const char* says;
};

// Each is the full snapshot with one field put in or replaced.
TEST(SnapshotJson, AWrongFieldIsNamed) {
    const Change table[] = {
        {"/kernel", 5, "kernel: number, expected an object"},
        {"/kernel/hostname", nullptr, "kernel.hostname: null, expected a string"},
        {"/kernel/page_size", 0, "kernel.page_size: 0, expected to be left out"},
        {"/kernel/page_size", 5000, "kernel.page_size: 5000, expected a power of two"},
        {"/kernel/page_size", -4096, "kernel.page_size: \"-4096\", expected a number without sign"},
        {"/kernel/page_size", 4096.5, "expected a number without sign, point"},
        {"/kernel/page_size", "4096", "kernel.page_size: string, expected a number"},
        {"/kernel/section_size_bits", 20, "kernel.section_size_bits: 20, expected 21 to 40"},
        {"/kernel/section_size_bits", 4294967323, "kernel.section_size_bits: 4294967323, expected at most 64"},
        {"/kernel/max_physmem_bits", 64, "kernel.max_physmem_bits: 64, expected 22 to 63"},
        {"/kernel/struct_page_size", 31, "kernel.struct_page_size: 31"},
        {"/kernel/version", "6", "kernel.version: \"6\", expected an upstream version"},
        {"/kernel/version", "6.1.190-1", "kernel.version"},
        {"/kernel/features", json::array(), "kernel.features: array, expected an object"},
        {"/kernel/features/no_such", true, "kernel.features.\"no_such\": no field of this format"},
        {"/kernel/features/subsection_map", 1, "kernel.features.subsection_map: number, expected true or false"},
        {"/kernel/extra", 1, "kernel.\"extra\": no field of this format"},
        {"/extra", 1, "\"extra\": no field of this format"},
        {"/memory_block_size", 0, "memory_block_size: 0, expected a power of two"},
        {"/memory_block_size", 134217729, "memory_block_size: 134217729, expected a power of two"},
        {"/memory_block_size", 67108864, "memory_block_size: 67108864 is less than a section of 2^27"},
        {"/memory_block_size", 18446744073709551615ULL, "memory_block_size"},
        {"/blocks", "x", "blocks: string, expected an array"},
        {"/blocks/0", 5, "blocks[0]: expected an object"},
        {"/blocks/0/first", "0x0", "blocks[0].first: string, expected a number"},
        {"/blocks/0/last", -1, "blocks[0].last: \"-1\""},
        {"/blocks/0/state", "on", "blocks: memory0: state \"on\", expected online"},
        {"/blocks/0/state", "", "blocks: memory0: state \"\""},
        {"/blocks/0/valid_zones", "", "blocks[0].valid_zones: empty, expected to be left out"},
        {"/blocks/0/valid_zones", "a\nb", R"(blocks: memory0: valid_zones "a\x0ab")"},
        {"/blocks/0/node", 1024, "blocks[0].node: 1024, expected at most 1023"},
        {"/blocks/0/node", 1, "blocks: memory0: node 1, but block_nodes says 0"},
        {"/blocks/1/first", 0, "blocks[1].first: 0 is not behind 0, expected every block once"},
        {"/blocks/1/last", 0, "blocks[1].last: 0, expected at least first, 1"},
        {"/blocks/1/last", 8, "blocks[2].first: 8 is not behind 8"},
        {"/blocks/3/last", 18446744073709551615ULL,
         "blocks[3].last: 18446744073709551615, expected at most 2097152 blocks"},
        {"/blocks/3/last", 9 + 2097152, "expected at most 2097152 blocks in all"},
        {"/block_nodes/01", 0, "block_nodes.\"01\": no field of this format"},
        {"/block_nodes/x", 0, "block_nodes.\"x\": no field"},
        {"/block_nodes/5", "0", "block_nodes.5: string, expected a number"},
        {"/possible_nodes", "0-", "possible_nodes: \"0-\", expected node numbers"},
        {"/zones/0/name", "", "zones: node 0, zone \"\": expected a name"},
        {"/zones/1",
         json{{"node", 0},
              {"name", "DMA"},
              {"start_pfn", 0},
              {"spanned", 0},
              {"present", 0},
              {"managed", 0},
              {"cma", 0}},
         "zones: node 0, zone \"DMA\": given twice"},
        {"/zones/0/present", 5000, "5000 pages present of 4095 spanned"},
        {"/zones/0/start_pfn", 18446744073709551615ULL, "ends beyond 64 bit page numbers"},
        {"/zones/0/cma", nullptr, "zones[0].cma: null"},
        {"/parameters/a", 5, "parameters.a: number, expected a string"},
        {"/probe", "yes", "probe: string, expected true or false"},
        {"/firmware_ram/0", 5, "firmware_ram[0]: expected a string 0xSTART-0xEND"},
        {"/firmware_ram/0", "5-4", "firmware_ram[0]: range \"5-4\": the end is below the start"},
        {"/firmware_ram/0", "dax0.0", "firmware_ram[0]: "},
        {"/iomem_hidden", "", "iomem_hidden: given, and iomem as well"},
    };
    const auto whole = json::parse(to_json(test::full_snapshot()));
    for (const auto& change : table) {
        auto document = whole;
        document[json::json_pointer(change.pointer)] = change.value;
        EXPECT_THAT(error_of(document.dump()), HasSubstr(change.says)) << change.pointer << " " << change.value;
        EXPECT_EQ(error_of(document.dump()).find('\n'), std::string::npos);
    }
}

TEST(SnapshotJson, BlocksOfTwoGiBEndWithTheAddressSpace) {
    Snapshot snapshot;
    snapshot.memory_block_size = 2 * kGiB;
    snapshot.blocks = {{{(1ULL << 33U) - 1, "online", "", {}, {}}}};
    EXPECT_TRUE(snapshot_from_json(to_json(snapshot)).ok());
    snapshot.blocks = {{{1ULL << 33U, "online", "", {}, {}}}};
    EXPECT_THAT(error_of(to_json(snapshot)), HasSubstr("memory8589934592: beyond 64 bit addresses"));
}

TEST(SnapshotJson, BlocksNeedTheirSize) {
    auto snapshot = test::full_snapshot();
    snapshot.memory_block_size.reset();
    EXPECT_THAT(error_of(to_json(snapshot)), HasSubstr("blocks: given without memory_block_size"));
}

TEST(SnapshotJson, EveryRequiredFieldIsMissed) {
    const auto whole = json::parse(to_json(test::full_snapshot()));
    for (const char* name : {"format", "kernel", "iomem", "zones", "parameters", "firmware_ram"}) {
        auto document = whole;
        document.erase(name);
        EXPECT_THAT(error_of(document.dump()), HasSubstr(std::string(name) + ": missing")) << name;
    }
    for (const char* name : {"hostname", "release", "version_text", "arch", "cmdline", "features"}) {
        auto document = whole;
        document["kernel"].erase(name);
        EXPECT_THAT(error_of(document.dump()), HasSubstr(std::string("kernel.") + name + ": missing")) << name;
    }
    for (const char* name : {"first", "last", "state"}) {
        auto document = whole;
        document["blocks"][0].erase(name);
        EXPECT_THAT(error_of(document.dump()), HasSubstr(std::string("blocks[0].") + name + ": missing")) << name;
    }
}

RC_GTEST_PROP(SnapshotJsonProperty, CutShortItIsRefused, ()) {
    const auto text = to_json(test::full_snapshot());
    const auto cut = *rc::gen::inRange<std::size_t>(0, text.size() - 1);   // the last byte is a line end
    RC_ASSERT(!snapshot_from_json(text.substr(0, cut)).ok());
}

RC_GTEST_PROP(SnapshotJsonProperty, AChangedByteIsRefusedOrComesBack, ()) {
    auto text = to_json(test::full_snapshot());
    text[*rc::gen::inRange<std::size_t>(0, text.size())] = *rc::gen::arbitrary<char>();
    const auto snapshot = snapshot_from_json(text);
    if (snapshot) RC_ASSERT(to_json(*snapshot_from_json(to_json(*snapshot))) == to_json(*snapshot));
}

}   // namespace
}   // namespace memhot
