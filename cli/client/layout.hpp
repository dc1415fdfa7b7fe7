// SPDX-License-Identifier: GPL-2.0-or-later
//
// Physical memory as /proc/iomem shows it, without its nesting: who owns each address. For pictures and for people; what
// the kernel decides comes from the model alone.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "client/host.hpp"

namespace memhotctl {

enum class OwnerKind {
    ram,   // System RAM
    device,   // memory of a device: pmem, dax, CXL, un-addressable device memory
    firmware,   // reserved, ACPI, ROMs
    window,   // PCI and other windows: no memory
};

struct Extent {
    memhot::Range range;
    std::string name;
    OwnerKind kind = OwnerKind::window;
    bool claimed = false;   // busy: a driver holds it
    bool rest = false;   // what the resources inside it leave free of a larger one
};

OwnerKind kind_of(const memhot::Resource& resource);
// The same for a namespace and the dax device over it, which claim a part each; else the name.
std::string owner_of(const std::string& name);
// Ascending and disjoint; the innermost owner of each address, but System RAM as a whole.
std::vector<Extent> flatten(const memhot::ResourceTree& tree);
// The part of extents that overlaps a range, clipped to it.
std::vector<Extent> clip(const std::vector<Extent>& extents, const memhot::Range& range);

// A section in which RAM and a device, or two devices, meet.
struct SharedSection {
    std::uint64_t number = 0;
    memhot::Range range;
    std::vector<Extent> owners;   // clipped to the section
};
std::vector<SharedSection> shared_sections(const std::vector<Extent>& extents, std::uint64_t section_size);

}   // namespace memhotctl
