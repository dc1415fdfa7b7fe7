// SPDX-License-Identifier: GPL-2.0-or-later
//
// Profiles of hosts and of kernels that somebody names, and what is said where there is none.
#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>

#include "kernel/tables.hpp"
#include "memhot/units.hpp"

namespace memhot {
namespace {

using testing::HasSubstr;

KernelProfile x86_base() {
    ProfileRequest request;
    request.version = Version{6, 1, 0};
    return *make_profile(request);
}

Result<KernelProfile> named(std::string_view text) { return named_profile(text, x86_base()); }

std::string refusal(std::string_view text, ErrorKind kind) {
    const auto profile = named(text);
    if (profile.ok()) return "accepted as " + profile->name;
    EXPECT_EQ(profile.error().kind(), kind) << text;
    return profile.error().message();
}

// --- the kernels that were recorded ----------------------------------------------------------------------------------

struct Recorded {
    const char* release;
    const char* machine;
    Version version;
    Arch arch;
    std::uint64_t page_size;
    unsigned section_size_bits;
    unsigned max_physmem_bits;   // as the kernel said; x86 in a machine with five-level paging: 52
};
constexpr Recorded kRecorded[] = {
    {"5.10.0-32-amd64", "x86_64", {5, 10, 223}, Arch::x86_64, 4096, 27, 46},
    {"6.1.0-54-amd64", "x86_64", {6, 1, 190}, Arch::x86_64, 4096, 27, 52},
    {"6.12.95+deb12-amd64", "x86_64", {6, 12, 95}, Arch::x86_64, 4096, 27, 52},
    {"7.2.12+deb13-amd64", "x86_64", {7, 2, 12}, Arch::x86_64, 4096, 27, 52},
    {"6.12.107+deb13-arm64", "aarch64", {6, 12, 107}, Arch::arm64, 4096, 27, 48},
    {"6.12.107+deb13-arm64-16k", "aarch64", {6, 12, 107}, Arch::arm64, 16384, 27, 48},
    {"6.12.107+deb13-powerpc64le", "ppc64le", {6, 12, 107}, Arch::ppc64, 4096, 24, 51},
};

TEST(Profile, OfEveryRecordedKernelByItsName) {
    for (const auto& kernel : kRecorded) {
        const auto profile = named(kernel.release);
        ASSERT_TRUE(profile.ok()) << profile.error().message();
        EXPECT_EQ(profile->name, kernel.release);
        EXPECT_EQ(profile->release, kernel.release);
        EXPECT_EQ(profile->version, kernel.version) << kernel.release;
        EXPECT_EQ(profile->arch, kernel.arch) << kernel.release;
        EXPECT_EQ(profile->page_size, kernel.page_size) << kernel.release;
        EXPECT_EQ(profile->section_size_bits, kernel.section_size_bits) << kernel.release;
        EXPECT_EQ(profile->struct_page_size, 64U);
        if (kernel.arch != Arch::x86_64) {
            EXPECT_EQ(profile->max_physmem_bits, kernel.max_physmem_bits);
        }
    }
}

TEST(Profile, OfARecordedHostTakesWhatTheHostShows) {
    for (const auto& kernel : kRecorded) {
        ProfileRequest request;
        request.release = kernel.release;
        request.arch = *parse_arch(kernel.machine);
        request.page_size = kernel.page_size;
        request.max_physmem_bits = kernel.max_physmem_bits;
        if (request.arch == Arch::ppc64) request.found = {{Feature::hash_mmu, false}};
        const auto profile = make_profile(request);
        ASSERT_TRUE(profile.ok()) << profile.error().message();
        EXPECT_EQ(profile->version, kernel.version);
        EXPECT_EQ(profile->max_physmem_bits, kernel.max_physmem_bits);
        EXPECT_TRUE(profile->assumptions.empty()) << kernel.release << ": " << profile->assumptions.front();
    }
}

// What the recordings show of each kernel, message by message.
TEST(Profile, FeaturesThatRecordingsShow) {
    const auto v5_10 = *named("5.10.0-32-amd64");
    const auto v6_1 = *named("6.1.0-54-amd64");
    const auto v6_12 = *named("6.12.95+deb12-amd64");
    const auto v7_2 = *named("7.2.12+deb13-amd64");
    EXPECT_TRUE(v5_10.has(Feature::offlined_pages_message));
    EXPECT_FALSE(v6_1.has(Feature::offlined_pages_message));
    EXPECT_FALSE(v5_10.has(Feature::resource_message_prefix));
    EXPECT_TRUE(v6_1.has(Feature::resource_message_prefix));
    EXPECT_FALSE(v6_1.has(Feature::misaligned_end_hex));
    EXPECT_TRUE(v6_12.has(Feature::misaligned_end_hex));
    EXPECT_TRUE(v5_10.has(Feature::offline_and_remove_many));
    EXPECT_FALSE(v6_1.has(Feature::memmap_on_memory_split));
    EXPECT_TRUE(v6_12.has(Feature::memmap_on_memory_split));
    EXPECT_FALSE(v6_12.has(Feature::device_private));
    EXPECT_TRUE(v7_2.has(Feature::device_private));
    EXPECT_TRUE(named("6.12.107+deb13-arm64-16k")->has(Feature::arm64_partial_base_pages));
    EXPECT_TRUE(named("6.12.107+deb13-powerpc64le")->has(Feature::memory_probe));
    EXPECT_FALSE(v6_12.has(Feature::memory_probe));
}

// --- sizes -----------------------------------------------------------------------------------------------------------

TEST(Profile, SizesPerArchitectureAndPage) {
    struct Sizes {
        const char* name;
        std::uint64_t page, section, pmd, pageblock, max_order;
    };
    const Sizes table[] = {
        {"x86_64-6.12", 4 * kKiB, 128 * kMiB, 2 * kMiB, 2 * kMiB, 4 * kMiB},
        {"arm64-6.12", 4 * kKiB, 128 * kMiB, 2 * kMiB, 2 * kMiB, 4 * kMiB},
        {"arm64-6.12-16k", 16 * kKiB, 128 * kMiB, 32 * kMiB, 32 * kMiB, 32 * kMiB},
        {"arm64-6.12-64k", 64 * kKiB, 512 * kMiB, 512 * kMiB, 512 * kMiB, 512 * kMiB},
        {"arm64-5.10-64k", 64 * kKiB, kGiB, 512 * kMiB, 512 * kMiB, 512 * kMiB},
        {"ppc64-6.12", 64 * kKiB, 16 * kMiB, 2 * kMiB, 2 * kMiB, 16 * kMiB},
        {"ppc64-6.12-4k", 4 * kKiB, 16 * kMiB, 2 * kMiB, 2 * kMiB, 16 * kMiB},
        {"s390x-6.13", 4 * kKiB, 128 * kMiB, kMiB, kMiB, kMiB},
    };
    for (const auto& sizes : table) {
        const auto profile = named(sizes.name);
        ASSERT_TRUE(profile.ok()) << profile.error().message();
        EXPECT_EQ(profile->page_size, sizes.page) << sizes.name;
        EXPECT_EQ(profile->section_size(), sizes.section) << sizes.name;
        EXPECT_EQ(profile->pmd_size, sizes.pmd) << sizes.name;
        EXPECT_EQ(profile->pageblock_size, sizes.pageblock) << sizes.name;
        EXPECT_EQ(profile->max_order_size, sizes.max_order) << sizes.name;
        EXPECT_EQ(profile->pages_per_section(), sizes.section / sizes.page);
        EXPECT_EQ(profile->pages_per_subsection(), 2 * kMiB / sizes.page);
        EXPECT_EQ(profile->subsections_per_section(), sizes.section / (2 * kMiB));
    }
}

TEST(Profile, ImpossibleSizesAreRefused) {
    const auto refused = [](auto change) {
        ProfileRequest request;
        request.version = Version{6, 12, 0};
        change(request);
        const auto profile = make_profile(request);
        if (profile.ok()) return std::string("accepted");
        EXPECT_EQ(profile.error().kind(), ErrorKind::bad_input);
        return profile.error().message();
    };
    EXPECT_EQ(refused([](auto& r) { r.page_size = 16384; }), "x86_64 has no pages of 16384 bytes: expected 4096");
    EXPECT_EQ(refused([](auto& r) {
                  r.arch = Arch::arm64;
                  r.page_size = 0;
              }),
              "arm64 has no pages of 0 bytes: expected 4096 or 16384 or 65536");
    EXPECT_EQ(refused([](auto& r) { r.section_size_bits = 20; }),
              "a section of 2^20 bytes is impossible: expected 2^21 to 2^40");
    EXPECT_EQ(refused([](auto& r) { r.section_size_bits = 41; }),
              "a section of 2^41 bytes is impossible: expected 2^21 to 2^40");
    EXPECT_EQ(refused([](auto& r) { r.max_physmem_bits = 27; }),
              "27 bits of physical addresses are impossible: expected more than the 27 of a section, and at most 63");
    EXPECT_EQ(refused([](auto& r) { r.max_physmem_bits = 64; }),
              "64 bits of physical addresses are impossible: expected more than the 27 of a section, and at most 63");
    EXPECT_EQ(refused([](auto& r) { r.struct_page_size = 60; }),
              "a struct page of 60 bytes is impossible: expected a multiple of 8 from 32 to 512");
    EXPECT_EQ(refused([](auto& r) { r.struct_page_size = 0; }),
              "a struct page of 0 bytes is impossible: expected a multiple of 8 from 32 to 512");
}

// --- versions without rules ------------------------------------------------------------------------------------------

TEST(Profile, OlderThanTheOldestIsUnsupported) {
    for (const char* text : {"5.2", "5.2.21", "4.19.0-27-amd64", "4.4", "x86_64-4.14"})
        EXPECT_THAT(refusal(text, ErrorKind::unsupported),
                    HasSubstr("is older than 5.3, the oldest release with rules here"))
            << text;
    EXPECT_EQ(refusal("5.2.21", ErrorKind::unsupported),
              "Linux 5.2.21 is older than 5.3, the oldest release with rules here");
    EXPECT_TRUE(named("5.3").ok());
}

TEST(Profile, ArchitecturesWithoutRulesYet) {
    EXPECT_EQ(refusal("riscv64-6.1", ErrorKind::unsupported),
              "Linux 6.1 has no rules here for riscv64, whose memory hotplug in units of sub-sections began with 6.11");
    EXPECT_EQ(refusal("2017-v4", ErrorKind::unsupported), "the profile 2017-v4 has no rules here yet");
}

TEST(Profile, VersionsThatNeverWere) {
    EXPECT_EQ(refusal("6.20", ErrorKind::bad_input), "there is no Linux 6.20: 6.19 was the last of 6.x");
    EXPECT_EQ(refusal("5.20.1", ErrorKind::bad_input), "there is no Linux 5.20.1: 5.19 was the last of 5.x");
}

TEST(Profile, NewerThanTheNewestBehavesLikeItAndSaysSo) {
    for (const char* text : {"7.4", "8.0", "7.5.3+deb14-amd64"}) {
        const auto profile = named(text);
        ASSERT_TRUE(profile.ok()) << profile.error().message();
        ASSERT_FALSE(profile->assumptions.empty()) << text;
        EXPECT_THAT(profile->assumptions.front(),
                    HasSubstr("is newer than 7.3, the newest release with rules here, and behaves like it"));
        EXPECT_EQ(profile->features, named("7.3")->features) << text;
    }
    const auto update = named("7.3.9");
    ASSERT_TRUE(update.ok());
    EXPECT_THAT(update->assumptions, testing::Not(testing::Contains(HasSubstr("newer"))));
}

// --- ambiguous names -------------------------------------------------------------------------------------------------

TEST(NamedProfile, AMajorVersionIsSeveralKernels) {
    EXPECT_EQ(refusal("7", ErrorKind::ambiguous), "\"7\" is several kernels: say one of 7.0, 7.1, 7.2, 7.3");
    EXPECT_THAT(refusal("5", ErrorKind::ambiguous), HasSubstr("say one of 5.3, 5.4, "));
    EXPECT_THAT(refusal("6", ErrorKind::ambiguous), HasSubstr("6.18, 6.19"));
    EXPECT_THAT(refusal("arm64-7", ErrorKind::ambiguous), HasSubstr("say one of arm64-7.0, arm64-7.1"));
    EXPECT_THAT(refusal("4", ErrorKind::bad_input), HasSubstr("\"4\" is no kernel"));
}

TEST(NamedProfile, AnUnknownDebianNameNamesTheCandidatesAndHowToTell) {
    // which features it names grows with the table; these four were backported within 6.1.y
    const std::string text = refusal("6.1.0-99-amd64", ErrorKind::ambiguous);
    EXPECT_THAT(text, HasSubstr("\"6.1.0-99-amd64\" does not say its patch level, which decides direct_map_limit, "
                                "region_intersects_descends, direct_map_full, resource_message_prefix"));
    EXPECT_THAT(text, HasSubstr("say one of 6.1, 6.1.110, 6.1.113, 6.1.141, 6.1.160"));
    EXPECT_THAT(text, HasSubstr("the last of them that is not later than the version which `uname -v` shows"));
    EXPECT_THAT(refusal("6.1.0-99-arm64", ErrorKind::ambiguous), HasSubstr("6.1.132"));
    EXPECT_THAT(refusal("5.10.0-99-amd64", ErrorKind::ambiguous), HasSubstr("5.10.24, 5.10.185, 5.10.227"));
}

TEST(NamedProfile, AHiddenPatchLevelThatDecidesNothingIsNoMatter) {
    const auto ubuntu = named("6.8.0-31-generic");
    ASSERT_TRUE(ubuntu.ok()) << ubuntu.error().message();
    EXPECT_EQ(ubuntu->version, (Version{6, 8, 0}));
    EXPECT_EQ(ubuntu->arch, Arch::x86_64);
}

TEST(Profile, WhatWasFoundSettlesAHiddenPatchLevel) {
    ProfileRequest request;
    request.release = "5.15.0-91-generic";
    ASSERT_FALSE(make_profile(request).ok());
    EXPECT_EQ(make_profile(request).error().kind(), ErrorKind::ambiguous);
    request.found = {{Feature::region_intersects_descends, true}};
    const auto profile = make_profile(request);
    ASSERT_TRUE(profile.ok()) << profile.error().message();
    EXPECT_TRUE(profile->has(Feature::region_intersects_descends));
}

TEST(Profile, TheVersionThatIsKnownSettlesItToo) {
    ProfileRequest request;
    request.release = "6.1.0-99-amd64";
    request.version = Version{6, 1, 199};
    const auto profile = make_profile(request);
    ASSERT_TRUE(profile.ok()) << profile.error().message();
    EXPECT_EQ(profile->version, (Version{6, 1, 199}));
    EXPECT_EQ(profile->release, "6.1.0-99-amd64");
    EXPECT_FALSE(profile->has(Feature::device_private)) << "Debian's, although the name is not known";
}

TEST(NamedProfile, EnterpriseKernelsMustBeCompared) {
    EXPECT_EQ(
        refusal("5.14.0-427.13.1.el9_4.x86_64", ErrorKind::ambiguous),
        "\"5.14.0-427.13.1.el9_4.x86_64\" carries features of later releases than the 5.14 in its name: say which "
        "upstream release it behaves like, for example --kernel 7.3");
    EXPECT_THAT(refusal("4.18.0-553.el8_10.x86_64", ErrorKind::ambiguous), HasSubstr("later releases than the 4.18"));
}

// --- garbage ---------------------------------------------------------------------------------------------------------

TEST(NamedProfile, GarbageIsRefusedWithWhatIsExpected) {
    for (const char* text :
         {"", " ", "foo", "6.", "6.1.", "x86_64", "x86_64-", "x86_64-foo", "arm64-6.12-8k", "x86_64-6.12-generic",
          "i386-6.12", "6.12junk", "latest", "-6.1", "v6.12", "99999999999.1", "../../etc/passwd", "6.1 "})
        EXPECT_EQ(refusal(text, ErrorKind::bad_input),
                  "\"" + std::string(text) +
                      "\" is no kernel: expected a version (6.12, 6.1.190), a release (6.1.0-54-amd64) or a profile "
                      "(x86_64-6.12, arm64-6.12-16k)")
            << text;
}

// One line, whatever was typed.
TEST(NamedProfile, UnprintableGarbageIsShownAsSuch) {
    EXPECT_THAT(refusal("6.12.95+deb12-amd64\n", ErrorKind::bad_input),
                testing::StartsWith("\"6.12.95+deb12-amd64\\x0a\" is no kernel: expected"));
    EXPECT_THAT(refusal("6.1\xff", ErrorKind::bad_input), testing::StartsWith("\"6.1\\xff\" is no kernel"));
    EXPECT_LT(refusal(std::string(100000, '6'), ErrorKind::bad_input).size(), 300U);
}

TEST(Profile, WithoutReleaseAndVersionIsRefused) {
    const auto profile = make_profile({});
    ASSERT_FALSE(profile.ok());
    EXPECT_EQ(profile.error().kind(), ErrorKind::bad_input);
}

// --- what is taken from the base -------------------------------------------------------------------------------------

TEST(NamedProfile, TakesFromTheBaseWhatItDoesNotSay) {
    ProfileRequest request;
    request.version = Version{6, 12, 0};
    request.arch = Arch::arm64;
    request.page_size = 65536;
    const auto base = *make_profile(request);
    const auto other = named_profile("6.1.190", base);
    ASSERT_TRUE(other.ok());
    EXPECT_EQ(other->arch, Arch::arm64);
    EXPECT_EQ(other->page_size, 65536U);
    EXPECT_EQ(other->name, "6.1.190");
    EXPECT_EQ(named_profile("arm64-6.1", base)->page_size, 4096U) << "a profile says its page size by its name";
    EXPECT_EQ(named_profile("x86_64-6.1", base)->page_size, 4096U);
    EXPECT_EQ(named_profile("6.1.0-54-powerpc64le", base)->arch, Arch::ppc64);
}

// The boot decides (disable_radix, POWER8): a host says it in /proc/cpuinfo, a version does not.
TEST(MakeProfile, TheMmuOfPowerpcIsSaidToBeSupposed) {
    ProfileRequest request;
    request.version = Version{6, 12, 0};
    request.arch = Arch::ppc64;
    request.page_size = 65536;
    EXPECT_THAT(make_profile(request)->assumptions, testing::ElementsAre(HasSubstr("the MMU is radix")));
    request.found = {{Feature::hash_mmu, true}};
    EXPECT_THAT(make_profile(request)->assumptions, testing::IsEmpty());
}

TEST(NamedProfile, FiveLevelPagingIsTheMachines) {
    ProfileRequest request;
    request.version = Version{6, 12, 0};
    request.max_physmem_bits = 52;
    const auto base = *make_profile(request);
    EXPECT_EQ(named_profile("6.1", base)->max_physmem_bits, 52U);
    EXPECT_EQ(named_profile("arm64-6.1", base)->max_physmem_bits, 48U);
    request.max_physmem_bits = std::nullopt;
    const auto unknown = *make_profile(request);
    EXPECT_EQ(unknown.max_physmem_bits, 46U);
    EXPECT_THAT(unknown.assumptions, testing::ElementsAre("five-level paging is off: physical addresses have 46 bits"));
}

TEST(NamedProfile, FeaturesFoundOnTheHostAreNotThoseOfAnotherKernel) {
    ProfileRequest request;
    request.version = Version{6, 1, 0};
    request.found = {{Feature::memory_probe, true}};
    const auto base = *make_profile(request);
    EXPECT_TRUE(base.has(Feature::memory_probe));
    EXPECT_FALSE(named_profile("6.12", base)->has(Feature::memory_probe));
}

TEST(Profile, WithoutSubsectionsThereAreNoRules) {
    ProfileRequest request;
    request.version = Version{6, 12, 0};
    request.found = {{Feature::subsection_map, false}};   // built without CONFIG_SPARSEMEM_VMEMMAP
    const auto profile = make_profile(request);
    ASSERT_FALSE(profile);
    EXPECT_EQ(profile.error().kind(), ErrorKind::unsupported);
}

TEST(Profile, WhatIsFoundWinsOverTheVersion) {
    ProfileRequest request;
    request.version = Version{5, 10, 0};
    request.found = {{Feature::auto_movable, true}, {Feature::driver_managed_ram, false}};
    const auto profile = *make_profile(request);
    EXPECT_TRUE(profile.has(Feature::auto_movable));
    EXPECT_FALSE(profile.has(Feature::driver_managed_ram));
}

TEST(Profile, AVersionIsTheReleaseWithoutStableUpdates) {
    EXPECT_EQ(named("6.1")->version, (Version{6, 1, 0}));
    EXPECT_FALSE(named("6.1")->has(Feature::region_intersects_descends));
    EXPECT_TRUE(named("6.1.190")->has(Feature::region_intersects_descends));
    EXPECT_TRUE(named("x86_64-6.1.190")->has(Feature::region_intersects_descends));
}

// --- the list --------------------------------------------------------------------------------------------------------

TEST(ProfileNames, AreUniqueAndEachIsAProfile) {
    const auto names = profile_names();
    EXPECT_EQ(std::set<std::string>(names.begin(), names.end()).size(), names.size());
    const auto base = x86_base();
    Version last{};
    for (const auto& name : names) {
        const auto profile = named_profile(name, base);
        ASSERT_TRUE(profile.ok()) << name << ": " << profile.error().message();
        EXPECT_EQ(profile->name, name);
        EXPECT_GE(profile->version, last) << "newest last";
        last = profile->version;
    }
    for (const char* expected : {"x86_64-5.3", "x86_64-7.3", "arm64-6.12", "arm64-6.12-16k", "arm64-5.10-64k",
                                 "ppc64-6.12", "ppc64-6.12-4k", "s390x-6.13", "riscv64-6.11", "loongarch64-7.3"})
        EXPECT_NE(std::ranges::find(names, expected), names.end()) << expected;
    for (const char* unexpected : {"x86_64-5.2", "riscv64-6.10", "x86_64-6.12-16k", "x86_64-6.20"})
        EXPECT_EQ(std::ranges::find(names, unexpected), names.end()) << unexpected;
}

}   // namespace
}   // namespace memhot
