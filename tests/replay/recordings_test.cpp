// SPDX-License-Identifier: GPL-2.0-or-later
//
// Real kernels against the model: every answer, observation and message of the recordings in tests/replay/recordings,
// and of those in the directory that MEMHOT_RECORDINGS names.
#include "replay/recordings.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <set>

#include "memhot/replay.hpp"

namespace memhot {
namespace {

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

void expect_agreement(const ReplayReport& report) {
    ASSERT_FALSE(report.error) << report.file << ": " << *report.error;
    EXPECT_GT(report.operations, 0U);
    EXPECT_EQ(report.agreed, report.operations) << first_disagreements(report);
    EXPECT_EQ(report.observations_agreed, report.observations) << first_disagreements(report);
    EXPECT_EQ(report.messages_agreed, report.messages) << report.file;
}

std::string test_name(const testing::TestParamInfo<std::string>& info) {
    std::string name = std::filesystem::path(info.param).filename().string();
    name.resize(name.find(".json"));
    std::ranges::replace_if(name, [](unsigned char c) { return std::isalnum(c) == 0; }, '_');
    return name;
}

class Recording : public testing::TestWithParam<std::string> {};

TEST_P(Recording, agrees_in_answers_observations_and_messages) { expect_agreement(replay_file(GetParam())); }

// Whether nobody can know if this step succeeds: a block that is online, in one zone and wholly RAM is to be offlined.
bool may_be_uncertain(const Model& model, std::uint64_t number) {
    const auto block = model.block(number);
    if (!block || !block->online || block->valid_zones == "none") return false;
    const Range whole{number * model.block_size(), (number + 1) * model.block_size() - 1};
    std::uint64_t ram = 0;
    model.resources().walk_busy_ram(whole, [&](const Range& part) {
        ram += part.size();
        return true;
    });
    return ram == whole.size();
}

bool may_be_uncertain(const Model& model, const Operation& operation) {
    if (const auto* set = std::get_if<op::SetState>(&operation)) {
        return set->state == "offline" && may_be_uncertain(model, set->block);
    }
    const auto* remove = std::get_if<op::OfflineAndRemove>(&operation);
    if (remove == nullptr) return false;
    const std::uint64_t first = remove->start / model.block_size();
    const std::uint64_t end = (remove->start + remove->size) / model.block_size();
    for (std::uint64_t number = first; number < end; ++number) {
        if (may_be_uncertain(model, number)) return true;
    }
    return false;
}

TEST_P(Recording, is_uncertain_only_where_online_ram_is_offlined) {
    const Transcript transcript = test::read_recording(GetParam());
    std::uint64_t uncertain = 0;
    test::walk(transcript, test::start_of(transcript), [&](const Model& model, const Step& step) {
        const auto* operation = std::get_if<OperationStep>(&step);
        if (operation == nullptr) return;
        const Outcome predicted = model.outcome(operation->operation);
        if (predicted.kind != Outcome::Kind::uncertain) return;
        ++uncertain;
        EXPECT_EQ(predicted.error, EBUSY) << describe(operation->operation);
        EXPECT_TRUE(may_be_uncertain(model, operation->operation)) << describe(operation->operation);
    });
    EXPECT_EQ(uncertain, replay_file(GetParam()).uncertain);
}

INSTANTIATE_TEST_SUITE_P(Kernels, Recording, testing::ValuesIn(test::recordings()), test_name);

// Somebody else's recordings: more seeds, other kernels.
TEST(MoreRecordings, agree_too) {
    const char* directory = std::getenv("MEMHOT_RECORDINGS");
    if (directory == nullptr) GTEST_SKIP() << "skipped: MEMHOT_RECORDINGS names no directory";
    const auto files = test::files_in(directory);
    ASSERT_FALSE(files.empty()) << directory << " holds no files";
    for (const auto& file : files) expect_agreement(replay_file(file));
}

// --- what they cover ---------------------------------------------------------------------------------------------------

TEST(Recordings, cover_every_kernel_and_architecture_that_was_recorded) {
    std::set<std::string> kernels;
    for (const auto& file : test::recordings()) {
        const Snapshot start = test::read_recording(file).start;
        kernels.insert(fmt::format("{} {}.{} {}K", start.arch, start.version->major, start.version->minor,
                                   start.page_size / kKiB));
    }
    const std::set<std::string> expected{"x86_64 5.10 4K", "x86_64 6.1 4K",  "x86_64 6.12 4K", "x86_64 7.2 4K",
                                         "arm64 6.12 4K",  "arm64 6.12 16K", "ppc64le 6.12 4K"};
    EXPECT_EQ(kernels, expected);
}

// Whether some recording's command line has all of these words.
bool some_command_line_has(const std::vector<std::string>& words) {
    return std::ranges::any_of(test::recordings(), [&](const std::string& file) {
        const std::string cmdline = " " + test::read_recording(file).start.cmdline + " ";
        return std::ranges::all_of(
            words, [&](const std::string& word) { return cmdline.find(" " + word + " ") != std::string::npos; });
    });
}

TEST(Recordings, cover_every_online_policy_and_memmap_on_memory) {
    const std::string kAuto = "memory_hotplug.online_policy=auto-movable";
    for (const std::string state : {"offline", "online", "online_kernel", "online_movable"}) {
        EXPECT_TRUE(some_command_line_has({"memhp_default_state=" + state})) << state;
    }
    for (const std::string ratio : {"100", "301", "1000"}) {
        EXPECT_TRUE(some_command_line_has({kAuto, "memory_hotplug.auto_movable_ratio=" + ratio})) << ratio;
    }
    EXPECT_TRUE(some_command_line_has({kAuto, "memory_hotplug.auto_movable_numa_aware=0"}));
    EXPECT_TRUE(some_command_line_has({kAuto, "memory_hotplug.auto_movable_numa_aware=1"}));
    EXPECT_TRUE(some_command_line_has({"memory_hotplug.memmap_on_memory=1"}));
    EXPECT_TRUE(some_command_line_has({"movablecore=1024M"}));
    EXPECT_TRUE(some_command_line_has({"movable_node"}));
}

std::bitset<kRuleCount> rules_of_recordings() {
    std::bitset<kRuleCount> spoken;
    for (const auto& file : test::recordings()) spoken |= replay_file(file).rules;
    for (const auto& file : test::sessions()) spoken |= replay_file(file).rules;
    return spoken;
}

// `recorded` is a claim that `memhotctl rules` prints: neither less nor more than what the recordings show.
TEST(Recordings, are_what_the_rules_claim) {
    const auto spoken = rules_of_recordings();
    for (const Rule& row : rules()) {
        if (row.kind != RuleKind::check) continue;
        EXPECT_EQ(row.recorded, spoken[static_cast<std::size_t>(row.rule)]) << row.id;
    }
}

}   // namespace
}   // namespace memhot
