// SPDX-License-Identifier: GPL-2.0-or-later
//
// What the daemon knows of its host: memory blocks in a table that events keep current, and, for questions, the host as
// a whole, read when one is asked and forgotten when none are. Knows no bus. The loop's thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "client/host.hpp"
#include "memhot/snapshot.hpp"
#include "state/block_table.hpp"

namespace memhot::state {

struct HostSource {
    std::string root = "/";
    std::string simulate;   // a snapshot's path; empty: root is read
    [[nodiscard]] bool simulated() const { return !simulate.empty(); }
};

class HostState {
public:
    // clock: microseconds, monotonic.
    // follows_events: whoever has it tells of each block that changes (update()), so blocks need not be read again.
    static Result<HostState> open(HostSource source, std::function<std::uint64_t()> clock, bool follows_events = false);

    [[nodiscard]] const HostSource& source() const { return source_; }
    [[nodiscard]] bool follows_events() const { return follows_events_; }
    [[nodiscard]] const BlockTable& blocks() const { return blocks_; }
    [[nodiscard]] std::uint64_t block_size() const { return block_size_; }
    [[nodiscard]] const NvdimmRecord& devices() const { return devices_; }
    [[nodiscard]] const std::string& kernel() const { return kernel_; }
    [[nodiscard]] std::uint64_t generation() const { return generation_; }
    [[nodiscard]] std::uint64_t full_reads() const { return full_reads_; }

    // The host as of now, or as of a moment ago where nothing was seen to change since.
    Result<std::shared_ptr<const memhotctl::Host>> host();
    // The latter, where there is one.
    [[nodiscard]] std::shared_ptr<const memhotctl::Host> fresh() const;
    // What reads the host as of now, in whatever thread: it has all that it needs.
    using Reading = std::function<Result<std::shared_ptr<const memhotctl::Host>>()>;
    [[nodiscard]] Reading reading() const;
    // What a reading gave that was begun at that generation and time.
    void take_host(std::shared_ptr<const memhotctl::Host> host, std::uint64_t generation, std::uint64_t time);
    [[nodiscard]] std::uint64_t now() const { return clock_(); }
    // The host as of now.
    Result<Snapshot> read() const;
    // Reads everything again.
    Status rescan();
    // Blocks that came, went or changed. Whether anything is different.
    Result<bool> update(const std::vector<std::uint64_t>& blocks);
    // The zones that offline blocks could go to change with what their neighbours do (default_zone_for_pfn() of
    // mm/memory_hotplug.c), without an event. known: those that were just read.
    Result<bool> update_offline(const std::vector<std::uint64_t>& known);
    // Something could not be read: until rescan() works, whoever asks for the host has all of it read, or hears why not.
    void doubt();
    // Something that blocks do not show has changed.
    void touch() { ++generation_; }
    // What a simulated host became.
    void replace(Snapshot snapshot);
    // Gives back what only questions need. Whether there was anything.
    bool forget();

private:
    HostState(HostSource source, std::function<std::uint64_t()> clock)
        : source_(std::move(source)), clock_(std::move(clock)) {}
    void take(const Snapshot& snapshot);
    [[nodiscard]] bool knows_blocks() const { return follows_events_ && full_reads_ != 0 && !doubted_; }
    Result<bool> read_again(const std::vector<std::uint64_t>& blocks);

    HostSource source_;
    std::function<std::uint64_t()> clock_;
    std::shared_ptr<const Snapshot> simulated_ = std::make_shared<const Snapshot>();
    BlockTable blocks_;
    NvdimmRecord devices_;
    bool follows_events_ = false;
    bool doubted_ = false;   // what is known of blocks
    std::uint64_t block_size_ = 0;
    std::string kernel_;
    std::uint64_t generation_ = 0;
    std::uint64_t full_reads_ = 0;
    std::shared_ptr<const memhotctl::Host> host_;
    std::uint64_t host_generation_ = 0;
    std::uint64_t host_time_ = 0;
};

}   // namespace memhot::state
