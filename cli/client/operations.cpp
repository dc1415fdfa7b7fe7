// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/operations.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "output/text.hpp"

namespace memhotctl {

using memhot::bad_input;
using memhot::Model;
using memhot::Operation;
using memhot::Range;
using memhot::Result;
namespace op = memhot::op;

namespace {

struct WordRow {
    std::string_view text;
    Word word;
    std::string_view takes;
};
constexpr std::array<WordRow, 10> kWords{{
    {"map", Word::map, "a RANGE"},
    {"unmap", Word::unmap, "a RANGE"},
    {"add", Word::add, "a RANGE"},
    {"probe", Word::probe, "an ADDRESS"},
    {"online", Word::online, "a block, a range of blocks or a node"},
    {"online_kernel", Word::online_kernel, "a block, a range of blocks or a node"},
    {"online_movable", Word::online_movable, "a block, a range of blocks or a node"},
    {"offline", Word::offline, "a block, a range of blocks or a node"},
    {"remove", Word::remove, "a RANGE or blocks"},
    {"claim", Word::claim, "a RANGE"},
}};

const WordRow* find_word(std::string_view text) {
    const auto* found = std::ranges::find(kWords, text, &WordRow::text);
    return found == kWords.end() ? nullptr : found;
}

std::string_view name_of(Word word) { return std::ranges::find(kWords, word, &WordRow::word)->text; }

std::string words() {
    std::string out;
    for (const auto& row : kWords) out += (out.empty() ? "" : ", ") + std::string(row.text);
    return out;
}

// An address alone, as it is written to the file `probe`, besides what every word takes.
Result<Thing> find_address(const Host& host, std::string_view text) {
    if (const auto address = memhot::parse_hex(text)) {
        return Thing{Thing::Kind::range, std::string(text), {{*address, *address}}};
    }
    auto range = find_range(host, text);
    if (!range) return std::move(range).error();
    return Thing{Thing::Kind::range, std::string(text), {*range}};
}

// Of a device the memory blocks that lie in it, as dax_kmem adds them; other things are what they are.
Result<Thing> find_blocks(const Host& host, std::string_view text) {
    auto thing = find_thing(host, text);
    if (!thing || thing->kind != Thing::Kind::device) return thing;
    const std::uint64_t size = std::max<std::uint64_t>(host.units().block_size, 1);
    std::vector<memhot::Range> whole;
    for (const auto& range : thing->ranges) {
        const std::uint64_t first = range.start / size + (range.start % size != 0 ? 1 : 0);
        const std::uint64_t end = range.last / size + (range.last % size == size - 1 ? 1 : 0);
        if (first < end) whole.push_back({first * size, end * size - 1});
    }
    if (whole.empty()) {
        return bad_input(fmt::format("{}: no whole memory block of {} lies in it", in_quotes(text),
                                     memhot::human_size(host.units().block_size)));
    }
    thing->ranges = std::move(whole);
    return thing;
}

Result<Step> parse_step(const Host& host, const WordRow& row, std::string_view text) {
    const bool many = row.word == Word::online || row.word == Word::online_kernel || row.word == Word::online_movable ||
                      row.word == Word::offline || row.word == Word::remove;
    if (row.word == Word::probe) {
        auto thing = find_address(host, text);
        if (!thing) return std::move(thing).error();
        return Step{row.word, *std::move(thing)};
    }
    if (many) {
        auto thing = find_blocks(host, text);
        if (!thing) return std::move(thing).error();
        return Step{row.word, *std::move(thing)};
    }
    auto range = find_range(host, text);
    if (!range) return std::move(range).error();
    return Step{row.word, Thing{Thing::Kind::range, std::string(text), {*range}}};
}

constexpr std::uint64_t kMostBlocks = 1ULL << 20;

// The blocks of a thing: all of a block list, otherwise those that are there.
Result<std::vector<std::uint64_t>> blocks_of(const Model& model, const Thing& thing) {
    const std::uint64_t size = model.block_size();
    std::vector<std::uint64_t> named;
    std::vector<std::uint64_t> existing;
    for (const auto& range : thing.ranges) {
        if (!memhot::is_aligned(range.start, size) || !memhot::is_aligned(range.size(), size)) {
            return bad_input(fmt::format("{} is not whole memory blocks of {}: block{}-{} would be",
                                         in_quotes(thing.name), memhot::human_size(size), range.start / size,
                                         range.last / size));
        }
        if (range.size() / size > kMostBlocks - named.size() || range.size() == 0) {
            return bad_input(
                fmt::format("{}: more than {} memory blocks, expected fewer", in_quotes(thing.name), kMostBlocks));
        }
        for (std::uint64_t block = range.start / size; block <= range.last / size; ++block) {
            named.push_back(block);
            if (model.block(block)) existing.push_back(block);
        }
    }
    return thing.kind == Thing::Kind::block || existing.empty() ? named : existing;
}

// What a step asks for, against the model as the steps before left it.
class Resolver {
public:
    Resolver(const Model& model, const OperationOptions& options) : model_(model), options_(options) {}

    struct Asked {
        std::string title;
        std::string details;
        std::optional<std::uint64_t> block;
        Operation operation;
    };

    Result<std::vector<Asked>> operator()(const Step& step) const {
        const Range& range = step.thing.ranges.front();
        switch (step.word) {
            case Word::map: return one(step, map_details(), map(range));
            case Word::unmap: return unmap(step);
            case Word::add: return one(step, add_details(), add(range));
            case Word::probe: {
                const std::string title = fmt::format("probe {:#x}", range.start);
                return std::vector{Asked{title, "", {}, op::Probe{range.start}}};
            }
            case Word::claim: return one(step, "", op::Claim{range.start, range.size(), "claim " + to_string(range)});
            case Word::remove: return remove(step);
            default: return states(step);
        }
    }

private:
    static std::vector<Asked> one(const Step& step, std::string details, Operation operation) {
        const std::string title = fmt::format("{} {}", name_of(step.word), to_string(step.thing.ranges.front()));
        return {Asked{title, std::move(details), {}, std::move(operation)}};
    }

    [[nodiscard]] Operation map(const Range& range) const {
        op::Map map;
        map.type = options_.type;
        map.start = range.start;
        map.size = range.size();
        map.claim = options_.claim;
        map.owner = "map " + to_string(range);
        map.altmap = options_.altmap;
        return map;
    }

    [[nodiscard]] std::string map_details() const {
        constexpr std::array<std::string_view, 3> kTypes{"generic", "fsdax", "private"};
        std::string out = fmt::format("type {}, {}", kTypes[static_cast<std::size_t>(options_.type)],
                                      options_.claim ? "claimed first" : "not claimed");
        if (options_.altmap) {
            out += fmt::format(", altmap {}+{} pages", options_.altmap->reserve_pages, options_.altmap->free_pages);
        }
        return out;
    }

    [[nodiscard]] Operation add(const Range& range) const {
        op::Add add;
        add.start = range.start;
        add.size = range.size();
        add.node = options_.node;
        add.driver_managed = options_.driver_managed;
        add.memmap_on_memory = options_.memmap_on_memory;
        add.group = {range};   // as ACPI adds a DIMM, and kmem a device
        if (options_.driver_managed) add.resource_name = "System RAM (kmem)";   // as drivers/dax/kmem.c names it
        return add;
    }

    [[nodiscard]] std::string add_details() const {
        return fmt::format("node {}{}{}", options_.node, options_.driver_managed ? ", driver managed" : "",
                           options_.memmap_on_memory ? ", memmap on memory" : "");
    }

    // The kernel unmaps whole mappings: the range must be one, or lie where there is none.
    [[nodiscard]] Result<std::vector<Asked>> unmap(const Step& step) const {
        const Range& range = step.thing.ranges.front();
        op::Unmap unmap{-1};
        std::string details = "no mapping is there";
        for (const auto& mapping : model_.mappings()) {
            if (!mapping.range.overlaps(range)) continue;
            if (mapping.range != range) {
                return bad_input(
                    fmt::format("unmap {}: only a whole mapping can be unmapped, {} of {} is the one there",
                                to_string(range), to_string(mapping.range), printable(mapping.owner)));
            }
            unmap.handle = mapping.handle;
            details = fmt::format("mapping of {}", printable(mapping.owner));
        }
        return one(step, details, unmap);
    }

    [[nodiscard]] Result<std::vector<Asked>> remove(const Step& step) const {
        std::vector<Asked> out;
        for (const auto& range : step.thing.ranges) {
            const std::string title = fmt::format("remove {}", to_string(range));
            if (options_.offline) {
                out.push_back({title, "offlined first", {}, op::OfflineAndRemove{range.start, range.size()}});
            } else {
                out.push_back({title, "", {}, op::Remove{range.start, range.size()}});
            }
        }
        return out;
    }

    [[nodiscard]] Result<std::vector<Asked>> states(const Step& step) const {
        auto blocks = blocks_of(model_, step.thing);
        if (!blocks) return std::move(blocks).error();
        std::vector<Asked> out;
        const std::string word(name_of(step.word));
        for (const std::uint64_t block : *blocks) {
            out.push_back({fmt::format("{} memory{}", word, block), "", block, op::SetState{block, word}});
        }
        return out;
    }

    const Model& model_;
    const OperationOptions& options_;
};

}   // namespace

Result<memhot::Altmap> parse_altmap(std::string_view text, std::uint64_t page_size) {
    const auto wrong = [&](const std::string& why) {
        return bad_input(fmt::format("--altmap {}: {}", in_quotes(text), why));
    };
    const auto plus = text.find('+');
    if (plus == std::string_view::npos) return wrong("expected RESERVE+FREE, two sizes such as 2M+32M");
    const auto reserve = memhot::parse_size(text.substr(0, plus));
    const auto free = memhot::parse_size(text.substr(plus + 1));
    if (!reserve) return wrong(reserve.error().text());
    if (!free) return wrong(free.error().text());
    if (*reserve % page_size != 0 || *free % page_size != 0) {
        return wrong(fmt::format("expected whole pages of {}", memhot::human_size(page_size)));
    }
    return memhot::Altmap{*reserve / page_size, *free / page_size};
}

Result<memhot::MapType> parse_map_type(std::string_view text) {
    if (text == "generic") return memhot::MapType::generic;
    if (text == "fsdax") return memhot::MapType::fsdax;
    if (text == "private") return memhot::MapType::device_private;
    return bad_input(fmt::format("--type {}: expected generic, fsdax or private", in_quotes(text)));
}

Result<std::vector<Step>> parse_steps(const Host& host, const std::vector<std::string>& given) {
    std::vector<Step> steps;
    const WordRow* row = nullptr;
    bool has_thing = true;
    const auto missing = [&] { return bad_input(fmt::format("{}: expected {}", row->text, row->takes)); };
    for (const auto& text : given) {
        if (const WordRow* next = find_word(text)) {
            if (!has_thing) return missing();
            row = next;
            has_thing = false;
            continue;
        }
        if (row == nullptr) {
            return bad_input(fmt::format("{} is no operation, expected one of {}", in_quotes(text), words()));
        }
        auto step = parse_step(host, *row, text);
        if (!step) return std::move(step).error().add_context(std::string(row->text));
        steps.push_back(*std::move(step));
        has_thing = true;
    }
    if (!has_thing) return missing();
    return steps;
}

Result<std::vector<Answer>> answer_steps(Model model, const std::vector<Step>& steps, const OperationOptions& options) {
    std::vector<Answer> answers;
    for (const auto& step : steps) {
        const auto asked = Resolver(model, options)(step);
        if (!asked) return asked.error();
        for (const auto& one : *asked) {
            auto verdict = memhot::predict(model, one.operation);
            memhot::Outcome outcome = verdict.outcome;
            if (step.word == Word::unmap) verdict.operation = one.title;   // handles mean nothing to the caller
            answers.push_back({one.title, one.details, one.block, std::move(verdict)});
            if (outcome.kind == memhot::Outcome::Kind::crash) return answers;
            if (outcome.kind == memhot::Outcome::Kind::uncertain) outcome = memhot::Outcome::accept(outcome.rule);
            model.said(model.messages(one.operation, outcome));
            model.apply(one.operation, outcome);
            if (outcome.accepted()) answers.back().verdict.changes = memhot::block_changes(model, one.operation);
        }
    }
    return answers;
}

int combined_status(const std::vector<Answer>& answers) {
    for (const int status : {9, 1, 8}) {
        const bool occurs = std::ranges::any_of(
            answers, [status](const Answer& answer) { return exit_status(answer.verdict) == status; });
        if (occurs) return status;
    }
    return 0;
}

}   // namespace memhotctl
