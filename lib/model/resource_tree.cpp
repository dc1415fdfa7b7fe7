// SPDX-License-Identifier: LGPL-2.1-or-later
//
// kernel/resource.c: __request_resource, __request_region, __release_region, release_mem_region_adjustable,
// region_intersects, walk_system_ram_range.
#include <algorithm>
#include <iterator>
#include <limits>

#include "memhot/iomem.hpp"

namespace memhot {

namespace {

using Children = std::vector<Resource>;

// The first child that does not end below address.
template <class Parent>
auto first_reaching(Parent& parent, std::uint64_t address) {
    const auto ends_below = [](const Resource& child, std::uint64_t value) { return child.range.last < value; };
    auto& children = parent.children;
    if (!parent.disordered) return std::lower_bound(children.begin(), children.end(), address, ends_below);
    return std::find_if(children.begin(), children.end(),
                        [&](const Resource& child) { return !ends_below(child, address); });
}

// visit(iterator) for each child that overlaps the range, ascending; false stops. Returns whether nothing did.
template <class Parent, class Visit>
bool for_each_overlapping(Parent& parent, const Range& range, Visit&& visit) {
    for (auto child = first_reaching(parent, range.start); child != parent.children.end(); ++child) {
        if (child->range.overlaps(range)) {
            if (!visit(child)) return false;
        } else if (!parent.disordered) {
            break;
        }
    }
    return true;
}

// __request_resource(): the parent itself where the range leaves it, else the first child in the way.
const Resource* conflict_in(const Resource& parent, const Range& range) {
    if (!parent.range.contains(range)) return &parent;
    const auto child = first_reaching(parent, range.start);
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

// Where a resource stands: below which, and the how manieth.
struct Place {
    const Resource* parent = nullptr;
    std::size_t index = 0;
};

Place place_of(const Resource& parent, Children::const_iterator child) {
    return {&parent, static_cast<std::size_t>(child - parent.children.begin())};
}

// For members that may change the tree in which it was found.
Resource& changeable(const Resource& resource) { return const_cast<Resource&>(resource); }

void erase(const Place& place) {
    auto& siblings = changeable(*place.parent).children;
    siblings.erase(siblings.begin() + static_cast<std::ptrdiff_t>(place.index));
}

// __release_region(): the exact busy match, below what is not busy.
std::optional<Place> find_claim(const Resource& parent, const Range& range) {
    std::optional<Place> found;
    for_each_overlapping(parent, range, [&](Children::const_iterator child) {
        if (!child->range.contains(range)) return true;
        if (!child->busy) {
            found = find_claim(*child, range);
        } else if (child->range == range) {
            found = place_of(parent, child);
        }
        return false;
    });
    return found;
}

// A resource by range and name, at any level.
std::optional<Place> find_named(const Resource& parent, const Range& range, std::string_view name) {
    std::optional<Place> found;
    for_each_overlapping(parent, range, [&](Children::const_iterator child) {
        if (!child->range.contains(range)) return true;
        const bool is_it = child->range == range && child->name == name;
        found = is_it ? place_of(parent, child) : find_named(*child, range, name);
        return false;
    });
    return found;
}

// __adjust_resource(): refused where a child would be cut or left outside.
bool holds_its_children(const Resource& resource, const Range& part) {
    return std::ranges::all_of(resource.children, [&](const Resource& child) { return part.contains(child.range); });
}

// What release_mem_region_adjustable() does to the one busy resource that holds the range.
bool cut(Children& children, Children::iterator target, const Range& range) {
    const Range whole = target->range;
    if (whole == range) {
        children.erase(target);
        return true;
    }
    const bool keeps_lower = whole.start < range.start;
    const Range kept = keeps_lower ? Range{whole.start, range.start - 1} : Range{range.last + 1, whole.last};
    if (!holds_its_children(*target, kept)) return false;
    target->range = kept;
    if (!keeps_lower || whole.last == range.last) return true;
    Resource upper = *target;
    upper.range = {range.last + 1, whole.last};
    upper.children.clear();
    children.insert(std::next(target), std::move(upper));
    return true;
}

bool release_adjustable_from(Resource& parent, const Range& range) {
    const auto child = first_reaching(parent, range.start);
    if (child == parent.children.end() || !child->range.contains(range)) return false;
    if (!child->busy) return release_adjustable_from(*child, range);
    return cut(parent.children, child, range);
}

void walk_children(const Resource& parent, const Range& range, unsigned depth,
                   const std::function<void(const Resource&, unsigned)>& visit) {
    for_each_overlapping(parent, range, [&](Children::const_iterator child) {
        visit(*child, depth);
        walk_children(*child, range, depth + 1, visit);
        return true;
    });
}

// find_next_iomem_res() with IORESOURCE_SYSTEM_RAM | IORESOURCE_BUSY: the first match in tree order hides what is below.
bool walk_ram(const Resource& parent, const Range& range, const std::function<bool(const Range&)>& visit) {
    return for_each_overlapping(parent, range, [&](Children::const_iterator child) {
        if (child->system_ram && child->busy) return visit(*intersection(child->range, range));
        return walk_ram(*child, range, visit);
    });
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
    for (auto child = first_reaching(*parent, range.start);
         child != parent->children.end() && child->range.contains(range);
         child = first_reaching(*parent, range.start)) {
        parent = &*child;
    }
    Resource fresh{.range = range, .name = std::move(name), .busy = true, .children = {}};
    fresh.system_ram = system_ram || parent->system_ram;   // resource_ext_type() of the parent is inherited
    parent->children.insert(first_reaching(*parent, range.start), std::move(fresh));
    return true;
}

bool ResourceTree::has_claim(std::uint64_t start, std::uint64_t size) const {
    const auto range = Range::from_size(start, size);
    return range && find_claim(root_, *range).has_value();
}

bool ResourceTree::release(std::uint64_t start, std::uint64_t size) {
    const auto range = Range::from_size(start, size);
    const auto claim = range ? find_claim(root_, *range) : std::nullopt;
    if (claim) erase(*claim);
    return claim.has_value();
}

bool ResourceTree::clear_busy(const Range& range, std::string_view name) {
    const auto found = find_named(root_, range, name);
    if (found) changeable(*found->parent).children[found->index].busy = false;
    return found.has_value();
}

bool ResourceTree::mark_device_private(const Range& range, std::string_view name) {
    const auto found = find_named(root_, range, name);
    if (found) changeable(*found->parent).children[found->index].device_private = true;
    return found.has_value();
}

bool ResourceTree::remove(const Range& range, std::string_view name) {
    const auto found = find_named(root_, range, name);
    if (!found || !found->parent->children[found->index].children.empty()) return false;
    erase(*found);
    return true;
}

void ResourceTree::dissolve(std::string_view name) {
    Children kept;
    for (auto& child : root_.children) {
        if (child.name == name) {
            std::ranges::move(child.children, std::back_inserter(kept));
        } else {
            kept.push_back(std::move(child));
        }
    }
    root_.children = std::move(kept);
}

bool ResourceTree::release_adjustable(std::uint64_t start, std::uint64_t size) {
    const auto range = Range::from_size(start, size);
    return range && release_adjustable_from(root_, *range);
}

RamIntersection ResourceTree::intersects_ram(const Range& range, bool descend) const {
    unsigned ram = 0;
    unsigned other = 0;
    for_each_overlapping(root_, range, [&](Children::const_iterator child) {
        if (child->system_ram) {
            ++ram;
            return true;
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
        return true;
    });
    if (ram == 0) return RamIntersection::disjoint;
    return other == 0 ? RamIntersection::intersects : RamIntersection::mixed;
}

void ResourceTree::walk_busy_ram(const Range& range, const std::function<bool(const Range&)>& visit) const {
    walk_ram(root_, range, visit);
}

void ResourceTree::walk(const Range& range, const std::function<void(const Resource&, unsigned)>& visit) const {
    walk_children(root_, range, 0, visit);
}

}   // namespace memhot
