// SPDX-License-Identifier: GPL-2.0-or-later
//
// Every exit status of memhotctl(1), each from a situation that calls for it.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "app.hpp"
#include "cli/memhotctl.hpp"
#include "support/host_tree.hpp"

namespace memhot::test {
namespace {

int check(const std::string& operations) {
    Words words{"check"};
    for (auto& word : split(operations)) words.push_back(word);
    return on_demo_host(words).status;
}

TEST(ExitStatus, YesIs0) {
    EXPECT_EQ(on_demo_host({"status"}).status, 0);
    EXPECT_EQ(check("map 16f000000-186dfffff"), 0);
}

TEST(ExitStatus, NoIs1) {
    EXPECT_EQ(check("map 16ef17000-186f16fff"), 1);
    EXPECT_EQ(on_demo_host({"show", "block999"}).status, 1);
    EXPECT_EQ(check("unmap 16f000000-186dfffff"), 1);   // there is no mapping
}

TEST(ExitStatus, UsageIs2) {
    EXPECT_EQ(memhotctl({"frobnicate"}).status, 2);
    EXPECT_EQ(memhotctl({"--snapshot", "/nonexistent/file"}).status, 2);
    const Said said = memhotctl({"--snapshot", data("nvdimm-host.json"), "namespace", "create",
                                 "--reconfig=namespace0.4", "--mode=raw", "--force", "-y"});
    EXPECT_EQ(said.status, 2);
    EXPECT_NE(said.err.find("use namespace reconfigure NAMESPACE"), std::string::npos) << said.err;
}

// Nothing of /sys and of /proc but the process itself, which AddressSanitizer cannot do without.
TEST(ExitStatus, MachineThatCannotBeReadIs3) {
    const std::string hide =
        "mount --bind /proc /mnt && mount -t tmpfs none /sys && mount -t tmpfs none /proc && mkdir /proc/$$ && "
        "ln -s $$ /proc/self && mount --bind /mnt/$$ /proc/$$";
    const auto run = [](const std::string& script) {
        return std::system(("unshare -m sh -c '" + script + "' >/dev/null 2>&1").c_str());
    };
    if (run(hide) != 0) GTEST_SKIP() << "needs the right to mount";
    EXPECT_EQ(WEXITSTATUS(run(hide + " && exec " + path_of_memhotctl() + " status")), 3);
}

TEST(ExitStatus, OfErrors) {
    using memhotctl::exit_status_of;
    EXPECT_EQ(exit_status_of(Error(ErrorKind::bad_input, ""), false), 2);
    EXPECT_EQ(exit_status_of(Error(ErrorKind::io, ""), true), 3);
    EXPECT_EQ(exit_status_of(Error(ErrorKind::not_permitted, ""), false), 4);
    EXPECT_EQ(exit_status_of(Error(ErrorKind::not_permitted, ""), true), 4);
    for (const auto kind : {ErrorKind::not_found, ErrorKind::io, ErrorKind::unsupported, ErrorKind::ambiguous}) {
        EXPECT_EQ(exit_status_of(Error(kind, ""), false), 2);
    }
}

// An unprivileged reader sees zeros in /proc/iomem: what needs addresses is 4 with the remedy, the rest goes on.
TEST(ExitStatus, HiddenAddressesAre4) {
    const HostTree host;
    host.file("proc/sys/kernel/osrelease", "6.12.95+deb12-amd64\n");
    host.file("proc/sys/kernel/arch", "x86_64\n");
    host.file("proc/iomem", "00000000-00000000 : System RAM\n  00000000-00000000 : Kernel code\n");
    host.block_size("8000000");
    host.block(0, "online", "DMA32", 0);
    for (const auto& words :
         {Words{"check", "map", "1+1"}, Words{"map"}, Words{"list", "-o", "+OWNER"}, Words{"show", "namespace0.0"}}) {
        Words on_host{"--root", host.root()};
        on_host.insert(on_host.end(), words.begin(), words.end());
        const Said said = memhotctl(on_host);
        EXPECT_EQ(said.status, 4) << words.front() << said.err;
        EXPECT_EQ(said.out, "");
        EXPECT_NE(said.err.find("CAP_SYS_ADMIN"), std::string::npos) << said.err;
        EXPECT_EQ(lines_of(said.err).size(), 1U) << said.err;
    }
    const Said status = memhotctl({"--root", host.root()});
    EXPECT_EQ(status.status, 0);
    EXPECT_TRUE(status.has("Hidden")) << status.out;
    EXPECT_TRUE(status.has("128M online")) << status.out;
    EXPECT_EQ(memhotctl({"--root", host.root(), "list"}).status, 0);
    EXPECT_EQ(memhotctl({"--root", host.root(), "show", "block0"}).status, 0);
}

TEST(ExitStatus, OutputThatCannotBeWrittenIs5) {
    const int status = std::system((path_of_memhotctl() + " rules >/dev/full 2>/dev/null").c_str());
    EXPECT_EQ(WEXITSTATUS(status), 5);
}

// 5 would mean that nothing has changed.
TEST(ExitStatus, AJobWhoseReportCannotBeWrittenIs6) {
    const memhot::test::HostTree state;
    const std::string command = path_of_memhotctl() + " --snapshot " + data("dimm-host.json") +
                                " online block84 -y --state-dir " + state.path("state") + " >/dev/full 2>" +
                                state.path("said");
    EXPECT_EQ(WEXITSTATUS(std::system(command.c_str())), 6);
    std::ifstream in(state.path("said"));
    const std::string said{std::istreambuf_iterator<char>(in), {}};
    EXPECT_NE(said.find(" history 1 --state-dir "), std::string::npos) << said;
}

TEST(ExitStatus, UncertainIs8) { EXPECT_EQ(check("offline block33"), 8); }

TEST(ExitStatus, DangerousIs9) {
    EXPECT_EQ(check("remove 100000000+1M"), 9);   // a BUG in the kernel
    EXPECT_EQ(check("map 174000000+64M map 16f000000-186dfffff --no-claim"), 9);
    EXPECT_EQ(check("map 16f000000-186dfffff --kernel 5.8"), 9);   // frees memmap of the section when it is unmapped
    EXPECT_EQ(check("map 16f000000-186dfffff --kernel 5.9"), 0);
}

// The first of 9, 1, 8 and 0 that occurs, in whatever order they come.
TEST(ExitStatus, OfSeveralOperations) {
    EXPECT_EQ(check("map 16f000000+2M offline block33"), 8);
    EXPECT_EQ(check("offline block33 map 16f000000+2M"), 8);
    EXPECT_EQ(check("offline block33 map 16ef17000+2M"), 1);
    EXPECT_EQ(check("map 16ef17000+2M offline block33"), 1);
    EXPECT_EQ(check("map 16ef17000+2M offline block33 remove 100000000+1M"), 9);
    EXPECT_EQ(check("map 16f000000+2M map 170000000+2M"), 0);
}

}   // namespace
}   // namespace memhot::test
