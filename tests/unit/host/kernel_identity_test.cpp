// SPDX-License-Identifier: GPL-2.0-or-later
//
// Which kernel a host runs, from uname or from a copied /proc.
#include <gtest/gtest.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "host/kernel_identity.hpp"
#include "support/host_tree.hpp"

namespace memhot::host {
namespace {

using test::HostTree;

KernelIdentity read(const HostTree& tree) { return *read_kernel_identity(std::move(Root::open(tree.root())).value()); }

constexpr const char* kDebianBanner =
    "Linux version 6.1.0-54-amd64 (debian-kernel@lists.debian.org) (gcc-12 (Debian 12.2.0-14+deb12u1) 12.2.0, GNU ld "
    "(GNU Binutils for Debian) 2.40) #1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)\n";

TEST(UpstreamVersion, DistributionsHideIt) {
    EXPECT_EQ(upstream_version("6.1.0-54-amd64", "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)", ""),
              (Version{6, 1, 190}));
    EXPECT_EQ(upstream_version("6.12.9+bpo-amd64", "#1 SMP Debian 6.12.9-1~bpo12+1 (2025-01-19)", ""),
              (Version{6, 12, 9}));
    EXPECT_EQ(
        upstream_version("5.15.0-91-generic", "#101-Ubuntu SMP Tue Nov 14", "Ubuntu 5.15.0-91.101-generic 5.15.131"),
        (Version{5, 15, 131}));
    EXPECT_EQ(upstream_version("6.18.44", "#1 SMP", ""), (Version{6, 18, 44}));
    EXPECT_EQ(upstream_version("5.14.0-362.8.1.el9_3.x86_64", "#1 SMP", ""), std::nullopt);
    EXPECT_EQ(upstream_version("5.15.0-91-generic", "#101-Ubuntu SMP", "Ubuntu garbage"), std::nullopt);
    EXPECT_EQ(upstream_version("", "", ""), std::nullopt);
    EXPECT_EQ(upstream_version("6.18.44", "built on Debian by hand", ""), (Version{6, 18, 44}));
}

TEST(Banner, HasReleaseAndVersionText) {
    const auto parts = parse_banner(kDebianBanner);
    EXPECT_EQ(parts.release, "6.1.0-54-amd64");
    EXPECT_EQ(parts.version_text, "#1 SMP PREEMPT_DYNAMIC Debian 6.1.190-1 (2026-09-30)");
    EXPECT_EQ(parse_banner("Darwin").release, "");
    EXPECT_EQ(parse_banner("Linux version ").release, "");
}

TEST(KernelIdentity, OfACopiedTree) {
    const HostTree tree;
    tree.file("proc/version", kDebianBanner);
    tree.file("proc/sys/kernel/hostname", "pmem1\n");
    tree.file("proc/cmdline", "root=/dev/vda mem=4G\n");
    tree.file("proc/cpuinfo", "processor\t: 0\nflags\t\t: fpu vme la57\nbugs\t\t:\n");
    tree.file("proc/self/smaps", "Size: 4 kB\nKernelPageSize:        4 kB\nMMUPageSize: 4 kB\n");
    const auto identity = read(tree);
    EXPECT_EQ(identity.hostname, "pmem1");
    EXPECT_EQ(identity.release, "6.1.0-54-amd64");
    EXPECT_EQ(identity.version, (Version{6, 1, 190}));
    EXPECT_EQ(identity.arch, "x86_64");   // from -amd64
    EXPECT_EQ(identity.page_size, 4096U);
    EXPECT_EQ(identity.max_physmem_bits, 52U);
    EXPECT_EQ(identity.cmdline, "root=/dev/vda mem=4G");
}

TEST(KernelIdentity, FilesOfSysctlWinOverTheBanner) {
    const HostTree tree;
    tree.file("proc/version", kDebianBanner);
    tree.file("proc/sys/kernel/osrelease", "6.12.95\n");
    tree.file("proc/sys/kernel/version", "#1 SMP\n");
    tree.file("proc/sys/kernel/arch", "aarch64\n");
    const auto identity = read(tree);
    EXPECT_EQ(identity.release, "6.12.95");
    EXPECT_EQ(identity.version, (Version{6, 12, 95}));
    EXPECT_EQ(identity.arch, "aarch64");
}

TEST(KernelIdentity, SaysNothingThatTheTreeDoesNot) {
    const HostTree tree;
    const auto identity = read(tree);
    EXPECT_EQ(identity.release, "");
    EXPECT_EQ(identity.arch, "");
    EXPECT_EQ(identity.version, std::nullopt);
    EXPECT_EQ(identity.page_size, 0U);
    EXPECT_EQ(identity.max_physmem_bits, std::nullopt);
}

TEST(KernelIdentity, OfThisHostIsUname) {
    utsname names{};
    ASSERT_EQ(::uname(&names), 0);
    const auto identity = read_kernel_identity(std::move(Root::open("/")).value());
    ASSERT_TRUE(identity.ok()) << identity.error().message();
    EXPECT_EQ(identity->release, names.release);
    EXPECT_EQ(identity->arch, names.machine);
    EXPECT_EQ(identity->page_size, static_cast<std::uint64_t>(::getpagesize()));
}

TEST(Cpuinfo, FiveLevelPagingIsAFlagOnX86) {
    EXPECT_EQ(physmem_bits_of_cpuinfo("x86_64", "a\nflags\t\t: fpu la57 x\n"), 52U);
    EXPECT_EQ(physmem_bits_of_cpuinfo("x86_64", "a\nflags\t\t: fpu la57"), 52U);
    EXPECT_EQ(physmem_bits_of_cpuinfo("x86_64", "a\nflags\t\t: fpu la577 xla57\nbugs: la57 \n"), 46U);
    EXPECT_EQ(physmem_bits_of_cpuinfo("x86_64", "nothing"), std::nullopt);
    EXPECT_EQ(physmem_bits_of_cpuinfo("aarch64", "a\nflags\t\t: la57 x\n"), std::nullopt);
}

TEST(Smaps, FirstKernelPageSize) {
    EXPECT_EQ(page_size_of_smaps("x\nKernelPageSize:       64 kB\nKernelPageSize:     2048 kB\n"), 65536U);
    for (const char* text : {"", "KernelPageSize:", "KernelPageSize: kB\n", "KernelPageSize: 5 kB\n",
                             "KernelPageSize: 4 MB\n", "KernelPageSize: 18446744073709551615 kB\n"}) {
        EXPECT_EQ(page_size_of_smaps(text), 0U) << text;
    }
}

}   // namespace
}   // namespace memhot::host
