// SPDX-License-Identifier: GPL-2.0-or-later
//
// Real ndctl and daxctl sessions against the mirrored nvdimm bus: every command and every state after it of the recordings
// in tests/replay/sessions, and of those in the directory that MEMHOT_SESSIONS names. Beyond what a replay asks, the exit
// status and each line that the programs printed are compared.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "memhot/replay.hpp"
#include "replay/session_walk.hpp"

namespace memhot {
namespace {

using test::SessionWalk;

std::string first_disagreements(const ReplayReport& report) {
    std::string text = report.file;
    constexpr std::size_t kShown = 5;
    for (std::size_t i = 0; i < std::min(kShown, report.disagreements.size()); ++i) {
        const auto& one = report.disagreements[i];
        text += fmt::format("\n  step {} {}: {}: predicted {}, recorded {}", one.step, one.op, one.why, one.predicted,
                            one.recorded);
    }
    return text;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = std::filesystem::path(info.param).filename().string();
    name.resize(name.find(".json"));
    std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

// What a program printed on stderr, without blank lines, its libraries' lines and usage texts.
std::vector<std::string> lines_of(std::string_view text) {
    constexpr std::array<std::string_view, 2> kLeftOut{"libndctl: ", "libdaxctl: "};
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const auto first = line.find_first_not_of(" \t");
        if (first == std::string_view::npos) continue;
        line.remove_prefix(first);
        if (line.starts_with("usage:")) break;
        if (std::ranges::none_of(kLeftOut, [&](std::string_view one) { return line.starts_with(one); }))
            lines.emplace_back(line);
    }
    return lines;
}

class RecordedSession : public testing::TestWithParam<std::string> {};

TEST_P(RecordedSession, agrees_in_commands_and_states) {
    const ReplayReport report = replay_file(GetParam());
    ASSERT_FALSE(report.error) << report.file << ": " << *report.error;
    EXPECT_GT(report.operations, 0U);
    EXPECT_EQ(report.agreed, report.operations) << first_disagreements(report);
    EXPECT_EQ(report.observations_agreed, report.observations) << first_disagreements(report);
}

// dump_page() of a page that would not move tells what only that kernel knew; of its lines the last one is fixed.
bool is_page_dump(std::string_view line) {
    constexpr std::array<std::string_view, 5> kStarts{"page: ", "page:", "flags: ", "page_type: ", "raw: "};
    return std::ranges::any_of(kStarts, [&](std::string_view start) { return line.starts_with(start); });
}

bool is_total(std::string_view line) { return line.starts_with("Built "); }

// Every line behind set-up is counted, and each agrees but for page dumps and the first total of pages, from which the
// further ones follow.
TEST_P(RecordedSession, counts_every_line_of_the_kernel_and_agrees_in_all_that_can_be_known) {
    std::uint64_t lines = 0;
    std::uint64_t unseen = 0;
    bool total_is_known = false;
    SessionWalk(GetParam()).each_step([&](const NdBus&, const SessionStep& step, const CommandAnswer&) {
        for (const auto& line : step.messages) {
            ++lines;
            if (is_page_dump(line) || (is_total(line) && !total_is_known)) ++unseen;
            total_is_known = total_is_known || is_total(line);
        }
    });
    const ReplayReport report = replay_file(GetParam());
    EXPECT_EQ(report.messages, lines) << report.file;
    EXPECT_EQ(report.messages - report.messages_agreed, unseen) << report.file;
}

// Nothing is predicted that the kernel did not say, and in the kernel's order.
TEST_P(RecordedSession, predicts_just_the_lines_of_the_kernel) {
    SessionWalk(GetParam()).each_step([](const NdBus&, const SessionStep& step, const CommandAnswer& answer) {
        if (answer.uncertain && step.exit != 0) return;
        ASSERT_EQ(answer.log.size(), step.messages.size()) << step.command.value_or("write");
        for (std::size_t i = 0; i < answer.log.size(); ++i) {
            const KernelMessage& line = answer.log[i];
            if (line.unseen) {
                EXPECT_TRUE(is_total(line.text) && is_total(step.messages[i])) << line.text;
            } else {
                EXPECT_EQ(line.text, step.messages[i]) << *step.command;
            }
        }
    });
}

TEST_P(RecordedSession, agrees_in_exit_status_and_every_line) {
    SessionWalk(GetParam())
        .each_command(
            [](const NdBus&, const CommandAnswer& answer, const SessionStep& step, const nlohmann::json& recorded) {
                if (answer.uncertain) return;   // a set of answers has no single text
                EXPECT_EQ(answer.exit, recorded["exit"].get<int>()) << *step.command;
                EXPECT_EQ(answer.lines, lines_of(recorded.value("stderr", ""))) << *step.command;
            });
}

// A refusal names what decided it, and nothing that sessions do is dangerous but asking for what ndctl refuses late.
TEST_P(RecordedSession, has_a_rule_for_each_refusal) {
    SessionWalk(GetParam())
        .each_command(
            [](const NdBus& bus, const CommandAnswer& answer, const SessionStep& step, const nlohmann::json&) {
                EXPECT_EQ(answer.exit == 0, answer.rule == RuleId::nd_accepted)
                    << *step.command << ": " << rule(answer.rule).id;
                EXPECT_NE(answer.rule, RuleId::none) << *step.command;
                for (const auto& hazard : hazards_of(bus, split_command(*step.command))) {
                    EXPECT_EQ(hazard.rule, RuleId::ndctl_zeroes_first) << *step.command << ": " << hazard.text;
                }
            });
}

// Uncertain steps are those that take online memory offline, and nothing else.
TEST_P(RecordedSession, is_uncertain_only_about_offlining) {
    SessionWalk(GetParam())
        .each_command(
            [](const NdBus& bus, const CommandAnswer& answer, const SessionStep& step, const nlohmann::json&) {
                if (!answer.uncertain) return;
                ASSERT_FALSE(answer.offline_order.empty()) << *step.command;
                for (const auto number : answer.offline_order) {
                    const auto block = bus.model.block(number);
                    ASSERT_TRUE(block) << *step.command;
                    EXPECT_TRUE(block->online) << *step.command << ": memory" << number;
                }
            });
}

INSTANTIATE_TEST_SUITE_P(Tools, RecordedSession, testing::ValuesIn(test::sessions()), test_name);

std::vector<std::string> further_sessions() {
    const char* const directory = std::getenv("MEMHOT_SESSIONS");
    return directory == nullptr ? std::vector<std::string>() : test::files_in(directory);
}
GTEST_ALLOW_UNINSTANTIATED_PARAMETERIZED_TEST(RecordedSession);
INSTANTIATE_TEST_SUITE_P(Further, RecordedSession, testing::ValuesIn(further_sessions()), test_name);

TEST(Sessions, hold_each_command_with_both_outcomes_on_each_kernel) {
    std::map<std::string, std::set<std::string>> kernels;   // "create-namespace ok" -> releases
    for (const auto& file : test::sessions()) {
        SessionWalk walk(file);
        const std::string release = walk.session().kernel.release.substr(0, walk.session().kernel.release.rfind('.'));
        walk.each_command([&](const NdBus&, const CommandAnswer&, const SessionStep& step, const nlohmann::json&) {
            kernels[split_command(*step.command).verb + (step.exit == 0 ? " ok" : " refused")].insert(release);
        });
    }
    for (const std::string verb : {"create-namespace", "destroy-namespace", "enable-namespace", "disable-namespace",
                                   "reconfigure-device", "online-memory", "offline-memory"}) {
        for (const std::string outcome : {" ok", " refused"}) {
            EXPECT_EQ(kernels[verb + outcome].size(), 3U) << verb << outcome;
        }
    }
}

TEST(Sessions, show_in_which_order_memory_is_offlined) {
    // libdaxctl walks the node's directory; these four blocks were recorded with memory35 as the first that failed
    EXPECT_EQ(directory_order({33, 34, 35, 36}), (std::vector<std::uint64_t>{35, 33, 36, 34}));
    std::size_t seen = 0;
    for (const auto& file : test::sessions()) {
        SessionWalk(file).each_command(
            [&](const NdBus&, const CommandAnswer& answer, const SessionStep& step, const nlohmann::json&) {
                if (!step.stuck_block) return;
                ++seen;
                EXPECT_EQ(answer.offline_order.front(), *step.stuck_block) << *step.command;
            });
    }
    EXPECT_GT(seen, 0U);
}

}   // namespace
}   // namespace memhot
