// SPDX-License-Identifier: LGPL-2.1-or-later
//
// kernel/resource.c: __request_resource, __request_region, __release_region, release_mem_region_adjustable,
// region_intersects, walk_system_ram_range.
#include <algorithm>
#include <limits>

#include "memhot/iomem.hpp"

namespace memhot {

namespace {

using Children = std::vector<Resource>;

// The first child that does not end below address.
template <class Vector>
auto first_reaching(Vector& children, std::uint64_t address) {
    return std::lower_bound(children.begin(), children.end(), address,
                            [](const Resource& child, std::uint64_t value) { return child.range.last < value; });
}

// __request_resource(): the parent itself where the range leaves it, else the first child in the way.
const Resource* conflict_in(const Resource& parent, const Range& range) {
    if (!parent.range.contains(range)) return &parent;
    const auto child = first_reaching(parent.children, range.start);
    return child != parent.children.end() && child->range.start <= range.last ? &*child : nullptr;
}

// Where __request_region() ends: the parent to insert into, or the conflict.
struct Placement {
    const Resource* parent;
    const Resource* conflict;
};

Placement place(const Resource& top, const Range& range) {
    const Resource* parent = &top;
    for (;;) {
        const Resource* conflict = conflict_in(*parent, range);
        if (conflict == nullptr) return {parent, nullptr};
        if (conflict == parent || conflict->busy) return {parent, conflict};
        parent = conflict;
    }
}

// __release_region(): where the exact busy match is, with the children it is among.
struct Claim {
    const Children* siblings = nullptr;
    std::size_t index = 0;
};

std::optional<Claim> find_claim(const Children& children, const Range& range) {
    for (auto child = first_reaching(children, range.start);
         child != children.end() && child->range.start <= range.start; ++child) {
        if (!child->range.contains(range)) continue;
        if (!child->busy) return find_claim(child->children, range);
        if (child->range != range) return std::nullopt;
        return Claim{&children, static_cast<std::size_t>(child - children.begin())};
    }
    return std::nullopt;
}

// A resource by range and name, at any level.
struct Named {
    Children* siblings = nullptr;
    std::size_t index = 0;
};

std::optional<Named> find_named(Children& children, const Range& range, std::string_view name) {
    for (auto child = first_reaching(children, range.start);
         child != children.end() && child->range.start <= range.start; ++child) {
        if (!child->range.contains(range)) continue;
        if (child->range == range && child->name == name) {
            return Named{&children, static_cast<std::size_t>(child - children.begin())};
        }
        return find_named(child->children, range, name);
    }
    return std::nullopt;
}

// What release_mem_region_adjustable() does to the one busy resource that holds the range. Children of the part that
// stays are kept with it; the kernel refuses to cut through a child.
void cut(Children& children, Children::iterator target, const Range& range) {
    const Range whole = target->range;
    if (whole == range) {
        children.erase(target);
    } else if (whole.start == range.start) {
        target->range.start = range.last + 1;
    } else if (whole.last == range.last) {
        target->range.last = range.start - 1;
    } else {
        Resource upper = *target;
        upper.range.start = range.last + 1;
        upper.children.clear();
        target->range.last = range.start - 1;
        children.insert(std::next(target), std::move(upper));
    }
}

bool release_adjustable_from(Children& children, const Range& range) {
    const auto child = first_reaching(children, range.start);
    if (child == children.end() || !child->range.contains(range)) return false;
    if (!child->busy) return release_adjustable_from(child->children, range);
    cut(children, child, range);
    return true;
}

void walk_children(const Children& children, const Range& range, unsigned depth,
                   const std::function<void(const Resource&, unsigned)>& visit) {
    for (auto child = first_reaching(children, range.start);
         child != children.end() && child->range.start <= range.last; ++child) {
        visit(*child, depth);
        walk_children(child->children, range, depth + 1, visit);
    }
}

// find_next_iomem_res() with IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY: the first match in tree order hides what is below.
bool walk_ram(const Children& children, const Range& range, const std::function<bool(const Range&)>& visit) {
    for (auto child = first_reaching(children, range.start);
         child != children.end() && child->range.start <= range.last; ++child) {
        if (child->system_ram && child->busy) {
            if (!visit(*intersection(child->range, range))) return false;
        } else if (!walk_ram(child->children, range, visit)) {
            return false;
        }
    }
    return true;
}

// b4afe4183ec7: whether RAM below `resource` covers all of `part`; counts each RAM descendant it meets.
struct Cover {
    std::uint64_t next;
    std::uint64_t last;
    unsigned ram = 0;
    bool covered = false;
    bool gap = false;
};

void cover_by_ram(const Children& children, const Range& part, Cover& cover) {
    for (const auto& child : children) {
        if (cover.gap || cover.covered || child.range.start > part.last) return;
        if (!child.range.overlaps(part)) continue;
        if (!child.system_ram) {
            cover_by_ram(child.children, part, cover);
            continue;
        }
        ++cover.ram;
        if (child.range.start > cover.next) {
            cover.gap = true;
        } else if (child.range.last >= cover.last) {
            cover.covered = true;
        } else {
            cover.next = std::max(cover.next, child.range.last + 1);
        }
    }
}

}   // namespace

ResourceTree::ResourceTree() {
    root_.range = {0, std::numeric_limits<std::uint64_t>::max()};
    root_.name = "iomem";
}

const Resource* ResourceTree::request_conflict(std::uint64_t start, std::uint64_t size) const {
    const auto range = Range::from_size(start, size);
    return range ? place(root_, *range).conflict : &root_;
}

bool ResourceTree::request(std::uint64_t start, std::uint64_t size, std::string name, bool system_ram) {
    if (request_conflict(start, size) != nullptr) return false;
    const Range range = *Range::from_size(start, size);
    Resource* parent = &root_;
    for (auto child = first_reaching(parent->children, range.start);
         child != parent->children.end() && child->range.contains(range);
         child = first_reaching(parent->children, range.start)) {
        parent = &*child;
    }
    Resource fresh{.range = range, .name = std::move(name), .busy = true, .children = {}};
    fresh.system_ram = system_ram || parent->system_ram;   // resource_ext_type() of the parent is inherited
    parent->children.insert(first_reaching(parent->children, range.start), std::move(fresh));
    return true;
}

bool ResourceTree::has_claim(std::uint64_t start, std::uint64_t size) const {
    const auto range = Range::from_size(start, size);
    return range && find_claim(root_.children, *range).has_value();
}

bool ResourceTree::release(std::uint64_t start, std::uint64_t size) {
    const auto range = Range::from_size(start, size);
    const auto claim = range ? find_claim(root_.children, *range) : std::nullopt;
    if (!claim) return false;
    auto& siblings = const_cast<Children&>(*claim->siblings);   // our own, and we are not const
    siblings.erase(siblings.begin() + static_cast<std::ptrdiff_t>(claim->index));
    return true;
}

bool ResourceTree::clear_busy(const Range& range, std::string_view name) {
    const auto found = find_named(root_.children, range, name);
    if (found) (*found->siblings)[found->index].busy = false;
    return found.has_value();
}

bool ResourceTree::remove(const Range& range, std::string_view name) {
    const auto found = find_named(root_.children, range, name);
    if (!found || !(*found->siblings)[found->index].children.empty()) return false;
    found->siblings->erase(found->siblings->begin() + static_cast<std::ptrdiff_t>(found->index));
    return true;
}

bool ResourceTree::release_adjustable(std::uint64_t start, std::uint64_t size) {
    const auto range = Range::from_size(start, size);
    return range && release_adjustable_from(root_.children, *range);
}

RamIntersection ResourceTree::intersects_ram(const Range& range, bool descend) const {
    unsigned ram = 0;
    unsigned other = 0;
    for (auto child = first_reaching(root_.children, range.start);
         child != root_.children.end() && child->range.start <= range.last; ++child) {
        if (child->system_ram) {
            ++ram;
            continue;
        }
        bool covered = false;
        if (descend) {
            const Range part = *intersection(child->range, range);
            Cover cover{.next = part.start, .last = part.last};
            cover_by_ram(child->children, part, cover);
            ram += cover.ram;
            covered = cover.covered;
        }
        if (!covered) ++other;
    }
    if (ram == 0) return RamIntersection::disjoint;
    return other == 0 ? RamIntersection::intersects : RamIntersection::mixed;
}

void ResourceTree::walk_busy_ram(const Range& range, const std::function<bool(const Range&)>& visit) const {
    walk_ram(root_.children, range, visit);
}

void ResourceTree::walk(const Range& range, const std::function<void(const Resource&, unsigned)>& visit) const {
    walk_children(root_.children, range, 0, visit);
}

}   // namespace memhot
