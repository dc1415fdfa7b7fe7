// SPDX-License-Identifier: GPL-2.0-or-later
//
// The kernel's rules once more, as plainly as they can be written: one byte a sub-section, vectors that are searched from end
// to end, no sharing and no cleverness. It knows nothing of lib/model and judges it (property_test.cpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace memhot::test {

constexpr std::uint64_t kGranule = 512ULL << 10;   // every address of a layout is a multiple of it

// What differs between the kernels that are compared.
struct Rules {
    enum class Memmap { x86, arm64, ppc64 };
    std::uint64_t page = 4096;
    std::uint64_t section = 128ULL << 20;
    std::uint64_t block = 128ULL << 20;
    std::uint64_t base = 0;   // of the addresses that are looked at
    std::uint64_t limit = 0;   // first address that the kernel cannot have
    Memmap memmap = Memmap::x86;
    bool pluggable_first = true;   // 5.12+: the limit is asked early, with other errnos
    bool ram_below_counts = true;   // b4afe4183ec7
    bool memmap_on_memory = false;   // the parameter
    bool flag_known = true;   // MHP_MEMMAP_ON_MEMORY exists (5.13+)
    bool flag_must_be_met = false;   // 5.13 to 6.7: what is not supported is EINVAL
    bool boot_memory_stays = false;   // arm64
};

struct Answer2 {
    enum Kind { ok, refused, uncertain, crash };
    Kind kind = ok;
    int error = 0;
    bool request_stage = false;
    friend bool operator==(const Answer2&, const Answer2&) = default;
};

class BruteForce {
public:
    explicit BruteForce(const Rules& rules);

    // Before the first operation, ascending: what boot found.
    void boot_resource(std::uint64_t start, std::uint64_t size, const std::string& name, bool busy, bool ram,
                       bool memblock);
    void boot_done();

    Answer2 claim(std::uint64_t start, std::uint64_t size, const std::string& name);
    Answer2 release(std::uint64_t start, std::uint64_t size);
    struct Altmap2 {
        std::uint64_t reserve, free;
    };
    Answer2 map(std::uint64_t start, std::uint64_t size, bool claimed, std::optional<Altmap2> altmap);
    Answer2 unmap(int handle);
    Answer2 add(std::uint64_t start, std::uint64_t size, int node, bool memmap_on_memory);
    Answer2 remove(std::uint64_t start, std::uint64_t size);
    Answer2 online(std::uint64_t block);
    // Whether it could be, as far as anybody can tell; `succeed` makes it so. All memory is in one zone.
    Answer2 offline(std::uint64_t block, bool succeed);

    [[nodiscard]] std::string iomem() const;
    [[nodiscard]] std::string sections() const;   // "NR flags bits" a line, of those present
    [[nodiscard]] std::string blocks() const;   // "NR online" a line
    // Starts and ends of what is there, for whoever looks for edges.
    [[nodiscard]] std::vector<std::uint64_t> edges() const;
    // What was added or offlined at some time: start and size.
    [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> movable() const;

private:
    struct Resource {
        std::uint64_t start, last;
        std::string name;
        bool busy, ram;
        std::vector<Resource> below;
    };
    struct Section {
        bool present = false, early = false, online = false;
    };
    struct Block {
        bool exists = false, online = false, boot = false, own_memmap = false;
    };
    struct Pgmap {
        std::uint64_t start = 0, size = 0;
        bool claimed = false, live = false;
    };

    [[nodiscard]] std::size_t sub(std::uint64_t address) const { return (address - rules_.base) >> 21; }
    [[nodiscard]] std::size_t section(std::uint64_t address) const { return (address - rules_.base) / rules_.section; }
    [[nodiscard]] bool in_array(std::uint64_t address) const;
    void forget_lookups(std::uint64_t start, std::uint64_t size);
    [[nodiscard]] bool intersects_ram(std::uint64_t start, std::uint64_t last) const;
    [[nodiscard]] std::vector<std::pair<const Resource*, bool>> at_top() const;
    Answer2 add_pages(std::uint64_t start, std::uint64_t size, std::optional<Altmap2> altmap);
    void remove_pages(std::uint64_t start, std::uint64_t size);
    [[nodiscard]] bool memmap_fits(std::uint64_t start, std::uint64_t size, std::optional<Altmap2>& left,
                                   std::uint64_t& next) const;
    static bool request(std::vector<Resource>& level, std::uint64_t low, std::uint64_t high, const Resource& fresh);
    static bool release_exact(std::vector<Resource>& level, std::uint64_t start, std::uint64_t last);
    static void release_part(std::vector<Resource>& level, std::uint64_t start, std::uint64_t last);
    static void print(const std::vector<Resource>& level, int depth, std::string& out);

    Rules rules_;
    std::vector<Resource> resources_;
    std::vector<std::uint8_t> active_;   // a byte a sub-section
    std::vector<Section> sections_;
    std::vector<Block> blocks_;
    std::vector<std::uint8_t> lookups_;   // a byte a granule: whether pgmap_array has it
    std::vector<Pgmap> pgmaps_;   // by handle
    std::vector<std::pair<std::uint64_t, std::uint64_t>> movable_;
};

}   // namespace memhot::test
