// SPDX-License-Identifier: GPL-2.0-or-later
//
// Recordings as JSON: what is wrong with one is said in one line that names the place.
#include "replay/transcript.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "memhot/replay.hpp"

namespace memhot {
namespace {

constexpr std::string_view kKernel =
    R"({"release":"6.12.95","version":"6.12.95","arch":"x86_64","page_size":4096,"section_size_bits":27,)"
    R"("max_physmem_bits":46,"struct_page_size":64,"cmdline":""})";

std::string document(std::string_view steps, std::string_view format = "memhot-transcript/1") {
    return fmt::format(R"({{"format":"{}","id":"t","kernel":{},"memory_block_size":134217728,)"
                       R"("iomem":"00100000-3fffffff : System RAM\n","sections":[],"steps":[{}]}})",
                       format, kKernel, steps);
}

std::string error_of(std::string_view text) {
    const ReplayReport report = replay_text(text, "file");
    return report.error.value_or("none");
}

TEST(Transcript, errors_name_the_place) {
    EXPECT_EQ(error_of(""), "not JSON in UTF-8, or cut short");
    EXPECT_EQ(error_of("[]"), "expected a JSON object");
    EXPECT_EQ(error_of("{}"), "format: missing");
    EXPECT_EQ(error_of(document("", "memhot-transcript/9")),
              "format: \"memhot-transcript/9\": memhot-transcript/1 expected");
    EXPECT_EQ(error_of(document(R"({"op":"fly"})")), "steps[0].op: \"fly\" is no operation");
    EXPECT_EQ(error_of(document(R"({"op":"unmap","handle":0})")), "steps[0].result: missing");
    EXPECT_EQ(error_of(document(R"({"op":"unmap","handle":-1,"result":{"errno":0}})")),
              "steps[0].handle: \"-1\", expected a number without sign, point or exponent");
    EXPECT_EQ(error_of(document(R"({"op":"claim","start":"100","size":"0x1","result":{"errno":0}})")),
              "steps[0].start: \"100\", expected 0x and hexadecimal digits");
    EXPECT_EQ(
        error_of(document(R"({"op":"map","type":"big","start":"0x0","size":"0x0","claim":true,"result":{"errno":0}})")),
        "steps[0].type: expected generic, fsdax or private");
}

TEST(Transcript, errors_are_one_line_whatever_the_text_is) {
    const std::string error =
        error_of(document(R"({"op":"two\nlines \"and\" \u0007 )" + std::string(5000, 'x') + R"("})"));
    EXPECT_EQ(error.find('\n'), std::string::npos);
    EXPECT_TRUE(error.starts_with(R"(steps[0].op: "two\x0alines \"and\" \x07 xxx)")) << error;
    EXPECT_LT(error.size(), 200U);
}

TEST(Transcript, nesting_is_limited) {
    EXPECT_EQ(error_of(std::string(100'000, '[')), "nested more than 64 deep");
    EXPECT_EQ(error_of("\"" + std::string(100'000, '[') + "\""), "expected a JSON object");
}

TEST(Transcript, counts_what_agrees_and_what_does_not) {
    const std::string steps =
        R"({"op":"claim","start":"0x40000000","size":"0x1000","result":{"errno":0}},)"
        R"({"op":"claim","start":"0x40000000","size":"0x1000","result":{"errno":0}},)"
        R"({"op":"set_state","block":3,"state":"offline","result":{"errno":16}},)"
        R"({"op":"release","start":"0x50000000","size":"0x1000","result":{"errno":0},"messages":[)"
        R"("resource: Trying to free nonexistent resource <0x0000000050000000-0x0000000050000fff>","something else"]},)"
        R"({"op":"observe","iomem":"other\n","sections":[]})";
    const ReplayReport report = replay_text(document(steps), "file");
    ASSERT_FALSE(report.error) << *report.error;
    EXPECT_EQ(report.operations, 4U);
    EXPECT_EQ(report.agreed, 3U);
    EXPECT_EQ(report.uncertain, 1U);
    EXPECT_EQ(report.observations, 1U);
    EXPECT_EQ(report.observations_agreed, 0U);
    EXPECT_EQ(report.messages, 2U);
    EXPECT_EQ(report.messages_agreed, 1U);
    ASSERT_GE(report.disagreements.size(), 2U);
    EXPECT_EQ(report.disagreements[0].step, 1U);
    EXPECT_EQ(report.disagreements[0].op, "claim");
    EXPECT_EQ(report.disagreements[0].why, "errno");
    EXPECT_EQ(report.disagreements[1].op, "observe");
    EXPECT_EQ(exit_status({report}), 1);
    EXPECT_TRUE(report.rules[static_cast<std::size_t>(RuleId::claim_accepted)]);
    EXPECT_FALSE(report.rules[static_cast<std::size_t>(RuleId::claim_conflict)]);   // spoke, but did not agree
}

// What the kernel did is adopted even where the model knows better.
TEST(Transcript, goes_on_with_what_was_recorded) {
    const std::string steps =
        R"({"op":"claim","start":"0x100000","size":"0x1000","result":{"errno":16}},)"
        R"({"op":"map","type":"generic","claim":false,"start":"0x80000000","size":"0x200000","result":{"errno":12,"stage":"map"}},)"
        R"({"op":"map","type":"generic","claim":false,"start":"0x80000000","size":"0x200000","result":{"errno":0,"handle":0,"stage":"map"}},)"
        R"({"op":"unmap","handle":0,"result":{"errno":0}})";
    const ReplayReport report = replay_text(document(steps), "file");
    ASSERT_FALSE(report.error);
    EXPECT_EQ(report.operations, 4U);
    EXPECT_EQ(report.agreed, 3U);
}

TEST(Transcript, stage_and_crash_count) {
    const auto why = [](std::string_view result) {
        const std::string step = fmt::format(
            R"({{"op":"map","type":"generic","claim":true,"start":"0x100000","size":"0x200000","result":{}}})", result);
        const ReplayReport report = replay_text(document(step), "file");
        return report.disagreements.empty() ? std::string("agreed") : report.disagreements[0].why;
    };
    EXPECT_EQ(why(R"({"errno":16,"stage":"request"})"), "agreed");
    EXPECT_EQ(why(R"({"errno":16,"stage":"map"})"), "stage");
    EXPECT_EQ(why(R"({"errno":17,"stage":"request"})"), "errno");
    EXPECT_EQ(why(R"({"oops":true})"), "the kernel crashed");
}

TEST(Transcript, json_of_reports) {
    const ReplayReport bad = replay_text("nonsense", "bad.json");
    const ReplayReport good = replay_text(document(""), "good.json");
    EXPECT_EQ(exit_status({good}), 0);
    EXPECT_EQ(exit_status({good, bad}), 2);
    const std::string json = to_json({good, bad});
    EXPECT_NE(json.find(R"("format": "memhot-replay/1")"), std::string::npos);
    EXPECT_NE(json.find(R"("file": "bad.json")"), std::string::npos);
    EXPECT_NE(json.find(R"("error": "not JSON in UTF-8, or cut short")"), std::string::npos);
    EXPECT_NE(json.find(R"("totals")"), std::string::npos);
}

TEST(Transcript, files_that_cannot_be_read) {
    const ReplayReport missing = replay_file("/nonexistent/x.json");
    ASSERT_TRUE(missing.error);
    EXPECT_NE(missing.error->find("No such file or directory"), std::string::npos);
    const ReplayReport directory = replay_file("/");
    ASSERT_TRUE(directory.error);
    EXPECT_NE(directory.error->find("directory"), std::string::npos);
}

}   // namespace
}   // namespace memhot
