// SPDX-License-Identifier: GPL-2.0-or-later
//
// What would be accepted instead: cases by hand, and random layouts against a search that tries every place.
#include <gtest/gtest.h>

#include <random>

#include "memhot/verdict.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::add_of;
using test::Host;

constexpr std::uint64_t kSection = 128 * kMiB;

std::string nearest_to(const Model& model, const Operation& operation) {
    const Verdict verdict = predict(model, operation);
    EXPECT_FALSE(verdict.outcome.accepted()) << describe(operation);
    return verdict.nearest ? to_string(*verdict.nearest) : "none";
}

op::Map map_range(std::uint64_t start, std::uint64_t last, MapType type = MapType::fsdax) {
    return {
        .type = type, .start = start, .size = last - start + 1, .claim = true, .owner = "test", .altmap = std::nullopt};
}

const std::string kRamAndPmem = "100000000-13fffffff : System RAM\n140000000-17fffffff : Persistent Memory\n";

TEST(Nearest, is_in_the_device_that_the_range_reaches_into) {
    const Model model = test::boot({.iomem = kRamAndPmem});
    // behind the device nothing is
    EXPECT_EQ(nearest_to(model, map_range(0x138000000, 0x14fffffff)), "140000000-157ffffff");
    EXPECT_EQ(nearest_to(model, map_range(0x13fe00000, 0x143dfffff)), "140000000-143ffffff");
    EXPECT_EQ(nearest_to(model, map_range(0x17fe00000, 0x183dfffff, MapType::generic)), "17c000000-17fffffff");
    op::Map unclaimed = map_range(0x138000000, 0x14fffffff);
    unclaimed.claim = false;
    EXPECT_EQ(nearest_to(model, unclaimed), "140000000-157ffffff");
    EXPECT_EQ(nearest_to(model, add_of(0x138000000, 2 * kSection)), "140000000-14fffffff");
}

TEST(Nearest, is_as_much_of_the_device_as_there_is) {
    // the ends of the device are rounded inwards to sub-sections; its neighbours are RAM
    const Model model = test::boot({.iomem = "166f17000-16ef16fff : System RAM\n"
                                             "16ef17000-186f16fff : Persistent Memory (legacy)\n"
                                             "196f17000-197ea0fff : Reserved\n"});
    EXPECT_EQ(nearest_to(model, map_range(0x16ee00000, 0x186ffffff)), "16f000000-186dfffff");
    // what another owner has of it is not offered, and the larger of the free parts is
    Model shared = model;
    test::run(shared, map_range(0x172000000, 0x173ffffff));
    EXPECT_EQ(nearest_to(shared, map_range(0x16ee00000, 0x186ffffff)), "174000000-186dfffff");
    EXPECT_EQ(nearest_to(shared, map_range(0x171000000, 0x172ffffff)), "170000000-171ffffff");
}

TEST(Nearest, is_elsewhere_where_the_device_is_full_or_there_is_none) {
    Model model = test::boot({.iomem = kRamAndPmem});
    EXPECT_EQ(nearest_to(model, map_range(0x120000000, 0x121ffffff)), "140000000-141ffffff");
    EXPECT_EQ(nearest_to(model, map_range(0x101000000, 0x102ffffff)), "fe000000-ffffffff");
    test::run(model, map_range(0x140000000, 0x17fffffff));
    EXPECT_EQ(nearest_to(model, map_range(0x170000000, 0x18fffffff)), "180000000-19fffffff");
    // un-addressable memory is placed where nothing is
    EXPECT_EQ(
        nearest_to(test::boot({.iomem = kRamAndPmem}), map_range(0x138000000, 0x147ffffff, MapType::device_private)),
        "180000000-18fffffff");
}

TEST(Nearest, is_no_danger) {
    const std::string ram = "00001000-7fffffff : System RAM\n100000000-1fffffffff : System RAM\n";
    // 5.10 takes addresses behind the direct map that KASLR left (11 TiB here), and goes wrong there later
    const Model old = test::boot({.iomem = ram, .kernel = "5.10", .block_size = 2 * kGiB});
    EXPECT_EQ(nearest_to(old, add_of(0x400000000000, 2 * kGiB)), "aff80000000-affffffffff");
    // 5.3 takes any address at all; the private memory is at the very top
    const std::string top = "100000000-1ffffffff : System RAM\n3fffc0000000-3fffffffffff : 0000:03:00.0\n";
    const Model oldest = test::boot({.iomem = top, .kernel = "5.3", .block_size = 2 * kGiB, .cmdline = "nokaslr"});
    EXPECT_EQ(nearest_to(oldest, add_of(0x3fff80000000, 2 * kGiB)), "3fff00000000-3fff7fffffff");
    // until 5.8 unmapping a part of a section with boot RAM frees its memmap
    for (const auto& [kernel, instead] : {std::pair{"5.8", "380000000-383dfffff"}, {"5.9", "37c200000-37fffffff"}}) {
        const Model model = test::boot(
            {.iomem = "100000000-37bffffff : System RAM\n37c000000-837ffffff : Persistent Memory\n", .kernel = kernel});
        EXPECT_EQ(nearest_to(model, map_range(0x37c100000, 0x37fffffff)), instead) << kernel;
    }
}

TEST(Nearest, is_below_the_limit_however_far_that_is) {
    const std::string ram = "00001000-7fffffff : System RAM\n100000000-1fffffffff : System RAM\n";
    // 6.12 shrinks the direct map to 1 TiB of RAM and 10 of room, and 6.12.31 no longer does
    const Model model = test::boot({.iomem = ram, .kernel = "6.12", .block_size = 2 * kGiB});
    EXPECT_EQ(nearest_to(model, add_of(0x400000000000, 2 * kGiB)), "aff80000000-affffffffff");
    EXPECT_EQ(nearest_to(model, map_range(0x500000000000, 0x5000001fffff)), "affffe00000-affffffffff");
    const Model later = test::boot({.iomem = ram, .kernel = "6.12.31", .block_size = 2 * kGiB});
    EXPECT_EQ(nearest_to(later, map_range(0x500000000000, 0x5000001fffff)), "3fffffe00000-3fffffffffff");
}

TEST(Nearest, is_below_what_mem_allows) {
    const Model model = test::boot({.iomem = kRamAndPmem, .kernel = "5.4", .cmdline = "mem=0x190000000"});
    EXPECT_EQ(nearest_to(model, add_of(0x200000000, 2 * kSection)), "180000000-18fffffff");
    EXPECT_EQ(nearest_to(model, add_of(0x188000000, 2 * kSection)), "180000000-18fffffff");
}

TEST(Nearest, jumps_over_all_that_is_in_the_way) {
    // 2,000 busy devices of 2 MiB with 2 MiB between them: each gap is too small
    std::string iomem = "00001000-7fffffff : System RAM\n";
    std::uint64_t at = 0x100000000;
    for (int i = 0; i < 900; ++i, at += 4 * kMiB) iomem += to_string(*Range::from_size(at, 2 * kMiB)) + " : claimed\n";
    const Model model = test::boot({.iomem = iomem});
    EXPECT_EQ(nearest_to(model, map_range(at - 400 * kMiB, at - 396 * kMiB - 1)),
              to_string(*Range::from_size(at - 2 * kMiB, 4 * kMiB)));
}

// --- random layouts ----------------------------------------------------------------------------------------------------

constexpr std::uint64_t kBase = 7 * kGiB;   // all below is RAM, all above is beyond the physical addresses
constexpr std::uint64_t kEnd = 8 * kGiB;

struct Kernel {
    const char* version;
    Arch arch;
    bool dangers;   // some accepted places are dangerous
};

class Dice {
public:
    explicit Dice(std::uint64_t seed) : engine_(seed) {}
    std::uint64_t below(std::uint64_t count) { return engine_() % count; }

private:
    std::mt19937_64 engine_;
};

std::string random_iomem(Dice& dice) {
    constexpr std::uint64_t kGranule = 512 * kKiB;
    std::string text = "00001000-1bfffffff : System RAM\n";
    for (std::uint64_t at = kBase; at < kEnd;) {
        if (dice.below(2) == 0) at += (1 + dice.below(200)) * kGranule;
        const std::uint64_t size = (1 + dice.below(600)) * (dice.below(2) == 0 ? kGranule : 2 * kMiB);
        if (at + size > kEnd) break;
        constexpr std::array kNames{"System RAM", "Persistent Memory", "claimed", "Reserved", "Persistent Memory"};
        const std::string name = kNames[dice.below(kNames.size())];
        text += to_string(Range{at, at + size - 1}) + " : " + name + "\n";
        if (name == "Persistent Memory" && dice.below(2) == 0 && size >= 8 * kMiB) {   // somebody has a part of it
            const std::uint64_t first = at + dice.below(size / kMiB / 2) * kMiB;
            const std::uint64_t part = std::min(at + size - first, (1 + dice.below(40)) * kMiB);
            text += "  " + to_string(Range{first, first + part - 1}) + " : " +
                    (dice.below(3) == 0 ? "region0" : "namespace0.0") + "\n";
        }
        at += size;
    }
    return text;
}

Model random_model(Dice& dice, const Kernel& kernel) {
    auto profile = make_profile({.release = "",
                                 .version = *parse_version(kernel.version),
                                 .arch = kernel.arch,
                                 .page_size = 4096,
                                 .section_size_bits = std::nullopt,
                                 .max_physmem_bits = 33,
                                 .struct_page_size = std::nullopt,
                                 .found = {}});
    Snapshot snapshot;
    snapshot.iomem = random_iomem(dice);
    snapshot.cmdline = "memhp_default_state=offline";
    snapshot.possible_nodes = "0";
    snapshot.probe = true;
    auto model = Model::from_snapshot(snapshot, std::make_shared<const KernelProfile>(*std::move(profile)));
    EXPECT_TRUE(model) << model.error().message() << *snapshot.iomem;
    return *std::move(model);
}

Operation random_operation(Dice& dice, const Model& model) {
    const std::uint64_t start = kBase + dice.below(kGiB / kMiB) * kMiB;
    const std::uint64_t size = std::min((1 + dice.below(200)) * kMiB, kEnd - start);
    switch (dice.below(4)) {
        case 0: return add_of(align_down(start, model.block_size()), align_up(size, model.block_size()));
        case 1: return op::Probe{start};
        default: break;
    }
    op::Map map = map_range(align_down(start, 2 * kMiB), start + size - 1);
    if (dice.below(3) == 0) map.start = start;
    map.claim = dice.below(2) == 0;
    return map;
}

Operation at(const Operation& operation, const Range& range) {
    if (const auto* map = std::get_if<op::Map>(&operation)) {
        op::Map there = *map;
        there.start = range.start;
        there.size = range.size();
        return there;
    }
    if (std::holds_alternative<op::Add>(operation)) return add_of(range.start, range.size());
    return op::Probe{range.start};
}

// The search once more, as plainly as it can be written.
class EveryPlace {
public:
    EveryPlace(const Model& model, const Operation& operation, const Range& asked) : model_(model), asked_(operation) {
        unit_ = std::holds_alternative<op::Map>(operation) ? 2 * kMiB : model.block_size();
        const std::uint64_t first = align_up(asked.start, unit_);
        const std::uint64_t end = align_down(asked.last + 1, unit_);
        from_ = end > first ? first : align_down(asked.start, unit_);
        size_ = end > first ? end - first : unit_;
        model.resources().walk(asked, [&](const Resource& resource, unsigned) {
            if (!resource.busy && !resource.system_ram && resource.name != "Reserved")
                devices_.push_back(resource.range);
        });
    }

    [[nodiscard]] std::optional<Range> nearest() const {
        for (std::uint64_t size = size_; size != 0; size -= unit_) {
            std::optional<Range> best;
            for (const Range& device : devices_) consider(device, size, best);
            if (best) return best;
        }
        std::optional<Range> best;
        consider({0, kEnd - 1}, size_, best);
        return best;
    }
    [[nodiscard]] bool good(const Range& range) const {
        bool plausible = true;
        model_.resources().walk(
            range, [&](const Resource& resource, unsigned) { plausible = plausible && resource.name != "Reserved"; });
        const Operation there = at(asked_, range);
        return plausible && model_.outcome(there).accepted() && !predict(model_, there).dangerous();
    }

private:
    [[nodiscard]] std::uint64_t far(std::uint64_t start) const { return start > from_ ? start - from_ : from_ - start; }

    void consider(const Range& within, std::uint64_t size, std::optional<Range>& best) const {
        for (std::uint64_t start = align_up(std::max(within.start, kBase), unit_); start + size - 1 <= within.last;
             start += unit_) {
            if (best && far(start) > far(best->start)) continue;   // as far, but higher, is better
            const Range range{start, start + size - 1};
            if (good(range)) best = range;
        }
    }

    const Model& model_;
    const Operation& asked_;
    std::uint64_t unit_ = 0;
    std::uint64_t from_ = 0;
    std::uint64_t size_ = 0;
    std::vector<Range> devices_;
};

std::string text_of(const std::optional<Range>& range) { return range ? to_string(*range) : "none"; }

TEST(Nearest, is_what_a_search_of_every_place_finds) {
    constexpr std::array kKernels{Kernel{"6.12.95", Arch::x86_64, false}, Kernel{"5.10.223", Arch::x86_64, false},
                                  Kernel{"6.12.107", Arch::arm64, false}, Kernel{"6.12.107", Arch::ppc64, false},
                                  Kernel{"5.8", Arch::x86_64, true}};
    Dice dice(20190718);
    unsigned found = 0;
    unsigned none = 0;
    for (unsigned layout = 0; layout < 400 && !testing::Test::HasFailure(); ++layout) {
        const Kernel& kernel = kKernels[layout % kKernels.size()];
        Model model = random_model(dice, kernel);
        for (unsigned step = 0; step < 6; ++step) {
            const Operation operation = random_operation(dice, model);
            const Verdict verdict = predict(model, operation);
            model.apply(operation, verdict.outcome);
            if (verdict.outcome.accepted()) continue;
            const Verdict again = predict(model, operation);   // a failure may have left pieces behind
            if (again.outcome.accepted()) continue;
            const auto* map = std::get_if<op::Map>(&operation);
            const auto* add = std::get_if<op::Add>(&operation);
            const Range asked = map != nullptr ? Range{map->start, map->start + map->size - 1}
                                : add != nullptr
                                    ? Range{add->start, add->start + add->size - 1}
                                    : Range{std::get<op::Probe>(operation).address,
                                            std::get<op::Probe>(operation).address + model.block_size() - 1};
            const EveryPlace every(model, operation, asked);
            const std::string story =
                std::string(kernel.version) + "\n" + model.resources().print() + describe(operation);
            ++(again.nearest ? found : none);
            if (again.nearest) {
                EXPECT_TRUE(every.good(*again.nearest)) << story << "\n" << to_string(*again.nearest);
            }
            if (!kernel.dangers) {
                EXPECT_EQ(text_of(again.nearest), text_of(every.nearest())) << story;
            }
        }
    }
    EXPECT_GT(found, 300U);
    EXPECT_GT(none, 20U);
}

}   // namespace
}   // namespace memhot
