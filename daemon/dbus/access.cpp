// SPDX-License-Identifier: GPL-2.0-or-later
#include "dbus/access.hpp"

#include <array>

#include "dbus/names.hpp"

namespace memhot::bus {

namespace {

// Properties are not here: they say nothing that sysfs hides, and sd-bus hands them out without asking
// (GetManagedObjects).
constexpr auto kTable = std::to_array<Access>({
    {"Manager", "Check", Need::inspect},   // else EEXIST could be bisected to an address
    {"Manager", "Explain", Need::inspect},
    {"Manager", "GetMap", Need::inspect},
    {"Manager", "DumpMap", Need::inspect},
    {"Manager", "GetSnapshot", Need::inspect},
    {"Manager", "DumpSnapshot", Need::inspect},
    {"Manager", "Examine", Need::inspect},
    {"Manager", "Hazards", Need::inspect},
    {"Manager", "ListBlocks", Need::open},   // memoryN/state, valid_zones and phys_index are for everybody
    {"Manager", "DumpBlocks", Need::open},
    {"Manager", "Plan", Need::predict},
    {"Manager", "Apply", Need::by_plan},
    {"Manager", "Undo", Need::manage},
    {"Manager", "Finish", Need::manage},
    {"Manager", "ListJobs", Need::inspect},
    {"Manager", "ReadJournal", Need::inspect},   // its plans have addresses
    {"Manager", "TestPolicy", Need::predict},
    {"Manager", "Reload", Need::manage},
    {"Manager", "Rescan", Need::manage},
    {"Region", "GetRanges", Need::inspect},
    {"Namespace", "GetRanges", Need::inspect},
    {"DaxDevice", "GetRanges", Need::inspect},
    {"Job", "Cancel", Need::manage, true},
    {"Job", "GetPlan", Need::inspect, true},   // it was made from a plan that the owner has
    {"Job", "GetSteps", Need::inspect, true},
});

constexpr std::array<std::string_view, 9> kActions{"",
                                                   "",
                                                   "org.memhot1.inspect",
                                                   "org.memhot1.predict",
                                                   "org.memhot1.online",
                                                   "org.memhot1.offline",
                                                   "org.memhot1.reconfigure",
                                                   "org.memhot1.manage",
                                                   ""};

}   // namespace

std::string_view action_of(Need need) { return kActions[static_cast<std::size_t>(need)]; }

std::span<const Access> access_table() { return kTable; }

Access access_of(std::string_view interface, std::string_view member) {
    for (const auto& row : kTable) {
        if (row.interface == interface && row.member == member) return row;
    }
    return {interface, member, Need::denied};
}

Need need_of(PlanVerb verb) {
    switch (verb) {
        case PlanVerb::online:
        case PlanVerb::probe:
        case PlanVerb::dax_online: return Need::online;
        case PlanVerb::offline:
        case PlanVerb::remove:
        case PlanVerb::dax_offline: return Need::offline;
        case PlanVerb::namespace_create:
        case PlanVerb::namespace_reconfigure:
        case PlanVerb::namespace_destroy:
        case PlanVerb::namespace_enable:
        case PlanVerb::namespace_disable:
        case PlanVerb::dax_reconfigure:
        case PlanVerb::dax_create:
        case PlanVerb::dax_destroy: return Need::reconfigure;
        case PlanVerb::count_: break;
    }
    return Need::denied;
}

std::string encoded(std::string_view name) {
    constexpr std::string_view kHex = "0123456789abcdef";
    std::string out;
    for (std::size_t i = 0; i < name.size(); ++i) {
        const auto c = static_cast<unsigned char>(name[i]);
        const bool digit = c >= '0' && c <= '9';
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        if (letter || (digit && i != 0)) {
            out += name[i];
        } else {
            out += '_';
            out += kHex[c >> 4U];
            out += kHex[c & 15U];
        }
    }
    return out.empty() ? "_" : out;
}

}   // namespace memhot::bus
