// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The parts of a verdict on a command of ndctl or daxctl. Each is computed from the bus before it; none changes anything.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "memhot/verdict.hpp"
#include "nvdimm/command.hpp"
#include "nvdimm/create_request.hpp"

namespace memhot {

// The verdict on one command, which is then carried out on the bus unless it crashes the kernel (nd_predict.cpp).
Verdict predict_and_run(NdBus& bus, const CommandLine& command);

// What a command line is about.
struct NdSubject {
    std::vector<const NdRegion*> regions;   // named ones; those of a creation without a name: all
    const NdNamespace* ns = nullptr;   // with its region as the only one
    const DaxDevice* device = nullptr;
    std::vector<const DaxRegion*> dax_regions;   // of daxctl: those asked for, or that of the device
    std::optional<CreateRequest> request;   // of create-namespace, where it can be read
    Wanted wanted;   // of that, as far as ndctl got with the first region; of daxctl size and align
};
NdSubject subject_of(const NdBus& bus, const CommandLine& command);

// The devices that the rule looked at, as they are now (nd_evidence.cpp).
std::vector<Evidence> nd_evidence(const NdBus& bus, const CommandLine& command, const NdSubject& subject);
// Of a command about all namespaces those that are as before, and why (nd_staying.cpp).
std::vector<Evidence> nd_staying(const NdBus& before, const NdBus& after, const CommandLine& command);
// The numbers that the rule compared (nd_operands.cpp).
std::vector<Value> nd_operands(const NdBus& bus, const NdSubject& subject, RuleId rule);
// What differs afterwards (nd_changes.cpp).
std::vector<DeviceChange> nd_changes(const NdBus& before, const NdBus& after);
// What becomes of what a namespace held: "kept", "lost", ... is: null where it is gone (nd_fate.cpp).
std::string fate_of_data(const NdBus& before, const NdNamespace& was, const NdBus& after, const NdNamespace* is);
// The same of a dax device; "earlier_data" is what it held before it was memory. Nothing where nothing new happens to it.
std::optional<Value> fate_of_data(const NdBus& before, const DaxDevice& was, const NdBus& after, const DaxDevice* is);
// The nearest commands that would be accepted without danger, each tried on a copy (nd_instead.cpp).
std::vector<std::string> nd_instead(const NdBus& bus, const CommandLine& command, const NdSubject& subject,
                                    RuleId rule);
// Whether that bus has what the command was for: a namespace of the mode, a device of the size, nothing any more
// (nd_goal.cpp). That it was accepted is not enough.
bool reaches_goal(const NdBus& before, const CommandLine& command, const NdSubject& subject, const NdBus& after);
// What lies free directly behind a namespace: it can grow by that without moving.
std::uint64_t free_behind(const NdRegion& region, const NdNamespace& ns);
// The largest align of a region, below the one that it has, with which its largest extent holds that size (0: is larger
// than now); nothing where no align does.
std::optional<std::uint64_t> align_that_shows(const NdBus& bus, const NdRegion& region, std::uint64_t size);
// What to do where no such command was found (nd_remedy.cpp).
std::string nd_remedy(const NdBus& bus, const CommandLine& command, const NdSubject& subject, RuleId rule);
// What sizes of its devices must be a multiple of: the align that is asked for, else the device's or the region's, and 2 MiB.
std::uint64_t dax_size_unit(const NdBus& bus, const DaxRegion& region, const NdSubject& subject);

}   // namespace memhot
