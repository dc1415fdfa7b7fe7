// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Whether commands that are accepted leave what a refused one was for.
#include <algorithm>

#include "predict/command_edit.hpp"
#include "predict/nd_parts.hpp"

namespace memhot {

namespace {

struct Question {
    const NdBus& bus;
    const CommandLine& command;
    const NdSubject& subject;
};

// A legacy namespace without an instance has pages: ndctl takes it for raw and for fsdax.
bool is_active_as(const NdNamespace* ns, const std::optional<NsMode>& mode) {
    if (ns == nullptr || !ns->active) return false;
    const NsMode is = ns->active->mode;
    const bool by_itself = is == NsMode::memory && (mode == NsMode::raw || mode == NsMode::fsdax);
    return !mode || is == *mode || by_itself;
}

// A namespace of the mode that was asked for: the one that is reconfigured, else one that was not there or was idle.
bool namespace_came(const Question& q, const NdBus& after) {
    const auto& request = q.subject.request;
    const auto mode = request ? request->mode : std::nullopt;
    for (const auto& region : after.regions) {
        const NdRegion* was = q.bus.find_region(region.id);
        for (const auto& [id, ns] : region.namespaces) {
            if (!is_active_as(&ns, mode)) continue;
            if (q.subject.ns != nullptr && (&*q.subject.regions.front() != was || q.subject.ns->id != id)) continue;
            const NdNamespace* old = was == nullptr ? nullptr : was->find(id);
            const bool fresh = old == nullptr || old->identity != ns.identity || old->zeroed != ns.zeroed ||
                               old->active.has_value() != ns.active.has_value();
            if (fresh) return true;
        }
    }
    return false;
}

bool device_is_as_asked(const Question& q, const NdBus& after) {
    const DaxDevice* was = q.subject.device;
    if (was == nullptr) return true;
    const DaxDevice* is = after.find_dax(was->name());
    if (q.command.verb == "destroy-device") return is == nullptr;
    if (is == nullptr) return false;
    const auto mode = value_of(q.command, kMode);
    if (mode == "system-ram" && is->driver != DaxDriver::kmem) return false;
    if (mode == "devdax" && is->driver != DaxDriver::device_dax) return false;
    const bool resizes = has(q.command, kSize) && q.subject.wanted.size != 0;
    return !resizes || is->size() != was->size();
}

bool device_came(const NdBus& before, const NdBus& after) {
    return std::ranges::any_of(after.dax, [&](const DaxDevice& one) {
        const DaxDevice* was = before.find_dax(one.name());
        return one.size() != 0 && (was == nullptr || was->size() == 0);
    });
}

}   // namespace

bool reaches_goal(const NdBus& before, const CommandLine& command, const NdSubject& subject, const NdBus& after) {
    const Question q{before, command, subject};
    const std::string& verb = q.command.verb;
    if (verb == "create-namespace") return namespace_came(q, after);
    if (verb == "create-device") return device_came(q.bus, after);
    if (verb == "reconfigure-device" || verb == "destroy-device") return device_is_as_asked(q, after);
    if (q.subject.ns == nullptr) return true;
    const NdRegion* region = after.find_region(q.subject.regions.front()->id);
    const NdNamespace* ns = region == nullptr ? nullptr : region->find(q.subject.ns->id);
    if (verb == "enable-namespace") return is_active_as(ns, std::nullopt);
    if (verb == "disable-namespace") return ns == nullptr || !ns->active;
    if (verb != "destroy-namespace") return true;
    return ns == nullptr || !q.subject.regions.front()->labelled || !ns->allocated;
}

}   // namespace memhot
