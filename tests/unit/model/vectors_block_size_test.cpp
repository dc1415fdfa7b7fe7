// SPDX-License-Identifier: GPL-2.0-or-later
//
// The published vectors about the memory block size that x86_64 chooses at boot.
#include <gtest/gtest.h>

#include "memhot/profile.hpp"
#include "memhot/units.hpp"

namespace memhot {
namespace {

std::uint64_t block_size(Version version, std::uint64_t end, bool hypervisor) {
    ProfileRequest request;
    request.version = version;
    request.arch = Arch::x86_64;
    const auto profile = make_profile(request);
    EXPECT_TRUE(profile.ok());
    return boot_block_size(*profile, end, hypervisor);
}

constexpr std::uint64_t kEnd66and = 0x10a0000000;   // 66.5 GiB

TEST(Vector, Vector36_block_size_by_the_end_of_ram) {
    EXPECT_EQ(block_size({5, 8, 0}, kEnd66and, true), 512 * kMiB);
    EXPECT_EQ(block_size({5, 8, 0}, kEnd66and, false), 512 * kMiB);
    EXPECT_EQ(block_size({5, 9, 0}, kEnd66and, true), 512 * kMiB);
    EXPECT_EQ(block_size({5, 9, 0}, kEnd66and, false), 2 * kGiB);
}

TEST(Vector, Vector38_block_size_of_a_small_host) {
    for (const bool hypervisor : {false, true}) {
        EXPECT_EQ(block_size({5, 4, 0}, 63 * kGiB, hypervisor), 128 * kMiB);
        EXPECT_EQ(block_size({6, 12, 0}, 63 * kGiB, hypervisor), 128 * kMiB);
    }
}

}   // namespace
}   // namespace memhot
