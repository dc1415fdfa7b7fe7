// SPDX-License-Identifier: LGPL-2.1-or-later
#include "memhot/model.hpp"

#include "model/kernel_log.hpp"
#include "model/operations.hpp"
#include "model/zone_rules.hpp"
#include "model/zonelists.hpp"

namespace memhot {

Model::Model(std::shared_ptr<State> state) : state_(std::move(state)) {}
Model::Model(const Model&) = default;
Model::Model(Model&&) noexcept = default;
Model& Model::operator=(const Model&) = default;
Model& Model::operator=(Model&&) noexcept = default;
Model::~Model() = default;

Model::State& Model::writable() {
    if (state_.use_count() != 1) state_ = std::make_shared<State>(*state_);
    return *state_;
}

Outcome Model::outcome(const Operation& operation) const {
    return std::visit([&](const auto& asked) { return decide(*state_, asked); }, operation);
}

std::vector<KernelMessage> Model::messages(const Operation& operation, const Outcome& answer) const {
    return kernel_log(*state_, operation, answer);
}

void Model::apply(const Operation& operation, const Outcome& answer, int handle) {
    State& state = writable();
    std::visit([&](const auto& asked) { commit(state, asked, answer, handle); }, operation);
}

void Model::said(const std::vector<KernelMessage>& messages) {
    for (const auto& message : messages) {
        if (message.once >= 0) writable().said.set(static_cast<std::size_t>(message.once));
    }
}

void Model::learn_total_pages(std::uint64_t pages) { learn_zonelist_pages(writable(), pages); }

const KernelProfile& Model::profile() const { return *state_->profile; }
const ResourceTree& Model::resources() const { return *state_->resources; }
std::uint64_t Model::block_size() const { return state_->block_size; }
RangeUnits Model::units() const { return {state_->block_size, state_->profile->section_size()}; }
const std::vector<std::string>& Model::assumptions() const { return *state_->assumptions; }
std::vector<Mapping> Model::mappings() const { return state_->pgmaps->live(); }

SectionInfo Model::section(std::uint64_t number) const { return state_->sections.info(number); }

std::vector<SectionInfo> Model::sections() const {
    std::vector<SectionInfo> out;
    state_->sections.for_each_present([&](std::uint64_t number) { out.push_back(state_->sections.info(number)); });
    return out;
}

std::optional<BlockInfo> Model::block(std::uint64_t number) const {
    const Block& block = state_->blocks.at(number);
    if (!block.exists) return std::nullopt;
    return BlockInfo{.number = number,
                     .online = block.online,
                     .node = block.node,
                     .boot = block.boot,
                     .valid_zones = valid_zones(*state_, number, block)};
}

std::vector<BlockInfo> Model::blocks() const {
    std::vector<BlockInfo> out;
    state_->blocks.for_each([&](std::uint64_t number, const Block&) { out.push_back(*block(number)); });
    return out;
}

std::vector<ZoneInfo> Model::zones() const {
    std::vector<ZoneInfo> out;
    for (const auto& [node, zones] : state_->nodes) {
        for (unsigned i = 0; i < kZones; ++i) {
            const ZoneState& zone = zones.zones[i];
            out.push_back({node, std::string(to_string(static_cast<Zone>(i))), zone.start, zone.spanned, zone.present});
        }
    }
    return out;
}

std::optional<Range> Model::free_region(std::uint64_t size) const {
    // get_free_mem_region() (kernel/resource.c): top-down below the highest address, in steps of the size or, later, of a
    // section, until no resource of any kind is met
    const std::uint64_t section = state_->profile->section_size();
    const std::uint64_t want = align_up(size, section);
    const std::uint64_t top = state_->limits.physical.last;
    if (want == 0 || want > top) return std::nullopt;
    const std::uint64_t step = state_->has(Feature::free_region_steps_by_section) ? section : want;
    for (std::uint64_t start = top - want + 1; start > want; start -= step) {
        const Range range{start, start + want - 1};
        bool met = false;
        state_->resources->walk(range, [&](const Resource&, unsigned) { met = true; });
        if (!met) return range;
        if (start < step) break;
    }
    return std::nullopt;
}

}   // namespace memhot
