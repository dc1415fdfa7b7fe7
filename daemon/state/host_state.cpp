// SPDX-License-Identifier: GPL-2.0-or-later
#include "state/host_state.hpp"

#include <algorithm>

namespace memhot::state {

namespace {

// /proc/iomem also changes without an event: drivers claim what they map. An answer is never about an older host.
constexpr std::uint64_t kOldest = 2'000'000;

// known: what the blocks are, where that need not be read.
Result<Snapshot> read_now(const HostSource& source, const Snapshot& simulated, const BlockTable* known) {
    if (source.simulated()) return simulated;
    if (known == nullptr) return read_host(source.root, {.removable = false});
    auto snapshot = read_host(source.root, {.removable = false, .blocks = false});
    if (snapshot && snapshot->memory_block_size) snapshot->blocks = known->records();
    return snapshot;
}

}   // namespace

Result<HostState> HostState::open(HostSource source, std::function<std::uint64_t()> clock, bool follows_events) {
    HostState out(std::move(source), std::move(clock));
    out.follows_events_ = follows_events;
    if (out.source_.simulated()) {
        auto snapshot = load_snapshot(out.source_.simulate);
        if (!snapshot) return std::move(snapshot).error();
        out.simulated_ = std::make_shared<const Snapshot>(*std::move(snapshot));
    }
    if (auto read = out.rescan(); !read) return read.error();
    return out;
}

Result<Snapshot> HostState::read() const { return read_now(source_, *simulated_, knows_blocks() ? &blocks_ : nullptr); }

Status HostState::rescan() {
    const auto snapshot = source_.simulated() ? read() : read_host(source_.root, {.removable = false});
    if (!snapshot) return snapshot.error();
    ++full_reads_;
    doubted_ = false;
    take(*snapshot);
    return Done{};
}

void HostState::doubt() {
    doubted_ = true;
    ++generation_;   // what was read before is no answer any more
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
    simulated_ = std::make_shared<const Snapshot>(std::move(snapshot));
    take(*simulated_);
}

Result<std::shared_ptr<const memhotctl::Host>> HostState::host() {
    if (auto host = fresh()) return host;
    const std::uint64_t begun = clock_();
    auto host = reading()();
    if (host) take_host(*host, generation_, begun);
    return host;
}

std::shared_ptr<const memhotctl::Host> HostState::fresh() const {
    const bool current =
        host_ && host_generation_ == generation_ && (source_.simulated() || clock_() - host_time_ < kOldest);
    return current ? host_ : nullptr;
}

HostState::Reading HostState::reading() const {
    std::shared_ptr<const BlockTable> known;
    if (knows_blocks()) known = std::make_shared<const BlockTable>(blocks_);
    return [source = source_, simulated = simulated_, known]() -> Result<std::shared_ptr<const memhotctl::Host>> {
        auto snapshot = read_now(source, *simulated, known.get());
        if (!snapshot) return std::move(snapshot).error();
        memhotctl::HostRequest request;
        if (!source.simulated()) request.root = source.root;
        auto host = memhotctl::make_host(*std::move(snapshot), request);
        if (!host) return std::move(host).error();
        return std::make_shared<const memhotctl::Host>(*std::move(host));
    };
}

void HostState::take_host(std::shared_ptr<const memhotctl::Host> host, std::uint64_t generation, std::uint64_t time) {
    host_ = std::move(host);
    devices_ = host_->snapshot.nvdimm.value_or(NvdimmRecord{});
    host_generation_ = generation;
    host_time_ = time;
}

bool HostState::forget() {
    if (!host_) return false;
    host_.reset();
    return true;
}

}   // namespace memhot::state
