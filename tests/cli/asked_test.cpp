// SPDX-License-Identifier: GPL-2.0-or-later
//
// What is asked on a terminal, and a host that changes while nobody has answered yet: what was confirmed is what is
// done, or nothing is.
#include <gmock/gmock.h>

#include "cli/terminal.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

using testing::HasSubstr;

// Boot memory in blocks 0-8, and a DIMM in blocks 32-35 of which none is online.
class Asked : public testing::Test {
protected:
    void SetUp() override {
        tree.file("proc/sys/kernel/osrelease", "6.12.95\n");
        tree.file("proc/sys/kernel/arch", "x86_64\n");
        tree.file("proc/iomem", "00001000-47ffffff : System RAM\n100000000-11fffffff : System RAM\n");
        tree.block_size("8000000");
        for (unsigned number = 0; number < 9; ++number) tree.block(number, "online", "DMA32", 0);
        for (unsigned number = 32; number < 36; ++number) tree.block(number, "offline", "Normal Movable", 0);
        tree.file(std::string(HostTree::kMemory) + "/auto_online_blocks", "offline\n");
    }
    [[nodiscard]] Words words(const std::string& text) const { return split("--root " + tree.root() + " " + text); }
    [[nodiscard]] Said run(const std::string& text) const { return memhotctl(words(text)); }
    [[nodiscard]] static std::string state_of(unsigned number) {
        return std::string(HostTree::kMemory) + "/memory" + std::to_string(number) + "/state";
    }
    [[nodiscard]] std::string written(unsigned number) const { return contents_of(tree.path(state_of(number))); }
    // Somebody else, with chmem or a udev rule.
    void somebody_writes(unsigned number, std::string_view state) const { tree.file(state_of(number), state); }
    // Asked, and answered with yes; meanwhile: what block 33 gets before the answer.
    [[nodiscard]] Said confirmed(const std::string& text, std::string_view meanwhile = {}) const {
        OnTerminal asked(words(text));
        EXPECT_TRUE(asked.shows("Carry it out? [y/N]"));
        if (!meanwhile.empty()) somebody_writes(33, meanwhile);
        asked.answer("y");
        return asked.end();
    }
    // Cuts the journal's end off until it says no more than that the job's first step is done.
    void forget_all_but_the_first_step() const {
        const std::string journal = tree.path("var/lib/memhot/journal");
        for (auto size = std::filesystem::file_size(journal); size > 0; --size) {
            std::filesystem::resize_file(journal, size);
            const auto steps = run("history 1 --json").json()["job"]["steps"];
            if (steps.is_array() && steps.size() == 2 && steps[1]["state"] == "untouched") return;
        }
    }

    HostTree tree;
};

TEST_F(Asked, yes_does_it_and_no_does_nothing) {
    OnTerminal refused(words("online memory32 --zone movable"));
    ASSERT_TRUE(refused.shows("Carry it out? [y/N]"));
    refused.answer("");
    const Said no = refused.end();
    EXPECT_EQ(no.status, 7);
    EXPECT_THAT(no.out, HasSubstr("would online memory32"));
    EXPECT_THAT(no.out, HasSubstr("nothing was changed"));
    EXPECT_EQ(written(32), "offline\n");
    OnTerminal wanted(words("online memory32 --zone movable"));
    ASSERT_TRUE(wanted.shows("Carry it out? [y/N]"));
    wanted.answer("y");
    EXPECT_EQ(wanted.end().status, 0);
    EXPECT_EQ(written(32), "online_movable");
}

TEST_F(Asked, what_is_destroyed_is_said_on_a_line_of_its_own) {
    OnTerminal asked(
        {"--snapshot", data("nvdimm-host.json"), "namespace", "reconfigure", "namespace0.0", "-m", "fsdax"});
    ASSERT_TRUE(asked.shows(".\r\nType namespace0.0 to go on: "));   // \r is the terminal's
    asked.answer("namespace0.0");
    const Said said = asked.end();
    EXPECT_EQ(said.status, 0) << said.out;
    EXPECT_THAT(said.out, HasSubstr("\r\nThis destroys all data of namespace0.0"));
}

TEST_F(Asked, a_plan_is_stale_where_its_block_has_changed_meanwhile) {
    const Said said = confirmed("online memory32-33 --zone movable", "online\n");
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.out, HasSubstr("refused: the plan is stale, what it relies on has changed:"));
    EXPECT_THAT(said.out, HasSubstr("memory33"));
    EXPECT_EQ(written(32), "offline\n");
    EXPECT_EQ(run("jobs").out, "");
}

TEST_F(Asked, a_rollback_does_what_was_shown_or_nothing) {
    ASSERT_EQ(run("online memory32-33 --zone movable -y").status, 0);
    const Said said = confirmed("rollback 1", "offline\n");
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.out, HasSubstr("the host has changed since this was shown; nothing was done"));
    EXPECT_EQ(written(32), "online_movable");
    const Said undone = confirmed("rollback 1");
    EXPECT_EQ(undone.status, 0) << undone.out;
    EXPECT_EQ(written(32), "offline");
    EXPECT_THAT(undone.out, HasSubstr("is as it was before: onlined memory33"));
}

TEST_F(Asked, a_resumed_job_does_what_was_shown_or_nothing) {
    ASSERT_EQ(run("online memory32-33 --zone movable -y").status, 0);
    forget_all_but_the_first_step();
    somebody_writes(33, "offline\n");
    const Said said = confirmed("resume 1", "online\n");
    EXPECT_EQ(said.status, 1);
    EXPECT_THAT(said.out, HasSubstr("the host has changed since this was shown; nothing was done"));
    EXPECT_EQ(written(33), "online\n");
    somebody_writes(33, "offline\n");
    const Said done = confirmed("resume 1");
    EXPECT_EQ(done.status, 0) << done.out;
    EXPECT_EQ(written(33), "online_movable");
}

}   // namespace
}   // namespace memhot::test
