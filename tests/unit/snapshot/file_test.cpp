// SPDX-License-Identifier: GPL-2.0-or-later
//
// Saving and loading: the file is whole or as it was.
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "memhot/snapshot.hpp"
#include "samples.hpp"
#include "snapshot/file.hpp"
#include "support/host_tree.hpp"

namespace memhot {
namespace {

using test::HostTree;
using testing::HasSubstr;

std::string slurp(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

std::size_t entries(const HostTree& tree) {
    return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(tree.root()), {}));
}

TEST(SnapshotFile, SavesAndLoads) {
    const HostTree tree;
    const auto snapshot = test::full_snapshot();
    ASSERT_TRUE(save_snapshot(snapshot, tree.path("host.json")).ok());
    EXPECT_EQ(slurp(tree.path("host.json")), to_json(snapshot));
    const auto loaded = load_snapshot(tree.path("host.json"));
    ASSERT_TRUE(loaded.ok()) << loaded.error().message();
    EXPECT_EQ(to_json(*loaded), to_json(snapshot));
    EXPECT_EQ(entries(tree), 1U);
    struct stat status{};
    ASSERT_EQ(::stat(tree.path("host.json").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST(SnapshotFile, ReplacesAFile) {
    const HostTree tree;
    tree.file("host.json", "old");
    ASSERT_TRUE(save_snapshot(test::full_snapshot(), tree.path("host.json")).ok());
    EXPECT_TRUE(load_snapshot(tree.path("host.json")).ok());
    EXPECT_EQ(entries(tree), 1U);
}

TEST(SnapshotFile, AFailedSaveLeavesTheOldFileAndNothingElse) {
    const HostTree tree;
    tree.file("host.json", "old");
    // In a process of its own: a limit on the size of files stands for a disk that is full.
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{100, 100};
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(2);
        const auto saved = save_snapshot(test::full_snapshot(), tree.path("host.json"));
        const bool refused =
            !saved.ok() && saved.error().message().find("host.json: File too large") != std::string::npos;
        ::_exit(refused ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    EXPECT_EQ(slurp(tree.path("host.json")), "old");
    EXPECT_EQ(entries(tree), 1U);
}

TEST(SnapshotFile, ADirectoryThatCannotBeWrittenIsNamed) {
    const HostTree tree;
    tree.file("host.json", "old");
    const test::Unprivileged unprivileged;
    const auto saved = save_snapshot(test::full_snapshot(), tree.path("host.json"));
    ASSERT_FALSE(saved.ok());
    EXPECT_EQ(saved.error().kind(), ErrorKind::not_permitted);
    EXPECT_THAT(saved.error().message(), HasSubstr("host.json: Permission denied"));
    EXPECT_EQ(slurp(tree.path("host.json")), "old");
}

TEST(SnapshotFile, ReplacesNothingButRegularFiles) {
    const HostTree tree;
    tree.directory("dir");
    ASSERT_EQ(::mkfifo(tree.path("fifo").c_str(), 0644), 0);
    tree.link("link", "/dev/null");
    for (const char* name : {"dir", "fifo", "link"}) {
        const auto saved = save_snapshot(test::full_snapshot(), tree.path(name));
        ASSERT_FALSE(saved.ok()) << name;
        EXPECT_THAT(saved.error().message(), HasSubstr("no regular file"));
    }
    EXPECT_THAT(save_snapshot({}, "").error().message(), HasSubstr("expected the name of a file"));
    EXPECT_THAT(save_snapshot({}, tree.path("x/")).error().message(), HasSubstr("expected the name of a file"));
    EXPECT_EQ(save_snapshot({}, tree.path("none/x")).error().kind(), ErrorKind::not_found);
    EXPECT_EQ(entries(tree), 3U);
}

TEST(SnapshotFile, LoadingNamesTheFile) {
    const HostTree tree;
    tree.file("garbage", "x");
    EXPECT_THAT(load_snapshot(tree.path("garbage")).error().message(),
                HasSubstr(tree.path("garbage") + ": snapshot: not JSON"));
    EXPECT_EQ(load_snapshot(tree.path("none")).error().kind(), ErrorKind::not_found);
    EXPECT_THAT(load_snapshot(tree.root()).error().message(), HasSubstr("Is a directory"));
    EXPECT_THAT(load_snapshot("/dev/zero").error().message(), HasSubstr("/dev/zero: longer than the 268435456 bytes"));
    tree.file("mine", to_json(test::full_snapshot()));
    ASSERT_EQ(::chmod(tree.path("mine").c_str(), 0), 0);
    const test::Unprivileged unprivileged;
    EXPECT_EQ(load_snapshot(tree.path("mine")).error().kind(), ErrorKind::not_permitted);
}

}   // namespace
}   // namespace memhot
