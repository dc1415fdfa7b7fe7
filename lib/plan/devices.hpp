// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What the planners of namespaces and dax devices share: finding what is named, relying on it, saving what is destroyed.
#pragma once

#include <optional>
#include <string>

#include "plan/builder.hpp"
#include "plan/policy.hpp"

namespace memhot::plan {

// The one thing that was named; bad_input where there are none or several.
Result<std::string> only_thing(const Builder& builder, std::string_view what);

struct NamedNamespace {
    const NdRegion* region = nullptr;
    const NdNamespace* ns = nullptr;
    std::string name;
};
Result<NamedNamespace> named_namespace(const Builder& builder);
Result<const DaxDevice*> named_dax(const Builder& builder);

// Everything that the answers to commands about them depend on.
void rely_on_region(Builder& builder, const NdRegion& region);
void rely_on_namespace(Builder& builder, const NamedNamespace& named);
void rely_on_dax(Builder& builder, const DaxDevice& device);

// Steps that copy the labels of all DIMMs of a region; none where it has no labels. initialised: it gets some, over
// whatever the label areas hold (ndctl/namespace.c enable_labels).
void save_labels(Builder& builder, const NdRegion& region, bool initialised = false);
// Holds the kernel's policy where kmem drives its device: if it is disabled, and that undone, its memory is to come back
// offline. Nothing where kmem does not.
std::optional<HeldPolicy> hold_below_kmem(Builder& builder, const NamedNamespace& named);
// The way back of a step that disables it: what kmem had of it comes back offline, as it was (guard_namespace()).
void undo_disable(const Builder& builder, const NamedNamespace& named, PlanStep& step);
// Disables it if it is active, so that its first bytes can be read, and saves them.
void disable_and_save(Builder& builder, const NamedNamespace& named);
// Its dax device must not hold online memory.
void guard_namespace(Builder& builder, const NamedNamespace& named);

// What System RAM makes of a dax device.
DataLoss overwritten(const DaxDevice& device);
// The way back of a step in which kmem lets go of a device: its memory comes again, offline, over whatever was written.
void undo_release(const DaxDevice& device, PlanStep& step);

CommandLine with_options(std::string program, std::string verb, const Builder& builder,
                         std::vector<std::string> arguments);
DataLoss all_data(const NamedNamespace& named);

}   // namespace memhot::plan
