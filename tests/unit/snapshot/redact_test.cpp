// SPDX-License-Identifier: GPL-2.0-or-later
//
// capture --redact: nothing of the host's addresses, serial numbers and names is left, and it is a snapshot still.
#include <gtest/gtest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <regex>
#include <set>

#include "memhot/snapshot.hpp"

namespace memhot {
namespace {

// Every text in a document.
void texts_of(const nlohmann::json& value, std::set<std::string>& out) {
    if (value.is_string()) out.insert(value.get<std::string>());
    for (const auto& inside : value) {
        if (value.is_structured()) texts_of(inside, out);
    }
}

// What must not be told: addresses as iomem and JSON write them, uuids, and the ids of parts.
std::set<std::string> secrets_of(const Snapshot& snapshot) {
    std::set<std::string> out;
    std::set<std::string> texts;
    texts_of(nlohmann::json::parse(to_json(snapshot)), texts);
    const std::regex address("0x[0-9a-f]{5,}|[0-9a-f]{8,}(?=-[0-9a-f]{8})|(?!^)\\b[0-9a-f]{8,}(?= : )");
    const std::regex uuid("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    for (const auto& text : texts) {
        for (const auto* pattern : {&address, &uuid}) {
            for (std::sregex_iterator it(text.begin(), text.end(), *pattern), end; it != end; ++it) {
                const std::string found = it->str();
                if (found.find_first_not_of("0x-") != std::string::npos) out.insert(found);
            }
        }
    }
    if (snapshot.nvdimm) {
        for (const auto& dimm : snapshot.nvdimm->dimms) out.insert(dimm.id);
        for (const auto& ns : snapshot.nvdimm->namespaces) out.insert(ns.alt_name);
    }
    out.insert(snapshot.hostname);
    out.erase("");
    return out;
}

class Redact : public testing::TestWithParam<const char*> {};

TEST_P(Redact, LeavesNothingOfAddressesAndNames) {
    auto snapshot = load_snapshot(std::string(MEMHOT_TEST_DATA) + "/" + GetParam());
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message();
    snapshot->hostname = "kept-secret.example.org";
    snapshot->cmdline =
        "root=UUID=9a1c52d8-3333-4444-8888-0123456789ab memmap=64M!0x30000000 memhp_default_state=offline";
    snapshot->udev_rules = {{"/etc/udev/rules.d/1.rules", 1,
                             "SUBSYSTEM==\"memory\", ATTR{uuid}==\"e36be3b4-ada6-4a45-9de4-d3d808fdc2f0\", "
                             "ATTR{resource}==\"0x100000000\", ATTR{state}=\"online\""}};
    const auto secrets = secrets_of(*snapshot);
    EXPECT_GT(secrets.size(), 10U);
    const std::string text = to_json(redacted(*snapshot));
    for (const auto& secret : secrets) EXPECT_EQ(text.find(secret), std::string::npos) << secret;

    const auto back = snapshot_from_json(text);
    ASSERT_TRUE(back.ok()) << back.error().message();
    EXPECT_EQ(back->blocks, snapshot->blocks);
    EXPECT_EQ(back->cmdline, "memhp_default_state=offline");
    EXPECT_EQ(back->udev_rules.at(0).text.substr(0, 19), "SUBSYSTEM==\"memory\"");
    EXPECT_EQ(back->nvdimm.has_value(), snapshot->nvdimm.has_value());
}

INSTANTIATE_TEST_SUITE_P(Hosts, Redact,
                         testing::Values("nvdimm-host.json", "cxl-host.json", "dimm-host.json", "hmem-host.json",
                                         "demo-pmem-host.json"));

// What referred to each other by uuid still does, and two are two.
TEST(RedactedNames, AreKeptApart) {
    const auto snapshot = load_snapshot(MEMHOT_TEST_DATA "/nvdimm-host.json");
    ASSERT_TRUE(snapshot.ok());
    const auto& before = *snapshot->nvdimm;
    const auto after = *redacted(*snapshot).nvdimm;
    ASSERT_EQ(after.namespaces.size(), before.namespaces.size());
    std::set<std::string> uuids;
    std::size_t named = 0;
    for (std::size_t i = 0; i < after.namespaces.size(); ++i) {
        EXPECT_EQ(after.namespaces[i].uuid.size(), before.namespaces[i].uuid.size());
        EXPECT_EQ(after.namespaces[i].size, before.namespaces[i].size);
        if (after.namespaces[i].uuid.empty()) continue;
        ++named;
        uuids.insert(after.namespaces[i].uuid);
    }
    EXPECT_EQ(uuids.size(), named);
    EXPECT_GT(named, 3U);
    for (std::size_t i = 0; i < after.info_blocks.size(); ++i) {
        const auto of = std::ranges::find(before.namespaces, before.info_blocks[i].parent_uuid, &NamespaceRecord::uuid);
        if (of == before.namespaces.end()) continue;
        const auto at = static_cast<std::size_t>(of - before.namespaces.begin());
        EXPECT_EQ(after.info_blocks[i].parent_uuid, after.namespaces[at].uuid);
    }
}

}   // namespace
}   // namespace memhot
