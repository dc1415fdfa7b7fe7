// SPDX-License-Identifier: LGPL-2.1-or-later
//
// The mirrored kernel. A Model is a value: copying it costs a pointer, changing a copy leaves the original alone, so
// "what if" is a copy and an apply().
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "memhot/iomem.hpp"
#include "memhot/operation.hpp"
#include "memhot/outcome.hpp"
#include "memhot/profile.hpp"
#include "memhot/snapshot.hpp"

namespace memhot {

// One section as the kernel's own table has it.
struct SectionInfo {
    std::uint64_t number = 0;
    bool present = false;
    bool has_mem_map = false;
    bool early = false;
    bool online = false;
    std::vector<std::uint64_t> subsections;   // bit i of word i/64 = the i-th 2 MiB

    friend bool operator==(const SectionInfo&, const SectionInfo&) = default;
};

struct BlockInfo {
    std::uint64_t number = 0;
    bool online = false;
    int node = 0;
    bool boot = false;         // was there at boot
    std::string valid_zones;   // as the file valid_zones would say
};

// A live device mapping.
struct Mapping {
    int handle = 0;
    Range range;
    MapType type = MapType::generic;
    bool claimed = false;
    std::string owner;
    std::optional<Altmap> altmap;
};

struct ZoneInfo {
    int node = 0;
    std::string name;   // DMA, DMA32, Normal, Movable
    std::uint64_t start_pfn = 0;
    std::uint64_t spanned_pages = 0;
    std::uint64_t present_pages = 0;
};

// A line that the kernel would log.
struct KernelMessage {
    std::string text;
    int once = -1;   // >= 0: a WARN_ONCE or pr_warn_once, said once a boot
    bool unseen = false;   // depends on what nobody can see; each such part is a "?"
};

class Model {
public:
    // Built from what userspace can see. The profile says which kernel is mirrored; normally snapshot.profile(). Errors:
    // not_permitted without /proc/iomem or where its addresses are hidden; bad_input, with the place, for what no such
    // kernel could show (ranges, block size, block numbers, nodes, more than 8 Mi sections).
    static Result<Model> from_snapshot(const Snapshot& snapshot, std::shared_ptr<const KernelProfile> profile);
    // The same with the snapshot's own kernel; also the errors of Snapshot::profile().
    static Result<Model> from_snapshot(const Snapshot& snapshot);

    Model(const Model&);
    Model(Model&&) noexcept;
    Model& operator=(const Model&);
    Model& operator=(Model&&) noexcept;
    ~Model();

    // What the kernel would answer; allocates nothing.
    [[nodiscard]] Outcome outcome(const Operation& operation) const;
    // The lines it would log with that answer.
    [[nodiscard]] std::vector<KernelMessage> messages(const Operation& operation, const Outcome& answer) const;
    // Makes it so: what the kernel changes, and what it leaves behind where it fails. answer is normally outcome();
    // a recorded answer may differ and is adopted. handle names a new mapping (-1: the lowest free one).
    void apply(const Operation& operation, const Outcome& answer, int handle = -1);
    // Marks once-only lines as said.
    void said(const std::vector<KernelMessage>& messages);
    // The last "Total pages: N" of the real kernel's log (page_alloc.c build_all_zonelists): from it later ones follow,
    // which /proc does not tell.
    void learn_total_pages(std::uint64_t pages);

    // The kernel that answers.
    [[nodiscard]] const KernelProfile& profile() const;
    // /proc/iomem as it is now, with the claims of mappings and added memory.
    [[nodiscard]] const ResourceTree& resources() const;
    // Bytes of a memory block.
    [[nodiscard]] std::uint64_t block_size() const;
    // Bytes of a block and of a section, to read ranges with (parse_range).
    [[nodiscard]] RangeUnits units() const;

    // Present sections in ascending order.
    [[nodiscard]] std::vector<SectionInfo> sections() const;
    // One section by number (address / section size); one that is not there has no flag and no bit.
    [[nodiscard]] SectionInfo section(std::uint64_t number) const;
    // Memory blocks in ascending order.
    [[nodiscard]] std::vector<BlockInfo> blocks() const;
    // One block by number (address / block size); nothing where there is none.
    [[nodiscard]] std::optional<BlockInfo> block(std::uint64_t number) const;
    // Live device mappings by handle, those taken from claims of the snapshot too.
    [[nodiscard]] std::vector<Mapping> mappings() const;
    // DMA to Movable of every node that has memory, those without pages too; pages.
    [[nodiscard]] std::vector<ZoneInfo> zones() const;
    // What could not be seen and was taken for granted when the model was built.
    [[nodiscard]] const std::vector<std::string>& assumptions() const;

    // [devm_]request_free_mem_region(): where un-addressable device memory of that many bytes, rounded up to whole
    // sections, would be placed; nothing where no gap is as large (-ERANGE).
    [[nodiscard]] std::optional<Range> free_region(std::uint64_t size) const;

    struct State;
    // The inside, for the library itself: State is no part of its interface.
    [[nodiscard]] const State& state() const { return *state_; }

private:
    explicit Model(std::shared_ptr<State> state);
    State& writable();
    std::shared_ptr<State> state_;
};

}   // namespace memhot
