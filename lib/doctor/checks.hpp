// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The checks of memhotctl doctor, one function each; a table in examine.cpp names them in order. Depends on the snapshot,
// the model and the nvdimm bus: what the kernel would answer is asked of those, never worked out here. Changes nothing.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/doctor.hpp"
#include "memhot/model.hpp"
#include "nvdimm/from_snapshot.hpp"

namespace memhot::doctor {

// What the checks look at.
struct Facts {
    const Snapshot& snapshot;
    const NvdimmRecord& nd;   // empty where the host has none
    std::optional<KernelProfile> profile{};
    std::optional<Model> model{};   // absent where iomem is hidden, or the kernel has no rules here
    std::optional<NdBus> bus{};   // absent where its addresses are hidden, too
    std::string missing{};   // why one of them is
};

struct Findings {
    std::vector<Finding> all{};
    // The severity comes from the table of kinds.
    void add(std::string_view id, std::string where, std::string what, std::string why, std::string remedy);
};

using Check = void (*)(const Facts&, Findings&);

void hidden(const Facts& facts, Findings& out);   // host.cpp
void not_mirrored(const Facts& facts, Findings& out);
void no_memory_hotplug(const Facts& facts, Findings& out);
void no_memory_hotremove(const Facts& facts, Findings& out);
void no_pfn(const Facts& facts, Findings& out);
void locked_dimms(const Facts& facts, Findings& out);   // dimms.cpp
void unbound_dimms(const Facts& facts, Findings& out);
void full_labels(const Facts& facts, Findings& out);
void disabled_regions(const Facts& facts, Findings& out);   // regions.cpp
void region_align_too_large(const Facts& facts, Findings& out);
void dead_seeds(const Facts& facts, Findings& out);
void fragmented_regions(const Facts& facts, Findings& out);
void namespaces_not_attached(const Facts& facts, Findings& out);   // namespaces.cpp
void map_dev_of_no_use(const Facts& facts, Findings& out);
void namespaces_stranded(const Facts& facts, Findings& out);
void namespaces_on_other_kernels(const Facts& facts, Findings& out);   // elsewhere.cpp
void namespaces_after_shift(const Facts& facts, Findings& out);
void after_reboot(const Facts& facts, Findings& out);
void dax_without_driver(const Facts& facts, Findings& out);   // dax.cpp
void dax_that_kmem_refuses(const Facts& facts, Findings& out);
void kmem_partly_online(const Facts& facts, Findings& out);
void kmem_loses_bytes(const Facts& facts, Findings& out);
void windows_for_memory(const Facts& facts, Findings& out);   // windows.cpp
void kmem_leaked(const Facts& facts, Findings& out);   // memory.cpp
void shared_sections(const Facts& facts, Findings& out);
void blocks_without_ram(const Facts& facts, Findings& out);
void owners_of_onlining(const Facts& facts, Findings& out);   // onlining.cpp
void broken_daxctl_rule(const Facts& facts, Findings& out);

// --- shared ------------------------------------------------------------------------------------------------------
// Whether a driver has it, or its instance.
bool is_attached(const NvdimmRecord& nd, const NamespaceRecord& ns);
// The seed that holds space and was never driven, where its region is up; null where there is none.
const NdNamespace* dead_seed(const NdRegion& region);
// The rule in words: what is checked, the kernel's line with its numbers, errno and place.
std::string words_of(const NdAnswer& answer, std::string_view name, const NdNamespace& ns, const InfoBlock* info);
// A driver for an idle dax device as the kernel would choose it.
NdAnswer bind_as_kernel(NdBus& bus, DaxDevice& device);
std::string joined(const std::vector<std::string>& parts, std::string_view separator);

}   // namespace memhot::doctor
