// SPDX-License-Identifier: GPL-2.0-or-later
//
// What release strings say and hide. The pairs of Debian's names and versions are those of its changelogs and packages.
#include <gtest/gtest.h>

#include "kernel/tables.hpp"

namespace memhot::kernel {
namespace {

TEST(DebianRelease, NamesThatHideTheirVersion) {
    const std::pair<const char*, Version> table[] = {
        {"5.3.0-1-amd64", {5, 3, 7}},
        {"5.4.0-4-amd64", {5, 4, 19}},
        {"5.10.0-5-amd64", {5, 10, 26}},
        {"5.10.0-8-amd64", {5, 10, 46}},
        {"5.10.0-9-amd64", {5, 10, 70}},
        {"5.10.0-21-amd64", {5, 10, 162}},
        {"5.10.0-32-amd64", {5, 10, 223}},
        {"5.10.0-33-cloud-amd64", {5, 10, 226}},
        {"5.10.0-46-amd64", {5, 10, 262}},
        {"5.18.0-4-amd64", {5, 18, 16}},
        {"6.0.0-6-amd64", {6, 0, 12}},
        {"6.1.0-9-arm64", {6, 1, 27}},
        {"6.1.0-10-amd64", {6, 1, 38}},
        {"6.1.0-11-amd64", {6, 1, 38}},
        {"6.1.0-21-amd64", {6, 1, 90}},
        {"6.1.0-38-amd64", {6, 1, 147}},
        {"6.1.0-39-amd64", {6, 1, 148}},
        {"6.1.0-48-amd64", {6, 1, 172}},
        {"6.1.0-53-rt-amd64", {6, 1, 187}},
        {"6.1.0-54-amd64", {6, 1, 190}},
        {"6.1.0-54-s390x", {6, 1, 190}},
        {"6.1.0-56-amd64", {6, 1, 192}},
        {"6.5.0-5-amd64", {6, 5, 13}},
        {"6.1.0-0.deb11.21-amd64", {6, 1, 90}},
        {"5.10.0-0.deb10.16-amd64", {5, 10, 127}},
        {"6.5.0-0.deb12.4-amd64", {6, 5, 10}},
    };
    for (const auto& [release, version] : table) {
        const auto parts = parse_release(release);
        ASSERT_TRUE(parts.ok()) << release;
        EXPECT_EQ(parts->version, version) << release;
        EXPECT_FALSE(parts->hides_patch) << release;
        EXPECT_TRUE(parts->debian) << release;
    }
}

TEST(DebianRelease, NamesThatCarryTheirVersion) {
    const auto plain = parse_release("6.12.95+deb12-amd64");
    ASSERT_TRUE(plain.ok());
    EXPECT_EQ(plain->version, (Version{6, 12, 95}));
    EXPECT_EQ(plain->arch, Arch::x86_64);
    EXPECT_EQ(plain->page_size, std::nullopt);
    EXPECT_TRUE(plain->debian);
    EXPECT_FALSE(plain->hides_patch);

    const auto large = parse_release("6.12.107+deb13-arm64-16k");
    ASSERT_TRUE(large.ok());
    EXPECT_EQ(large->version, (Version{6, 12, 107}));
    EXPECT_EQ(large->arch, Arch::arm64);
    EXPECT_EQ(large->page_size, 16384U);

    EXPECT_TRUE(parse_release("6.11.10-amd64")->debian);
    EXPECT_EQ(parse_release("7.2.12+deb13-amd64")->version, (Version{7, 2, 12}));
}

// Debian's ppc64el went from 64K to 4K pages, with a flavour for those who want 64K.
TEST(DebianRelease, PowerPagesDependOnTheVersion) {
    EXPECT_EQ(parse_release("6.1.0-54-powerpc64le")->page_size, 65536U);
    EXPECT_EQ(parse_release("6.9.12-powerpc64le")->page_size, 65536U);
    EXPECT_EQ(parse_release("6.12.107+deb13-powerpc64le")->page_size, 4096U);
    EXPECT_EQ(parse_release("6.12.107+deb13-powerpc64le-64k")->page_size, 65536U);
}

TEST(DebianRelease, NamesThatAreNotKnown) {
    for (const char* release : {"6.1.0-99-amd64", "6.1.0-57-amd64", "6.1.0-0-amd64", "6.1.0-0.deb11.39-amd64",
                                "5.10.0-47-amd64", "6.2.0-1-amd64", "6.1.0-trunk-amd64"}) {
        const auto parts = parse_release(release);
        ASSERT_TRUE(parts.ok()) << release;
        EXPECT_TRUE(parts->hides_patch) << release;
        EXPECT_EQ(debian_version(release), std::nullopt) << release;
    }
}

TEST(DebianRelease, AnotherDistributionsCountIsNotDebians) {
    for (const char* release : {"5.15.0-3-generic", "6.1.0-21-oem", "5.10.0-32", "5.10.0-32-default"}) {
        const auto parts = parse_release(release);
        ASSERT_TRUE(parts.ok()) << release;
        EXPECT_FALSE(parts->debian) << release;
        EXPECT_TRUE(parts->hides_patch) << release;
        EXPECT_EQ(parts->version.patch, 0U) << release;
    }
}

TEST(Release, PatchLevelsThatAreShownAreNotHidden) {
    for (const char* release : {"6.9.3-arch1-1", "6.8.9-300.fc40.x86_64", "5.15.153.1-microsoft-standard-WSL2",
                                "6.6.31+rpt-rpi-v8", "6.1", "6.1.0", "6.14.0-rc5", "6.1.190", "6.12-16k"}) {
        const auto parts = parse_release(release);
        ASSERT_TRUE(parts.ok()) << release;
        EXPECT_FALSE(parts->hides_patch) << release;
        EXPECT_FALSE(parts->enterprise) << release;
        EXPECT_FALSE(parts->debian) << release;
    }
}

TEST(Release, EnterpriseKernelsAreTold) {
    for (const char* release : {"5.14.0-427.13.1.el9_4.x86_64", "4.18.0-553.el8_10.x86_64", "5.14.0-70.el9.aarch64+64k",
                                "6.4.0-150600.23.25-default", "5.14.21-150500.55.7-default"}) {
        const auto parts = parse_release(release);
        ASSERT_TRUE(parts.ok()) << release;
        EXPECT_TRUE(parts->enterprise) << release;
    }
    EXPECT_EQ(parse_release("5.14.0-70.el9.aarch64+64k")->page_size, 65536U);
}

TEST(Release, GarbageIsRefused) {
    for (const char* release : {"", "linux", "amd64", "6", "-54-amd64", "\xff\xfe", "6.x"})
        EXPECT_FALSE(parse_release(release).ok()) << release;
}

TEST(Release, OddEndsAreHarmless) {
    for (const char* release : {"6.1.0-", "6.1.0--", "6.1.0-54-", "6.1.0+", "6.1.0-.", "6.1.0-99999999999999-amd64"})
        EXPECT_TRUE(parse_release(release).ok()) << release;
    EXPECT_FALSE(parse_release("6.1.0-")->hides_patch);
    EXPECT_TRUE(parse_release("6.1.0-99999999999999-amd64")->hides_patch);
}

TEST(Series, AreContiguousAndEndWithTheNewest) {
    const auto series = known_series();
    ASSERT_FALSE(series.empty());
    EXPECT_EQ((Version{series.front().major, series.front().first_minor, 0}), kOldest);
    EXPECT_EQ((Version{series.back().major, series.back().last_minor, 0}), kNewest);
    for (std::size_t i = 1; i < series.size(); ++i) {
        EXPECT_EQ(series[i].major, series[i - 1].major + 1);
        EXPECT_EQ(series[i].first_minor, 0U);
    }
}

}   // namespace
}   // namespace memhot::kernel
