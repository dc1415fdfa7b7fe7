// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a kernel says about an info block that lies on a namespace: moved or resized since, or made by another kernel
// (drivers/nvdimm/pfn_devs.c nd_pfn_validate).
#include <array>
#include <cerrno>

#include "nvdimm/bus.hpp"

namespace memhot {

namespace {

struct Facts {
    const KernelProfile& profile;
    const NdNamespace& ns;
    const InfoBlock& info;

    [[nodiscard]] const PfnGeometry& geometry() const { return info.geometry; }
    [[nodiscard]] std::uint64_t start() const { return ns.space.start + geometry().start_pad; }
    [[nodiscard]] std::uint64_t end() const { return ns.space.last + 1 - geometry().end_trunc; }
    [[nodiscard]] bool on_device() const { return info.map == PageMap::device; }
};

struct Row {
    RuleId rule;
    std::optional<Feature> since;   // what brought the check
    int before;   // errno before 5.7 made all of them EOPNOTSUPP
    bool (*objects)(const Facts&);
};

// In the kernel's order.
constexpr std::array kRows{
    Row{RuleId::nd_info_page_size, Feature::pfn_records_page_size, EOPNOTSUPP,
        [](const Facts& f) { return f.on_device() && f.info.page_size > f.profile.page_size; }},
    Row{RuleId::nd_info_struct_page, Feature::pfn_records_page_size, EOPNOTSUPP,
        [](const Facts& f) {
            const bool told = f.info.struct_page_size != 0;
            return f.on_device() && told && f.info.struct_page_size < f.profile.struct_page_size;
        }},
    Row{RuleId::nd_info_align_unsupported, Feature::pfn_records_page_size, EOPNOTSUPP,
        [](const Facts& f) { return f.info.mode == NsMode::devdax && !supports_align(f.profile, f.info.align); }},
    Row{RuleId::nd_info_exceeds_capacity, std::nullopt, EINVAL,
        [](const Facts& f) { return f.info.align > f.ns.size(); }},
    Row{RuleId::nd_info_array_exceeds, std::nullopt, EBUSY,
        [](const Facts& f) { return f.geometry().data_offset >= f.ns.size(); }},
    Row{RuleId::nd_info_bad_offset, std::nullopt, ENXIO,
        [](const Facts& f) {
            return !is_aligned(f.start() + f.geometry().data_offset, f.info.align) ||
                   !is_aligned(f.geometry().data_offset, f.profile.page_size);
        }},
    Row{RuleId::nd_info_start_misaligned, Feature::nd_compat_align, EOPNOTSUPP,
        [](const Facts& f) { return !is_aligned(f.start(), compat_align(f.profile)); }},
    Row{RuleId::nd_info_end_misaligned, Feature::nd_compat_align, EOPNOTSUPP,
        [](const Facts& f) { return !is_aligned(f.end(), compat_align(f.profile)); }},
    Row{RuleId::nd_info_empty, Feature::pfn_refuses_empty, EOPNOTSUPP,
        [](const Facts& f) {
            const PfnGeometry& g = f.geometry();
            return g.data_offset >= f.ns.size() - g.start_pad - g.end_trunc;
        }},
};

}   // namespace

NdAnswer validate_info_block(const KernelProfile& profile, const NdNamespace& ns, const InfoBlock& info) {
    const Facts facts{profile, ns, info};
    for (const auto& row : kRows) {
        if (row.since && !profile.has(*row.since)) continue;
        if (!row.objects(facts)) continue;
        return profile.has(Feature::nd_compat_align) ? nd_refuse(row.rule) : NdAnswer{row.before, row.rule};
    }
    return {0, RuleId::nd_accepted};
}

}   // namespace memhot
