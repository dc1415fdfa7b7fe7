// SPDX-License-Identifier: GPL-2.0-or-later
//
// Namespaces and dax devices on the command line, asked of a host with labelled NVDIMMs that was captured in a VM.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "cli/memhotctl.hpp"

namespace memhot::test {
namespace {

using testing::HasSubstr;

Said on_nvdimm_host(Words words) {
    words.insert(words.begin(), {"--snapshot", data("nvdimm-host.json")});
    return memhotctl(words);
}

// Without the breaks of a narrow screen.
std::string on_one_line(const std::string& text) {
    std::string out;
    for (const char c : text) {
        const char blank = c == '\n' ? ' ' : c;
        if (blank != ' ' || !out.ends_with(' ')) out += blank;
    }
    return out;
}

nlohmann::json named(const nlohmann::json& list, const char* field, const std::string& name) {
    for (const auto& one : list) {
        if (one.value(field, "") == name) return one;
    }
    return {};
}

TEST(NamespaceList, IsOneTree) {
    const Said said = on_nvdimm_host({"namespace", "list"});
    EXPECT_EQ(said.status, 0) << said.err;
    const auto lines = lines_of(said.out);
    ASSERT_GE(lines.size(), 4U);
    EXPECT_EQ(lines[0].rfind("NAME ", 0), 0U);
    EXPECT_EQ(lines[1].rfind("region0 ", 0), 0U);
    EXPECT_EQ(lines[2].rfind("  namespace0.0 ", 0), 0U);
    EXPECT_EQ(lines[3].rfind("    dax0.0 ", 0), 0U);
}

TEST(NamespaceList, JoinsRegionNamespaceDeviceBlocksZonesAndNode) {
    const auto document = on_nvdimm_host({"--json", "namespace", "list"}).json();
    EXPECT_EQ(document["format"], "memhot-namespaces/1");
    const auto region = named(document["regions"], "dev", "region0");
    EXPECT_EQ(region["size"], 1073741824);
    EXPECT_EQ(region["resource"], "0x100000000");
    const auto ns = named(region["namespaces"], "dev", "namespace0.1");
    EXPECT_EQ(ns["mode"], "devdax");
    EXPECT_EQ(ns["map"], "dev");
    EXPECT_EQ(ns["stranded"], 8 << 20);   // info block and struct pages of 384M
    const auto device = named(ns["daxregion"]["devices"], "chardev", "dax0.1");
    EXPECT_EQ(device["mode"], "system-ram");
    EXPECT_EQ(device["total_memblocks"], 2);
    EXPECT_EQ(device["online_memblocks"], 2);
    ASSERT_EQ(device["memory_blocks"].size(), 1U);
    EXPECT_EQ(device["memory_blocks"][0]["first"], 35);
    EXPECT_EQ(device["memory_blocks"][0]["last"], 36);
    EXPECT_EQ(device["memory_blocks"][0]["zones"], "Movable");
    EXPECT_EQ(device["memory_blocks"][0]["node"], 0);
    EXPECT_EQ(device["stranded"], (376 - 256) << 20);
}

TEST(NamespaceList, SaysWhoSharesASection) {
    const auto document = on_nvdimm_host({"--json", "namespace", "list"}).json();
    const auto region = named(document["regions"], "dev", "region0");
    const auto ns = named(region["namespaces"], "dev", "namespace0.2");
    ASSERT_EQ(ns["shared_sections"].size(), 1U);
    EXPECT_EQ(ns["shared_sections"][0]["section"], 37);
    EXPECT_EQ(ns["shared_sections"][0]["with"], nlohmann::json({"namespace0.3"}));
    // a namespace and its own device are one owner
    EXPECT_FALSE(named(region["namespaces"], "dev", "namespace0.0").contains("shared_sections"));
}

// ndctl list: the uuid of the info block is that of the namespace, the label's is the raw one.
TEST(Show, CallsTheUuidsAsNdctlDoes) {
    const auto document = on_nvdimm_host({"--json", "show", "namespace0.1"}).json();
    const std::string uuid = document["device"]["uuid"];
    const std::string raw = document["device"]["raw_uuid"];
    ASSERT_NE(uuid, raw);
    const std::string text = on_one_line(on_nvdimm_host({"show", "namespace0.1"}).out);
    EXPECT_THAT(text, HasSubstr(", uuid " + uuid));
    EXPECT_THAT(text, HasSubstr("raw_uuid " + raw));
}

TEST(DaxList, HasTheDevicesAlone) {
    const auto document = on_nvdimm_host({"--json", "dax", "list"}).json();
    EXPECT_EQ(document["format"], "memhot-dax/1");
    EXPECT_EQ(document["dax_regions"].size(), 3U);
    EXPECT_EQ(document["devices"].size(), 0U);
    const Said text = on_nvdimm_host({"dax", "list", "-n"});
    EXPECT_EQ(lines_of(text.out).size(), 3U + 3U + 1U);   // a region, a device each, and blocks of one of them
}

// The file has no record of the buses: that is not the same as a host that was looked at and has none.
TEST(Lists, SayThatNothingWasCaptured) {
    for (const char* verb : {"namespace", "dax"}) {
        const Said said = memhotctl({"--snapshot", data("demo-pmem-host.json"), verb, "list"});
        EXPECT_EQ(said.status, 0);
        EXPECT_EQ(said.out, "");
        EXPECT_THAT(said.err, HasSubstr("was captured"));
    }
    const Said check = memhotctl({"--snapshot", data("demo-pmem-host.json"), "-v", "check", "create-namespace"});
    EXPECT_EQ(check.status, 8);
    EXPECT_THAT(check.out, HasSubstr("UNCERTAIN"));
    EXPECT_THAT(check.out, HasSubstr("nd.not-captured"));
}

TEST(Show, TellsADimmWithTheRegionsOnIt) {
    const Said said = on_nvdimm_host({"show", "nmem0"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("nmem0: DIMM of ndbus0, driven by nvdimm"));
    EXPECT_THAT(said.out, HasSubstr("its part of region0"));
    EXPECT_THAT(said.out, HasSubstr("region0: 1G from 0x0 on"));
    EXPECT_EQ(on_nvdimm_host({"--json", "show", "nmem0"}).json()["device"]["mappings"][0]["region"], "region0");
    EXPECT_EQ(on_nvdimm_host({"show", "nmem9"}).status, 2);
}

// The host shows the region by its dax region only.
TEST(Show, TellsACxlRegionWithItsDaxDevices) {
    const Said said = memhotctl({"--snapshot", data("cxl-host.json"), "show", "region0"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_THAT(said.out, HasSubstr("region0: CXL region"));
    EXPECT_THAT(said.out, HasSubstr("dax_region0: cxl dax region, by dax_cxl"));
    EXPECT_THAT(said.out, HasSubstr("dax0.0: system-ram device, driven by kmem"));
}

TEST(CheckCommands, TellThePlaceOfWhatIsAccepted) {
    const Said said = on_nvdimm_host({"--json", "check", "create-namespace", "-r", "region0", "-s", "64M"});
    EXPECT_EQ(said.status, 0) << said.out << said.err;
    const auto document = said.json();
    EXPECT_EQ(document["format"], "memhot-verdict/1");
    EXPECT_EQ(document["operation"], "ndctl create-namespace -r region0 -s 64M");
    EXPECT_EQ(document["outcome"]["kind"], "accepted");
    const auto& changes = document["changes"];
    EXPECT_EQ(changes["namespace0.5"]["resource"], "0x135000000");   // behind namespace0.4
    EXPECT_EQ(changes["namespace0.5"]["size"], 64 << 20);
    EXPECT_EQ(changes["namespace0.5"]["usable_size"], (64 - 2) << 20);
    EXPECT_EQ(changes["region0"]["available_size"], (176 - 64) << 20);
}

TEST(CheckCommands, TellTheFinalWordsTheRuleAndWhatInstead) {
    const Said said = on_nvdimm_host({"check", "create-namespace", "-r", "region1", "-s", "64M"});
    EXPECT_EQ(said.status, 1);
    EXPECT_EQ(said.headline(), "ndctl create-namespace -r region1 -s 64M: REFUSED EINVAL (Invalid argument)");
    EXPECT_TRUE(said.has("ndctl.start-16m"));
    EXPECT_TRUE(said.has("misaligned to 16M, adjust region alignment"));
    EXPECT_TRUE(said.has("would be accepted:\n          ndctl create-namespace -r region1 -s 64M -f\n"));
}

TEST(CheckCommands, TellWhatTheProgramPrintsAndWhatTheKernelLogs) {
    // drivers/nvdimm/btt.c discover_arenas(); namespace0.3 has btt0.0
    const auto made =
        on_nvdimm_host({"--json", "check", "create-namespace", "-r", "region0", "-m", "sector", "-s", "64M"}).json();
    EXPECT_EQ(made["messages"], nlohmann::json({"nd_pmem btt0.1: No existing arenas"}));
    EXPECT_FALSE(made.contains("prints"));
    const auto refused = on_nvdimm_host({"--json", "check", "create-namespace", "-r", "region1", "-s", "64M"}).json();
    EXPECT_EQ(refused["messages"], nlohmann::json::array());
    EXPECT_EQ(refused["prints"].back(), "failed to create namespace: Invalid argument");
    // a region without DIMMs, in raw mode while its info block is zeroed (drivers/nvdimm/pmem.c pmem_attach_disk)
    const Said text = on_nvdimm_host({"check", "destroy", "namespace2.0", "-f"});
    EXPECT_TRUE(text.has("Prints    destroyed 0 namespaces\n")) << text.out;
    EXPECT_TRUE(text.has("Log       nd_pmem namespace2.0: unable to guarantee persistence of writes\n")) << text.out;
}

TEST(CheckCommands, NameAnotherRegionThatHasTheRoom) {
    // region2 is asked first, is label-less and ends it
    const Said said = on_nvdimm_host({"check", "create-namespace", "-s", "64M"});
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(said.has("ndctl create-namespace -s 64M -r region0\n")) << said.out;
}

// Without arguments ndctl tries regions of type blk last, and tells that error (cmd_create_namespace).
TEST(CheckCommands, TellTheErrnoThatTheProgramShows) {
    const auto prints = on_nvdimm_host({"--json", "check", "create-namespace"}).json()["prints"];
    EXPECT_EQ(prints.back(), "failed to create namespace: No such device or address");
    EXPECT_THAT(on_one_line(on_nvdimm_host({"check", "create-namespace"}).out),
                HasSubstr("ndctl create-namespace: REFUSED EINVAL (Invalid argument), told as \"No such device or "
                          "address\""));
}

TEST(CheckCommands, AnswerOneAfterTheOther) {
    const Said said = on_nvdimm_host({"--json", "check", "destroy", "namespace0.4", "-f", "then", "create-namespace",
                                      "-r", "region0", "-s", "32M", "-m", "raw"});
    EXPECT_EQ(said.status, 0) << said.out;
    const auto document = said.json();
    EXPECT_EQ(document["format"], "memhot-check/1");
    ASSERT_EQ(document["verdicts"].size(), 2U);
    EXPECT_EQ(document["verdicts"][0]["changes"]["namespace0.4"]["state"], "gone");
    EXPECT_EQ(document["verdicts"][0]["changes"]["namespace0.4"]["data"], "lost");
}

TEST(CheckCommands, TakeReconfigureAsNdctlDoes) {
    const Said refused = on_nvdimm_host({"check", "reconfigure", "namespace2.0", "-m", "devdax"});
    EXPECT_EQ(refused.headline().rfind("ndctl create-namespace -e namespace2.0 -m devdax: REFUSED EBUSY", 0), 0U);
    const Said forced = on_nvdimm_host({"check", "reconfigure", "namespace2.0", "-m", "devdax", "-f"});
    EXPECT_EQ(forced.status, 0) << forced.out;
}

TEST(CheckCommands, AreUncertainWhereOnlineMemoryMustMove) {
    const Said said = on_nvdimm_host({"check", "reconfigure-dax", "dax0.1", "--mode", "devdax", "-f"});
    EXPECT_EQ(said.status, 8) << said.out;
}

TEST(CheckCommands, AreDangerousWhereTheKernelBreaks) {
    const Said unbind = on_nvdimm_host({"check", "write", "/sys/bus/dax/drivers/kmem/unbind", "dax0.1"});
    EXPECT_EQ(unbind.status, 9) << unbind.out;
    EXPECT_TRUE(unbind.has("hazard.nd-kmem-unbind-online"));
    const Said dimm = on_nvdimm_host({"check", "write", "/sys/bus/nd/drivers/nvdimm/unbind", "nmem0"});
    EXPECT_EQ(dimm.status, 9) << dimm.out;
    EXPECT_TRUE(dimm.has("hazard.nd-unbind-active-dimm"));
}

// As `check unmap` of the same mapping: up to 5.8 the kernel frees memmap of the RAM in the same section.
TEST(CheckCommands, AreDangerousWhereTheNeighbourLosesItsMemmap) {
    const std::vector<std::vector<std::string>> commands{
        {"disable-namespace", "namespace2.0"},
        {"destroy-namespace", "-f", "namespace2.0"},
        {"reconfigure", "namespace2.0", "-m", "fsdax", "-M", "mem", "-f"},
    };
    for (const auto& command : commands) {
        const auto with = [&](const std::string& kernel) {
            std::vector<std::string> words{"--kernel", kernel, "check"};
            words.insert(words.end(), command.begin(), command.end());
            return on_nvdimm_host(words);
        };
        const Said older = with("5.8");
        EXPECT_EQ(older.status, 9) << older.out;
        EXPECT_TRUE(older.has("hazard.early-memmap-depopulated")) << older.out;
        const Said newer = with("5.9");
        EXPECT_EQ(newer.status, 0) << newer.out;
    }
}

TEST(CheckCommands, LeaveTheProgramItsOwnOptions) {
    // -n is ndctl's name here, --json stays ours, wherever it stands
    const Said said =
        on_nvdimm_host({"check", "create-namespace", "-r", "region0", "-s", "64M", "-n", "mine", "--json"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ(said.json()["operation"], "ndctl create-namespace -r region0 -s 64M -n mine");
    const Said unknown = on_nvdimm_host({"check", "create-namespace", "--frob"});
    EXPECT_EQ(unknown.status, 1);
    EXPECT_TRUE(unknown.has("ndctl.usage"));
}

TEST(CheckCommands, RefuseFilesWhoseAnswersAreNotKnown) {
    const Said said = on_nvdimm_host({"check", "write", "/sys/bus/nd/devices/dax0.3/align", "4096"});
    EXPECT_EQ(said.status, 2);
    EXPECT_EQ(said.out, "");
}

// Labels and info blocks keep offsets: what lay on 2 MiB does so after 64 MiB, but not after 1 MiB.
TEST(CheckCommands, AnswerForAnotherPlace) {
    const Said moved =
        on_nvdimm_host({"--json", "check", "create-namespace", "-r", "region0", "-s", "64M", "--shift", "+64M"});
    EXPECT_EQ(moved.status, 0) << moved.out << moved.err;
    EXPECT_EQ(moved.json()["changes"]["namespace0.5"]["resource"], "0x139000000");   // 0x135000000 + 64M
    EXPECT_FALSE(moved.has("would not be attached"));
}

TEST(CheckCommands, NameWhatWouldNotBeAttachedElsewhere) {
    const Said said = on_nvdimm_host({"--json", "check", "disable-namespace", "namespace0.0", "--shift", "+1M"});
    std::set<std::string> refused;
    const auto document = said.json();
    for (const auto& one : document["evidence"]) {
        const auto text = one["text"].get<std::string>();
        const auto at = text.find(" would not be attached there: ");
        if (at != std::string::npos) refused.insert(text.substr(0, at));
    }
    // Raw and sector namespaces of NVDIMMs have no struct pages and do not care; legacy ones have (pmem_should_map_pages).
    EXPECT_EQ(refused, (std::set<std::string>{"namespace0.0", "namespace0.1", "namespace0.2", "namespace2.0"}));
    const Said text = on_nvdimm_host({"check", "disable-namespace", "namespace0.0", "--shift", "+1M"});
    EXPECT_TRUE(text.has("would not be attached there: namespace0.0, namespace0.1,")) << text.out;
}

// A namespace of the default align that is recreated where the region starts on no multiple of 16 MiB is refused, as
// region1 of this host is as it is.
// Up to 5.6 what is refused comes up raw, and a file system on it is lost with the first write.
TEST(CheckCommands, AreDangerousWhereNamespacesComeUpRawElsewhere) {
    const Said old = on_nvdimm_host(
        {"check", "create-namespace", "-r", "region1", "-m", "raw", "--shift", "+1M", "--kernel", "5.4"});
    EXPECT_EQ(old.status, 9) << old.out;
    EXPECT_TRUE(old.has("namespace0.0, namespace0.1 would come up raw there")) << old.out;
    EXPECT_TRUE(old.has("hazard.nd-raw-fallback"));
    const Said fresh = on_nvdimm_host({"check", "create-namespace", "-r", "region1", "-m", "raw", "--shift", "+1M"});
    EXPECT_EQ(fresh.status, 0) << fresh.out;
}

// An active instance shows neither page size nor struct page size, and a line's marks are no numbers.
TEST(CheckCommands, TellNoNumbersThatAreNotKnown) {
    for (const char* kernel : {"5.4", "6.1"}) {
        const Said said =
            on_nvdimm_host({"-v", "check", "enable-namespace", "namespace0.1", "--shift", "+1M", "--kernel", kernel});
        EXPECT_FALSE(said.has("page size 0")) << said.out;
        EXPECT_FALSE(said.has("%#")) << said.out;
        EXPECT_FALSE(said.has("namespace0.1 would not be attached there")) << said.out;   // the answer itself says it
    }
}

TEST(CheckCommands, MoveCxlMemory) {
    const Said said = memhotctl(
        {"--snapshot", data("cxl-host.json"), "--json", "check", "create-device", "-s", "256M", "--shift", "+64M"});
    EXPECT_EQ(said.status, 0) << said.out << said.err;
    EXPECT_EQ(said.json()["changes"]["dax0.1"]["resource"], "0x1144000000");   // 0x1140000000 + 64M
}

// The write makes the crash possible, the next command is the crash.
TEST(CheckCommands, TellTheCrashBehindWhatAllowsIt) {
    const Said said = on_nvdimm_host(
        {"check", "write", "/sys/bus/nd/drivers/nvdimm/unbind", "nmem0", "then", "destroy", "namespace0.2", "-f"});
    EXPECT_EQ(said.status, 9);
    EXPECT_TRUE(said.has("ndctl destroy-namespace namespace0.2 -f: CRASH of the kernel")) << said.out;
    std::size_t whys = 0;
    for (const auto& line : lines_of(said.out)) whys += line.rfind("Why ", 0) == 0 ? 1U : 0U;
    EXPECT_EQ(whys, 2U) << said.out;
}

TEST(CheckCommands, RefuseElsewhereWhatIsAcceptedHere) {
    const Words words{"check", "create-namespace", "-r", "region0", "-s", "64M"};
    EXPECT_EQ(on_nvdimm_host(words).status, 0);
    Words elsewhere = words;
    elsewhere.insert(elsewhere.end(), {"--shift", "+2M"});
    const Said said = on_nvdimm_host(elsewhere);
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(said.has("ndctl.start-16m")) << said.out;
}

TEST(CheckCommands, AShiftNeedsSomethingToMove) {
    const Said said = memhotctl({"--snapshot", data("demo-pmem-host.json"), "check", "destroy", "all", "--shift=+64M"});
    EXPECT_EQ(said.status, 2);
    EXPECT_THAT(said.err, HasSubstr("no persistent-memory or CXL region"));
    EXPECT_EQ(on_nvdimm_host({"check", "destroy", "all", "--shift", "64M"}).status, 2);
}

// The device of kmem is the memory blocks in it.
TEST(CheckOperations, OfADeviceAreAboutItsBlocks) {
    const auto document = on_nvdimm_host({"--json", "check", "offline", "dax0.1"}).json();
    ASSERT_EQ(document["verdicts"].size(), 2U);
    EXPECT_EQ(on_nvdimm_host({"check", "offline", "namespace0.5"}).status, 2);
    EXPECT_EQ(on_nvdimm_host({"check", "offline", "namespace0.2"}).status, 2);   // 112M: no block in it
}

// A region whose DIMM is locked: sizes help nothing before it is enabled.
TEST(CheckCommands, OfADisabledRegionNameHowItComesUp) {
    auto host = nlohmann::json::parse(contents_of(data("nvdimm-host.json")));
    for (auto& region : host["nvdimm"]["regions"]) {
        if (region["name"] == "region1") region.erase("driver");
    }
    const auto path = std::filesystem::temp_directory_path() / ("memhot-locked-" + std::to_string(::getpid()));
    const Words words{"--snapshot", path.string(), "check", "create-namespace", "-r", "region1", "-s", "64M"};
    std::ofstream(path) << host.dump();
    EXPECT_TRUE(memhotctl(words).has("region1 is disabled: ndctl enable-region region1"));
    for (auto& dimm : host["nvdimm"]["dimms"]) {
        if (dimm["name"] != "nmem1") continue;   // the one below region1
        dimm["security"] = "locked";
        dimm.erase("driver");
    }
    std::ofstream(path, std::ios::trunc) << host.dump();
    const Said said = memhotctl(words);
    std::filesystem::remove(path);
    EXPECT_EQ(said.status, 1);
    EXPECT_TRUE(said.has("unlock nmem1 with its passphrase")) << said.out;
    EXPECT_TRUE(said.has("ndctl enable-dimm nmem1")) << said.out;
}

// ndctl goes on behind a namespace that objects, and its exit status is that of the last.
TEST(CheckCommands, OfAllSayWhichStayAndWhy) {
    const Said destroy = on_nvdimm_host({"--json", "check", "destroy", "all", "-f"});
    EXPECT_EQ(destroy.status, 0);
    std::vector<std::string> texts;
    const auto document = destroy.json();
    for (const auto& one : document["evidence"]) texts.push_back(one["text"]);
    ASSERT_EQ(texts.size(), 2U) << destroy.out;
    EXPECT_THAT(texts[0], HasSubstr("namespace0.1 stays: some of its memory is online as System RAM"));
    EXPECT_THAT(texts[0], HasSubstr("[ndctl.system-ram]"));
    EXPECT_THAT(texts[1], HasSubstr("namespace2.0 stays: its region is label-less"));
    const Said gentle = on_nvdimm_host({"check", "destroy", "all", "-r", "region0"});
    EXPECT_TRUE(gentle.has("namespace0.0, namespace0.1, namespace0.2, namespace0.3,")) << gentle.out;
    EXPECT_TRUE(gentle.has("[ndctl.active]")) << gentle.out;
    const Said disable = on_nvdimm_host({"check", "disable-namespace", "all"});
    EXPECT_TRUE(disable.has("namespace0.1 stays: ")) << disable.out;
    EXPECT_FALSE(disable.has("namespace0.0 stays"));
}

TEST(CheckCommands, FitAScreen) {
    for (const Words& words :
         {Words{"check", "create-namespace", "-s", "64M"}, Words{"check", "destroy", "all", "-f"}}) {
        EXPECT_LE(lines_of(on_nvdimm_host(words).out).size(), 24U);
    }
}

TEST(Explain, AnswersALineAndALog) {
    const Said said = memhotctl(
        {"explain", "nd_pmem namespace0.0: [mem 0x72200000-0x7ffdefff flags 0x200] misaligned, unable to map"});
    EXPECT_EQ(said.status, 0) << said.out << said.err;
    EXPECT_TRUE(said.has("Instead"));
    EXPECT_EQ(memhotctl({"explain", "all is well"}).status, 1);
    const auto document = memhotctl({"--json", "explain", "Conflicting mapping in same section"}).json();
    EXPECT_EQ(document["format"], "memhot-explanations/1");
    EXPECT_EQ(document["explanations"][0]["id"], "map.conflict-start");
}

TEST(Doctor, ExitsOneWhereSomethingWillGoWrong) {
    const Said said = on_nvdimm_host({"doctor"});
    EXPECT_EQ(said.status, 1) << said.err;
    EXPECT_TRUE(said.has("[kmem.stranded]"));
    const auto document = on_nvdimm_host({"--json", "doctor"}).json();
    EXPECT_EQ(document["format"], "memhot-doctor/1");
    EXPECT_FALSE(document["findings"].empty());
}

}   // namespace
}   // namespace memhot::test
