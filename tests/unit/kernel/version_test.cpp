// SPDX-License-Identifier: GPL-2.0-or-later
//
// Upstream versions and names of architectures as text.
#include <gtest/gtest.h>

#include "memhot/profile.hpp"

namespace memhot {
namespace {

TEST(Version, TakesWhatKernelsCallThemselves) {
    const std::pair<const char*, Version> table[] = {
        {"6.1.190", {6, 1, 190}},
        {"6.1", {6, 1, 0}},
        {"6.12.107+deb13-arm64-16k", {6, 12, 107}},
        {"6.1.0-54-amd64", {6, 1, 0}},
        {"6.14-rc5", {6, 14, 0}},
        {"6.14.0-rc5", {6, 14, 0}},
        {"5.15.153.1-microsoft-standard-WSL2", {5, 15, 153}},
        {"5.14.el9", {5, 14, 0}},
    };
    for (const auto& [text, version] : table) {
        const auto parsed = parse_version(text);
        ASSERT_TRUE(parsed.ok()) << text << ": " << parsed.error().message();
        EXPECT_EQ(*parsed, version) << text;
    }
}

TEST(Version, RefusesWhatIsNone) {
    for (const char* text : {"", "6", "6.", "six.one", ".1", "-6.1", "+6.1", " 6.1", "6..1", "6.1.", "v6.1",
                             "4294967296.1", "6.99999999999", "6.1.4294967296"}) {
        const auto parsed = parse_version(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().kind(), ErrorKind::bad_input) << text;
        EXPECT_EQ(parsed.error().message(),
                  "\"" + std::string(text) +
                      "\" is not a kernel version: expected MAJOR.MINOR or MAJOR.MINOR.PATCH, "
                      "such as 6.12 or 6.1.190");
    }
}

TEST(Version, OrdersByNumberAndPrintsWithoutPatchZero) {
    EXPECT_LT((Version{6, 9, 0}), (Version{6, 12, 0}));
    EXPECT_LT((Version{5, 19, 17}), (Version{6, 0, 0}));
    EXPECT_LT((Version{6, 1, 9}), (Version{6, 1, 54}));
    EXPECT_EQ(to_string(Version{6, 1, 190}), "6.1.190");
    EXPECT_EQ(to_string(Version{6, 12, 0}), "6.12");
}

TEST(Arch, TakesTheNamesOfUnameAndOfDebian) {
    const std::pair<const char*, Arch> table[] = {
        {"x86_64", Arch::x86_64},       {"amd64", Arch::x86_64},    {"aarch64", Arch::arm64},
        {"arm64", Arch::arm64},         {"ppc64le", Arch::ppc64},   {"ppc64", Arch::ppc64},
        {"powerpc64le", Arch::ppc64},   {"powerpc64", Arch::ppc64}, {"ppc64el", Arch::ppc64},
        {"s390x", Arch::s390x},         {"riscv64", Arch::riscv64}, {"loongarch64", Arch::loongarch64},
        {"loong64", Arch::loongarch64},
    };
    for (const auto& [text, arch] : table) {
        const auto parsed = parse_arch(text);
        ASSERT_TRUE(parsed.ok()) << text;
        EXPECT_EQ(*parsed, arch) << text;
    }
}

TEST(Arch, NamesWhatItExpects) {
    for (const char* text : {"", "i686", "X86_64", "armv7l", "x86_64 "}) {
        const auto parsed = parse_arch(text);
        ASSERT_FALSE(parsed.ok()) << text;
        EXPECT_EQ(parsed.error().kind(), ErrorKind::bad_input);
        EXPECT_EQ(parsed.error().message(), "\"" + std::string(text) +
                                                "\" is not an architecture with rules here: expected x86_64, arm64, "
                                                "ppc64, s390x, riscv64 or loongarch64");
    }
}

TEST(Arch, ItsOwnNameIsReadBack) {
    for (const auto arch : {Arch::x86_64, Arch::arm64, Arch::ppc64, Arch::s390x, Arch::riscv64, Arch::loongarch64}) {
        const auto parsed = parse_arch(to_string(arch));
        ASSERT_TRUE(parsed.ok()) << to_string(arch);
        EXPECT_EQ(*parsed, arch);
    }
}

}   // namespace
}   // namespace memhot
