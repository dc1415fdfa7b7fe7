// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Which fields the records of memhot/nvdimm.hpp have in JSON, said once for the writer and the reader. A visitor has
//   name     a required text                      text     absent where empty
//   number   an optional count, size or id        address  an optional one, "0x..." in JSON
//   flag     an optional boolean                  numbers, texts  lists, absent where empty
//   word     an enumeration by its to_string      list     a list of records, absent where empty
//   record   an optional record                   required a number that is always there
//   range    "start" and "end", inclusive
// R is the record, const for the writer.
#pragma once

#include <array>

#include "memhot/nvdimm.hpp"

namespace memhot::snapshot {

inline constexpr std::array kInstanceKinds{InstanceKind::pfn, InstanceKind::dax, InstanceKind::btt};
inline constexpr std::array kInfoBlockSources{InfoBlockSource::media, InfoBlockSource::attributes};

template <class R, class T>
concept RecordOf = std::same_as<std::remove_const_t<R>, T>;

template <class V, RecordOf<NdBusRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("provider", r.provider);
}

template <class V, RecordOf<DimmRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("bus", r.bus);
    v.text("driver", r.driver);
    v.text("state", r.state);
    v.text("flags", r.flags);
    v.text("firmware_flags", r.firmware_flags);
    v.text("security", r.security);
    v.number("available_slots", r.available_slots);
    v.text("commands", r.commands);
    v.number("handle", r.handle);
    v.text("id", r.id);
}

template <class V, RecordOf<NdMappingRecord> R>
void fields(V& v, R& r) {
    v.name("dimm", r.dimm);
    v.required("start", r.start);
    v.required("size", r.size);
    v.number("position", r.position);
}

template <class V, RecordOf<NdRegionRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("bus", r.bus);
    v.text("type", r.type);
    v.text("driver", r.driver);
    v.address("resource", r.resource);
    v.number("size", r.size);
    v.number("align", r.align);
    v.number("ways", r.ways);
    v.list("mappings", r.mappings);
    v.number("nstype", r.nstype);
    v.number("available_size", r.available_size);
    v.number("max_available_extent", r.max_available_extent);
    v.address("set_cookie", r.set_cookie);
    v.flag("read_only", r.read_only);
    v.number("numa_node", r.numa_node);
    v.number("target_node", r.target_node);
    v.text("persistence_domain", r.persistence_domain);
    v.text("namespace_seed", r.namespace_seed);
    v.text("btt_seed", r.btt_seed);
    v.text("pfn_seed", r.pfn_seed);
    v.text("dax_seed", r.dax_seed);
    v.number("badblock_count", r.badblock_count);
    v.number("init_active", r.init_active);
    v.number("init_total", r.init_total);
}

template <class V, RecordOf<NamespaceRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("region", r.region);
    v.text("driver", r.driver);
    v.number("size", r.size);
    v.address("resource", r.resource);
    v.text("uuid", r.uuid);
    v.text("mode", r.mode);
    v.text("holder", r.holder);
    v.text("holder_class", r.holder_class);
    v.number("sector_size", r.sector_size);
    v.numbers("supported_sector_sizes", r.supported_sector_sizes);
    v.text("alt_name", r.alt_name);
    v.flag("force_raw", r.force_raw);
    v.number("nstype", r.nstype);
    v.number("numa_node", r.numa_node);
    v.number("target_node", r.target_node);
    v.text("block_device", r.block_device);
}

template <class V, RecordOf<NdInstanceRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.word("kind", r.kind, kInstanceKinds);
    v.text("region", r.region);
    v.text("driver", r.driver);
    v.text("namespace", r.namespace_name);
    v.text("mode", r.mode);
    v.number("align", r.align);
    v.numbers("supported_alignments", r.supported_alignments);
    v.text("uuid", r.uuid);
    v.address("resource", r.resource);
    v.number("size", r.size);
    v.number("sector_size", r.sector_size);
    v.numbers("supported_sector_sizes", r.supported_sector_sizes);
    v.text("block_device", r.block_device);
}

template <class V, RecordOf<BttLayoutRecord> R>
void fields(V& v, R& r) {
    v.required("external_lbasize", r.external_lbasize);
    v.required("external_nlba", r.external_nlba);
    v.required("internal_lbasize", r.internal_lbasize);
    v.required("internal_nlba", r.internal_nlba);
    v.required("nfree", r.nfree);
    v.required("infosize", r.infosize);
    v.required("nextoff", r.nextoff);
    v.required("dataoff", r.dataoff);
    v.required("mapoff", r.mapoff);
    v.required("logoff", r.logoff);
    v.required("info2off", r.info2off);
}

template <class V, RecordOf<InfoBlockRecord> R>
void fields(V& v, R& r) {
    v.text("namespace", r.namespace_name);
    v.word("source", r.source, kInfoBlockSources);
    v.word("kind", r.kind, kInstanceKinds);
    v.required("offset", r.offset);
    v.truth("checksum_ok", r.checksum_ok);
    v.address("checksum", r.checksum);
    v.text("uuid", r.uuid);
    v.text("parent_uuid", r.parent_uuid);
    v.number("flags", r.flags);
    v.number("version_major", r.version_major);
    v.number("version_minor", r.version_minor);
    v.number("data_offset", r.data_offset);
    v.number("npfns", r.npfns);
    v.number("mode", r.mode);
    v.number("start_pad", r.start_pad);
    v.number("end_trunc", r.end_trunc);
    v.number("align", r.align);
    v.number("page_size", r.page_size);
    v.number("page_struct_size", r.page_struct_size);
    v.record("btt", r.btt);
}

template <class V, RecordOf<DaxRegionRecord> R>
void fields(V& v, R& r) {
    v.name("parent", r.parent);
    v.text("kind", r.kind);
    v.text("cxl_region", r.cxl_region);
    v.text("path", r.path);
    v.number("id", r.id);
    v.number("size", r.size);
    v.number("align", r.align);
    v.address("resource", r.resource);
    v.number("available_size", r.available_size);
    v.text("seed", r.seed);
    v.text("create", r.create);
}

template <class V, RecordOf<DaxMappingRecord> R>
void fields(V& v, R& r) {
    v.range(r.range);
    v.required("page_offset", r.page_offset);
}

template <class V, RecordOf<DaxDeviceRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("parent", r.parent);
    v.text("driver", r.driver);
    v.number("size", r.size);
    v.number("align", r.align);
    v.address("resource", r.resource);
    v.number("numa_node", r.numa_node);
    v.number("target_node", r.target_node);
    v.list("mappings", r.mappings);
    v.flag("memmap_on_memory", r.memmap_on_memory);
    v.text("state", r.state);
}

template <class V, RecordOf<CxlRegionRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("decoder", r.decoder);
    v.text("driver", r.driver);
    v.text("mode", r.mode);
    v.text("uuid", r.uuid);
    v.address("resource", r.resource);
    v.number("size", r.size);
    v.number("interleave_ways", r.interleave_ways);
    v.number("interleave_granularity", r.interleave_granularity);
    v.flag("committed", r.committed);
    v.texts("targets", r.targets);
}

template <class V, RecordOf<CxlDecoderRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.address("resource", r.resource);
    v.number("size", r.size);
    v.number("interleave_ways", r.interleave_ways);
    v.number("interleave_granularity", r.interleave_granularity);
    v.flag("volatile_capable", r.volatile_capable);
    v.flag("pmem_capable", r.pmem_capable);
    v.flag("locked", r.locked);
    v.number("max_available_extent", r.max_available_extent);
}

template <class V, RecordOf<CxlMemdevRecord> R>
void fields(V& v, R& r) {
    v.name("name", r.name);
    v.text("host", r.host);
    v.text("driver", r.driver);
    v.number("ram_size", r.ram_size);
    v.number("pmem_size", r.pmem_size);
    v.number("serial", r.serial);
    v.number("numa_node", r.numa_node);
}

template <class V, RecordOf<NvdimmRecord> R>
void fields(V& v, R& r) {
    v.list("buses", r.buses);
    v.list("dimms", r.dimms);
    v.list("regions", r.regions);
    v.list("namespaces", r.namespaces);
    v.list("instances", r.instances);
    v.list("info_blocks", r.info_blocks);
    v.list("dax_regions", r.dax_regions);
    v.list("dax_devices", r.dax_devices);
    v.list("cxl_regions", r.cxl_regions);
    v.list("cxl_decoders", r.cxl_decoders);
    v.list("cxl_memdevs", r.cxl_memdevs);
    v.texts("hidden", r.hidden);
}

}   // namespace memhot::snapshot
