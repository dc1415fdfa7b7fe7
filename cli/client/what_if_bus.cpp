// SPDX-License-Identifier: GPL-2.0-or-later
//
// Regions, namespaces and dax devices of a host whose firmware placed things elsewhere (what_if.hpp). Labels and info
// blocks keep offsets, so only addresses change; what the kernel would not attach there is taken out, as it would be.
#include <algorithm>
#include <fmt/format.h>
#include <set>

#include "client/what_if.hpp"
#include "memhot/doctor.hpp"

namespace memhotctl {

using memhot::NvdimmRecord;
using memhot::Result;
using memhot::Snapshot;

namespace {

class Mover {
public:
    Mover(std::uint64_t from, const Shift& shift) : from_(from), shift_(shift) {}

    memhot::Status move(NvdimmRecord& nd) {
        move_all(nd.regions);
        move_all(nd.namespaces);
        move_all(nd.instances);
        move_all(nd.dax_regions);
        move_all(nd.dax_devices);
        move_all(nd.cxl_regions);
        move_all(nd.cxl_decoders);
        for (auto& device : nd.dax_devices) {
            for (auto& mapping : device.mappings) {
                move(mapping.range.start);
                move(mapping.range.last);
            }
        }
        return error_ ? memhot::Status(*error_) : memhot::Status(memhot::Done{});
    }

private:
    template <class Record>
    void move_all(std::vector<Record>& records) {
        for (auto& record : records) {
            if (record.resource) move(*record.resource);
        }
    }
    void move(std::uint64_t& address) {
        if (address < from_ || error_) return;
        const auto there = shifted(address, shift_);
        if (there) {
            address = *there;
        } else {
            error_ = there.error();
        }
    }

    std::uint64_t from_;
    Shift shift_;
    std::optional<memhot::Error> error_;
};

std::optional<std::uint64_t> first_region(const NvdimmRecord& nd) {
    std::optional<std::uint64_t> first;
    const auto look_at = [&](const auto& records) {
        for (const auto& record : records) {
            if (record.resource && (!first || *record.resource < *first)) first = record.resource;
        }
    };
    look_at(nd.regions);
    if (first) return first;
    look_at(nd.cxl_regions);
    look_at(nd.dax_regions);
    look_at(nd.dax_devices);
    return first;
}

// Without the lines of those names and what lies below them.
std::string without_lines(std::string_view iomem, const std::set<std::string, std::less<>>& names) {
    std::string out;
    std::optional<std::size_t> dropped;
    while (!iomem.empty()) {
        const auto end = std::min(iomem.find('\n'), iomem.size());
        const std::string_view line = iomem.substr(0, end);
        iomem.remove_prefix(std::min(end + 1, iomem.size()));
        const std::size_t depth = std::min(line.find_first_not_of(' '), line.size());
        if (dropped && depth > *dropped) continue;
        dropped.reset();
        const auto colon = line.find(" : ");
        if (colon != std::string_view::npos && names.contains(line.substr(colon + 3))) {
            dropped = depth;
        } else {
            out.append(line).append("\n");
        }
    }
    return out;
}

// A namespace that does not come up has no instance, no disk and no dax device; its info block stays.
void detach(Snapshot& snapshot, const std::vector<memhot::NotAttached>& refused) {
    NvdimmRecord& nd = *snapshot.nvdimm;
    std::set<std::string, std::less<>> gone;
    std::set<std::string, std::less<>> raw;
    for (const auto& one : refused) {
        gone.insert(one.where);
        if (one.comes_up_raw) raw.insert(one.where);
    }
    std::set<std::string, std::less<>> parents;
    for (auto& ns : nd.namespaces) {
        if (!gone.contains(ns.name)) continue;
        ns.driver = raw.contains(ns.name) ? "nd_pmem" : "";
        ns.holder.clear();
        ns.block_device.clear();
    }
    std::erase_if(nd.instances, [&](const auto& instance) {
        const bool its = gone.contains(instance.namespace_name);
        if (its) parents.insert(instance.name);
        return its;
    });
    for (const auto& device : nd.dax_devices) {
        const auto* region = nd.dax_region(device.parent);
        if (parents.contains(device.parent) && (region == nullptr || region->kind == "pmem")) gone.insert(device.name);
    }
    for (auto& device : nd.dax_devices) {
        if (gone.contains(device.name)) device.driver.clear();
    }
    std::erase_if(nd.dax_devices, [&](const auto& device) { return parents.contains(device.parent); });
    std::erase_if(nd.dax_regions,
                  [&](const auto& region) { return region.kind == "pmem" && parents.contains(region.parent); });
    if (snapshot.iomem) snapshot.iomem = without_lines(*snapshot.iomem, gone);
}

}   // namespace

Result<ShiftedBus> shift_bus(const Snapshot& snapshot, const Shift& shift,
                             std::shared_ptr<const memhot::KernelProfile> profile) {
    const auto from = snapshot.nvdimm ? first_region(*snapshot.nvdimm) : std::nullopt;
    if (!from) {
        return memhot::bad_input("--shift: this host shows no persistent-memory or CXL region and no dax device with "
                                 "its address, so there is nothing to move");
    }
    auto moved = shift_tail(snapshot, *from, shift);
    if (!moved) return std::move(moved).error();
    ShiftedBus out{.snapshot = *std::move(moved), .moved = {}, .refused_names = {}, .raw_names = {}, .refused = {}};
    if (auto good = Mover(*from, shift).move(*out.snapshot.nvdimm); !good) return good.error();
    const std::string distance = (shift.down ? "-" : "+") + memhot::human_size(shift.bytes);
    out.moved =
        fmt::format("everything from {:#x} on lies {} away, namespaces are those of such a boot", *from, distance);
    const auto refused = memhot::not_attached(snapshot, out.snapshot, std::move(profile));
    if (!refused) return memhot::Error(refused.error()).add_context("--shift");
    for (const auto& one : *refused) {
        out.refused_names.push_back(one.where);
        if (one.comes_up_raw) out.raw_names.push_back(one.where);
        out.refused.push_back(fmt::format("{} would {} there: {}", one.where,
                                          one.comes_up_raw ? "come up raw, without its info block," : "not be attached",
                                          one.why));
    }
    detach(out.snapshot, *refused);
    return out;
}

}   // namespace memhotctl
