// SPDX-License-Identifier: LGPL-2.1-or-later
//
// Decodes info blocks (info_block.hpp).
#include "nvdimm/info_block.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <fmt/format.h>
#include <string>
#include <unistd.h>

#include "memhot/nvdimm.hpp"

namespace memhot {
namespace {

constexpr std::size_t kSignatureSize = 16;
constexpr std::size_t kUuidSize = 16;

// One block of kInfoBlockSize bytes; fields are little-endian at fixed places.
class Block {
public:
    explicit Block(std::string_view bytes) : bytes_(bytes) {}

    template <class T>
    [[nodiscard]] T field(std::size_t at) const {
        std::uint64_t value = 0;
        for (std::size_t i = sizeof(T); i-- > 0;) value = value << 8U | static_cast<std::uint8_t>(bytes_[at + i]);
        return static_cast<T>(value);
    }

    // As the kernel prints it: %pUb
    [[nodiscard]] std::string uuid(std::size_t at) const {
        std::string text;
        for (std::size_t i = 0; i < kUuidSize; ++i) {
            if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
            text += fmt::format("{:02x}", static_cast<std::uint8_t>(bytes_[at + i]));
        }
        return text;
    }

    [[nodiscard]] std::string_view signature() const { return bytes_.substr(0, kSignatureSize); }

private:
    std::string_view bytes_;
};

void decode_pfn(const Block& block, InfoBlockRecord& record) {
    const unsigned minor = *record.version_minor;
    record.data_offset = block.field<std::uint64_t>(56);
    record.npfns = block.field<std::uint64_t>(64);
    record.mode = block.field<std::uint32_t>(72);
    // nd_pfn_validate() takes later fields of an older minor as zero, whatever is there
    if (minor >= 1) {
        record.start_pad = block.field<std::uint32_t>(76);
        record.end_trunc = block.field<std::uint32_t>(80);
    }
    if (minor >= 2) record.align = block.field<std::uint32_t>(84);
    if (minor >= 4) {
        record.page_size = block.field<std::uint32_t>(88);
        record.page_struct_size = block.field<std::uint16_t>(92);
    }
}

void decode_btt(const Block& block, InfoBlockRecord& record) {
    record.btt = BttLayoutRecord{.external_lbasize = block.field<std::uint32_t>(56),
                                 .external_nlba = block.field<std::uint32_t>(60),
                                 .internal_lbasize = block.field<std::uint32_t>(64),
                                 .internal_nlba = block.field<std::uint32_t>(68),
                                 .nfree = block.field<std::uint32_t>(72),
                                 .infosize = block.field<std::uint32_t>(76),
                                 .nextoff = block.field<std::uint64_t>(80),
                                 .dataoff = block.field<std::uint64_t>(88),
                                 .mapoff = block.field<std::uint64_t>(96),
                                 .logoff = block.field<std::uint64_t>(104),
                                 .info2off = block.field<std::uint64_t>(112)};
}

// The order of nd_pmem_probe(): btt, pfn, dax.
struct Kind {
    std::string_view signature;
    InstanceKind kind;
    void (*decode)(const Block&, InfoBlockRecord&);
};
constexpr std::array kKinds{
    Kind{{"BTT_ARENA_INFO\0\0", kSignatureSize}, InstanceKind::btt, decode_btt},
    Kind{{"NVDIMM_PFN_INFO\0", kSignatureSize}, InstanceKind::pfn, decode_pfn},
    Kind{{"NVDIMM_DAX_INFO\0", kSignatureSize}, InstanceKind::dax, decode_pfn},
};

std::optional<InfoBlockRecord> decode_at(std::string_view bytes, std::size_t offset) {
    if (bytes.size() < offset + kInfoBlockSize) return std::nullopt;
    const std::string_view raw = bytes.substr(offset, kInfoBlockSize);
    const Block block(raw);
    for (const auto& kind : kKinds) {
        if (block.signature() != kind.signature) continue;
        InfoBlockRecord record;
        record.kind = kind.kind;
        record.offset = offset;
        record.checksum = block.field<std::uint64_t>(kInfoChecksumAt);
        record.checksum_ok = *record.checksum == info_block_checksum(raw);
        record.uuid = block.uuid(16);
        record.parent_uuid = block.uuid(32);
        record.flags = block.field<std::uint32_t>(48);
        record.version_major = block.field<std::uint16_t>(52);
        record.version_minor = block.field<std::uint16_t>(54);
        kind.decode(block, record);
        return record;
    }
    return std::nullopt;
}

Error open_error(const std::string& path, int error) {
    auto kind = ErrorKind::io;
    if (error == ENOENT || error == ENXIO || error == ENODEV) kind = ErrorKind::not_found;
    if (error == EACCES || error == EPERM) kind = ErrorKind::not_permitted;
    std::array<char, 128> text{};
    return {kind, fmt::format("{}: {}", path, ::strerror_r(error, text.data(), text.size()))};
}

}   // namespace

std::uint64_t fletcher64(std::span<const std::uint8_t> bytes) {
    std::uint32_t low = 0;
    std::uint64_t high = 0;
    for (std::size_t at = 0; at + 4 <= bytes.size(); at += 4) {
        low += static_cast<std::uint32_t>(bytes[at]) | static_cast<std::uint32_t>(bytes[at + 1]) << 8U |
               static_cast<std::uint32_t>(bytes[at + 2]) << 16U | static_cast<std::uint32_t>(bytes[at + 3]) << 24U;
        high += low;
    }
    return high << 32U | low;
}

std::uint64_t info_block_checksum(std::string_view block) {
    std::array<std::uint8_t, kInfoBlockSize> copy{};
    std::memcpy(copy.data(), block.data(), std::min(block.size(), kInfoChecksumAt));
    return fletcher64(copy);
}

std::string_view to_string(InstanceKind kind) {
    constexpr std::array<std::string_view, 3> kNames{"pfn", "dax", "btt"};
    return kNames[static_cast<std::size_t>(kind)];
}

std::string_view to_string(InfoBlockSource source) { return source == InfoBlockSource::media ? "media" : "attributes"; }

std::optional<InfoBlockRecord> decode_info_block(std::string_view bytes) {
    const auto main = decode_at(bytes, kInfoBlockOffset);
    // BTT 2.0, or a file with the block alone
    auto first = decode_at(bytes, 0);
    const bool alone = bytes.size() < kInfoBlockOffset + kInfoBlockSize;
    if (first && !alone && (first->kind != InstanceKind::btt || first->version_major != 2U)) first.reset();
    if (main && (main->checksum_ok || !first || !first->checksum_ok)) return main;
    return first;
}

Result<std::optional<InfoBlockRecord>> load_info_block(const std::string& path) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0) return open_error(path, errno);
    std::string bytes(kInfoBlockBytes, '\0');
    std::size_t used = 0;
    int error = 0;
    while (used < bytes.size()) {
        const ssize_t got = ::read(fd, bytes.data() + used, bytes.size() - used);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) error = errno;
        if (got <= 0) break;
        used += static_cast<std::size_t>(got);
    }
    ::close(fd);
    if (error != 0) return open_error(path, error);
    if (used < kInfoBlockSize) {
        return bad_input(fmt::format("{}: {} bytes, expected the first {} of a namespace or an info block of {}", path,
                                     used, kInfoBlockBytes, kInfoBlockSize));
    }
    bytes.resize(used);
    return decode_info_block(bytes);
}

std::optional<InfoBlockRecord> info_block_of_attributes(const NamespaceRecord& ns, const NdInstanceRecord& instance) {
    if (instance.driver.empty()) return std::nullopt;
    InfoBlockRecord record;
    record.namespace_name = ns.name;
    record.source = InfoBlockSource::attributes;
    record.kind = instance.kind;
    record.offset = kInfoBlockOffset;
    record.uuid = instance.uuid;
    if (instance.kind == InstanceKind::btt) {
        if (ns.holder_class == "btt2") record.offset = 0;
        return record;
    }
    if (instance.mode == "ram") record.mode = 1;
    if (instance.mode == "pmem") record.mode = 2;
    record.align = instance.align;
    if (!ns.resource || !ns.size || !instance.resource || !instance.size) return record;
    const auto space = Range::from_size(*ns.resource, *ns.size);
    const auto data = Range::from_size(*instance.resource, *instance.size);
    if (!space || !data || data->start < space->start) return std::nullopt;
    record.data_offset = data->start - space->start;
    // A namespace that was shrunk below its driver does not contain the data; what was cut off before is not to be seen.
    if (space->contains(*data)) record.end_trunc = static_cast<std::uint32_t>(space->last - data->last);
    return record;
}

}   // namespace memhot
