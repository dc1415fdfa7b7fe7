// SPDX-License-Identifier: GPL-2.0-or-later
//
// What a real kernel answered at the start of the recording that the demo host was made of (x86_64-6.12-1): `check` must
// say the same, in words and as JSON. Steps 5 to 31 are about ranges that the steps before them did not touch.
#include <gtest/gtest.h>

#include "cli/memhotctl.hpp"

namespace memhot::test {
namespace {

struct Recorded {
    const char* step;
    const char* operation;
    int error;
    const char* name;
    const char* stage;   // empty: none
    const char* message;   // a line of the kernel's log; empty: none
};

constexpr Recorded kRecorded[] = {
    {"2", "map 27aaa3000+0x10200000 --no-claim", 22, "EINVAL", "map",
     "Misaligned __add_pages start: 0x27aaa3 end: 0x28aca2"},
    {"4", "map 24a600000+0x5a00000", 0, "", "map", ""},
    {"6", "map 187317000+0x10000000 --type fsdax", 16, "EBUSY", "request", ""},
    {"7", "map 186f17000+0x7e00000 --type fsdax", 22, "EINVAL", "map",
     "Misaligned __add_pages start: 0x186f17 end: 0x18ed16"},
    {"8", "map 193e00000+0x8000000", 16, "EBUSY", "request", ""},
    {"9", "map 158000000+0x4a9000", 16, "EBUSY", "request", ""},
    {"18", "map 157e00000+0x4000000", 16, "EBUSY", "request", ""},
    {"19", "claim 298000000+0x44f000", 0, "", "", ""},
    {"22", "claim 141800000+0x7e00000", 16, "EBUSY", "", ""},
    {"31", "map 15c800000+0x8200000 --no-claim", 6, "ENXIO", "map",
     "attempted on mixed region 0x15c800000-0x1649fffff"},
    {"39", "add 328000000+0x8000000 --driver-managed --memmap-on-memory", 0, "", "", ""},
};

class RecordedAnswers : public testing::TestWithParam<Recorded> {};

Words check(const Recorded& recorded) {
    Words words{"check"};
    for (auto& word : split(recorded.operation)) words.push_back(word);
    return words;
}

TEST_P(RecordedAnswers, InWords) {
    const Recorded& recorded = GetParam();
    const Said said = on_demo_host(check(recorded));
    SCOPED_TRACE(said.out + said.err);
    EXPECT_EQ(said.status, recorded.error == 0 ? 0 : 1);
    EXPECT_NE(said.headline().find(recorded.error == 0 ? "ACCEPTED" : std::string("REFUSED ") + recorded.name),
              std::string::npos);
    if (recorded.error != 0 && *recorded.stage != '\0') {
        EXPECT_NE(said.headline().find(std::string("stage ") + recorded.stage), std::string::npos);
    }
    EXPECT_TRUE(said.has(recorded.message));
}

TEST_P(RecordedAnswers, AsJson) {
    const Recorded& recorded = GetParam();
    Words words = check(recorded);
    words.emplace_back("--json");
    const auto json = on_demo_host(words).json();
    ASSERT_TRUE(json.is_object());
    EXPECT_EQ(json["format"], "memhot-verdict/1");
    const auto& outcome = json["outcome"];
    EXPECT_EQ(outcome["kind"], recorded.error == 0 ? "accepted" : "refused");
    EXPECT_EQ(outcome.value("errno", 0), recorded.error);
    EXPECT_EQ(outcome.value("errno_name", ""), recorded.name);
    if (*recorded.message != '\0') {
        const auto& messages = json["messages"];
        EXPECT_NE(std::ranges::find(messages, recorded.message), messages.end()) << messages;
    }
}

INSTANTIATE_TEST_SUITE_P(Steps, RecordedAnswers, testing::ValuesIn(kRecorded),
                         [](const auto& info) { return "step" + std::string(info.param.step); });

}   // namespace
}   // namespace memhot::test
