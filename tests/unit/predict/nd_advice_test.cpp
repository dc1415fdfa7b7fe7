// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a refused command of ndctl or daxctl says of the host: what is in the way by its name, and what to type instead.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "predict/command_edit.hpp"
#include "predict/nd_parts.hpp"
#include "unit/nvdimm/bus.hpp"

namespace memhot {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

Verdict verdict_on(NdBus bus, std::string_view command) { return predict_and_run(bus, split_command(command)); }

std::string operand(const Verdict& verdict, std::string_view name) {
    const auto found = std::ranges::find(verdict.operands, name, &Value::name);
    return found == verdict.operands.end() ? "nothing" : brief(*found);
}

std::string evidence(const Verdict& verdict) {
    std::string all;
    for (const auto& item : verdict.evidence) all += item.text + "\n";
    return all;
}

// A create that failed half-way and could not take its namespace back: size and uuid, and no driver.
void leave_over(NdBus& bus, std::uint64_t start, std::uint64_t size) {
    NdRegion& region = bus.regions[0];
    region.namespaces[region.seed] = {
        .id = region.seed, .space = {start, start + size - 1}, .allocated = true, .identity = ++bus.last_identity};
}

// ndctl_namespace_is_configuration_idle() says no to a seed with uuid and size, so that no create finds an idle one.
TEST(NdAdvice, names_the_left_over_seed_that_blocks_a_region) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M");
    leave_over(bus, test::kBase + 526 * kMiB, 64 * kMiB);   // 14 MiB beyond a multiple of 16
    const Verdict verdict = verdict_on(bus, "ndctl create-namespace -r region0 -s 256M");
    EXPECT_EQ(verdict.outcome.rule, RuleId::ndctl_no_capacity);
    EXPECT_THAT(evidence(verdict),
                HasSubstr("its seed namespace0.1 holds 64M at 0x120e00000 (misaligned to 16M, by 14M) and was never "
                          "driven"));
    EXPECT_THAT(verdict.commands, ElementsAre("ndctl destroy-namespace namespace0.1   # data of namespace0.1 lost",
                                              "ndctl create-namespace -r region0 -s 256M"));
    EXPECT_THAT(nd_remedy(bus, split_command("ndctl create-namespace"),
                          subject_of(bus, split_command("ndctl create-namespace -r region0 -s 256M")),
                          RuleId::ndctl_no_capacity),
                testing::AllOf(HasSubstr("ndctl destroy-namespace namespace0.1"), HasSubstr("14M beyond"),
                               HasSubstr("misaligned to 16M, adjust region alignment")));
}

// Without -r ndctl passes over what is read-only, blocked or full, and answers about the region where it stops.
TEST(NdAdvice, is_about_the_region_that_decided) {
    test::Host host =
        test::nd_host(test::pmem_line(test::kBase, 2 * kGiB) + test::pmem_line(test::kBase + 4 * kGiB, 2 * kGiB));
    NdBus bus = test::bus_on(host);
    bus.regions.push_back(test::labelled_region(0, test::kBase, 2 * kGiB));
    bus.regions.push_back(test::labelled_region(1, test::kBase + 4 * kGiB, 2 * kGiB));
    const int first = regions_in_order(bus).front()->id;
    NdRegion& passed = *bus.find_region(first);
    passed.align = 8 * kMiB;   // 1000M is a multiple of it: its validation says nothing
    const auto command = "ndctl create-namespace -s 1000M";
    EXPECT_TRUE(verdict_on(bus, command).outcome.accepted());
    passed.read_only = true;
    const Verdict verdict = verdict_on(bus, command);
    EXPECT_EQ(verdict.outcome.rule, RuleId::ndctl_size_unaligned);
    EXPECT_EQ(operand(verdict, "region_align"), "16M");
    EXPECT_THAT(evidence(verdict), Not(HasSubstr(name_of(passed) + ":")));
    passed.read_only = false;
    passed.namespaces[0] = {
        .id = 0, .space = {passed.space.start, passed.space.start + 16 * kMiB - 1}, .allocated = true, .identity = 1};
    EXPECT_EQ(operand(verdict_on(bus, command), "region_align"), "16M");
}

TEST(NdAdvice, says_why_each_region_has_no_room) {
    NdBus bus = test::one_region(2 * kGiB);
    bus.regions[0].read_only = true;
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace").remedy, HasSubstr("region0 is read-only"));
    bus.regions[0].read_only = false;
    test::done(bus, "ndctl create-namespace -r region0");
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace").remedy, HasSubstr("region0 has no free extent"));
}

// The rule's DEVICE is one that there is.
TEST(NdAdvice, has_no_placeholders) {
    NdBus bus = test::one_region(2 * kGiB);
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(bus, "ndctl create-namespace -r region0 -s 1G -m devdax");
    test::done(bus, "daxctl reconfigure-device -m system-ram dax0.0");
    EXPECT_THAT(verdict_on(bus, "ndctl destroy-namespace namespace0.0 -f").remedy, HasSubstr("-m devdax dax0.0"));
    EXPECT_THAT(verdict_on(bus, "ndctl disable-namespace all").remedy, HasSubstr("-m devdax dax0.0"));
    EXPECT_THAT(verdict_on(bus, "daxctl disable-device dax0.0").remedy, HasSubstr("-f -m devdax dax0.0"));
}

// "see --help" behind a command that was tried helps nobody.
TEST(NdAdvice, is_the_rules_only_where_no_command_was_found) {
    const Verdict found = verdict_on(test::one_region(2 * kGiB), "ndctl create-namespace -r region0 -s 1000M");
    EXPECT_THAT(found.commands, Not(IsEmpty()));
    EXPECT_EQ(found.remedy, "");
}

TEST(NdAdvice, destroys_the_dax_device_of_a_namespace_with_that) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 512M -m devdax");
    EXPECT_THAT(verdict_on(bus, "daxctl destroy-device -f dax0.0").commands,
                ElementsAre("ndctl destroy-namespace namespace0.0 -f   # data of namespace0.0 lost"));
    EXPECT_THAT(verdict_on(bus, "daxctl reconfigure-device -s 256M dax0.0").commands,
                ElementsAre(HasSubstr("ndctl create-namespace -e namespace0.0 -f -s 256M")));
}

// __parse_size64() takes whole numbers and one letter.
TEST(NdAdvice, spells_a_size_as_the_programs_read_it) {
    const NdBus bus = test::one_region(2 * kGiB);
    const Verdict fraction = verdict_on(bus, "ndctl create-namespace -r region0 --size=1.5G");
    EXPECT_EQ(fraction.outcome.rule, RuleId::ndctl_usage);
    EXPECT_THAT(fraction.commands, ElementsAre("ndctl create-namespace -r region0 -s 1536M"));
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region0 -s 1GiB").commands,
                ElementsAre("ndctl create-namespace -r region0 -s 1G"));
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region0 -s 2.5G").commands,   // there are 2G
                ElementsAre("ndctl create-namespace -r region0 -s 2G"));
    const Verdict nonsense = verdict_on(bus, "ndctl create-namespace -r region0 -s much");
    EXPECT_THAT(nonsense.commands, IsEmpty());
    EXPECT_EQ(nonsense.remedy, "see ndctl create-namespace --help");
}

TEST(NdAdvice, reads_what_people_mean_by_a_size) {
    EXPECT_EQ(meant_size("1.5G"), 1536 * kMiB);
    EXPECT_EQ(meant_size("16gib"), 16 * kGiB);
    EXPECT_EQ(meant_size("2MB"), 2 * kMiB);
    EXPECT_EQ(meant_size("4096B"), 4096U);
    for (const std::string_view text : {"", "G", "much", "1.0001", "-1G", "0", "1.5Gx", "nan", "1e400T", "iB"}) {
        EXPECT_EQ(meant_size(text), std::nullopt) << text;
    }
}

// Blocks that libdaxctl does not see stay online: their range is busy for device_dax (dev_dax_probe), and where a block
// cannot be moved it ends earlier, with EBUSY as well.
TEST(NdAdvice, is_certain_where_both_outcomes_are_the_same_refusal) {
    test::Host host = test::nd_host(test::pmem_line(0x140000000, kGiB, "Soft Reserved"));
    host.cmdline = "memhp_default_state=online_movable";
    NdBus bus = test::bus_on(host);
    bus.dax_regions.push_back({.id = 0, .space = {0x140000000, 0x17fffffff}, .align = 2 * kMiB});
    bus.dax.push_back({.region = 0, .id = 0, .align = 2 * kMiB});
    test::expect_write(bus, "/sys/bus/dax/devices/dax0.0/size", std::to_string(256 * kMiB), RuleId::nd_accepted);
    test::done(bus, "daxctl create-device -r 0 -s 164M");   // vectors 82 to 84
    test::done(bus, "daxctl disable-device dax0.0");
    test::done(bus, "daxctl reconfigure-device -s 512M dax0.0");
    test::done(bus, "daxctl reconfigure-device -f --no-online -m system-ram dax0.0");
    const Verdict verdict = verdict_on(bus, "daxctl reconfigure-device -f -m devdax dax0.0");
    EXPECT_EQ(verdict.outcome.kind, Outcome::Kind::refused);
    EXPECT_EQ(verdict.outcome.error, EBUSY);
    EXPECT_EQ(verdict.summary, "refused: error reconfiguring devices: Device or resource busy");
}

// A seed whose uuid came and went is what it was.
TEST(NdAdvice, tells_no_change_of_an_idle_namespace) {
    NdBus bus = test::one_region(2 * kGiB, 0x163e00000);
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region0 -m devdax -s 640M").changes, IsEmpty());
}

// Who asks for 4K does not want the whole region.
TEST(NdAdvice, stays_near_the_size_that_was_asked_for) {
    NdBus bus = test::one_region(kGiB);
    bus.regions[0].align = 4 * kKiB;
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region0 -m fsdax -s 4K -M mem").commands,
                ElementsAre("ndctl create-namespace -r region0 -m fsdax -M mem -s 16M"));
    // no gigabyte is there: the align goes, the size is one that the region takes, and the start needs --force
    EXPECT_THAT(
        verdict_on(test::one_region(512 * kMiB, 0x13fe00000), "ndctl create-namespace -r region0 -m fsdax -s 8M -a 1G")
            .commands,
        ElementsAre("ndctl create-namespace -r region0 -m fsdax -f -s 16M"));
}

// 9.6 A 5: a label-less region of 66 MiB is no multiple of its align of 16 MiB; that can be lowered from 5.13 on.
TEST(NdAdvice, lowers_the_align_of_a_label_less_region) {
    constexpr std::string_view kCommand = "ndctl create-namespace -f -e namespace0.0 -m devdax";
    EXPECT_THAT(verdict_on(test::one_legacy(0x51000000, 66 * kMiB), kCommand).commands,
                ElementsAre("echo 2097152 > /sys/bus/nd/devices/region0/align",
                            std::string(kCommand) + "   # data of namespace0.0 lost"));
    EXPECT_THAT(verdict_on(test::one_legacy(0x51000000, 66 * kMiB, "5.10.223"), kCommand).commands, IsEmpty());
}

TEST(NdAdvice, leaves_out_what_the_mode_does_not_have) {
    const NdBus bus = test::one_region(kGiB);
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region0 -m sector -s 100M -a 2M -M dev").commands,
                ElementsAre("ndctl create-namespace -r region0 -m sector -s 96M"));
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region0 -m raw -s 0.5G -a 2M").commands,
                ElementsAre("ndctl create-namespace -r region0 -m raw -s 512M"));
    EXPECT_THAT(
        verdict_on(test::one_legacy(0x51000000, 96 * kMiB),
                   "ndctl create-namespace -e namespace0.0 -f -s 8G -a 1G -m raw")
            .commands,
        ElementsAre(
            "ndctl create-namespace -e namespace0.0 -f -m raw   # data of namespace0.0 kept but for the first 8K"));
}

TEST(NdAdvice, leaves_a_map_out_where_the_mode_has_none) {
    EXPECT_THAT(verdict_on(test::one_region(kGiB), "ndctl create-namespace -r region0 -m raw -s 64M -M mem").commands,
                ElementsAre("ndctl create-namespace -r region0 -m raw -s 64M"));
}

// 1.4: creating a pfn on region2 still works because its start is 2 MiB aligned and end_trunc absorbs the tail.
TEST(NdAdvice, puts_an_instance_where_a_raw_namespace_does_not_fit) {
    NdBus bus = test::one_legacy(0x51000000, 65 * kMiB);
    const Verdict verdict = verdict_on(bus, "ndctl enable-namespace namespace0.0");
    EXPECT_EQ(verdict.outcome.rule, RuleId::nd_raw_misaligned);
    EXPECT_THAT(verdict.commands, ElementsAre("echo 1048576 > /sys/bus/nd/devices/region0/align",
                                              HasSubstr("ndctl create-namespace -e namespace0.0 -f -m fsdax")));
}

TEST(NdAdvice, knows_that_namespaces_are_not_divided_by_daxctl) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 64M -m devdax");
    EXPECT_THAT(verdict_on(bus, "daxctl create-device -s 32M").remedy, HasSubstr("ndctl create-namespace -m devdax"));
    NdBus memory = test::one_region(2 * kGiB);
    memory.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(memory, "ndctl create-namespace -r region0 -s 1G -m devdax");
    test::done(memory, "daxctl reconfigure-device -m system-ram dax0.0");
    EXPECT_EQ(verdict_on(memory, "daxctl destroy-device -f dax0.0").remedy,
              "daxctl reconfigure-device -f -m devdax dax0.0, then ndctl destroy-namespace namespace0.0 -f");
    EXPECT_THAT(verdict_on(memory, "ndctl destroy-namespace namespace0.0").remedy,
                HasSubstr("daxctl reconfigure-device -f -m devdax dax0.0"));
    // 62 MiB in blocks of 128 MiB: the device is left without a driver (vector 90), and device_dax takes it
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    const std::string command = "daxctl reconfigure-device -m system-ram dax0.0";
    const Verdict verdict = verdict_on(bus, command);
    EXPECT_EQ(verdict.outcome.rule, RuleId::nd_kmem_no_block);
    EXPECT_THAT(verdict.remedy, HasSubstr("daxctl enable-device dax0.0 brings it back"));
    test::run(bus, command);
    test::done(bus, "daxctl enable-device dax0.0");
    EXPECT_EQ(bus.find_dax("dax0.0")->driver, DaxDriver::device_dax);
}

// do_xble() refuses kmem, and dev_destroy() with --force unbinds online memory, which then stays until reboot.
TEST(NdAdvice, never_forces_memory_that_is_online) {
    NdBus bus = test::one_dax_region(5 * kGiB, kGiB);
    bus.model.apply(op::SetAutoOnline{"offline"}, Outcome::accept(RuleId::auto_online_accepted));
    test::done(bus, "daxctl reconfigure-device -s 512M dax0.0");
    test::done(bus, "daxctl create-device");
    test::done(bus, "daxctl reconfigure-device -m system-ram dax0.1");
    for (const char* command : {"daxctl destroy-device dax0.1", "daxctl reconfigure-device -s 256M dax0.1"}) {
        const Verdict verdict = verdict_on(bus, command);
        EXPECT_THAT(verdict.commands, IsEmpty());
        EXPECT_THAT(verdict.remedy, testing::AllOf(HasSubstr("daxctl reconfigure-device -f -m devdax dax0.1, daxctl "
                                                             "disable-device dax0.1, then the command again"),
                                                   HasSubstr("never --force")));
    }
    // what is said works
    test::done(bus, "daxctl reconfigure-device -f -m devdax dax0.1");
    test::done(bus, "daxctl disable-device dax0.1");
    test::done(bus, "daxctl destroy-device dax0.1");
    test::done(bus, "daxctl disable-device dax0.0");
    EXPECT_THAT(verdict_on(bus, "daxctl destroy-device dax0.0").remedy, HasSubstr("id 0 cannot be deleted"));
}

// A btt of 16M has no room for its metadata (nd.btt-small).
TEST(NdAdvice, tries_the_size_behind_the_next) {
    EXPECT_THAT(verdict_on(test::one_region(kGiB), "ndctl create-namespace -r region0 -m sector -s 15M").commands,
                ElementsAre("ndctl create-namespace -r region0 -m sector -s 32M"));
}

// One more than there is free is answered with what there is, not with a namespace of somebody else.
TEST(NdAdvice, takes_nothing_from_namespaces_that_the_command_is_not_about) {
    const std::uint64_t legacy = kGiB + 256 * kMiB;
    test::Host host = test::nd_host(test::pmem_line(legacy, 96 * kMiB, "Persistent Memory (legacy)") +
                                    test::pmem_line(test::kBase + 2 * kMiB, 512 * kMiB));
    NdBus bus = test::bus_on(host);
    bus.regions.push_back(test::labelled_region(1, test::kBase + 2 * kMiB, 512 * kMiB));
    bus.regions.push_back(test::label_less_region(2, legacy, 96 * kMiB));
    enable_namespace(bus, bus.regions[1], bus.regions[1].namespaces.at(0));
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -s 513M").commands,
                ElementsAre("ndctl create-namespace -s 512M -f"));
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -r region2").commands,
                ElementsAre(HasSubstr("ndctl create-namespace -e namespace2.0 -f   # data of namespace2.0")));
}

// dax_region/available_size; sizes are multiples of the align and of 2 MiB (size_store).
TEST(NdAdvice, tells_the_sizes_that_a_dax_region_takes) {
    NdBus bus = test::one_dax_region(5 * kGiB, kGiB);
    test::done(bus, "daxctl reconfigure-device -s 256M dax0.0");
    const Verdict odd = verdict_on(bus, "daxctl create-device -s 257M");
    EXPECT_EQ(odd.outcome.rule, RuleId::nd_dax_size_unaligned);
    EXPECT_EQ(operand(odd, "available_size"), "768M");
    EXPECT_EQ(operand(odd, "size_unit"), "2M");
    EXPECT_THAT(odd.commands, ElementsAre("daxctl create-device -s 256M   # or -s 258M"));
    const Verdict large = verdict_on(bus, "daxctl create-device -r region0 -s 2G");
    EXPECT_THAT(large.commands, ElementsAre("daxctl create-device -r region0 -s 768M"));
    EXPECT_THAT(evidence(large), HasSubstr("dax region 0: 140000000-17fffffff, align 2M, 768M available"));
    const Verdict taken = verdict_on(bus, "daxctl create-device -s 256M");
    const auto region = std::ranges::find(taken.changes, "dax region 0", &DeviceChange::device);
    ASSERT_NE(region, taken.changes.end());
    EXPECT_EQ(brief(region->values.front()), "512M");
    EXPECT_THAT(evidence(verdict_on(bus, "daxctl create-device -s 0.5G")), HasSubstr("cannot read the size 0.5G"));
}

TEST(NdAdvice, lists_the_aligns_that_there_are) {
    const Verdict verdict = verdict_on(test::one_region(2 * kGiB), "ndctl create-namespace -m devdax -s 1G -a 4M");
    EXPECT_EQ(verdict.outcome.rule, RuleId::ndctl_align_unsupported);
    EXPECT_EQ(operand(verdict, "valid"), "4K, 2M, 1G");
}

// 256 MiB with 256 MiB free behind it: that is how far it grows where it lies.
TEST(NdAdvice, tells_how_far_a_namespace_grows_in_place) {
    NdBus bus = test::one_region(2 * kGiB);
    for (int i = 0; i < 3; ++i) test::done(bus, "ndctl create-namespace -r region0 -s 256M -m raw");
    test::done(bus, "ndctl destroy-namespace namespace0.1 -f");
    const Verdict verdict = verdict_on(bus, "ndctl create-namespace -e namespace0.0 -f -m raw -s 4G");
    EXPECT_EQ(operand(verdict, "grows_in_place_to"), "512M");
}

// tests/vm/scenarios/labels: divided behind a reconfiguration that initialised the labels.
TEST(NdAdvice, initialises_labels_before_it_divides) {
    NdBus bus = test::bus_on(test::nd_host(test::pmem_line(test::kBase, kGiB)));
    bus.regions.push_back(test::label_less_region(0, test::kBase, kGiB, false));
    enable_namespace(bus, bus.regions[0], bus.regions[0].namespaces.at(0));
    const auto command = "ndctl create-namespace -r region0 -s 256M -m fsdax";
    EXPECT_THAT(verdict_on(bus, command).commands,
                ElementsAre(HasSubstr("ndctl create-namespace -e namespace0.0 -f -m fsdax")));   // of all of it
    bus.regions[0].can_label = true;
    bus.regions[0].mappings = {{.dimm = "nmem0", .start = 0, .size = kGiB}};
    EXPECT_THAT(
        verdict_on(bus, command).commands,
        ElementsAre("ndctl create-namespace -e namespace0.0 -f -m raw   # data of namespace0.0 kept but for the "
                    "first 8K",
                    "ndctl destroy-namespace namespace0.0 -f   # data of namespace0.0 lost", command));
    EXPECT_THAT(verdict_on(bus, "ndctl create-namespace -e namespace0.0 -f -s 256M").commands,
                ElementsAre(HasSubstr("ndctl create-namespace -e namespace0.0 -f -m raw"),
                            HasSubstr("ndctl create-namespace -e namespace0.0 -f -s 256M")));
}

// do_reconfig() passes -m over where there is a size: such a command would be accepted and do something else.
TEST(NdAdvice, reaches_the_mode_that_was_asked_for) {
    NdBus bus = test::one_dax_region(0x148000000, 64 * kMiB);   // less than a memory block
    test::done(bus, "daxctl enable-device dax0.0");
    const Verdict none = verdict_on(bus, "daxctl reconfigure-device -N -m system-ram dax0.0");
    EXPECT_EQ(none.outcome.rule, RuleId::nd_kmem_no_block);
    EXPECT_THAT(none.commands, IsEmpty());
    EXPECT_THAT(none.remedy, HasSubstr("daxctl enable-device dax0.0"));
    NdBus large = test::one_dax_region(0x140000000, kGiB);
    const Verdict both = verdict_on(large, "daxctl reconfigure-device -N -m system-ram -s 513M dax0.0");
    EXPECT_THAT(both.commands, ElementsAre(HasSubstr("daxctl reconfigure-device -N dax0.0 -s 512M"),
                                           HasSubstr("daxctl reconfigure-device -N -m system-ram dax0.0")));
    const Verdict unheard = verdict_on(large, "daxctl reconfigure-device -m system-ram -s 512M dax0.0");
    EXPECT_TRUE(unheard.outcome.accepted());
    EXPECT_THAT(evidence(unheard), HasSubstr("the mode stays as it is"));
}

// 64 MiB lie where the align of 1 GiB counts none: neither 64 MiB nor anything else is free until it is lower.
TEST(NdAdvice, names_the_align_that_hides_the_space) {
    NdBus bus = test::one_region(2 * kGiB);
    test::done(bus, "ndctl create-namespace -r region0 -s 1088M -m raw");
    bus.regions[0].align = kGiB;
    const Verdict verdict = verdict_on(bus, "ndctl create-namespace -r region0 -m raw -s 512M");
    EXPECT_EQ(verdict.outcome.rule, RuleId::ndctl_no_capacity);
    EXPECT_THAT(verdict.commands, ElementsAre("echo 536870912 > /sys/bus/nd/devices/region0/align",
                                              "ndctl create-namespace -r region0 -m raw -s 512M"));
    EXPECT_THAT(verdict.remedy, HasSubstr("its align of 1G hides some: with 512M (echo 536870912 > "
                                          "/sys/bus/nd/devices/region0/align) it has 512M in one piece"));
    EXPECT_THAT(evidence(verdict), HasSubstr("(512M with an align of 512M)"));
}

}   // namespace
}   // namespace memhot
