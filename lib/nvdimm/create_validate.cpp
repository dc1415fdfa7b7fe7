// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What ndctl asks of a size, an align and a mode before it touches anything (ndctl/namespace.c:
// validate_namespace_options, validate_available_capacity).
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>

#include "nvdimm/create_request.hpp"

namespace memhot {

namespace {

constexpr std::array<std::uint64_t, 7> kBttSectors{512, 520, 528, 4096, 4104, 4160, 4224};
constexpr std::array<std::uint64_t, 2> kNamespaceSectors{512, 4096};
constexpr std::size_t kLongestName = 63;

class Validation {
public:
    Validation(const NdBus& bus, const CreateRequest& request, const NdRegion& region, const NdNamespace* ns,
               Console& console, Wanted& wanted)
        : bus_(bus), request_(request), region_(region), ns_(ns), console_(console), wanted_(wanted) {}

    NdAnswer run() {
        if (!region_.enabled) return pass_over();
        constexpr std::array kChecks{&Validation::check_size,       &Validation::check_name,
                                     &Validation::check_align,      &Validation::check_region_align,
                                     &Validation::check_interleave, &Validation::check_smallest,
                                     &Validation::check_sector,     &Validation::check_map};
        for (const auto check : kChecks) {
            if (auto refused = (this->*check)(); !refused.ok()) return refused;
        }
        return {0, RuleId::nd_accepted};
    }

private:
    static NdAnswer fine() { return {0, RuleId::nd_accepted}; }
    static NdAnswer pass_over() { return {EAGAIN, RuleId::ndctl_no_capacity}; }
    NdAnswer refuse(RuleId id, std::string_view text) {
        console_.error(text);
        return nd_refuse(id);
    }
    NdAnswer refuse_counted(RuleId id, std::string_view text) {
        console_.err(text);
        return nd_refuse(id);
    }

    // Of an existing namespace only the kernel will say whether it can grow.
    NdAnswer check_size() {
        if (request_.size) {
            wanted_.size = request_.size->value;
        } else if (ns_ != nullptr) {
            wanted_.size = ns_->size();
        }
        if (ns_ == nullptr) {
            const bool ignore = bus_.model.profile().has(Feature::nd_full_dimm_ignored);
            const std::uint64_t available =
                region_.labelled ? max_available_extent(region_, ignore) : region_.space.size();
            if (available == 0 || wanted_.size > available) return pass_over();
            if (wanted_.size == 0) wanted_.size = available;
        }
        if (!region_.labelled && wanted_.size != region_.space.size()) {
            console_.error("Legacy / label-less namespaces do not support sub-dividing a region");
            return refuse(RuleId::ndctl_label_less_size, "Retry without -s/--size=");
        }
        return fine();
    }

    NdAnswer check_name() {
        if (request_.name.value_or("").size() <= kLongestName) return fine();
        return refuse_counted(RuleId::ndctl_name_long, "validate_namespace_options: alt name overflow");
    }

    NdAnswer check_align() {
        const KernelProfile& profile = bus_.model.profile();
        wanted_.mode = request_.mode ? *request_.mode : mode_of(bus_, region_, *ns_);
        if (request_.align) {
            if (!has_pages(wanted_.mode)) {
                return refuse(RuleId::ndctl_align_mode,
                              fmt::format("{} mode does not support setting an alignment", to_string(wanted_.mode)));
            }
            if (!supports_align(profile, *request_.align)) {
                return refuse(RuleId::ndctl_align_unsupported,
                              fmt::format("unsupported align: {}", request_.align_text));
            }
            wanted_.align = *request_.align;
            return fine();
        }
        wanted_.align = has_pages(wanted_.mode) ? profile.pmd_size : profile.page_size;
        if (ns_ != nullptr && wanted_.mode == mode_of(bus_, region_, *ns_)) {
            const bool instance = ns_->active && ns_->active->align != 0;
            wanted_.align = instance ? ns_->active->align : profile.page_size;
        }
        if (region_.space.start % wanted_.align != 0) wanted_.align = profile.page_size;
        return fine();
    }

    NdAnswer check_region_align() {
        const bool has_align = bus_.model.profile().has(Feature::nd_compat_align);   // else the kernel will object
        if (!has_align || wanted_.size % region_.align == 0) return fine();
        return refuse_counted(RuleId::ndctl_size_unaligned,
                              fmt::format("{}: align setting is {:#x} size {:#x} is misaligned", name_of(region_),
                                          region_.align, wanted_.size));
    }

    // It suggests in the unit that the size was given in.
    NdAnswer check_interleave() {
        const unsigned ways = std::max(1U, region_.ways);
        if (wanted_.size % (wanted_.align * ways) == 0) return fine();
        const std::uint64_t unit = request_.size ? request_.size->unit : 1;
        const std::uint64_t multiple = std::max(unit, wanted_.align) * ways;
        console_.err(
            fmt::format("'--size=' must align to interleave-width: {} and alignment: {}", ways, wanted_.align));
        console_.say(
            fmt::format("did you intend --size={}{}?", (wanted_.size / multiple + 1) * multiple / unit, suffix(unit)));
        return nd_refuse(RuleId::ndctl_size_interleave);
    }
    static std::string_view suffix(std::uint64_t unit) {
        constexpr std::array kSuffixes{std::pair{kKiB, "K"}, std::pair{kMiB, "M"}, std::pair{kGiB, "G"},
                                       std::pair{kTiB, "T"}};
        const auto* found = std::ranges::find_if(kSuffixes, [unit](const auto& row) { return row.first == unit; });
        return found == kSuffixes.end() ? "" : found->second;
    }

    NdAnswer check_smallest() {
        if (wanted_.size >= kSmallestClaim || wanted_.mode == NsMode::raw) return fine();
        if (ns_ == nullptr && !request_.size) return pass_over();
        return refuse(RuleId::ndctl_size_small,
                      fmt::format("'--size=' must be >= 16MiB for '{}' mode", to_string(wanted_.mode)));
    }

    NdAnswer check_sector() {
        if (!request_.sector_size) {
            // "carry forward the sector size": of a namespace that stays what it is
            const InfoBlock* info = ns_ == nullptr ? nullptr : info_block_of(bus_, *ns_);
            if (info != nullptr && info->mode == NsMode::sector && wanted_.mode == NsMode::sector) {
                wanted_.sector_size = info->sector_size;
            }
            return fine();
        }
        wanted_.sector_size = *request_.sector_size;
        if (wanted_.mode == NsMode::sector) {
            if (std::ranges::find(kBttSectors, wanted_.sector_size) != kBttSectors.end()) return fine();
            return refuse_counted(RuleId::ndctl_sector_size, fmt::format("{}: does not support btt sector_size {}",
                                                                         name_of(region_), wanted_.sector_size));
        }
        const bool known = std::ranges::find(kNamespaceSectors, wanted_.sector_size) != kNamespaceSectors.end();
        if (region_.labelled && known) return fine();
        return refuse_counted(RuleId::ndctl_sector_size, fmt::format("{}: does not support namespace sector_size {}",
                                                                     name_of(region_), wanted_.sector_size));
    }

    NdAnswer check_map() {
        wanted_.map = request_.map.value_or(PageMap::device);
        if (!request_.map || ns_ == nullptr || has_pages(wanted_.mode)) return fine();
        return refuse_counted(RuleId::ndctl_map_mode,
                              fmt::format("{}: --map= only valid for fsdax mode namespace", name_of(region_, *ns_)));
    }

    const NdBus& bus_;
    const CreateRequest& request_;
    const NdRegion& region_;
    const NdNamespace* ns_;
    Console& console_;
    Wanted& wanted_;
};

}   // namespace

NdAnswer validate_request(const NdBus& bus, const CreateRequest& request, const NdRegion& region, const NdNamespace* ns,
                          Console& console, Wanted& wanted) {
    return Validation(bus, request, region, ns, console, wanted).run();
}

NdAnswer check_region(const NdBus& bus, const CreateRequest& request, const NdRegion& region, Console& console,
                      Wanted& wanted) {
    const NdAnswer answer = validate_request(bus, request, region, nullptr, console, wanted);
    if (!answer.ok()) return answer;
    if (region.read_only || idle_namespace(region) == nullptr) return {EAGAIN, RuleId::ndctl_no_capacity};
    return answer;
}

// ndctl_namespace_is_configuration_idle()
const NdNamespace* idle_namespace(const NdRegion& region) {
    const auto is_idle = [&](const NdNamespace* ns) {
        return ns != nullptr && !ns->active && !ns->claimed && (!region.labelled || !ns->allocated);
    };
    const NdNamespace* first = region.find(0);
    if (is_idle(first)) return first;
    const NdNamespace* seed = region.labelled ? region.find(region.seed) : nullptr;
    return is_idle(seed) ? seed : nullptr;
}

const NdNamespace* left_over_seed(const NdRegion& region) {
    const NdNamespace* seed = region.find(region.seed);
    return region.labelled && seed != nullptr && seed->allocated && !seed->active ? seed : nullptr;
}

NsMode mode_of(const NdBus& bus, const NdRegion& region, const NdNamespace& ns) {
    if (ns.claimed) return *ns.claimed;
    if (ns.active && ns.active->mode != NsMode::memory) return ns.active->mode;
    return maps_its_pages(bus, region, ns) ? NsMode::fsdax : NsMode::raw;
}

}   // namespace memhot
