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

NdAnswer write_namespace(NdBus& bus, const Target& target, std::string_view value) {
    const auto found = find_namespace(bus, target.parent);
    if (found.ns == nullptr) return kNoSuchFile;
    if (target.file == "uuid")
        return found.region->labelled ? set_uuid(bus, *found.region, *found.ns, value) : kNoSuchFile;
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

// uncertain: of `state` of a device that kmem drives.
NdAnswer write_dax(NdBus& bus, const Target& target, std::string_view value, bool& uncertain) {
    DaxDevice* device = bus.find_dax(target.parent);
    if (device == nullptr) return kNoSuchFile;
    if (target.file == "state") {
        return device->kmem_state.empty() ? kNoSuchFile : write_kmem_state(bus, *device, value, uncertain);
    }
    if (target.file == "align") return dax_set_align(bus, *device, value);
    const bool dynamic = bus.find_dax_region(device->region) != nullptr;
    if (target.file == "mapping") return dynamic ? dax_add_mapping(bus, *device, value) : kNoSuchFile;
    if (target.file != "size") return kNoSuchFile;
    const auto number = parse_number(value);
    const bool writable = dynamic && bus.model.profile().has(Feature::dax_partitions);
    if (!writable) return dax_set_size(bus, *device, 0);   // whatever is written
    return number ? dax_set_size(bus, *device, *number) : kNoNumber;
}

// dax_region/create and dax_region/delete below "dax_regionN", "hmem.N" or a region's number.
NdAnswer write_dax_region(NdBus& bus, const Target& target, std::string_view value) {
    const auto digits = target.above.find_last_not_of("0123456789") + 1;
    int id = 0;
    std::from_chars(target.above.data() + digits, target.above.data() + target.above.size(), id);
    DaxRegion* region = bus.find_dax_region(id);
    if (region == nullptr) return kNoSuchFile;
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

bool is_instance(NsMode mode) { return has_pages(mode) || mode == NsMode::sector; }

// An instance by its name, "pfn0.1", through the namespace that it holds; idle seeds hold none.
FoundNamespace find_instance(NdBus& bus, std::string_view name) {
    for (auto& region : bus.regions) {
        for (auto& [_, ns] : region.namespaces) {
            const auto mode = ns.active ? std::optional(ns.active->mode) : ns.claimed;
            if (mode && is_instance(*mode) && instance_name(region, *mode, ns.instance) == name) return {&region, &ns};
        }
    }
    return {};
}

NdAnswer switch_instance(NdBus& bus, const FoundNamespace& found, bool on) {
    NdRegion& region = *found.region;
    NdNamespace& ns = *found.ns;
    if (on) return ns.active ? NdAnswer{EBUSY, RuleId::nd_not_bound} : bind_instance(bus, region, ns);
    if (!ns.active) return nd_refuse(RuleId::nd_not_bound);
    unbind_instance(bus, region, ns);
    return {0, RuleId::nd_accepted};
}

// nd_pmem_probe() says ENXIO of a namespace that it leaves to an instance, although that is then active.
NdAnswer switch_namespace(NdBus& bus, std::string_view name, bool on) {
    const auto found = find_namespace(bus, name);
    if (found.ns == nullptr) return nd_refuse(RuleId::nd_not_bound);
    NdNamespace& ns = *found.ns;
    const bool by_itself = ns.active && !is_instance(ns.active->mode);
    if (!on) {
        if (!by_itself) return nd_refuse(RuleId::nd_not_bound);
        disable_namespace(bus, *found.region, ns);
        return {0, RuleId::nd_accepted};
    }
    if (by_itself) return {EBUSY, RuleId::nd_not_bound};
    if (ns.active) return nd_refuse(RuleId::nd_claimed);
    const NdAnswer answer = enable_namespace(bus, *found.region, ns);
    const bool by_instance = answer.ok() && is_instance(ns.active->mode);
    return by_instance ? nd_refuse(RuleId::nd_claimed) : answer;
}

// nd_pmem has namespaces and their pfn and btt instances, dax_pmem the dax instances.
NdAnswer switch_pmem(NdBus& bus, std::string_view driver, std::string_view name, bool on) {
    const auto found = find_instance(bus, name);
    if (found.ns == nullptr) {
        return driver == "nd_pmem" ? switch_namespace(bus, name, on) : nd_refuse(RuleId::nd_not_bound);
    }
    const bool is_its_own = name.starts_with("dax") == (driver == "dax_pmem");
    return is_its_own ? switch_instance(bus, found, on) : nd_refuse(RuleId::nd_not_bound);
}

NdAnswer switch_driver(NdBus& bus, const Target& target, std::string_view name) {
    const bool on = target.file == "bind";
    if (target.parent == "nvdimm") return switch_dimm(bus, name, on);
    if (target.parent == "kmem" || target.parent == "device_dax") return switch_dax(bus, target.parent, name, on);
    if (target.parent == "nd_pmem" || target.parent == "dax_pmem") return switch_pmem(bus, target.parent, name, on);
    return {ENODEV, RuleId::ndctl_no_such};
}

NdAnswer write(NdBus& bus, const Target& target, std::string_view value, bool& uncertain) {
    if (target.file == "bind" || target.file == "unbind") {
        NdAnswer answer = switch_driver(bus, target, value);
        if (!answer.ok() && !bus.model.profile().has(Feature::bind_tells_errno)) answer.error = ENODEV;
        return answer;
    }
    if (target.parent == "dax_region") return write_dax_region(bus, target, value);
    if (target.parent.starts_with("region")) return write_region(bus, target, value);
    if (target.parent.starts_with("namespace")) return write_namespace(bus, target, value);
    return target.parent.starts_with("dax") ? write_dax(bus, target, value, uncertain) : kNoSuchFile;
}

}   // namespace

bool is_mirrored_file(std::string_view path) {
    const Target target = split_path(path);
    if (target.file == "bind" || target.file == "unbind") {
        constexpr std::array<std::string_view, 5> kDrivers{"nvdimm", "kmem", "device_dax", "nd_pmem", "dax_pmem"};
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
                                                 {"dax", "mapping"},
                                                 {"dax", "state"}});
    const bool nd_instance = target.parent.starts_with("dax") && path.find("/nd/") != std::string_view::npos;
    return !nd_instance && std::ranges::any_of(kFiles, [&](const File& one) {
        return target.parent.starts_with(one.parent) && target.file == one.file;
    });
}

CommandAnswer write_attribute(NdBus& bus, std::string_view path, std::string_view value) {
    bool uncertain = false;
    const NdAnswer answer = write(bus, split_path(path), without_newline(value), uncertain);
    Console console;
    if (answer.error != 0) console.say(fmt::format("{}: {}", path, errno_text(answer.error)));
    CommandAnswer out = console.finish(answer.error != 0 || answer.crash ? 1 : 0, answer);
    out.uncertain = uncertain;
    return out;
}

}   // namespace memhot
