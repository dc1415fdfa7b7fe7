// SPDX-License-Identifier: GPL-2.0-or-later
//
// memhot-snapshot(5) names every field that is written, and its example can be read.
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "memhot/snapshot.hpp"
#include "samples.hpp"
#include "support/host_tree.hpp"

namespace memhot {
namespace {

std::string manual() {
    std::ifstream in(MEMHOT_SOURCE_DIR "/man/memhot-snapshot.5");
    return {std::istreambuf_iterator<char>(in), {}};
}

void replace_all(std::string& text, std::string_view what, std::string_view with) {
    for (auto at = text.find(what); at != std::string::npos; at = text.find(what, at + with.size())) {
        text.replace(at, what.size(), with);
    }
}

TEST(SnapshotManual, NamesEveryField) {
    const auto page = manual();
    auto snapshot = test::full_snapshot();
    snapshot.udev_rules = {{"/etc/udev/rules.d/1.rules", 1, "x"}};
    auto document = nlohmann::json::parse(to_json(snapshot));
    const auto expect_named = [&](const nlohmann::json& object) {
        for (const auto& [name, value] : object.items()) EXPECT_NE(page.find(name), std::string::npos) << name;
    };
    expect_named(document);
    document["kernel"].erase("features");   // its names are the table of lib/kernel
    expect_named(document["kernel"]);
    for (const char* list : {"blocks", "zones", "udev_rules"}) expect_named(document[list][0]);
    EXPECT_NE(page.find("iomem_hidden"), std::string::npos);
    EXPECT_NE(page.find("memhot\\-snapshot/1"), std::string::npos);
}

TEST(SnapshotManual, ItsExampleIsASnapshot) {
    const auto page = manual();
    const auto start = page.find(".nf\n");
    const auto end = page.find(".fi\n");
    ASSERT_TRUE(start != std::string::npos && end != std::string::npos);
    auto example = page.substr(start + 4, end - start - 4);
    replace_all(example, "\\(dq", "\"");
    replace_all(example, "\\-", "-");
    replace_all(example, "\\en", "\\n");
    const auto snapshot = snapshot_from_json(example);
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message();
    EXPECT_EQ(snapshot->blocks->size(), 24U);
    EXPECT_EQ(snapshot->iomem, "00000000-bfffffff : System RAM\n");
}

}   // namespace
}   // namespace memhot
