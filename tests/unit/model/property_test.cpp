// SPDX-License-Identifier: GPL-2.0-or-later
//
// Random layouts and random operations: the model against a brute-force model that was written from the kernel's rules
// alone. 100,000 layouts; RC_PARAMS (seed=, max_success=) changes the seed and the number.
#include <fmt/format.h>
#include <rapidcheck.h>

#include <array>
#include <bitset>
#include <cstdlib>
#include <map>
#include <memory>

#include "model/state.hpp"
#include "unit/model/brute_force.hpp"
#include "unit/model/host.hpp"

namespace memhot {
namespace {

using test::Answer2;
using test::BruteForce;
using test::kGranule;
using test::Rules;

constexpr std::uint64_t kBase = 7 * kGiB;   // what is looked at: the last GiB below 2^33
constexpr std::uint64_t kSpace = kGiB;
constexpr unsigned kPhysmemBits = 33;

struct Kernel {
    const char* name;
    const char* version;
    Arch arch;
    Rules rules;
};

Rules rules_for(std::uint64_t section, Rules::Memmap memmap, bool pluggable, bool ram_below, bool flag, bool must) {
    return {.page = 4096,
            .section = section,
            .block = section,
            .base = kBase,
            .limit = kBase + kSpace,
            .memmap = memmap,
            .pluggable_first = pluggable,
            .ram_below_counts = ram_below,
            .memmap_on_memory = false,
            .flag_known = flag,
            .flag_must_be_met = must,
            .boot_memory_stays = memmap == Rules::Memmap::arm64};
}

const std::array kKernels{
    Kernel{"x86_64-5.10", "5.10.223", Arch::x86_64,
           rules_for(128 * kMiB, Rules::Memmap::x86, false, false, false, false)},
    Kernel{"x86_64-6.1", "6.1.190", Arch::x86_64, rules_for(128 * kMiB, Rules::Memmap::x86, true, true, true, true)},
    Kernel{"x86_64-6.12", "6.12.95", Arch::x86_64, rules_for(128 * kMiB, Rules::Memmap::x86, true, true, true, false)},
    Kernel{"x86_64-7.2", "7.2.12", Arch::x86_64, rules_for(128 * kMiB, Rules::Memmap::x86, true, true, true, false)},
    Kernel{"arm64-6.12", "6.12.107", Arch::arm64, rules_for(128 * kMiB, Rules::Memmap::arm64, true, true, true, false)},
    Kernel{"ppc64-6.12", "6.12.107", Arch::ppc64, rules_for(16 * kMiB, Rules::Memmap::ppc64, true, true, true, false)},
};

std::shared_ptr<const KernelProfile> profile_of(const Kernel& kernel) {
    auto profile = make_profile({.release = "",
                                 .version = *parse_version(kernel.version),
                                 .arch = kernel.arch,
                                 .page_size = 4096,
                                 .section_size_bits = std::nullopt,
                                 .max_physmem_bits = kPhysmemBits,
                                 .struct_page_size = std::nullopt,
                                 .found = {}});
    if (!profile) throw std::runtime_error(profile.error().message());
    return std::make_shared<const KernelProfile>(*std::move(profile));
}

std::shared_ptr<const KernelProfile> profile_at(std::size_t index) {
    static const auto kProfiles = [] {
        std::vector<std::shared_ptr<const KernelProfile>> all;
        for (const Kernel& kernel : kKernels) all.push_back(profile_of(kernel));
        return all;
    }();
    return kProfiles[index];
}

// Decisions, one after the other; rapidcheck shrinks their numbers, and where they are used up the answer is 0.
class Choices {
public:
    explicit Choices(const std::vector<std::uint16_t>& numbers) : numbers_(numbers) {}
    std::uint64_t below(std::uint64_t count) { return next_ < numbers_.size() ? numbers_[next_++] % count : 0; }
    bool one_in(std::uint64_t count) { return below(count) == count - 1; }

private:
    const std::vector<std::uint16_t>& numbers_;
    std::size_t next_ = 0;
};

// A length that is likely to matter: some sub-sections, whole sections, or neither.
std::uint64_t some_size(Choices& choices, const Rules& rules) {
    switch (choices.below(6)) {
        case 0: return (1 + choices.below(3)) * rules.section;
        case 1: return rules.block * (1 + choices.below(2));
        case 2: return rules.section / 2;
        case 3: return (1 + choices.below(200)) * kGranule;
        default: return (1 + choices.below(70)) * kSubsectionSize;
    }
}

// --- layouts -----------------------------------------------------------------------------------------------------------

struct Layout {
    std::size_t kernel = 0;
    Rules rules;
    std::string iomem;   // never empty: there is always something far below
};

constexpr const char* kAnchor = "00000000-00000fff : anchor\n";

// Draws a layout and puts it into the brute-force model at the same time.
std::pair<Layout, BruteForce> draw_layout(Choices& choices) {
    Layout layout{.kernel = choices.below(kKernels.size()), .rules = {}, .iomem = kAnchor};
    layout.rules = kKernels[layout.kernel].rules;
    layout.rules.block <<= choices.below(2) + (layout.rules.section == 16 * kMiB ? 2 : 0);
    layout.rules.memmap_on_memory = choices.one_in(2);
    BruteForce brute(layout.rules);
    const bool arm = kKernels[layout.kernel].arch == Arch::arm64;
    std::uint64_t at = kBase;
    for (std::uint64_t parts = 1 + choices.below(6); parts != 0; --parts) {
        if (choices.one_in(2)) at += some_size(choices, layout.rules);
        const std::uint64_t size = some_size(choices, layout.rules);
        if (at + size > kBase + kSpace) break;
        const std::uint64_t kind = choices.below(4);
        const std::string name = kind == 0   ? "System RAM"
                                 : kind == 1 ? "Persistent Memory"
                                 : kind == 2 ? "claimed"
                                 : arm       ? "reserved"
                                             : "Reserved";
        // arm64's "reserved" is memory that is not mapped: no RAM in iomem, but in memblock
        brute.boot_resource(at, size, name, kind == 0 || kind == 2, kind == 0, kind == 0 || (kind == 3 && arm));
        layout.iomem += fmt::format("{:08x}-{:08x} : {}\n", at, at + size - 1, name);
        at += size;
    }
    brute.boot_done();
    return {layout, brute};
}

Model model_of(const Layout& layout) {
    Snapshot snapshot;
    snapshot.iomem = layout.iomem;
    snapshot.cmdline = "memhp_default_state=offline";
    snapshot.memory_block_size = layout.rules.block;
    snapshot.possible_nodes = "0";
    if (layout.rules.memmap_on_memory) snapshot.parameters["memmap_on_memory"] = "Y";
    auto model = Model::from_snapshot(snapshot, profile_at(layout.kernel));
    if (!model) throw std::runtime_error(model.error().message());
    return *std::move(model);
}

// --- operations --------------------------------------------------------------------------------------------------------

// An address that is likely to matter: an edge of something, a section or block boundary, or near one.
std::uint64_t some_address(Choices& choices, const Rules& rules, const BruteForce& brute) {
    std::uint64_t at = kBase + choices.below(kSpace / rules.section) * rules.section;
    if (choices.one_in(3)) {
        const auto edges = brute.edges();
        if (!edges.empty()) at = edges[choices.below(edges.size())];
    }
    switch (choices.below(5)) {
        case 0: at += choices.below(70) * kSubsectionSize; break;
        case 1: at -= choices.below(8) * kSubsectionSize; break;
        case 2: at += choices.below(4) * kGranule; break;
        default: break;
    }
    return at < kBase ? kBase : std::min(at, kBase + kSpace - kGranule);
}

struct Step {
    Operation operation;
    Answer2 expected;
    Outcome adopt;   // where the answer is uncertain
};

Answer2 answer_of(const Outcome& outcome) {
    const bool request = outcome.stage == Stage::request;
    switch (outcome.kind) {
        case Outcome::Kind::accepted: return {};
        case Outcome::Kind::refused: return {Answer2::refused, outcome.error, request};
        case Outcome::Kind::uncertain: return {Answer2::uncertain, outcome.error, false};
        case Outcome::Kind::crash: break;
    }
    return {Answer2::crash, 0, false};
}

class Walk {
public:
    Walk(Choices& choices, const Layout& layout, BruteForce& brute)
        : choices_(choices), rules_(layout.rules), brute_(brute) {}

    Step step() {
        switch (choices_.below(10)) {
            case 0: return claim();
            case 1: return release();
            case 2:
            case 3: return map();
            case 4: return unmap();
            case 5:
            case 6: return add();
            case 7: return remove();
            case 8: return online();
            default: return offline();
        }
    }

private:
    std::pair<std::uint64_t, std::uint64_t> some_range() {
        const std::uint64_t start = some_address(choices_, rules_, brute_);
        return {start, some_size(choices_, rules_)};
    }
    std::pair<std::uint64_t, std::uint64_t> some_blocks() {
        const std::uint64_t start = kBase + choices_.below(kSpace / rules_.block) * rules_.block;
        const std::uint64_t size = (1 + choices_.below(3)) * rules_.block;
        return {start, std::min(size, kBase + kSpace - start)};
    }
    Step claim() {
        const auto [start, size] = some_range();
        return {op::Claim{start, size, "claim"}, brute_.claim(start, size, "claim"), {}};
    }
    Step release() {
        auto [start, size] = some_range();
        const auto edges = brute_.edges();   // pairs of start and end; what was claimed is among them
        if (!edges.empty() && !choices_.one_in(4)) {
            const std::uint64_t pair = choices_.below(edges.size() / 2);
            start = edges[2 * pair];
            size = edges[2 * pair + 1] - start;
        }
        return {op::Release{start, size}, brute_.release(start, size), {}};
    }
    Step map() {
        const auto [start, size] = some_range();
        op::Map map{.type = choices_.one_in(2) ? MapType::fsdax : MapType::generic,
                    .start = start,
                    .size = size,
                    .claim = choices_.one_in(2),
                    .owner = "mapped",
                    .altmap = std::nullopt};
        std::optional<BruteForce::Altmap2> altmap;
        if (choices_.one_in(3)) {
            const std::uint64_t memmap = size / 4096 / 64;
            altmap = {choices_.below(3),
                      choices_.one_in(3) ? choices_.below(2 * memmap + 2) : memmap + choices_.below(600)};
            if (choices_.one_in(8))
                altmap->free = size / 4096 - altmap->reserve + choices_.below(3);   // as large as it may be
            map.altmap = Altmap{altmap->reserve, altmap->free};
        }
        return {map, brute_.map(start, size, map.claim, altmap), {}};
    }
    Step unmap() {
        const int handle = static_cast<int>(choices_.below(4));
        return {op::Unmap{handle}, brute_.unmap(handle), {}};
    }
    Step add() {
        auto [start, size] = some_blocks();
        if (choices_.one_in(6)) std::tie(start, size) = some_range();
        if (choices_.one_in(24))
            std::tie(start, size) = std::pair{kBase + kSpace - rules_.block, 2 * rules_.block};   // too far
        const int node = choices_.one_in(12) ? 1 : 0;
        const bool own_memmap = choices_.one_in(3);
        return {op::Add{.start = start,
                        .size = size,
                        .node = node,
                        .driver_managed = false,
                        .memmap_on_memory = own_memmap,
                        .resource_name = "System RAM"},
                brute_.add(start, size, node, own_memmap),
                {}};
    }
    Step remove() {
        auto [start, size] = some_blocks();
        const auto movable = brute_.movable();
        if (!movable.empty() && !choices_.one_in(4)) std::tie(start, size) = movable[choices_.below(movable.size())];
        return {op::Remove{start, size}, brute_.remove(start, size), {}};
    }
    std::uint64_t some_block() {
        const auto movable = brute_.movable();
        if (!movable.empty() && !choices_.one_in(4))
            return movable[choices_.below(movable.size())].first / rules_.block;
        return (kBase + choices_.below(kSpace / rules_.block) * rules_.block) / rules_.block;
    }
    Step online() {
        const std::uint64_t block = some_block();
        const char* word = choices_.one_in(2) ? "online_movable" : "online";
        return {op::SetState{block, word}, brute_.online(block), {}};
    }
    Step offline() {
        const std::uint64_t block = some_block();
        const bool succeed = choices_.one_in(2);
        return {op::SetState{block, "offline"}, brute_.offline(block, succeed),
                succeed ? Outcome::accept(RuleId::offline_unmovable)
                        : Outcome::refuse(RuleId::offline_unmovable, EBUSY)};
    }

    Choices& choices_;
    const Rules& rules_;
    BruteForce& brute_;
};

// --- what can be seen --------------------------------------------------------------------------------------------------

std::string sections_of(const Model& model) {
    std::string out;
    for (const SectionInfo& section : model.sections()) {
        out += std::to_string(section.number);
        out += section.early ? " early" : " -";
        out += section.online ? " online " : " - ";
        const unsigned bits = model.profile().subsections_per_section();
        for (unsigned i = 0; i < bits; ++i) out += (section.subsections[i / 64] >> (i % 64) & 1) != 0 ? '1' : '0';
        out += '\n';
    }
    return out;
}

std::string blocks_of(const Model& model) {
    std::string out;
    model.state().blocks.for_each([&](std::uint64_t number, const Block& block) {
        out += std::to_string(number) + (block.online ? " online\n" : " offline\n");
    });
    return out;
}

std::string text_of(const Answer2& answer) {
    constexpr std::array kKinds{"accepted", "refused", "uncertain", "crash"};
    return fmt::format("{} {}{}", kKinds[answer.kind], answer.error, answer.request_stage ? " at request" : "");
}

// Empty where both agree on everything.
std::string disagreement(const Model& model, const BruteForce& brute) {
    const auto differs = [](std::string_view what, const std::string& have, const std::string& want) {
        return have == want ? std::string() : fmt::format("{}\nmodel:\n{}brute force:\n{}", what, have, want);
    };
    return differs("iomem", model.resources().print(), kAnchor + brute.iomem()) +
           differs("sections", sections_of(model), brute.sections()) +
           differs("blocks", blocks_of(model), brute.blocks());
}

// How often each rule spoke: random layouts that never meet a rule would prove nothing about it.
using Spoken = std::array<std::uint64_t, kRuleCount>;

void agrees_with_brute_force(const std::vector<std::uint16_t>& numbers, Spoken& spoken) {
    Choices choices(numbers);
    auto [layout, brute] = draw_layout(choices);
    Model model = model_of(layout);
    std::string story =
        fmt::format("{}, block {:#x}\n{}", kKernels[layout.kernel].name, layout.rules.block, layout.iomem);
    if (const auto wrong = disagreement(model, brute); !wrong.empty()) RC_FAIL(story + wrong);
    Walk walk(choices, layout, brute);
    for (std::uint64_t steps = 3 + choices.below(8); steps != 0; --steps) {
        const Step step = walk.step();
        const Outcome outcome = model.outcome(step.operation);
        story += describe(step.operation) + "\n";
        ++spoken[static_cast<std::size_t>(outcome.rule)];
        if (answer_of(outcome) != step.expected) {
            RC_FAIL(story + fmt::format("model: {} by {}, brute force: {}", text_of(answer_of(outcome)),
                                        rule(outcome.rule).id, text_of(step.expected)));
        }
        if (outcome.kind == Outcome::Kind::crash) return;
        model.apply(step.operation, outcome.kind == Outcome::Kind::uncertain ? step.adopt : outcome);
        if (const auto wrong = disagreement(model, brute); !wrong.empty()) RC_FAIL(story + wrong);
    }
}

// --- running -----------------------------------------------------------------------------------------------------------

// rapidcheck's own parameters, but as many cases and, unless RC_PARAMS says otherwise, always the same.
template <class Property>
void expect_property(const char* name, int cases, Property&& property) {
    rc::detail::TestParams params = rc::detail::configuration().testParams;
    if (std::getenv("RC_PARAMS") == nullptr) {
        params.maxSuccess = cases;
        params.seed = 20190718;   // ba72b4c8cf60
    }
    rc::detail::TestMetadata metadata;
    metadata.id = name;
    metadata.description = name;
    const auto result = rc::detail::checkTestable(std::forward<Property>(property), metadata, params);
    if (!result.template is<rc::detail::SuccessResult>()) {
        std::ostringstream text;
        rc::detail::printResultMessage(result, text);
        ADD_FAILURE() << text.str();
    }
}

rc::Gen<std::vector<std::uint16_t>> numbers(std::size_t count) {
    // always of full size: the numbers are choices, and small ones are no simpler layouts
    return rc::gen::resize(100,
                           rc::gen::container<std::vector<std::uint16_t>>(count, rc::gen::arbitrary<std::uint16_t>()));
}

// The rules that random layouts are about; the others have tests of their own.
constexpr std::array kMet{
    RuleId::claim_accepted,
    RuleId::claim_conflict,
    RuleId::release_accepted,
    RuleId::release_nonexistent,
    RuleId::map_accepted,
    RuleId::map_claim_busy,
    RuleId::map_conflict_start,
    RuleId::map_conflict_end,
    RuleId::map_ram,
    RuleId::map_ram_mixed,
    RuleId::map_beyond_pluggable,
    RuleId::map_beyond_physmem,
    RuleId::map_altmap_invalid,
    RuleId::map_misaligned,
    RuleId::map_subsection_active,
    RuleId::map_altmap_exhausted,
    RuleId::unmap_accepted,
    RuleId::unmap_no_handle,
    RuleId::add_accepted,
    RuleId::add_beyond_pluggable,
    RuleId::add_resource_conflict,
    RuleId::add_block_unaligned,
    RuleId::add_node_impossible,
    RuleId::add_memmap_on_memory_unsupported,
    RuleId::add_beyond_physmem,
    RuleId::add_subsection_active,
    RuleId::remove_accepted,
    RuleId::remove_block_online,
    RuleId::remove_memmap_granularity,
    RuleId::state_no_block,
    RuleId::state_already,
    RuleId::online_accepted,
    RuleId::offline_holes,
    RuleId::offline_boot_memory,
    RuleId::offline_unmovable,
};

TEST(Property, the_model_agrees_with_brute_force) {
    Spoken spoken{};
    expect_property("brute force", 100'000, [&] { agrees_with_brute_force(*numbers(150), spoken); });
    if (HasFailure() || std::getenv("RC_PARAMS") != nullptr) return;
    for (const RuleId met : kMet) EXPECT_GT(spoken[static_cast<std::size_t>(met)], 20U) << rule(met).id;
}

// --- values ------------------------------------------------------------------------------------------------------------

void only_apply_changes(const std::vector<std::uint16_t>& numbers) {
    Choices choices(numbers);
    auto [layout, brute] = draw_layout(choices);
    Model model = model_of(layout);
    Walk walk(choices, layout, brute);
    for (unsigned steps = 0; steps < 8; ++steps) {
        const Step step = walk.step();
        const std::string before = test::picture(model);
        const Model copy = model;
        const Outcome outcome = model.outcome(step.operation);
        (void)model.messages(step.operation, outcome);
        RC_ASSERT(test::picture(model) == before);   // asking changes nothing
        RC_ASSERT(model.outcome(step.operation) == outcome);
        if (outcome.kind == Outcome::Kind::crash) return;
        model.apply(step.operation, outcome.kind == Outcome::Kind::uncertain ? step.adopt : outcome);
        RC_ASSERT(test::picture(copy) == before);   // a copy is a copy
        RC_ASSERT(copy.outcome(step.operation) == outcome);
        if (outcome.stage == Stage::request)
            RC_ASSERT(test::picture(model) == before);   // memremap_pages() was never called
        const bool is_map = std::holds_alternative<op::Map>(step.operation);
        const bool leaks = outcome.rule == RuleId::add_subsection_active;
        if (outcome.kind == Outcome::Kind::refused && !is_map && !leaks) RC_ASSERT(test::picture(model) == before);
    }
}

TEST(Property, only_apply_changes_a_model_and_never_its_copy) {
    expect_property("values", 3'000, [] { only_apply_changes(*numbers(120)); });
}

// --- text --------------------------------------------------------------------------------------------------------------

std::string some_name(Choices& choices) {
    constexpr std::array<std::string_view, 8> kKnown{"System RAM", "Persistent Memory", "Reserved", "PCI Bus 0000:00",
                                                     "a : b",      " leading",          "dax0.0",   "<BAD>"};
    if (choices.one_in(2)) return std::string(kKnown[choices.below(kKnown.size())]);
    std::string name;
    for (std::uint64_t left = 1 + choices.below(12); left != 0; --left) {
        const char c = static_cast<char>(choices.below(256));
        name += c == '\n' ? ' ' : c;
    }
    return name;
}

// Disjoint, ascending, inside their parent; indented by two spaces a level, five levels at most.
void write_level(Choices& choices, std::uint64_t start, std::uint64_t last, unsigned depth, std::string& text) {
    std::uint64_t at = start;
    for (std::uint64_t left = choices.below(4); left != 0; --left) {
        const std::uint64_t room = last - at;
        if (room < 4) return;
        const std::uint64_t first = at + choices.below(std::min<std::uint64_t>(room / 4, 60000) + 1);
        const std::uint64_t end = first + (last - first) / (1 + choices.below(8));
        text += fmt::format("{:{}}{:08x}-{:08x} : {}\n", "", 2 * std::min(depth, 5U), first, end, some_name(choices));
        if (depth < 7 && choices.one_in(2)) write_level(choices, first, end, depth + 1, text);
        if (end == last) return;
        at = end + 1;
    }
}

TEST(Property, iomem_prints_as_it_was_read) {
    expect_property("iomem", 20'000, [] {
        const auto drawn = *numbers(200);
        Choices choices(drawn);
        std::string text = "00000000-00000fff : first\n";
        write_level(choices, 0x1000, choices.one_in(2) ? ~0ULL : 0xffffffffULL, 0, text);
        const auto tree = ResourceTree::parse(text, "x86_64");
        if (!tree) RC_FAIL(text + tree.error().message());
        RC_ASSERT(tree->print() == text);
        const auto again = ResourceTree::parse(tree->print(), "x86_64");
        RC_ASSERT(again.ok());
        RC_ASSERT(again->print() == text);
    });
}

// --- sections ----------------------------------------------------------------------------------------------------------

constexpr std::size_t kSections = 3000;   // more than a chunk of the table

template <std::size_t kBits>
void agrees_with_bitset(const std::vector<std::uint16_t>& numbers, unsigned section_size_bits) {
    Choices choices(numbers);
    SectionTable table(section_size_bits);
    RC_ASSERT(table.subsections() == kBits);
    std::map<std::uint64_t, std::bitset<kBits>> plain;
    std::map<std::uint64_t, std::uint8_t> flags;
    SectionTable copy = table;
    for (unsigned step = 0; step < 20; ++step) {
        const std::uint64_t section = choices.one_in(2) ? choices.below(kSections) : choices.below(3) * 1024;
        const auto first = static_cast<unsigned>(choices.below(kBits));
        const auto count = static_cast<unsigned>(1 + choices.below(kBits - first));
        const std::bitset<kBits> mask = (~std::bitset<kBits>{} >> (kBits - count)) << first;
        if (step == 10) copy = table;
        const bool value = !choices.one_in(3);
        table.set(section, {first, count}, value);
        plain[section] = value ? plain[section] | mask : plain[section] & ~mask;
        flags[section] = static_cast<std::uint8_t>(choices.below(16));
        table.set_flags(section, flags[section]);
        RC_ASSERT(table.all(section, {first, count}) == value);
        const std::uint64_t other = choices.below(kSections);
        RC_ASSERT(table.any(other, {first, count}) == (plain[other] & mask).any());
        RC_ASSERT(table.all(other, {first, count}) == ((plain[other] & mask) == mask));
        RC_ASSERT(table.empty(other) == plain[other].none());
    }
    for (const auto& [section, bits] : plain) {
        RC_ASSERT(table.flags(section) == flags[section]);   // 0 where nobody wrote
        for (std::size_t i = 0; i < kBits; ++i) {
            RC_ASSERT(table.bit((section << section_size_bits) + i * kSubsectionSize) == bits[i]);
        }
    }
    table.set(7, {0, 1}, true);
    copy.set(7, {0, 1}, false);
    RC_ASSERT(table.any(7, {0, 1}) && !copy.any(7, {0, 1}));
}

TEST(Property, the_section_table_agrees_with_bitsets) {
    expect_property("8", 500, [] { agrees_with_bitset<8>(*numbers(150), 24); });
    expect_property("64", 500, [] { agrees_with_bitset<64>(*numbers(150), 27); });
    expect_property("256", 500, [] { agrees_with_bitset<256>(*numbers(150), 29); });
    expect_property("512", 500, [] { agrees_with_bitset<512>(*numbers(150), 30); });
}

}   // namespace
}   // namespace memhot
