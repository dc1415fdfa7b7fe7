// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Where else the same thing would be accepted, without a danger: inside the device that the range is about, as much of it
// as there is room for; else from the range upwards and downwards, jumping over what is in the way.
#include <algorithm>
#include <array>
#include <limits>

#include "model/operations.hpp"
#include "predict/explain.hpp"
#include "predict/obstacles.hpp"

namespace memhot {

namespace {

constexpr unsigned kMostJumps = 1024;   // in each direction

// In which unit start and size of an operation must be given, in the order of the variant.
enum class Unit : std::uint8_t { cannot_move, page, memmap, block };
constexpr std::array kUnits{
    Unit::memmap,   // Map
    Unit::cannot_move,   // Unmap
    Unit::block,   // Add
    Unit::block,   // Probe
    Unit::cannot_move,   // Remove
    Unit::cannot_move,   // OfflineAndRemove
    Unit::cannot_move,   // SetState
    Unit::cannot_move,   // SetAutoOnline
    Unit::page,   // Claim
    Unit::cannot_move,   // Release
    Unit::cannot_move,   // RemoveResource
};
static_assert(kUnits.size() == std::variant_size_v<Operation>);

Unit unit_of(const Operation& operation) { return kUnits[operation.index()]; }

std::uint64_t bytes_of(Unit unit, const State& state) {
    const KernelProfile& profile = *state.profile;
    if (unit == Unit::page) return profile.page_size;
    if (unit == Unit::block) return state.block_size;
    // with large pages on arm64: what one page of memmap describes
    const std::uint64_t per_memmap_page = profile.page_size / profile.struct_page_size * profile.page_size;
    return profile.arch == Arch::arm64 ? std::max(kSubsectionSize, per_memmap_page) : kSubsectionSize;
}

// Refusals that another place does not mend.
constexpr std::array kSameEverywhere{
    RuleId::map_type_unsupported, RuleId::map_altmap_invalid, RuleId::map_altmap_unsupported,
    RuleId::map_altmap_exhausted, RuleId::add_driver_name,    RuleId::add_memmap_on_memory_unsupported,
    RuleId::add_node_impossible,  RuleId::probe_absent,
};

bool is_about_place(RuleId rule) { return std::ranges::find(kSameEverywhere, rule) == kSameEverywhere.end(); }

// The operation moved to another range.
Operation moved(const Operation& operation, const Range& to) {
    Operation copy = operation;
    std::visit(
        [&](auto& asked) {
            using Asked = std::decay_t<decltype(asked)>;
            if constexpr (std::is_same_v<Asked, op::Probe>) {
                asked.address = to.start;
            } else if constexpr (requires {
                                     asked.start;
                                     asked.size;
                                 }) {
                asked.start = to.start;
                asked.size = to.size();
            }
        },
        copy);
    return copy;
}

std::uint64_t distance(const Range& a, const Range& b) {
    return a.start > b.start ? a.start - b.start : b.start - a.start;
}

// What remains of a range when both ends are aligned inwards.
std::optional<Range> aligned_inwards(const Range& range, std::uint64_t unit) {
    const std::uint64_t start = align_up(range.start, unit);
    if (start < range.start || range.last < unit - 1) return std::nullopt;
    const std::uint64_t last = align_down(range.last - (unit - 1), unit) + (unit - 1);
    return start < last ? std::optional(Range{start, last}) : std::nullopt;
}

class Search {
public:
    // wanted: of whole units, `unit` bytes each.
    Search(const State& state, const Operation& operation, const Range& wanted, std::uint64_t unit)
        : state_(state), operation_(operation), wanted_(wanted), unit_(unit), meets_(meets_of(operation)) {}

    // The nearest one of `size` bytes inside `within`; upwards where two are as near.
    [[nodiscard]] std::optional<Range> nearest(std::uint64_t size, const Range& within) const {
        const auto bounds = aligned_inwards(within, unit_);
        if (!bounds || bounds->size() < size) return std::nullopt;
        const std::uint64_t last_start = bounds->last - (size - 1);
        const std::uint64_t from = std::clamp(wanted_.start, bounds->start, last_start);
        const Range first{from, from + (size - 1)};
        const auto up = search(first, *bounds, Direction::up);
        Range below = *bounds;   // no farther than what is known
        if (up && distance(*up, wanted_) < wanted_.start)
            below.start = std::max(below.start, wanted_.start - distance(*up, wanted_));
        const auto down = from <= wanted_.start ? search(first, below, Direction::down) : std::nullopt;
        if (!up || !down) return up ? up : down;
        return distance(*up, wanted_) <= distance(*down, wanted_) ? up : down;
    }

    // Inside one device: as large as asked, or the largest that there is.
    [[nodiscard]] std::optional<Range> inside(const Range& device) const {
        const auto bounds = aligned_inwards(device, unit_);
        if (!bounds) return std::nullopt;
        const auto found = nearest(std::min(wanted_.size(), bounds->size()), *bounds);
        return found ? found : largest(*bounds);
    }

    // Larger is better, then nearer, then higher.
    [[nodiscard]] bool is_better(const Range& one, const std::optional<Range>& other) const {
        if (!other || one.size() != other->size()) return !other || one.size() > other->size();
        const std::uint64_t far = distance(one, wanted_);
        const std::uint64_t other_far = distance(*other, wanted_);
        return far != other_far ? far < other_far : one.start > other->start;
    }

private:
    [[nodiscard]] Outcome decided(const Operation& asked) const {
        return std::visit([&](const auto& operation) { return decide(state_, operation); }, asked);
    }

    // Nothing in the way is known; what the rules say of it, and of what it endangers.
    enum class Answer : std::uint8_t { good, bad, same_everywhere };
    [[nodiscard]] Answer ask(const Range& range) const {
        const Operation asked = moved(operation_, range);
        const Outcome outcome = decided(asked);
        if (!outcome.accepted()) return is_about_place(outcome.rule) ? Answer::bad : Answer::same_everywhere;
        return hazards_for(state_, asked, outcome).empty() ? Answer::good : Answer::bad;
    }

    [[nodiscard]] std::optional<Range> search(Range at, const Range& within, Direction direction) const {
        const std::uint64_t length = at.last - at.start;
        for (unsigned jump = 0; jump < kMostJumps && within.contains(at); ++jump) {
            const auto open = open_start(state_, meets_, at, direction);
            if (!open) return std::nullopt;
            std::uint64_t start = direction == Direction::up ? align_up(*open, unit_) : align_down(*open, unit_);
            if (*open == at.start) {
                const Answer answer = ask(at);
                if (answer == Answer::good) return at;
                if (answer == Answer::same_everywhere) return std::nullopt;
                if (direction == Direction::down && start < unit_) return std::nullopt;
                start = direction == Direction::up ? start + unit_ : start - unit_;
            }
            if (start > std::numeric_limits<std::uint64_t>::max() - length) return std::nullopt;
            if (direction == Direction::up && start <= at.start) return std::nullopt;   // the address space ends
            at = {start, start + length};
        }
        return std::nullopt;
    }

    [[nodiscard]] std::optional<Range> largest(const Range& bounds) const {
        std::optional<Range> best;
        Range unit{bounds.start, bounds.start + (unit_ - 1)};
        for (unsigned jump = 0; jump < kMostJumps; ++jump) {
            const auto free = search(unit, bounds, Direction::up);
            if (!free) break;
            const std::uint64_t open = open_last(state_, meets_, *free, bounds.last);
            Range gap{free->start, align_down(open - (unit_ - 1), unit_) + (unit_ - 1)};
            if (gap.size() > wanted_.size()) gap.last = gap.start + (wanted_.size() - 1);
            if (is_better(gap, best) && ask(gap) == Answer::good) best = gap;
            if (bounds.last - gap.last < unit_) break;
            unit = {gap.last + 1, gap.last + unit_};
        }
        return best;
    }

    const State& state_;
    const Operation& operation_;
    Range wanted_;
    std::uint64_t unit_;
    Meets meets_;
};

// Where the operation may lie at all: beyond, it is refused, or accepted with a danger.
Range bounds_of(const State& state, const Operation& operation) {
    if (std::holds_alternative<op::Claim>(operation)) return {0, std::numeric_limits<std::uint64_t>::max() / 2};
    const auto* map = std::get_if<op::Map>(&operation);
    const bool unaddressable = map != nullptr && map->type == MapType::device_private;
    Range bounds = unaddressable ? state.limits.physical : state.limits.mappable;
    bounds.last = std::min({bounds.last, state.limits.physical.last, state.limits.direct_map.last});
    if (map == nullptr && state.has(Feature::mem_limits_hotplug))
        bounds.last = std::min(bounds.last, state.limits.mem - 1);
    return bounds;
}

// Memory of a device that no driver has claimed: what a range that reaches beyond it was probably about.
bool is_free_device(const Resource& resource) {
    return !resource.busy && !resource.system_ram && !is_device_window(resource);
}

}   // namespace

std::optional<Range> nearest_accepted(const State& state, const Operation& operation, const Outcome& outcome) {
    const Unit kind = unit_of(operation);
    if (outcome.accepted() || kind == Unit::cannot_move || !is_about_place(outcome.rule)) return std::nullopt;
    const auto range = range_of(state, operation);
    if (!range) return std::nullopt;
    const std::uint64_t unit = bytes_of(kind, state);
    const std::uint64_t first = align_down(range->start, unit);
    const Range wanted = aligned_inwards(*range, unit).value_or(Range{first, first + (unit - 1)});
    const Search search(state, operation, wanted, unit);
    const Range bounds = bounds_of(state, operation);
    std::optional<Range> best;
    if (meets_of(operation).enters) {
        state.resources->walk(*range, [&](const Resource& resource, unsigned) {
            const auto device = intersection(resource.range, bounds);
            if (!device || !is_free_device(resource)) return;
            const auto found = search.inside(*device);
            if (found && search.is_better(*found, best)) best = found;
        });
    }
    return best ? best : search.nearest(wanted.size(), bounds);
}

}   // namespace memhot
