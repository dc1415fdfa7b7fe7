// SPDX-License-Identifier: LGPL-2.1-or-later
#include "model/resource_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace memhot {

namespace {

enum class Match : std::uint8_t { exact, prefix };

struct NameRow {
    std::string_view name;
    Match match;
    bool busy;
};

// Who creates each name, and whether with IORESOURCE_BUSY. The first row that matches counts; what no row names is
// taken as busy, as request_mem_region() makes it.
constexpr std::array kNames{
    // arch/x86/kernel/e820.c e820__reserve_resources, do_mark_busy: busy but for these (below 1 MiB all are busy)
    NameRow{"Reserved", Match::exact, false},
    NameRow{"Soft Reserved", Match::exact, false},
    NameRow{"Persistent Memory", Match::prefix, false},
    // arch/arm64/kernel/setup.c request_standard_resources: nomap memory at the top level
    NameRow{"reserved", Match::exact, false},
    // drivers/pci, drivers/acpi, drivers/pnp: windows and BARs, claimed again by the driver below them
    NameRow{"PCI Bus", Match::prefix, false},
    NameRow{"PCI MMCONFIG", Match::prefix, false},
    NameRow{"PCI ECAM", Match::prefix, false},
    NameRow{"pcie@", Match::prefix, false},
    NameRow{"pci@", Match::prefix, false},
    NameRow{"pnp ", Match::prefix, false},
    NameRow{"PNP", Match::prefix, false},
    // drivers/cxl/acpi.c, drivers/cxl/core/region.c
    NameRow{"CXL Window", Match::prefix, false},
    NameRow{"region", Match::prefix, false},
    // drivers/dax/hmem/device.c: the parent of what the driver claims
    NameRow{"hmem.", Match::prefix, false},
};

bool matches(const NameRow& row, std::string_view name) {
    return row.match == Match::exact ? name == row.name : name.starts_with(row.name);
}

}   // namespace

// "0000:00:01.0": a PCI BAR (not busy), or memory that a GPU driver placed (device-private: busy, at the top level).
bool is_pci_address(std::string_view name) {
    constexpr std::string_view kForm = "xxxx:xx:xx.x";
    if (name.size() != kForm.size()) return false;
    return std::equal(name.begin(), name.end(), kForm.begin(), [](char have, char want) {
        return want == 'x' ? std::isxdigit(static_cast<unsigned char>(have)) != 0 : have == want;
    });
}

namespace {

bool is_device_private_name(std::string_view name) {
    return name == "hmm_dmirror" || name == "kvmppc_uvmem" || name == "nouveau_dmem" || is_pci_address(name);
}

// A device dax range that kmem drives is not busy and holds "System RAM (kmem)" (drivers/dax/kmem.c).
bool is_dax_name(std::string_view name) { return name.starts_with("dax") && name.find('.') != std::string_view::npos; }

bool busy_by_name(const Resource& resource, std::string_view arch) {
    if (arch == "x86_64" && resource.name == "Reserved" && resource.range.start < kMiB) return true;
    const auto* row = std::find_if(kNames.begin(), kNames.end(),
                                   [&](const NameRow& candidate) { return matches(candidate, resource.name); });
    return row == kNames.end() || row->busy;
}

}   // namespace

void classify(Resource& resource, unsigned depth, const Resource* parent, std::string_view arch) {
    const bool inside_ram = parent != nullptr && parent->system_ram;
    resource.system_ram = resource.name == "System RAM" || resource.name.starts_with("System RAM (") || inside_ram;
    resource.device_private = depth == 0 && is_device_private_name(resource.name);
    if (inside_ram || resource.system_ram || resource.device_private) {
        resource.busy = true;
    } else if (is_pci_address(resource.name)) {
        resource.busy = false;
    } else {
        resource.busy = busy_by_name(resource, arch);
    }
}

void unbusy_parents_of_ram(Resource& resource) {
    for (auto& child : resource.children) {
        unbusy_parents_of_ram(child);
        if (child.system_ram && !resource.system_ram && is_dax_name(resource.name)) resource.busy = false;
    }
}

}   // namespace memhot
