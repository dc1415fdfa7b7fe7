// SPDX-License-Identifier: LGPL-2.1-or-later
#include <bit>

#include "explain/workings.hpp"
#include "memhot/profile.hpp"
#include "nvdimm/geometry.hpp"

namespace memhot::explaining {

namespace {

constexpr std::uint64_t kUsualSection = 128 * kMiB;   // x86, and arm64 with 4K or 16K pages since 5.12

// Multiples of any unit, also one that is no power of two (3 interleaved DIMMs).
std::uint64_t below(std::uint64_t value, std::uint64_t unit) { return value / unit * unit; }

void put_around(Workings& work, std::uint64_t value, std::uint64_t unit, Value (*make)(std::string_view, std::uint64_t),
                std::string_view low_name, std::string_view high_name) {
    if (unit == 0 || value % unit == 0) return;
    const std::uint64_t low = below(value, unit);
    if (low != 0) work.next(make(low_name, low));
    if (low + unit > low) work.next(make(high_name, low + unit));
}

}   // namespace

void put_sizes(Workings& work, std::uint64_t size, std::uint64_t unit) {
    put_around(work, size, unit, &Value::of_size, "size_below", "size_above");
}

void put_starts(Workings& work, std::uint64_t start, std::uint64_t unit) {
    put_around(work, start, unit, &Value::of_address, "start_below", "start_above");
}

void put_inside(Workings& work, std::string_view name, const Range& range, std::uint64_t unit) {
    if (unit == 0 || range.last == ~0ULL || range.start > ~0ULL - unit) return;
    const std::uint64_t first = below(range.start + unit - 1, unit);
    const std::uint64_t end = below(range.last + 1, unit);
    if (first != range.start) work.found(Value::of_size("start_beyond_multiple", range.start % unit));
    if (end != range.last + 1) work.found(Value::of_size("end_beyond_multiple", (range.last + 1) % unit));
    if (end > first) work.next(Value::of_range(name, {first, end - 1}));
}

void put_block(Workings& work, std::uint64_t address, std::uint64_t block_size) {
    if (block_size == 0) return;
    work.found(Value::of_count("block", address / block_size));
}

void put_kmem(Workings& work, const Range& range, std::uint64_t block_size) {
    if (!std::has_single_bit(block_size) || range.last == ~0ULL || range.start > ~0ULL - block_size) return;
    const auto kept = kmem_blocks(range, block_size);
    work.found(Value::of_size("range_size", range.size()));
    work.found(Value::of_count("whole_blocks", kept ? kept->size() / block_size : 0));
    if (!kept) {
        work.next(Value::of_address("first_block_start", align_up(range.start, block_size)));
        return;
    }
    work.found(Value::of_range("blocks_range", *kept));
    work.found(Value::of_size("lost_in_front", kept->start - range.start));
    work.found(Value::of_size("lost_behind", range.last - kept->last));
    work.found(Value::of_size("lost_in_all", range.size() - kept->size()));
}

// What a listing says of the device, where the text does not say "(250 MiB usable)".
std::optional<std::uint64_t> usable_size(Workings& work) {
    if (const auto said = work.number("usable")) return said;
    std::optional<std::uint64_t> found;
    for (const auto& object : work.text().listed) {
        if (object.dev == work.device() && object.size) found = object.size;
    }
    if (found) work.found(Value::of_size("usable", *found));
    return found;
}

std::uint64_t section_size_of(Workings& work) {
    const auto known = work.number("section_size");
    if (known && std::has_single_bit(*known)) return *known;
    work.found(Value::of_size("section_size", kUsualSection));
    return kUsualSection;
}

bool older_than(Workings& work, unsigned major, unsigned minor) {
    const std::string text = work.word("kernel");
    if (text.empty()) return false;
    const auto version = parse_version(text);
    return version && *version < Version{.major = major, .minor = minor, .patch = 0};
}

}   // namespace memhot::explaining
