// SPDX-License-Identifier: GPL-2.0-or-later
//
// namespace list and dax list: levels, owners, what is stranded and why; the manual names each field, and no other.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <map>
#include <regex>
#include <set>
#include <unistd.h>

#include "cli/memhotctl.hpp"

namespace memhot::test {
namespace {

using testing::HasSubstr;
using Json = nlohmann::json;

constexpr std::uint64_t kMiB = 1 << 20;

Json snapshot(const std::string& name) { return Json::parse(contents_of(data(name))); }

// A host that somebody changed, as a file.
class Saved {
public:
    explicit Saved(const Json& host)
        : path_((std::filesystem::temp_directory_path() / ("memhot-listing-" + std::to_string(::getpid()))).string()) {
        std::ofstream(path_) << host.dump();
    }
    Saved(const Saved&) = delete;
    Saved& operator=(const Saved&) = delete;
    ~Saved() { std::filesystem::remove(path_); }
    [[nodiscard]] Said ask(Words words) const {
        words.insert(words.begin(), {"--snapshot", path_});
        return memhotctl(words);
    }

private:
    std::string path_;
};

Json& named(Json& list, const char* field, const std::string& name) {
    for (auto& one : list) {
        if (one.value(field, "") == name) return one;
    }
    throw std::out_of_range(name);
}

// 8 MiB in front of namespace0.4.
void make_small_hole(Json& nd) {
    auto& ns = named(nd["namespaces"], "name", "namespace0.4");
    ns["size"] = ns["size"].get<std::uint64_t>() - 8 * kMiB;
    // was 0x133000000, behind namespace0.3; available_size counts whole 16 MiB (nd_pmem_available_dpa), so it stays
    ns["resource"] = "0x133800000";
}

// Both dax levels, several DIMMs, several ranges, bad sectors, a namespace with a name and a disabled one.
Json host_with_everything() {
    Json host = snapshot("nvdimm-host.json");
    auto& nd = host["nvdimm"];
    make_small_hole(nd);
    auto& region = named(nd["regions"], "name", "region0");
    region["badblock_count"] = 17;
    region["ways"] = 2;
    region["mappings"] = Json::array({{{"dimm", "nmem0"}, {"start", 268435456}, {"size", 536870912}, {"position", 1}},
                                      {{"dimm", "nmem1"}, {"start", 0}, {"size", 536870912}, {"position", 0}}});
    region["set_cookie"] = "0xbcd6eeb86a8f2444";
    region["persistence_domain"] = "memory_controller";
    region["target_node"] = 0;
    named(nd["namespaces"], "name", "namespace0.0")["alt_name"] = "mine";
    named(nd["namespaces"], "name", "namespace0.4").erase("driver");
    auto& disabled = named(nd["regions"], "name", "region1");
    disabled.erase("driver");
    nd["dax_regions"].push_back({{"parent", "dax_region0"},
                                 {"kind", "cxl"},
                                 {"cxl_region", "region0"},
                                 {"path", "/platform/ACPI0017:00/root0/decoder0.0/region0/dax_region0"},
                                 {"id", 7},
                                 {"size", 2147483648},
                                 {"align", 2097152},
                                 {"available_size", 1073741824},
                                 {"resource", "0x1100000000"}});
    nd["dax_devices"].push_back(
        {{"name", "dax7.0"},
         {"parent", "dax_region0"},
         {"size", 33554432},
         {"align", 2097152},
         {"mappings", Json::array({{{"start", "0x1100000000"}, {"end", "0x1100ffffff"}, {"page_offset", 0}},
                                   {{"start", "0x1110000000"}, {"end", "0x1110ffffff"}, {"page_offset", 4096}}})}});
    nd["dax_devices"].push_back({{"name", "dax9.0"}, {"driver", "device_dax"}, {"size", 4096}});
    return host;
}

// "devices" or "devices mappings": what a field belongs to, and its names.
using Fields = std::map<std::string, std::set<std::string>>;

void collect(const Json& value, const std::string& key, const std::string& above, Fields& out) {
    if (value.is_array()) {
        for (const auto& one : value) collect(one, key, above, out);
        return;
    }
    if (!value.is_object()) return;
    const std::string what = key == "daxregion" ? "dax_regions" : key == "mappings" ? above + " " + key : key;
    for (const auto& [name, inner] : value.items()) {
        out[what].insert(name);
        collect(inner, name, what, out);
    }
}

// Between .\" fields WHAT and the next mark: each \fBname\fR.
Fields fields_of_manual() {
    Fields out;
    std::string what;
    const std::regex name(R"(\\fB(\w+)\\fR)");
    for (const auto& line : lines_of(contents_of(std::string(MEMHOT_SOURCE_DIR) + "/man/memhotctl.1"))) {
        if (line.rfind(".\\\" fields ", 0) == 0) what = line.substr(11);
        if (line == ".\\\" end" || line == ".TP") what = "";
        if (what.empty()) continue;
        for (auto at = std::sregex_iterator(line.begin(), line.end(), name); at != std::sregex_iterator(); ++at) {
            out[what].insert((*at)[1].str());
        }
    }
    return out;
}

TEST(Listing, TheManualNamesEachFieldAndNoOther) {
    const Saved host(host_with_everything());
    Fields printed;
    collect(host.ask({"--json", "namespace", "list"}).json(), "namespace list", "", printed);
    EXPECT_GE(printed.size(), 10U);
    EXPECT_EQ(printed, fields_of_manual());
    Fields of_dax;
    collect(host.ask({"--json", "dax", "list"}).json(), "namespace list", "", of_dax);
    for (const auto& [what, names] : of_dax) {
        for (const auto& one : names) EXPECT_TRUE(fields_of_manual()[what].contains(one)) << what << " " << one;
    }
}

// ndctl list -vNRDi of a real host has these for a region: offset and length per DIMM, the position in the set, iset_id
// ("0x..." with -u), the bad sectors with -M.
TEST(Listing, RegionsHaveWhatNdctlTells) {
    const Saved host(host_with_everything());
    auto document = host.ask({"--json", "namespace", "list"}).json();
    const auto& region = named(document["regions"], "dev", "region0");
    EXPECT_EQ(region["iset_id"], "0xbcd6eeb86a8f2444");
    EXPECT_EQ(region["badblock_count"], 17);
    EXPECT_EQ(region["persistence_domain"], "memory_controller");
    EXPECT_EQ(region["mappings"],
              Json::array({{{"dimm", "nmem0"}, {"offset", 268435456}, {"length", 536870912}, {"position", 1}},
                           {{"dimm", "nmem1"}, {"offset", 0}, {"length", 536870912}, {"position", 0}}}));
}

TEST(Listing, EachLevelHasItsOwner) {
    const Saved host(host_with_everything());
    auto document = host.ask({"--json", "namespace", "list"}).json();
    auto& region = named(document["regions"], "dev", "region0");
    EXPECT_EQ(region["owner"], "nd_region");
    EXPECT_EQ(named(document["regions"], "dev", "region1")["owner"], "none");
    EXPECT_EQ(named(region["namespaces"], "dev", "namespace0.3")["owner"], "nd_pmem");
    EXPECT_EQ(named(region["namespaces"], "dev", "namespace0.4")["owner"], "none");
    auto& ns = named(region["namespaces"], "dev", "namespace0.1");
    EXPECT_EQ(ns["owner"], "dax_pmem");
    EXPECT_EQ(ns["daxregion"]["owner"], "dax_pmem");
    auto& device = named(ns["daxregion"]["devices"], "chardev", "dax0.1");
    EXPECT_EQ(device["owner"], "kmem");
    EXPECT_EQ(device["memory_blocks"][0]["owner"], "userspace");   // auto_online_blocks is offline
    auto& cxl = named(document["dax_regions"], "dev", "dax_region0");
    EXPECT_EQ(cxl["owner"], "dax_cxl");
    EXPECT_EQ(cxl["devices"][0]["owner"], "none");
}

TEST(Listing, TellsWhoOnlinesByThePolicy) {
    Json changed = snapshot("nvdimm-host.json");
    changed["auto_online_blocks"] = "online_movable";
    auto document = Saved(changed).ask({"--json", "dax", "list"}).json();
    for (auto& region : document["dax_regions"]) {
        for (auto& device : region["devices"]) {
            if (device.contains("memory_blocks")) {
                EXPECT_EQ(device["memory_blocks"][0]["owner"], "kernel policy");
            }
        }
    }
}

// The word was read on this kernel; memhp_default_state= would hold for any.
TEST(CheckOfAnotherKernel, NamesThePolicyThatItKeeps) {
    Json host = snapshot("nvdimm-host.json");
    const Words check{"--json", "--kernel", "6.12", "check", "offline", "memory4"};
    const auto assumed = [&check](const Saved& file) { return file.ask(check).json()["assumptions"].dump(); };
    constexpr const char* kKept = "auto_online_blocks is offline, as on this host: 6.12 as Debian builds it boots with "
                                  "online";
    EXPECT_THAT(assumed(Saved(host)), Not(HasSubstr(kKept)));
    host["kernel"]["cmdline"] = "";
    EXPECT_THAT(assumed(Saved(host)), HasSubstr(kKept));
    host["auto_online_blocks"] = "online_movable";
    EXPECT_THAT(assumed(Saved(host)), Not(HasSubstr("auto_online_blocks is")));
}

// An NFIT region without labels: sysfs shows all of it as available, for nobody has labels there.
TEST(Listing, ALabelLessRegionHasNoSpaceLeft) {
    Json host = snapshot("nvdimm-host.json");
    auto& region = named(host["nvdimm"]["regions"], "name", "region2");
    region["ways"] = 1;
    region["available_size"] = region["size"];
    region["max_available_extent"] = region["size"];
    const Saved file(host);
    for (const auto& line : lines_of(file.ask({"namespace", "list"}).out)) {
        if (line.rfind("region2 ", 0) != 0) continue;
        EXPECT_THAT(line, HasSubstr("label-less"));
        EXPECT_THAT(line, Not(HasSubstr("available")));
    }
    const Said shown = file.ask({"show", "region2"});
    EXPECT_THAT(shown.out, HasSubstr("label-less"));
    EXPECT_THAT(shown.out, Not(HasSubstr("available")));
}

TEST(Listing, DaxRegionsHaveALevelOfTheirOwn) {
    const Said said = memhotctl({"--snapshot", data("cxl-host.json"), "namespace", "list"});
    const auto lines = lines_of(said.out);
    ASSERT_EQ(lines.size(), 4U) << said.out;
    EXPECT_EQ(lines[1].rfind("dax_region0 ", 0), 0U);
    EXPECT_THAT(lines[1], HasSubstr("dax_cxl"));
    EXPECT_THAT(lines[1], HasSubstr("1G available"));
    EXPECT_EQ(lines[2].rfind("  dax0.0 ", 0), 0U);
    EXPECT_EQ(lines[3].rfind("    memory544-551 ", 0), 0U);
    auto document = memhotctl({"--snapshot", data("cxl-host.json"), "--json", "namespace", "list"}).json();
    const auto& region = document["dax_regions"][0];
    EXPECT_EQ(region["id"], 0);
    EXPECT_EQ(region["size"], 2048 * kMiB);
    EXPECT_EQ(region["available_size"], 1024 * kMiB);
    EXPECT_EQ(region["align"], 2 * kMiB);
    EXPECT_EQ(region["devices"][0]["chardev"], "dax0.0");
}

// dax0.1 starts 120 MiB in front of memory35 (0x118000000) and ends with memory36.
TEST(Listing, SaysWhatStrandedBytesAre) {
    auto document = memhotctl({"--snapshot", data("nvdimm-host.json"), "--json", "dax", "list"}).json();
    for (auto& region : document["dax_regions"]) {
        for (auto& device : region["devices"]) {
            if (device["chardev"] != "dax0.1") continue;
            EXPECT_EQ(
                device["stranded_parts"],
                Json::array({{{"bytes", 120 * kMiB}, {"why", "in front of the first whole memory block of 128M"}}}));
        }
    }
}

// A hole of 8 MiB between namespaces holds no namespace of 16 MiB; ndctl makes no smaller one.
TEST(Listing, FreePiecesTooSmallForANamespaceAreStranded) {
    Json host = snapshot("nvdimm-host.json");
    make_small_hole(host["nvdimm"]);
    auto document = Saved(host).ask({"--json", "namespace", "list"}).json();
    const auto& listed = named(document["regions"], "dev", "region0");
    EXPECT_EQ(listed["stranded"], 8 * kMiB);
    EXPECT_THAT(listed["stranded_parts"][0]["why"], HasSubstr("smaller than 16M"));
}

// Two ways of 1 KiB: address 0x400 of a region is byte 0 of its second device, 0x800 byte 0x400 of the first.
TEST(Show, TellsWhichCxlDeviceHasAnAddress) {
    Json changed = snapshot("cxl-host.json");
    changed["nvdimm"]["cxl_regions"] = Json::array({{{"name", "region0"},
                                                     {"decoder", "decoder0.0"},
                                                     {"mode", "ram"},
                                                     {"resource", "0x1100000000"},
                                                     {"size", 2147483648},
                                                     {"interleave_ways", 2},
                                                     {"interleave_granularity", 1024},
                                                     {"targets", Json::array({"decoder2.0", "decoder3.0"})}}});
    const Saved host(changed);
    const auto second = host.ask({"--json", "show", "1100000400+4096"}).json();
    ASSERT_EQ(second["cxl"].size(), 1U);
    EXPECT_EQ(second["cxl"][0]["target"], "decoder3.0");
    EXPECT_EQ(second["cxl"][0]["device_offset"], 0);
    const auto third = host.ask({"--json", "show", "1100000800+4096"}).json();
    EXPECT_EQ(third["cxl"][0]["target"], "decoder2.0");
    EXPECT_EQ(third["cxl"][0]["device_offset"], 1024);
    const Said region = host.ask({"show", "region0"});
    EXPECT_EQ(region.status, 0) << region.err;
    EXPECT_TRUE(region.has("region0: ram, 2 ways, 1024 bytes each in turn, below decoder0.0")) << region.out;
    EXPECT_FALSE(host.ask({"--json", "show", "block1"}).json().contains("cxl"));
}

// Idle: nothing of it is in /proc/iomem.
Json host_with_idle_namespace() {
    Json host = snapshot("nvdimm-host.json");
    named(host["nvdimm"]["namespaces"], "name", "namespace0.4").erase("driver");
    auto iomem = host["iomem"].get<std::string>();
    const std::string line = "  133000000-134ffffff : namespace0.4\n";
    const auto at = iomem.find(line);
    if (at == std::string::npos) throw std::out_of_range(line);
    host["iomem"] = iomem.erase(at, line.size());
    return host;
}

TEST(Show, FindsANamespaceThatIsIdle) {
    const Saved host(host_with_idle_namespace());
    const Said said = host.ask({"show", "namespace0.4"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_TRUE(said.has("133000000-134ffffff (32M)")) << said.out;
    EXPECT_TRUE(said.has("namespace0.4: raw namespace of region0, disabled: no driver")) << said.out;
    const auto document = host.ask({"--json", "show", "namespace0.4"}).json();
    EXPECT_EQ(document["ranges"][0]["start"], "0x133000000");
    EXPECT_EQ(document["device"]["dev"], "namespace0.4");
    EXPECT_EQ(document["device"]["owner"], "none");
    // a RANGE is a name too
    EXPECT_EQ(host.ask({"check", "map", "namespace0.4"}).headline().rfind("map 133000000-134ffffff: ", 0), 0U);
}

TEST(Show, ASeedHasNoRange) {
    const Words seed{"--snapshot", data("nvdimm-host.json"), "show", "namespace0.5"};
    const Said said = memhotctl(seed);
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_TRUE(said.has("idle namespace of region0")) << said.out;
    const Said refused = memhotctl({"--snapshot", data("nvdimm-host.json"), "check", "map", "namespace0.5"});
    EXPECT_EQ(refused.status, 2);
    EXPECT_THAT(refused.err, HasSubstr("no space"));
}

TEST(Show, ADevdaxNamespaceIsAllOfIt) {
    // 0x110000000+384M; of that dax_pmem claims the first 8 MiB as "namespace0.1" in /proc/iomem
    const auto document = memhotctl({"--snapshot", data("nvdimm-host.json"), "--json", "show", "namespace0.1"}).json();
    ASSERT_EQ(document["ranges"].size(), 1U);
    EXPECT_EQ(document["ranges"][0]["end"], "0x127ffffff");
    EXPECT_EQ(document["blocks"].size(), 2U);
}

TEST(Show, SaysWhyBytesAreStranded) {
    const Said said = memhotctl({"--snapshot", data("nvdimm-host.json"), "show", "region0", "--verbose"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_TRUE(said.has("dax0.1: 120M in front of the first whole memory block of 128M")) << said.out;
    EXPECT_TRUE(said.has("namespace0.1: 8M info block and struct pages (map=dev)")) << said.out;
}

TEST(Show, FindsADaxRegion) {
    const Said said = memhotctl({"--snapshot", data("cxl-host.json"), "show", "dax_region0"});
    EXPECT_TRUE(said.has("by dax_cxl, of CXL region0")) << said.out;
    EXPECT_EQ(said.status, 0);
}

}   // namespace
}   // namespace memhot::test
