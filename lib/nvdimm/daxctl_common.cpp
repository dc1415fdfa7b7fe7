// SPDX-License-Identifier: LGPL-2.1-or-later
#include "nvdimm/daxctl_common.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>

namespace memhot {

namespace {

// One conversion "%d" of sscanf(): the number in front of the text, which may go on with anything.
std::optional<int> scan_number(std::string_view& text) {
    while (!text.empty() && std::isspace(static_cast<unsigned char>(text.front())) != 0) text.remove_prefix(1);
    std::string_view digits = text;
    const bool plus = digits.size() > 1 && digits.front() == '+' && digits[1] != '-';   // from_chars() takes no plus
    if (plus) digits.remove_prefix(1);
    int number = 0;
    const auto [rest, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    if (error != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(rest - text.data()));
    return number;
}

std::vector<std::string> devices_meant(const NdBus& bus, const DeviceOptions& options) {
    std::vector<std::string> names;
    for (const auto& device : bus.dax) {
        const bool meant = matches_dax_device(device, options.device);
        if (meant && matches_dax_region(device.region, options.parsed.value("region"))) names.push_back(device.name());
    }
    return names;
}

}   // namespace

bool matches_dax_region(int id, const std::optional<std::string>& filter) {
    if (!filter || *filter == "all") return true;
    constexpr std::string_view kPrefix = "region";
    std::string_view text = *filter;
    std::optional<int> number = scan_number(text);
    if (!number && text.starts_with(kPrefix)) {
        text.remove_prefix(kPrefix.size());
        number = scan_number(text);
    }
    return number == id;
}

bool matches_dax_device(const DaxDevice& device, std::string_view filter) {
    if (filter == "all" || filter == device.name()) return true;
    if (scan_number(filter) != device.region || !filter.starts_with('.')) return false;
    filter.remove_prefix(1);
    return scan_number(filter) == device.id;
}

const DaxDevice* find_meant(const NdBus& bus, std::string_view word) {
    word.remove_prefix(word.rfind('/') + 1);   // basename()
    const auto found =
        std::ranges::find_if(bus.dax, [word](const DaxDevice& one) { return matches_dax_device(one, word); });
    return word == "all" || found == bus.dax.end() ? nullptr : &*found;
}

DeviceOptions read_device_options(const DeviceCommand& command, const std::vector<std::string>& arguments,
                                  bool needs_device, Console& console) {
    DeviceOptions options{.parsed = parse_options(command.options, arguments), .device = {}, .usage = {}};
    const auto& words = options.parsed.words;
    if (!options.parsed.error.empty()) {
        console.say(options.parsed.error);
    } else {
        if (words.empty() && needs_device)
            console.say(fmt::format("specify a device to {}, or \"all\"", command.usage));
        for (std::size_t i = 1; i < words.size(); ++i)
            console.say(fmt::format("unknown extra parameter \"{}\"", words[i]));
    }
    const bool wrong = !options.parsed.error.empty() || words.size() > 1 || (words.empty() && needs_device);
    if (wrong) options.usage = console.usage(RuleId::daxctl_usage);
    if (!words.empty()) options.device = words.front().substr(words.front().rfind('/') + 1);   // basename()
    return options;
}

CommandAnswer for_each_device(NdBus& bus, const DeviceCommand& command, const DeviceOptions& options, Console& console,
                              const DeviceAction& action) {
    DeviceResult last = refused(nd_refuse(RuleId::daxctl_no_such));
    int count = 0;
    for (const auto& name : devices_meant(bus, options)) {
        last = action(bus, name);
        if (last.rc == 0) ++count;
    }
    return end_of(command, last, count, console);
}

CommandAnswer end_of(const DeviceCommand& command, const DeviceResult& last, int count, Console& console) {
    if (last.rc < 0) console.say(fmt::format("error {}: {}", command.failed, errno_text(-last.rc)));
    console.say(fmt::format("{} {} device{}", command.done, count, count == 1 ? "" : "s"));
    return console.finish(last.rc, last.reason);
}

DeviceResult refused(const NdAnswer& reason, int shown) { return {-(shown != 0 ? shown : reason.error), reason}; }

}   // namespace memhot
