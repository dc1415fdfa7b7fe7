// SPDX-License-Identifier: GPL-2.0-or-later
//
// Recordings come plain or as .xz; what is damaged, cut off or too large is refused.
#include "replay/xz.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "memhot/units.hpp"

namespace memhot {
namespace {

class Xz : public testing::Test {
protected:
    void SetUp() override {
        directory_ = std::filesystem::temp_directory_path() / ("memhot-xz-" + std::to_string(::getpid()));
        std::filesystem::create_directories(directory_);
    }
    void TearDown() override { std::filesystem::remove_all(directory_); }

    std::string write(const std::string& name, const std::string& bytes) {
        const auto path = directory_ / name;
        std::ofstream(path, std::ios::binary) << bytes;
        return path.string();
    }
    static std::string recording() {
        const std::string path = std::string(MEMHOT_SOURCE_DIR) + "/tests/replay/recordings/6.12-arm64-16k-4.json.xz";
        std::ifstream in(path, std::ios::binary);
        return {std::istreambuf_iterator<char>(in), {}};
    }

private:
    std::filesystem::path directory_;
};

TEST_F(Xz, plain_text_comes_as_it_is) {
    const auto text = read_file_or_xz(write("plain", "{}\n"), kMiB);
    ASSERT_TRUE(text);
    EXPECT_EQ(*text, "{}\n");
}

TEST_F(Xz, packed_text_is_unpacked) {
    const std::string packed = recording();
    ASSERT_GT(packed.size(), 100U);
    const auto once = read_file_or_xz(write("a.xz", packed), kMiB);
    ASSERT_TRUE(once);
    EXPECT_TRUE(once->starts_with("{"));
    const auto twice = read_file_or_xz(write("b.xz", packed + packed), kMiB);   // streams may follow each other
    ASSERT_TRUE(twice);
    EXPECT_EQ(*twice, *once + *once);
}

TEST_F(Xz, damage_is_noticed) {
    const std::string packed = recording();
    for (const std::size_t size : {6UL, 12UL, packed.size() / 2, packed.size() - 1}) {
        const auto cut = read_file_or_xz(write("cut.xz", packed.substr(0, size)), kMiB);
        ASSERT_FALSE(cut) << size;
        EXPECT_EQ(cut.error().kind(), ErrorKind::bad_input);
    }
    std::string flipped = packed;
    flipped[packed.size() / 2] = static_cast<char>(flipped[packed.size() / 2] ^ 1);
    EXPECT_FALSE(read_file_or_xz(write("flipped.xz", flipped), kMiB));
}

TEST_F(Xz, size_is_limited_before_and_after_unpacking) {
    EXPECT_FALSE(read_file_or_xz(write("large", std::string(2 * kMiB, 'x')), kMiB));
    const auto text = read_file_or_xz(write("packed.xz", recording()), 1000);
    ASSERT_FALSE(text);
    EXPECT_NE(text.error().message().find("larger"), std::string::npos);
}

}   // namespace
}   // namespace memhot
