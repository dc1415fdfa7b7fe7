// SPDX-License-Identifier: GPL-2.0-or-later
//
// Info blocks byte by byte. The layout is struct nd_pfn_sb and struct btt_sb; the checksum of a block of zeros with one
// word set is worked out by hand from nd_fletcher64().
#include "nvdimm/info_block.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "memhot/nvdimm.hpp"
#include "memhot/units.hpp"

namespace {

using namespace memhot;
using ::testing::HasSubstr;

const std::filesystem::path kCorpus = std::filesystem::path(MEMHOT_SOURCE_DIR) / "tests/fuzz/corpus/info_block";

std::string bytes_of(const std::string& name) {
    std::ifstream in(kCorpus / name, std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(in), {}};
    EXPECT_FALSE(bytes.empty()) << name;
    return bytes;
}

void put(std::string& bytes, std::size_t at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
        bytes[at + i] = static_cast<char>(static_cast<std::uint8_t>(value >> (8 * i)));
}

void seal(std::string& bytes, std::size_t offset) {
    put(bytes, offset + kInfoChecksumAt, info_block_checksum(std::string_view(bytes).substr(offset, kInfoBlockSize)),
        8);
}

// lo = sum of the words, hi = sum of lo after each word.
TEST(InfoBlock, Fletcher64) {
    EXPECT_EQ(fletcher64({}), 0U);
    const std::array<std::uint8_t, 8> two{1, 0, 0, 0, 2, 0, 0, 0};
    EXPECT_EQ(fletcher64(two), (std::uint64_t{1 + 3} << 32U) | 3U);
    const std::array<std::uint8_t, 8> wraps{0xff, 0xff, 0xff, 0xff, 1, 0, 0, 0};
    EXPECT_EQ(fletcher64(wraps), (0xffffffffULL << 32U) | 0U)
        << "the low half wraps at 32 bits, the high half does not";
}

TEST(InfoBlock, OwnFieldCountsAsZero) {
    std::string block(kInfoBlockSize, '\0');
    put(block, 0, 1, 4);
    EXPECT_EQ(info_block_checksum(block), (std::uint64_t{1024} << 32U) | 1U);
    put(block, kInfoChecksumAt, ~std::uint64_t{0}, 8);
    EXPECT_EQ(info_block_checksum(block), (std::uint64_t{1024} << 32U) | 1U);
}

// 1 GiB at 0x100000000 with the memmap in the device, as Linux 6.12 writes it.
TEST(InfoBlock, FsdaxOfTodaysKernels) {
    const auto block = decode_info_block(bytes_of("pfn-minor4"));
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->kind, InstanceKind::pfn);
    EXPECT_EQ(block->offset, 4096U);
    EXPECT_TRUE(block->checksum_ok);
    EXPECT_EQ(block->uuid, "00010203-0405-0607-0809-0a0b0c0d0e0f");
    EXPECT_EQ(block->parent_uuid, "10111213-1415-1617-1819-1a1b1c1d1e1f");
    EXPECT_EQ(block->version_major, 1U);
    EXPECT_EQ(block->version_minor, 4U);
    EXPECT_EQ(block->data_offset, 0x1200000U);
    EXPECT_EQ(block->npfns, 257536U);
    EXPECT_EQ(block->mode, 2U);
    EXPECT_EQ(block->start_pad, 0U);
    EXPECT_EQ(block->end_trunc, 0U);
    EXPECT_EQ(block->align, 2 * kMiB);
    EXPECT_EQ(block->page_size, 4096U);
    EXPECT_EQ(block->page_struct_size, 64U);
}

// Before 5.2 the fields behind were never written: whatever is there does not count.
TEST(InfoBlock, OlderMinorHidesLaterFields) {
    const auto block = decode_info_block(bytes_of("dax-minor1"));
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->kind, InstanceKind::dax);
    EXPECT_EQ(block->start_pad, 0x4000000U);
    EXPECT_EQ(block->align, std::nullopt);
    EXPECT_EQ(block->page_size, std::nullopt);
    EXPECT_EQ(block->page_struct_size, std::nullopt);
}

TEST(InfoBlock, BttLiesAtFourKibOrAtZero) {
    const auto old = decode_info_block(bytes_of("btt-1.1"));
    ASSERT_TRUE(old && old->btt);
    EXPECT_EQ(old->offset, 4096U);
    EXPECT_EQ(old->btt->external_lbasize, 4096U);
    EXPECT_EQ(old->btt->nfree, 256U);
    EXPECT_EQ(old->btt->dataoff, 8192U);
    EXPECT_EQ(old->btt->info2off, 66744320U);
    const auto two = decode_info_block(bytes_of("btt-2.0"));
    ASSERT_TRUE(two && two->btt);
    EXPECT_EQ(two->offset, 0U);
    EXPECT_EQ(two->version_major, 2U);
}

TEST(InfoBlock, BrokenChecksumIsSaid) {
    const auto block = decode_info_block(bytes_of("pfn-broken"));
    ASSERT_TRUE(block.has_value());
    EXPECT_FALSE(block->checksum_ok);
    EXPECT_EQ(block->align, 2 * kMiB);
}

TEST(InfoBlock, GoodBttInFrontOfABrokenBlockCounts) {
    std::string bytes = bytes_of("btt-2.0").substr(0, kInfoBlockSize) + bytes_of("pfn-broken").substr(kInfoBlockSize);
    const auto block = decode_info_block(bytes);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->kind, InstanceKind::btt);
}

// A pfn block at offset 0 of a whole namespace is user data.
TEST(InfoBlock, PfnAtTheVeryStartIsData) {
    std::string bytes = bytes_of("alone") + std::string(4096, '\0');
    EXPECT_EQ(decode_info_block(bytes), std::nullopt);
    EXPECT_TRUE(decode_info_block(bytes_of("alone")).has_value());
}

TEST(InfoBlock, NothingThere) {
    EXPECT_EQ(decode_info_block(bytes_of("zeros")), std::nullopt);
    EXPECT_EQ(decode_info_block(bytes_of("short")), std::nullopt);
    EXPECT_EQ(decode_info_block(""), std::nullopt);
    std::string bytes = bytes_of("pfn-minor4");
    bytes[4096 + 15] = 'x';   // the signature is 16 bytes with its NUL
    seal(bytes, 4096);
    EXPECT_EQ(decode_info_block(bytes), std::nullopt);
}

TEST(InfoBlock, LoadsFromAFileAndSaysWhatIsWrongWithOne) {
    const auto block = load_info_block(kCorpus / "pfn-minor4");
    ASSERT_TRUE(block.ok());
    EXPECT_EQ(block->value().npfns, 257536U);
    const auto none = load_info_block(kCorpus / "zeros");
    ASSERT_TRUE(none.ok());
    EXPECT_EQ(*none, std::nullopt);
    const auto shorter = load_info_block(kCorpus / "short");
    ASSERT_FALSE(shorter.ok());
    EXPECT_THAT(shorter.error().message(), HasSubstr("short: 100 bytes, expected"));
    const auto missing = load_info_block(kCorpus / "missing");
    ASSERT_FALSE(missing.ok());
    EXPECT_EQ(missing.error().kind(), ErrorKind::not_found);
    EXPECT_FALSE(load_info_block(kCorpus).ok()) << "a directory";
}

struct Active {
    NamespaceRecord ns;
    NdInstanceRecord instance;
    Active() {
        ns.name = "namespace0.0";
        ns.resource = 0x138000000;
        ns.size = 2 * kGiB;
        instance.name = "dax0.0";
        instance.kind = InstanceKind::dax;
        instance.driver = "dax_pmem";
        instance.mode = "ram";
        instance.align = kGiB;
        instance.resource = 0x140000000;
        instance.size = kGiB;
    }
};

// Vector of a 1 GiB align over a start that is not: 128 MiB lost in front, 896 MiB behind.
TEST(InfoBlockOfAttributes, BothEnds) {
    const Active active;
    const auto block = info_block_of_attributes(active.ns, active.instance);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->source, InfoBlockSource::attributes);
    EXPECT_EQ(block->mode, 1U);
    EXPECT_EQ(block->data_offset, 0x8000000U);
    EXPECT_EQ(block->end_trunc, 0x38000000U);
    EXPECT_EQ(block->version_minor, std::nullopt);
}

// ndctl shrinks the label below a driver that has the old size: where the data begin is known all the same.
TEST(InfoBlockOfAttributes, DataBeyondTheEndOfANamespaceThatWasShrunk) {
    Active active;
    active.ns.size = 0x8000000;
    const auto block = info_block_of_attributes(active.ns, active.instance);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->data_offset, 0x8000000U);
    EXPECT_EQ(block->end_trunc, std::nullopt);
}

TEST(InfoBlockOfAttributes, NothingWhereItIsNotActiveOrLiesElsewhere) {
    Active idle;
    idle.instance.driver.clear();
    EXPECT_EQ(info_block_of_attributes(idle.ns, idle.instance), std::nullopt);
    Active elsewhere;
    elsewhere.instance.resource = *elsewhere.ns.resource - kGiB;
    EXPECT_EQ(info_block_of_attributes(elsewhere.ns, elsewhere.instance), std::nullopt);
    Active hidden;
    hidden.instance.resource.reset();
    const auto block = info_block_of_attributes(hidden.ns, hidden.instance);
    ASSERT_TRUE(block.has_value());
    EXPECT_EQ(block->align, kGiB);
    EXPECT_EQ(block->data_offset, std::nullopt);
}

}   // namespace
