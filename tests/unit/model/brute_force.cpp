// SPDX-License-Identifier: GPL-2.0-or-later
#include "unit/model/brute_force.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace memhot::test {

namespace {

constexpr std::uint64_t kSub = 2ULL << 20;
constexpr std::uint64_t kSpace = 1ULL << 30;   // bytes that are looked at
constexpr std::uint64_t kTop = ~0ULL;

Answer2 refuse(int error, bool request_stage = false) { return {Answer2::refused, error, request_stage}; }

}   // namespace

BruteForce::BruteForce(const Rules& rules)
    : rules_(rules), active_(kSpace / kSub), sections_(kSpace / rules.section), blocks_(kSpace / rules.block),
      lookups_(kSpace / kGranule) {}

void BruteForce::boot_resource(std::uint64_t start, std::uint64_t size, const std::string& name, bool busy, bool ram,
                               bool memblock) {
    resources_.push_back({start, start + size - 1, name, busy, ram, {}});
    if (!memblock) return;
    for (std::uint64_t at = start; at < start + size;
         at += kGranule) {   // rounded out to sub-sections, and whole sections
        active_[sub(at)] = 1;
        sections_[section(at)] = {true, true, true};
    }
}

void BruteForce::boot_done() {
    for (std::size_t i = 0; i < sections_.size(); ++i) {
        if (sections_[i].present) blocks_[i * rules_.section / rules_.block] = {true, true, true, false};
    }
}

// --- resources ---------------------------------------------------------------------------------------------------------

// __request_region(): through what is not busy, as long as it holds all of the range.
bool BruteForce::request(std::vector<Resource>& level, std::uint64_t low, std::uint64_t high, const Resource& fresh) {
    if (fresh.start < low || fresh.last > high) return false;
    std::size_t place = 0;
    for (Resource& one : level) {
        if (one.start <= fresh.last && fresh.start <= one.last) {
            return !one.busy && request(one.below, one.start, one.last, fresh);
        }
        if (one.last < fresh.start) ++place;
    }
    level.insert(level.begin() + static_cast<std::ptrdiff_t>(place), fresh);
    return true;
}

bool BruteForce::release_exact(std::vector<Resource>& level, std::uint64_t start, std::uint64_t last) {
    for (std::size_t i = 0; i < level.size(); ++i) {
        if (level[i].start > start || level[i].last < last) continue;
        if (!level[i].busy) return release_exact(level[i].below, start, last);
        if (level[i].start != start || level[i].last != last) return false;
        level.erase(level.begin() + static_cast<std::ptrdiff_t>(i));
        return true;
    }
    return false;
}

void BruteForce::release_part(std::vector<Resource>& level, std::uint64_t start, std::uint64_t last) {
    for (std::size_t i = 0; i < level.size(); ++i) {
        Resource& one = level[i];
        if (one.start > start || one.last < last) continue;
        if (!one.busy) return release_part(one.below, start, last);
        Resource upper = one;
        upper.start = last + 1;
        const bool has_lower = one.start < start;
        const bool has_upper = one.last > last;
        one.last = start - 1;
        if (has_upper) level.insert(level.begin() + static_cast<std::ptrdiff_t>(i) + 1, upper);
        if (!has_lower) level.erase(level.begin() + static_cast<std::ptrdiff_t>(i));
        return;
    }
}

Answer2 BruteForce::claim(std::uint64_t start, std::uint64_t size, const std::string& name) {
    if (size == 0 || start + size - 1 < start) return refuse(EBUSY);
    return request(resources_, 0, kTop, {start, start + size - 1, name, true, false, {}}) ? Answer2{} : refuse(EBUSY);
}

Answer2 BruteForce::release(std::uint64_t start, std::uint64_t size) {
    release_exact(resources_, start, start + size - 1);
    return {};
}

// region_intersects(): RAM at the top, and since b4afe4183ec7 also below what is there.
bool BruteForce::intersects_ram(std::uint64_t start, std::uint64_t last) const {
    for (std::vector<std::pair<const Resource*, bool>> todo = at_top(); !todo.empty();) {
        const auto [one, top] = todo.back();
        todo.pop_back();
        const bool overlaps = one->start <= last && start <= one->last;
        if (overlaps && one->ram && (top || rules_.ram_below_counts)) return true;
        for (const Resource& child : one->below) todo.emplace_back(&child, false);
    }
    return false;
}

std::vector<std::pair<const BruteForce::Resource*, bool>> BruteForce::at_top() const {
    std::vector<std::pair<const Resource*, bool>> all;
    for (const Resource& one : resources_) all.emplace_back(&one, true);
    return all;
}

// --- sections ----------------------------------------------------------------------------------------------------------

// Whether the memmap of one piece can be had; altmap pages are counted as struct vmem_altmap does.
bool BruteForce::memmap_fits(std::uint64_t start, std::uint64_t size, std::optional<Altmap2>& left,
                             std::uint64_t& next) const {
    const bool whole = size == rules_.section;
    if (!left || rules_.memmap == Rules::Memmap::ppc64) return true;   // RAM, or RAM instead
    if (rules_.memmap == Rules::Memmap::x86 && !whole) return true;   // RAM
    if (!whole && sections_[section(start)].early) return true;
    const std::uint64_t bytes = size / rules_.page * 64;
    const std::uint64_t unit = whole ? 2ULL << 20 : rules_.page;   // PMDs, or base pages
    for (std::uint64_t done = 0; done < bytes; done += unit) {
        const std::uint64_t pages = unit / rules_.page;
        std::uint64_t padding = 0;
        while ((next + padding) % pages != 0) ++padding;   // pages is a power of two: its own lowest bit
        if (padding + pages > left->free) return false;
        left->free -= padding + pages;
        next += padding + pages;
    }
    return true;
}

// __add_pages(): piece by piece, and what was done before a failure stays.
Answer2 BruteForce::add_pages(std::uint64_t start, std::uint64_t size, std::optional<Altmap2> altmap) {
    if (!rules_.pluggable_first && start + size > rules_.limit) return refuse(E2BIG);
    if (altmap && altmap->reserve + altmap->free > size / rules_.page) return refuse(EINVAL);
    if (start % kSub != 0 || size % kSub != 0) return refuse(EINVAL);
    std::uint64_t next = altmap ? start / rules_.page + altmap->reserve : 0;
    for (std::uint64_t at = start; at < start + size;) {
        const std::uint64_t end = std::min(start + size, (at / rules_.section + 1) * rules_.section);
        for (std::uint64_t one = at; one < end; one += kSub) {
            if (active_[sub(one)] != 0) return refuse(EEXIST);
        }
        if (!(end - at < rules_.section && sections_[section(at)].early) && !memmap_fits(at, end - at, altmap, next)) {
            return refuse(ENOMEM);
        }
        for (std::uint64_t one = at; one < end; one += kSub) active_[sub(one)] = 1;
        sections_[section(at)].present = true;
        at = end;
    }
    return {};
}

void BruteForce::remove_pages(std::uint64_t start, std::uint64_t size) {
    for (std::uint64_t at = start; at < start + size;) {
        const std::uint64_t end = std::min(start + size, (at / rules_.section + 1) * rules_.section);
        bool all = sections_[section(at)].present;
        for (std::uint64_t one = at; one < end; one += kSub) all = all && active_[sub(one)] != 0;
        if (all) {
            for (std::uint64_t one = at; one < end; one += kSub) active_[sub(one)] = 0;
            const std::size_t first = sub(at / rules_.section * rules_.section);
            bool empty = true;
            for (std::size_t i = first; i < first + rules_.section / kSub; ++i) empty = empty && active_[i] == 0;
            if (empty) sections_[section(at)] = {};
        }
        at = end;
    }
}

// --- device mappings ---------------------------------------------------------------------------------------------------

bool BruteForce::in_array(std::uint64_t address) const {
    const std::uint64_t index = (address - rules_.base) / kGranule;
    return index < lookups_.size() && lookups_[index] != 0;
}

void BruteForce::forget_lookups(std::uint64_t start, std::uint64_t size) {
    for (std::uint64_t at = start; at < start + size; at += kGranule) {
        if ((at - rules_.base) / kGranule < lookups_.size()) lookups_[(at - rules_.base) / kGranule] = 0;
    }
}

Answer2 BruteForce::map(std::uint64_t start, std::uint64_t size, bool claimed, std::optional<Altmap2> altmap) {
    const std::uint64_t last = start + size - 1;
    if (claimed && claim(start, size, "mapped").kind != Answer2::ok) return refuse(EBUSY, true);
    const auto fail = [&](int error) {
        if (claimed) release(start, size);
        return refuse(error);
    };
    if (in_array(start) || in_array(last)) return fail(ENOMEM);
    if (intersects_ram(start, last)) return fail(ENXIO);
    const bool beyond = rules_.pluggable_first && start + size > rules_.limit;
    const Answer2 added = beyond ? refuse(EINVAL) : add_pages(start, size, altmap);
    forget_lookups(start, size);
    if (added.kind != Answer2::ok) return fail(added.error);
    for (std::uint64_t at = start; at < start + size; at += kGranule) lookups_[(at - rules_.base) / kGranule] = 1;
    const auto free_handle = std::ranges::find(pgmaps_, false, &Pgmap::live);
    const Pgmap fresh{start, size, claimed, true};
    if (free_handle == pgmaps_.end()) {
        pgmaps_.push_back(fresh);
    } else {
        *free_handle = fresh;
    }
    return {};
}

Answer2 BruteForce::unmap(int handle) {
    const auto index = static_cast<std::size_t>(handle);
    if (index >= pgmaps_.size() || !pgmaps_[index].live) return refuse(ENOENT);
    Pgmap& pgmap = pgmaps_[index];
    pgmap.live = false;
    remove_pages(pgmap.start, pgmap.size);
    forget_lookups(pgmap.start, pgmap.size);
    if (pgmap.claimed) release(pgmap.start, pgmap.size);
    return {};
}

// --- memory ------------------------------------------------------------------------------------------------------------

Answer2 BruteForce::add(std::uint64_t start, std::uint64_t size, int node, bool memmap_on_memory) {
    if (rules_.pluggable_first && start + size > rules_.limit) return refuse(E2BIG);
    const Resource fresh{start, start + size - 1, "System RAM", true, true, {}};
    std::vector<Resource> before = resources_;
    if (!request(resources_, 0, kTop, fresh)) return refuse(EEXIST);
    const auto fail = [&](int error) {
        resources_ = before;
        return refuse(error);
    };
    if (size == 0 || start % rules_.block != 0 || size % rules_.block != 0) return fail(EINVAL);
    if (node != 0) return fail(EINVAL);
    const bool one_block = size == rules_.block;
    // a block of a section or more: whole PMDs of memmap on x86 and arm64; ppc64 asks for 2 MiB of memmap, that is 128 MiB
    const bool fits = rules_.block / rules_.page * 64 % (2ULL << 20) == 0;
    const bool wanted = memmap_on_memory && rules_.flag_known;
    if (wanted && rules_.flag_must_be_met && !(rules_.memmap_on_memory && one_block && fits)) return fail(EINVAL);
    const Answer2 added = add_pages(start, size, std::nullopt);
    if (added.kind != Answer2::ok) return fail(added.error);
    for (std::uint64_t at = start; at < start + size; at += rules_.block) {
        if (blocks_[(at - rules_.base) / rules_.block].exists) {
            remove_pages(start, size);
            return fail(EEXIST);
        }
    }
    const bool own = wanted && rules_.memmap_on_memory && fits;
    for (std::uint64_t at = start; at < start + size; at += rules_.block) {
        blocks_[(at - rules_.base) / rules_.block] = {true, false, false, own};
    }
    movable_.emplace_back(start, size);
    return {};
}

Answer2 BruteForce::remove(std::uint64_t start, std::uint64_t size) {
    if (size == 0 || start % rules_.block != 0 || size % rules_.block != 0) return {Answer2::crash, 0, false};
    const std::size_t first = (start - rules_.base) / rules_.block;
    const std::size_t end = first + size / rules_.block;
    std::size_t own = 0;
    for (std::size_t i = first; i < end; ++i) {
        if (blocks_[i].exists && blocks_[i].online) return refuse(EBUSY);
        if (blocks_[i].exists && blocks_[i].own_memmap) ++own;
    }
    if (own != 0 && (rules_.flag_must_be_met ? end - first != 1 : own != end - first)) return refuse(EINVAL);
    for (std::size_t i = first; i < end; ++i) blocks_[i] = {};
    remove_pages(start, size);
    release_part(resources_, start, start + size - 1);
    return {};
}

Answer2 BruteForce::online(std::uint64_t block) {
    const std::size_t index = block - rules_.base / rules_.block;
    if (index >= blocks_.size() || !blocks_[index].exists) return refuse(ENOENT);
    if (blocks_[index].online) return refuse(EINVAL);
    blocks_[index].online = true;
    const std::size_t sections = rules_.block / rules_.section;
    for (std::size_t i = index * sections; i < (index + 1) * sections; ++i) sections_[i].online = sections_[i].present;
    return {};
}

Answer2 BruteForce::offline(std::uint64_t block, bool succeed) {
    const std::size_t index = block - rules_.base / rules_.block;
    if (index >= blocks_.size() || !blocks_[index].exists) return refuse(ENOENT);
    if (!blocks_[index].online) return refuse(EINVAL);
    const std::uint64_t start = rules_.base + index * rules_.block;
    const std::uint64_t memmap = blocks_[index].own_memmap ? rules_.block / rules_.page * 64 : 0;
    for (std::uint64_t at = start + memmap; at < start + rules_.block; at += kGranule) {
        bool ram = false;
        for (std::vector<const std::vector<Resource>*> todo{&resources_}; !todo.empty();) {
            const auto* level = todo.back();
            todo.pop_back();
            for (const Resource& one : *level) {
                if (one.start > at || one.last < at) continue;
                ram = ram || (one.ram && one.busy);
                todo.push_back(&one.below);
            }
        }
        if (!ram) return refuse(EINVAL);   // holes
    }
    if (blocks_[index].boot && rules_.boot_memory_stays) return refuse(EPERM);
    if (succeed) {
        movable_.emplace_back(start, rules_.block);
        blocks_[index].online = false;
        const std::size_t sections = rules_.block / rules_.section;
        for (std::size_t i = index * sections; i < (index + 1) * sections; ++i) sections_[i].online = false;
    }
    return {Answer2::uncertain, EBUSY, false};
}

// --- what can be seen --------------------------------------------------------------------------------------------------

void BruteForce::print(const std::vector<Resource>& level, int depth, std::string& out) {
    for (const Resource& one : level) {
        char line[64];
        std::snprintf(line, sizeof line, "%*s%08llx-%08llx : ", 2 * depth, "",
                      static_cast<unsigned long long>(one.start), static_cast<unsigned long long>(one.last));
        out += line + one.name + "\n";
        print(one.below, depth + 1, out);
    }
}

std::string BruteForce::iomem() const {
    std::string out;
    print(resources_, 0, out);
    return out;
}

std::string BruteForce::sections() const {
    std::string out;
    const std::size_t bits = rules_.section / kSub;
    for (std::size_t i = 0; i < sections_.size(); ++i) {
        if (!sections_[i].present) continue;
        out += std::to_string(rules_.base / rules_.section + i);
        out += sections_[i].early ? " early" : " -";
        out += sections_[i].online ? " online " : " - ";
        for (std::size_t j = 0; j < bits; ++j) out += active_[i * bits + j] != 0 ? '1' : '0';
        out += '\n';
    }
    return out;
}

std::string BruteForce::blocks() const {
    std::string out;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
        if (!blocks_[i].exists) continue;
        out += std::to_string(rules_.base / rules_.block + i) + (blocks_[i].online ? " online\n" : " offline\n");
    }
    return out;
}

std::vector<std::uint64_t> BruteForce::edges() const {
    std::vector<std::uint64_t> all;
    for (std::vector<const std::vector<Resource>*> todo{&resources_}; !todo.empty();) {
        const auto* level = todo.back();
        todo.pop_back();
        for (const Resource& one : *level) {
            all.push_back(one.start);
            all.push_back(one.last + 1);
            todo.push_back(&one.below);
        }
    }
    for (const Pgmap& pgmap : pgmaps_) {
        if (!pgmap.live) continue;
        all.push_back(pgmap.start);
        all.push_back(pgmap.start + pgmap.size);
    }
    return all;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> BruteForce::movable() const { return movable_; }

}   // namespace memhot::test
