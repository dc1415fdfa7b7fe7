// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/shared_memmap.hpp"

#include <fmt/format.h>

#include <optional>

#include "model/sparse.hpp"

namespace memhot {

namespace {

MemmapLoss loss_of(RuleId rule, const Piece& piece) { return {rule, piece.section, piece.range}; }

// section_deactivate() before ef69bc9f689d: taking a part out of a boot section frees memmap that the section goes on
// using.
std::optional<MemmapLoss> depopulated(const State& state, const Range& range) {
    std::optional<MemmapLoss> found;
    if (state.has(Feature::early_memmap_kept)) return found;
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        if (!piece.whole && state.sections.has(piece.section, SectionTable::kEarly))
            found = loss_of(RuleId::memmap_depopulated, piece);
        return !found;
    });
    return found;
}

// Sub-sections [from, to) of a section that share the memmap page of its sub-section `index`.
SubsectionSpan memmap_page_of(const KernelProfile& profile, unsigned index) {
    const std::uint64_t unit = profile.pages_per_subsection() * profile.struct_page_size;
    const auto per_page = static_cast<unsigned>(profile.page_size / unit);
    return {index / per_page * per_page, per_page};
}

// Whether somebody outside the piece uses a memmap page that the piece uses too.
bool shares_memmap_page(const State& state, const Piece& piece) {
    const unsigned first = piece.span.first;
    const unsigned last = first + piece.span.count - 1;
    const SubsectionSpan low = memmap_page_of(*state.profile, first);
    const SubsectionSpan high = memmap_page_of(*state.profile, last);
    return state.sections.any(piece.section, {low.first, first - low.first}) ||
           state.sections.any(piece.section, {last + 1, high.first + high.count - last - 1});
}

// vmemmap_free() of arm64 frees whole pages, and with 16K and 64K pages one describes more than a sub-section.
std::optional<MemmapLoss> page_shared(const State& state, const Range& range) {
    std::optional<MemmapLoss> found;
    const KernelProfile& profile = *state.profile;
    const bool sub_page = profile.pages_per_subsection() * profile.struct_page_size < profile.page_size;
    if (profile.arch != Arch::arm64 || !sub_page) return found;
    for_each_piece(state.sections, range, [&](const Piece& piece) {
        const bool early = state.sections.has(piece.section, SectionTable::kEarly);
        if (!piece.whole && !early && shares_memmap_page(state, piece))
            found = loss_of(RuleId::memmap_page_shared, piece);
        return !found;
    });
    return found;
}

}   // namespace

std::vector<MemmapLoss> memmap_losses(const State& state, const Range& range) {
    std::vector<MemmapLoss> out;
    if (!is_whole_subsections(range)) return out;
    if (const auto loss = depopulated(state, range)) out.push_back(*loss);
    if (const auto loss = page_shared(state, range)) out.push_back(*loss);
    return out;
}

std::string to_string(const MemmapLoss& loss, std::string_view unmapping) {
    if (loss.rule == RuleId::memmap_depopulated)
        return fmt::format("{} frees memmap of section {:#x}, which booted with RAM", unmapping, loss.section);
    return fmt::format("{} shares a page of memmap with another owner in section {:#x}; whoever is unmapped first "
                       "takes it away from the other",
                       to_string(loss.piece), loss.section);
}

}   // namespace memhot
