// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The kernel's tree of resources (kernel/resource.c), read from and printed as /proc/iomem, with the claims
// that drivers and memory hotplug make on it.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/units.hpp"

namespace memhot {

struct Resource {
    Range range;
    std::string name;
    bool busy = false;             // IORESOURCE_BUSY: nobody may claim inside it
    bool system_ram = false;       // IORESOURCE_SYSTEM_RAM
    bool device_private = false;   // IORES_DESC_DEVICE_PRIVATE_MEMORY
    std::vector<Resource> children;   // ascending, disjoint, inside range, unless disordered
    // PCI changes windows in place: zeroed ones stay where they were, and others reach into their neighbours
    bool disordered = false;
};

// region_intersects(): what part of a range is RAM (kernel/resource.c).
enum class RamIntersection { disjoint, intersects, mixed };

class ResourceTree {
public:
    ResourceTree();

    // The text of /proc/iomem. Refused with line and reason where a line is not "START-END : NAME", where ranges (but
    // for those of PCI windows) overlap or leave their parent, and by name where every address is zero (an unprivileged
    // reader, see kernel/resource.c r_show). arch decides which names are busy.
    static Result<ResourceTree> parse(std::string_view text, std::string_view arch);

    // The very text of /proc/iomem: two spaces a level, eight digits at least; as many levels as it was read with, that
    // is five at most, or eight (since 6.14).
    [[nodiscard]] std::string print() const;

    [[nodiscard]] const std::vector<Resource>& roots() const { return root_.children; }

    // __request_region(): the resource that forbids the claim, or nullptr where it would succeed; where the range is not
    // contained in a non-busy resource that it overlaps, that one. size 0 or a wrap conflicts
    // with iomem_resource itself.
    [[nodiscard]] const Resource* request_conflict(std::uint64_t start, std::uint64_t size) const;
    // Whether release() would find an exact busy match.
    [[nodiscard]] bool has_claim(std::uint64_t start, std::uint64_t size) const;
    // Inserts a busy resource; returns whether it could.
    bool request(std::uint64_t start, std::uint64_t size, std::string name, bool system_ram);
    // Clears IORESOURCE_BUSY of the claim with exactly this range and name.
    bool clear_busy(const Range& range, std::string_view name);
    // Sets IORES_DESC_DEVICE_PRIVATE_MEMORY of the claim with exactly this range and name.
    bool mark_device_private(const Range& range, std::string_view name);
    // remove_resource(): takes out the resource with exactly this range and name, busy or not, unless it has children.
    bool remove(const Range& range, std::string_view name);
    // __release_region(): only an exact busy match goes, with all below it; returns whether there was one.
    bool release(std::uint64_t start, std::uint64_t size);
    // Takes out the top-level resources of that name; what is inside of them moves up.
    void dissolve(std::string_view name);
    // release_mem_region_adjustable(): cuts, splits or removes the busy resource that holds the range.
    bool release_adjustable(std::uint64_t start, std::uint64_t size);

    // descend: 6.12 and its backports look below entries that do not match (b4afe4183ec7).
    [[nodiscard]] RamIntersection intersects_ram(const Range& range, bool descend) const;

    // Calls visit for each busy System RAM part of the range, clipped, ascending, searching every level
    // (walk_system_ram_range); visit returns false to stop.
    void walk_busy_ram(const Range& range, const std::function<bool(const Range&)>& visit) const;
    // Every resource that overlaps the range, parents first, with its depth.
    void walk(const Range& range, const std::function<void(const Resource&, unsigned depth)>& visit) const;

private:
    Resource root_;   // iomem_resource: named "iomem", never printed
    unsigned printed_levels_ = 5;   // MAX_IORES_LEVEL
};

}   // namespace memhot
