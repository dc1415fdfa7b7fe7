// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernel profile that a snapshot stands for.
#include <fmt/format.h>

#include "memhot/snapshot.hpp"

namespace memhot {

Result<KernelProfile> Snapshot::profile() const {
    if (arch.empty() || (release.empty() && !version)) {
        return Error(ErrorKind::not_found, fmt::format("the snapshot does not say which {} it is of, expected one with "
                                                       "/proc/sys/kernel/osrelease and arch, or a kernel that is named",
                                                       arch.empty() && !release.empty() ? "architecture" : "kernel"));
    }
    ProfileRequest request;
    request.release = release;
    request.version = version;
    auto parsed = parse_arch(arch);
    if (!parsed) return std::move(parsed).error();
    request.arch = *parsed;
    if (page_size != 0) request.page_size = page_size;
    request.section_size_bits = section_size_bits;
    request.max_physmem_bits = max_physmem_bits;
    request.struct_page_size = struct_page_size;
    request.found = features;
    return make_profile(request);
}

}   // namespace memhot
