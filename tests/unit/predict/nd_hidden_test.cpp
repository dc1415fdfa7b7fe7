// SPDX-License-Identifier: GPL-2.0-or-later
//
// A namespace that is disabled hides its info block: what it becomes when it is enabled is not told. tests/vm recorded
// how a 6.1 kernel shows one that was devdax: mode "raw", no instance, but holder_class "dax".
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "memhot/nd_command.hpp"
#include "unit/doctor/host.hpp"

namespace memhot {
namespace {

using testing::Contains;
using testing::HasSubstr;

constexpr std::string_view kEnable = "ndctl enable-namespace namespace0.0";

Snapshot disabled(std::string_view holder_class) {
    Snapshot host = test::healthy_host();
    test::disable(host);
    host.nvdimm->info_blocks.clear();
    auto& ns = test::first_namespace(host);
    ns.mode = "raw";
    ns.holder_class = holder_class;
    return host;
}

Verdict answer(const Snapshot& host, std::string_view command) {
    auto profile = host.profile();
    EXPECT_TRUE(profile);
    auto verdicts = predict(host, std::make_shared<const KernelProfile>(*profile), {split_command(command)});
    EXPECT_TRUE(verdicts);
    return std::move(verdicts->front());
}

const std::vector<Value>& values(const Verdict& verdict, std::string_view device) {
    static const std::vector<Value> kNone;
    for (const auto& change : verdict.changes) {
        if (change.device == device) return change.values;
    }
    ADD_FAILURE() << device << " does not change";
    return kNone;
}

std::vector<std::string> names(const std::vector<Value>& values) {
    std::vector<std::string> out;
    for (const auto& value : values) out.push_back(value.name);
    return out;
}

TEST(NdHidden, the_mode_is_not_told_where_labels_speak_of_an_info_block) {
    const Verdict verdict = answer(disabled("dax"), kEnable);
    EXPECT_TRUE(verdict.outcome.accepted());
    EXPECT_THAT(names(values(verdict, "namespace0.0")), testing::ElementsAre("resource", "size", "state", "data"));
    EXPECT_THAT(verdict.assumptions, Contains(HasSubstr("namespace0.0 is disabled and its holder_class says dax")));
}

TEST(NdHidden, a_namespace_that_no_label_calls_so_is_taken_as_raw) {
    const Verdict verdict = answer(disabled(""), kEnable);
    EXPECT_THAT(names(values(verdict, "namespace0.0")), Contains("mode"));
    EXPECT_THAT(verdict.assumptions, Contains(HasSubstr("taken as none")));
}

// ndctl zeroes whatever is there before it writes its own.
TEST(NdHidden, after_a_reconfiguration_everything_is_known) {
    const Verdict verdict = answer(disabled("dax"), "ndctl create-namespace -e namespace0.0 -m fsdax -M mem");
    EXPECT_THAT(names(values(verdict, "namespace0.0")), Contains("data_offset"));
}

// Without labels there is nothing else to destroy: ndctl counts the namespace where it found an info block to zero
// (ndctl/namespace.c: zero_info_block(), namespace_destroy()); tests/vm met it on 6.1 (random:801:40).
TEST(NdHidden, ndctl_counts_the_info_block_that_it_zeroes) {
    for (const auto* holder_class : {"", "dax"}) {
        Snapshot host = disabled(holder_class);
        auto& region = host.nvdimm->regions.front();
        region.nstype = 4;
        region.mappings.clear();
        region.available_size.reset();
        host.nvdimm->namespaces.resize(1);
        host.nvdimm->namespaces.front().nstype = 4;
        host.nvdimm->namespaces.front().size = region.size;
        const Verdict verdict = answer(host, "ndctl destroy-namespace namespace0.0");
        const char* count = *holder_class == '\0' ? "destroyed 0 namespaces" : "destroyed 1 namespace";
        EXPECT_THAT(verdict.prints, Contains(count)) << holder_class;
    }
}

// A file without any record of the buses says nothing of them; one that was looked at has none.
TEST(Rule, nd_not_captured) {
    Snapshot host = test::healthy_host();
    host.nvdimm.reset();
    for (const auto* command : {"ndctl create-namespace", "daxctl online-memory all"}) {
        const Verdict verdict = answer(host, command);
        EXPECT_EQ(verdict.outcome.rule, RuleId::nd_not_captured);
        EXPECT_EQ(exit_status(verdict), 8);
    }
    host.nvdimm.emplace();
    EXPECT_EQ(answer(host, "ndctl destroy-namespace namespace0.0").outcome.rule, RuleId::ndctl_no_such);
}

}   // namespace
}   // namespace memhot
