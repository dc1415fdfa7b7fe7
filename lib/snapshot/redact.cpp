// SPDX-License-Identifier: LGPL-2.1-or-later
//
// A snapshot for a public bug report: what the kernel shows only to the privileged is left out, and what names this
// machine or its parts is numbered.
#include <algorithm>
#include <map>
#include <regex>
#include <string>

#include "memhot/snapshot.hpp"

namespace memhot {

namespace {

constexpr std::string_view kWhy = "left out by capture --redact";

// The same number for the same name, so that what referred to each other still does.
class Names {
public:
    // A uuid of the same form; that of label-less namespaces is all zero and names nothing.
    void uuid(std::string& text) {
        if (text.empty() || text.find_first_not_of("0-") == std::string::npos) return;
        const std::string digits = std::to_string(number(text));
        text = "00000000-0000-4000-8000-" + std::string(12 - digits.size(), '0') + digits;
    }
    void id(std::string& text, std::string_view prefix) {
        if (!text.empty()) text = std::string(prefix) + std::to_string(number(text));
    }
    void cookie(std::optional<std::uint64_t>& value) {
        if (value) value = number("cookie " + std::to_string(*value));
    }

private:
    std::size_t number(const std::string& name) { return numbers_.emplace(name, numbers_.size() + 1).first->second; }
    std::map<std::string, std::size_t> numbers_;
};

// Only what decides about memory, and none of that which has an address (memmap=, efi_fake_mem=).
std::string harmless_words(const std::string& cmdline) {
    static constexpr std::string_view kKept[] = {
        "memhp_default_state=", "memory_hotplug.", "movable_node", "movablecore=",        "kernelcore=",  "nokaslr",
        "efi=nosoftreserve",    "numa=",           "hugepages",    "default_hugepagesz=", "panic_on_warn"};
    std::string out;
    for (std::size_t at = 0; at < cmdline.size();) {
        const auto end = std::min(cmdline.find(' ', at), cmdline.size());
        const std::string_view word = std::string_view(cmdline).substr(at, end - at);
        const bool keep = std::ranges::any_of(kKept, [&](std::string_view prefix) { return word.starts_with(prefix); });
        if (keep) out += (out.empty() ? "" : " ") + std::string(word);
        at = end + 1;
    }
    return out;
}

void redact(NvdimmRecord& nd, Names& names) {
    for (auto& dimm : nd.dimms) names.id(dimm.id, "dimm-");
    for (auto& region : nd.regions) {
        region.resource.reset();
        names.cookie(region.set_cookie);   // of the DIMMs' serial numbers
    }
    for (auto& ns : nd.namespaces) {
        ns.resource.reset();
        names.uuid(ns.uuid);
        names.id(ns.alt_name, "name-");
    }
    for (auto& instance : nd.instances) {
        instance.resource.reset();
        names.uuid(instance.uuid);
    }
    for (auto& block : nd.info_blocks) {
        names.uuid(block.uuid);
        names.uuid(block.parent_uuid);
        block.checksum.reset();   // from which the uuids could be found out
    }
    for (auto& region : nd.dax_regions) region.resource.reset();
    for (auto& device : nd.dax_devices) {
        device.resource.reset();
        device.mappings.clear();
    }
    for (auto& region : nd.cxl_regions) {
        region.resource.reset();
        names.uuid(region.uuid);
    }
    for (auto& decoder : nd.cxl_decoders) decoder.resource.reset();
    for (auto& memdev : nd.cxl_memdevs) {
        names.cookie(memdev.serial);
        names.id(memdev.host, "host-");
    }
}

// What a rule compares with: uuids and addresses.
std::string without_names(const std::string& text, Names& names) {
    static const std::regex kName("[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}|0x[0-9a-fA-F]{5,}");
    std::string out;
    auto last = text.begin();
    for (std::sregex_iterator it(text.begin(), text.end(), kName), end; it != end; ++it) {
        std::string name = it->str();
        out.append(last, (*it)[0].first);
        if (name.starts_with("0x")) {
            name = "0x0";
        } else {
            names.uuid(name);
        }
        out += name;
        last = (*it)[0].second;
    }
    return out.append(last, text.end());
}

}   // namespace

Snapshot redacted(Snapshot snapshot) {
    snapshot.hostname = "redacted";
    snapshot.cmdline = harmless_words(snapshot.cmdline);
    snapshot.iomem.reset();
    snapshot.iomem_hidden = kWhy;
    snapshot.firmware_ram.clear();
    snapshot.zones.clear();   // their bounds are those of RAM, to the page
    Names names;
    if (snapshot.nvdimm) redact(*snapshot.nvdimm, names);
    for (auto& rule : snapshot.udev_rules) rule.text = without_names(rule.text, names);
    return snapshot;
}

}   // namespace memhot
