// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The checks of memhotctl doctor, one function each; a table in examine.cpp names them in order. Depends on the snapshot,
// the model and the nvdimm bus; changes nothing.
#pragma once

#include <optional>
#include <vector>

#include "memhot/doctor.hpp"
#include "memhot/model.hpp"

namespace memhot::doctor {

// What the checks look at.
struct Facts {
    const Snapshot& snapshot;
    std::optional<KernelProfile> profile;
    std::optional<Model> model;   // absent where iomem is hidden
};

using Findings = std::vector<Finding>;

void hidden(const Facts& facts, Findings& out);   // host.cpp
void no_memory_hotplug(const Facts& facts, Findings& out);
void shared_sections(const Facts& facts, Findings& out);
void owners_of_onlining(const Facts& facts, Findings& out);   // onlining.cpp
void broken_daxctl_rule(const Facts& facts, Findings& out);
void namespaces_not_attached(const Facts& facts, Findings& out);   // namespaces.cpp
void namespaces_after_shift(const Facts& facts, Findings& out);
void namespaces_on_other_kernels(const Facts& facts, Findings& out);
void map_dev_of_no_use(const Facts& facts, Findings& out);
void locked_dimms(const Facts& facts, Findings& out);   // regions.cpp
void dead_seeds(const Facts& facts, Findings& out);
void region_align_too_large(const Facts& facts, Findings& out);
void kmem_partly_online(const Facts& facts, Findings& out);   // dax.cpp
void kmem_loses_bytes(const Facts& facts, Findings& out);

}   // namespace memhot::doctor
