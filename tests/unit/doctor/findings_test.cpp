// SPDX-License-Identifier: GPL-2.0-or-later
//
// Each kind of finding on a host that has just that wrong, and none on the host that has not.
#include <gmock/gmock.h>

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <map>

#include "unit/doctor/host.hpp"

namespace memhot::test {
namespace {

using testing::HasSubstr;

struct Case {
    std::string_view id;
    void (*breaks)(Snapshot&);
    std::string_view where;
    std::vector<std::string_view> says;   // in what or why
    std::vector<std::string_view> also{};   // other ids that follow from it
};

void PrintTo(const Case& one, std::ostream* out) { *out << one.id; }

// devdax with an align of 1 GiB at 0x138000000 (vector 9, row 69): data at 0x8000000, 0x38000000 cut off, 1 GiB usable.
void make_gigantic(Snapshot& host) {
    NamespaceRecord& ns = first_namespace(host);
    ns.resource = 0x138000000;
    ns.size = 2 * kGiB;
    ns.mode = "dax";
    ns.holder = "dax0.0";
    host.nvdimm->regions[0].available_size = 0;
    host.nvdimm->regions[0].max_available_extent = 0;
    host.nvdimm->regions[0].dax_seed = "dax0.1";
    NdInstanceRecord& dax = host.nvdimm->instances.front();
    dax.kind = InstanceKind::dax;
    dax.name = "dax0.0";
    dax.driver = "dax_pmem";
    dax.mode = "ram";
    dax.align = kGiB;
    dax.resource = 0x140000000;
    dax.size = kGiB;
    host.nvdimm->info_blocks = {info_block("namespace0.0", InstanceKind::dax, 0x8000000, 0x38000000, kGiB, 1, kUuid)};
    DaxDeviceRecord device;
    device.name = "dax0.0";
    device.parent = "dax0.0";
    device.driver = "device_dax";
    device.size = kGiB;
    device.align = kGiB;
    device.resource = 0x140000000;
    device.target_node = 0;
    device.mappings.push_back({{0x140000000, 0x17fffffff}, 0});
    host.nvdimm->dax_devices.insert(host.nvdimm->dax_devices.begin(), device);
    replace_in(*host.iomem, "  100000000-13fffffff : namespace0.0\n",
               "  138000000-13fffffff : namespace0.0\n  140000000-17fffffff : dax0.0\n");
}

const std::vector<Case>& cases() {
    static const std::vector<Case> kCases{
        {"host.hidden",
         [](Snapshot& host) {
             host.iomem.reset();
             host.iomem_hidden = "all addresses are zero";
         },
         "/proc/iomem",
         {"half of the checks", "all addresses are zero"}},
        {"host.not-mirrored",
         [](Snapshot& host) {
             host.release = "4.19.300";
             host.version = Version{4, 19, 300};
         },
         "4.19.300",
         {"not predicted", "4.19"}},
        {"kernel.no-hotplug",
         [](Snapshot& host) {
             host.memory_block_size.reset();
             host.blocks.reset();
         },
         "/sys/devices/system/memory",
         {"CONFIG_MEMORY_HOTPLUG"}},
        {"kernel.no-hotremove",
         [](Snapshot& host) {
             for (auto& block : *host.blocks) block.removable = false;
         },
         "/sys/devices/system/memory",
         {"EINVAL", "CONFIG_MEMORY_HOTREMOVE"}},
        {"kernel.no-pfn",
         [](Snapshot& host) {
             first_region(host).pfn_seed.clear();
             first_region(host).dax_seed.clear();
         },
         "region0",
         {"no fsdax and no devdax", "CONFIG_ZONE_DEVICE"}},
        {"dimm.locked",
         [](Snapshot& host) { host.nvdimm->dimms[0].security = "locked"; },
         "nmem0",
         {"region0 cannot come up", "nmem0 is locked, failing probe"}},
        {"dimm.unbound-active",
         [](Snapshot& host) { host.nvdimm->dimms[0].driver.clear(); },
         "nmem0",
         {"region0 is active", "nd_pmem_namespace_label_update"}},
        {"dimm.no-label-slots",
         [](Snapshot& host) { host.nvdimm->dimms[0].available_slots = 0; },
         "nmem0",
         {"no label slot is free", "ENXIO"}},
        {"region.disabled",
         [](Snapshot& host) {
             disable(host);
             host.nvdimm->namespaces.clear();
             host.nvdimm->info_blocks.clear();
             first_region(host).driver.clear();
             host.nvdimm->dimms[0].driver.clear();
         },
         "region0",
         {"4G without driver", "nmem0 is disabled"}},
        {"region.align-divides-by-zero",   // R3, vector 53
         [](Snapshot& host) { first_region(host).align = 4 * kGiB; },
         "region0",
         {"align is 0x100000000", "crashes the kernel", "div_u64_rem"}},
        {"region.dead-seed",   // what is left of a create that failed: size and uuid, no driver
         [](Snapshot& host) {
             NamespaceRecord& seed = host.nvdimm->namespaces[1];
             seed.size = 16 * kMiB;
             seed.resource = kPmem + kGiB + 2 * kMiB;
             seed.uuid = "8d5b1b6e-2f0a-4a3c-9a55-0d2f4ad1f002";
             first_region(host).available_size = 3 * kGiB - 16 * kMiB;
             first_region(host).max_available_extent = 3 * kGiB - 16 * kMiB;
         },
         "region0",
         {"seed namespace0.1 holds 16M at 0x140200000", "2M beyond a multiple of 16 MiB",
          "ndctl destroy-namespace namespace0.1", "to keep it, ndctl enable-namespace namespace0.1"}},
        {"region.fragmented",   // vector 51: what is free need not be one extent
         [](Snapshot& host) { first_region(host).max_available_extent = kGiB; },
         "region0",
         {"3G are free, at most 1G"}},
        {"namespace.not-attached",   // P18, row 13 of nd_pfn_validate: the start is no multiple of 2 MiB
         [](Snapshot& host) {
             disable(host);
             first_namespace(host).resource = kPmem + kMiB;
             host.nvdimm->info_blocks[0].align = 4096;
         },
         "namespace0.0",
         {"1G of space", "resource start misaligned", "EOPNOTSUPP", "nd_pfn_validate"}},
        {"namespace.disabled",
         [](Snapshot& host) { disable(host); },
         "namespace0.0",
         {"1G of space", "come up as fsdax"}},
        {"namespace.map-dev-too-small",   // vector 75: 512 MiB of map=dev (data at 0xa00000) grown to 640 MiB
         [](Snapshot& host) {
             disable(host);
             first_namespace(host).size = 640 * kMiB;
             host.nvdimm->info_blocks[0].data_offset = 0xa00000;
         },
         "namespace0.0",
         {"the 10M that map=dev keeps", "ENOMEM"}},
        {"namespace.map-dev-wasted",   // arm64 had no altmap before 5.9
         [](Snapshot& host) {
             host.arch = "aarch64";
             host.release = "5.8.0";
             host.version = Version{5, 8, 0};
             host.memory_block_size = kGiB;   // its sections, until 5.12
             host.blocks.reset();
         },
         "namespace0.0",
         {"keeps 18M", "arm64 5.8"},
         {"namespace.fails-on-other-kernel"}},
        {"namespace.stranded",   // vector 9
         [](Snapshot& host) { make_gigantic(host); },
         "namespace0.0",
         {"1G of 2G are usable", "0x38000000 cut off", "align of 1G"},
         {"namespace.fails-after-shift"}},
        {"namespace.fails-on-other-kernel",   // P24: without pages of 1 GiB, 6.6 and later refuse; 6.5 did not look
         [](Snapshot& host) {
             make_gigantic(host);
             host.features = {{Feature::cpu_gigabyte_pages, false}};
             host.release = "6.1.190";
             host.version = Version{6, 1, 190};
         },
         "namespace0.0",
         {"Linux 6.6 and later", "alignment mismatch: 2097152:1073741824"},
         {"namespace.fails-after-shift", "namespace.stranded"}},
        {"namespace.fails-after-shift",   // row 69
         [](Snapshot& host) { make_gigantic(host); },
         "namespace0.0",
         {"multiples of 1G from 0x138000000", "bad offset: 0x8000000 dax disabled align: 0x40000000"},
         {"namespace.stranded"}},
        {"namespace.fails-after-reboot",   // row 76b, below a driver that does not look again
         [](Snapshot& host) {
             make_gigantic(host);
             first_namespace(host).size = kGiB;
         },
         "namespace0.0",
         {"works now, and will not come up at the next boot", "bad offset with small namespace", "its size back"},
         {"namespace.stranded"}},
        {"dax.no-driver",   // K1: without a node kmem refuses, and 6.3 and later give hmem to kmem
         [](Snapshot& host) {
             first_dax(host).driver.clear();
             first_dax(host).target_node.reset();
             host.blocks = blocks(0, 16, "DMA32");
             replace_in(*host.iomem, "  300000000-33fffffff : dax1.0\n    300000000-33fffffff : System RAM (kmem)\n",
                        "");
         },
         "dax1.0",
         {"1G that nothing drives", "rejecting DAX region with invalid node", "EINVAL"}},
        {"dax.would-strand",   // vector 89: 256 MiB at 0x164000000 give one block
         [](Snapshot& host) {
             DaxDeviceRecord& device = first_dax(host);
             device.driver = "device_dax";
             device.resource = 0x304000000;
             device.size = 256 * kMiB;
             device.mappings = {{{0x304000000, 0x313ffffff}, 0}};
             host.blocks = blocks(0, 16, "DMA32");
             replace_in(*host.iomem, "  300000000-33fffffff : dax1.0\n    300000000-33fffffff : System RAM (kmem)\n",
                        "  304000000-313ffffff : dax1.0\n");
         },
         "dax1.0",
         {"128M of 256M", "memory blocks of 128M", "would be lost"}},
        {"dax.kmem-refuses",   // dev_dax_kmem_probe(): no whole block of 128 MiB lies in 64 MiB
         [](Snapshot& host) {
             DaxDeviceRecord& device = first_dax(host);
             device.driver = "device_dax";
             device.size = 64 * kMiB;
             device.mappings = {{{0x300000000, 0x303ffffff}, 0}};
             host.blocks = blocks(0, 16, "DMA32");
             replace_in(*host.iomem, "  300000000-33fffffff : dax1.0\n    300000000-33fffffff : System RAM (kmem)\n",
                        "  300000000-303ffffff : dax1.0\n");
         },
         "dax1.0",
         {"64M that cannot become system RAM", "rejecting DAX region without any memory after alignment", "EINVAL"},
         {"dax.would-strand"}},
        {"kmem.partly-online",   // K5
         [](Snapshot& host) { host.blocks->back().state = "offline"; },
         "dax1.0",
         {"7 of its 8 memory blocks are online", "memory103", "stays until reboot"}},
        {"kmem.stranded",   // vector 89
         [](Snapshot& host) {
             DaxDeviceRecord& device = first_dax(host);
             device.resource = 0x304000000;
             device.size = 256 * kMiB;
             device.mappings = {{{0x304000000, 0x313ffffff}, 0}};
             host.blocks = blocks(0, 16, "DMA32");
             host.blocks->push_back({97, "online", "Movable", true, 0});   // 0x308000000
             replace_in(*host.iomem, "  300000000-33fffffff : dax1.0\n    300000000-33fffffff : System RAM (kmem)\n",
                        "  308000000-30fffffff : dax1.0\n    308000000-30fffffff : System RAM (kmem)\n");
         },
         "dax1.0",
         {"128M of 256M", "they are lost"}},
        {"kmem.leaked",   // K4, entry C2 of public threads: System RAM of a dax device that is dead
         [](Snapshot& host) { host.nvdimm->dax_devices.clear(); },
         "300000000-33fffffff",
         {"1G of \"System RAM (kmem)\"", "8 memory blocks of it online", "EBUSY"}},
        {"section.shared",   // the layout of entry A17: pmem to 0x303ffffff, RAM behind
         [](Snapshot& host) {
             host.iomem = "00001000-7fffffff : System RAM\n200000000-303ffffff : Persistent Memory (legacy)\n"
                          "304000000-33fffffff : System RAM\n";
             host.blocks.reset();
             host.nvdimm.reset();
         },
         "section 0x60",
         {"2 share the 128M from 0x300000000", "200000000-303ffffff Persistent Memory (legacy)"}},
        {"subsection.shared",   // they meet at 1 MiB: section 4 of the reference, "the later one fails EEXIST"
         [](Snapshot& host) {
             host.iomem = "00001000-7fffffff : System RAM\n200000000-3000fffff : Persistent Memory (legacy)\n"
                          "300100000-33fffffff : System RAM\n";
             host.blocks.reset();
             host.nvdimm.reset();
         },
         "0x300000000",
         {"2 meet inside of the 2M from 0x300000000", "300100000-33fffffff System RAM"},
         {"section.shared"}},
        {"window.refuses-memory",   // x86 with 46 bits: mhp_get_pluggable_range() of mm/memory_hotplug.c
         [](Snapshot& host) {
             CxlDecoderRecord decoder;
             decoder.name = "decoder0.0";
             decoder.resource = 1ULL << 46U;
             decoder.size = 4 * kGiB;
             decoder.volatile_capable = true;
             host.nvdimm->cxl_decoders = {decoder};
         },
         "decoder0.0",
         {"4G of memory that comes into 400000000000-4000ffffffff could not be added: E"}},
        {"window.strands",   // dax_kmem_range() of drivers/dax/kmem.c: 64 MiB at each end
         [](Snapshot& host) {
             CxlDecoderRecord decoder;
             decoder.name = "decoder0.0";
             decoder.resource = 0x1004000000;
             decoder.size = kGiB;
             decoder.volatile_capable = true;
             host.nvdimm->cxl_decoders = {decoder};
         },
         "decoder0.0",
         {"128M of 1004000000-1043ffffff lie outside of whole memory blocks of 128M"}},
        {"block.without-ram",
         [](Snapshot& host) {
             host.blocks->push_back({200, "offline", "", false, 0});
             host.blocks->push_back({201, "offline", "", false, 0});
         },
         "memory200 to memory201",
         {"no System RAM"}},
        {"onlining.several-owners",   // 40-redhat.rules and the kernel's own policy
         [](Snapshot& host) {
             host.auto_online_blocks = "online";
             host.udev_rules.push_back(
                 {"/etc/udev/rules.d/40-online.rules", 7,
                  R"(SUBSYSTEM=="memory", ACTION=="add", ATTR{state}=="offline", ATTR{state}="online")"});
         },
         "memory blocks",
         {"2 agents", "auto_online_blocks is online", "40-online.rules:7"}},
        {"daxctl.broken-rule",   // the file that Debian 12 ships
         [](Snapshot& host) {
             host.udev_rules.push_back({"/usr/lib/udev/rules.d/90-daxctl-device.rules", 2,
                                        R"(ACTION=="add", SUBSYSTEM=="dax", RUN+="/usr/bin/daxctl -C $env{DEVNAME}")"});
         },
         "/usr/lib/udev/rules.d/90-daxctl-device.rules:2",
         {"no daxctl command", "Debian 12"}},
    };
    return kCases;
}

class Shown : public testing::TestWithParam<Case> {};

TEST_P(Shown, OnAHostThatHasIt) {
    const Case& wanted = GetParam();
    Snapshot host = healthy_host();
    wanted.breaks(host);
    const auto findings = examine(host);
    const Finding* finding = find(findings, wanted.id);
    ASSERT_NE(finding, nullptr);
    EXPECT_EQ(finding->where, wanted.where);
    const std::string all = finding->what + "\n" + finding->why + "\n" + finding->remedy;
    for (const auto text : wanted.says) EXPECT_THAT(all, HasSubstr(text));
    EXPECT_FALSE(finding->remedy.empty());
    // what follows from it belongs to the case, anything else is an accident
    for (const auto& other : findings) {
        const bool expected = other.id == wanted.id || std::ranges::find(wanted.also, other.id) != wanted.also.end();
        EXPECT_TRUE(expected) << other.id << ": " << other.what << "; " << other.why;
    }
}

INSTANTIATE_TEST_SUITE_P(Each, Shown, testing::ValuesIn(cases()), [](const auto& one) {
    std::string name(one.param.id);
    std::ranges::replace_if(name, [](char c) { return c == '.' || c == '-'; }, '_');
    return name;
});

TEST(Doctor, FindsNothingOnAHealthyHost) {
    for (const auto& finding : examine(healthy_host()))
        ADD_FAILURE() << finding.id << ": " << finding.what << "; " << finding.why;
}

TEST(Doctor, EachKindHasACase) {
    std::map<std::string_view, int> seen;
    for (const auto& one : cases()) ++seen[one.id];
    for (const auto& kind : finding_kinds()) EXPECT_EQ(seen[kind.id], 1) << kind.id;
    EXPECT_EQ(seen.size(), finding_kinds().size());
}

TEST(Doctor, EachKindIsDocumented) {
    std::ifstream in(MEMHOT_SOURCE_DIR "/docs/doctor.md");
    const std::string manual{std::istreambuf_iterator<char>(in), {}};
    std::size_t rows = 0;
    for (const auto& kind : finding_kinds()) {
        const auto row = fmt::format("| `{}` | {} | {} |\n", kind.id, to_string(kind.severity), kind.title);
        EXPECT_THAT(manual, HasSubstr(row));
    }
    for (auto at = manual.find("| `"); at != std::string::npos; at = manual.find("| `", at + 1)) ++rows;
    EXPECT_EQ(rows, finding_kinds().size());
}

}   // namespace
}   // namespace memhot::test
