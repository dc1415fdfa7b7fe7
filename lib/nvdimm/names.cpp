// SPDX-License-Identifier: LGPL-2.1-or-later
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "nvdimm/bus.hpp"

namespace memhot {

std::string_view to_string(NsMode mode) {
    constexpr std::array<std::string_view, 5> kNames{"raw", "fsdax", "fsdax", "devdax", "sector"};
    return kNames[static_cast<std::size_t>(mode)];
}

const NdNamespace* NdRegion::find(int wanted) const {
    const auto found = namespaces.find(wanted);
    return found == namespaces.end() ? nullptr : &found->second;
}

NdNamespace* NdRegion::find(int wanted) {
    const auto found = namespaces.find(wanted);
    return found == namespaces.end() ? nullptr : &found->second;
}

std::string DaxDevice::name() const { return fmt::format("dax{}.{}", region, id); }

NdRegion* NdBus::find_region(int wanted) {
    const auto found = std::ranges::find(regions, wanted, &NdRegion::id);
    return found == regions.end() ? nullptr : &*found;
}

DaxDevice* NdBus::find_dax(std::string_view wanted) {
    const auto found = std::ranges::find_if(dax, [wanted](const DaxDevice& device) { return device.name() == wanted; });
    return found == dax.end() ? nullptr : &*found;
}

std::string name_of(const NdRegion& region) { return fmt::format("region{}", region.id); }

std::string name_of(const NdRegion& region, const NdNamespace& ns) {
    return fmt::format("namespace{}.{}", region.id, ns.id);
}

}   // namespace memhot
