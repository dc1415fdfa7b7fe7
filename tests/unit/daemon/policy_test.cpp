// SPDX-License-Identifier: GPL-2.0-or-later
//
// *.policy files: what they may say and what they match, and where memory came from as far as a host shows it.
#include "unit/daemon/policies.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "policy/match.hpp"
#include "support/host_tree.hpp"

namespace memhot::policy {
namespace {

using config::Problem;
using config::Problems;
using memhot::test::HostTree;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

Tri matches(const std::string& key, const Subject& subject) {
    return match(policies_of({"[Match]\n" + key + "\n[Online]\n"})[0], subject).matches;
}

Subject a_block() {
    Subject subject;
    subject.name = "memory40";
    subject.devices = {"memory40", "dax0.0", "region0"};
    subject.ranges = {{0x140000000, 0x147ffffff}};
    subject.size = 4 * kGiB;
    subject.node = 1;
    subject.uuids = {"e36be3b4-ada6-4a45-9de4-d3d808fdc2f0"};
    subject.sources[static_cast<std::size_t>(Source::kmem)] = Tri::yes;
    return subject;
}

struct MatchCase {
    const char* key;
    Tri expected;
};
constexpr Tri kYes = Tri::yes;
constexpr Tri kNo = Tri::no;
constexpr MatchCase kMatches[] = {
    {"Source=kmem", kYes},
    {"Source=cxl kmem", kYes},
    {"Source=cxl", kNo},
    {"Source=!kmem", kNo},
    {"Source=!cxl hmem", kYes},
    {"Node=1", kYes},
    {"Node=0 2-3", kNo},
    {"Node=0-3", kYes},
    {"Node=!1", kNo},
    {"Range=0x140000000+1G", kYes},
    {"Range=140000000-147ffffff", kYes},
    {"Range=140000000-147fffffe", kNo},   // not as a whole
    {"Range=0+4G 0x140000000+1G", kYes},
    {"Size=4G", kYes},
    {"Size=1G-4G", kYes},
    {"Size=-4G", kYes},
    {"Size=5G-", kNo},
    {"Uuid=E36BE3B4-*", kYes},
    {"Uuid=f*", kNo},
    {"Device=dax*", kYes},
    {"Device=memory4?", kYes},
    {"Device=memory", kNo},
    {"Device=*", kYes},
    {"Device=!region*", kNo},
    {"Device=!namespace*", kYes},
    // as net_condition_test_strv() of systemd: a plain word must hold, and no inverted one may
    {"Device=dax*\nDevice=!dax0.0", kNo},
    {"Device=dax*\nDevice=!dax0.1", kYes},
    {"Device=pmem*\nDevice=!dax0.1", kNo},
    {"Device=pmem*\nDevice=memory40", kYes},
    {"Device=pmem*\nDevice=\nNode=1", kYes},   // the empty value forgets
    {"Node=1\nSource=cxl", kNo},   // all keys must hold
    {"Device=\"memory40\"", kYes},
};

TEST(PolicyMatch, EachKey) {
    for (const auto& [key, expected] : kMatches) EXPECT_EQ(matches(key, a_block()), expected) << key;
}

// What the host does not show is unknown, both ways; a key that says no outweighs it.
TEST(PolicyMatch, WhatIsNotShownIsUnknown) {
    Subject hidden = a_block();
    hidden.ranges.clear();
    hidden.size.reset();
    hidden.node.reset();
    hidden.sources[static_cast<std::size_t>(Source::cxl)] = Tri::unknown;
    for (const char* key : {"Range=0+1T", "Range=!0+1T", "Size=4G", "Node=1", "Node=!1", "Source=cxl", "Source=!cxl"}) {
        EXPECT_EQ(matches(key, hidden), Tri::unknown) << key;
    }
    EXPECT_EQ(matches("Source=cxl kmem", hidden), Tri::yes);
    EXPECT_EQ(matches("Node=1\nDevice=pmem*", hidden), Tri::no);
    EXPECT_EQ(matches("Device=dax*\nNode=1", hidden), Tri::unknown);
    // no uuid is known: there is none
    hidden.uuids.clear();
    EXPECT_EQ(matches("Uuid=*", hidden), Tri::no);
}

TEST(PolicyMatch, AcpiOrProbeIsSurelyOneOfBoth) {
    Subject either = a_block();
    either.sources = {};
    either.sources[static_cast<std::size_t>(Source::acpi)] = Tri::unknown;
    either.sources[static_cast<std::size_t>(Source::probe)] = Tri::unknown;
    either.source_is_acpi_or_probe = true;
    EXPECT_EQ(matches("Source=acpi", either), Tri::unknown);
    EXPECT_EQ(matches("Source=!probe", either), Tri::unknown);
    EXPECT_EQ(matches("Source=acpi probe", either), Tri::yes);
    EXPECT_EQ(matches("Source=!probe acpi", either), Tri::no);
    EXPECT_EQ(matches("Source=cxl", either), Tri::no);
}

// --- files ---------------------------------------------------------------------------------------------------------

struct WrongPolicy {
    const char* text;
    const char* said;
};
constexpr WrongPolicy kWrong[] = {
    {"[Match]\nSource=pmem\n[Online]\n", "p:2: Source=pmem: expected one of kmem, cxl, hmem, virtio-mem, acpi, probe"},
    {"[Match]\nNode=one\n[Online]\n", "p:2: Node=one: expected numbers of nodes"},
    {"[Match]\nNode=3-1\n[Online]\n", "expected numbers of nodes"},
    {"[Match]\nNode=1024\n[Online]\n", "expected numbers of nodes"},
    {"[Match]\nRange=block3\n[Online]\n", "p:2: Range=block3: expected ranges of addresses"},
    {"[Match]\nSize=-\n[Online]\n", "p:2: Size=-: expected sizes"},
    {"[Match]\nDevice=!\n[Online]\n", "p:2: Device=!: expected something behind"},
    {"[Match]\nDevice=*\n[Online]\nZone=normal\n", "p:4: Zone=normal: expected one of auto, kernel, movable"},
    {"[Match]\nDevice=*\n[Online]\nRatio=0\n", "p:4: Ratio=0: expected a whole number from 1 to 100000"},
    {"[Match]\nDevice=*\n[Online]\nZone=kernel\nRatio=300\n", "p:5: Ratio= limits movable memory"},
    {"[Match]\nDevice=*\n[Online]\nLeaveAlone=yes\nZone=movable\n", "excludes the other keys of [Online]"},
    {"[Match]\nDevice=*\n[Online]\nPostOnlineUnit=a.service /bin/sh\n",
     "p:4: PostOnlineUnit=a.service /bin/sh: expected names"},
    {"[Match]\nDevice=*\n[Online]\nPostOnlineUnit=../x.service\n", "expected names of units"},
    {"[Match]\nDevice=*\n[Online]\nLeaveAlone=yes\nPostOnlineUnit=a.service\n", "excludes the other keys"},
    // what is left out of these would make the policy match, or destroy, more
    {"[Match]\nDevice=namespace*\nUUID=8c6c*\n[Namespace]\nReconfigure=fsdax\nDestroyData=yes\n",
     "p:3: unknown key \"UUID\" in [Match]; it has Source=, Node=, Range=, Size=, Uuid=, Device="},
    {"[Match]\nDevice=*\nUuid 8c6c*\n[Online]\n", "p:3: \"Uuid 8c6c*\": expected KEY=VALUE"},
    {"[Match]\nDevice=*\nUuid=\xff\n[Online]\n", "p:3: the line is no UTF-8"},
    {"Node=1\n[Match]\nDevice=*\n[Online]\n", "p:1: Node= stands outside of any section"},
    {"[Match]\nDevice=*\n[match]\nNode=1\n[Online]\n", "p:3: unknown section [match]; there are [Match], [Online]"},
    {"[Match]\nDevice=*\n[Namespace]\nReconfigure=fsdax\nKeepData=yes\n",
     "p:5: unknown key \"KeepData\" in [Namespace]; it has Reconfigure=, DestroyData="},
    {"[Match]\nDevice=*\n[Namespace]\nDestroyData\n", "p:4: \"DestroyData\": expected KEY=VALUE"},
    {"[Match]\nDevice=*\n[Namespace]\nReconfigure=ram\n", "p:4: Reconfigure=ram: expected one of system-ram"},
};

TEST(PolicyFile, WrongValuesAreErrors) {
    for (const auto& [text, said] : kWrong) {
        Problems problems;
        (void)parse_policy(text, "p", problems);
        ASSERT_THAT(problems, SizeIs(1)) << text;
        EXPECT_EQ(problems[0].severity, Problem::Severity::error) << text;
        EXPECT_THAT(to_string(problems[0]), HasSubstr(said)) << text;
    }
}

// As systemd reads its own files.
TEST(PolicyFile, WhatIsUnknownInOnlineIsIgnoredWithAWarning) {
    for (const char* line : {"Zones=movable", "movable", "Zone=\xff"}) {
        Problems problems;
        EXPECT_TRUE(parse_policy(for_all(line), "p", problems).has_value()) << line;
        ASSERT_THAT(problems, SizeIs(1)) << line;
        EXPECT_EQ(problems[0].severity, Problem::Severity::warning) << line;
        EXPECT_THAT(problems[0].text, HasSubstr("ignored")) << line;
    }
    Problems problems;   // and what is others'
    (void)parse_policy("[X-Ours]\nword=1\n[Match]\nDevice=*\nX-Note=1\n[Online]\n", "p", problems);
    EXPECT_THAT(problems, IsEmpty());
}

TEST(PolicyFile, NothingInMatchIsIgnoredWithAWarning) {
    for (const char* text : {"[Online]\nZone=movable\n", "[Match]\n[Online]\n", "[Match]\nNode=1\nNode=\n[Online]\n"}) {
        Problems problems;
        EXPECT_FALSE(parse_policy(text, "p", problems).has_value()) << text;
        ASSERT_THAT(problems, SizeIs(1)) << text;
        EXPECT_EQ(problems[0].severity, Problem::Severity::warning);
    }
}

TEST(PolicyFile, OnlyDeviceStarAloneIsForEverything) {
    EXPECT_TRUE(policies_of({for_all("")})[0].matches_everything());
    for (const char* match :
         {"Device=dax*", "Device=!*", "Device=*\nNode=1", "Device=*\nDevice=!dax*", "Node=0-1023"}) {
        EXPECT_FALSE(policies_of({std::string("[Match]\n") + match + "\n[Online]\n"})[0].matches_everything()) << match;
    }
}

TEST(PolicyFile, OneRatioForTheKernel) {
    HostTree tree;
    tree.file("etc/memhot/policy.d/1.policy", for_all("Ratio=300\n"));
    tree.file("etc/memhot/policy.d/2.policy", for_all("Zone=movable\nRatio=200\n"));   // a guard of plans only
    EXPECT_THAT(load_policies(tree.root()).problems, IsEmpty());
    tree.file("usr/lib/memhot/policy.d/3.policy", for_all("Ratio=400\n"));
    const auto problems = load_policies(tree.root()).problems;
    ASSERT_THAT(problems, SizeIs(1));
    EXPECT_THAT(to_string(problems[0]), HasSubstr("/usr/lib/memhot/policy.d/3.policy:4: Ratio=400"));
    EXPECT_THAT(to_string(problems[0]), HasSubstr("/etc/memhot/policy.d/1.policy:4 says 300"));
}

TEST(PolicyFile, ReloadKeepsTheLastGoodOnes) {
    HostTree tree;
    tree.file("etc/memhot/policy.d/1.policy", for_all("Zone=movable\n"));
    Policies current;
    EXPECT_THAT(reload(tree.root(), current), IsEmpty());
    const Policies good = current;
    ASSERT_THAT(good, SizeIs(1));
    tree.file("etc/memhot/policy.d/0.policy", for_all("Zone=nowhere\n"));
    EXPECT_THAT(reload(tree.root(), current), SizeIs(1));
    EXPECT_EQ(current, good);
    tree.file("etc/memhot/policy.d/0.policy", "[Match]\nDevice=*\nUUID=8c6c*\n[Namespace]\nReconfigure=fsdax\n");
    EXPECT_TRUE(config::has_errors(reload(tree.root(), current)));
    EXPECT_EQ(current, good);
    tree.link("run/memhot/policy.d/1.policy", "/dev/null");   // worse than /etc: masks nothing there
    tree.file("etc/memhot/policy.d/0.policy", "");
    EXPECT_THAT(reload(tree.root(), current), IsEmpty());
    EXPECT_EQ(current, good);
    tree.remove("etc/memhot/policy.d/1.policy");
    EXPECT_THAT(reload(tree.root(), current), IsEmpty());
    EXPECT_THAT(current, IsEmpty());
}

// --- where memory came from ----------------------------------------------------------------------------------------

std::vector<std::string> sources(const Subject& subject, Tri wanted) {
    std::vector<std::string> out;
    for (std::size_t i = 0; i < kSources; ++i) {
        if (subject.sources[i] == wanted) out.emplace_back(kSourceNames[i]);
    }
    return out;
}

// 1100000000-113fffffff is "System RAM (kmem)" of dax0.0, whose region is CXL's region0; a block is 128M.
TEST(PolicySubject, CxlMemoryOfKmem) {
    const auto snapshot = host_of("cxl");
    const Host host(snapshot);
    const auto block = block_subject(host, 0x1100000000 >> 27);
    EXPECT_THAT(sources(block, Tri::yes), ElementsAre("kmem", "cxl"));
    EXPECT_EQ(block.devices[0], "memory544");
    EXPECT_THAT(block.devices, testing::IsSupersetOf({"dax0.0", "region0"}));
    EXPECT_EQ(block.node, 2);
    EXPECT_EQ(block.size, kGiB);
    EXPECT_THAT(blocks_of_device(host, block), SizeIs(8));
    const auto boot = block_subject(host, 0);
    EXPECT_THAT(sources(boot, Tri::no), SizeIs(kSources));
    EXPECT_THAT(blocks_of_device(host, boot), IsEmpty());
}

// 280000000-2bfffffff (1G) is not in the firmware's map: added since boot, and that host has the file probe.
TEST(PolicySubject, AMemoryModuleOrTheFileProbe) {
    auto snapshot = host_of("dimm");
    {
        const Host host(snapshot);
        const auto block = block_subject(host, 0x280000000 >> 27);
        EXPECT_THAT(sources(block, Tri::unknown), ElementsAre("acpi", "probe"));
        EXPECT_TRUE(block.source_is_acpi_or_probe);
        EXPECT_EQ(block.size, kGiB);
        EXPECT_THAT(blocks_of_device(host, block), SizeIs(8));
        EXPECT_THAT(sources(block_subject(host, 0x100000000 >> 27), Tri::no), SizeIs(kSources));
    }
    snapshot.probe = false;
    EXPECT_THAT(sources(block_subject(Host(snapshot), 0x280000000 >> 27), Tri::yes), ElementsAre("acpi"));
    snapshot.firmware_ram.clear();   // nothing tells boot from later
    EXPECT_THAT(sources(block_subject(Host(snapshot), 0), Tri::unknown), ElementsAre("acpi", "probe"));
}

TEST(PolicySubject, VirtioMemAndHmem) {
    auto snapshot = host_of("dimm");
    auto& iomem = *snapshot.iomem;
    iomem += "2c0000000-2dfffffff : virtio0\n  2c0000000-2cfffffff : System RAM (virtio_mem)\n";
    snapshot.blocks->push_back({0x2c0000000 >> 27, "offline", "Normal Movable", true, 1});
    const Host host(snapshot);
    const auto block = block_subject(host, 0x2c0000000 >> 27);
    EXPECT_THAT(sources(block, Tri::yes), ElementsAre("virtio-mem"));
    EXPECT_THAT(blocks_of_device(host, block), IsEmpty());
    auto cxl = host_of("cxl");
    cxl.nvdimm->dax_regions[0].kind = "hmem";
    EXPECT_THAT(sources(block_subject(Host(cxl), 544), Tri::yes), ElementsAre("kmem", "hmem"));
}

TEST(PolicySubject, HiddenIomemIsUnknown) {
    auto snapshot = host_of("dimm");
    snapshot.iomem.reset();
    snapshot.iomem_hidden = "Permission denied";
    const Host host(snapshot);
    const auto block = block_subject(host, 84);
    EXPECT_THAT(sources(block, Tri::unknown), ElementsAre("kmem", "virtio-mem", "acpi", "probe"));
    EXPECT_THAT(block.source_note, HasSubstr("Permission denied"));
}

// namespace0.0 of that host has the uuid e36be3b4-..., and dax0.0 lies on it.
TEST(PolicySubject, DaxDevicesHaveTheUuidOfTheirNamespace) {
    const auto snapshot = host_of("nvdimm");
    const Host host(snapshot);
    const auto dax = dax_subject(host, *host.nd.dax_device("dax0.0"));
    EXPECT_THAT(dax.devices, ElementsAre("dax0.0", "namespace0.0", "region0"));
    EXPECT_THAT(dax.uuids, ElementsAre("e36be3b4-ada6-4a45-9de4-d3d808fdc2f0"));
    EXPECT_EQ(namespace_subject(host, *host.nd.find_namespace("namespace0.0")).uuids, dax.uuids);
}

}   // namespace
}   // namespace memhot::policy
