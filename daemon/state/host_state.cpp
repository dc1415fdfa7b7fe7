// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/host_state.hpp"

namespace memhot::state {

namespace {

// /proc/iomem also changes without an event: drivers claim what they map. An answer is never about an older host.
constexpr std::uint64_t kOldest = 2'000'000;

}   // namespace

Result<HostState> HostState::open(HostSource source, std::function<std::uint64_t()> clock) {
    HostState out(std::move(source), std::move(clock));
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
    return read_host(source_.root, {.removable = false});
}

Status HostState::rescan() {
    const auto snapshot = read();
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
