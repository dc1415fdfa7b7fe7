// SPDX-License-Identifier: GPL-2.0-or-later
//
// Host and device addresses of interleaved CXL regions. The rows with XOR are the tables of the CXL Memory Device Software
// Guide (Intel 643805, sections 2.13.24.1 and 2.13.25.1) and the sample sets that ndctl v84 checks the kernel with
// (test/cxl-translate.sh); the maps are those of that test's module, all with a granularity of 256 bytes.
#include "memhot/cxl.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <array>

namespace memhot {
namespace {

const std::vector<std::uint64_t> kMaps{0x2020900, 0x4041200, 0x1010400, 0x800};

struct Row {
    unsigned ways;   // of the region
    unsigned host_bridges;
    std::uint64_t device;
    unsigned position;
    bool by_xor;
    std::uint64_t host;
};
constexpr auto kRows = std::to_array<Row>({
    {4, 4, 248, 0, true, 248},
    {4, 4, 16, 1, true, 272},
    {4, 4, 16, 2, true, 528},
    {4, 4, 32, 3, true, 800},
    {4, 4, 288, 0, true, 1056},
    {4, 4, 288, 1, true, 1312},
    {4, 4, 288, 2, true, 1568},
    {4, 4, 288, 3, true, 1824},
    {4, 4, 544, 1, true, 2080},
    {4, 4, 544, 0, true, 2336},
    {4, 4, 544, 3, true, 2592},
    {4, 4, 1040, 2, true, 4112},
    {4, 4, 1568, 3, true, 6176},
    {4, 4, 32784, 1, true, 131088},
    {4, 4, 65552, 2, true, 262160},
    {4, 4, 98336, 3, true, 393248},
    {4, 4, 98328, 2, true, 393496},
    {4, 4, 98352, 2, true, 393520},
    {4, 4, 443953523, 0, true, 1775813747},
    {8, 4, 248, 0, true, 248},
    {8, 4, 16, 1, true, 272},
    {8, 4, 16, 2, true, 528},
    {8, 4, 32, 3, true, 800},
    {8, 4, 272, 1, true, 2064},
    {8, 4, 528, 2, true, 4112},
    {8, 4, 800, 3, true, 6176},
    {8, 4, 16400, 1, true, 131088},
    {8, 4, 32784, 2, true, 262160},
    {8, 4, 49184, 3, true, 393248},
    {8, 4, 49176, 2, true, 393496},
    {8, 4, 49200, 2, true, 393520},
    {8, 4, 116520373, 3, true, 932162229},
    {8, 4, 244690459, 5, true, 1957525275},
    {8, 4, 292862215, 5, true, 2342899463},
    {8, 4, 30721158, 4, true, 245769350},
    {8, 4, 246386959, 4, true, 1971096847},
    {8, 4, 72701249, 5, true, 581610561},
    {8, 4, 529382429, 5, true, 4235060509},
    {8, 4, 191132300, 2, true, 1529057420},
    {8, 4, 18589081, 1, true, 148712089},
    {8, 4, 344295715, 7, true, 2754367011},
    {12, 12, 224, 0, true, 224},
    {12, 12, 16, 1, true, 272},
    {12, 12, 16, 2, true, 528},
    {12, 12, 32, 3, true, 800},
    {12, 12, 32, 4, true, 1056},
    {12, 12, 32, 5, true, 1312},
    {12, 12, 32, 6, true, 1568},
    {12, 12, 32, 7, true, 1824},
    {12, 12, 32, 9, true, 2080},
    {12, 12, 32, 8, true, 2336},
    {12, 12, 32, 11, true, 2592},
    {12, 12, 32, 10, true, 2848},
    {12, 12, 288, 0, true, 3360},
    {12, 12, 299017087, 7, true, 3588205439},
    {12, 12, 329210435, 0, true, 3950524995},
    {12, 12, 151050637, 11, true, 1812608653},
    {12, 12, 145169214, 2, true, 1742030654},
    {12, 12, 328998732, 10, true, 3947985996},
    {12, 12, 159252439, 3, true, 1911027415},
    {12, 12, 342098916, 5, true, 4105186020},
    {12, 12, 97970344, 8, true, 1175645096},
    {12, 12, 214995572, 8, true, 2579948404},
    {12, 12, 101289661, 7, true, 1215475645},
    {12, 12, 40424079, 7, true, 485088911},
    {12, 12, 231458716, 7, true, 2777503900},
    {4, 4, 0, 0, false, 0},
    {4, 4, 0, 0, true, 0},
    {4, 4, 0, 1, false, 256},
    {4, 4, 0, 1, true, 256},
    {4, 4, 0, 2, false, 512},
    {4, 4, 0, 2, true, 512},
    {4, 4, 0, 3, false, 768},
    {4, 4, 0, 3, true, 768},
    {4, 4, 256, 0, false, 1024},
    {4, 4, 256, 0, true, 1024},
    {4, 4, 256, 1, false, 1280},
    {4, 4, 256, 1, true, 1280},
    {4, 4, 256, 2, false, 1536},
    {4, 4, 256, 2, true, 1536},
    {4, 4, 256, 3, false, 1792},
    {4, 4, 256, 3, true, 1792},
    {4, 4, 2048, 0, false, 8192},
    {4, 4, 2048, 0, true, 8192},
    {4, 4, 2048, 1, false, 8448},
    {4, 4, 2048, 1, true, 8448},
    {4, 4, 2048, 2, false, 8704},
    {4, 4, 2048, 2, true, 8704},
    {4, 4, 2048, 3, false, 8960},
    {4, 4, 2048, 3, true, 8960},
    {12, 12, 0, 0, false, 0},
    {12, 12, 0, 0, true, 0},
    {12, 12, 0, 1, false, 256},
    {12, 12, 0, 1, true, 256},
    {12, 12, 0, 2, false, 512},
    {12, 12, 0, 2, true, 512},
    {12, 12, 0, 3, false, 768},
    {12, 12, 0, 3, true, 768},
    {12, 12, 0, 4, false, 1024},
    {12, 12, 0, 4, true, 1024},
    {12, 12, 0, 5, false, 1280},
    {12, 12, 0, 5, true, 1280},
    {12, 12, 0, 6, false, 1536},
    {12, 12, 0, 6, true, 1536},
    {12, 12, 0, 7, false, 1792},
    {12, 12, 0, 7, true, 1792},
    {12, 12, 0, 8, false, 2048},
    {12, 12, 0, 8, true, 2304},
    {12, 12, 0, 9, false, 2304},
    {12, 12, 0, 9, true, 2048},
    {12, 12, 0, 10, false, 2560},
    {12, 12, 0, 10, true, 2816},
    {12, 12, 0, 11, false, 2816},
    {12, 12, 0, 11, true, 2560},
    {12, 12, 512, 0, false, 6144},
    {12, 12, 512, 0, true, 6912},
    {12, 12, 512, 1, false, 6400},
    {12, 12, 512, 1, true, 6656},
    {12, 12, 512, 2, false, 6656},
    {12, 12, 512, 2, true, 6400},
    {12, 12, 512, 3, false, 6912},
    {12, 12, 512, 3, true, 6144},
    {12, 12, 512, 4, false, 7168},
    {12, 12, 512, 4, true, 7936},
    {12, 12, 512, 5, false, 7424},
    {12, 12, 512, 5, true, 7680},
    {12, 12, 512, 6, false, 7680},
    {12, 12, 512, 6, true, 7424},
    {12, 12, 512, 7, false, 7936},
    {12, 12, 512, 7, true, 7168},
    {12, 12, 512, 8, false, 8192},
    {12, 12, 512, 8, true, 8192},
    {12, 12, 512, 9, false, 8448},
    {12, 12, 512, 9, true, 8448},
    {12, 12, 512, 10, false, 8704},
    {12, 12, 512, 10, true, 8704},
    {12, 12, 512, 11, false, 8960},
    {12, 12, 512, 11, true, 8960},
});

TEST(CxlTranslation, of_published_vectors) {
    EXPECT_EQ(kRows.size(), 138U);
    for (const Row& row : kRows) {
        const CxlInterleave interleave{.ways = row.ways,
                                       .granularity = 256,
                                       .xor_maps = row.by_xor ? cxl_xor_maps(kMaps, row.host_bridges)
                                                              : std::vector<std::uint64_t>()};
        const CxlPlace place{.position = row.position, .offset = row.device};
        EXPECT_EQ(cxl_host_offset(interleave, place), row.host)
            << row.ways << " ways, device " << row.device << ", position " << row.position;
        EXPECT_EQ(cxl_place(interleave, row.host), place) << row.ways << " ways, host " << row.host;
    }
}

// Encoded ways 5, 7, 11 and granularities beyond 16 KiB do not exist (tools/testing/cxl/test/cxl_translate.c).
TEST(CxlTranslation, takes_only_what_decoders_can) {
    for (const unsigned ways : {1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U}) EXPECT_TRUE(check(CxlInterleave{.ways = ways}).ok());
    for (const unsigned ways : {0U, 5U, 7U, 9U, 24U, 32U}) EXPECT_FALSE(check(CxlInterleave{.ways = ways}).ok());
    for (const std::uint64_t bytes : {std::uint64_t{0}, std::uint64_t{128}, std::uint64_t{384}, std::uint64_t{32768}}) {
        EXPECT_FALSE(check(CxlInterleave{.ways = 2, .granularity = bytes}).ok()) << bytes;
    }
}

// Whatever the interleave, the devices together fill the host range, each chunk once.
RC_GTEST_PROP(CxlTranslation, gives_each_host_chunk_to_one_device, ()) {
    const auto ways = *rc::gen::element(1U, 2U, 3U, 4U, 6U, 8U, 12U, 16U);
    const auto granularity = 256ULL << *rc::gen::inRange(0, 7);
    const auto host = *rc::gen::inRange<std::uint64_t>(0, 1ULL << 48);
    const CxlInterleave modulo{.ways = ways, .granularity = granularity};
    const CxlPlace place = cxl_place(modulo, host);
    RC_ASSERT(place.position == host / granularity % ways);
    RC_ASSERT(cxl_host_offset(modulo, place) == host);
    const CxlInterleave with_xor{.ways = ways, .granularity = granularity, .xor_maps = cxl_xor_maps(kMaps, ways)};
    RC_ASSERT(cxl_host_offset(with_xor, cxl_place(with_xor, host)) == host);
}

}   // namespace
}   // namespace memhot
