// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/host_state.hpp"

#include <algorithm>

namespace memhot::state {

namespace {

// /proc/iomem also changes without an event: drivers claim what they map. An answer is never about an older host.
constexpr std::uint64_t kOldest = 2'000'000;

}   // namespace

Result<HostState> HostState::open(HostSource source, std::function<std::uint64_t()> clock, bool follows_events) {
    HostState out(std::move(source), std::move(clock));
    out.follows_events_ = follows_events;
    if (out.source_.simulated()) {
        auto snapshot = load_snapshot(out.source_.simulate);
        if (!snapshot) return std::move(snapshot).error();
        out.simulated_ = *std::move(snapshot);
    }
    if (auto read = out.rescan(); !read) return read.error();
    return out;
}

Result<Snapshot> HostState::read() const {
    if (source_.simulated()) return simulated_;
    if (!follows_events_ || full_reads_ == 0) return read_host(source_.root, {.removable = false});
    auto snapshot = read_host(source_.root, {.removable = false, .blocks = false});
    if (snapshot && snapshot->memory_block_size) snapshot->blocks = blocks_.records();
    return snapshot;
}

Status HostState::rescan() {
    const auto snapshot = source_.simulated() ? read() : read_host(source_.root, {.removable = false});
    if (!snapshot) return snapshot.error();
    ++full_reads_;
    take(*snapshot);
    return Done{};
}

void HostState::take(const Snapshot& snapshot) {
    blocks_ = BlockTable(snapshot.blocks.value_or(std::vector<BlockRecord>{}));
    devices_ = snapshot.nvdimm.value_or(NvdimmRecord{});
    block_size_ = snapshot.memory_block_size.value_or(0);
    kernel_ = snapshot.release;
    ++generation_;
}

Result<bool> HostState::read_again(const std::vector<std::uint64_t>& blocks) {
    if (blocks.empty()) return false;
    const auto found = read_blocks(source_.root, blocks, {.removable = false});
    if (!found) return found.error();
    bool changed = false;
    auto next = found->begin();
    for (const auto number : blocks) {
        if (next != found->end() && next->number == number) {
            changed |= blocks_.set(*next++);
        } else {
            changed |= blocks_.erase(number);
        }
    }
    if (changed) ++generation_;
    return changed;
}

Result<bool> HostState::update(const std::vector<std::uint64_t>& blocks) { return read_again(blocks); }

Result<bool> HostState::update_offline(const std::vector<std::uint64_t>& known) {
    std::vector<std::uint64_t> stale;
    for (const auto& run : blocks_.runs()) {
        if (run.state == "online") continue;
        for (std::uint64_t block = run.first; block <= run.last; ++block) {
            if (!std::ranges::binary_search(known, block)) stale.push_back(block);
        }
    }
    return read_again(stale);
}

void HostState::replace(Snapshot snapshot) {
    simulated_ = std::move(snapshot);
    take(simulated_);
}

Result<std::shared_ptr<const memhotctl::Host>> HostState::host() {
    const std::uint64_t now = clock_();
    const bool fresh = host_ && host_generation_ == generation_ && (source_.simulated() || now - host_time_ < kOldest);
    if (fresh) return host_;
    auto snapshot = read();
    if (!snapshot) return std::move(snapshot).error();
    memhotctl::HostRequest request;
    if (!source_.simulated()) request.root = source_.root;
    auto host = memhotctl::make_host(*std::move(snapshot), request);
    if (!host) return std::move(host).error();
    host_ = std::make_shared<const memhotctl::Host>(*std::move(host));
    devices_ = host_->snapshot.nvdimm.value_or(NvdimmRecord{});
    host_generation_ = generation_;
    host_time_ = now;
    return host_;
}

bool HostState::forget() {
    if (!host_) return false;
    host_.reset();
    return true;
}

}   // namespace memhot::state
