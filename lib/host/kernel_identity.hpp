// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which kernel a host runs: names, upstream version, page size, and what the hardware adds to its limits.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "host/root.hpp"
#include "memhot/profile.hpp"

namespace memhot::host {

struct KernelIdentity {
    std::string hostname;
    std::string release;
    std::string version_text;
    std::string arch;
    std::optional<Version> version;   // absent where the names hide it
    std::uint64_t page_size = 0;      // 0: a copied tree that does not say
    std::optional<unsigned> max_physmem_bits;
    std::string cmdline;
};

// uname() and getpagesize() for this host; for another root the files of /proc that say the same.
Result<KernelIdentity> read_kernel_identity(const Root& root);

// The upstream version behind a release: from `uname -v` ("Debian 6.1.190-1"), from /proc/version_signature of Ubuntu
// ("Ubuntu 5.15.0-91.101-generic 5.15.131"), else from the release where that does not hide its patch level.
std::optional<Version> upstream_version(std::string_view release, std::string_view version_text,
                                        std::string_view signature);

// Release and `uname -v` out of /proc/version; empty where it is not what the kernel prints.
struct BannerParts {
    std::string release;
    std::string version_text;
};
BannerParts parse_banner(std::string_view banner);

// The first "KernelPageSize: N kB" of a /proc/PID/smaps; 0 for none.
std::uint64_t page_size_of_smaps(std::string_view smaps);

// MAX_PHYSMEM_BITS where the CPU decides it: 52 with five-level paging in use, which is when la57 is among the flags
// (arch/x86/include/asm/sparsemem.h; the flag is cleared where the kernel does not use it), else 46.
std::optional<unsigned> physmem_bits_of_cpuinfo(std::string_view arch, std::string_view cpuinfo);

}   // namespace memhot::host
