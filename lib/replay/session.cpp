// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "nvdimm/bus.hpp"
#include "replay/records.hpp"
#include "units/json_object.hpp"
#include "units/quote.hpp"

namespace memhot {

namespace {

// "destroyed 0 namespaces", "reconfigured 1 device": says how many, not why.
bool is_count(std::string_view line) {
    constexpr std::array<std::string_view, 6> kVerbs{"destroyed ", "reconfigured ",       "enabled ",
                                                     "disabled ",  "onlined memory for ", "offlined memory for "};
    return std::ranges::any_of(kVerbs, [line](std::string_view verb) {
        return line.starts_with(verb) && line.size() > verb.size() &&
               std::isdigit(static_cast<unsigned char>(line[verb.size()])) != 0;
    });
}

std::string trimmed(std::string_view line) {
    const auto first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos) return {};
    return std::string(line.substr(first, line.find_last_not_of(" \t\r") - first + 1));
}

Attributes read_attributes(const Json& object) {
    Attributes attributes;
    for (const auto& [name, value] : object.items()) {
        if (value.is_string()) attributes[name] = value.get<std::string>();
    }
    return attributes;
}

std::map<std::string, Attributes> read_devices(JsonObject& fields, const char* name) {
    std::map<std::string, Attributes> devices;
    if (!fields.has(name)) return devices;
    if (const Json* object = fields.object(name)) {
        for (const auto& [device, attributes] : object->items()) devices[device] = read_attributes(attributes);
    }
    return devices;
}

// "ndctl list" prints an array of regions, or an object with one.
const Json* regions_of(const Json& after) {
    const auto list = after.find("ndctl_list");
    if (list == after.end()) return nullptr;
    const Json* regions = &*list;
    if (regions->is_object() && regions->contains("regions")) regions = &(*regions)["regions"];
    return regions->is_array() ? regions : nullptr;
}

void read_region(const Json& region, HostState& state) {
    JsonObject fields(region, "ndctl_list");
    const std::string name = fields.text("dev");
    const RegionSpace space{fields.number("available_size"), fields.number("max_available_extent")};
    if (!fields.status()) return;
    state.spaces[name] = space;
    const auto namespaces = region.find("namespaces");
    if (namespaces == region.end() || !namespaces->is_array()) return;
    for (const auto& one : *namespaces) {
        JsonObject ns(one, "ndctl_list");
        const std::string device = ns.text("dev");
        const std::string uuid = ns.has("uuid") ? ns.text("uuid") : std::string(kZeroUuid);
        if (ns.status() && uuid != kZeroUuid) state.with_uuid.insert(device);
    }
}

Result<HostState> read_after(const Json& after, const std::string& path) {
    JsonObject fields(after, path);
    HostState state{.iomem = fields.text("iomem"),
                    .spaces = {},
                    .with_uuid = {},
                    .nd = read_devices(fields, "nd_attributes"),
                    .dax = read_devices(fields, "dax_attributes"),
                    .blocks = {},
                    .sections = {}};
    if (auto status = fields.status(); !status) return std::move(status).error();
    if (const Json* regions = regions_of(after)) {
        for (const auto& region : *regions) read_region(region, state);
    }
    if (fields.has("blocks")) {
        auto blocks = read_all<RecordedBlock>(fields, "blocks", read_block);
        if (!blocks) return std::move(blocks).error();
        state.blocks = *std::move(blocks);
    }
    if (fields.has("sections")) {
        auto sections = read_all<SectionInfo>(fields, "sections", read_section);
        if (!sections) return std::move(sections).error();
        state.sections = *std::move(sections);
    }
    return state;
}

// An object (ndctl) or an array of one (daxctl).
void read_result(const Json& json, SessionStep& step) {
    const Json& one = json.is_array() && !json.empty() ? json.front() : json;
    JsonObject fields(one, "result");
    if (fields.has("mode")) step.mode = fields.text("mode");
    if (fields.has("size")) step.size = fields.number("size");
    if (fields.has("align")) step.align = fields.number("align");
    if (fields.has("map")) step.map = fields.text("map");
}

// "libdaxctl: ...: Failed to offline /sys/devices/system/node/node0/memory35/state: Device or resource busy"
std::optional<std::uint64_t> stuck_block(std::string_view text) {
    constexpr std::string_view kSays = ": Failed to offline ";
    constexpr std::string_view kName = "/memory";
    const auto said = text.find(kSays);
    if (said == std::string_view::npos) return std::nullopt;
    text = text.substr(said, text.find('\n', said) - said);
    const auto name = text.rfind(kName);
    if (name == std::string_view::npos) return std::nullopt;
    text.remove_prefix(name + kName.size());
    const auto number = parse_number(text.substr(0, text.find('/')));
    return number ? std::optional(*number) : std::nullopt;
}

Result<SessionStep> read_step(const Json& json, const std::string& path) {
    JsonObject fields(json, path);
    SessionStep step;
    if (fields.has("command")) {
        step.command = fields.text("command");
        step.exit = static_cast<int>(fields.number("exit") & 0xffff);
        if (fields.has("stderr")) {
            const std::string text = fields.text("stderr");
            step.error = final_error(text);
            step.stuck_block = stuck_block(text);
        }
        if (json.contains("result")) read_result(json["result"], step);
    } else {
        step.write = fields.text("write");
        step.value = fields.text("value");
    }
    if (auto status = fields.status(); !status) return std::move(status).error();
    step.messages = read_messages(json);
    const auto after = json.find("after");
    if (after == json.end() || !after->is_object() || after->empty()) return step;
    auto state = read_after(*after, path + ".after");
    if (!state) return std::move(state).error();
    step.after = *std::move(state);
    return step;
}

}   // namespace

std::string final_error(std::string_view text) {
    std::string last;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string line = trimmed(text.substr(0, end));
        if (line.starts_with("usage:")) break;
        if (!line.empty() && !is_count(line)) last = line;
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return last;
}

Result<Session> parse_session(std::string_view text) {
    auto json = units::parse_json(text, kRecordingLimits);
    if (!json) return std::move(json).error();
    JsonObject document(*json, "");
    const std::string format = document.text("format");
    if (format != "memhot-ndctl-session/1") {
        return bad_input(fmt::format("format: {}: memhot-ndctl-session/1 expected", units::quoted(format)));
    }
    Session session{.id = document.text("id"), .kernel = {}, .steps = {}};
    if (auto kernel = read_kernel(session.kernel, document); !kernel) return std::move(kernel).error();
    session.kernel.memory_block_size = document.number("memory_block_size");
    const Json* steps = document.array("steps");
    if (auto status = document.status(); !status) return std::move(status).error();
    for (std::size_t i = 0; i < steps->size(); ++i) {
        auto step = read_step((*steps)[i], fmt::format("steps[{}]", i));
        if (!step) return std::move(step).error();
        session.steps.push_back(*std::move(step));
    }
    return session;
}

}   // namespace memhot
