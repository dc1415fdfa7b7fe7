// SPDX-License-Identifier: GPL-2.0-or-later
#include "client/things.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "output/text.hpp"

namespace memhotctl {

using memhot::Error;
using memhot::ErrorKind;
using memhot::Range;
using memhot::Result;

namespace {

constexpr Range kEverything{0, std::numeric_limits<std::uint64_t>::max()};
constexpr std::string_view kThings =
    "expected START-END, START+SIZE, blockN, blockN-M, sectionN, nodeN, a region, namespace, DIMM or dax device, or a "
    "name in /proc/iomem";

std::vector<Range> resources_named(const Host& host, std::string_view name) {
    std::vector<Range> out;
    if (!host.model) return out;
    host.model->resources().walk(kEverything, [&](const memhot::Resource& resource, unsigned) {
        if (resource.name == name) out.push_back(resource.range);
    });
    return out;
}

void take(std::vector<Range>& ranges, const std::optional<std::uint64_t>& start,
          const std::optional<std::uint64_t>& size) {
    if (!start || !size) return;
    if (const auto range = Range::from_size(*start, *size)) ranges.push_back(*range);
}

// Regions of the nvdimm and of the CXL bus may have one name. A namespace in use shows in /proc/iomem with what its driver
// claimed of it, which is less than all; an idle one not at all.
std::optional<Thing> find_device(const Host& host, std::string_view name) {
    if (!host.snapshot.nvdimm) return std::nullopt;
    const auto& nd = *host.snapshot.nvdimm;
    Thing thing{Thing::Kind::device, std::string(name), {}};
    bool found = false;
    const auto look_in = [&](const auto& records, auto field, auto&& add) {
        for (const auto& record : records) {
            if (record.*field != name) continue;
            found = true;
            add(record);
        }
    };
    const auto whole = [&](const auto& record) { take(thing.ranges, record.resource, record.size); };
    look_in(nd.regions, &memhot::NdRegionRecord::name, whole);
    look_in(nd.cxl_regions, &memhot::CxlRegionRecord::name, whole);
    look_in(nd.namespaces, &memhot::NamespaceRecord::name, whole);
    look_in(nd.dax_devices, &memhot::DaxDeviceRecord::name, [&](const memhot::DaxDeviceRecord& device) {
        for (const auto& range : memhot::ranges_of(device)) thing.ranges.push_back(range);
    });
    // that of a namespace has the name of an instance, which is a dax device's, too
    if (!found) look_in(nd.dax_regions, &memhot::DaxRegionRecord::parent, whole);
    look_in(nd.dimms, &memhot::DimmRecord::name, [](const memhot::DimmRecord&) {});   // its addresses are a region's
    if (!found) {   // a CXL region whose own files are not there
        look_in(nd.dax_regions, &memhot::DaxRegionRecord::cxl_region, whole);
    }
    std::ranges::sort(thing.ranges, {}, &Range::start);
    return found ? std::optional(std::move(thing)) : std::nullopt;
}

void append(std::vector<Range>& ranges, const Range& next) {
    if (!ranges.empty() && ranges.back().last + 1 == next.start) {
        ranges.back().last = next.last;
    } else {
        ranges.push_back(next);
    }
}

std::optional<int> node_number(std::string_view text) {
    if (!text.starts_with("node")) return std::nullopt;
    const auto number = memhot::parse_number(text.substr(4));
    if (!number || text.substr(4).starts_with("0x") || *number > 4095) return std::nullopt;
    return static_cast<int>(*number);
}

Result<Thing> find_node(const Host& host, std::string_view text, int node) {
    Thing thing{Thing::Kind::node, std::string(text), {}};
    const std::uint64_t size = host.units().block_size;
    const auto take = [&](std::uint64_t number) { append(thing.ranges, {number * size, number * size + (size - 1)}); };
    if (host.snapshot.blocks) {
        for (const auto& block : *host.snapshot.blocks) {
            if (block.node == node) take(block.number);
        }
    } else if (host.model) {
        for (const auto& block : host.model->blocks()) {
            if (block.node == node) take(block.number);
        }
    }
    if (!thing.ranges.empty()) return thing;
    return memhot::bad_input(fmt::format("{}: this host has no memory on such a node", text));
}

std::string joined(const std::vector<Range>& ranges) {
    constexpr std::size_t kShown = 3;
    std::string out;
    for (std::size_t i = 0; i < ranges.size() && i < kShown; ++i) {
        out += (i == 0 ? "" : ", ") + to_string(ranges[i]);
    }
    if (ranges.size() > kShown) out += fmt::format(" and {} more", ranges.size() - kShown);
    return out;
}

Error unknown_thing(const Host& host, std::string_view text) {
    if (!host.model && host.no_model->kind() == ErrorKind::not_permitted) {
        return {ErrorKind::not_permitted, fmt::format("{}: a name shows only in /proc/iomem: {}", in_quotes(text),
                                                      host.with_remedy(host.no_model->message()))};
    }
    return memhot::bad_input(fmt::format("{}: nothing of this name on this host, {}", in_quotes(text), kThings));
}

}   // namespace

Result<Thing> find_thing(const Host& host, std::string_view text) {
    if (const auto node = node_number(text)) return find_node(host, text, *node);
    if (auto device = find_device(host, text)) {
        // a region that the host does not show in sysfs may show here: "region0" of CXL
        if (device->ranges.empty()) device->ranges = resources_named(host, text);
        return *std::move(device);
    }
    // A name comes first: some look like something else ("PCI Bus 0000:00-ff", "namespace0.0").
    if (auto ranges = resources_named(host, text); !ranges.empty()) {
        return Thing{Thing::Kind::resource, std::string(text), std::move(ranges)};
    }
    auto range = memhot::parse_range(text, host.units());
    if (!range) {
        const bool looks_like_range = std::ranges::any_of(text, [](char c) { return c >= '0' && c <= '9'; }) &&
                                      range.error().kind() != ErrorKind::not_found;
        if (looks_like_range && !text.empty()) return std::move(range).error();
        return unknown_thing(host, text);
    }
    Thing thing{Thing::Kind::range, std::string(text), {*range}};
    if (text.starts_with("block") || text.starts_with("memory")) thing.kind = Thing::Kind::block;
    if (text.starts_with("section")) thing.kind = Thing::Kind::section;
    return thing;
}

Result<Range> find_range(const Host& host, std::string_view text) {
    auto thing = find_thing(host, text);
    if (!thing) return std::move(thing).error();
    if (thing->ranges.size() == 1) return thing->ranges.front();
    if (thing->ranges.empty()) {
        return memhot::bad_input(fmt::format("{}: it has no space, or its addresses are hidden", in_quotes(text)));
    }
    return Error(ErrorKind::ambiguous, fmt::format("{} is {}: say which by its addresses ({})", in_quotes(text),
                                                   counted(thing->ranges.size(), "range"), joined(thing->ranges)));
}

}   // namespace memhotctl
