// SPDX-License-Identifier: LGPL-2.1-or-later
//
// What a host shows of persistent and device memory: the nvdimm bus (/sys/bus/nd), the dax bus (/sys/bus/dax), the CXL
// regions below them and the info blocks on the media. Plain records, part of a Snapshot; nothing is derived here but
// what says so. All sizes and offsets are bytes, all addresses physical. An absent optional or an empty text is what the
// host does not show: an attribute that this kernel or this kind of device lacks, that an unprivileged reader may not
// read, or that has no value (a namespace without uuid).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "memhot/result.hpp"
#include "memhot/units.hpp"

namespace memhot {

struct Snapshot;

// --- nvdimm bus ----------------------------------------------------------------------------------------------------

// ndbusN; the provider tells NFIT from e820, of_pmem, virtio-pmem, papr_scm, CXL.
struct NdBusRecord {
    std::string name;
    std::string provider;   // "ACPI.NFIT", "e820", ...
    friend bool operator==(const NdBusRecord&, const NdBusRecord&) = default;
};

// nmemN.
struct DimmRecord {
    std::string name;
    std::string bus;
    std::string driver;   // "nvdimm"; empty: disabled
    std::string state;   // "active": an enabled region uses it; "idle"
    std::string flags;   // of libnvdimm: "label", "lock" ("alias" before 5.7), with blanks between them
    std::string firmware_flags;   // nfit/flags or papr/flags: "not_armed", "flush_fail", ...
    std::string security;   // "disabled", "unlocked", "locked", "frozen", "overwrite"
    // Free label slots but one, which each label update needs; of a DIMM that has a label area and a driver.
    std::optional<std::uint32_t> available_slots;
    std::string commands;   // what its firmware takes: "get_size", "get_data", "set_data", with blanks between them
    std::optional<std::uint64_t> handle;   // NFIT device handle
    std::string id;   // unique id of the firmware
    friend bool operator==(const DimmRecord&, const DimmRecord&) = default;
};

// One DIMM's part of a region: the attribute mappingN.
struct NdMappingRecord {
    std::string dimm;
    std::uint64_t start = 0;   // DPA
    std::uint64_t size = 0;
    std::optional<unsigned> position;   // in the interleave set
    friend bool operator==(const NdMappingRecord&, const NdMappingRecord&) = default;
};

// regionN of the nvdimm bus.
struct NdRegionRecord {
    std::string name;
    std::string bus;
    std::string type;   // devtype: "pmem", "volatile", "blk"
    std::string driver;   // "nd_region"; empty: disabled
    std::optional<std::uint64_t> resource;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;   // 5.7 and later
    std::optional<unsigned> ways;   // `mappings`: interleaved DIMMs, 0 for none
    std::vector<NdMappingRecord> mappings;   // by N of mappingN
    std::optional<int> nstype;   // 4 io (label-less), 5 pmem (labels), 6 blk
    std::optional<std::uint64_t> available_size;   // only with an interleave set
    std::optional<std::uint64_t> max_available_extent;
    std::optional<std::uint64_t> set_cookie;   // id of the interleave set
    std::optional<bool> read_only;
    std::optional<int> numa_node;
    std::optional<int> target_node;   // the node that its memory would have
    std::string persistence_domain;   // "cpu_cache", "memory_controller"
    std::string namespace_seed;   // the next idle instance of each kind
    std::string btt_seed;
    std::string pfn_seed;
    std::string dax_seed;
    std::optional<std::uint64_t> badblock_count;   // known bad sectors of 512 bytes; only of an enabled region
    std::optional<unsigned> init_active;   // init_namespaces "ACTIVE/TOTAL" of the last probe
    std::optional<unsigned> init_total;
    friend bool operator==(const NdRegionRecord&, const NdRegionRecord&) = default;
};

// namespaceR.n.
struct NamespaceRecord {
    std::string name;
    std::string region;
    std::string driver;   // "nd_pmem"; empty: idle, or claimed by an instance
    std::optional<std::uint64_t> size;   // 0: a seed
    std::optional<std::uint64_t> resource;
    std::string uuid;   // only labelled ones have one
    std::string mode;   // "raw", "memory", "dax", "safe"; says nothing about success
    std::string holder;   // the instance that claims it
    std::string holder_class;   // "btt", "btt2", "pfn", "dax"
    std::optional<std::uint64_t> sector_size;   // the one in brackets
    std::vector<std::uint64_t> supported_sector_sizes;
    std::string alt_name;
    std::optional<bool> force_raw;
    std::optional<int> nstype;
    std::optional<int> numa_node;
    std::optional<int> target_node;
    std::string block_device;   // "pmem0" of the raw namespace itself
    friend bool operator==(const NamespaceRecord&, const NamespaceRecord&) = default;
};

enum class InstanceKind : std::uint8_t { pfn, dax, btt };
std::string_view to_string(InstanceKind kind);

// pfnR.n, daxR.n or bttR.n of the nvdimm bus.
struct NdInstanceRecord {
    InstanceKind kind = InstanceKind::pfn;
    std::string name;
    std::string region;
    std::string driver;   // "nd_pmem", "dax_pmem"; empty: not active
    std::string namespace_name;
    std::string mode;   // pfn and dax: "none", "ram", "pmem"
    std::optional<std::uint64_t> align;
    std::vector<std::uint64_t> supported_alignments;
    std::string uuid;
    std::optional<std::uint64_t> resource;   // of the data; only while active
    std::optional<std::uint64_t> size;   // usable; only while active
    std::optional<std::uint64_t> sector_size;   // btt
    std::vector<std::uint64_t> supported_sector_sizes;   // btt
    std::string block_device;   // "pmem0", "pmem0s"
    friend bool operator==(const NdInstanceRecord&, const NdInstanceRecord&) = default;
};

// --- info blocks ---------------------------------------------------------------------------------------------------

enum class InfoBlockSource : std::uint8_t {
    media,   // its bytes were read
    attributes,   // worked out from the attributes of the active instance: only what they show
};
std::string_view to_string(InfoBlockSource source);

// What only struct btt_sb has: bytes, but for the counts of blocks.
struct BttLayoutRecord {
    std::uint32_t external_lbasize = 0;   // sector size of the disk
    std::uint32_t external_nlba = 0;   // its sectors, of this arena
    std::uint32_t internal_lbasize = 0;
    std::uint32_t internal_nlba = 0;
    std::uint32_t nfree = 0;
    std::uint32_t infosize = 0;
    std::uint64_t nextoff = 0;   // of the next arena; 0 for the last
    std::uint64_t dataoff = 0;
    std::uint64_t mapoff = 0;
    std::uint64_t logoff = 0;
    std::uint64_t info2off = 0;
    friend bool operator==(const BttLayoutRecord&, const BttLayoutRecord&) = default;
};

// struct nd_pfn_sb (drivers/nvdimm/pfn.h) at offset 4 KiB of a namespace, or struct btt_sb (btt.h) there or at 0.
struct InfoBlockRecord {
    std::string namespace_name;   // empty: from a file
    InfoBlockSource source = InfoBlockSource::media;
    InstanceKind kind = InstanceKind::pfn;
    std::uint64_t offset = 0;   // where in the namespace it lies
    bool checksum_ok = true;   // media; otherwise the kernel does not see it
    std::optional<std::uint64_t> checksum;   // fletcher64 of the 4 KiB
    std::string uuid;
    std::string parent_uuid;   // all zero for label-less namespaces
    std::optional<std::uint32_t> flags;
    std::optional<unsigned> version_major;
    std::optional<unsigned> version_minor;
    // pfn and dax
    std::optional<std::uint64_t> data_offset;   // from namespace start + start_pad; of attributes: from the start
    std::optional<std::uint64_t> npfns;   // pages
    std::optional<std::uint32_t> mode;   // 1 ram, 2 pmem
    std::optional<std::uint32_t> start_pad;   // minor 1 and later
    std::optional<std::uint32_t> end_trunc;   // minor 1 and later; of attributes: what is missing at the end
    std::optional<std::uint64_t> align;   // minor 2 and later
    std::optional<std::uint32_t> page_size;   // minor 4
    std::optional<std::uint32_t> page_struct_size;   // minor 4
    std::optional<BttLayoutRecord> btt;
    friend bool operator==(const InfoBlockRecord&, const InfoBlockRecord&) = default;
};

// How much of a namespace is looked at.
inline constexpr std::size_t kInfoBlockBytes = 8192;
// The info block in the first bytes of a namespace (as much as there is, kInfoBlockBytes is enough); nothing where there
// is none. In the order of the kernel's probe: btt, pfn, dax. One whose checksum is wrong comes back only where no good
// one is there. A block alone, as ndctl read-infoblock writes it (4 KiB), is taken, too.
std::optional<InfoBlockRecord> decode_info_block(std::string_view bytes);
// What an active instance tells about its info block; nothing where it is not active or its addresses are hidden.
std::optional<InfoBlockRecord> info_block_of_attributes(const NamespaceRecord& ns, const NdInstanceRecord& instance);
// The same as decode_info_block from a saved file or a block device; only read, never written.
Result<std::optional<InfoBlockRecord>> load_info_block(const std::string& path);

// --- dax bus -------------------------------------------------------------------------------------------------------

// mappingN of a dax device.
struct DaxMappingRecord {
    Range range;
    std::uint64_t page_offset = 0;   // pages, in the device's own offsets
    friend bool operator==(const DaxMappingRecord&, const DaxMappingRecord&) = default;
};

// The directory dax_region below the parent of dax devices.
struct DaxRegionRecord {
    std::string parent;   // the instance of the nvdimm bus ("dax0.0"), "hmem.0", "dax_region0" (CXL)
    std::string kind;   // "pmem", "hmem", "cxl"; empty: another driver's
    std::string cxl_region;   // "region0", of kind "cxl"
    std::string path;   // of the parent below /sys/devices, "/platform/hmem.0", as daxctl prints it
    std::optional<int> id;
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;
    std::optional<std::uint64_t> resource;   // start of the whole region, where it is shown
    std::optional<std::uint64_t> available_size;   // dynamic ones: hmem, CXL
    std::string seed;   // the oldest created device that never bound
    std::string create;   // the youngest
    friend bool operator==(const DaxRegionRecord&, const DaxRegionRecord&) = default;
};

// daxM.n of the dax bus. That of namespaceR.n is always daxR.n, whatever the instance above is called (drivers/dax/pmem.c).
struct DaxDeviceRecord {
    std::string name;
    std::string parent;   // of DaxRegionRecord
    std::string driver;   // "device_dax", "kmem", "fsdev_dax"; empty: none
    std::optional<std::uint64_t> size;
    std::optional<std::uint64_t> align;
    std::optional<std::uint64_t> resource;   // start of the first range
    std::optional<int> numa_node;
    std::optional<int> target_node;   // absent: unknown, and kmem refuses
    std::vector<DaxMappingRecord> mappings;   // by N; empty: hidden, or size 0
    std::optional<bool> memmap_on_memory;   // 6.8 and later
    std::string state;   // 7.3 and later, bound to kmem: "unplugged", "offline", "online", ...
    friend bool operator==(const DaxDeviceRecord&, const DaxDeviceRecord&) = default;
};

// The ranges of a device: its mappings, else resource and size; empty where the host hides them.
std::vector<Range> ranges_of(const DaxDeviceRecord& device);

// A memory block that belongs to a dax device by the kernel's rule: it lies wholly inside one range (drivers/dax/kmem.c
// dax_kmem_range). libdaxctl asks only whether it starts between the first range's start and that plus the size.
struct DaxBlock {
    std::uint64_t number = 0;
    bool present = false;   // there is such a block
    bool online = false;
    std::string valid_zones;   // as sysfs shows
};
// In ascending order; also for devices without kmem: what they would get. Empty where the ranges are hidden or the host
// has no memory blocks.
std::vector<DaxBlock> dax_blocks(const Snapshot& snapshot, const DaxDeviceRecord& device);

// --- CXL -----------------------------------------------------------------------------------------------------------

// regionN of the cxl bus.
struct CxlRegionRecord {
    std::string name;
    std::string decoder;   // the root decoder above: "decoder0.0"
    std::string driver;   // "cxl_region"; empty: disabled
    std::string mode;   // "ram", "pmem"
    std::string uuid;
    std::optional<std::uint64_t> resource;
    std::optional<std::uint64_t> size;
    std::optional<unsigned> interleave_ways;
    std::optional<std::uint64_t> interleave_granularity;
    std::optional<bool> committed;
    std::vector<std::string> targets;   // endpoint decoders, by position
    friend bool operator==(const CxlRegionRecord&, const CxlRegionRecord&) = default;
};

// A root decoder: a window of host addresses.
struct CxlDecoderRecord {
    std::string name;
    std::optional<std::uint64_t> resource;
    std::optional<std::uint64_t> size;
    std::optional<unsigned> interleave_ways;
    std::optional<std::uint64_t> interleave_granularity;
    std::optional<bool> volatile_capable;
    std::optional<bool> pmem_capable;
    std::optional<bool> locked;
    std::optional<std::uint64_t> max_available_extent;   // only cxl list works it out
    friend bool operator==(const CxlDecoderRecord&, const CxlDecoderRecord&) = default;
};

struct CxlMemdevRecord {
    std::string name;
    std::string host;
    std::string driver;
    std::optional<std::uint64_t> ram_size;
    std::optional<std::uint64_t> pmem_size;
    std::optional<std::uint64_t> serial;
    std::optional<int> numa_node;
    friend bool operator==(const CxlMemdevRecord&, const CxlMemdevRecord&) = default;
};

// --- all of it -----------------------------------------------------------------------------------------------------

// Each list is in the order of the numbers in the names.
struct NvdimmRecord {
    std::vector<NdBusRecord> buses;
    std::vector<DimmRecord> dimms;
    std::vector<NdRegionRecord> regions;
    std::vector<NamespaceRecord> namespaces;
    std::vector<NdInstanceRecord> instances;
    std::vector<InfoBlockRecord> info_blocks;
    std::vector<DaxRegionRecord> dax_regions;
    std::vector<DaxDeviceRecord> dax_devices;
    std::vector<CxlRegionRecord> cxl_regions;
    std::vector<CxlDecoderRecord> cxl_decoders;
    std::vector<CxlMemdevRecord> cxl_memdevs;
    std::vector<std::string> hidden;   // paths that are there but that the reader may not read

    friend bool operator==(const NvdimmRecord&, const NvdimmRecord&) = default;

    // By name; null where there is none.
    [[nodiscard]] const NdRegionRecord* region(std::string_view name) const;
    [[nodiscard]] const NamespaceRecord* find_namespace(std::string_view name) const;
    [[nodiscard]] const NdInstanceRecord* instance(std::string_view name) const;
    [[nodiscard]] const DaxDeviceRecord* dax_device(std::string_view name) const;
    [[nodiscard]] const DaxRegionRecord* dax_region(std::string_view parent) const;
    // The instance that claims a namespace; null where none does.
    [[nodiscard]] const NdInstanceRecord* instance_over(std::string_view namespace_name) const;
    [[nodiscard]] const InfoBlockRecord* info_block(std::string_view namespace_name) const;
};

}   // namespace memhot
