// SPDX-License-Identifier: GPL-2.0-or-later
//
// The key "nvdimm" of a snapshot: what is written comes back, and every way to be wrong is refused with its path.
#include "snapshot/nvdimm_json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <regex>

#include "memhot/snapshot.hpp"
#include "memhot/units.hpp"
#include "snapshot/nvdimm_fields.hpp"

namespace memhot {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// Fills every field of a record, or each with a coin: what the writer forgets or mixes up does not come back.
class Filler {
public:
    explicit Filler(bool everything) : everything_(everything) {}

    void name(const char* field, std::string& value) { value = fresh(field); }
    void text(const char* field, std::string& value) {
        if (wanted()) value = fresh(field);
    }
    template <class T>
    void number(const char*, std::optional<T>& value) {
        if (wanted()) value = static_cast<T>(++next_);
    }
    template <class T>
    void required(const char*, T& value) {
        value = static_cast<T>(++next_);
    }
    void address(const char*, std::optional<std::uint64_t>& value) {
        if (wanted()) value = (1ULL << 63U) + ++next_;
    }
    void flag(const char*, std::optional<bool>& value) {
        if (wanted()) value = ++next_ % 2 == 0;
    }
    void truth(const char*, bool& value) { value = false; }
    void numbers(const char*, std::vector<std::uint64_t>& values) {
        if (wanted()) values = {++next_, ++next_};
    }
    void texts(const char* field, std::vector<std::string>& values) {
        if (wanted()) values = {fresh(field), fresh(field)};
    }
    template <class E, class Values>
    void word(const char*, E& value, const Values& all) {
        value = all.back();
    }
    template <class R>
    void list(const char*, std::vector<R>& records) {
        for (int i = 0; i < 2 && wanted(); ++i) snapshot::fields(*this, records.emplace_back());
    }
    template <class R>
    void record(const char*, std::optional<R>& value) {
        if (wanted()) snapshot::fields(*this, value.emplace());
    }
    void range(Range& range) {
        range.start = ++next_;
        range.last = (1ULL << 63U) + ++next_;
    }

private:
    bool wanted() { return everything_ || *rc::gen::arbitrary<bool>(); }
    std::string fresh(const char* field) { return std::string(field) + " " + std::to_string(++next_); }
    bool everything_;
    unsigned next_ = 0;
};

NvdimmRecord full_record() {
    NvdimmRecord record;
    Filler filler(true);
    snapshot::fields(filler, record);
    return record;
}

Snapshot with(const NvdimmRecord& record) {
    Snapshot snapshot;
    snapshot.nvdimm = record;
    return snapshot;
}

TEST(NvdimmJson, EverythingComesBack) {
    const auto snapshot = with(full_record());
    const auto back = snapshot_from_json(to_json(snapshot));
    ASSERT_TRUE(back.ok()) << back.error().message();
    ASSERT_TRUE(back->nvdimm.has_value());
    EXPECT_TRUE(*back->nvdimm == *snapshot.nvdimm) << to_json(*back);
}

RC_GTEST_PROP(NvdimmJsonProperty, AnyRecordComesBack, ()) {
    NvdimmRecord record;
    Filler filler(false);
    snapshot::fields(filler, record);
    const auto text = to_json(with(record));
    const auto back = snapshot_from_json(text);
    if (!back) RC_FAIL(back.error().message());
    RC_ASSERT(back->nvdimm == record);
    RC_ASSERT(to_json(*back) == text);
}

// That every member of a record is in its list of fields: a default record differs from a full one in all of its bytes
// of JSON, and the number of keys is what the header has.
TEST(NvdimmJson, EveryMemberIsAField) {
    const auto document = json::parse(to_json(with(full_record()))).at("nvdimm");
    EXPECT_EQ(document.size(), 12U);
    const std::pair<const char*, std::size_t> sizes[] = {{"buses", 2},        {"dimms", 11},       {"regions", 24},
                                                         {"namespaces", 17},  {"instances", 14},   {"info_blocks", 20},
                                                         {"dax_regions", 11}, {"dax_devices", 11}, {"cxl_regions", 11},
                                                         {"cxl_decoders", 9}, {"cxl_memdevs", 7}};
    for (const auto& [name, size] : sizes) EXPECT_EQ(document.at(name).at(0).size(), size) << name;
}

// Of a record with every field: addresses have bit 63 (Filler), so an address that is added to a record and forgotten by
// redacted() shows here. Names of devices are none of the machine.
TEST(NvdimmJson, RedactedHasNoAddressNorNameInAnyField) {
    const std::string before = to_json(with(full_record()));
    const std::string after = to_json(redacted(with(full_record())));
    const auto has = [](const std::string& text, const char* pattern) {
        return std::regex_search(text, std::regex(pattern));
    };
    for (const char* pattern : {"0x80000000000", R"("uuid [0-9]+")", R"("parent_uuid [0-9]+")", R"("alt_name [0-9]+")",
                                R"("id": "id [0-9]+")", R"("host [0-9]+")"}) {
        EXPECT_TRUE(has(before, pattern)) << pattern << "\n" << before;
        EXPECT_FALSE(has(after, pattern)) << pattern << "\n" << after;
    }
    const auto serial = full_record().cxl_memdevs.front().serial;
    EXPECT_NE(redacted(with(full_record())).nvdimm->cxl_memdevs.front().serial, serial);
}

TEST(NvdimmJson, HostWithEmptyBusesIsNotOneWithout) {
    const auto none = snapshot_from_json(to_json(Snapshot{}));
    ASSERT_TRUE(none.ok());
    EXPECT_FALSE(none->nvdimm.has_value());
    const auto empty = snapshot_from_json(to_json(with({})));
    ASSERT_TRUE(empty.ok());
    EXPECT_TRUE(empty->nvdimm.has_value());
}

TEST(NvdimmJson, AddressesAreTextAndSizesNumbers) {
    NvdimmRecord record;
    auto& ns = record.namespaces.emplace_back();
    ns.name = "namespace0.0";
    ns.resource = 0x100000000;
    ns.size = kGiB;
    const auto document = json::parse(to_json(with(record)));
    const auto& written = document.at("nvdimm").at("namespaces").at(0);
    EXPECT_EQ(written, json::parse(R"({"name": "namespace0.0", "resource": "0x100000000", "size": 1073741824})"));
}

struct Wrong {
    const char* text;
    const char* error;
};

class NvdimmJsonWrong : public testing::TestWithParam<Wrong> {};

TEST_P(NvdimmJsonWrong, IsRefusedWithThePathOfTheField) {
    const auto record = snapshot::nvdimm_from_json(json::parse(GetParam().text));
    ASSERT_FALSE(record.ok());
    EXPECT_THAT(record.error().message(), HasSubstr(GetParam().error));
}

INSTANTIATE_TEST_SUITE_P(
    Fields, NvdimmJsonWrong,
    testing::Values(
        Wrong{R"([])", "nvdimm: expected an object"}, Wrong{R"({"pmem": 1})", "nvdimm.\"pmem\": no field"},
        Wrong{R"({"regions": {}})", "nvdimm.regions: object, expected an array"},
        Wrong{R"({"regions": [{}]})", "nvdimm.regions[0].name: missing"},
        Wrong{R"({"regions": [{"name": "region0", "size": -1}]})", "nvdimm.regions[0].size: "},
        Wrong{R"({"regions": [{"name": "region0", "ways": 4294967296}]})", "ways: 4294967296, expected at most"},
        Wrong{R"({"regions": [{"name": "region0", "resource": 4096}]})", "resource: number, expected a string"},
        Wrong{R"({"regions": [{"name": "region0", "resource": "4096"}]})", "expected 0x"},
        Wrong{R"({"regions": [{"name": "region0"}, {"name": "region0"}]})", "regions[1].name: region0 is there twice"},
        Wrong{R"({"regions": [{"name": "region0", "mappings": [{"dimm": "nmem0", "start": 0}]}]})",
              "nvdimm.regions[0].mappings[0].size: missing"},
        Wrong{R"({"namespaces": [{"name": "a\nb"}]})", "expected one line"},
        Wrong{R"({"instances": [{"name": "pfn0.0", "kind": "pmem"}]})", "kind: \"pmem\": no such word"},
        Wrong{
            R"({"dax_devices": [{"name": "dax0.0", "mappings": [{"start": "0x2", "end": "0x1", "page_offset": 0}]}]})",
            "mappings[0].end: is below start"},
        Wrong{R"({"hidden": [1]})", "nvdimm.hidden: expected strings"}));

}   // namespace
}   // namespace memhot
