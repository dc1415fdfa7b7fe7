// SPDX-License-Identifier: GPL-2.0-or-later
//
// status, show, map, rules, capture and replay on hosts whose facts are known.
#include <gtest/gtest.h>

#include "cli/memhotctl.hpp"
#include "memhot/rules.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

// 1 GiB of boot RAM that ends in the middle of section 8; a pmem region behind it with a live namespace that shares the
// section; RAM of a dax device, one block of it offline.
class PmemHost : public testing::Test {
protected:
    PmemHost() {
        host_.file("proc/sys/kernel/osrelease", "6.12.95+deb12-amd64\n");
        host_.file("proc/sys/kernel/version", "#1 SMP PREEMPT_DYNAMIC Debian 6.12.95-1 (2026-05-01)\n");
        host_.file("proc/sys/kernel/arch", "x86_64\n");
        host_.file("proc/sys/kernel/hostname", "pmem\n");
        host_.file("proc/cmdline", "quiet\n");
        host_.file("proc/iomem", "00000000-00000fff : Reserved\n"
                                 "00001000-43ffffff : System RAM\n"
                                 "  01000000-01ffffff : Kernel code\n"
                                 "44000000-4fffffff : Persistent Memory\n"
                                 "  44000000-45ffffff : namespace0.0\n"
                                 "80000000-9fffffff : PCI Bus 0000:00\n"
                                 "100000000-10fffffff : Persistent Memory\n"
                                 "  100000000-10fffffff : dax1.0\n"
                                 "    100000000-10fffffff : System RAM (kmem)\n");
        host_.block_size("8000000");
        for (std::uint64_t number = 0; number < 9; ++number)
            host_.block(number, "online", number == 0 ? "none" : "DMA32", 0);
        host_.block(32, "online", "Normal", 0);
        host_.block(33, "offline", "Normal Movable", 0);
        host_.file(std::string(HostTree::kMemory) + "/auto_online_blocks", "offline\n");
    }

    Said run(Words words) const {
        words.insert(words.begin(), {"--root", host_.root()});
        return memhotctl(words);
    }
    nlohmann::json json(Words words) const {
        words.emplace_back("--json");
        return run(words).json();
    }

    HostTree host_;
};

TEST_F(PmemHost, Status) {
    const auto status = json({"status"});
    EXPECT_EQ(status["host"], "pmem");
    EXPECT_EQ(status["kernel"]["version"], "6.12.95");
    EXPECT_EQ(status["online"], 10 * 0x8000000ULL);
    EXPECT_EQ(status["offline"], 0x8000000ULL);
    ASSERT_EQ(status["mappings"].size(), 1U);
    EXPECT_EQ(status["mappings"][0]["owner"], "namespace0.0");
    EXPECT_EQ(status["mappings"][0]["start"], "0x44000000");
    ASSERT_EQ(status["shared_sections"].size(), 1U);
    EXPECT_EQ(status["shared_sections"][0]["section"], 8);
    EXPECT_EQ(status["policy"]["auto_online_blocks"], "offline");
    EXPECT_TRUE(status["hidden"].empty());
    const Said text = run({});
    for (const char* fact :
         {"6.12.95", "1.3G online, 128M offline", "namespace0.0", "section8", "auto_online_blocks offline"}) {
        EXPECT_TRUE(text.has(fact)) << fact << "\n" << text.out;
    }
}

TEST_F(PmemHost, NoVerbIsStatus) { EXPECT_EQ(run({}).out, run({"status"}).out); }

TEST_F(PmemHost, ShowSection) {
    const auto show = json({"show", "section8"});
    ASSERT_EQ(show["sections"].size(), 1U);
    EXPECT_EQ(show["sections"][0]["early"], true);
    // RAM: 64 MiB, then 32 MiB of namespace0.0: 48 of 64 sub-sections
    EXPECT_EQ(show["sections"][0]["subsections"], "0x0000ffffffffffff");
    EXPECT_EQ(show["sections"][0]["cells"], std::string(32, '#') + std::string(16, 'A') + std::string(16, 'b'));
    EXPECT_EQ(show["mappings"].size(), 1U);
    const Said text = run({"show", "section8"});
    EXPECT_TRUE(text.has("early")) << text.out;
    EXPECT_TRUE(text.has("0x0000ffffffffffff")) << text.out;
}

TEST_F(PmemHost, ShowBlockSaysWhyItStays) {
    const auto blocks = json({"show", "block8"})["blocks"];
    ASSERT_EQ(blocks.size(), 1U);
    EXPECT_EQ(blocks[0]["not_removable"]["rule"], "offline.holes");
    EXPECT_EQ(blocks[0]["not_removable"]["errno_name"], "EINVAL");
    EXPECT_FALSE(json({"show", "memory32"})["blocks"][0].contains("not_removable"));
    EXPECT_TRUE(run({"show", "block8"}).has("cannot be offlined, EINVAL"));
}

TEST_F(PmemHost, ShowByName) {
    EXPECT_EQ(json({"show", "namespace0.0"})["ranges"][0]["end"], "0x45ffffff");
    EXPECT_EQ(json({"show", "dax1.0"})["blocks"].size(), 2U);
    EXPECT_EQ(json({"show", "Persistent Memory"})["ranges"].size(), 2U);
    EXPECT_EQ(json({"show", "node0"})["blocks"].size(), 11U);
}

TEST_F(PmemHost, ShowRange) {
    const auto show = json({"show", "43000000-44ffffff"});
    ASSERT_EQ(show["resources"].size(), 3U);
    EXPECT_EQ(show["resources"][2]["name"], "namespace0.0");
    EXPECT_EQ(show["resources"][2]["depth"], 1);
    EXPECT_EQ(show["resources"][2]["claimed"], true);
}

TEST_F(PmemHost, CheckByName) {
    EXPECT_EQ(run({"check", "unmap", "namespace0.0"}).status, 0);
    EXPECT_EQ(run({"check", "map", "namespace0.0"}).status, 1);
    EXPECT_EQ(run({"check", "unmap", "namespace0.0", "map", "namespace0.0"}).status, 0);
    EXPECT_TRUE(run({"check", "offline", "dax1.0"}).has("offline memory33: REFUSED EINVAL"));   // it is offline
}

TEST_F(PmemHost, MapDrawsSharedSections) {
    const Said said = run({"map"});
    EXPECT_TRUE(said.has("0040000000  " + std::string(32, '#') + std::string(16, 'A') + std::string(16, 'b')))
        << said.out;
    EXPECT_TRUE(said.has("0108000000-010fffffff    128M  =  System RAM, offline")) << said.out;
    EXPECT_TRUE(said.has("A  namespace0.0, with struct pages 44000000-45ffffff")) << said.out;
    for (const auto& line : lines_of(said.out)) EXPECT_LE(line.size(), 80U) << line;
}

TEST_F(PmemHost, MapOfARangeIsRowByRow) {
    const auto lines = lines_of(run({"map", "00000000+512M", "-n"}).out);
    ASSERT_EQ(lines.size(), 4U);
    for (const auto& line : lines) EXPECT_EQ(line.substr(line.size() - 64), std::string(64, '#'));
}

TEST_F(PmemHost, ListDevices) {
    EXPECT_TRUE(run({"list", "-a", "-n", "-o", "BLOCK,DEVICE,OWNER"}).has("32 Persistent Memory, dax1.0"));
}

TEST_F(PmemHost, CaptureHoldsTheSameHost) {
    const std::string file = host_.path("saved.json");
    ASSERT_EQ(run({"capture", file}).status, 0);
    for (const auto& verb : {Words{"status"}, Words{"list", "-a"}, Words{"map"}, Words{"show", "section8"},
                             Words{"check", "map", "46000000+32M"}}) {
        Words saved{"--snapshot", file};
        saved.insert(saved.end(), verb.begin(), verb.end());
        EXPECT_EQ(memhotctl(saved).out, run(verb).out) << verb.front();
    }
    EXPECT_EQ(run({"capture", "-"}).out, contents_of(file));
}

TEST_F(PmemHost, CaptureWithoutAddressesWarns) {
    host_.file("proc/iomem", "00000000-00000000 : System RAM\n");
    const Said said = run({"capture", host_.path("saved.json")});
    EXPECT_EQ(said.status, 0);
    EXPECT_NE(said.err.find("iomem"), std::string::npos);
    EXPECT_EQ(said.out, "");
}

// RAM is online at 8 GiB and beyond on the real host; the what-if must not keep what the shift moved away.
TEST_F(PmemHost, ShiftMovesRangeAndTail) {
    // as it is: free of others and aligned
    EXPECT_EQ(run({"check", "map", "46000000+32M"}).status, 0);
    const Said moved = run({"check", "map", "46000000+32M", "--shift", "+1M"});
    EXPECT_EQ(moved.status, 1);
    EXPECT_EQ(moved.headline(), "map 46100000-480fffff: REFUSED EINVAL (Invalid argument), stage map");
    EXPECT_EQ(run({"check", "map", "46000000+32M", "--shift", "+64M"}).status, 0);
    // down onto RAM: such a host cannot be
    EXPECT_EQ(run({"check", "map", "44000000+32M", "--shift", "-64M"}).status, 2);
}

TEST_F(PmemHost, AnotherKernel) {
    EXPECT_TRUE(run({"check", "map", "46000000+1M"}).has("end: 0x"));
    EXPECT_TRUE(run({"--kernel", "5.10.223", "check", "map", "46000000+1M"}).has("end: #"));   // printed so before 6.8
    EXPECT_EQ(run({"check", "map", "46000000+32M", "--arch", "arm64", "--page-size", "16K"}).status, 0);
    EXPECT_EQ(run({"--kernel", "7.2.12", "status", "--json"}).json()["kernel"]["version"], "7.2.12");
}

// The file `probe` of the host says nothing about a kernel of another architecture.
TEST(Check, ProbeOnAnotherArchitecture) {
    const HostTree files;
    auto host = nlohmann::json::parse(contents_of(data("demo-pmem-host.json")));
    host["probe"] = true;
    files.file("host.json", host.dump());
    const auto probe = [&](const Words& options) {
        Words words{"--snapshot", files.path("host.json"), "check", "probe", "200000000"};
        words.insert(words.end(), options.begin(), options.end());
        return memhotctl(words);
    };
    EXPECT_EQ(probe({}).status, 0);
    const Said arm = probe({"--arch", "arm64"});
    EXPECT_EQ(arm.status, 1) << arm.out;
    EXPECT_TRUE(arm.has("ENOENT")) << arm.out;
    EXPECT_EQ(probe({"--kernel", "arm64-6.12"}).status, 1);
}

TEST(Rules, TableAndDetails) {
    const auto json = memhotctl({"rules", "--json"}).json();
    ASSERT_EQ(json["rules"].size(), rules().size());
    std::size_t recorded = 0;
    for (const auto& rule : json["rules"]) recorded += rule["recorded"].get<bool>() ? 1U : 0U;
    EXPECT_GT(recorded, 0U);
    EXPECT_LT(recorded, rules().size());
    EXPECT_EQ(lines_of(memhotctl({"rules", "-n"}).out).size(), rules().size());
    const Said one = memhotctl({"rules", "map.misaligned"});
    for (const char* fact : {"EINVAL", "mm/memory_hotplug.c", "5.3+", "Recorded"}) EXPECT_TRUE(one.has(fact)) << fact;
}

TEST(Replay, ALineAFileAndTotals) {
    const HostTree files;
    const std::string recordings = std::string(MEMHOT_SOURCE_DIR) + "/tests/replay/recordings";
    Words words{"replay"};
    for (const auto& entry : std::filesystem::directory_iterator(recordings)) {
        if (entry.path().extension() == ".xz" && words.size() < 3) words.push_back(entry.path());
    }
    ASSERT_EQ(words.size(), 3U);
    const Said said = memhotctl(words);
    EXPECT_EQ(lines_of(said.out).size(), 4U) << said.out;   // headings, two files, totals
    EXPECT_TRUE(said.has("total"));
    words.emplace_back("-n");
    EXPECT_EQ(lines_of(memhotctl(words).out).size(), 2U);
}

// A recording whose answer was changed by hand disagrees: exit status 1, and which step.
TEST(Replay, DisagreementsAreShown) {
    const HostTree files;
    const auto host = nlohmann::json::parse(contents_of(data("demo-pmem-host.json")));
    nlohmann::json transcript{{"format", "memhot-transcript/1"},
                              {"id", "changed"},
                              {"memory_block_size", host["memory_block_size"]},
                              {"iomem", host["iomem"]},
                              {"sections", nlohmann::json::array()}};
    transcript["kernel"] = {{"release", host["kernel"]["release"]},
                            {"version", "6.12.95"},
                            {"arch", "x86_64"},
                            {"page_size", 4096},
                            {"section_size_bits", 27},
                            {"subsection_shift", 21},
                            {"max_physmem_bits", 52},
                            {"struct_page_size", 64},
                            {"cmdline", host["kernel"]["cmdline"]}};
    transcript["steps"] = {
        {{"op", "claim"}, {"start", "0x298000000"}, {"size", "0x44f000"}, {"result", {{"errno", 16}}}}};
    files.file("changed.json", transcript.dump());
    const Said said = memhotctl({"replay", files.path("changed.json")});
    EXPECT_EQ(said.status, 1) << said.err;
    EXPECT_TRUE(said.has("step 0, claim")) << said.out;
    EXPECT_TRUE(said.has("0/1")) << said.out;
}

}   // namespace
}   // namespace memhot::test
