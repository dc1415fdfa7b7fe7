// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Writes to the files of the nvdimm and dax buses that decide where things lie and who drives them.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "nvdimm/command.hpp"
#include "nvdimm/dax_region.hpp"
#include "nvdimm/kernel_log.hpp"

namespace memhot {

namespace {

// A path below /sys or below a device's own directory: what it names comes last.
struct Target {
    std::string_view parent;   // "region0", "namespace0.1", "dax1.0", "nvdimm", "dax_region"
    std::string_view file;     // "align", "size", "unbind"
    std::string_view above;    // the directory of parent
};

Target split_path(std::string_view path) {
    const auto take = [&path] {
        const auto slash = path.rfind('/');
        const std::string_view last = path.substr(slash + 1);
        path = slash == std::string_view::npos ? std::string_view() : path.substr(0, slash);
        return last;
    };
    Target target;
    target.file = take();
    target.parent = take();
    target.above = take();
    return target;
}

std::string_view without_newline(std::string_view text) {
    return text.ends_with('\n') ? text.substr(0, text.size() - 1) : text;
}

constexpr NdAnswer kNoSuchFile{ENOENT, RuleId::ndctl_no_such};
constexpr NdAnswer kNoNumber{EINVAL, RuleId::none};

NdAnswer write_region(NdBus& bus, const Target& target, std::string_view value) {
    if (!bus.model.profile().has(Feature::nd_compat_align)) return kNoSuchFile;
    for (auto& region : bus.regions) {
        if (name_of(region) != target.parent || target.file != "align") continue;
        const auto number = parse_number(value);
        return number ? set_region_align(bus.model.profile(), region, *number) : nd_refuse(RuleId::nd_align_invalid);
    }
    return kNoSuchFile;
}

bool is_taken(const NdBus& bus, const NdNamespace& self, std::string_view uuid) {
    for (const auto& region : bus.regions) {
        for (const auto& [_, ns] : region.namespaces) {
            if (&ns != &self && !ns.uuid.empty() && ns.uuid == uuid) return true;
        }
    }
    return false;
}

// uuid_store(): a new identity, so that an info block of the old one no longer counts. Labels follow, also of a namespace without a size: with a DIMM unbound that is the end
// (nd_pmem_namespace_label_update).
NdAnswer write_uuid(NdBus& bus, const FoundNamespace& found, std::string_view uuid) {
    NdRegion& region = *found.region;
    NdNamespace& ns = *found.ns;
    if (!region.labelled) return kNoSuchFile;
    if (ns.active || ns.claimed) return nd_refuse(RuleId::nd_uuid_busy);
    if (!dimms_enabled(region)) {
        return {.error = 0, .rule = RuleId::nd_unbind_active_dimm, .crash = true};
    }
    if (is_taken(bus, ns, uuid)) return nd_refuse(RuleId::nd_uuid_duplicate);
    ns.identity = ++bus.last_identity;
    ns.uuid = uuid;
    return {0, RuleId::nd_accepted};
}

NdAnswer write_namespace(NdBus& bus, const Target& target, std::string_view value) {
    const auto found = find_namespace(bus, target.parent);
    if (found.ns == nullptr) return kNoSuchFile;
    if (target.file == "uuid") return write_uuid(bus, found, value);
    if (target.file != "size") return kNoSuchFile;
    if (!found.region->labelled) return nd_refuse(RuleId::nd_size_label_less);   // whatever is written
    const auto number = parse_number(value);
    if (!number) return kNoNumber;
    const bool ignore = bus.model.profile().has(Feature::nd_full_dimm_ignored);
    const std::uint64_t have = found.ns->size();
    const NdAnswer answer = set_size(*found.region, *found.ns, *number, ignore);
    if (answer.rule == RuleId::nd_size_no_room) log_underrun(bus, *found.region, *number - have);
    if (answer.ok() && *number == 0) drop_if_idle(*found.region, found.ns->id);
    return answer;
}

NdAnswer write_dax(NdBus& bus, const Target& target, std::string_view value) {
    DaxDevice* device = bus.find_dax(target.parent);
    const bool writable = bus.model.profile().has(Feature::dax_partitions);
    if (device == nullptr || (!writable && target.file != "size")) return kNoSuchFile;
    const bool dynamic = writable && bus.find_dax_region(device->region) != nullptr;
    if (target.file == "align") return dax_set_align(bus, *device, value);
    if (target.file == "mapping") return dynamic ? dax_add_mapping(bus, *device, value) : kNoSuchFile;
    if (target.file != "size") return kNoSuchFile;
    if (!dynamic) return nd_refuse(RuleId::nd_dax_static);   // whatever is written
    const auto number = parse_number(value);
    return number ? dax_set_size(bus, *device, *number) : kNoNumber;
}

// dax_region/create and dax_region/delete below "dax_regionN", "hmem.N" or a region's number.
NdAnswer write_dax_region(NdBus& bus, const Target& target, std::string_view value) {
    const auto digits = target.above.find_last_not_of("0123456789") + 1;
    int id = 0;
    std::from_chars(target.above.data() + digits, target.above.data() + target.above.size(), id);
    DaxRegion* region = bus.find_dax_region(id);
    if (region == nullptr || !bus.model.profile().has(Feature::dax_partitions)) return kNoSuchFile;
    if (target.file == "create") return dax_create(bus, *region, value);
    return target.file == "delete" ? dax_delete(bus, *region, value) : kNoSuchFile;
}

// Unbinding a DIMM succeeds, also while a region uses it.
NdAnswer switch_dimm(NdBus& bus, std::string_view name, bool on) {
    bool found = false;
    for (auto& region : bus.regions) {
        for (auto& mapping : region.mappings) {
            if (mapping.dimm != name) continue;
            mapping.enabled = on;
            found = true;
        }
    }
    return found ? NdAnswer{0, RuleId::nd_accepted} : NdAnswer{ENODEV, RuleId::ndctl_no_such};
}

NdAnswer switch_dax(NdBus& bus, std::string_view driver, std::string_view name, bool on) {
    DaxDevice* device = bus.find_dax(name);
    const auto wanted = driver == "kmem" ? DaxDriver::kmem : DaxDriver::device_dax;
    if (device == nullptr || (on ? device->driver != DaxDriver::none : device->driver != wanted)) {
        return {ENODEV, RuleId::daxctl_no_such};
    }
    if (on) return wanted == DaxDriver::kmem ? bind_kmem(bus, *device) : bind_device_dax(bus, *device);
    unbind_dax(bus, *device);
    return {0, RuleId::nd_accepted};
}

bool is_instance(const NdNamespace& ns) {
    const NsMode mode = ns.active->mode;
    return mode == NsMode::fsdax || mode == NsMode::devdax || mode == NsMode::sector;
}

// nd_pmem_probe() says ENXIO of a namespace that it leaves to an instance, although that is then active.
NdAnswer switch_namespace(NdBus& bus, std::string_view name, bool on) {
    const auto found = find_namespace(bus, name);
    if (found.ns == nullptr) return {ENODEV, RuleId::ndctl_no_such};
    if (!on) {
        disable_namespace(bus, *found.region, *found.ns);
        return {0, RuleId::nd_accepted};
    }
    const NdAnswer answer = enable_namespace(bus, *found.region, *found.ns);
    const bool by_instance = answer.ok() && is_instance(*found.ns);
    return by_instance ? nd_refuse(RuleId::nd_claimed) : answer;
}

NdAnswer switch_driver(NdBus& bus, const Target& target, std::string_view name) {
    const bool on = target.file == "bind";
    if (target.parent == "nvdimm") return switch_dimm(bus, name, on);
    if (target.parent == "kmem" || target.parent == "device_dax") return switch_dax(bus, target.parent, name, on);
    if (target.parent == "nd_pmem") return switch_namespace(bus, name, on);
    return {ENODEV, RuleId::ndctl_no_such};
}

NdAnswer write(NdBus& bus, const Target& target, std::string_view value) {
    if (target.file == "bind" || target.file == "unbind") {
        NdAnswer answer = switch_driver(bus, target, value);
        if (!answer.ok() && !bus.model.profile().has(Feature::bind_tells_errno)) answer.error = ENODEV;
        return answer;
    }
    if (target.parent == "dax_region") return write_dax_region(bus, target, value);
    if (target.parent.starts_with("region")) return write_region(bus, target, value);
    if (target.parent.starts_with("namespace")) return write_namespace(bus, target, value);
    return target.parent.starts_with("dax") ? write_dax(bus, target, value) : kNoSuchFile;
}

}   // namespace

bool is_mirrored_file(std::string_view path) {
    const Target target = split_path(path);
    if (target.file == "bind" || target.file == "unbind") {
        constexpr std::array<std::string_view, 4> kDrivers{"nvdimm", "kmem", "device_dax", "nd_pmem"};
        return std::ranges::find(kDrivers, target.parent) != kDrivers.end();
    }
    struct File {
        std::string_view parent;
        std::string_view file;
    };
    constexpr auto kFiles = std::to_array<File>({{"region", "align"},
                                                 {"namespace", "size"},
                                                 {"namespace", "uuid"},
                                                 {"dax_region", "create"},
                                                 {"dax_region", "delete"},
                                                 {"dax", "size"},
                                                 {"dax", "align"},
                                                 {"dax", "mapping"}});
    const bool nd_instance = target.parent.starts_with("dax") && path.find("/nd/") != std::string_view::npos;
    return !nd_instance && std::ranges::any_of(kFiles, [&](const File& one) {
        return target.parent.starts_with(one.parent) && target.file == one.file;
    });
}

CommandAnswer write_attribute(NdBus& bus, std::string_view path, std::string_view value) {
    const NdAnswer answer = write(bus, split_path(path), without_newline(value));
    Console console;
    if (answer.error != 0) console.say(fmt::format("{}: {}", path, errno_text(answer.error)));
    CommandAnswer out = console.finish(answer.error != 0 || answer.crash ? 1 : 0, answer);
    return out;
}

}   // namespace memhot
