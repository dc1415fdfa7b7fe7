// SPDX-License-Identifier: GPL-2.0-or-later
//
// A directory for the journals of one test: thousands of them, each on the disk before it goes on, so in memory where that
// can be.
#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string>

namespace memhot {

class Scratch : public testing::Test {
protected:
    void SetUp() override {
        namespace fs = std::filesystem;
        const fs::path where = ::access("/dev/shm", W_OK) == 0 ? fs::path("/dev/shm") : fs::temp_directory_path();
        std::string name = (where / "memhot-test-XXXXXX").string();
        ASSERT_NE(::mkdtemp(name.data()), nullptr);
        top = name;
    }
    void TearDown() override { std::filesystem::remove_all(top); }

    std::string top;
};

}   // namespace memhot
