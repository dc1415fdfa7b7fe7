// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Everything that is wrong with a host's physical memory, or about to go wrong: on this kernel, on another one, or after
// the firmware moves things by 64 MiB.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/snapshot.hpp"

namespace memhot {

enum class Severity : std::uint8_t {
    note,   // worth knowing
    warning,   // will go wrong when something changes
    problem,   // is wrong now
};
std::string_view to_string(Severity severity);

// One kind of finding; docs/doctor.md has the same table.
struct FindingKind {
    std::string_view id;   // "namespace.not-attached"; stable
    Severity severity = Severity::note;
    std::string_view title;
};
// In the order of the checks.
std::span<const FindingKind> finding_kinds();

struct Finding {
    std::string id;   // of a FindingKind
    Severity severity = Severity::note;
    std::string where;   // the device, block or range
    std::string what;   // one sentence with the numbers
    std::string why;   // the rule behind it
    std::string remedy;
};

// Problems first, then warnings, then notes; each in the order of the checks.
std::vector<Finding> examine(const Snapshot& snapshot);

// What is attached on a host and would not be on the same host seen otherwise: its firmware placed things elsewhere.
struct NotAttached {
    std::string where;   // "namespace0.0", "dax0.0"
    bool comes_up_raw = false;   // a namespace without the info block on it, as kernels did it before 5.7
    std::string why;
};
// profile: of the kernel there; absent: that of `other`. An error where one of the two cannot be mirrored.
Result<std::vector<NotAttached>> not_attached(const Snapshot& host, const Snapshot& other,
                                              std::shared_ptr<const KernelProfile> profile = {});

// The document "memhot-doctor/1".
std::string to_json(const std::vector<Finding>& findings);

// Somebody who takes new memory online, or gives dax devices another driver, without being asked.
struct OnliningOwner {
    enum class Kind : std::uint8_t {
        kernel,   // auto_online_blocks: every block that is added
        block_rule,   // a udev rule that writes the state of memory blocks
        dax_rule,   // a udev rule that reconfigures dax devices (daxctl)
    };
    Kind kind = Kind::kernel;
    std::string name;   // "the kernel (auto_online_blocks is online)", "/usr/lib/udev/rules.d/40-vm.rules:3"
    friend bool operator==(const OnliningOwner&, const OnliningOwner&) = default;
};
// Those that the host shows. Balloons (Hyper-V, Xen) and agents of a hypervisor that write to sysfs leave no trace.
std::vector<OnliningOwner> onlining_owners(const Snapshot& snapshot);

}   // namespace memhot
