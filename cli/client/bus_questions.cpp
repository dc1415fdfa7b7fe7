// SPDX-License-Identifier: GPL-2.0-or-later
//
// What memhotd knows: its host, its memory blocks, its journal, what its policies would do.
#ifdef MEMHOT_WITH_BUS

#include <algorithm>
#include <fstream>
#include <optional>
#include <sstream>
#include <utility>

#include "client/agent.hpp"
#include "client/bus.hpp"
#include "client/bus_channel.hpp"
#include "commands/command.hpp"
#include "output/text.hpp"

namespace memhotctl {

bool daemon_runs_here() {
    const auto bus = open_bus("local");
    int there = 0;
    int simulated = 1;
    sd_bus_message* reply = nullptr;
    if (!bus || ::sd_bus_call_method(bus->get(), "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "NameHasOwner", nullptr, &reply, "s", kService) < 0)
        return false;
    const Message owned(reply);
    if (::sd_bus_message_read(reply, "b", &there) < 0 || there == 0) return false;
    const int answer = ::sd_bus_get_property_trivial(bus->get(), kService, kManagerPath, kManager, "Simulated", nullptr,
                                                     'b', &simulated);
    return answer >= 0 && simulated == 0;
}

namespace {

std::optional<std::string> text_in(sd_bus_message* message) {
    const char* text = nullptr;
    if (::sd_bus_message_read(message, "s", &text) < 0) return std::nullopt;
    return text;
}

// What the file in a message has.
std::optional<std::string> text_behind(sd_bus_message* message) {
    int file = -1;   // the message's
    if (::sd_bus_message_read(message, "h", &file) < 0) return std::nullopt;
    std::ifstream in("/proc/self/fd/" + std::to_string(file), std::ios::binary);
    std::stringstream out;
    if (!(out << in.rdbuf())) return std::nullopt;
    return std::move(out).str();
}

}   // namespace

BusResult<memhot::Snapshot> snapshot_from_bus(const std::string& where, bool ask) {
    const PolkitAgent agent(ask);
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    const bool file = passes_files(where);   // then of any size
    const auto reply = call(bus->get(), where, {file ? "DumpSnapshot" : "GetSnapshot"},
                            [&](sd_bus_message* message) { return append_asking(message, ask); });
    if (!reply) return std::unexpected(reply.error());
    const auto text = file ? text_behind(reply->get()) : text_in(reply->get());
    if (!text) return not_understood(where, "a snapshot");
    auto snapshot = memhot::snapshot_from_json(*text).with_context("--host " + in_quotes(where));
    if (!snapshot) return std::unexpected(BusError{exit_code::usage, snapshot.error().message()});
    return *std::move(snapshot);
}

namespace {

// What no host has is not counted up to: 512T in the smallest blocks of x86, while large machines have blocks of up to 2G
// (arch/x86/mm/init_64.c: probe_memory_block_size).
constexpr std::uint64_t kMostBlocks = UINT64_C(1) << 22;

// Runs of blocks that are alike: a small message, and made in less time than the dump.
BusResult<memhot::Snapshot> listed_blocks(sd_bus* bus, const std::string& where) {
    const auto reply = call(bus, where, {"ListBlocks"}, [](sd_bus_message*) { return 0; });
    if (!reply) return std::unexpected(reply.error());
    memhot::Snapshot out;
    std::uint64_t size = 0;
    std::uint64_t first = 0;
    std::uint64_t last = 0;
    const char* state = nullptr;
    const char* zones = nullptr;
    int node = -1;
    int removable = -1;
    constexpr const char* kRun = "(ttssii)";
    int answer = ::sd_bus_message_read(reply->get(), "t", &size);
    if (answer >= 0) answer = ::sd_bus_message_enter_container(reply->get(), 'a', kRun);
    if (answer < 0) return not_understood(where, "memory blocks");
    if (size == 0) return out;   // a host without any
    out.memory_block_size = size;
    out.blocks.emplace();
    while ((answer = ::sd_bus_message_read(reply->get(), kRun, &first, &last, &state, &zones, &node, &removable)) > 0) {
        if (last < first || last > UINT32_MAX || last - first >= kMostBlocks - out.blocks->size())
            return not_understood(where, "memory blocks");
        for (std::uint64_t number = first; number <= last; ++number) {
            out.blocks->push_back({number, state, zones, removable < 0 ? std::nullopt : std::optional(removable != 0),
                                   node < 0 ? std::nullopt : std::optional(node)});
        }
    }
    if (answer < 0) return not_understood(where, "memory blocks");
    return out;
}

// "BLOCK STATE NODE ZONES", with commas between the zones.
bool take_line(const std::string& line, memhot::Snapshot& into) {
    std::istringstream words(line);
    memhot::BlockRecord block;
    int node = -1;
    if (!(words >> block.number >> block.state >> node >> block.valid_zones)) return false;
    std::ranges::replace(block.valid_zones, ',', ' ');
    if (block.valid_zones == "-") block.valid_zones.clear();
    if (node >= 0) block.node = node;
    into.blocks->push_back(std::move(block));
    return true;
}

// Every block, from a file in memory.
BusResult<memhot::Snapshot> dumped_blocks(sd_bus* bus, const std::string& where) {
    const auto reply = call(bus, where, {"DumpBlocks"}, [](sd_bus_message*) { return 0; });
    if (!reply) return std::unexpected(reply.error());
    int file = -1;   // the message's
    memhot::Snapshot out;
    std::uint64_t size = 0;
    if (::sd_bus_message_read(reply->get(), "h", &file) < 0 ||
        ::sd_bus_get_property_trivial(bus, kService, kManagerPath, kManager, "BlockSize", nullptr, 't', &size) < 0)
        return not_understood(where, "a file of memory blocks");
    std::ifstream in("/proc/self/fd/" + std::to_string(file));
    out.memory_block_size = size;
    out.blocks.emplace();
    for (std::string line; std::getline(in, line);) {
        if (!take_line(line, out)) return not_understood(where, "a file of memory blocks");
    }
    if (!in.eof()) return not_understood(where, "a file of memory blocks");
    return out;
}

}   // namespace

BusResult<memhot::Snapshot> blocks_from_bus(const std::string& where) {
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    auto blocks = listed_blocks(bus->get(), where);
    // Blocks of which each is another than the one before it are more than a message holds.
    if (blocks || blocks.error().status != exit_code::failed || !passes_files(where)) return blocks;
    return dumped_blocks(bus->get(), where);
}

BusResult<std::string> policy_test_on_bus(const std::string& where, bool ask, const std::string& thing) {
    const PolkitAgent agent(ask);
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    const auto reply = call(bus->get(), where, {"TestPolicy"}, [&](sd_bus_message* message) {
        const int answer = ::sd_bus_message_append(message, "s", thing.c_str());
        return answer < 0 ? answer : append_asking(message, ask);
    });
    if (!reply) return std::unexpected(reply.error());
    const char* text = nullptr;
    if (::sd_bus_message_read(reply->get(), "s", &text) < 0) return not_understood(where, "a document");
    return std::string(text);
}

namespace {

int append_journal_options(sd_bus_message* message, std::uint64_t from, bool ask, const std::string& job) {
    int answer = ::sd_bus_message_append(message, "t", from);
    if (answer >= 0 && job.empty()) return append_asking(message, ask);
    if (answer < 0) return answer;
    return ::sd_bus_message_append(message, "a{sv}", 2, "interactive", "b", ask ? 1 : 0, "job", "s", job.c_str());
}

}   // namespace

BusResult<BusJournal> journal_from_bus(const std::string& where, bool ask, const std::string& job) {
    const PolkitAgent agent(ask);
    const auto bus = open_bus(where);
    if (!bus) return std::unexpected(bus.error());
    BusJournal out;
    std::uint64_t next = 0;
    do {
        const std::uint64_t from = next;
        if (from != 0) answer_pings(bus->get());
        const auto reply = call(bus->get(), where, {"ReadJournal"}, [&](sd_bus_message* message) {
            return append_journal_options(message, from, ask, job);
        });
        if (!reply) return std::unexpected(reply.error());
        auto entries = read_texts(reply->get(), where);
        if (!entries) return std::unexpected(entries.error());
        const char* running = nullptr;
        if (::sd_bus_message_read(reply->get(), "ts", &next, &running) < 0) return not_understood(where, "a journal");
        auto notes = read_texts(reply->get(), where);
        if (!notes) return std::unexpected(notes.error());
        if (next != 0 && next <= from) return not_understood(where, "a journal");   // it would have no end
        for (auto& entry : *entries) out.entries.push_back(std::move(entry));
        out.running = running;
        out.notes = *std::move(notes);
    } while (next != 0);
    return out;
}

}   // namespace memhotctl

#endif
