// SPDX-License-Identifier: GPL-2.0-or-later
//
// What of the live target can be tested without devices: saved files, and that nothing that is not there is touched. The
// calls themselves run in tests/vm.
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "execute/live_target.hpp"
#include "execute/saved_file.hpp"

namespace memhot::execute {
namespace {

namespace fs = std::filesystem;

class Saving : public testing::Test {
protected:
    void SetUp() override {
        std::string name = (fs::temp_directory_path() / "memhot-save-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        top = name;
    }
    void TearDown() override { fs::remove_all(top); }
    static std::string text_of(const fs::path& path) {
        std::ifstream file(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    static unsigned mode_of(const fs::path& path) {
        struct stat status{};
        EXPECT_EQ(::stat(path.c_str(), &status), 0);
        return status.st_mode & 07777;
    }
    fs::path top;
};

TEST_F(Saving, is_for_the_owner_only_and_whole) {
    const std::string bytes("labels\0behind a zero", 20);
    ASSERT_TRUE(save_file(top / "job1", "nmem0.labels", bytes).ok());
    EXPECT_EQ(text_of(top / "job1/nmem0.labels"), bytes);
    EXPECT_EQ(mode_of(top / "job1"), 0700U);
    EXPECT_EQ(mode_of(top / "job1/nmem0.labels"), 0600U);
    EXPECT_EQ(std::distance(fs::directory_iterator(top / "job1"), {}), 1);   // no part of it is left
}

// The second copy may be one of what the job has made of it: it stands beside the first.
TEST_F(Saving, keeps_the_first_copy) {
    for (const char* bytes : {"as it was", "as it is", "as it was", "as it is"}) {
        EXPECT_TRUE(save_file(top / "job1", "namespace0.0.info", bytes).ok()) << "the same again is no harm";
    }
    EXPECT_EQ(text_of(top / "job1/namespace0.0.info"), "as it was");
    EXPECT_EQ(text_of(top / "job1/namespace0.0.info.2"), "as it is");
    EXPECT_EQ(std::distance(fs::directory_iterator(top / "job1"), {}), 2);
}

TEST_F(Saving, behind_a_crash_in_the_middle_it_is_done_again) {
    ASSERT_TRUE(save_file(top / "job1", "other", "x").ok());
    std::ofstream(top / "job1/nmem0.labels.part") << "half of a long, long label area";
    ASSERT_TRUE(save_file(top / "job1", "nmem0.labels", "whole").ok());
    EXPECT_EQ(text_of(top / "job1/nmem0.labels"), "whole");
}

TEST_F(Saving, a_directory_that_cannot_be_made_is_told) {
    std::ofstream(top / "file") << "no directory";
    const Attempt attempt = save_file(top / "file" / "job1", "x", "y");
    EXPECT_FALSE(attempt.ok());
    EXPECT_NE(attempt.text.find((top / "file/job1").string()), std::string::npos) << attempt.text;
}

TEST_F(Saving, devices_that_are_not_there_leave_no_file) {
    LiveTarget target((top / "job1").string());
    const Attempt labels = target.carry_out(SaveAction{SaveAction::What::labels, "nmem4711"});
    EXPECT_EQ(labels.error, ENODEV);
    EXPECT_EQ(labels.text, "there is no nmem4711");
    EXPECT_EQ(target.carry_out(SaveAction{SaveAction::What::info_block, "namespace4711.0"}).error, ENODEV);
    EXPECT_FALSE(fs::exists(top / "job1"));
}

TEST_F(Saving, a_file_that_is_not_there_is_an_answer) {
    LiveTarget target((top / "job1").string());
    const Attempt attempt = target.carry_out(WriteAction{"/sys/devices/system/memory/memory4000000/state", "online"});
    EXPECT_EQ(attempt.error, ENOENT);
    EXPECT_EQ(attempt.text, "opening /sys/devices/system/memory/memory4000000/state");
}

// A host of which nothing else can be read: what is expected of a block is seen in its own files.
TEST_F(Saving, a_block_that_is_as_expected_needs_no_look_at_the_whole_host) {
    const fs::path block = top / "sys/devices/system/memory/memory40";
    fs::create_directories(block / "node1");
    const auto put = [&](const char* file, const char* text) { std::ofstream(block / file) << text; };
    FileTarget target(top.string(), true);
    const auto sees = [&](const std::string& value) {
        const auto seen = target.look({Fact::Kind::block, "memory40", value});
        return seen.ok() && *seen && **seen == value;
    };
    put("state", "online\n");
    put("valid_zones", "Movable\n");
    EXPECT_TRUE(sees("online, node1, zones Movable"));
    EXPECT_FALSE(sees("online, node1, zones Normal"));
    EXPECT_FALSE(sees("online, node0, zones Movable"));
    EXPECT_FALSE(sees("offline, node1"));
    put("state", "offline\n");
    put("valid_zones", "Normal Movable\n");
    EXPECT_TRUE(sees("offline, node1"));
    EXPECT_FALSE(sees("online, node1, zones Movable"));
    put("state", "going-offline\n");
    EXPECT_FALSE(sees("offline, node1"));
}

}   // namespace
}   // namespace memhot::execute
