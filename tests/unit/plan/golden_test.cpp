// SPDX-License-Identifier: GPL-2.0-or-later
//
// tests/golden/plans/*.txt: the first line names the host (support/golden_host.hpp), the second what is wanted, the rest is
// what the plan says. MEMHOT_WRITE_GOLDEN=1 writes them anew, to be read before they are committed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "memhot/plan.hpp"
#include "support/golden_host.hpp"

namespace memhot {
namespace {

std::string read(const std::filesystem::path& path) {
    std::ifstream in(path);
    std::stringstream text;
    text << in.rdbuf();
    return text.str();
}

std::string answer(const std::string& host, const std::string& wanted) {
    const auto snapshot = test::golden_host(host);
    if (!snapshot) return "snapshot: " + snapshot.error().message() + "\n";
    const auto wish = parse_wish(test::words_in(wanted));
    if (!wish) return "error: " + wish.error().message() + "\n";
    EXPECT_EQ(to_string(*wish), wanted);
    const auto plan = make_plan(*snapshot, *wish);
    if (!plan) return "error: " + plan.error().message() + "\n";
    const auto stale = is_stale(*plan, *snapshot);
    EXPECT_TRUE(stale && stale->empty()) << wanted;
    return to_text(*plan);
}

TEST(GoldenPlans, say_what_was_read_and_judged) {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(MEMHOT_SOURCE_DIR "/tests/golden/plans")) {
        if (entry.path().extension() != ".txt") continue;
        ++count;
        const std::string text = read(entry.path());
        std::istringstream in(text);
        std::string host;
        std::string wanted;
        std::getline(in, host);
        std::getline(in, wanted);
        const std::string said = host + "\n" + wanted + "\n\n" + answer(host, wanted);
        if (std::getenv("MEMHOT_WRITE_GOLDEN") != nullptr) {
            std::ofstream(entry.path()) << said;
        } else {
            EXPECT_EQ(said, text) << entry.path();
        }
    }
    EXPECT_GE(count, 40U);
}

// Of every step that loses data, by its verdict, the plan names the device; here worked out by other means than the
// plan's own last look.
TEST(GoldenPlans, name_what_their_steps_destroy) {
    std::size_t losses = 0;
    for (const auto& entry : std::filesystem::directory_iterator(MEMHOT_SOURCE_DIR "/tests/golden/plans")) {
        std::istringstream in(read(entry.path()));
        std::string host;
        std::string wanted;
        std::getline(in, host);
        std::getline(in, wanted);
        const auto wish = parse_wish(test::words_in(wanted));
        const auto snapshot = test::golden_host(host);
        if (!wish || !snapshot) continue;
        const auto plan = make_plan(*snapshot, *wish);
        if (!plan) continue;
        std::set<std::string> named;
        for (const auto& loss : plan->destroys()) named.insert(loss.device);
        for (const auto& refusal : plan->refusals) EXPECT_NE(refusal.rule, RuleId::plan_unnamed_loss) << wanted;
        for (const auto& step : plan->steps) {
            for (const auto& change : step.verdict.changes) {
                for (const auto& value : change.values) {
                    if (value.name != "data" || value.text == "kept") continue;
                    ++losses;
                    const auto known =
                        std::ranges::find(snapshot->nvdimm->dax_devices, change.device, &DaxDeviceRecord::name);
                    const bool was_memory = known != snapshot->nvdimm->dax_devices.end() && known->driver == "kmem";
                    EXPECT_TRUE(was_memory || named.contains(change.device)) << wanted << ": " << change.device;
                }
            }
        }
    }
    EXPECT_GE(losses, 10U);
}

}   // namespace
}   // namespace memhot
