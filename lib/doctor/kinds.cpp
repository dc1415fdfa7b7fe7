// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The table of what doctor can find. Ids are stable; docs/doctor.md shows the same rows.
#include <algorithm>
#include <array>

#include "doctor/checks.hpp"

namespace memhot {

namespace {

using enum Severity;

constexpr std::array kKinds{
    FindingKind{"host.hidden", note, "the addresses are hidden from the reader"},
    FindingKind{"host.not-mirrored", note, "the kernel cannot be mirrored, so nothing is predicted"},
    FindingKind{"kernel.no-hotplug", warning, "the kernel has no memory hotplug"},
    FindingKind{"kernel.no-hotremove", warning, "the kernel cannot take memory away again"},
    FindingKind{"kernel.no-pfn", warning, "the kernel has no fsdax and devdax instances"},
    FindingKind{"dimm.locked", problem, "a DIMM is locked, so its regions do not come up"},
    FindingKind{"dimm.unbound-active", problem, "a DIMM without driver below an active region: the next label crashes"},
    FindingKind{"dimm.no-label-slots", warning, "no label slot is free, so nothing can be changed"},
    FindingKind{"region.disabled", warning, "a region has no driver"},
    FindingKind{"region.align-divides-by-zero", problem, "a region's align crashes the kernel at the next size"},
    FindingKind{"region.dead-seed", warning, "what an earlier failure left, or a misaligned hole, blocks ndctl create"},
    FindingKind{"region.fragmented", note, "more is free than fits into one namespace"},
    FindingKind{"namespace.not-attached", problem, "the kernel refuses to enable a namespace"},
    FindingKind{"namespace.disabled", warning, "a namespace has no driver, and nothing known keeps it from one"},
    FindingKind{"namespace.map-dev-too-small", problem, "the space kept for struct pages does not hold them"},
    FindingKind{"namespace.map-dev-wasted", warning, "map=dev on an architecture that puts struct pages into RAM"},
    FindingKind{"namespace.stranded", note, "the align of a namespace costs much of it"},
    FindingKind{"namespace.fails-on-other-kernel", warning, "a namespace or dax device that another kernel refuses"},
    FindingKind{"namespace.fails-after-shift", warning, "a namespace that does not survive a move by 64 MiB"},
    FindingKind{"namespace.fails-after-reboot", warning,
                "a namespace or dax device that works and will not come up at the next boot"},
    FindingKind{"dax.no-driver", warning, "a dax device has no driver"},
    FindingKind{"dax.kmem-refuses", warning, "kmem would refuse a dax device: it cannot become system RAM"},
    FindingKind{"dax.would-strand", note, "as system RAM a dax device would lose bytes at its ends"},
    FindingKind{"kmem.partly-online", problem, "only some memory blocks of a kmem device are online"},
    FindingKind{"kmem.stranded", warning, "a kmem device lost bytes outside of whole memory blocks"},
    FindingKind{"kmem.leaked", problem, "memory of a kmem device that is gone"},
    FindingKind{"window.refuses-memory", warning, "memory that comes into a declared CXL window could not be added"},
    FindingKind{"window.strands", note, "as system RAM a declared CXL window would lose bytes at its ends"},
    FindingKind{"section.shared", note, "device memory shares a section with another owner"},
    FindingKind{"subsection.shared", warning, "two owners meet inside of 2 MiB: one of them is refused"},
    FindingKind{"block.without-ram", warning, "a memory block without System RAM: what a failed add left"},
    FindingKind{"onlining.several-owners", warning, "more than one agent onlines new memory"},
    FindingKind{"daxctl.broken-rule", problem, "the udev rule of daxctl runs a command that does not exist"},
};

}   // namespace

std::span<const FindingKind> finding_kinds() { return kKinds; }

std::string_view to_string(Severity severity) {
    constexpr std::array<std::string_view, 3> kNames{"note", "warning", "problem"};
    return kNames[static_cast<std::size_t>(severity)];
}

void doctor::Findings::add(std::string_view id, std::string where, std::string what, std::string why,
                           std::string remedy) {
    const auto kind = std::ranges::find(kKinds, id, &FindingKind::id);
    const Severity severity = kind == kKinds.end() ? Severity::problem : kind->severity;
    all.push_back({std::string(id), severity, std::move(where), std::move(what), std::move(why), std::move(remedy)});
}

}   // namespace memhot
