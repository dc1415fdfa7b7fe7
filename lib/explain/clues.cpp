// SPDX-License-Identifier: LGPL-2.1-or-later
#include "explain/clues.hpp"

#include <algorithm>
#include <iterator>

#include "memhot/value.hpp"

namespace memhot::explaining {

namespace {

using Found = std::optional<Value>;

Found size_of(std::string_view name, const std::optional<std::uint64_t>& bytes) {
    return bytes ? Found(Value::of_size(name, *bytes)) : std::nullopt;
}
Found address_of(std::string_view name, const std::optional<std::uint64_t>& address) {
    return address ? Found(Value::of_address(name, *address)) : std::nullopt;
}

Found namespace_value(const NamespaceRecord& ns, std::string_view name) {
    if (name == "start") return address_of(name, ns.resource);
    if (name == "namespace_size") return size_of(name, ns.size);
    return std::nullopt;
}

Found region_value(const NdRegionRecord& region, std::string_view name) {
    if (name == "region_align") return size_of(name, region.align);
    if (name == "region_start") return address_of(name, region.resource);
    if (name == "region_size") return size_of(name, region.size);
    if (name == "available") return size_of(name, region.available_size);
    if (name == "largest_extent") return size_of(name, region.max_available_extent);
    if (name == "ways" && region.ways) return Value::of_count(name, *region.ways);
    return std::nullopt;
}

Found dax_value(const DaxDeviceRecord& device, std::string_view name) {
    if (name == "range" && device.resource && device.size) {
        if (const auto range = Range::from_size(*device.resource, *device.size)) return Value::of_range(name, *range);
    }
    if (name == "target_node" && device.target_node && *device.target_node >= 0) {
        return Value::of_count(name, static_cast<std::uint64_t>(*device.target_node));
    }
    return std::nullopt;
}

// "1.0" of namespace1.0, pfn1.0, dax1.0.
std::string_view numbers_of(std::string_view device) {
    const std::size_t at = device.find_first_of("0123456789");
    return at == std::string_view::npos ? std::string_view() : device.substr(at);
}

Found device_value(const NvdimmRecord& nvdimm, std::string_view name, std::string_view device) {
    const std::string_view numbers = numbers_of(device);
    if (const auto* dax = nvdimm.dax_device(device)) {
        if (auto value = dax_value(*dax, name)) return value;
    }
    std::string ns_name("namespace");
    ns_name += numbers;
    if (const auto* ns = nvdimm.find_namespace(ns_name)) {
        if (auto value = namespace_value(*ns, name)) return value;
    }
    std::string region_name("region");
    region_name += numbers.substr(0, numbers.find('.'));
    if (const auto* region = nvdimm.region(region_name)) return region_value(*region, name);
    return std::nullopt;
}

Found machine_value(const ExplainContext& context, std::string_view name) {
    const Snapshot* snapshot = context.snapshot;
    if (name == "block_size") {
        return size_of(name, context.block_size || !snapshot ? context.block_size : snapshot->memory_block_size);
    }
    if (name == "page_size") {
        const bool known = snapshot != nullptr && snapshot->page_size != 0;
        return size_of(name, context.page_size || !known ? context.page_size : std::optional(snapshot->page_size));
    }
    if (name == "section_size") {
        if (context.section_size || snapshot == nullptr || !snapshot->section_size_bits) {
            return size_of(name, context.section_size);
        }
        return Value::of_size(name, 1ULL << *snapshot->section_size_bits);
    }
    if (name == "kernel" && snapshot != nullptr && !snapshot->release.empty())
        return Value::of_text(name, snapshot->release);
    return std::nullopt;
}

}   // namespace

void Clues::add(std::size_t line, Value value) {
    auto& clues = by_name_[value.name];
    const auto behind = std::ranges::upper_bound(clues, line, {}, &Clue::line);
    clues.insert(behind, {line, std::move(value)});
}

const Value* Clues::find(std::string_view name, std::size_t line) const {
    const auto named = by_name_.find(name);
    if (named == by_name_.end()) return nullptr;
    const auto behind = std::ranges::upper_bound(named->second, line, {}, &Clue::line);
    return behind == named->second.begin() ? &behind->value : &std::prev(behind)->value;
}

std::optional<Value> host_value(const ExplainContext& context, std::string_view name, std::string_view device) {
    if (auto value = machine_value(context, name)) return value;
    const bool known = context.snapshot != nullptr && context.snapshot->nvdimm && !device.empty();
    return known ? device_value(*context.snapshot->nvdimm, name, device) : std::nullopt;
}

}   // namespace memhot::explaining
