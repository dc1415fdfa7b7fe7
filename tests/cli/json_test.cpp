// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every document has its format; addresses are strings "0x...", sizes are numbers.
#include <gtest/gtest.h>

#include <regex>

#include "cli/memhotctl.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

std::string a_recording() { return std::string(MEMHOT_SOURCE_DIR) + "/tests/replay/recordings"; }

std::string first_recording() {
    std::string first;
    for (const auto& entry : std::filesystem::directory_iterator(a_recording())) {
        if (entry.path().extension() != ".xz") continue;
        if (first.empty() || entry.path().string() < first) first = entry.path();
    }
    return first;
}

struct Document {
    const char* words;
    const char* format;
};
constexpr Document kDocuments[] = {
    {"status", "memhot-status/1"},
    {"list", "memhot-list/1"},
    {"list -a -o +OWNER,DEVICE,REASON", "memhot-list/1"},
    {"show section45", "memhot-show/1"},
    {"show node0", "memhot-show/1"},
    {"map", "memhot-map/1"},
    {"map 160000000-16fffffff", "memhot-map/1"},
    {"check map 16ef17000-186f16fff", "memhot-verdict/1"},
    {"check map 16f000000+2M offline block33", "memhot-check/1"},
    {"rules", "memhot-rules/1"},
    {"rules map.misaligned", "memhot-rules/1"},
    {"capture -", "memhot-snapshot/1"},
};

constexpr std::array kAddresses{"start", "end", "at"};
constexpr std::array kSizes{"size", "block_size", "section_size", "online", "offline", "present", "page_size"};

// Walks a document and holds members to their meaning, whatever verb it is of.
void expect_units(const nlohmann::json& json, const std::string& where) {
    if (json.is_array()) {
        for (const auto& item : json) expect_units(item, where);
    }
    if (!json.is_object()) return;
    for (const auto& [name, value] : json.items()) {
        if (std::ranges::find(kAddresses, name) != kAddresses.end()) {
            EXPECT_TRUE(value.is_string() && std::regex_match(value.get<std::string>(), std::regex("0x[0-9a-f]+")))
                << where << "." << name << " " << value;
        }
        if (std::ranges::find(kSizes, name) != kSizes.end() && !value.is_boolean()) {
            EXPECT_TRUE(value.is_number_unsigned()) << where << "." << name << " " << value;
        }
        expect_units(value, where + "." + name);
    }
}

class Json : public testing::TestWithParam<Document> {};

TEST_P(Json, HasFormatAndUnits) {
    for (const bool before : {false, true}) {
        Words words = split(GetParam().words);
        words.insert(before ? words.begin() : words.end(), "--json");
        const Said said = on_demo_host(words);
        const auto json = said.json();
        ASSERT_TRUE(json.is_object()) << said.out << said.err;
        EXPECT_EQ(json["format"], GetParam().format);
        expect_units(json, GetParam().words);
        EXPECT_EQ(said.out.find('\033'), std::string::npos);
    }
}

INSTANTIATE_TEST_SUITE_P(Each, Json, testing::ValuesIn(kDocuments));

TEST(JsonOf, Capture) {
    const HostTree files;
    const Said said = on_demo_host({"capture", files.path("copy.json"), "--json"});
    EXPECT_EQ(said.status, 0) << said.err;
    EXPECT_EQ(said.json()["format"], "memhot-capture/1");
    EXPECT_EQ(nlohmann::json::parse(contents_of(files.path("copy.json")))["format"], "memhot-snapshot/1");
}

TEST(JsonOf, Replay) {
    const Said said = memhotctl({"replay", "--json", first_recording()});
    const auto json = said.json();
    EXPECT_EQ(json["format"], "memhot-replay/1");
    ASSERT_EQ(json["files"].size(), 1U);
    EXPECT_EQ(json["files"][0]["file"], first_recording());
    const auto& totals = json["totals"];
    EXPECT_EQ(totals["agreed"].get<int>() + static_cast<int>(json["files"][0]["disagreements"].size()),
              totals["operations"].get<int>());
}

TEST(JsonOf, SeveralOperations) {
    const Said said = on_demo_host({"check", "map", "16f000000+2M", "map", "16f000000+2M", "--json"});
    const auto json = said.json();
    EXPECT_EQ(json["exit_status"], 1);
    EXPECT_EQ(said.status, 1);
    ASSERT_EQ(json["verdicts"].size(), 2U);
    EXPECT_EQ(json["verdicts"][0]["outcome"]["kind"], "accepted");
    EXPECT_EQ(json["verdicts"][1]["outcome"]["errno_name"], "EBUSY");   // the first one has it now
    EXPECT_EQ(json["verdicts"][1]["format"], "memhot-verdict/1");
}

// A name in iomem may hold any bytes; JSON holds UTF-8 only.
TEST(JsonOf, NamesWithAnyBytes) {
    const HostTree host;
    host.file("proc/sys/kernel/osrelease", "6.12.95+deb12-amd64\n");
    host.file("proc/sys/kernel/version", "#1 SMP Debian 6.12.95-1 (2026-05-01)\n");
    host.file("proc/sys/kernel/arch", "x86_64\n");
    host.file("proc/iomem", "00001000-3fffffff : System RAM\n40000000-5fffffff : caf\xe9 \"quoted\" \x1b[31m\n");
    host.block_size("8000000");
    const Said text = memhotctl({"--root", host.root(), "map"});
    EXPECT_EQ(text.status, 0) << text.err;
    EXPECT_EQ(text.out.find('\033'), std::string::npos);
    const auto json = memhotctl({"--root", host.root(), "map", "--json"}).json();
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["extents"][1]["owner"], "caf\xef\xbf\xbd \"quoted\" \x1b[31m");
}

}   // namespace
}   // namespace memhot::test
