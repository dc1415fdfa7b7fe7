// SPDX-License-Identifier: GPL-2.0-or-later
//
// add_memory(), the file probe, remove_memory() and offline_and_remove_memory(): each rule that decides, in the order in
// which the kernel asks.
#include <algorithm>
#include <cerrno>

#include "memhot/verdict.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::bits;
using test::expect;
using test::Host;
using test::Log;
using test::map_of;
using test::memmap_add;
using test::word_of;

constexpr std::uint64_t kBlock = 128 * kMiB;
constexpr std::uint64_t kFree = 0x200000000;   // block 0x40
const std::string kWarnX86 = "WARNING in arch/x86/mm/init_64.c add_pages";

const std::string kIomem = "00100000-3fffffff : System RAM\n"
                           "100000000-13fffffff : System RAM\n"
                           "140000000-1bfffffff : Persistent Memory\n";

Model boot(const std::string& kernel = "6.12.95") { return test::boot({.iomem = kIomem, .kernel = kernel}); }

TEST(Rule, add_accepted) {
    Model model = boot();
    const auto answer = expect(model, add_of(kFree, 2 * kBlock), RuleId::add_accepted, 0);
    EXPECT_EQ(answer.log, Log{});
    EXPECT_EQ(model.resources().print(), kIomem + "200000000-20fffffff : System RAM\n");
    for (const std::uint64_t number : {0x40U, 0x41U}) {
        const auto block = model.block(number);
        ASSERT_TRUE(block);
        EXPECT_FALSE(block->online);
        EXPECT_FALSE(block->boot);
        EXPECT_EQ(block->valid_zones, "Normal Movable");
        EXPECT_EQ(model.section(number), (SectionInfo{.number = number,
                                                      .present = true,
                                                      .has_mem_map = true,
                                                      .early = false,
                                                      .online = false,
                                                      .subsections = {bits(0, 64)}}));
    }
}

TEST(Rule, add_accepted_goes_online_as_the_default_says) {
    const auto state_after = [](const std::string& cmdline, const std::string& kernel) {
        Model model = test::boot({.iomem = kIomem, .kernel = kernel, .cmdline = cmdline});
        test::run(model, add_of(kFree, kBlock));
        return model.block(0x40)->online ? model.block(0x40)->valid_zones : "offline";
    };
    EXPECT_EQ(state_after("memhp_default_state=online", "6.1"), "Normal");
    EXPECT_EQ(state_after("memhp_default_state=online_kernel", "6.1"), "Normal");
    EXPECT_EQ(state_after("memhp_default_state=online_movable", "6.1"), "Movable");
    EXPECT_EQ(state_after("", "6.1"), "offline");
    EXPECT_EQ(state_after("", "6.12"), "Normal");   // as distributions configure it
}

TEST(Rule, add_driver_name) {
    Model model = boot();
    const std::string before = test::picture(model);
    op::Add add = add_of(kFree, kBlock);
    add.driver_managed = true;
    for (const std::string name : {"System RAM", "System RAM ", "kmem", "System RAM (kmem", "(System RAM (kmem)"}) {
        add.resource_name = name;
        expect(model, add, RuleId::add_driver_name, EINVAL);
    }
    EXPECT_EQ(test::picture(model), before);
    add.resource_name = "System RAM (kmem)";
    expect(model, add, RuleId::add_accepted, 0);
    EXPECT_EQ(model.resources().print(), kIomem + "200000000-207ffffff : System RAM (kmem)\n");
}

TEST(Rule, add_beyond_pluggable) {
    Model model = boot();
    const std::string before = test::picture(model);
    const auto answer = expect(model, add_of(0x3ffff8000000, 2 * kBlock), RuleId::add_beyond_pluggable, E2BIG);
    EXPECT_EQ(answer.log, Log{"Hotplug memory [0x3ffff8000000-0x400008000000] exceeds maximum addressable range "
                              "[0x0-0x3fffffffffff]"});
    // asked before everything else since 5.12: before the resource, before the alignment
    expect(model, add_of(0x3fffffffffff, 2), RuleId::add_beyond_pluggable, E2BIG);
    expect(model, add_of(0x100000000, 0), RuleId::add_beyond_pluggable, E2BIG);
    expect(model, add_of(~0ULL - kBlock + 1, 2 * kBlock), RuleId::add_beyond_pluggable, E2BIG);
    EXPECT_EQ(test::picture(model), before);
    EXPECT_EQ(boot("5.11").outcome(add_of(0x100000000, 0)).rule, RuleId::add_resource_conflict);
}

// 4.3 of the specification: 5.1 to 5.6 compare with mem= at any time, 5.7 and later while booting only.
TEST(Rule, add_beyond_mem_limit) {
    const auto outcome_with = [](const std::string& kernel, const std::string& cmdline, std::uint64_t start) {
        return test::boot({.iomem = kIomem, .kernel = kernel, .cmdline = cmdline}).outcome(add_of(start, kBlock));
    };
    Model model = test::boot({.iomem = kIomem, .kernel = "5.4", .cmdline = "quiet mem=0x208000000"});
    const std::string before = test::picture(model);
    EXPECT_EQ(expect(model, add_of(kFree + kBlock, kBlock), RuleId::add_beyond_mem_limit, E2BIG).log, Log{});
    // before the resource and the alignment
    expect(model, add_of(kFree + kBlock, kMiB), RuleId::add_beyond_mem_limit, E2BIG);
    EXPECT_EQ(test::picture(model), before);
    expect(model, add_of(kFree, kBlock), RuleId::add_accepted, 0);
    for (const std::string kernel : {"5.3", "5.6"}) EXPECT_EQ(outcome_with(kernel, "mem=8G", kFree).error, E2BIG);
    for (const std::string kernel : {"5.7", "6.12"}) EXPECT_TRUE(outcome_with(kernel, "mem=8G", kFree).accepted());
    for (const std::string cmdline : {"", "mem=nopentium", "mem=0", "mem=16G", "mem=8G mem=16G"}) {
        EXPECT_TRUE(outcome_with("5.4", cmdline, kFree).accepted()) << cmdline;
    }
}

TEST(Rule, add_resource_conflict) {
    Model model = boot();
    const std::string before = test::picture(model);
    const auto refused = [&](std::uint64_t start, std::uint64_t size) {
        const auto answer = expect(model, add_of(start, size), RuleId::add_resource_conflict, EEXIST);
        EXPECT_EQ(answer.log, Log{});
        return answer.outcome.at;
    };
    EXPECT_EQ(refused(0x138000000, kBlock), 0x100000000U);   // busy
    EXPECT_EQ(refused(0x1b8000000, 2 * kBlock), 0x140000000U);   // not busy, but not holding all of it
    EXPECT_EQ(refused(0x100000001, 5), 0x100000000U);   // before the alignment
    EXPECT_EQ(test::picture(model), before);
    // a resource that is not busy and holds all of it is entered
    expect(model, add_of(0x140000000, kBlock), RuleId::add_accepted, 0);
    EXPECT_EQ(model.resources().print(), kIomem + "  140000000-147ffffff : System RAM\n");
}

TEST(Rule, add_device_private_conflict) {
    Model model = test::boot({.iomem = kIomem + "3fffc0000000-3fffffffffff : 0000:03:00.0\n"});
    const std::string before = test::picture(model);
    const auto answer = expect(model, add_of(0x3fffc0000000, kBlock), RuleId::add_device_private_conflict, EEXIST);
    EXPECT_EQ(answer.outcome.at, 0x3fffc0000000U);
    EXPECT_EQ(answer.log,
              Log{"resource: Unaddressable device 0000:03:00.0 [mem 0x3fffc0000000-0x3fffffffffff] conflicts "
                  "with [mem 0x3fffc0000000-0x3fffc7ffffff]"});
    EXPECT_EQ(test::picture(model), before);
    // the same where it was placed since
    Model later = boot("6.12.95");
    op::Map map{.type = MapType::device_private,
                .start = 0x3fffc0000000,
                .size = kGiB,
                .claim = true,
                .owner = "0000:03:00.0",
                .altmap = std::nullopt};
    test::run(later, map);
    EXPECT_EQ(expect(later, add_of(0x3fffc0000000, kBlock), RuleId::add_device_private_conflict, EEXIST).log,
              answer.log);
}

TEST(Rule, add_block_unaligned) {
    Model model = test::boot({.iomem = kIomem, .block_size = kGiB});
    const std::string before = test::picture(model);
    const auto answer = expect(model, add_of(kFree + kBlock, kGiB), RuleId::add_block_unaligned, EINVAL);
    EXPECT_EQ(answer.log, Log{"Block size [0x40000000] unaligned hotplug range: start 0x208000000, size 0x40000000"});
    expect(model, add_of(kFree, kBlock), RuleId::add_block_unaligned, EINVAL);
    EXPECT_EQ(test::picture(model), before);
    expect(model, add_of(kFree, kGiB), RuleId::add_accepted, 0);
}

TEST(Rule, add_node_impossible) {
    const Host host{.iomem = kIomem, .possible_nodes = "0-1,4"};
    op::Add add = add_of(kFree, kBlock);
    for (const int node : {2, 3, 5, -1}) {
        Model model = test::boot(host);
        const std::string before = test::picture(model);
        add.node = node;
        const auto answer = expect(model, add, RuleId::add_node_impossible, EINVAL);
        EXPECT_EQ(answer.log, (Log{"node " + std::to_string(node) + " was absent from the node_possible_map",
                                   "WARNING in mm/memory_hotplug.c add_memory_resource"}));
        EXPECT_EQ(test::picture(model), before);
    }
    add.node = 4;
    EXPECT_TRUE(test::boot(host).outcome(add).accepted());
    add.node = 2;
    EXPECT_EQ(test::boot({.iomem = kIomem, .kernel = "5.8"}).outcome(add).rule, RuleId::add_node_impossible);
    EXPECT_TRUE(test::boot({.iomem = kIomem, .kernel = "5.7"}).outcome(add).accepted());
}

TEST(Rule, add_memmap_on_memory_unsupported) {
    const std::string kOn = "memhp_default_state=offline memory_hotplug.memmap_on_memory=1";
    const auto answer = [&](const std::string& kernel, const std::string& cmdline, std::uint64_t size) {
        return test::boot({.iomem = kIomem, .kernel = kernel, .cmdline = cmdline}).outcome(memmap_add(kFree, size));
    };
    // before 6.8 what is not supported is an error
    for (const std::string kernel : {"5.15", "6.1", "6.7"}) {
        EXPECT_EQ(answer(kernel, "", kBlock).rule, RuleId::add_memmap_on_memory_unsupported) << kernel;
        EXPECT_EQ(answer(kernel, "", kBlock).error, EINVAL) << kernel;
        EXPECT_EQ(answer(kernel, kOn, 2 * kBlock).rule, RuleId::add_memmap_on_memory_unsupported) << kernel;
        EXPECT_TRUE(answer(kernel, kOn, kBlock).accepted()) << kernel;
    }
    EXPECT_TRUE(answer("5.10", "", kBlock).accepted());   // no such flag yet
    EXPECT_TRUE(answer("6.8", "", kBlock).accepted());   // since then it falls back silently
    EXPECT_TRUE(answer("6.8", kOn, 2 * kBlock).accepted());
    Model model = boot("6.1");
    const std::string before = test::picture(model);
    EXPECT_EQ(expect(model, memmap_add(kFree, kBlock), RuleId::add_memmap_on_memory_unsupported, EINVAL).log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

// arch/powerpc: arch_supports_memmap_on_memory() wants radix
TEST(Rule, add_memmap_on_memory_unsupported_by_the_hash_mmu) {
    for (const bool hash : {false, true}) {
        const Host host{.iomem = "00000000-3fffffff : System RAM\n",
                        .kernel = "6.7",
                        .arch = Arch::ppc64,
                        .page_size = 64 * kKiB,
                        .block_size = 256 * kMiB,
                        .parameters = {{"memmap_on_memory", "force"}},
                        .features = {{Feature::hash_mmu, hash}}};
        EXPECT_EQ(test::boot(host).outcome(memmap_add(0x280000000, 256 * kMiB)).accepted(), !hash);
    }
}

// Which blocks can hold their own memmap (mhp_supports_memmap_on_memory).
TEST(Rule, add_memmap_on_memory_unsupported_by_the_geometry) {
    const auto supported = [](Arch arch, std::uint64_t page, std::uint64_t block, const std::string& value) {
        const std::string ram =
            arch == Arch::arm64 ? "40000000-7fffffff : System RAM\n" : "00000000-3fffffff : System RAM\n";
        const Host host{.iomem = ram,
                        .kernel = "6.7",
                        .arch = arch,
                        .page_size = page,
                        .block_size = block,
                        .parameters = {{"memmap_on_memory", value}}};
        return test::boot(host)
            .outcome(memmap_add(0x280000000, block != 0 ? block : test::profile_of(host)->section_size()))
            .accepted();
    };
    EXPECT_TRUE(supported(Arch::x86_64, 4 * kKiB, 0, "Y"));
    EXPECT_TRUE(supported(Arch::x86_64, 4 * kKiB, 2 * kGiB, "Y"));
    EXPECT_TRUE(supported(Arch::arm64, 4 * kKiB, 0, "Y"));
    EXPECT_FALSE(supported(Arch::arm64, 16 * kKiB, 0, "Y"));   // 512 KiB of memmap, PMDs of 32 MiB
    EXPECT_FALSE(supported(Arch::arm64, 16 * kKiB, 0, "force"));
    EXPECT_FALSE(supported(Arch::arm64, 64 * kKiB, 0, "force"));   // one pageblock is all of the block
    EXPECT_TRUE(supported(Arch::ppc64, 4 * kKiB, 256 * kMiB, "Y"));
    EXPECT_FALSE(supported(Arch::ppc64, 64 * kKiB, 256 * kMiB, "Y"));
    EXPECT_TRUE(supported(Arch::ppc64, 64 * kKiB, 256 * kMiB, "force"));   // 28 of 32 pages are wasted
    EXPECT_FALSE(supported(Arch::ppc64, 64 * kKiB, 16 * kMiB, "force"));   // 16 KiB of memmap are no whole page
}

TEST(Rule, add_beyond_linear_map) {
    const std::string kRam = "40000000-7fffffff : System RAM\n";
    const std::uint64_t beyond = 0x40000000 + (1ULL << 47);
    Model model = test::boot({.iomem = kRam, .kernel = "5.10", .arch = Arch::arm64});
    const std::string before = test::picture(model);
    const auto answer = expect(model, add_of(beyond, kGiB), RuleId::add_beyond_linear_map, EINVAL);
    EXPECT_EQ(answer.log, Log{"[800040000000 800080000000] is outside linear mapping region"});
    EXPECT_EQ(test::picture(model), before);
    expect(model, add_of(beyond - kGiB, kGiB), RuleId::add_accepted, 0);
    // ARM64_MEMSTART_ALIGN: 1 GiB, but 512 MiB with 64K pages
    for (const auto& [page, end] :
         {std::pair{4 * kKiB, (1ULL << 47)}, std::pair{64 * kKiB, 0x20000000 + (1ULL << 47)}}) {
        const Model model = test::boot(
            {.iomem = "20000000-7fffffff : System RAM\n", .kernel = "6.12", .arch = Arch::arm64, .page_size = page});
        EXPECT_TRUE(model.outcome(add_of(end - 512 * kMiB, 512 * kMiB)).accepted()) << page;
        EXPECT_EQ(model.outcome(add_of(end, 512 * kMiB)).rule, RuleId::add_beyond_pluggable) << page;
    }
    const Host newer{.iomem = kRam, .kernel = "5.12", .arch = Arch::arm64};
    EXPECT_EQ(test::boot(newer).outcome(add_of(beyond, kGiB)).rule, RuleId::add_beyond_pluggable);
}

TEST(Rule, add_beyond_physmem) {
    Model model = boot("5.10");
    const std::string before = test::picture(model);
    const auto answer = expect(model, add_of(0x400000000000, kBlock), RuleId::add_beyond_physmem, E2BIG);
    EXPECT_EQ(answer.log,
              (Log{"Hotplugged memory exceeds maximum addressable address, range=0x400000000000-0x400007ffffff, "
                   "maximum=0x7fffffffffff",
                   "WARNING in mm/memory_hotplug.c check_hotplug_memory_addressable", kWarnX86}));
    EXPECT_EQ(test::picture(model), before);
    // after the resource and the alignment
    expect(model, add_of(0x400000000000, kMiB), RuleId::add_block_unaligned, EINVAL);
    EXPECT_TRUE(boot("5.4").outcome(add_of(0x400000000000, kBlock)).accepted());
}

TEST(Rule, add_subsection_active) {
    Model model = boot();
    test::run(model, map_of(kFree + 2 * kBlock, 2 * kMiB));
    const auto first = expect(model, add_of(kFree, 3 * kBlock), RuleId::add_subsection_active, EEXIST);
    EXPECT_EQ(first.outcome.at, kFree + 2 * kBlock);
    EXPECT_EQ(first.log, Log{kWarnX86});
    EXPECT_EQ(model.resources().print(), kIomem);   // the resource is given back
    EXPECT_EQ(word_of(model, 0x40), bits(0, 64));   // the sections are not
    EXPECT_EQ(word_of(model, 0x41), bits(0, 64));
    EXPECT_FALSE(model.block(0x40));
    test::run(model, op::Unmap{0});
    const auto second = expect(model, add_of(kFree, 3 * kBlock), RuleId::add_subsection_active, EEXIST);
    EXPECT_EQ(second.outcome.at, kFree);
    EXPECT_EQ(second.log, Log{});   // WARN_ON_ONCE
}

// A block device without RAM and without a section: only what a snapshot says of blocks can bring that about.
TEST(Rule, add_block_exists) {
    const Host host{.iomem = kIomem};
    Snapshot snapshot = test::snapshot_of(host);
    snapshot.blocks = std::vector<BlockRecord>{
        {.number = 0x41, .state = "offline", .valid_zones = "Normal", .removable = {}, .node = 0}};
    auto model = Model::from_snapshot(snapshot, test::profile_of(host));
    ASSERT_TRUE(model);
    const std::string before = test::picture(*model);
    const auto answer = expect(*model, add_of(kFree, 2 * kBlock), RuleId::add_block_exists, EEXIST);
    EXPECT_EQ(answer.outcome.at, kFree + kBlock);
    EXPECT_EQ(answer.log, Log{});
    EXPECT_EQ(test::picture(*model), before);   // arch_remove_memory() cleans up
}

TEST(Rule, probe_absent) {
    Model model = test::boot({.iomem = kIomem, .probe = false});
    const std::string before = test::picture(model);
    EXPECT_EQ(expect(model, op::Probe{kFree}, RuleId::probe_absent, ENOENT).log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, probe_absent_is_certain_where_the_architecture_says_it) {
    constexpr std::string_view kSupposes = "CONFIG_ARCH_MEMORY_PROBE";
    const auto supposes = [&](Arch arch, std::optional<bool> probe) {
        const Host host{.iomem = kIomem, .kernel = "6.12.95", .arch = arch};
        Snapshot snapshot = test::snapshot_of(host);
        snapshot.probe = probe;
        const auto model = Model::from_snapshot(snapshot, test::profile_of(host));
        EXPECT_EQ(model->outcome(op::Probe{kFree}).rule, RuleId::probe_absent);
        const auto all = predict(*model, op::Probe{kFree}).assumptions;
        return std::ranges::any_of(all, [&](const auto& text) { return text.find(kSupposes) != std::string::npos; });
    };
    EXPECT_TRUE(supposes(Arch::x86_64, std::nullopt));   // a choice there
    EXPECT_FALSE(supposes(Arch::x86_64, false));
    EXPECT_FALSE(supposes(Arch::arm64, std::nullopt));   // never there
}

TEST(Rule, probe_unaligned) {
    Model model = test::boot({.iomem = kIomem, .block_size = kGiB});
    const std::string before = test::picture(model);
    EXPECT_EQ(expect(model, op::Probe{kFree + kBlock}, RuleId::probe_unaligned, EINVAL).log, Log{});
    EXPECT_EQ(test::picture(model), before);
    expect(model, op::Probe{kFree}, RuleId::add_accepted, 0);   // exactly one block
    EXPECT_EQ(model.resources().print(), kIomem + "200000000-23fffffff : System RAM\n");
}

// --- remove ------------------------------------------------------------------------------------------------------------

TEST(Rule, remove_accepted) {
    Model model = boot();
    const std::string before = test::picture(model);
    test::run(model, add_of(kFree, 2 * kBlock));
    EXPECT_EQ(expect(model, op::Remove{kFree, 2 * kBlock}, RuleId::remove_accepted, 0).log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, remove_accepted_cuts_the_resource) {
    Model model = boot();
    test::run(model, add_of(kFree, 3 * kBlock));
    expect(model, op::Remove{kFree + kBlock, kBlock}, RuleId::remove_accepted, 0);
    EXPECT_EQ(model.resources().print(), kIomem + "200000000-207ffffff : System RAM\n"
                                                  "210000000-217ffffff : System RAM\n");
    EXPECT_FALSE(model.block(0x41));
    EXPECT_TRUE(model.block(0x42));
}

// 3.2 of the specification: WARN_ON_ONCE(!valid_section(ms)), and the section is passed over.
TEST(Rule, remove_accepted_of_what_is_not_there_warns_once) {
    Model model = boot();
    test::run(model, add_of(kFree, kBlock));
    const std::string before = test::picture(model);
    const auto first = expect(model, op::Remove{kFree + kBlock, kBlock}, RuleId::remove_accepted, 0);
    EXPECT_EQ(first.log, Log{"WARNING in mm/sparse.c sparse_remove_section"});
    EXPECT_EQ(test::picture(model), before);
    EXPECT_EQ(expect(model, op::Remove{kFree, 2 * kBlock}, RuleId::remove_accepted, 0).log, Log{});
}

TEST(Rule, remove_unaligned) {
    Model model = boot();
    test::run(model, add_of(kFree, kBlock));
    for (const auto& [start, size] : {std::pair{kFree + kMiB, kBlock}, std::pair{kFree, kMiB}, std::pair{kFree, 0UL}}) {
        const Outcome outcome = model.outcome(op::Remove{start, size});
        EXPECT_EQ(outcome.kind, Outcome::Kind::crash);
        EXPECT_EQ(outcome.rule, RuleId::remove_unaligned);
    }
    EXPECT_EQ(exit_status(predict(model, op::Remove{kFree, kMiB})), 9);
}

TEST(Rule, remove_block_online) {
    Model model = boot();
    test::run(model, add_of(kFree, 3 * kBlock));
    test::run(model, op::SetState{0x41, "online"});
    const std::string before = test::picture(model);
    const auto answer = expect(model, op::Remove{kFree, 3 * kBlock}, RuleId::remove_block_online, EBUSY);
    EXPECT_EQ(answer.outcome.at, kFree + kBlock);
    EXPECT_EQ(answer.log,
              Log{"removing memory fails, because memory [0x0000000208000000-0x000000020fffffff] is onlined"});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, remove_memmap_granularity) {
    const std::string kOn = "memhp_default_state=offline memory_hotplug.memmap_on_memory=1";
    const auto two_blocks = [&](const std::string& kernel) {
        Model model = test::boot({.iomem = kIomem, .kernel = kernel, .cmdline = kOn});
        test::run(model, memmap_add(kFree, kBlock));
        test::run(model, kernel == "6.1" ? memmap_add(kFree + kBlock, kBlock) : add_of(kFree + kBlock, kBlock));
        return model;
    };
    Model old = two_blocks("6.1");
    const std::string before = test::picture(old);
    const auto answer = expect(old, op::Remove{kFree, 2 * kBlock}, RuleId::remove_memmap_granularity, EINVAL);
    EXPECT_EQ(answer.log, Log{"Refuse to remove 0x200000000 - 0x210000000,wrong granularity"});
    EXPECT_EQ(test::picture(old), before);
    expect(old, op::Remove{kFree, kBlock}, RuleId::remove_accepted, 0);

    Model mixed = two_blocks("6.12");   // since 6.8 all or none of the range must hold their own memmap
    const auto warned = expect(mixed, op::Remove{kFree, 2 * kBlock}, RuleId::remove_memmap_granularity, EINVAL);
    EXPECT_EQ(warned.log, Log{"WARNING in mm/memory_hotplug.c try_remove_memory"});   // WARN_ON_ONCE
    EXPECT_EQ(expect(mixed, op::Remove{kFree, 2 * kBlock}, RuleId::remove_memmap_granularity, EINVAL).log, Log{});
    expect(mixed, op::Remove{kFree, kBlock}, RuleId::remove_accepted, 0);
    test::run(mixed, op::Remove{kFree + kBlock, kBlock});
    test::run(mixed, memmap_add(kFree, 2 * kBlock));
    // a range that also has blocks that are not there is no range of such blocks alone (memory_blocks_have_altmaps)
    expect(mixed, op::Remove{kFree, 4 * kBlock}, RuleId::remove_memmap_granularity, EINVAL);
    expect(mixed, op::Remove{kFree, 2 * kBlock}, RuleId::remove_accepted, 0);
}

TEST(Rule, offline_remove_accepted) {
    Model model = boot();
    const std::string before = test::picture(model);
    test::run(model, add_of(kFree, 2 * kBlock));
    EXPECT_EQ(expect(model, op::OfflineAndRemove{kFree, 2 * kBlock}, RuleId::offline_remove_accepted, 0).log, Log{});
    EXPECT_EQ(test::picture(model), before);
}

TEST(Rule, offline_remove_unaligned) {
    Model model = boot();
    test::run(model, add_of(kFree, 2 * kBlock));
    const std::string before = test::picture(model);
    expect(model, op::OfflineAndRemove{kFree + kMiB, kBlock}, RuleId::offline_remove_unaligned, EINVAL);
    expect(model, op::OfflineAndRemove{kFree, kMiB}, RuleId::offline_remove_unaligned, EINVAL);
    expect(model, op::OfflineAndRemove{kFree, 0}, RuleId::offline_remove_unaligned, EINVAL);
    EXPECT_EQ(test::picture(model), before);
    // one block at a time until 5.11 (8dc4bb58a146), and recordings show that 5.10.223 has it, too
    EXPECT_EQ(boot("5.9").outcome(op::OfflineAndRemove{kFree, 2 * kBlock}).rule, RuleId::offline_remove_unaligned);
    EXPECT_TRUE(boot("5.10.223").outcome(op::OfflineAndRemove{kFree, 2 * kBlock}).accepted());
    EXPECT_TRUE(boot("5.11").outcome(op::OfflineAndRemove{kFree, 2 * kBlock}).accepted());
}

TEST(Rule, offline_remove_unmovable) {
    Model model = boot();
    test::run(model, add_of(kFree, 2 * kBlock));
    test::run(model, op::SetState{0x41, "online_movable"});
    const op::OfflineAndRemove remove{kFree, 2 * kBlock};
    const Outcome outcome = model.outcome(remove);
    EXPECT_EQ(outcome, Outcome::unsure(RuleId::offline_remove_unmovable, EBUSY, kFree + kBlock));
    const std::string before = test::picture(model);
    model.apply(remove, Outcome::refuse(outcome.rule, EBUSY, outcome.at));   // what was offlined is onlined again
    EXPECT_EQ(test::picture(model), before);
    model.apply(remove, Outcome::accept(outcome.rule));
    EXPECT_FALSE(model.block(0x40));
    EXPECT_EQ(model.resources().print(), kIomem);
}

}   // namespace
}   // namespace memhot
