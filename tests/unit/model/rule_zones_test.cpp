// SPDX-License-Identifier: GPL-2.0-or-later
//
// Into which zone memory goes: boot zones, contig-zones, auto-movable, and what valid_zones says.
#include <algorithm>
#include <cerrno>

#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::Host;
using test::map_of;

constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr std::uint64_t kFree = 0x200000000;   // block 0x40

const std::string kIomem = "00001000-0009ffff : System RAM\n"
                           "00100000-7fffffff : System RAM\n"
                           "100000000-17fffffff : System RAM\n";

std::string zones_of(const Model& model, std::uint64_t block) {
    const auto info = model.block(block);
    return info ? info->valid_zones : "absent";
}

ZoneInfo zone_of(const Model& model, int node, const std::string& name) {
    const auto all = model.zones();
    const auto found =
        std::ranges::find_if(all, [&](const ZoneInfo& zone) { return zone.node == node && zone.name == name; });
    return found == all.end() ? ZoneInfo{} : *found;
}

constexpr std::uint64_t pfn(std::uint64_t address) { return address / 4096; }

// Adds block by block and onlines each with the word; gives the zones that they went to.
std::vector<std::string> online_all(Model& model, std::uint64_t first, unsigned count,
                                    const std::string& word = "online") {
    std::vector<std::string> zones;
    for (std::uint64_t number = first; number < first + count; ++number) {
        test::run(model, add_of(number * kBlock, kBlock));
        test::run(model, op::SetState{number, word});
        zones.push_back(zones_of(model, number));
    }
    return zones;
}

using Zones = std::vector<std::string>;

// --- boot --------------------------------------------------------------------------------------------------------------

TEST(Effect, boot) {
    const Model model = test::boot({.iomem = kIomem});
    EXPECT_EQ(zone_of(model, 0, "DMA").spanned_pages, 4095U);   // from page 1 to 16 MiB
    EXPECT_EQ(zone_of(model, 0, "DMA").present_pages, 159U + 3840U);
    EXPECT_EQ(zone_of(model, 0, "DMA32").spanned_pages, pfn(0x100000000) - pfn(0x1000000));
    EXPECT_EQ(zone_of(model, 0, "DMA32").present_pages, pfn(0x80000000) - pfn(0x1000000));
    EXPECT_EQ(zone_of(model, 0, "Normal").start_pfn, pfn(0x100000000));
    EXPECT_EQ(zone_of(model, 0, "Normal").spanned_pages, pfn(0x80000000));
    EXPECT_EQ(zone_of(model, 0, "Movable").spanned_pages, 0U);
    EXPECT_EQ(zones_of(model, 0), "none");   // DMA and DMA32
    EXPECT_EQ(zones_of(model, 1), "DMA32");
    EXPECT_EQ(zones_of(model, 0x20), "Normal");
}

TEST(Effect, boot_movablecore) {
    const auto zones_with = [](const std::string& cmdline) {
        const Model model = test::boot({.iomem = kIomem, .cmdline = cmdline});
        return std::pair{zones_of(model, 0x2b), zones_of(model, 0x2c)};
    };
    // the top 512 MiB: blocks 0x2c to 0x2f
    EXPECT_EQ(zones_with("movablecore=512M"), (std::pair<std::string, std::string>{"Normal", "Movable"}));
    EXPECT_EQ(zones_with("movablecore=512M movable_node"), (std::pair<std::string, std::string>{"Normal", "Normal"}));
    EXPECT_EQ(zones_with(""), (std::pair<std::string, std::string>{"Normal", "Normal"}));
    const Model model = test::boot({.iomem = kIomem, .cmdline = "movablecore=512M"});
    EXPECT_EQ(zone_of(model, 0, "Movable").start_pfn, pfn(0x160000000));
    EXPECT_EQ(zone_of(model, 0, "Normal").spanned_pages, pfn(0x60000000));
    // in the middle of a block: both zones have pages there
    const Model odd = test::boot({.iomem = kIomem, .cmdline = "movablecore=192M"});
    EXPECT_EQ(zones_of(odd, 0x2e), "none");
    EXPECT_EQ(zones_of(odd, 0x2f), "Movable");
}

TEST(Effect, boot_of_two_nodes) {
    std::map<std::uint64_t, int> nodes;
    for (std::uint64_t block = 0; block < 0x28; ++block) nodes[block] = 0;
    for (std::uint64_t block = 0x28; block < 0x30; ++block) nodes[block] = 1;
    const Model model = test::boot({.iomem = kIomem, .block_nodes = nodes, .possible_nodes = "0-1"});
    EXPECT_EQ(zone_of(model, 0, "Normal").spanned_pages, pfn(0x40000000));
    EXPECT_EQ(zone_of(model, 1, "Normal").start_pfn, pfn(0x140000000));
    EXPECT_EQ(zone_of(model, 1, "Normal").spanned_pages, pfn(0x40000000));
    EXPECT_EQ(model.block(0x28)->node, 1);
}

// --- contig-zones ------------------------------------------------------------------------------------------------------

TEST(Effect, contig) {
    Model model = test::boot({.iomem = kIomem});
    test::run(model, add_of(kFree, 4 * kBlock));
    EXPECT_EQ(zones_of(model, 0x40), "Normal Movable");
    // below 4 GiB the span of DMA32 is met
    test::run(model, add_of(0xa0000000, kBlock));
    EXPECT_EQ(zones_of(model, 0x14), "DMA32 Movable");
    // once Movable spans a block and no kernel zone does, it is the default; "online" follows
    test::run(model, op::SetState{0x41, "online_movable"});
    test::run(model, op::SetState{0x43, "online_movable"});
    EXPECT_EQ(zones_of(model, 0x42), "Movable Normal");
    EXPECT_EQ(zones_of(model, 0x40), "Normal Movable");   // in none of them: kernel
    test::run(model, op::SetState{0x42, "online"});
    EXPECT_EQ(zones_of(model, 0x42), "Movable");
}

TEST(Effect, contig_with_both_zones_takes_the_kernel_zone) {
    Model model = test::boot({.iomem = kIomem});
    test::run(model, add_of(kFree, 5 * kBlock));
    test::run(model, op::SetState{0x41, "online_movable"});
    test::run(model, op::SetState{0x43, "online_movable"});
    test::run(model, op::SetState{0x44, "online_kernel"});   // Normal spans 0x42 as well now
    EXPECT_EQ(zones_of(model, 0x42), "Normal Movable");
}

TEST(Effect, contig_with_movable_node) {
    Model model = test::boot({.iomem = kIomem, .cmdline = "memhp_default_state=offline movable_node"});
    test::run(model, add_of(kFree, kBlock));
    EXPECT_EQ(zones_of(model, 0x40), "Movable Normal");
    test::run(model, op::SetState{0x40, "online"});
    EXPECT_EQ(zones_of(model, 0x40), "Movable");
}

// shrink_zone_span(): spans follow what is left.
TEST(Effect, contig_spans_shrink_with_offlining) {
    Model model = test::boot({.iomem = kIomem});
    test::run(model, add_of(kFree, 4 * kBlock));
    for (const std::uint64_t block : {0x40U, 0x42U, 0x43U}) test::run(model, op::SetState{block, "online_movable"});
    const auto offline = [&](std::uint64_t block) {
        model.apply(op::SetState{block, "offline"}, Outcome::accept(RuleId::offline_unmovable));
    };
    EXPECT_EQ(zone_of(model, 0, "Movable").spanned_pages, pfn(4 * kBlock));
    offline(0x40);
    EXPECT_EQ(zone_of(model, 0, "Movable").start_pfn, pfn(kFree + 2 * kBlock));
    EXPECT_EQ(zone_of(model, 0, "Movable").spanned_pages, pfn(2 * kBlock));
    EXPECT_EQ(zones_of(model, 0x41), "Normal Movable");
    offline(0x43);
    offline(0x42);
    EXPECT_EQ(zone_of(model, 0, "Movable").spanned_pages, 0U);
    EXPECT_EQ(zone_of(model, 0, "Movable").present_pages, 0U);
}

// --- auto-movable ------------------------------------------------------------------------------------------------------

Host auto_host(std::map<std::string, std::string> parameters) {
    parameters["online_policy"] = "auto-movable";
    return {.iomem = kIomem, .parameters = std::move(parameters)};
}

TEST(Effect, auto_movable) {
    // about 4 GiB of boot memory, not quite: with 12 % three whole blocks fit (503 MiB), with 13 % a fourth
    Model twelve = test::boot(auto_host({{"auto_movable_ratio", "12"}}));
    EXPECT_EQ(online_all(twelve, 0x40, 5), (Zones{"Movable", "Movable", "Movable", "Normal", "Normal"}));
    Model thirteen = test::boot(auto_host({{"auto_movable_ratio", "13"}}));
    EXPECT_EQ(online_all(thirteen, 0x40, 5), (Zones{"Movable", "Movable", "Movable", "Movable", "Normal"}));
    // kernel memory that was added counts for nothing; ratio 0 is kernel alone
    Model after_kernel = test::boot(auto_host({{"auto_movable_ratio", "12"}}));
    online_all(after_kernel, 0x50, 8, "online_kernel");
    EXPECT_EQ(online_all(after_kernel, 0x60, 4), (Zones{"Movable", "Movable", "Movable", "Normal"}));
    Model none = test::boot(auto_host({{"auto_movable_ratio", "0"}}));
    EXPECT_EQ(online_all(none, 0x40, 1), Zones{"Normal"});
}

// 3 blocks fit under 12 %. A DIMM of 4 is none of them, though its first 3 would be; one of 3 is. What is on its way of a
// group that is Movable goes there, too, and what stands beside kernel memory of its own group does not.
TEST(Effect, auto_movable_decides_for_the_whole_device) {
    const auto plug = [](Model& model, std::uint64_t first, unsigned count) {
        op::Add dimm = add_of(first * kBlock, count * kBlock);
        dimm.group = {*Range::from_size(dimm.start, dimm.size)};
        test::run(model, dimm);
    };
    const auto online = [](Model& model, std::uint64_t block, const char* word = "online") {
        test::run(model, op::SetState{block, word});
        return zones_of(model, block);
    };
    Model model = test::boot(auto_host({{"auto_movable_ratio", "12"}}));
    plug(model, 0x40, 4);
    EXPECT_EQ(zones_of(model, 0x40), "Normal Movable");
    EXPECT_EQ(online(model, 0x40), "Normal");
    plug(model, 0x50, 3);
    EXPECT_EQ(zones_of(model, 0x52), "Movable Normal");
    EXPECT_EQ(online(model, 0x50), "Movable");
    EXPECT_EQ(online(model, 0x51), "Movable");
    EXPECT_EQ(online(model, 0x52), "Movable");
    plug(model, 0x60, 1);
    EXPECT_EQ(zones_of(model, 0x60), "Normal Movable");   // nothing is left
    model.apply(op::SetState{0x50, "offline"}, Outcome::accept(RuleId::offline_unmovable));
    EXPECT_EQ(zones_of(model, 0x50), "Movable Normal");
    EXPECT_EQ(online(model, 0x50, "online_kernel"), "Normal");
    model.apply(op::SetState{0x51, "offline"}, Outcome::accept(RuleId::offline_unmovable));
    EXPECT_EQ(zones_of(model, 0x51), "Normal Movable");   // its group has kernel memory now
}

// Of a running host /proc/iomem tells the groups of kmem: all ranges of a device.
TEST(Effect, auto_movable_groups_of_a_running_host) {
    const auto zones = [](const std::string& iomem) {
        Snapshot snapshot = test::snapshot_of(auto_host({{"auto_movable_ratio", "12"}}));
        *snapshot.iomem += iomem;
        snapshot.blocks.emplace();
        for (std::uint64_t number = 0; number < 0x10; ++number)
            snapshot.blocks->push_back({number, "online", "", {}, 0});
        for (std::uint64_t number = 0x20; number < 0x30; ++number)
            snapshot.blocks->push_back({number, "online", "Normal", {}, 0});
        for (std::uint64_t number = 0x40; number < 0x44; ++number)
            snapshot.blocks->push_back({number, "offline", "", {}, 0});
        return zones_of(*Model::from_snapshot(snapshot, test::profile_of(auto_host({}))), 0x40);
    };
    EXPECT_EQ(zones("200000000-207ffffff : dax0.0\n  200000000-207ffffff : System RAM (kmem)\n"
                    "208000000-21fffffff : dax0.0\n  208000000-21fffffff : System RAM (kmem)\n"),
              "Normal Movable");
    EXPECT_EQ(zones("200000000-207ffffff : dax0.0\n  200000000-207ffffff : System RAM (kmem)\n"
                    "208000000-21fffffff : dax1.0\n  208000000-21fffffff : System RAM (kmem)\n"),
              "Movable Normal");
}

TEST(Effect, auto_movable_gives_the_budget_back) {
    Model model = test::boot(auto_host({{"auto_movable_ratio", "4"}}));
    EXPECT_EQ(online_all(model, 0x40, 2), (Zones{"Movable", "Normal"}));
    model.apply(op::SetState{0x40, "offline"}, Outcome::accept(RuleId::offline_unmovable));
    EXPECT_EQ(zones_of(model, 0x40), "Movable Normal");
    EXPECT_EQ(online_all(model, 0x50, 1), Zones{"Movable"});
    EXPECT_EQ(zones_of(model, 0x40), "Normal Movable");   // spent again
}

TEST(Effect, auto_movable_per_node) {
    const auto zone_on_node_one = [](const std::string& aware) {
        Host host = auto_host({{"auto_movable_ratio", "300"}, {"auto_movable_numa_aware", aware}});
        host.possible_nodes = "0-1";
        Model model = test::boot(host);
        op::Add add = add_of(kFree, kBlock);
        add.node = 1;   // a node without any memory of its own
        test::run(model, add);
        test::run(model, op::SetState{0x40, "online"});
        return zones_of(model, 0x40);
    };
    EXPECT_EQ(zone_on_node_one("Y"), "Normal");
    EXPECT_EQ(zone_on_node_one("N"), "Movable");
}

TEST(Effect, auto_movable_exists_since_5_15) {
    for (const auto& [kernel, zone] : {std::pair{"5.14", "Normal"}, std::pair{"5.15", "Movable"}}) {
        Host host = auto_host({});
        host.kernel = kernel;
        Model model = test::boot(host);
        EXPECT_EQ(online_all(model, 0x40, 1), Zones{zone}) << kernel;
    }
}

// Only "online" asks the policy.
TEST(Effect, auto_movable_leaves_explicit_words_alone) {
    Model model = test::boot(auto_host({}));
    EXPECT_EQ(online_all(model, 0x40, 1, "online_kernel"), Zones{"Normal"});
    EXPECT_EQ(online_all(model, 0x41, 1, "online_movable"), Zones{"Movable"});
}

// --- none --------------------------------------------------------------------------------------------------------------

TEST(Effect, none) {
    const std::string kHole = "00100000-3bffffff : System RAM\n3c000000-3fffffff : Persistent Memory\n"
                              "100000000-13fffffff : System RAM\n";
    // before 5.18 pages are looked at, one in 4 MiB: a device page there is in no zone that counts
    Model walks = test::boot({.iomem = kHole, .kernel = "5.10.223"});
    EXPECT_EQ(zones_of(walks, 7), "DMA32");
    test::run(walks, map_of(0x3c000000, 64 * kMiB));
    EXPECT_EQ(zones_of(walks, 7), "none");
    // 73a6e474cb37 (5.8) left the pages of holes in zone 0 until 0740a50b9baa (5.12, 5.10.24, 5.11.7)
    for (const std::string kernel : {"5.8", "5.9.15", "5.10.23", "5.11.6"}) {
        EXPECT_EQ(zones_of(test::boot({.iomem = kHole, .kernel = kernel}), 7), "none") << kernel;
        EXPECT_EQ(zones_of(test::boot({.iomem = kHole, .kernel = kernel}), 6), "DMA32") << kernel;
    }
    for (const std::string kernel : {"5.7", "5.10.24", "5.11.7", "5.12"})
        EXPECT_EQ(zones_of(test::boot({.iomem = kHole, .kernel = kernel}), 7), "DMA32") << kernel;
    Model remembers = test::boot({.iomem = kHole, .kernel = "5.18"});
    test::run(remembers, map_of(0x3c000000, 64 * kMiB));
    EXPECT_EQ(zones_of(remembers, 7), "DMA32");
}

}   // namespace
}   // namespace memhot
