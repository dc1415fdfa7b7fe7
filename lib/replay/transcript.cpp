// SPDX-License-Identifier: LGPL-2.1-or-later
#include "replay/transcript.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "replay/records.hpp"
#include "units/json_object.hpp"
#include "units/quote.hpp"

namespace memhot {

namespace {

MapType read_map_type(JsonObject& fields) {
    const std::string type = fields.text("type");
    if (type == "fsdax") return MapType::fsdax;
    if (type == "private") return MapType::device_private;
    if (type != "generic") fields.fail("type", "expected generic, fsdax or private");
    return MapType::generic;
}

Operation read_map(JsonObject& fields) {
    op::Map map{.type = read_map_type(fields),
                .start = fields.address("start"),
                .size = fields.address("size"),
                .claim = fields.boolean("claim"),
                .owner = "oracle",
                .altmap = std::nullopt};
    if (!fields.has("altmap")) return map;
    if (const Json* altmap = fields.object("altmap")) {
        JsonObject inner(*altmap, fields.path_of("altmap"));
        map.altmap = Altmap{inner.number("reserve_pages"), inner.number("free_pages")};
        if (!inner.status()) fields.fail("altmap", "expected reserve_pages and free_pages");
    }
    return map;
}

Operation read_unmap(JsonObject& fields) { return op::Unmap{static_cast<int>(fields.number("handle") & 0x7fffffff)}; }

Operation read_add(JsonObject& fields) {
    return op::Add{.start = fields.address("start"),
                   .size = fields.address("size"),
                   .node = static_cast<int>(fields.number("node") & 0xffff),
                   .driver_managed = fields.boolean("driver_managed"),
                   .memmap_on_memory = fields.boolean("memmap_on_memory"),
                   .resource_name = fields.text("resource_name")};
}

Operation read_probe(JsonObject& fields) { return op::Probe{fields.address("address")}; }
Operation read_remove(JsonObject& fields) { return op::Remove{fields.address("start"), fields.address("size")}; }
Operation read_offline_and_remove(JsonObject& fields) {
    return op::OfflineAndRemove{fields.address("start"), fields.address("size")};
}
Operation read_claim(JsonObject& fields) {
    return op::Claim{fields.address("start"), fields.address("size"), "oracle-reserve"};
}
Operation read_release(JsonObject& fields) { return op::Release{fields.address("start"), fields.address("size")}; }
Operation read_set_state(JsonObject& fields) { return op::SetState{fields.number("block"), fields.text("state")}; }
Operation read_set_auto_online(JsonObject& fields) { return op::SetAutoOnline{fields.text("state")}; }

struct OperationReader {
    std::string_view op;
    Operation (*read)(JsonObject&);
};
constexpr std::array kOperations{
    OperationReader{"map", read_map},
    OperationReader{"unmap", read_unmap},
    OperationReader{"add", read_add},
    OperationReader{"probe", read_probe},
    OperationReader{"remove", read_remove},
    OperationReader{"offline_and_remove", read_offline_and_remove},
    OperationReader{"claim", read_claim},
    OperationReader{"release", read_release},
    OperationReader{"set_state", read_set_state},
    OperationReader{"set_auto_online", read_set_auto_online},
};

Result<RecordedAnswer> read_answer(JsonObject& step) {
    const Json* result = step.object("result");
    if (result == nullptr) return std::move(step.status()).error();
    JsonObject fields(*result, step.path_of("result"));
    RecordedAnswer answer;
    if (fields.has("oops") && fields.boolean("oops")) {
        answer.crash = true;
        return answer;
    }
    answer.error = static_cast<int>(fields.number("errno") & 0xffff);
    if (fields.has("stage")) answer.stage = fields.text("stage");
    if (fields.has("handle")) answer.handle = static_cast<int>(fields.number("handle") & 0x7fffffff);
    if (auto status = fields.status(); !status) return std::move(status).error();
    return answer;
}

Result<Step> read_operation(const OperationReader& reader, const Json& json, const std::string& path) {
    JsonObject fields(json, path);
    auto operation = reader.read(fields);
    if (auto status = fields.status(); !status) return std::move(status).error();
    auto answer = read_answer(fields);
    if (!answer) return std::move(answer).error();
    return Step{OperationStep{
        .operation = std::move(operation), .answer = *std::move(answer), .messages = read_messages(json)}};
}

}   // namespace

std::vector<std::string> read_messages(const Json& step) {
    std::vector<std::string> lines;
    const auto found = step.find("messages");
    if (found == step.end() || !found->is_array()) return lines;
    for (const auto& line : *found) {
        if (line.is_string()) lines.push_back(line.get<std::string>());
    }
    return lines;
}

Result<SectionInfo> read_section(const Json& json, const std::string& path) {
    JsonObject fields(json, path);
    SectionInfo section{.number = fields.number("nr"),
                        .present = fields.boolean("present"),
                        .has_mem_map = fields.boolean("has_mem_map"),
                        .early = fields.boolean("early"),
                        .online = fields.boolean("online"),
                        .subsections = {fields.address("subsections")}};
    if (auto status = fields.status(); !status) return std::move(status).error();
    return section;
}

Result<RecordedBlock> read_block(const Json& json, const std::string& path) {
    JsonObject fields(json, path);
    RecordedBlock block{
        .number = fields.number("block"), .state = fields.text("state"), .valid_zones = fields.text("valid_zones")};
    if (auto status = fields.status(); !status) return std::move(status).error();
    return block;
}

namespace {

Result<Step> read_observe(JsonObject& fields) {
    ObserveStep step{.iomem = fields.text("iomem"), .sections = {}};
    auto sections = read_all<SectionInfo>(fields, "sections", read_section);
    if (!sections) return std::move(sections).error();
    if (auto status = fields.status(); !status) return std::move(status).error();
    step.sections = *std::move(sections);
    return Step{std::move(step)};
}

Result<Step> read_observe_blocks(JsonObject& fields) {
    auto blocks = read_all<RecordedBlock>(fields, "blocks", read_block);
    if (!blocks) return std::move(blocks).error();
    return Step{ObserveBlocksStep{*std::move(blocks)}};
}

Result<Step> read_step(const Json& json, const std::string& path) {
    JsonObject fields(json, path);
    const std::string name = fields.text("op");
    if (auto status = fields.status(); !status) return std::move(status).error();
    if (name == "observe") return read_observe(fields);
    if (name == "observe_blocks") return read_observe_blocks(fields);
    const auto* reader = std::ranges::find(kOperations, std::string_view(name), &OperationReader::op);
    if (reader == kOperations.end())
        return bad_input(fmt::format("{}.op: {} is no operation", path, units::quoted(name)));
    return read_operation(*reader, json, path);
}

}   // namespace

Status read_kernel(Snapshot& start, JsonObject& document) {
    const Json* kernel = document.object("kernel");
    if (kernel == nullptr) return document.status();
    JsonObject fields(*kernel, "kernel");
    start.release = fields.text("release");
    start.arch = fields.text("arch");
    start.cmdline = fields.text("cmdline");
    start.page_size = fields.number("page_size");
    start.section_size_bits = static_cast<unsigned>(fields.number("section_size_bits") & 0xff);
    if (fields.has("max_physmem_bits")) {
        start.max_physmem_bits = static_cast<unsigned>(fields.number("max_physmem_bits") & 0xff);
    }
    start.struct_page_size = static_cast<unsigned>(fields.number("struct_page_size") & 0xffff);
    const std::string version = fields.text("version");
    if (auto status = fields.status(); !status) return status;
    auto parsed = parse_version(version);
    if (!parsed) return std::move(parsed).error().add_context("kernel.version");
    start.version = *parsed;
    return Done{};
}

namespace {

Status read_block_nodes(Snapshot& start, const Json& nodes) {
    for (const auto& [key, value] : nodes.items()) {
        const auto number = parse_number(key);
        if (!number || !value.is_number_unsigned()) return bad_input("block_nodes: block number to node expected");
        start.block_nodes[*number] = static_cast<int>(value.get<std::uint64_t>() & 0xffff);
    }
    return Done{};
}

Status read_start(Snapshot& start, JsonObject& document) {
    if (auto kernel = read_kernel(start, document); !kernel) return kernel;
    start.memory_block_size = document.number("memory_block_size");
    start.iomem = document.text("iomem");
    if (document.has("possible_nodes")) start.possible_nodes = document.text("possible_nodes");
    if (document.has("block_nodes")) {
        if (const Json* nodes = document.object("block_nodes")) {
            if (auto read = read_block_nodes(start, *nodes); !read) return read;
        }
    }
    return document.status();
}

}   // namespace

Result<Transcript> parse_transcript(std::string_view text) {
    auto json = units::parse_json(text, kRecordingLimits);
    if (!json) return std::move(json).error();
    JsonObject document(*json, "");
    const std::string format = document.text("format");
    if (auto status = document.status(); !status) return std::move(status).error();
    if (format != "memhot-transcript/1") {
        return bad_input(fmt::format("format: {}: memhot-transcript/1 expected", units::quoted(format)));
    }
    Transcript transcript{.id = document.text("id"), .start = {}, .steps = {}};
    if (auto start = read_start(transcript.start, document); !start) return std::move(start).error();
    const Json* steps = document.array("steps");
    if (steps == nullptr) return std::move(document.status()).error();
    for (std::size_t i = 0; i < steps->size(); ++i) {
        auto step = read_step((*steps)[i], fmt::format("steps[{}]", i));
        if (!step) return std::move(step).error();
        transcript.steps.push_back(*std::move(step));
    }
    return transcript;
}

}   // namespace memhot
